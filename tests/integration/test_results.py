"""Results of inspections: handed in once, confirmed by each member over the same bytes, then judged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agency_credit.database import Database
from agency_credit.database.tables import (
    InspectionResult,
    InspectionSeat,
    Notice,
    Person,
    ResultConfirmation,
    ResultStep,
)
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import ConflictError, FaultsError, ForbiddenError, RefusedError
from agency_credit.domain.record_form import FormDetails, FormLine, parse_form
from agency_credit.domain.role import Role
from agency_credit.services.desk import load_desk
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.inspection_sheet import load_sheet
from agency_credit.services.result_review import reject_result, return_result, review_result
from agency_credit.services.result_store import load_latest_result
from agency_credit.services.results import Sending, confirm_result, enter_result
from tests import world as made
from tests.world import World

DETAILS = FormDetails(
    place="张店区人民西路1号",
    methods=("on-site",),
    lines=(FormLine(code="P1", title="执业许可条件的保持", basis="第四十一条", answer="met"),),
    advised_at="2026-12-01T09:00",
    agency_remarks="无异议",
    materials=("年度报告复印件",),
)


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def visit(world: World) -> dict[str, Any]:
    """The first inspection of a draw that was made."""
    draw = await made.drawn(world)
    return (await made.inspections_of(draw))[0]


async def enter(world: World, visit: dict[str, Any], member=None, **change: Any) -> str:
    """Hand in a result; the digest of its form."""
    values = {"categories": ["1"], "findings": "", "inspected_on": world.office.today(), "details": DETAILS}
    member = member or await made.member_of(world, visit["id"])
    await enter_result(world.office, member, visit["id"], **(values | change))
    latest = await load_latest_result(visit["id"])
    assert latest is not None
    return str(latest["digest"])


async def state_of(visit: dict[str, Any]) -> str:
    latest = await load_latest_result(visit["id"])
    assert latest is not None
    return str(latest["state"])


async def test_the_digest_is_that_of_the_stored_form(world, visit):
    over = await enter(world, visit)
    row = await InspectionResult.select().first()
    assert over == digest(row["form_json"].encode())
    assert parse_form(row["form_json"]).details == DETAILS


async def test_a_result_goes_to_review_with_the_confirmation_of_the_last_member(world, visit):
    over = await enter(world, visit)
    states = []
    for member in await made.members_of(world, visit["id"]):
        await confirm_result(world.office, member, visit["id"], over)
        states.append(await state_of(visit))
    assert states == ["entered", "confirmed"]


@pytest.mark.parametrize("with_key", [True, False])
async def test_a_telephone_that_sends_the_same_result_three_times_stores_one(world, visit, with_key):
    sending = Sending(key="a" * 32 if with_key else "", base=0)
    await asyncio.gather(*(enter(world, visit, sending=sending) for _ in range(3)))
    assert await InspectionResult.count() == 1


async def test_what_was_sent_again_after_a_return_is_still_the_old_form(world, visit):
    sending = Sending(key="k", base=0)
    await enter(world, visit, sending=sending)
    await made.confirm_all(world, visit["id"])
    await return_result(world.office, world.approver, visit["id"], "请补充")
    await enter(world, visit, sending=sending)
    assert await InspectionResult.count() == 1
    assert await state_of(visit) == "returned"


async def test_another_form_under_the_same_key_is_a_conflict(world, visit):
    await enter(world, visit, sending=Sending(key="k", base=0))
    with pytest.raises(ConflictError) as caught:
        await enter(world, visit, findings="另外的内容", sending=Sending(key="k", base=1))
    assert caught.value.code == "result.key-reused"


async def test_two_members_who_enter_different_forms_at_once_do_not_overwrite_each_other(world, visit):
    first, second = await made.members_of(world, visit["id"])
    answers = await asyncio.gather(
        enter(world, visit, first, findings="甲所见", sending=Sending(base=0)),
        enter(world, visit, second, findings="乙所见", sending=Sending(base=0)),
        return_exceptions=True,
    )
    assert sorted(type(answer) for answer in answers if not isinstance(answer, str)) == [ConflictError]
    assert await InspectionResult.count() == 1


async def test_a_changed_form_needs_all_confirmations_anew(world, visit):
    first, second = await made.members_of(world, visit["id"])
    old = await enter(world, visit)
    await confirm_result(world.office, first, visit["id"], old)
    new = await enter(world, visit, findings="补充一句", sending=Sending(base=1))
    with pytest.raises(ConflictError) as caught:
        await confirm_result(world.office, second, visit["id"], old)
    assert caught.value.code == "result.old-digest"
    await confirm_result(world.office, second, visit["id"], new)
    assert await state_of(visit) == "entered"
    await confirm_result(world.office, first, visit["id"], new)
    assert await state_of(visit) == "confirmed"


async def test_a_member_confirms_once_even_twice_at_once(world, visit):
    member = await made.member_of(world, visit["id"])
    over = await enter(world, visit)
    answers = await asyncio.gather(
        *(confirm_result(world.office, member, visit["id"], over) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["ConflictError", "NoneType"]
    assert await ResultConfirmation.count() == 1


async def test_an_inspector_of_another_team_neither_enters_nor_confirms(world, visit):
    team = await made.members_of(world, visit["id"])
    stranger = next(actor for actor in world.inspectors if actor not in team)
    with pytest.raises(ForbiddenError, match="member of the team"):
        await enter(world, visit, stranger)
    over = await enter(world, visit)
    with pytest.raises(ForbiddenError, match="member of the team"):
        await confirm_result(world.office, stranger, visit["id"], over)


async def test_an_approver_on_the_team_does_not_review_it(world, visit):
    from agency_credit.database.tables import PersonRole
    from agency_credit.services.people import load_actor

    await enter(world, visit)
    await made.confirm_all(world, visit["id"])
    for member in await made.members_of(world, visit["id"]):
        await PersonRole.insert(PersonRole(person=member.person_id, role="approver"))
        actor = await load_actor(member.username)
        with pytest.raises(ForbiddenError):
            await review_result(world.office, actor, visit["id"])


async def test_of_two_approvers_at_once_one_is_told_that_nothing_waits(world, visit):
    second = await made.add_account(world.office, "approver2", Role.APPROVER)
    await enter(world, visit)
    await made.confirm_all(world, visit["id"])
    answers = await asyncio.gather(
        review_result(world.office, world.approver, visit["id"]),
        return_result(world.office, second, visit["id"], "有误"),
        return_exceptions=True,
    )
    refused = [answer for answer in answers if answer is not None]
    assert [answer.code for answer in refused] == ["result.not-waiting"]
    assert await ResultStep.count() == 2  # confirmed, and one of both


async def test_a_rejected_inspection_is_made_anew(world, visit):
    await enter(world, visit)
    await made.confirm_all(world, visit["id"])
    world.clock.forward(days=2)
    await reject_result(world.office, world.approver, visit["id"], "未出示执法证件")
    before = world.office.today().replace(day=world.office.today().day - 1)
    with pytest.raises(Exception, match="anew"):
        await enter(world, visit, inspected_on=before, sending=Sending(base=1))
    await enter(world, visit, sending=Sending(base=1))
    assert await state_of(visit) == "entered"


async def test_a_result_of_a_voided_draw_is_refused(world, visit):
    draw = visit["draw_identifier"]
    second = await made.add_account(world.office, "approver2", Role.APPROVER)
    await request_void(world.office, world.approver, draw, "ordered", "法院裁定")
    await confirm_void(world.office, second, draw)
    with pytest.raises(RefusedError) as caught:
        await enter(world, visit)
    assert caught.value.code == "draw.voided"


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"findings": "联系人身份证号 11010519491231002X"}, {"findings"}),
        ({"findings": "a\0b"}, {"findings"}),
        ({"categories": ["A"]}, {"findings"}),
        ({"categories": ["1", "1"]}, {"categories"}),
        ({"details": FormDetails()}, {"place", "methods", "advised_at"}),
        (
            {
                "details": FormDetails(
                    place="某地",
                    methods=("by-drone",),
                    advised_at="2099-01-01T09:00",
                    photographs=("0" * 64,),
                    lines=(
                        FormLine(code="P1", title="一", basis="", answer=""),
                        FormLine(code="P2", title="二", basis="", answer="not-met"),
                    ),
                )
            },
            {"methods", "advised_at", "photographs", "line-P1", "line-P2"},
        ),
    ],
)
async def test_all_that_is_wrong_with_a_form_is_told_at_once(world, visit, change, at):
    with pytest.raises(FaultsError) as caught:
        await enter(world, visit, **change)
    assert {fault.at for fault in caught.value.faults} == at
    assert await InspectionResult.count() == 0


async def test_each_person_is_told_what_waits_for_him(world, visit):
    member, other = await made.members_of(world, visit["id"])
    over = await enter(world, visit, member)
    assert await unread() == {(other.person_id, "result.confirm")}
    assert "result.confirm" in {task.kind for task in (await load_desk(world.office, other)).tasks}
    await confirm_result(world.office, member, visit["id"], over)
    await confirm_result(world.office, other, visit["id"], over)
    assert await unread() == {(world.approver.person_id, "result.review")}
    await return_result(world.office, world.approver, visit["id"], "请补充")
    assert await unread() == {(who.person_id, "result.returned") for who in (member, other)}


async def unread() -> set[tuple[int, str]]:
    rows = await Notice.select().where(Notice.read_at.is_null() & (Notice.kind != "team.assigned"))
    return {(row["person"], row["kind"]) for row in rows}


# --- what the database holds by itself ----------------------------------------------------------------


async def confirm_by_hand(engine: Database, result: int, inspector: int, by: int, over: str) -> None:
    await engine.run_ddl(
        'INSERT INTO "result_confirmation" ("result", "inspector", "by", "digest", "at") '
        f"VALUES ({result}, {inspector}, {by}, '{over}', '2026-12-02 01:00:00+00:00')"
    )


async def step_by_hand(engine: Database, result: int, step: str, by: int | None) -> None:
    await engine.run_ddl(
        'INSERT INTO "result_step" ("result", "step", "by", "at", "reason") '
        f"VALUES ({result}, '{step}', {by}, '2026-12-02 01:00:00+00:00', '')"
    )


async def test_the_database_holds_who_confirms_what(world, visit):
    engine = world.office.engine
    over = await enter(world, visit)
    seats = await InspectionSeat.select().where(InspectionSeat.inspection == visit["id"])
    (one, two), accounts = [seat["inspector"] for seat in seats], {}
    for row in await Person.select():
        accounts[row["inspector"]] = row["id"]
    outside = next(inspector for inspector in accounts if inspector not in (one, two, None))
    with pytest.raises(RefusedError, match="member of the team"):
        await confirm_by_hand(engine, 1, outside, accounts[outside], over)
    with pytest.raises(RefusedError, match="own account"):
        await confirm_by_hand(engine, 1, one, accounts[two], over)
    with pytest.raises(RefusedError, match="another form"):
        await confirm_by_hand(engine, 1, one, accounts[one], "0" * 64)
    await confirm_by_hand(engine, 1, one, accounts[one], over)
    with pytest.raises(ConflictError):
        await confirm_by_hand(engine, 1, one, accounts[one], over)
    with pytest.raises(RefusedError, match="two at least"):
        await step_by_hand(engine, 1, "confirmed", accounts[one])
    with pytest.raises(RefusedError, match="before it is reviewed"):
        await step_by_hand(engine, 1, "reviewed", world.approver.person_id)
    await confirm_by_hand(engine, 1, two, accounts[two], over)
    await step_by_hand(engine, 1, "confirmed", accounts[two])
    for step in ("reviewed", "returned", "rejected"):
        with pytest.raises(RefusedError, match=r"his own team|he entered"):
            await step_by_hand(engine, 1, step, accounts[two])
    with pytest.raises(RefusedError, match="two people"):
        await step_by_hand(engine, 1, "withdrawn", accounts[two])


async def test_the_database_takes_no_confirmation_of_a_form_that_was_replaced(world, visit):
    member = await made.member_of(world, visit["id"])
    old = await enter(world, visit)
    await enter(world, visit, findings="补充一句", sending=Sending(base=1))
    with pytest.raises(RefusedError, match="changed since"):
        await confirm_by_hand(world.office.engine, 1, member.inspector_id, member.person_id, old)


# --- what the papers say ------------------------------------------------------------------------------


async def test_a_sheet_before_the_visit_has_the_items_unanswered(world, visit):
    sheet = await load_sheet(world.office, world.drafter, visit["id"])
    assert (sheet.state, sheet.form, sheet.form_version) == ("open", None, 0)
    assert {line.answer for line in sheet.lines} == {""}
    kinds = {line.code[0] for line in sheet.lines}
    assert kinds == {line[0].upper() for line in sheet.agency.practice_lines}
    assert all(seat.inspector for seat in sheet.team)


async def test_a_sheet_after_the_visit_says_what_was_confirmed_by_whom(world, visit):
    over = await enter(world, visit)
    await made.confirm_all(world, visit["id"])
    sheet = await load_sheet(world.office, await made.member_of(world, visit["id"]), visit["id"])
    assert (sheet.state, sheet.form_digest, sheet.lines) == ("confirmed", over, DETAILS.lines)
    assert {one.inspector for one in sheet.confirmations} == {seat.inspector for seat in sheet.team}


async def test_a_sheet_is_not_for_another_team(world, visit):
    team = await made.members_of(world, visit["id"])
    stranger = next(actor for actor in world.inspectors if actor not in team)
    with pytest.raises(ForbiddenError):
        await load_sheet(world.office, stranger, visit["id"])
