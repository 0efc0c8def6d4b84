"""Rules in the console and on the command line: proposed by one person, decided by another."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agency_credit.database.tables import ChangeRequest
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import Actor, Role
from agency_credit.domain.tier import RatingSubject
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.people import create_person
from agency_credit.services.rule_book import load_rule_book
from tests.conftest import PACKS
from tests.integration.console import Desk, desk_of
from tests.world import PASSWORD

NAME = "fictional-patent-agency"
TODAY = date(2026, 11, 24)
PATH = f"/admin/rules/{NAME}"
PACK_FILE = "patent-agency-fictional.toml"
PACK = (PACKS / PACK_FILE).read_bytes()


@pytest.fixture
async def people(office: Office, operator: Actor) -> None:
    """A drafter who may also approve, an approver, an auditor."""
    roles = {
        "wang": [Role.DRAFTER, Role.APPROVER],
        "li": [Role.APPROVER],
        "he": [Role.AUDIT],
    }
    for name, held in roles.items():
        await create_person(office, operator, name, PASSWORD, display_name=name.title(), roles=held)


async def worth(office: Office) -> int | None:
    """Of the clause F-PA-04 today."""
    pack = (await load_rule_book(office)).pack_on(RatingSubject.PATENT_AGENCY, TODAY)
    return pack.clause("F-PA-04").millipoints


def value_form(**changes: str) -> dict[str, str]:
    return {
        "about": "clause", "target": "F-PA-04", "based_on": "1", "how": "points", "points": "−7.5",
        "source": "附件第四行", "applies_from": TODAY.isoformat(), "reason": "按附件录入",
    } | changes  # fmt: skip


async def propose(desk: Desk, **changes: str) -> str:
    """The path of the proposal that the form leads to."""
    answer = await desk.send(PATH, value_form(**changes))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


@pytest.mark.usefixtures("people")
async def test_a_value_is_proposed_by_one_and_approved_by_another(office: Office) -> None:
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li, desk_of(office, "he") as he:
        page = await wang.open(f"{PATH}?about=clause&target=F-PA-04")
        assert 'name="points"' in page.text
        path = await propose(wang)
        own = await wang.open(path)
        assert "须由另一人审批" in own.text
        assert 'value="approve"' not in own.text
        assert "审批变更" in (await li.open("/admin")).text
        shown = await li.open(path)
        assert "<del>−12</del>" in shown.text
        assert "<ins>−7.5</ins>" in shown.text
        assert (await li.send(f"{path}/decide", {"verdict": "approve"})).status_code == 303
        assert await worth(office) == -7500
        assert "Li" in (await he.open(path)).text
        assert "按附件录入" in (await he.open(f"/rules/{NAME}")).text


@pytest.mark.usefixtures("people")
async def test_nobody_approves_his_own_proposal_by_sending_the_form(office: Office) -> None:
    async with desk_of(office, "wang") as wang:
        path = await propose(wang)
        answer = await wang.send(f"{path}/decide", {"verdict": "approve"})
        assert answer.status_code == 422
        assert "须由另一人审批" in answer.text
    assert await worth(office) == -12_000


@pytest.mark.usefixtures("people")
async def test_a_rejection_needs_its_reason_and_a_proposal_can_be_taken_back(office: Office) -> None:
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li:
        path = await propose(wang)
        await li.open(path)
        assert "请说明理由" in (await li.send(f"{path}/decide", {"verdict": "reject"})).text
        assert (
            await li.send(f"{path}/decide", {"verdict": "reject", "reason": "附件有误"})
        ).status_code == 303
        assert "附件有误" in (await wang.open(path)).text
        other = await propose(wang)
        assert (await wang.send(f"{other}/take-back")).status_code == 303
        assert "已撤回" in (await wang.open(other)).text
        assert (await li.send(f"{other}/decide", {"verdict": "approve"})).status_code == 422
    assert await worth(office) == -12_000


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"points": "7.5"}, "points"),
        ({"points": "viel"}, "points"),
        ({"points": ""}, "points"),
        ({"source": ""}, "source"),
        ({"reason": ""}, "reason"),
        ({"reason": "致电13800001234"}, ""),
        ({"applies_from": "2026-11-23"}, "applies_from"),
        ({"applies_from": "soon"}, "applies_from"),
        ({"target": "F-PA-99"}, ""),
        ({"about": "tier"}, ""),
        ({"based_on": "9"}, ""),
        ({"how": ""}, "how"),
        ({"how": "range", "points_up_to": "-3", "points_from": "-5", "within": "assessed"}, "points_from"),
        ({"how": "range", "points_up_to": "-3", "within": "by-lot"}, "within"),
    ],
)
async def test_a_form_with_faults_comes_back_and_names_the_field(
    office: Office, changes: dict[str, str], field: str
) -> None:
    async with desk_of(office, "wang") as wang:
        answer = await wang.send(PATH, value_form(**changes))
    assert answer.status_code == 422
    assert 'class="error-summary"' in answer.text
    assert re.findall(r'href="#field-(\w+)"', answer.text) == ([field] if field else [])
    kept = value_form(**changes)["applies_from"]
    assert f'value="{kept}"' in answer.text or changes.keys() & {"target", "about"}


@pytest.mark.usefixtures("people")
async def test_a_file_is_uploaded_and_every_fault_of_it_is_shown(office: Office) -> None:
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li:
        form: dict[str, Any] = {"applies_from": TODAY.isoformat(), "reason": "新文本"}
        for content, said in (
            (b"", "type"),
            (b"\xff\xfe", "UTF-8"),
            (PACK + b'\nid = "a"\nid = "b"\n', "TOML"),
            (
                PACK.replace(b"points = 100", b"points = 100.5"),
                "<code>new.toml: base.points</code>：浮点数不精确",
            ),
            (
                PACK.replace(b"from = 90", b"from = 91"),
                "<code>new.toml: tiers</code>：得分自 90 起至不足 91 不属于任何等级",
            ),
        ):
            answer = await wang.send("/admin/rules", form, files={"file": ("new.toml", content)})
            assert answer.status_code == 422, said
            assert said in answer.text
            assert re.findall(r'href="#field-(\w+)"', answer.text) == ["file"]
            assert await ChangeRequest.count() == 0
        assert (await wang.send("/admin/rules", form)).status_code == 422
        good = PACK.replace(b"points = 100", b"points = 99")
        answer = await wang.send("/admin/rules", form, files={"file": ("new.toml", good)})
        assert answer.status_code == 303
        path = answer.headers["location"]
        assert "<ins>99</ins>" in (await li.open(path)).text
        await li.send(f"{path}/decide", {"verdict": "approve"})
    pack = (await load_rule_book(office)).pack_on(RatingSubject.PATENT_AGENCY, TODAY)
    assert pack.base_millipoints == 99_000


@pytest.mark.usefixtures("people")
async def test_ten_thousand_clauses_can_be_uploaded_and_read(office: Office) -> None:
    clause = (
        '[[clauses]]\ncode = "X-{n}"\nkind = "deduction"\nrecords = ["第{n}类"]\nstatus = "unverified"\n'
        'source = "s"\nwording = {{zh = "第{n}项", en = "row {n}"}}\ncitation = {{annex = "{n}"}}\n'
    )
    content = PACK + "".join(clause.format(n=n) for n in range(10_000)).encode()
    form = {"applies_from": TODAY.isoformat(), "reason": "新文本"}
    async with desk_of(office, "wang") as wang:
        answer = await wang.send("/admin/rules", form, files={"file": ("new.toml", content)})
        assert answer.status_code == 303, answer.text[:3000]
        page = await wang.open(answer.headers["location"])
        assert "共10000处变化，此处显示前200处。" in page.text
        assert len(page.text) < 500_000


@pytest.mark.usefixtures("people")
async def test_the_page_says_what_stands_in_the_way_of_a_second_correction(office: Office) -> None:
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li:
        first, second = await propose(wang), await propose(wang, points="-3")
        await li.open(first)
        await li.send(f"{first}/decide", {"verdict": "approve"})
        page = await li.open(second)
        assert "第2版" in page.text
        assert 'value="approve"' not in page.text
        assert (await li.send(f"{second}/decide", {"verdict": "approve"})).status_code == 422
    assert await worth(office) == -7500


@pytest.mark.usefixtures("people")
async def test_what_a_tier_means_and_a_clock_are_changed_by_form(office: Office) -> None:
    path = "/admin/rules/fictional-zibo"
    profile = (await load_rule_book(office)).profile_on("370303", TODAY)
    assert profile is not None
    key = profile.values[0].key
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li:
        for number, (about, target, fields) in enumerate(
            [
                ("supervision", "patent/D", {"fraction": "1/3", "minimum": "2"}),
                ("value", key, {"number": "6"}),
            ],
            start=1,
        ):
            form = {"about": about, "target": target, "based_on": str(number), **fields}
            form |= {"source": "年度计划", "applies_from": TODAY.isoformat(), "reason": "年度计划"}
            assert 'id="change"' in (await wang.open(f"{path}?about={about}&target={target}")).text
            answer = await wang.send(path, form)
            assert answer.status_code == 303, answer.text
            await li.open(answer.headers["location"])
            await li.send(f"{answer.headers['location']}/decide", {"verdict": "approve"})
    profile = (await load_rule_book(office)).profile_on("370303", TODAY)
    assert profile is not None
    row = profile.supervision_of("patent", "D")
    assert row is not None
    assert (row.fraction, row.minimum, profile.values[0].value) == ("1/3", 2, 6)


@pytest.mark.usefixtures("people")
async def test_a_newer_shipped_text_is_offered_and_taken_over_by_two(office: Office, tmp_path: Path) -> None:
    async with desk_of(office, "wang") as wang, desk_of(office, "li") as li:
        path = await propose(wang)
        await li.open(path)
        await li.send(f"{path}/decide", {"verdict": "approve"})
        assert "软件附带" not in (await wang.open("/admin/rules")).text
    folder = Path(shutil.copytree(PACKS, tmp_path / "packs"))
    text = PACK.decode().replace("points = 100", "points = 99")
    (folder / PACK_FILE).write_text(text, "utf-8")
    other = text.replace(NAME, "other-pack").replace("2023-05-01", "2030-01-01", 1)
    (folder / "other.toml").write_text(other, "utf-8")
    with pytest.raises(FaultsError, match="both in force"):  # files that overlap among themselves never start
        await open_office(office.settings, clock=office.clock, packs_folder=folder)
    ended = text.replace("2023-05-01", "2023-05-01\nrepealed_on = 2030-01-01", 1)
    (folder / PACK_FILE).write_text(ended, "utf-8")
    upgraded = await open_office(office.settings, clock=office.clock, packs_folder=folder)
    async with desk_of(upgraded, "wang") as wang, desk_of(upgraded, "li") as li:
        offered = f"/admin/rules/shipped/{NAME}"
        for page in ("/admin/rules", PATH):
            answer = await wang.open(page)
            assert "软件附带本文件的新文本，尚未采用" in answer.text
            assert "本局已自行变更过该文件，现行内容继续有效" in answer.text
            assert f'href="{offered}"' in answer.text
        listed = (await wang.open("/admin/rules")).text
        assert "软件附带一份新文件，尚未采用" in listed
        assert re.search(r"<code>[^<]+</code>：[^<]*在同一天都有效", listed), "why the new file does not hold"
        assert "软件附带" not in (await wang.open(f"/rules/{NAME}")).text
        assert "<form class=" not in (await li.open(offered)).text, "an approver proposes nothing"
        shown = (await wang.open(offered)).text
        assert "<del>−7.5</del>" in shown
        assert "<ins>−12</ins>" in shown
        assert "采用随软件发布的文本</textarea>" in shown
        form = {"applies_from": "2026-11-23", "reason": "采用随软件发布的文本"}
        refused = await wang.send(offered, form)
        assert refused.status_code == 422
        assert re.findall(r'href="#field-(\w+)"', refused.text) == ["applies_from"]
        other = await wang.send("/admin/rules/shipped/other-pack", form | {"applies_from": "2030-01-01"})
        assert other.status_code == 422
        answer = await wang.send(offered, form | {"applies_from": "2026-11-25"})
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] in (await wang.open("/admin/rules")).text
        assert await worth(upgraded) == -7500
        await li.open(answer.headers["location"])
        await li.send(f"{answer.headers['location']}/decide", {"verdict": "approve"})
        assert "软件附带" not in (await wang.open(PATH)).text
        assert (await wang.open(offered)).status_code == 404
        assert "原有障碍已消除" in (await wang.open("/admin/rules/shipped/other-pack")).text
    await close_office(upgraded)
