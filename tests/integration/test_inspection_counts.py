"""Inspections of a year by all bodies: what is counted, who made it, what the frame says of it."""

from __future__ import annotations

import importlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, LegalParameter, OtherInspection
from agency_credit.services.draw_draft import draft_draw, load_draw_row
from agency_credit.services.draw_lists import load_draw_lists
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.draw_store import load_files
from agency_credit.services.frame import FrameScope, load_stratification
from agency_credit.services.inspection_counts import Visit, join_visits, load_tallies, load_visits, tally
from agency_credit.services.office import Office
from agency_credit.services.supervision import load_value
from tests import world as made
from tests.conftest import Clock
from tests.world import World

OURS = "淄博市市场监督管理局（知识产权局）"
BODIES = st.sampled_from([OURS, "淄博市税务局", "淄博市司法局"])


@st.composite
def visits(draw: st.DrawFn, is_own: bool | None = None) -> Visit:
    own = draw(st.booleans()) if is_own is None else is_own
    return Visit(
        agency=draw(st.integers(1, 3)),
        on=date(2026, draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        authority=OURS if own else draw(BODIES),
        kind="draw" if own else draw(st.sampled_from(["routine", "special", "case"])),
        is_on_site=own or draw(st.booleans()),
        is_lead_based=draw(st.booleans()),
        is_own=own,
    )


@given(st.lists(visits(), max_size=20), st.booleans())
def test_every_visit_is_told_and_the_counted_are_those_of_the_rule(found: list[Visit], on_site: bool) -> None:
    tallies = tally(found, is_on_site_only=on_site)
    assert sum(len(one.visits) for one in tallies.values()) == len(found)
    for agency, one in tallies.items():
        mine = [visit for visit in found if visit.agency == agency]
        expected = [v for v in mine if not v.is_lead_based and (v.is_on_site or not on_site)]
        assert one.n_counted == len(expected) == sum(one.by_authority.values())
        assert one.n_leads == sum(visit.is_lead_based for visit in mine)
        assert one.n_counted + one.n_leads <= len(one.visits)


@given(st.lists(visits(), max_size=20))
def test_counting_on_the_spot_alone_never_counts_more(found: list[Visit]) -> None:
    every, on_site = (tally(found, is_on_site_only=only) for only in (False, True))
    assert every.keys() == on_site.keys()
    assert all(on_site[agency].n_counted <= every[agency].n_counted for agency in every)


@given(st.lists(visits(is_own=True), max_size=8), st.lists(visits(is_own=False), max_size=8))
def test_no_visit_of_ours_is_told_twice_and_none_of_others_is_lost(
    own: list[Visit], others: list[Visit]
) -> None:
    joined = join_visits(own, others, OURS)
    assert joined[: len(own)] == own
    assert [v for v in joined if v.authority != OURS] == [v for v in others if v.authority != OURS]
    known = {(visit.agency, visit.on) for visit in own}
    again = [v for v in joined if v.authority == OURS and not v.is_own]
    assert all((visit.agency, visit.on) not in known for visit in again)


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def add_visit(world: World, uscc: str, on: date, **columns: object) -> None:
    row = await Agency.select(Agency.id).where(Agency.uscc == uscc).first()
    assert row is not None
    values = {"authority": "淄博市税务局", "kind": "routine", "is_on_site": True, "is_lead_based": False}
    await OtherInspection.insert(
        OtherInspection(agency=row["id"], inspected_on=on, known_at=world.office.now(), **(values | columns))
    )


async def test_the_cap_counts_whoever_came_on_the_spot_this_year(world: World) -> None:
    unit = made.uscc(2)
    await add_visit(world, unit, date(2026, 3, 1))
    await add_visit(world, unit, date(2026, 4, 1), authority="淄博市司法局", kind="special")
    await add_visit(world, unit, date(2026, 5, 1), is_lead_based=True, document_number="投诉1号")
    await add_visit(world, unit, date(2026, 6, 1), is_on_site=False, document_number="网络1号")
    await add_visit(world, unit, date(2025, 12, 31), document_number="去年1号")
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=2)
    loaded = await load_stratification(world.office, scope, by_size=False)
    line = next(line for line in loaded.lines if line.unit == unit)
    assert line.excluded is not None
    assert line.excluded.reason == "本年度已检查2次（淄博市司法局1次、淄博市税务局1次），达到年度上限2次"
    assert (line.tally.n_counted, line.tally.n_leads, len(line.tally.visits)) == (2, 1, 4)
    rule = await load_value(world.office, "annual-cap")
    assert rule is not None
    assert line.excluded.basis == str(rule.citation)
    assert sum(one.excluded is not None for one in loaded.lines) == 1


