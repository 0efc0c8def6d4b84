"""An agency asks that an inspector steps back: asked, decided, and the seat filled by another lot."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database.tables import LogEntry, TeamChange
from agency_credit.domain.errors import ConflictError, FaultsError, ForbiddenError, InputError, RefusedError
from agency_credit.domain.role import Role
from agency_credit.services.change_request import load_change
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.desk import load_desk
from agency_credit.services.leads import Lead, draft_lead, load_leads
from agency_credit.services.notices import load_notices
from agency_credit.services.recusal_applications import (
    decide_application,
    load_applications,
    record_application,
)
from agency_credit.services.result_store import load_latest_result, load_seats
from agency_credit.services.results import confirm_result, enter_result
from tests import world as made
from tests.field import hand_in, hand_in_as, published_visit
from tests.integration.console import desk_of
from tests.supplements import emptied, supplemented


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def deputy(world):
    """A second person of the office."""
    return await made.add_account(world.office, "deputy", Role.APPROVER, Role.PUBLISHER)


@pytest.fixture
async def visit(world):
    """The first inspection of a draw that was made."""
    return (await made.inspections_of(await made.drawn(world)))[0]


async def apply(world, visit, objected, by):
    await record_application(
        world.office,
        by,
        visit["id"],
        inspector=objected.inspector_id,
        reason="曾在我所任职",
        applied_on=world.office.today(),
    )
    return (await load_applications(visit["id"]))[-1].application


async def test_while_a_recusal_is_open_nothing_is_handed_in_and_refused_it_goes_on(world, visit):
    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    with pytest.raises(RefusedError) as caught:
        await hand_in(world, visit["id"])
    assert caught.value.code == "recusal.open"
    await decide_application(world.office, world.approver, visit["id"], application, "refused", "无证据")
    await hand_in(world, visit["id"])


async def test_a_granted_recusal_empties_the_seat_at_once_with_its_entry_and_a_lot_fills_it(world, visit):
    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    n_entries = await LogEntry.count()
    await decide_application(world.office, world.approver, visit["id"], application, "granted", "属实")
    seats = {seat["seat"]: seat["inspector"] for seat in await load_seats(visit["id"])}
    (change,) = await TeamChange.select()
    assert (change["kind"], change["inspector"], change["reason_code"]) == (
        "emptied",
        two.inspector_id,
        "recusal",
    )
    assert seats[change["seat"]] is None
    entry = await LogEntry.select().where(LogEntry.index == change["log_index"]).first()
    assert (entry["type"], entry["subject"], await LogEntry.count()) == (
        "team.changed",
        visit["draw_identifier"],
        n_entries + 1,
    )
    stored = await load_change(change["request"])
    assert (stored.proposed_by, stored.decision.verdict) == (one.person_id, "approved")
    with pytest.raises(RefusedError) as caught:
        await hand_in_as(world, visit["id"], one)
    assert caught.value.code == "result.team-short"
    with pytest.raises(ForbiddenError):  # he is of the team no more
        await hand_in_as(world, visit["id"], two)
    assert "seats.fill" in {row["kind"] for row in await load_notices(world.office, world.drafter)}
    assert "seats.fill" in {task.kind for task in (await load_desk(world.office, world.drafter)).tasks}
    for member in (one, two):
        tasks = (await load_desk(world.office, member)).tasks
        assert visit["agency_name"] not in {task.what for task in tasks}
    await supplemented(world, visit["draw_identifier"])
    filled = {seat["inspector"] for seat in await load_seats(visit["id"])}
    assert None not in filled
    assert two.inspector_id not in filled
    await hand_in(world, visit["id"])


async def test_a_recusal_granted_after_somebody_left_by_himself_empties_no_other_seat(world, visit):
    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    (seat,) = [row["seat"] for row in await load_seats(visit["id"]) if row["inspector"] == two.inspector_id]
    await emptied(world, visit["id"], seat)
    await decide_application(world.office, world.approver, visit["id"], application, "granted", "属实")
    assert await TeamChange.count() == 1


async def test_what_waits_for_a_decision_on_a_recusal_stands_on_the_desk_of_those_who_may(
    world, visit, deputy
):
    async def waits_for(actor):
        return "recusal.decide" in {task.kind for task in (await load_desk(world.office, actor)).tasks}

    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    assert [await waits_for(actor) for actor in (world.approver, deputy, world.drafter, one)] == [
        True,
        True,
        False,
        False,
    ]
    await decide_application(world.office, deputy, visit["id"], application, "refused", "无据")
    assert not await waits_for(world.approver)


async def test_a_record_with_the_reviewer_or_public_is_too_late_for_a_recusal(world):
    published = await published_visit(world)
    one, two = await made.members_of(world, published["id"])
    with pytest.raises(RefusedError) as caught:
        await apply(world, published, two, one)
    assert caught.value.code == "team.result-published"


async def test_on_a_lead_a_granted_recusal_asks_for_another_team(world):
    lead = Lead(
        agency=made.uscc(0),
        lead_kind="complaint",
        document="淄投〔2026〕7号",
        received_on=world.office.today(),
        items=("P1",),
        team=("鲁C00000", "鲁C00001"),
    )
    number = await propose_change(world.office, world.drafter, draft_lead(world.office, lead, 0, "投诉"))
    await decide_change(world.office, world.approver, number, "approved")
    (opened,) = await load_leads()
    one, two = await made.members_of(world, opened.inspection)
    visit = {"id": opened.inspection}
    application = await apply(world, visit, two, one)
    await decide_application(world.office, world.approver, visit["id"], application, "granted", "属实")
    with pytest.raises(RefusedError) as caught:
        await hand_in_as(world, visit["id"], one)
    assert caught.value.code == "recusal.seat"
    assert await TeamChange.count() == 0
    assert "recusal.granted" in {row["kind"] for row in await load_notices(world.office, world.drafter)}
    with pytest.raises(FaultsError) as again:
        await propose_change(world.office, world.drafter, draft_lead(world.office, lead, 1, "投诉"))
    assert {fault.code for fault in again.value.faults} == {"lead.recused"}
    async with desk_of(world.office, "approver") as desk:
        page = (await desk.open(f"/admin/inspections/{visit['id']}")).text
    assert "须另行指定检查组" in page
    assert f"/admin/inspections/{visit['id']}/team" not in page  # there is no lot behind this team


async def test_an_open_recusal_stops_confirmations_too(world, visit):
    one, two = await made.members_of(world, visit["id"])
    await enter_result(
        world.office, one, visit["id"], inspected_on=world.office.today(), categories=["1"], findings=""
    )
    await apply(world, visit, two, one)
    over = (await load_latest_result(visit["id"]))["digest"]
    with pytest.raises(RefusedError) as caught:
        await confirm_result(world.office, one, visit["id"], over)
    assert caught.value.code == "recusal.open"


async def test_a_recusal_is_asked_once_and_decided_once_by_somebody_outside_the_team(world, visit, deputy):
    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    with pytest.raises(ConflictError):
        await apply(world, visit, two, one)
    with pytest.raises(InputError):
        await decide_application(world.office, deputy, visit["id"], application, "granted", " ")
    answers = await asyncio.gather(
        decide_application(world.office, world.approver, visit["id"], application, "granted", "属实"),
        decide_application(world.office, deputy, visit["id"], application, "refused", "无据"),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["ConflictError", "NoneType"]


async def test_the_database_lets_no_member_decide_on_a_recusal(world, visit):
    one, two = await made.members_of(world, visit["id"])
    application = await apply(world, visit, two, one)
    for member in (one, two):
        with pytest.raises(RefusedError, match="decides on a recusal"):
            await world.office.engine.run_ddl(
                'INSERT INTO "recusal_decision" ("application", "verdict", "reason", "by", "at") VALUES '
                f"({application}, 'refused', '', {member.person_id}, '2026-12-02 01:00:00+00:00')"
            )


async def test_a_stranger_writes_down_no_recusal_and_nobody_is_objected_to_who_is_not_there(world, visit):
    team = await made.members_of(world, visit["id"])
    stranger = next(actor for actor in world.inspectors if actor not in team)
    with pytest.raises(ForbiddenError):
        await apply(world, visit, team[0], stranger)
    with pytest.raises(InputError):
        await apply(world, visit, stranger, team[0])


async def test_an_agency_asks_for_a_recusal_on_the_page(world, visit):
    path, today = f"/admin/inspections/{visit['id']}", world.office.today().isoformat()
    one, two = await made.members_of(world, visit["id"])
    async with desk_of(world.office, one.username) as desk:
        await desk.open(path)
        empty = await desk.send(f"{path}/recusal", {"inspector": str(two.inspector_id), "applied_on": today})
        assert empty.status_code == 422
        asked = {"inspector": str(two.inspector_id), "applied_on": today, "recusal_reason": "有利害关系"}
        assert (await desk.send(f"{path}/recusal", asked)).status_code == 303
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(path)
        assert "有利害关系" in page.text
        decision = {"verdict": "granted", "decision": "属实"}
        assert (await desk.send(f"{path}/recusal/1/decide", decision)).status_code == 303
        page = await desk.open(path)
        assert "席位自决定之日起空缺，由补充抽取填补" in page.text
        assert "空缺" in (await desk.open(f"{path}/team")).text
