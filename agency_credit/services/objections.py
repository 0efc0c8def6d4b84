"""Objections of agencies to their records: opened, examined, decided by two people within promised days.

The days are those of the profile that holds here (`objection-own`, and `objection-others` where another unit
must check). What an agency wrote and sent never enters the public log; that it objected, and how that ended,
does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import AGENCY, APPROVER, DRAFTER, Actor, DeskRight, Role
from agency_credit.inspection import objection_states
from agency_credit.inspection.objection_states import CLOSING, ObjectionStep, Verdict
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.case_files import CaseUpload
from agency_credit.services.case_store import Case, add_case_files, append_case_step, load_case, open_case
from agency_credit.services.change_request import (
    append_decision,
    append_request,
    load_change,
    refuse_clock_set_back,
)
from agency_credit.services.changes import check_basis
from agency_credit.services.draw_store import person_of
from agency_credit.services.notices import (
    NewNotice,
    append_notices,
    desk_path,
    load_people_with,
    settle_notices,
    tell_agency,
)
from agency_credit.services.objection_basis import (
    KIND,
    OTHERS,
    OWN,
    WORDED,
    Proposal,
    change_of,
    change_proposed,
    check_text,
    history_of,
    load_own_objection,
    load_own_record,
    load_standing_record,
    look_at_entered,
    promise_day,
    refuse_fallen,
    refuse_second,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.record_change import (
    KnownRecord,
    RecordChange,
    apply_record_change,
    draft_record_change,
)
from agency_credit.services.record_faults import check_change, check_record_change

_WAITING = ("objection.opened", "objection.decide", "objection.returned", "objection.extended")
"""Notices of the office that are settled when an objection is over."""
_PROMISED = ("objection.sent", "objection.extended")
"""What the agency was told of a day that no longer counts then."""


async def open_objection(
    office: Office, actor: Actor, uscc: str, record: str, grounds: str, uploads: Sequence[CaseUpload] = ()
) -> int:
    """Object to a record of one's own agency; the number of the objection.

    Parameters
    ----------
    record
        Commitment of the record.

    Raises
    ------
    NotFoundError
        No seat at this desk, or no such record of this agency.
    ForbiddenError
        A seat that only reads.
    FaultsError
        Everything that is wrong with grounds and files.
    RefusedError
        The record does not stand any more; the clock was set back.
    ConflictError
        An objection to this record is open.
    """
    entered = await look_at_entered(office, "grounds", grounds, uploads)
    async with operation(office, actor, "objection.open", uscc, roles=AGENCY) as op:
        seat = seat_of(actor, uscc, DeskRight.CLERK)
        entered.refuse_faults()
        known = await load_own_record(seat.agency_id, record)
        refuse_clock_set_back(op.at, known.row["known_at"])
        refuse_fallen(known)
        number = int(known.row["id"])
        await refuse_second(seat.uscc, number)
        today = day_in_china(op.at)
        due_on, details = await promise_day(office, today, OWN)
        case = await open_case(op, KIND, seat.agency_id, number, record)
        body: dict[str, Json] = {
            "due_on": None if due_on is None else due_on.isoformat(),
            "objection": case,
            "record": record,
        }
        index = await op.append_entry("objection.opened", seat.uscc, body, is_committed=True)
        step = await append_case_step(
            op,
            case,
            ObjectionStep.OPENED,
            text=grounds.strip(),
            due_on=due_on,
            details=details,
            log_index=index,
        )
        await add_case_files(case, step, entered.files)
        op.details.update(objection=case, record=record, files=len(entered.files))
        notice = NewNotice(
            kind="objection.opened", what=seat.name, path=f"/admin/objections/{case}", due_on=due_on
        )
        await append_notices(op, await load_people_with(Role.DRAFTER), notice)
        await _tell_agency(op, seat.agency_id, case, "objection.sent", seat.name, due_on)
        return case


async def withdraw_objection(office: Office, actor: Actor, uscc: str, number: int) -> None:
    """Take an objection of one's own agency back.

    Raises
    ------
    NotFoundError
        No seat at this desk, or no such objection of this agency.
    ForbiddenError
        A seat that only reads.
    RefusedError
        It is closed.
    """
    async with operation(office, actor, "objection.withdraw", f"{number}", roles=AGENCY) as op:
        seat = seat_of(actor, uscc, DeskRight.CLERK)
        case = await load_own_objection(seat.agency_id, number)
        _check_step(op, case, ObjectionStep.WITHDRAWN)
        await _close(op, case, ObjectionStep.WITHDRAWN, "withdrawn")
        notice = _notice("objection.withdrawn", case)
        await append_notices(op, await load_people_with(Role.DRAFTER), notice)


async def extend_objection(office: Office, actor: Actor, number: int, reason: str) -> None:
    """Take the longer days, counted from the opening: another unit must check.

    Parameters
    ----------
    reason
        Which unit, and what it checks; the agency reads it.

    Raises
    ------
    FaultsError
        No reason, or a personal number in it.
    RefusedError
        It was extended before, its day has passed, a verdict is proposed, or it is closed; the profile does
        not say how many days there are then.
    """
    async with operation(office, actor, "objection.extend", f"{number}", roles=DRAFTER | APPROVER) as op:
        check_text("reason", reason)
        case = await load_case(number, KIND)
        _check_step(op, case, ObjectionStep.EXTENDED)
        due_on, details = await promise_day(office, day_in_china(case.opened_at), OTHERS)
        if due_on is None or (case.due_on is not None and due_on <= case.due_on):
            raise RefusedError(
                "objection.no-longer",
                "the profile of this area gives no more days where others must check; enter {key} at"
                " /admin/rules",
                key=OTHERS,
            )
        if due_on < day_in_china(op.at):
            raise RefusedError(
                "objection.late",
                "the promised day, {day}, has passed; the days cannot be extended any more",
                day=due_on.isoformat(),
            )
        await append_case_step(
            op, number, ObjectionStep.EXTENDED, text=reason.strip(), due_on=due_on, details=details
        )
        await _settle_promised(op, case)
        await _tell_agency(op, case.agency, number, "objection.extended", case.agency_name, due_on)


async def propose_verdict(office: Office, actor: Actor, number: int, proposal: Proposal) -> None:
    """Propose what to decide; another person decides.

    Raises
    ------
    FaultsError
        No reasons, a personal number in them; a change that cannot be said of the record.
    RefusedError
        A verdict is proposed already, or the objection is closed; the clock was set back.
    """
    async with operation(office, actor, "objection.propose", f"{number}", roles=DRAFTER) as op:
        check_text("reasons", proposal.reasons)
        case = await load_case(number, KIND)
        _check_step(op, case, ObjectionStep.PROPOSED)
        known, today = await load_standing_record(case), day_in_china(op.at)
        change = change_of(proposal, known)
        details: dict[str, Json] = {"verdict": proposal.verdict.value, "n_events": None}
        if change is not None and known is not None:
            await check_change(office, known, change, today)
            payload = draft_record_change(case.commitment, known.n_events, change, today=today, reason="")
            texts = payload.payload.pop("texts")
            details.update(payload.payload, n_events=known.n_events)
            if texts is not None:
                await append_case_step(op, number, WORDED, text=format_canonical(texts).decode())
        await append_case_step(
            op, number, ObjectionStep.PROPOSED, text=proposal.reasons.strip(), details=details
        )
        op.details["verdict"] = proposal.verdict.value
        others = await load_people_with(Role.APPROVER, but={person_of(actor)})
        await append_notices(op, others, _notice("objection.decide", case))


async def return_verdict(office: Office, actor: Actor, number: int, reason: str) -> None:
    """Send the proposed verdict back to be proposed anew.

    Raises
    ------
    FaultsError
        No reason, or a personal number in it.
    ForbiddenError
        The actor proposed it.
    RefusedError
        No verdict waits.
    """
    async with operation(office, actor, "objection.return", f"{number}", roles=APPROVER) as op:
        check_text("reason", reason)
        case = await load_case(number, KIND)
        _check_step(op, case, ObjectionStep.RETURNED)
        await append_case_step(op, number, ObjectionStep.RETURNED, text=reason.strip())
        await settle_notices(op, _path(case), "objection.decide")
        await append_notices(op, await load_people_with(Role.DRAFTER), _notice("objection.returned", case))


async def decide_objection(office: Office, actor: Actor, number: int) -> None:
    """Decide as it was proposed; what follows for the record is done at once, the rating included.

    Upheld, the record is withdrawn from the day of its decision on: it never should have stood. Upheld in
    part, it is changed as proposed. Where it fell meanwhile, only the decision is left to be written down.

    Raises
    ------
    ForbiddenError
        The actor proposed it.
    ConflictError
        Something befell the record since the proposal; return it.
    RefusedError
        No verdict waits; the clock was set back.
    FaultsError
        The change cannot be said of the record any more.
    """
    async with operation(office, actor, "objection.decide", f"{number}", roles=APPROVER) as op:
        case = await load_case(number, KIND)
        _check_step(op, case, ObjectionStep.DECIDED)
        proposed = case.last(ObjectionStep.PROPOSED)
        assert proposed is not None, "a verdict waits"
        verdict = Verdict(proposed.details["verdict"])
        details: dict[str, Json] = {"verdict": verdict.value, "change": None}
        change, known = change_proposed(case), await load_standing_record(case)
        if change is not None and known is not None:
            details["change"] = await _change_record(op, case, known, change)
        elif verdict is Verdict.PARTLY:
            raise RefusedError(
                "objection.fallen", "the record does not stand any more; return the proposal to its drafter"
            )
        await _close(op, case, ObjectionStep.DECIDED, verdict.value, text=proposed.text, details=details)
        op.details["verdict"] = verdict.value
        await _tell_agency(op, case.agency, number, "objection.decided", case.agency_name)


def _check_step(op: Operation, case: Case, step: ObjectionStep) -> None:
    refuse_clock_set_back(op.at, case.step_at)
    objection_states.check_step(history_of(case), step, person_of(op.actor), day_in_china(op.at))


async def _change_record(op: Operation, case: Case, known: KnownRecord, change: RecordChange) -> int:
    """Write the change as any other that two people make, in this same operation; its number."""
    proposed = case.last(ObjectionStep.PROPOSED)
    assert proposed is not None, "a verdict waits"
    draft = draft_record_change(
        case.commitment,
        int(proposed.details["n_events"]),
        change,
        today=day_in_china(op.at),
        reason=f"异议第{case.number}号",
    )
    check_basis(draft, known.n_events)
    await check_record_change(op, draft)
    number = await append_request(draft, proposed.by, proposed.at)
    await append_decision(number, "approved", "", person_of(op.actor), op.at)
    await apply_record_change(op, await load_change(number))
    return number


async def _close(
    op: Operation,
    case: Case,
    step: ObjectionStep,
    outcome: str,
    *,
    text: str = "",
    details: Mapping[str, Json] | None = None,
) -> None:
    opened = case.last(ObjectionStep.OPENED)
    assert step in CLOSING, "only these close"
    assert opened is not None, "every objection was opened"
    body: dict[str, Json] = {
        "objection": case.number,
        "opened": opened.log_index,
        "outcome": outcome,
        "record": case.commitment,
    }
    index = await op.append_entry("objection.closed", case.uscc, body, is_committed=True)
    await append_case_step(op, case.number, step, closes=True, text=text, details=details, log_index=index)
    await settle_notices(op, _path(case), *_WAITING)
    await _settle_promised(op, case)


def _path(case: Case) -> str:
    return f"/admin/objections/{case.number}"


def _notice(kind: str, case: Case) -> NewNotice:
    return NewNotice(kind=kind, what=case.agency_name, path=_path(case), due_on=case.due_on)


async def _settle_promised(op: Operation, case: Case) -> None:
    await settle_notices(op, f"{desk_path(case.uscc)}/objections/{case.number}", *_PROMISED)


async def _tell_agency(
    op: Operation, agency: int, case: int, kind: str, name: str, due_on: date | None = None
) -> None:
    notice = NewNotice(kind=kind, what=name, path=f"/objections/{case}", due_on=due_on)
    await tell_agency(op, agency, notice)