async def test_what_counts_is_a_value_of_the_profile(world: World) -> None:
    await add_visit(world, made.uscc(2), date(2026, 6, 1), is_on_site=False)
    before = await load_tallies(world.office, 2026)
    await made.enter_value_of_profile(world, "annual-cap-on-site-only", 0)
    after = await load_tallies(world.office, 2026)
    assert [one.n_counted for one in before.values()] == [0]
    assert [one.n_counted for one in after.values()] == [1]


async def test_an_own_result_that_another_list_tells_of_too_is_counted_once(world: World) -> None:
    draw = await made.inspected(world)
    target = (await made.inspections_of(draw))[0]
    await add_visit(world, target["uscc"], world.office.today(), authority=OURS)
    await add_visit(world, target["uscc"], world.office.today())
    found = await load_visits(agency=target["agency"])
    assert sorted((visit.authority, visit.is_own) for visit in found) == [
        ("淄博市市场监督管理局（知识产权局）", True),
        ("淄博市税务局", False),
    ]
    assert found[0].document == draw


async def test_the_cap_and_the_days_until_publication_stand_in_one_place(office: Office) -> None:
    keys = {row["key"] for row in await LegalParameter.select(LegalParameter.key)}
    assert not keys & {"annual_cap", "annual_cap_basis", "publication_working_days"}
    for key in ("annual-cap", "annual-cap-on-site-only", "results-published", "annual-plan-due"):
        assert await load_value(office, key) is not None


async def test_numbers_entered_beside_the_profile_move_into_it(office: Office, clock: Clock) -> None:
    name = "agency_credit.database.piccolo_migrations.agency_credit_2026_11_27t12_30_03_000000"
    for key, value in (("annual_cap", "2"), ("publication_working_days", "20"), ("annual_cap_basis", "x")):
        await LegalParameter.insert(LegalParameter(key=key, value=value, status="entered"))
    async with transaction():
        await importlib.import_module(name)._move()
    clock.now = datetime.now(UTC) + timedelta(days=1)  # a migration knows no other clock than the machine's
    cap, days = await load_value(office, "annual-cap"), await load_value(office, "results-published")
    assert cap is not None
    assert days is not None
    assert (cap.value, cap.provenance.status) == (2, "entered")
    assert days.provenance.status == "unverified"  # the same number as before: nobody entered another
    assert not await LegalParameter.exists().where(LegalParameter.key.like("annual_cap%"))


async def test_a_draw_whose_last_value_comes_next_year_counts_the_visits_of_next_year(world: World) -> None:
    for on in (date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)):
        await add_visit(world, made.uscc(2), on)
    draft = await made.good_draft(world)
    draft = replace(draft, scope=replace(draft.scope, annual_cap=2))
    later = [source | {"at": "2027-01-02T10:00:00+08:00"} for source in made.PUBLIC]
    turned = replace(draft, plan=replace(draft.plan, entropy=[draft.plan.entropy[0], *later]))
    for one, reasons in (
        (draft, {"本年度已检查4次（淄博市税务局4次），达到年度上限2次"}),
        (turned, set()),
    ):
        lines = (await load_draw_lists(world.office, one)).frame.lines
        assert {line.excluded.reason for line in lines if line.excluded} == reasons
    for day in (1, 2):
        await add_visit(world, made.uscc(2), date(2027, 1, day))
    lines = (await load_draw_lists(world.office, turned)).frame.lines
    (told,) = [line.excluded.reason for line in lines if line.excluded]
    assert told == "2027年度已检查2次（淄博市税务局2次），达到年度上限2次"


async def test_the_cap_that_counts_is_that_of_the_announcement(world: World) -> None:
    draft = await made.good_draft(world)
    draft = replace(draft, scope=replace(draft.scope, annual_cap=1))
    draw = await draft_draw(world.office, world.drafter, draft)
    await add_visit(world, made.uscc(2), date(2026, 3, 1))
    await announce_draw(world.office, world.drafter, draw)
    await add_visit(world, made.uscc(3), date(2026, 3, 1))
    files = await load_files((await load_draw_row(draw))["id"])
    excluded = [
        line["unit"] for line in map(json.loads, files["targets.jsonl"].splitlines()) if line["excluded"]
    ]
    assert excluded == [made.uscc(2)]
