"""Objections: opened by the agency, decided by two people of the office, in the days that are promised."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import msgspec
import pytest

from agency_credit.database.tables import (
    AuditLine,
    CalendarDay,
    CaseStep,
    ChangeDecision,
    ChangeRequest,
    CreditCase,
    LogBody,
    Notice,
    Rating,
    RecordEvent,
)
from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import OFFICE, DeskRight, Role
from agency_credit.inspection.objection_states import Verdict
from agency_credit.services.case_files import CaseUpload
from agency_credit.services.case_store import load_case
from agency_credit.services.forgetting import forget_record
from agency_credit.services.log import load_entries
from agency_credit.services.objection_basis import OTHERS, OWN, Proposal, promise_day
from agency_credit.services.objection_desk import load_agency_objection, load_office_objection
from agency_credit.services.objections import (
    decide_objection,
    extend_objection,
    open_objection,
    propose_verdict,
    return_verdict,
    withdraw_objection,
)
from agency_credit.services.operation import operation
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import RecordChange, load_known_record
from agency_credit.services.register import load_agency
from tests import world as made
from tests.integration.records import DECIDED, A, decide, newest_record, record_of
from tests.integration.test_cases import PDF

B = made.uscc(1)
UPHELD = Proposal(verdict=Verdict.UPHELD, reasons="处罚决定已被法院撤销")
REJECTED = Proposal(verdict=Verdict.REJECTED, reasons="处罚决定仍然有效")


@pytest.fixture
async def world(office, clock):
    world = await made.build_world(office, clock, n_agencies=4, n_inspectors=2)
    for key, days in ((OWN, 3), (OTHERS, 7)):
        await made.enter_value_of_profile(world, key, days)
    return world


@pytest.fixture
async def clerk(office, world):
    return await made.add_agency_person(office, "clerk", A, DeskRight.CLERK)


async def objected(world, clerk, record=None, grounds="处罚已被撤销", uploads=()) -> int:
    record = record or await record_of(A, "警告", document_number="3号")
    await rate_all(world.office, world.drafter)
    return await open_objection(world.office, clerk, A, record, grounds, uploads)


async def closed(world, number, proposal) -> None:
    await propose_verdict(world.office, world.drafter, number, proposal)
    await decide_objection(world.office, world.approver, number)


async def tier_of(uscc=A) -> tuple[str, int]:
    row = await (
        Rating.select(Rating.tier, Rating.score)
        .where((Rating.agency.uscc == uscc) & (Rating.practice_line == "patent"))
        .order_by(Rating.id, ascending=False)
        .first()
    )
    return row["tier"], row["score"]


async def shown(world, uscc=A) -> list[tuple[str, str | None]]:
    """Records of the public page, with what is said of objections."""
    records = (await load_agency(world.office, uscc)).records
    return [(record.kind, record.objection and record.objection.state) for record in records]


async def bodies(world, kind) -> list[dict]:
    """Bodies that outsiders may read."""
    return [entry.body for entry in (await load_entries(world.office, limit=100)).items if entry.type == kind]


async def test_upheld_the_record_is_gone_and_the_tier_follows_at_once(world, clerk):
    before = await tier_of()
    number = await objected(world, clerk)
    assert await tier_of() < before or (await tier_of())[1] < before[1]
    assert await shown(world) == [("警告", "open")]
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    assert await RecordEvent.count() == 0
    await decide_objection(world.office, world.approver, number)
    assert await tier_of() == before
    assert await shown(world) == []
    event = await RecordEvent.select().first()
    assert (event["event"], event["on"]) == ("withdrawn", DECIDED)
    change = await ChangeRequest.select().where(ChangeRequest.id == event["change"]).first()
    decision = await ChangeDecision.select().where(ChangeDecision.request == change["id"]).first()
    assert (change["proposed_by"], decision["by"]) == (world.drafter.person_id, world.approver.person_id)
    case = await load_case(number)
    assert (case.is_open, case.step, case.steps[-1].text) == (False, "decided", UPHELD.reasons)
    assert case.steps[-1].details["verdict"] == "upheld"


async def test_rejected_the_record_stands_and_the_page_says_so_with_the_day(world, clerk):
    number = await objected(world, clerk)
    low = await tier_of()
    world.clock.forward(days=1)
    await closed(world, number, REJECTED)
    assert await tier_of() == low
    (record,) = (await load_agency(world.office, A)).records
    assert (record.objection.state, record.objection.on) == ("rejected", date(2026, 11, 25))
    assert await ChangeRequest.count().where(ChangeRequest.kind == "record") == 0


async def test_upheld_in_part_by_a_corrected_text_changes_the_record_in_the_same_step(world, clerk):
    number = await objected(world, clerk)
    old = await newest_record()
    known = await load_known_record(old)
    texts = {"kind": "警告", "document": "5号", "authority": known.row["authority"], "summary": "改过的"}
    change = RecordChange(event="corrected", on=DECIDED, texts=texts)
    proposal = Proposal(verdict=Verdict.PARTLY, reasons="文号有误", change=change)
    await closed(world, number, proposal)
    (record,) = (await load_agency(world.office, A)).records
    assert (record.document_number, record.objection.state) == ("5号", "partly")
    assert (await load_known_record(old)).record.withdrawn_on == DECIDED
    details = [step.details for step in (await load_case(number)).steps]
    assert "改过的" not in str(details)  # free text stands apart, where it can be forgotten
    assert (await load_agency(world.office, A)).records[0].summary == "改过的"


async def test_upheld_in_part_needs_a_change_that_can_be(world, clerk):
    number = await objected(world, clerk)
    for change in (None, RecordChange(event="suspended", on=DECIDED)):
        with pytest.raises(FaultsError) as error:
            await propose_verdict(
                world.office,
                world.drafter,
                number,
                Proposal(verdict=Verdict.PARTLY, reasons="x", change=change),
            )
        assert [fault.at for fault in error.value.faults] == ["event"]
    wild = RecordChange(event="assessed", millipoints=-999_000)
    with pytest.raises(FaultsError):
        await propose_verdict(
            world.office, world.drafter, number, Proposal(verdict=Verdict.PARTLY, reasons="x", change=wild)
        )
    assert [step.step for step in (await load_case(number)).steps] == ["opened"]


async def test_nobody_decides_what_he_proposed(world, clerk):
    both = await made.add_account(world.office, "both", Role.DRAFTER, Role.APPROVER)
    number = await objected(world, clerk)
    await propose_verdict(world.office, both, number, UPHELD)
    for decide_it in (
        decide_objection(world.office, both, number),
        return_verdict(world.office, both, number, "x"),
    ):
        with pytest.raises(ForbiddenError):
            await decide_it
    with pytest.raises(ForbiddenError):  # nor does a drafter
        await decide_objection(world.office, world.drafter, number)
    assert await RecordEvent.count() == 0
    await return_verdict(world.office, world.approver, number, "请补充理由")
    await propose_verdict(world.office, world.drafter, number, REJECTED)
    await decide_objection(world.office, both, number)
    assert (await load_case(number)).steps[-1].details["verdict"] == "rejected"


async def test_two_decisions_at_once_and_one_stands(world, clerk):
    second = await made.add_account(world.office, "second", Role.APPROVER)
    number = await objected(world, clerk)
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    done = await asyncio.gather(
        *(
            decide_objection(world.office, person, number)
            for person in (world.approver, second, world.approver, second)
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", *["RefusedError"] * 3]
    assert await CaseStep.count().where(CaseStep.step == "decided") == 1
    assert await RecordEvent.count() == 1


async def test_a_decision_and_a_withdrawal_at_once_and_one_stands(world, clerk):
    number = await objected(world, clerk)
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    done = await asyncio.gather(
        decide_objection(world.office, world.approver, number),
        withdraw_objection(world.office, clerk, A, number),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "RefusedError"]
    assert await CaseStep.count().where(CaseStep.closes == True) == 1  # noqa: E712


async def test_two_objections_at_once_to_one_record_and_one_is_opened(world, clerk):
    record = await record_of(A, "警告")
    done = await asyncio.gather(
        *(open_objection(world.office, clerk, A, record, "理由") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["ConflictError", "ConflictError", "int"]
    number = next(one for one in done if isinstance(one, int))
    (conflict, _) = [one for one in done if isinstance(one, ConflictError)]
    assert conflict.params["link"] == f"/desk/{A}/objections/{number}"


async def test_after_the_end_one_may_object_again_but_not_to_what_is_gone(world, clerk):
    number = await objected(world, clerk)
    record = await newest_record()
    await closed(world, number, REJECTED)
    again = await open_objection(world.office, clerk, A, record, "新的证据")
    assert again != number
    assert await shown(world) == [("警告", "open")]
    await withdraw_objection(world.office, clerk, A, again)
    assert await shown(world) == [("警告", "rejected")]  # what was decided before
    with pytest.raises(RefusedError):
        await withdraw_objection(world.office, clerk, A, again)
    await decide(world, record, "withdrawn", on=DECIDED)
    with pytest.raises(RefusedError, match="does not stand"):
        await open_objection(world.office, clerk, A, record, "再次异议")
    with pytest.raises(NotFoundError):
        await open_objection(world.office, clerk, A, "0" * 64, "理由")


async def test_nobody_objects_for_another_agency_or_to_its_records_and_readers_do_not(world, clerk):
    foreign = await record_of(B, "警告")
    own = await record_of(A, "警告")
    with pytest.raises(NotFoundError):
        await open_objection(world.office, clerk, B, foreign, "理由")
    with pytest.raises(NotFoundError):
        await open_objection(world.office, clerk, A, foreign, "理由")
    reader = await made.add_agency_person(world.office, "reader", A, DeskRight.READER)
    with pytest.raises(ForbiddenError):
        await open_objection(world.office, reader, A, own, "理由")
    for outsider in (world.drafter, world.approver):
        with pytest.raises(ForbiddenError):
            await open_objection(world.office, outsider, A, own, "理由")
    tried = await AuditLine.select(AuditLine.outcome).where(AuditLine.action == "objection.open")
    assert [line["outcome"] for line in tried] == ["refused"] * 5
    number = await open_objection(world.office, clerk, A, own, "理由")
    other = await made.add_agency_person(world.office, "other", B)
    for person, uscc in ((other, B), (other, A), (reader, A)):
        with pytest.raises((NotFoundError, ForbiddenError)):
            await withdraw_objection(world.office, person, uscc, number)
    assert (await load_case(number)).is_open


@pytest.mark.parametrize(
    ("grounds", "code"),
    [
        ("", "form.missing"),
        (" \n ", "form.missing"),
        ("长" * 4001, "form.long"),
        ("当事人身份证310101198501010268", "objection.personal"),
        ("请联系１３８００１３８０００", "objection.personal"),
    ],
)
async def test_grounds_that_cannot_be_taken_are_refused_with_the_files(world, clerk, grounds, code):
    record = await record_of(A, "警告")
    bad = CaseUpload(name="a.pdf", media_type="application/pdf", content=b"PK\x03\x04")
    with pytest.raises(FaultsError) as error:
        await open_objection(world.office, clerk, A, record, grounds, [bad])
    assert [fault.code for fault in error.value.faults] == [code, "file.type"]
    assert "310101" not in str(error.value)
    assert await CreditCase.count() == 0


async def test_the_log_tells_of_it_while_the_record_stands_and_never_the_grounds(world, clerk):
    upload = CaseUpload(name="证据.pdf", media_type="application/pdf", content=PDF)
    number = await objected(world, clerk, grounds="秘密的理由", uploads=[upload])
    record = await newest_record()
    (body,) = await bodies(world, "objection.opened")
    assert body == {"due_on": "2026-11-27", "objection": number, "record": record}
    await closed(world, number, UPHELD)
    assert await bodies(world, "objection.opened") == [None]  # the record is gone, and with it what names it
    assert await bodies(world, "objection.closed") == [None]
    stored = [msgspec.json.decode(row["body_json"]) for row in await LogBody.select()]
    (end,) = [body for body in stored if "outcome" in body]
    assert (end["outcome"], end["record"]) == ("upheld", record)
    everything = str(stored) + str(await AuditLine.select(AuditLine.details_json))
    assert "秘密" not in everything
    assert "证据" not in everything


async def test_a_record_that_changes_while_the_proposal_waits_is_looked_at_again(world, clerk):
    number = await objected(world, clerk)
    record = await newest_record()
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    await decide(world, record, "suspended", on=date(2026, 11, 1))
    with pytest.raises(ConflictError):
        await decide_objection(world.office, world.approver, number)
    await return_verdict(world.office, world.approver, number, "信用信息有变化")
    await closed(world, number, UPHELD)
    assert (await load_known_record(record)).record.withdrawn_on == DECIDED


async def test_a_record_that_falls_meanwhile_leaves_only_the_decision(world, clerk):
    number = await objected(world, clerk)
    record = await newest_record()
    await decide(world, record, "withdrawn", on=DECIDED)
    await closed(world, number, UPHELD)
    assert await RecordEvent.count() == 1
    assert (await load_case(number)).steps[-1].details == {"verdict": "upheld", "change": None}


async def test_a_clock_that_was_set_back_is_refused(world, clerk):
    number = await objected(world, clerk)
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    world.clock.forward(seconds=-1)
    with pytest.raises(RefusedError, match="clock"):
        await decide_objection(world.office, world.approver, number)
    with pytest.raises(RefusedError, match="clock"):
        await withdraw_objection(world.office, clerk, A, number)
    assert (await load_case(number)).step == "proposed"


@pytest.mark.parametrize(
    ("opened", "own", "others"),
    [
        (datetime(2026, 11, 24, 4, tzinfo=UTC), date(2026, 11, 27), date(2026, 12, 3)),
        # a Friday evening in China; Saturday and Sunday do not count
        (datetime(2026, 11, 27, 12, tzinfo=UTC), date(2026, 12, 2), date(2026, 12, 8)),
        # Saturday morning in China, still Friday in Greenwich
        (datetime(2026, 11, 27, 20, tzinfo=UTC), date(2026, 12, 2), date(2026, 12, 8)),
    ],
)
async def test_the_days_are_working_days_from_the_opening(world, clerk, opened, own, others):
    world.clock.now = max(world.clock.now, opened)
    number = await objected(world, clerk)
    case = await load_case(number)
    assert (case.due_on, case.steps[0].details) == (own, {"days": 3, "provisional": False, "rule": OWN})
    world.clock.forward(days=1)
    await extend_objection(world.office, world.drafter, number, "需请张店区法院核查")
    assert (await load_case(number)).due_on == others
    with pytest.raises(RefusedError, match="before"):
        await extend_objection(world.office, world.drafter, number, "再延长")


@pytest.mark.parametrize(
    ("opened", "own", "others"),
    [
        # National Day 2026: 1 to 7 October are free, Sunday 20 September and Saturday 10 October are worked
        (date(2026, 9, 30), date(2026, 10, 10), date(2026, 10, 15)),
        (date(2026, 10, 3), date(2026, 10, 10), date(2026, 10, 15)),
        (date(2026, 9, 18), date(2026, 9, 22), date(2026, 9, 29)),
        (date(2026, 9, 28), date(2026, 10, 8), date(2026, 10, 13)),
        # Labour Day 2026: 1 to 5 May are free, Saturday 9 May is worked
        (date(2026, 4, 30), date(2026, 5, 8), date(2026, 5, 13)),
    ],
)
async def test_the_days_over_holidays_as_the_state_council_set_them(office, world, opened, own, others):
    for key, due_on in ((OWN, own), (OTHERS, others)):
        assert (await promise_day(office, opened, key))[0] == due_on


async def test_a_promise_that_is_broken_is_not_prolonged(world, clerk):
    number = await objected(world, clerk)
    world.clock.forward(days=4)
    with pytest.raises(RefusedError, match="has passed"):
        await extend_objection(world.office, world.drafter, number, "需请其他单位核查")
    await closed(world, number, REJECTED)  # late, but decided


async def test_a_day_in_a_year_that_nobody_knows_is_provisional(world, clerk):
    world.clock.now = datetime(2026, 12, 31, 4, tzinfo=UTC)
    number = await objected(world, clerk)
    assert (await load_case(number)).steps[0].details["provisional"] is True
    await withdraw_objection(world.office, clerk, A, number)
    await CalendarDay.insert(CalendarDay(day=date(2027, 1, 1), is_workday=False, source="国务院办公厅通知"))
    again = await open_objection(world.office, clerk, A, await newest_record(), "理由")
    case = await load_case(again)
    assert (case.due_on, case.steps[0].details["provisional"]) == (date(2027, 1, 6), False)


async def test_without_a_value_in_the_profile_nothing_is_promised(world, clerk):
    await made.enter_value_of_profile(world, OWN, None)
    number = await objected(world, clerk)
    case = await load_case(number)
    assert (case.due_on, case.steps[0].details) == (None, {"days": None, "provisional": False, "rule": OWN})
    await made.enter_value_of_profile(world, OTHERS, None)
    with pytest.raises(RefusedError, match=OTHERS):
        await extend_objection(world.office, world.drafter, number, "需请其他单位核查")
    await closed(world, number, REJECTED)


async def test_no_day_is_promised_that_has_passed(world, clerk):
    await made.enter_value_of_profile(world, OWN, None)
    number = await objected(world, clerk)
    world.clock.forward(days=30)
    with pytest.raises(RefusedError, match="has passed"):
        await extend_objection(world.office, world.drafter, number, "需请其他单位核查")
    assert (await load_case(number)).due_on is None


async def test_both_sides_are_told(world, clerk):
    await made.add_agency_person(world.office, "chief", A, DeskRight.MANAGER)
    number = await objected(world, clerk)
    await extend_objection(world.office, world.drafter, number, "需请其他单位核查")
    await closed(world, number, REJECTED)
    rows = await Notice.select(Notice.kind, Notice.path, Notice.person.username.as_alias("who"))
    told = {(row["who"], row["kind"], row["path"]) for row in rows if row["kind"].startswith("objection")}
    desk, admin = f"/desk/{A}/objections/{number}", f"/admin/objections/{number}"
    assert told == {
        ("drafter", "objection.opened", admin),
        ("chief", "objection.sent", desk),
        ("chief", "objection.extended", desk),
        ("clerk", "objection.extended", desk),
        ("approver", "objection.decide", admin),
        ("chief", "objection.decided", desk),
        ("clerk", "objection.decided", desk),
    }
    unread = await Notice.select(Notice.kind).where(Notice.read_at.is_null() & (Notice.path == admin))
    assert unread == []


async def test_a_forgotten_record_takes_the_words_and_files_along_and_the_case_stays(world, clerk):
    upload = CaseUpload(name="证据.pdf", media_type="application/pdf", content=PDF)
    number = await objected(world, clerk, uploads=[upload])
    await closed(world, number, REJECTED)
    case = await load_case(number)
    async with operation(world.office, world.approver, "repair.decide", "1", roles=OFFICE) as op:
        await forget_record(op, case.record)
    seat = clerk.seats[0]
    for view in (
        await load_office_objection(world.office, world.approver, number),
        await load_agency_objection(world.office, seat, number),
    ):
        assert (view.known, view.state, view.verdict) == (None, "decided", "rejected")
        assert {step.text for step in view.steps} == {""}
        assert [step.files for step in view.steps if step.files] == []
    assert await bodies(world, "objection.opened") == [None]
    assert await bodies(world, "objection.closed") == [None]
    with pytest.raises(NotFoundError):
        await open_objection(world.office, clerk, A, case.commitment, "理由")


async def test_a_record_that_is_forgotten_while_the_objection_is_open_leaves_an_answer_to_give(world, clerk):
    number = await objected(world, clerk)
    await propose_verdict(world.office, world.drafter, number, UPHELD)
    case = await load_case(number)
    async with operation(world.office, world.approver, "repair.decide", "1", roles=OFFICE) as op:
        await forget_record(op, case.record)
    assert await load_office_objection(world.office, world.approver, number)
    await decide_objection(world.office, world.approver, number)
    assert (await load_case(number)).steps[-1].details["verdict"] == "upheld"
