"""Whose score is public: the rule pack says it; where it does not, no public place tells it."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from agency_credit.database.tables import LogEntry
from agency_credit.domain.errors import FaultsError, NotFoundError
from agency_credit.publication.proof import parse_proof
from agency_credit.scoring import parse_rule_pack
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.office import Office
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.rating_run import rate_all
from agency_credit.services.register import load_agency, load_history
from agency_credit.services.rule_change import draft_values
from tests.conftest import PACKS, Clock
from tests.integration.console import desk_of
from tests.integration.records import A, record_of
from tests.visitor import visit
from tests.world import World, add_agency_person, build_world

PACK = "fictional-patent-agency"
SCORE, POINTS = "87.655", "12.345"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """An agency in both lines whose patent score shows wherever it is told; rated twice."""
    world = await build_world(office, clock, n_agencies=1, n_inspectors=2)
    await amend(world, 1, {"clause": "F-PA-04", "points": f"-{POINTS}"})
    await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    return world


async def amend(world: World, based_on: int, amendment: dict[str, Any]) -> None:
    """A value of the patent pack that two people change from today on."""
    draft = draft_values(
        PACK,
        based_on,
        [{**amendment, "source": "附件"}],
        applies_from=world.office.today(),
        is_correction=False,
        reason="按附件录入",
    )
    number = await propose_change(world.office, world.drafter, draft)
    await decide_change(world.office, world.approver, number, "approved")


async def withhold(world: World) -> None:
    await amend(world, 2, {"publication": "score_public", "allowed": False})


async def addresses(world: World) -> list[str]:
    """Every public address that tells of ratings."""
    rows = await LogEntry.select(LogEntry.index).where(LogEntry.type == "tier.published")
    return [
        *(
            "/",
            "/agencies",
            "/agencies.json",
            "/agencies.csv",
            "/statistics",
            "/statistics.json",
            "/open-data",
        ),
        *(f"/en/agencies/{A}", f"/agencies/{A}", "/api/v1/agencies", "/api/v1/statistics"),
        *(f"/api/v1/agencies/{A}", f"/api/v1/agencies/{A}/history"),
        *(f"/log/proof/{row['index']}" for row in rows),
    ]


async def tell_score(client: httpx.AsyncClient, paths: list[str]) -> set[str]:
    """Which of these addresses tell the score, or the points that lead to it."""
    told = set()
    for path in paths:
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        # the body of an entry of the log is base64 in a proof
        texts = [answer.text]
        if path.startswith("/log/proof/"):
            texts.append(parse_proof(answer.text).extra.decode())
        if any(n in text for text in texts for n in (SCORE, POINTS, "87655")):
            told.add(path)
    return told


async def test_a_public_score_is_told_and_a_withheld_one_nowhere(world: World) -> None:
    paths = await addresses(world)
    bundles = [f"{root}/agencies/{A}/ratings/patent/bundle" for root in ("", "/api/v1")]
    async with visit(world.office) as client:
        told = await tell_score(client, paths)
        assert {f"/agencies/{A}", f"/en/agencies/{A}", "/agencies", "/agencies.json", "/agencies.csv"} <= told
        assert {f"/api/v1/agencies/{A}", f"/api/v1/agencies/{A}/history", "/api/v1/agencies"} <= told
        assert sum(path.startswith("/log/proof/") for path in told) == 1
        await withhold(world)
        assert await tell_score(client, paths) == set()
        for path in bundles:
            assert (await client.get(path)).status_code == 404, path
            assert (await client.get(path.replace("patent", "trademark"))).status_code == 200
        page = (await client.get(f"/agencies/{A}")).text
        assert "评级规则没有规定公布得分" in page
        assert "已公布的等级" in page, "the tiers and their history stay"
        assert ("course-1" in page, "course-2" in page) == (False, True), "no chart of the withheld score"
        tiers = [row["tier"] for row in (await client.get(f"/api/v1/agencies/{A}/history")).json()]
        assert sorted(tiers) == ["A", "A", "B", "B"], "both lines, all ratings"


async def test_a_score_of_the_other_line_is_still_told(world: World) -> None:
    await withhold(world)
    scores = {rating.practice_line: rating.score for rating in (await load_agency(world.office, A)).ratings}
    assert scores["patent"] is None
    assert scores["trademark"] is not None


async def test_the_agency_itself_sees_what_is_withheld(world: World) -> None:
    await withhold(world)
    with pytest.raises(NotFoundError, match="does not make scores public"):
        await load_rating_bundle(world.office, A, "patent")
    await add_agency_person(world.office, "own", A)
    async with desk_of(world.office, "own") as desk:
        assert SCORE in (await desk.open(f"/desk/{A}")).text
        assert POINTS in (await desk.open(f"/desk/{A}/ledger")).text


async def test_what_holds_is_what_the_pack_says_today(world: World) -> None:
    await withhold(world)
    world.clock.forward(days=1)
    await amend(world, 3, {"publication": "score_public", "allowed": True})
    assert [row.score for row in await load_history(world.office, A) if row.practice_line == "patent"] == [
        SCORE,
        "100",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("patent-agency", "publication.score_public", "publication.shown_to_agency", "rules.publication"),
        (
            "patent-practitioner",
            "publication.shown_to_agency",
            "publication.score_public",
            "rules.publication",
        ),
        ("patent-agency", "publication.score_public", "publication.scores", "rules.unknown-key"),
        ("patent-agency", "allowed = true", 'allowed = "yes"', "rules.type"),
        ("patent-agency", "allowed = true\nstatus", "allowed = true\nstate", "rules.missing-key"),
    ],
)
def test_faults_of_the_table_are_named(file: str, old: str, new: str, code: str) -> None:
    text = (PACKS / f"{file}-fictional.toml").read_text("utf-8")
    start = text.index("[publication.")
    with pytest.raises(FaultsError) as caught:
        parse_rule_pack((text[:start] + text[start:].replace(old, new, 1)).encode(), "pack.toml")
    assert code in [fault.code for fault in caught.value.faults]


def test_only_what_is_said_is_shown() -> None:
    text = (PACKS / "patent-agency-fictional.toml").read_text("utf-8")
    start = text.index("[publication.")
    end = text.index("[[", start)
    said = parse_rule_pack(text.encode(), "pack.toml")
    unsaid = parse_rule_pack((text[:start] + text[end:]).encode(), "pack.toml")
    refused = parse_rule_pack(
        (text[:start] + text[start:].replace("allowed = true", "allowed = false", 1)).encode(), "pack.toml"
    )
    assert [pack.publication.is_score_public for pack in (said, unsaid, refused)] == [True, False, False]
    assert len({said.digest, unsaid.digest, refused.digest}) == 3


async def test_a_drafter_proposes_it_in_the_console(world: World) -> None:
    async with desk_of(world.office, "drafter") as desk:
        form = await desk.open(f"/admin/rules/{PACK}?about=publication&target=score_public")
        assert "得分对外公布" in form.text
        sent = {
            "about": "publication",
            "target": "score_public",
            "based_on": "2",
            "source": "省局通知",
            "applies_from": date(2026, 11, 25).isoformat(),
            "reason": "省局暂不公布",
        }
        answer = await desk.send(f"/admin/rules/{PACK}", sent)
        assert (answer.status_code, "请选择" in answer.text) == (422, True)
        answer = await desk.send(f"/admin/rules/{PACK}", {**sent, "allowed": "no"})
        assert answer.status_code == 303, answer.text
        change = await desk.open(answer.headers["location"])
        assert "得分对外公布" in change.text
        assert "<ins>false</ins>" not in change.text, "a clerk reads yes and no"
