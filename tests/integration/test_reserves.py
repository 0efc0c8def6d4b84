"""Reserves: called only for a unit that is gone, by two people, in order; the team goes along."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import (
    Agency,
    Inspection,
    Inspector,
    LogEntry,
    ReserveCall,
    TeamChange,
)
from agency_credit.domain.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.services.changes import decide_change, take_back_change
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.draw_store import load_files
from agency_credit.services.draw_views import load_draw
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.log import load_entries, load_proof
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import return_result
from agency_credit.services.result_store import load_seats
from agency_credit.services.team import call_reserve, empty_seat
from tests import world as made
from tests.conftest import Clock
from tests.supplements import drawn, enter, inspect
from tests.visitor import visit
from tests.world import World

EVIDENCE = "登记机关已核准注销，见附件核查表"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def result_of(draw: str) -> dict[str, Any]:
    files = await load_files((await load_draw_row(draw))["id"])
    outcome: dict[str, Any] = json.loads(files["result.json"])
    return outcome


async def a_stratum(draw: str, n_reserves: int = 2) -> dict[str, Any]:
    """A stratum with drawn units and so many reserves."""
    strata = (await result_of(draw))["strata"]
    found: dict[str, Any] = next(s for s in strata if s["drawn"] and len(s["reserves"]) >= n_reserves)
    return found


async def call(world: World, draw: str, unit: str, code: str = "closed") -> int:
    """Propose a call and have another person approve it."""
    number = await call_reserve(world.office, world.drafter, draw, unit, code, EVIDENCE)
    await decide_change(world.office, world.approver, number, "approved")
    return number


async def inspection_of(draw: str, unit: str) -> int:
    rows = await made.inspections_of(draw)
    return next(int(row["id"]) for row in rows if row["uscc"] == unit)


async def team_of(draw: str, unit: str) -> list[int | None]:
    return [seat["inspector"] for seat in await load_seats(await inspection_of(draw, unit))]


async def test_the_next_reserve_takes_over_the_team(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    gone, reserve = stratum["drawn"][0], stratum["reserves"][0]
    team = await team_of(draw, gone)
    await call(world, draw, gone)
    (row,) = await ReserveCall.select()
    assert (row["replaced"], row["number"]) == (await inspection_of(draw, gone), 1)
    opened = await Inspection.select().where(Inspection.id == row["inspection"]).first()
    assert opened is not None
    assert (opened["stream"], opened["stratum"]) == ("reserve", stratum["stratum"])
    assert await team_of(draw, reserve) == team
    entry = await LogEntry.select().where(LogEntry.type == "reserve.called").first()
    assert entry is not None
    assert (entry["subject"], entry["index"]) == (draw, row["log_index"])
    assert reserve.encode() not in bytes(entry["entry"])


async def test_reserves_are_called_in_their_order_and_a_reserve_can_be_gone_too(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    await call(world, draw, stratum["drawn"][0])
    await call(world, draw, stratum["reserves"][0], "moved")
    await call(world, draw, stratum["drawn"][1], "cancelled")
    called = await ReserveCall.select(
        ReserveCall.number, ReserveCall.inspection.agency.uscc.as_alias("unit")
    ).order_by(ReserveCall.id)
    assert [(row["number"], row["unit"]) for row in called] == [
        (1, stratum["reserves"][0]),
        (2, stratum["reserves"][1]),
        (0, None),  # none is left: the inspection is only closed
    ]


async def test_a_mandatory_unit_has_no_reserve(world: World) -> None:
    async with transaction():
        await Agency.update({Agency.list_status: "abnormal"}).where(Agency.uscc == made.uscc(0))
    draw = await drawn(world)
    outcome = await result_of(draw)
    if not outcome["mandatory"]:
        pytest.skip("no profile of the area asks for it")
    await call(world, draw, outcome["mandatory"][0])
    (row,) = await ReserveCall.select()
    assert (row["inspection"], row["number"]) == (None, 0)


async def test_being_unreachable_is_a_finding(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    with pytest.raises(RefusedError, match="being unreachable is a finding") as caught:
        await call_reserve(world.office, world.drafter, draw, stratum["drawn"][0], "unreachable", EVIDENCE)
    assert caught.value.code == "reserve.unreachable"
    with pytest.raises(InputError):
        await call_reserve(world.office, world.drafter, draw, stratum["drawn"][0], "unlucky", EVIDENCE)
    with pytest.raises(InputError):
        await call_reserve(world.office, world.drafter, draw, stratum["drawn"][0], "closed", "  ")


async def test_who_proposed_does_not_decide_and_who_may_not_does_neither(world: World) -> None:
    draw = await drawn(world)
    unit = (await a_stratum(draw))["drawn"][0]
    both = await made.add_account(world.office, "both", *(world.drafter.roles | world.approver.roles))
    number = await call_reserve(world.office, both, draw, unit, "closed", EVIDENCE)
    with pytest.raises(ForbiddenError):
        await decide_change(world.office, both, number, "approved")
    with pytest.raises(ForbiddenError):
        await decide_change(world.office, world.drafter, number, "approved")
    with pytest.raises(ForbiddenError):
        await call_reserve(world.office, world.inspectors[0], draw, unit, "closed", EVIDENCE)
    assert await ReserveCall.count() == 0


async def test_the_database_wants_the_second_person_too(world: World) -> None:
    draw = await drawn(world)
    unit = (await a_stratum(draw))["drawn"][0]
    number = await call_reserve(world.office, world.drafter, draw, unit, "closed", EVIDENCE)
    row = await load_draw_row(draw)
    with pytest.raises(RefusedError, match="second person"):
        async with transaction():
            await ReserveCall.insert(
                ReserveCall(
                    draw=row["id"],
                    replaced=await inspection_of(draw, unit),
                    number=0,
                    reason_code="closed",
                    request=number,
                    at=world.clock.now,
                )
            )


async def test_before_the_draw_after_a_void_and_for_strangers_nothing_is_called(world: World) -> None:
    draw = await made.with_values(world)
    with pytest.raises(RefusedError) as caught:
        await call_reserve(world.office, world.drafter, draw, made.uscc(1), "closed", EVIDENCE)
    assert caught.value.code == "draw.undrawn"
    with pytest.raises(NotFoundError):
        await call_reserve(world.office, world.drafter, "3703-1999-001", made.uscc(1), "closed", EVIDENCE)
    await request_void(world.office, world.drafter, draw, "ordered", "上级决定")
    await confirm_void(world.office, world.approver, draw)
    with pytest.raises(RefusedError) as caught:
        await call_reserve(world.office, world.drafter, draw, made.uscc(1), "closed", EVIDENCE)
    assert caught.value.code == "draw.voided"


async def test_a_unit_that_was_not_drawn_has_no_reserve(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    for stranger in (stratum["reserves"][0], "91370302MA99999999"):
        with pytest.raises(NotFoundError) as caught:
            await call_reserve(world.office, world.drafter, draw, stranger, "closed", EVIDENCE)
        assert caught.value.code == "reserve.unit"


async def test_twice_and_out_of_turn_are_conflicts(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    one, other = stratum["drawn"]
    first = await call_reserve(world.office, world.drafter, draw, one, "closed", EVIDENCE)
    with pytest.raises(ConflictError) as caught:
        await call_reserve(world.office, world.drafter, draw, one, "closed", EVIDENCE)
    assert caught.value.code == "reserve.waiting"
    late = await call_reserve(world.office, world.drafter, draw, other, "closed", EVIDENCE)
    await decide_change(world.office, world.approver, first, "approved")
    with pytest.raises(ConflictError) as caught:
        await call_reserve(world.office, world.drafter, draw, one, "closed", EVIDENCE)
    assert caught.value.code == "reserve.called-already"
    with pytest.raises(ConflictError) as caught:  # the first reserve, which it was to call, is gone
        await decide_change(world.office, world.approver, late, "approved")
    assert caught.value.code == "reserve.order"
    await take_back_change(world.office, world.drafter, late)
    await call(world, draw, other)
    assert await ReserveCall.count() == 2


async def test_a_unit_with_a_result_is_not_replaced(world: World) -> None:
    draw = await drawn(world)
    unit = (await a_stratum(draw))["drawn"][0]
    inspection = await inspection_of(draw, unit)
    world.clock.forward(days=1)
    await enter(world, inspection)
    await made.confirm_all(world, inspection)
    with pytest.raises(RefusedError) as caught:
        await call_reserve(world.office, world.drafter, draw, unit, "closed", EVIDENCE)
    assert caught.value.code == "team.result-entered"
    await return_result(world.office, world.approver, inspection, "门牌不符")
    await call(world, draw, unit, "moved")
    with pytest.raises(RefusedError) as caught:
        await enter(world, inspection)
    assert caught.value.code == "inspection.closed"


async def test_whoever_is_recused_from_the_reserve_leaves_the_seat_empty(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    gone, reserve = stratum["drawn"][0], stratum["reserves"][0]
    team = await team_of(draw, gone)
    agency = await Agency.select(Agency.id).where(Agency.uscc == reserve).first()
    assert agency is not None
    assert team[0] is not None
    async with transaction():
        await made.add_recusal(team[0], agency["id"], world.drafter.person_id, world.approver.person_id)
    await call(world, draw, gone)
    assert await team_of(draw, reserve) == [None, team[1]]
    (change,) = await TeamChange.select()
    assert (change["kind"], change["seat"], change["inspector"], change["reason_code"]) == (
        "emptied", 0, team[0], "recusal",
    )  # fmt: skip


async def test_whoever_is_not_sent_to_the_area_of_the_reserve_leaves_the_seat_empty(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    gone, reserve = stratum["drawn"][0], stratum["reserves"][0]
    team = await team_of(draw, gone)
    async with transaction():
        await Inspector.update({Inspector.area_codes_json: '["3799"]'}).where(Inspector.id == team[1])
    await call(world, draw, gone)
    assert await team_of(draw, reserve) == [team[0], None]


async def test_the_published_bundle_stays_true_and_tells_the_call_only_then(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    before = (await load_files((await load_draw_row(draw))["id"]))["result.json"]
    await call(world, draw, stratum["drawn"][0])
    (row,) = await ReserveCall.select()
    reserve = stratum["reserves"][0]
    assert reserve not in await _shown(world.office, row["log_index"])
    await _inspect_all(world, draw)
    await publish_draw(world.office, world.approver, draw)
    files = await load_files((await load_draw_row(draw))["id"])
    assert files["result.json"] == before
    assert reserve in await _shown(world.office, row["log_index"])


async def test_a_seat_of_a_closed_inspection_is_not_emptied(world: World) -> None:
    draw = await drawn(world)
    unit = (await a_stratum(draw))["drawn"][0]
    inspection = await inspection_of(draw, unit)
    await call(world, draw, unit)
    with pytest.raises(RefusedError) as caught:
        await empty_seat(world.office, world.drafter, inspection, 0, "absence", "病假")
    assert caught.value.code == "inspection.closed"


async def _inspect_all(world: World, draw: str) -> None:
    world.clock.forward(days=2)
    closed = {row["replaced"] for row in await ReserveCall.select(ReserveCall.replaced)}
    for inspection in await made.inspections_of(draw):
        if inspection["id"] not in closed:
            await inspect(world, inspection["id"])


async def _shown(office: Office, index: int) -> str:
    """What outsiders see of an entry, by its proof and in the list."""
    page = await load_entries(office)
    listed = next(item for item in page.items if item.index == index)
    import base64

    proof = await load_proof(office, index)
    line = next(row for row in proof.splitlines() if row.startswith("extra "))
    shown = base64.b64decode(line.removeprefix("extra ")).decode()
    return shown + json.dumps(listed.body)


async def test_a_call_that_waits_is_not_proposed_twice(world: World) -> None:
    draw = await drawn(world)
    unit = (await a_stratum(draw))["drawn"][0]
    number = await call_reserve(world.office, world.drafter, draw, unit, "closed", EVIDENCE)
    with pytest.raises(ConflictError) as caught:
        await call_reserve(world.office, world.drafter, draw, unit, "closed", EVIDENCE)
    assert caught.value.code == "reserve.waiting"
    await take_back_change(world.office, world.drafter, number)
    await call(world, draw, unit)


async def test_the_public_page_shows_whom_the_reserve_replaced_and_its_result(world: World) -> None:
    draw = await drawn(world)
    stratum = await a_stratum(draw)
    gone, reserve = stratum["drawn"][0], stratum["reserves"][0]
    await call(world, draw, gone)
    for row in await made.inspections_of(draw):
        if row["uscc"] != gone:
            await inspect(world, row["id"])
    await publish_draw(world.office, world.approver, draw)
    outcome = (await load_draw(draw)).outcome
    assert outcome is not None
    targets = {target.unit: target for target in outcome.targets}
    assert (targets[gone].closed, targets[gone].result) == ("closed", None)
    assert (targets[reserve].stream, targets[reserve].closed) == ("reserve", None)
    assert targets[reserve].result is not None
    assert [m.inspector for m in targets[reserve].team] == [m.inspector for m in targets[gone].team]
    async with visit(world.office) as client:
        page = await client.get(f"/draws/{draw}")
        assert "已终止检查" in page.text
        assert "尚未公布" not in page.text
