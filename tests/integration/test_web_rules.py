"""The public pages and answers of rule files."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest

from agency_credit.scoring.history import RuleStep, StepKind
from agency_credit.services.office import Office
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.rule_store import append_step
from tests.visitor import visit

NAME = "fictional-patent-agency"
TODAY = date(2026, 11, 24)


async def append_values(office: Office, number: int, points: str, applies_from: date = TODAY) -> None:
    """A step as an office decides it."""
    entered = {"source": "附件第四行", "entered_by": "某局", "entered_on": TODAY.isoformat()}
    content = json.dumps([{"clause": "F-PA-04", "points": points, **entered}])
    step = RuleStep(
        instrument=NAME,
        number=number,
        kind=StepKind.VALUES,
        content=content,
        applies_from=applies_from,
        known_on=TODAY,
    )
    await append_step(step, "office", office.now())


async def test_all_files_are_listed_with_what_is_not_verified(office: Office) -> None:
    async with visit(office) as client:
        page = await client.get("/rules")
        answer = (await client.get("/api/v1/rules")).json()
    assert page.status_code == 200
    assert "专利代理信用评价管理办法（试行）" in page.text
    files = (await load_rule_book(office)).files_on(TODAY)
    assert {item["id"] for item in answer} == {file.id for file in files}
    assert all(f'/rules/{file.id}"' in page.text for file in files)
    real = next(item for item in answer if item["id"] == "cnipa-2023-10-agency")
    assert (real["type"], real["subject"], real["state"]) == ("rating", "patent-agency", "in-force")
    assert real["n_unvalued"] > 0
    assert [item["type"] for item in answer] == sorted(
        (item["type"] for item in answer), key=["rating", "duties", "periods", "profile"].index
    )


async def test_every_file_has_a_page_in_both_languages(office: Office) -> None:
    async with visit(office) as client:
        for file in (await load_rule_book(office)).files_on(TODAY):
            for prefix, title in (("", file.title.zh), ("/en", file.title.en)):
                page = await client.get(f"{prefix}/rules/{file.id}")
                assert page.status_code == 200, file.id
                assert title in page.text.replace("&#39;", "'")
                assert file.digest in page.text


async def test_the_page_tells_what_is_not_yet_valued_and_what_changed(office: Office) -> None:
    await append_values(office, 2, "-7.5")
    async with visit(office) as client:
        page = (await client.get(f"/rules/{NAME}")).text
        assert "<del>−12</del>" in page
        assert "<ins>−7.5</ins>" in page
        assert "附件第四行" in page
        assert "尚未赋值" in (await client.get("/rules/cnipa-2023-10-practitioner")).text
        first = (await client.get(f"/rules/{NAME}?number=1")).text
        assert "<ins>" not in first


async def test_a_later_version_is_told_but_does_not_hold_yet(office: Office) -> None:
    await append_values(office, 2, "-7.5", date(2027, 1, 1))
    async with visit(office) as client:
        page = (await client.get(f"/en/rules/{NAME}")).text
        assert "Version 2 applies from 1 January 2027" in page
        assert "<strong>−12</strong>" in page
        assert "<strong>−7.5</strong>" in (await client.get(f"/en/rules/{NAME}?number=2")).text


async def test_each_version_is_served_in_canonical_form(office: Office) -> None:
    await append_values(office, 2, "-7.5")
    async with visit(office) as client:
        answer = (await client.get(f"/api/v1/rules/{NAME}")).json()
        assert [version["number"] for version in answer["versions"]] == [2, 1]
        contents = [(await client.get(version["path"])).content for version in answer["versions"]]
    assert hashlib.sha256(contents[0]).hexdigest() == answer["rule"]["digest"]
    assert [json.loads(content)["clauses"][3]["points"] for content in contents] == ["-7.5", -12]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/rules/none", 404),
        (f"/rules/{NAME}?number=2", 404),
        (f"/rules/{NAME}?number=0", 404),
        (f"/rules/{NAME}?number=x", 422),
        (f"/rules/{NAME}?after=none", 422),
        (f"/rules/{NAME}/2.json", 404),
        (f"/rules/{NAME}/1.toml", 404),
        (f"/rules/{NAME}/{'9' * 5000}.json", 404),
        ("/api/v1/rules/none", 404),
    ],
)
async def test_what_is_not_there_is_said(office: Office, path: str, status: int) -> None:
    async with visit(office) as client:
        assert (await client.get(path)).status_code == status


async def test_a_pack_of_ten_thousand_clauses_is_shown_in_parts(office: Office) -> None:
    document = json.loads((await load_rule_book(office)).histories[NAME][0].content)
    clause = document["clauses"][3]
    document["clauses"] = [{**clause, "code": f"C-{n}", "records": [f"第{n}类"]} for n in range(1, 10_001)]
    step = RuleStep(
        instrument=NAME,
        number=2,
        kind=StepKind.FILE,
        content=json.dumps(document, ensure_ascii=False),
        applies_from=TODAY,
        known_on=TODAY,
    )
    await append_step(step, "office", office.now())
    async with visit(office) as client:
        page = (await client.get(f"/rules/{NAME}")).text
        assert "共10000项，此处显示200项。" in page
        assert "共10007处变化，此处显示前200处。" in page
        assert len(page) < 1_000_000
        assert f"/rules/{NAME}?after=C-200" in page
        following = (await client.get(f"/rules/{NAME}?after=C-9900")).text
        assert "C-10000 " in following
        assert "after=C-10000" not in following
