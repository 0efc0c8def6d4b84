"""Applications for repair: taken when the law lets them, decided by two people, and what granting removes."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from agency_credit.database.tables import (
    AuditLine,
    CaseFile,
    CaseText,
    LogBody,
    LogEntry,
    Notice,
    RecordEvent,
)
from agency_credit.domain.errors import (
    AgencyCreditError,
    ConflictError,
    FaultsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import DeskRight, Role
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.agency_desk import load_credit_file
from agency_credit.services.agency_desk_waiting import load_waiting
from agency_credit.services.agency_file import load_agency_file
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.case_store import load_case
from agency_credit.services.deadlines import load_deadlines
from agency_credit.services.desk import load_desk
from agency_credit.services.rating_run import rate_all
from agency_credit.services.register import load_agency
from agency_credit.services.repair_desk import load_own_repair_view, load_repair_view
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.repairs import (
    RepairProposal,
    amend_repair,
    apply_for_repair,
    decide_repair,
    propose_repair,
    return_repair,
    suggest_next_on,
    withdraw_repair,
)
from tests import world as made
from tests.integration.records import DECIDED, A, decide, newest_record, record_of
from tests.repairs import KIND, applied, complete, granted, proposed
from tests.world import build_world, enter_value_of_profile, uscc

NEXT = date(2027, 3, 1)


@pytest.fixture
async def world(office, clock):
    return await build_world(office, clock, n_agencies=4, n_inspectors=2)


@pytest.fixture
async def clerk(world):
    return await made.add_agency_person(world.office, "clerk", A, DeskRight.CLERK)


def codes(caught) -> list[str]:
    error = caught.value
    return [fault.code for fault in error.faults] if isinstance(error, FaultsError) else [error.code]


async def refused(world, clerk, record, code=A):
    with pytest.raises(AgencyCreditError) as caught:
        await applied(world, clerk, code, record)
    return codes(caught)


# --- who may ask, and what has to be said -------------------------------------------------------------


async def test_readers_strangers_and_the_office_do_not_ask(world, clerk):
    record = await record_of(A, KIND)
    wanted = await complete(world.office, A, record)
    reader = await made.add_agency_person(world.office, "reader", A, DeskRight.READER)
    stranger = await made.add_agency_person(world.office, "stranger", uscc(1))
    with pytest.raises(ForbiddenError):
        await apply_for_repair(world.office, reader, A, record, wanted)
    with pytest.raises(NotFoundError):
        await apply_for_repair(world.office, stranger, A, record, wanted)
    with pytest.raises(NotFoundError, match="no record"):
        await apply_for_repair(world.office, stranger, uscc(1), record, wanted)
    with pytest.raises(ForbiddenError):
        await apply_for_repair(world.office, world.drafter, A, record, wanted)
    lines = await AuditLine.select(AuditLine.outcome).where(AuditLine.action == "repair.apply")
    assert [line["outcome"] for line in lines] == ["refused"] * 4


async def test_everything_that_is_missing_is_told_at_once(world, clerk):
    record = await record_of(A, KIND)
    wanted = await complete(world.office, A, record, declared=frozenset(), pledge=" ", statement="", files={})
    with pytest.raises(FaultsError) as caught:
        await apply_for_repair(world.office, clerk, A, record, wanted)
    assert sorted(codes(caught)) == [
        "repair.no-pledge",
        "repair.no-proof",
        "repair.no-proof",
        *["repair.undeclared"] * 4,
    ]


@pytest.mark.parametrize("field", ["pledge", "statement"])
async def test_a_text_holds_no_personal_number(world, clerk, field):
    record = await record_of(A, KIND)
    wanted = await complete(world.office, A, record, **{field: "联系电话13800001234"})
    with pytest.raises(FaultsError) as caught:
        await apply_for_repair(world.office, clerk, A, record, wanted)
    assert [(fault.at, fault.code) for fault in caught.value.faults] == [(field, "repair.personal")]


# --- the way of an application ------------------------------------------------------------------------


async def test_the_clock_of_the_profile_runs_and_begins_anew_when_it_is_completed(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    assert (await load_repair_view(world.office, number)).due_on == date(2026, 12, 10)
    await return_repair(world.office, world.drafter, number, "请补充缴款凭证")
    view = await load_own_repair_view(world.office, clerk, A, number)
    assert (view.due_on, view.steps[-1].texts.reason) == (None, "请补充缴款凭证")
    seat = seat_of(clerk, A)
    (waiting,) = await load_waiting(world.office, seat, await load_credit_file(world.office, seat))
    assert (waiting.kind, waiting.due_on, waiting.path) == (
        "case.returned",
        None,
        f"/desk/{A}/repairs/{number}",
    )
    world.clock.forward(days=7)
    wanted = await complete(world.office, A, record, files={})  # what was sent before still proves it
    await amend_repair(world.office, clerk, A, number, wanted)
    view = await load_repair_view(world.office, number)
    assert (view.due_on, view.is_overdue) == (date(2026, 12, 17), False)
    files = [[file.name for file in item.files] for item in view.conditions]
    assert files.count(["缴款凭证.pdf"]) == 2  # duties done, harm removed
    assert files.count([]) == len(files) - 2
    world.clock.forward(days=22)
    assert (await load_repair_view(world.office, number)).is_overdue


async def test_without_a_clock_in_the_profile_no_day_is_promised(world, clerk):
    await enter_value_of_profile(world, "repair-decided", None)
    number = await applied(world, clerk, A, await record_of(A, KIND))
    assert (await load_repair_view(world.office, number)).due_on is None


async def test_nobody_decides_on_the_own_proposal_nor_otherwise_than_proposed(world, clerk):
    both = await made.add_account(world.office, "both", Role.DRAFTER, Role.APPROVER)
    number = await applied(world, clerk, A, await record_of(A, KIND))
    with pytest.raises(RefusedError):
        await decide_repair(world.office, both, number, RepairStep.GRANTED)
    new = RepairProposal(verdict=RepairStep.GRANTED, reason="材料齐全")
    await propose_repair(world.office, both, number, new)
    for verdict in (RepairStep.GRANTED, RepairStep.SENT_BACK):
        with pytest.raises(ForbiddenError):
            await decide_repair(world.office, both, number, verdict, "重写")
    with pytest.raises(RefusedError):
        await decide_repair(world.office, world.approver, number, RepairStep.REFUSED)
    with pytest.raises(ForbiddenError):
        await decide_repair(world.office, world.drafter, number, RepairStep.GRANTED)
    with pytest.raises(FaultsError):
        await decide_repair(world.office, world.approver, number, RepairStep.SENT_BACK, " ")
    await decide_repair(world.office, world.approver, number, RepairStep.SENT_BACK, "说明理由")
    await propose_repair(world.office, both, number, new)
    await decide_repair(world.office, world.approver, number, RepairStep.GRANTED)


async def test_of_two_decisions_at_once_one_counts(world, clerk):
    number = await applied(world, clerk, A, await record_of(A, KIND))
    await proposed(world, number)
    second = await made.add_account(world.office, "second", Role.APPROVER)
    people = (world.approver, second)
    tries = [decide_repair(world.office, person, number, RepairStep.GRANTED) for person in people]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["ConflictError", "NoneType"]
    entries = await LogEntry.count().where(LogEntry.type == "repair.granted")
    assert entries == 1


async def test_what_is_over_is_over(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    await withdraw_repair(world.office, clerk, A, number)
    wanted = await complete(world.office, A, record)
    for late in (
        withdraw_repair(world.office, clerk, A, number),
        amend_repair(world.office, clerk, A, number, wanted),
        return_repair(world.office, world.drafter, number, "补正"),
        decide_repair(world.office, world.approver, number, RepairStep.GRANTED),
    ):
        with pytest.raises(ConflictError):
            await late
    assert await applied(world, clerk, A, record) == number + 1


async def test_another_agency_neither_sees_nor_moves_it(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    stranger = await made.add_agency_person(world.office, "stranger", uscc(1))
    wanted = await complete(world.office, A, record)
    for tried in (
        load_own_repair_view(world.office, stranger, uscc(1), number),
        load_own_repair_view(world.office, stranger, A, number),
        withdraw_repair(world.office, stranger, uscc(1), number),
        amend_repair(world.office, stranger, uscc(1), number, wanted),
    ):
        with pytest.raises(NotFoundError):
            await tried


async def test_the_agency_does_not_see_what_is_proposed(world, clerk):
    number = await applied(world, clerk, A, await record_of(A, KIND))
    await proposed(world, number, RepairStep.REFUSED, next_on=NEXT, next_reason="补正需要时间")
    view = await load_own_repair_view(world.office, clerk, A, number)
    assert [step.row.step for step in view.steps] == ["applied"]
    cases = (await load_agency_file(world.office, clerk, A))["cases"]
    assert [row["step"] for row in cases] == ["applied"]


# --- decisions ----------------------------------------------------------------------------------------


async def test_granted_the_record_leaves_score_tier_and_page_at_once(world, clerk):
    record = await record_of(A, KIND)
    await rate_all(world.office, world.drafter)
    before = await load_agency(world.office, A)
    assert [(r.tier, r.score) for r in before.ratings if r.practice_line == "patent"] == [("C", "70")]
    number = await applied(world, clerk, A, record)
    (effect,) = [
        e
        for e in (await load_repair_view(world.office, number)).eligibility.effects
        if e.before.score != e.after.score
    ]
    assert (effect.before.tier, effect.after.tier) == ("C", "A")
    await granted(world, number)
    after = await load_agency(world.office, A)
    assert [(r.tier, r.score) for r in after.ratings if r.practice_line == "patent"] == [("A", "100")]
    assert after.records == []
    entry = await LogEntry.select().where(LogEntry.type == "repair.granted").first()
    assert entry["subject"] == A
    assert record.encode() not in bytes(entry["entry"])
    assert not (await load_case(number)).is_open


async def test_refused_says_why_and_from_when_the_agency_may_ask_again(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    assert await suggest_next_on(world.office, await load_case(number)) is None
    for more, faults in (
        ({}, ["repair.no-next"]),
        ({"reason_code": "mood", "next_on": NEXT}, ["repair.reason-code", "repair.next-reason"]),
        (
            {"reason": " ", "next_on": world.office.today(), "next_reason": "x"},
            ["repair.text", "repair.next-past"],
        ),
    ):
        with pytest.raises(FaultsError) as caught:
            await proposed(world, number, RepairStep.REFUSED, **more)
        assert codes(caught) == faults
    await proposed(world, number, RepairStep.REFUSED, next_on=NEXT, next_reason="整改需要三个月")
    await decide_repair(world.office, world.approver, number, RepairStep.REFUSED)
    last = (await load_own_repair_view(world.office, clerk, A, number)).steps[-1]
    assert (last.row.details["reason_code"], last.next_on) == ("evidence", NEXT)
    assert (last.texts.reason, last.texts.next_reason) == ("材料齐全，已经核实", "整改需要三个月")
    found = await load_eligibility(world.office, A, record)
    assert found.earliest_on == NEXT
    assert await refused(world, clerk, record) == ["repair.again"]
    world.clock.forward(days=(NEXT - world.office.today()).days)
    assert await applied(world, clerk, A, record) == number + 1


async def test_where_the_profile_says_when_to_ask_again_nobody_has_to_enter_it(world, clerk):
    await enter_value_of_profile(world, "repair-again", 3)
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    await proposed(world, number, RepairStep.REFUSED)
    await decide_repair(world.office, world.approver, number, RepairStep.REFUSED)
    assert (await load_eligibility(world.office, A, record)).earliest_on == date(2027, 2, 25)


async def test_what_turned_up_meanwhile_stands_against_granting(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    await proposed(world, number)
    await decide(world, record, "withdrawn", on=world.office.today())
    with pytest.raises(FaultsError) as caught:
        await decide_repair(world.office, world.approver, number, RepairStep.GRANTED)
    assert codes(caught) == ["repair.gone"]
    assert not await RecordEvent.exists().where(RecordEvent.event == "repaired")


async def test_both_sides_are_told(world, clerk):
    other = await made.add_agency_person(world.office, "other", A, DeskRight.READER)
    number = await applied(world, clerk, A, await record_of(A, KIND))
    await return_repair(world.office, world.drafter, number, "补正")
    await amend_repair(
        world.office, clerk, A, number, await complete(world.office, A, (await load_case(number)).commitment)
    )
    await granted(world, number)
    told = await Notice.select(Notice.person, Notice.kind, Notice.path).order_by(Notice.id)
    of = {person.person_id: person.username for person in (clerk, other, world.drafter, world.approver)}
    assert [(of[n["person"]], n["kind"]) for n in told if n["kind"].startswith("repair.")] == [
        ("drafter", "repair.applied"),
        ("clerk", "repair.returned"),
        ("drafter", "repair.amended"),
        ("approver", "repair.decide"),
        ("clerk", "repair.granted"),
        ("other", "repair.granted"),
        ("drafter", "repair.granted"),
    ]
    paths = {n["path"] for n in told if n["kind"].startswith("repair.")}
    assert paths == {f"/admin/repairs/{number}", f"/desk/{A}/repairs/{number}"}


async def test_what_waits_for_whom_stands_on_the_desk_and_among_the_deadlines(world, clerk):
    both = await made.add_account(world.office, "both", Role.DRAFTER, Role.APPROVER)
    number = await applied(world, clerk, A, await record_of(A, KIND))

    async def seen(actor):
        tasks = (await load_desk(world.office, actor)).tasks
        return [(task.kind, task.is_overdue) for task in tasks if task.kind.startswith("repair.")]

    assert [await seen(p) for p in (world.drafter, world.approver)] == [[("repair.propose", False)], []]
    await propose_repair(
        world.office, both, number, RepairProposal(verdict=RepairStep.GRANTED, reason="材料齐全")
    )
    assert [await seen(p) for p in (world.drafter, both)] == [[], []]
    assert await seen(world.approver) == [("repair.decide", False)]
    world.clock.forward(days=30)
    assert await seen(world.approver) == [("repair.decide", True)]
    due = [one for one in await load_deadlines(world.office, world.drafter) if one.kind == "repair.decide"]
    assert [(one.path, one.due_on, one.is_overdue) for one in due] == [
        (f"/admin/repairs/{number}", date(2026, 12, 10), True)
    ]
    await decide_repair(world.office, world.approver, number, RepairStep.SENT_BACK, "再核实")
    await return_repair(world.office, both, number, "补正")
    assert [await seen(p) for p in (world.drafter, world.approver, both)] == [[], [], []]


async def test_after_granting_nothing_of_the_record_is_left_but_that_there_was_a_case(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    await granted(world, number)
    with pytest.raises(NotFoundError):
        await load_eligibility(world.office, A, record)
    assert await CaseText.count() == await CaseFile.count() == 0
    view = await load_own_repair_view(world.office, clerk, A, number)
    assert (view.eligibility, view.case.step, [item.files for item in view.conditions]) == (
        None,
        "granted",
        [()] * len(view.conditions),
    )
    entry = await LogEntry.select().where(LogEntry.type == "repair.granted").first()
    assert not await LogBody.exists().where(LogBody.log_index == entry["index"])
    assert await LogEntry.exists().where(LogEntry.type == "redacted")


async def test_an_application_about_a_version_that_was_forgotten_with_its_correction_can_be_closed(
    world, clerk
):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    texts = {"kind": KIND, "document": "9号", "authority": "市局", "summary": "更正", "evidence": ""}
    await decide(world, record, "corrected", on=DECIDED, texts=texts)
    await granted(world, await applied(world, clerk, A, await newest_record()))
    with pytest.raises(NotFoundError):
        await proposed(world, number)
    with pytest.raises(FaultsError) as caught:
        await proposed(world, number, RepairStep.REFUSED)
    assert codes(caught) == ["repair.no-next"]
    await proposed(world, number, RepairStep.REFUSED, next_on=NEXT, next_reason="该信息已经修复")
    await decide_repair(world.office, world.approver, number, RepairStep.REFUSED)
    assert not (await load_case(number)).is_open
