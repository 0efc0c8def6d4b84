"""A draw that nobody approved in time: nothing follows from it, and it stands in nobody's way."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from agency_credit.domain.errors import RefusedError
from agency_credit.services.annual_plan import save_plan_row
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.draw_draft import draft_draw
from agency_credit.services.draw_steps import announce_draw, approve_draw
from agency_credit.services.office import Office
from agency_credit.services.plan_progress import count_draws_by_item, load_progress
from agency_credit.services.planned_draw import suggest_planned_draft
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_store import load_seats
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import call_reserve
from tests import world as made
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.integration.test_plans import ROW, publish_plan
from tests.supplements import announce_supplement, draw_supplement, drawn, emptied, inspect
from tests.visitor import visit
from tests.world import World

ITEM = ("", "执业许可条件的保持")


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def test_it_counts_neither_for_the_plan_nor_for_an_item(world: World) -> None:
    row = msgspec.structs.replace(ROW, items=("P1", "P4"), frequency=1)
    await save_plan_row(world.office, world.drafter, 2026, row)
    await publish_plan(world)
    draft = await suggest_planned_draft(world.office, 2026, 1)
    plan = msgspec.structs.replace(
        draft.plan, entropy=[*draft.plan.entropy, *made.PUBLIC], entrustment="鲁知委字〔2026〕1号"
    )
    draw = await draft_draw(world.office, world.drafter, msgspec.structs.replace(draft, plan=plan))
    await announce_draw(world.office, world.drafter, draw)
    rows = [msgspec.structs.replace(row, row=1)]
    assert (await load_progress(2026, rows, world.office.now()))[0].n_done == 1
    assert (await count_draws_by_item(2026, world.office.now()))[ITEM] == 1
    world.clock.now = made.EVENT_AT
    (progress,) = await load_progress(2026, rows, world.office.now())
    assert (progress.n_done, [one.state for one in progress.draws]) == (0, ["lapsed"])
    assert (await count_draws_by_item(2026, world.office.now()))[ITEM] == 0


async def test_its_pages_say_so_and_lead_to_a_new_draft(world: World) -> None:
    draw = await made.announced(world)
    world.clock.now = made.EVENT_AT
    with pytest.raises(RefusedError):
        await approve_draw(world.office, world.approver, draw)
    assert (await load_draw_desk(world.office, world.drafter, draw)).next.kind == "lapsed"
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open(f"/admin/draws/{draw}")
        assert "逾期未批准" in page.text
        answer = await desk.send("/admin/draws", {"again": draw})
        assert answer.headers["location"].endswith("-002/plan")
        assert "逾期未批准" in (await desk.open("/admin/draws")).text
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(f"/admin/draws/{draw}/approve")
        assert "逾期未批准" in page.text
        assert "批准本次抽查" not in page.text
    async with visit(world.office) as client:
        page = await client.get(f"/draws/{draw}")
        assert "逾期未批准" in page.text
        assert "下一步" not in page.text


async def test_a_supplement_that_lapsed_frees_its_seats_and_its_original(world: World) -> None:
    draw = await drawn(world)
    first, *others = await made.inspections_of(draw)
    await emptied(world, first["id"], 1)
    (lapsed,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, lapsed)
    with pytest.raises(RefusedError) as caught:
        await call_reserve(world.office, world.drafter, draw, first["uscc"], "closed", "核准注销通知书")
    assert caught.value.code == "team.supplement-open"
    world.clock.forward(days=2)
    await call_reserve(world.office, world.drafter, draw, first["uscc"], "closed", "核准注销通知书")
    for inspection in others:
        await inspect(world, inspection["id"])
    (again,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, again)
    await draw_supplement(world, again)
    assert all(seat["inspector"] for seat in await load_seats(first["id"]))
    await inspect(world, first["id"])
    await publish_draw(world.office, world.approver, draw)


async def test_the_year_of_a_draw_is_that_of_china(world: World) -> None:
    world.clock.now = datetime(2026, 12, 31, 20, tzinfo=UTC)  # the first of January, four in the morning
    later = [{**source, "at": source["at"].replace("2026-12", "2027-01")} for source in made.PUBLIC]
    own = [source for source in (await made.good_draft(world)).plan.entropy if source["kind"] != "public"]
    await made.announced(world, entropy=[*own, *later])
    assert (await count_draws_by_item(2026, world.office.now()))[ITEM] == 0
    assert (await count_draws_by_item(2027, world.office.now()))[ITEM] == 1
