"""Supplementary draws: empty seats are filled by another lot, in the teams that there are."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Inspection, InspectionSeat, LogEntry, TeamChange
from agency_credit.domain.errors import FaultsError, ForbiddenError, RefusedError
from agency_credit.services.changes import decide_change
from agency_credit.services.desk import load_desk
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.draw_draft import change_draft, draft_draw, load_draft, load_draw_row
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.draw_store import load_files
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw, publish_names
from agency_credit.services.result_store import load_seats
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import call_reserve, send_member
from tests import world as made
from tests.conftest import Clock
from tests.supplements import announce_supplement, draw_supplement, drawn, emptied, inspect, supplemented
from tests.world import World


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def team_of(inspection: int) -> list[int | None]:
    return [seat["inspector"] for seat in await load_seats(inspection)]


async def lines_of(draw: str, name: str) -> list[dict[str, Any]]:
    files = await load_files((await load_draw_row(draw))["id"])
    return [json.loads(line) for line in files.get(name, b"").splitlines()]


async def test_another_lot_fills_the_seat_in_the_team_that_there_is(world: World) -> None:
    draw = await drawn(world)
    n_inspections = await Inspection.count()
    first = (await made.inspections_of(draw))[0]
    before = await team_of(first["id"])
    await emptied(world, first["id"], 1)
    assert await team_of(first["id"]) == [before[0], None]
    (supplement,) = await supplemented(world, draw)
    after = await team_of(first["id"])
    assert after[0] == before[0]
    assert after[1] not in (None, *before)
    assert await Inspection.count() == n_inspections
    files = await load_files((await load_draw_row(supplement))["id"])
    plan = json.loads(files["plan.json"])
    assert (plan["supplements"], len(plan["seats"]), plan["reserves"]) == (draw, 1, 0)
    (target,) = await lines_of(supplement, "targets.jsonl")
    assert target["unit"] == first["uscc"]
    assert draw in target["mandatory"]["reason"]


async def test_the_frame_tells_outsiders_no_stratum_of_the_target(world: World) -> None:
    draw = await drawn(world)
    await emptied(world, (await made.inspections_of(draw))[0]["id"], 0)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    assert [item["stratum"] for item in (await load_draft(supplement)).plan.strata] == ["补充抽取"]


async def test_there_is_a_supplement_for_each_set_of_missing_seats(world: World) -> None:
    draw = await drawn(world)
    one, two, three, *_ = await made.inspections_of(draw)
    await emptied(world, one["id"], 0)
    await emptied(world, two["id"], 0)
    for seat in (0, 1):
        await emptied(world, three["id"], seat)
    supplements = await draft_supplements(world.office, world.drafter, draw)
    assert [(await load_draft(name)).missing for name in supplements] == [[0], [0, 1]]
    with pytest.raises(RefusedError) as caught:
        await draft_supplements(world.office, world.drafter, draw)
    assert caught.value.code == "supplement.nothing"


async def test_who_sits_there_or_has_left_is_recused_and_who_has_targets_has_less_room(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    sitting, left = await team_of(first["id"])
    await emptied(world, first["id"], 1)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, supplement)
    pairs = await lines_of(supplement, "recusals.jsonl")
    assert len(pairs) == 2
    load: dict[int, int] = {}
    for inspection in await made.inspections_of(draw):
        for member in await team_of(inspection["id"]):
            if member is not None:
                load[member] = load.get(member, 0) + 1
    limits = sorted(line["limit"] for line in await lines_of(supplement, "inspectors.jsonl"))
    assert limits == sorted(6 - load.get(actor.inspector_id or 0, 0) for actor in world.inspectors)
    assert {sitting, left} <= {actor.inspector_id for actor in world.inspectors}


async def test_two_supplements_at_a_time_share_no_room(world: World) -> None:
    draw = await drawn(world)
    one, two, *_ = await made.inspections_of(draw)
    await emptied(world, one["id"], 0)
    await emptied(world, two["id"], 1)
    first, second = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, first)
    await announce_supplement(world, second)
    promised = sum(min(1, line["limit"]) for line in await lines_of(first, "inspectors.jsonl"))
    rooms = [
        sum(row["limit"] for row in await lines_of(name, "inspectors.jsonl")) for name in (first, second)
    ]
    assert rooms[1] == rooms[0] - promised


async def test_before_the_draw_and_after_a_void_nothing_is_supplemented(world: World) -> None:
    draw = await made.with_values(world)
    with pytest.raises(RefusedError) as caught:
        await draft_supplements(world.office, world.drafter, draw)
    assert caught.value.code == "draw.undrawn"
    await request_void(world.office, world.drafter, draw, "ordered", "上级决定")
    await confirm_void(world.office, world.approver, draw)
    with pytest.raises(RefusedError) as caught:
        await draft_supplements(world.office, world.drafter, draw)
    assert caught.value.code == "draw.voided"


async def test_a_supplement_of_a_voided_draw_is_not_drawn(world: World) -> None:
    draw = await drawn(world)
    await emptied(world, (await made.inspections_of(draw))[0]["id"], 0)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, supplement)
    await request_void(world.office, world.drafter, draw, "ordered", "上级决定")
    await confirm_void(world.office, world.approver, draw)
    with pytest.raises(RefusedError) as caught:
        await draw_supplement(world, supplement)
    assert caught.value.code == "draw.voided"


async def test_only_the_drafter_drafts_one_and_not_of_a_supplement(world: World) -> None:
    draw = await drawn(world)
    await emptied(world, (await made.inspections_of(draw))[0]["id"], 0)
    with pytest.raises(ForbiddenError):
        await draft_supplements(world.office, world.approver, draw)
    (supplement,) = await supplemented(world, draw)
    with pytest.raises(RefusedError) as caught:
        await draft_supplements(world.office, world.drafter, supplement)
    assert caught.value.code == "supplement.of-supplement"


@pytest.mark.parametrize(
    ("plan", "more", "code"),
    [
        ({"seats": [{"role": "组长", "skills": []}]}, {}, "draft.supplement-seats"),
        ({"publication": "at-once"}, {}, "draft.supplement-other"),
        ({"items": ["内部管理制度的建立和执行"]}, {}, "draft.supplement-other"),
        ({"reserves": 1}, {}, "draft.supplement-take"),
        ({}, {"missing": [1]}, "draft.supplement-seats"),
        ({}, {"missing": []}, "draft.supplements"),
    ],
)
async def test_what_a_supplement_is_cannot_be_changed_in_its_draft(
    world: World, plan: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    draw = await drawn(world)
    await emptied(world, (await made.inspections_of(draw))[0]["id"], 0)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    draft = await load_draft(supplement)
    changed = msgspec.structs.replace(draft, plan=msgspec.structs.replace(draft.plan, **plan), **more)
    await change_draft(world.office, world.drafter, supplement, changed)
    with pytest.raises(FaultsError) as caught:
        await announce_supplement(world, supplement)
    assert code in {fault.code for fault in caught.value.faults}


async def test_an_ordinary_draw_fills_no_missing_seats(world: World) -> None:
    draft = msgspec.structs.replace(await made.good_draft(world), missing=[0])
    draw = await draft_draw(world.office, world.drafter, draft)
    with pytest.raises(FaultsError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    assert {fault.code for fault in caught.value.faults} == {"draft.missing"}


async def test_nobody_is_seated_by_hand_in_the_database_either(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 0)
    for member in (1, 2):
        with pytest.raises(RefusedError, match="no change of the team"):
            async with transaction():
                await InspectionSeat.update({InspectionSeat.inspector: member}).where(
                    (InspectionSeat.inspection == first["id"]) & (InspectionSeat.seat == 0)
                )
    row = await load_draw_row(draw)
    other = await draft_draw(world.office, world.drafter, await made.good_draft(world))
    with pytest.raises(RefusedError, match="only a draw fills"):
        async with transaction():
            await TeamChange.insert(
                TeamChange(
                    inspection=first["id"],
                    kind="seated",
                    seat=0,
                    inspector=1,
                    supplement=(await load_draw_row(other))["id"],
                    at=row["drafted_at"],
                )
            )


async def test_the_original_is_published_first_and_the_supplement_after_it(world: World) -> None:
    draw = await drawn(world)
    inspections = await made.inspections_of(draw)
    await emptied(world, inspections[0]["id"], 1)
    for inspection in inspections[1:]:
        await inspect(world, inspection["id"])
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, supplement)
    with pytest.raises(RefusedError) as caught:
        await publish_draw(world.office, world.approver, draw)
    assert caught.value.code == "draw.supplement-open"
    await draw_supplement(world, supplement)
    with pytest.raises(RefusedError) as caught:
        await publish_draw(world.office, world.approver, draw)
    assert caught.value.code == "draw.results-missing"
    with pytest.raises(RefusedError) as caught:
        await publish_draw(world.office, world.approver, supplement)
    assert caught.value.code == "draw.original-unpublished"
    assert (await load_draw_desk(world.office, world.approver, supplement)).next.kind == "inspect"
    await inspect(world, inspections[0]["id"])
    assert (await load_draw_desk(world.office, world.approver, supplement)).next.kind == "original"
    await publish_draw(world.office, world.approver, draw)
    await publish_draw(world.office, world.approver, supplement)
    served = await team_of(inspections[0]["id"])
    names = await lines_of(supplement, "names.jsonl")
    assert [line["certificate"] for line in names] == [f"鲁C{(served[1] or 0) - 1:05d}"]


async def test_whoever_left_his_only_seat_is_not_named_as_serving(world: World) -> None:
    draw = await drawn(world)
    inspections = await made.inspections_of(draw)
    teams = [await team_of(item["id"]) for item in inspections]
    leaver = teams[0][1]
    assert leaver is not None
    for item, team in zip(inspections, teams, strict=True):
        if leaver in team:
            await emptied(world, item["id"], team.index(leaver), "left")
    await supplemented(world, draw)
    for item in inspections:
        await inspect(world, item["id"])
    await publish_draw(world.office, world.approver, draw)
    named = {line["certificate"] for line in await lines_of(draw, "names.jsonl")}
    assert named
    assert f"鲁C{leaver - 1:05d}" not in named


async def test_at_once_the_names_follow_after_the_visits(world: World) -> None:
    draw = await drawn(world, publication="at-once")
    inspections = await made.inspections_of(draw)
    await emptied(world, inspections[0]["id"], 1)
    (supplement,) = await supplemented(world, draw)
    with pytest.raises(RefusedError) as caught:
        await publish_draw(world.office, world.approver, supplement)
    assert caught.value.code == "draw.original-unpublished"
    await publish_draw(world.office, world.approver, draw)
    await publish_draw(world.office, world.approver, supplement)
    for inspection in inspections:
        await inspect(world, inspection["id"])
    await publish_names(world.office, world.approver, supplement)
    await publish_names(world.office, world.approver, draw)
    assert len(await lines_of(supplement, "names.jsonl")) == 1


async def test_a_voided_supplement_leaves_its_seats(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 1)
    (supplement,) = await supplemented(world, draw)
    await request_void(world.office, world.drafter, supplement, "ordered", "上级决定")
    await confirm_void(world.office, world.approver, supplement)
    assert (await team_of(first["id"]))[1] is None
    await supplemented(world, draw)
    assert (await team_of(first["id"]))[1] is not None


async def test_a_supplement_without_its_event_keeps_its_lists_for_the_new_attempt(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 1)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, supplement)
    world.clock.forward(hours=5)
    await request_void(world.office, world.drafter, supplement, "event-missing", "开奖取消")
    await confirm_void(world.office, world.approver, supplement)
    with pytest.raises(RefusedError) as caught:  # a nonce withheld buys no other roster
        await draft_supplements(world.office, world.drafter, draw)
    assert caught.value.code == "supplement.nothing"
    draft = await load_draft(supplement)
    own = [source for source in draft.plan.entropy if source["kind"] == "commitment"]
    plan = msgspec.structs.replace(draft.plan, entropy=own)
    again = await draft_draw(
        world.office, world.drafter, msgspec.structs.replace(draft, plan=plan, replaces=supplement)
    )
    await announce_supplement(world, again)
    await draw_supplement(world, again)
    assert (await team_of(first["id"]))[1] is not None


async def test_a_unit_whose_team_is_being_drawn_is_not_replaced_meanwhile(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 1)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    await announce_supplement(world, supplement)
    with pytest.raises(RefusedError) as caught:
        await call_reserve(world.office, world.drafter, draw, first["uscc"], "closed", "核准注销通知书")
    assert caught.value.code == "team.supplement-open"
    member = {
        "sent_by": "桓台县局",
        "certificate": "鲁C00001",
        "name": "甲",
        "role": "属地",
        "document": "函",
    }
    with pytest.raises(RefusedError) as caught:  # the lot might fall on the same person
        await send_member(world.office, world.drafter, first["id"], member, "方案规定")
    assert caught.value.code == "team.supplement-open"
    await draw_supplement(world, supplement)
    number = await call_reserve(world.office, world.drafter, draw, first["uscc"], "closed", "核准注销通知书")
    await decide_change(world.office, world.approver, number, "approved")


async def test_the_desk_counts_empty_seats_until_a_supplement_is_under_way(world: World) -> None:
    draw = await drawn(world)
    for inspection in (await made.inspections_of(draw))[:3]:
        await emptied(world, inspection["id"], 0)
    tasks = [
        task for task in (await load_desk(world.office, world.drafter)).tasks if task.kind == "seats.fill"
    ]
    assert [(task.what, task.n) for task in tasks] == [(draw, 3)]
    await draft_supplements(world.office, world.drafter, draw)
    kinds = {task.kind for task in (await load_desk(world.office, world.drafter)).tasks}
    assert "seats.fill" not in kinds
    assert "draw.finish" in kinds


async def test_the_log_tells_of_an_emptied_seat_without_a_name(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 1)
    (entry,) = await LogEntry.select().where(LogEntry.type == "team.changed")
    assert entry["subject"] == draw
    assert set(json.loads(bytes(entry["entry"]))["body"]) == {"commitment"}
