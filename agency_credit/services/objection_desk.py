"""Objections as pages show them: their clock, their steps, and what a verdict would do to the tier.

The agency sees what it did itself, what was promised and what was decided; what officers propose to each
other before that, it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from agency_credit.domain.citation import Status
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import AgencyCreditError, NotFoundError, RefusedError
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.role import Actor, Role, Seat
from agency_credit.inspection.objection_states import (
    OF_AGENCY,
    ObjectionState,
    ObjectionStep,
    check_step,
    state_of,
)
from agency_credit.scoring.profile import ProfileValue
from agency_credit.services.calendar import count_to_each
from agency_credit.services.case_store import (
    PAGE,
    Case,
    CaseFileView,
    CaseFilter,
    CaseLine,
    CaseStepView,
    load_case,
    load_case_file,
    load_cases,
)
from agency_credit.services.objection_basis import (
    KIND,
    OTHERS,
    OWN,
    change_proposed,
    history_of,
    load_own_objection,
    load_standing_record,
)
from agency_credit.services.office import Office
from agency_credit.services.rating import SubjectRating, find_packs, load_agency_subjects, rate
from agency_credit.services.record_change import (
    KnownRecord,
    RecordChange,
    load_known_record,
)
from agency_credit.services.record_faults import check_change
from agency_credit.services.record_history import leave_out_gone, load_agency_records
from agency_credit.services.rule_book import load_rule_book
from agency_credit.services.supervision import load_value

_ROLES = {
    ObjectionStep.EXTENDED: {Role.DRAFTER, Role.APPROVER},
    ObjectionStep.PROPOSED: {Role.DRAFTER},
    ObjectionStep.DECIDED: {Role.APPROVER},
}
_TOLD = frozenset({*OF_AGENCY, ObjectionStep.EXTENDED, ObjectionStep.DECIDED})
"""Steps that the agency sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How an objection stands against the day that was promised.

    Parameters
    ----------
    due_on
        None: no day was promised.
    days_left
        Working days from today to that day, while the objection is open; 0: today is the last, or the day
        has passed without a working day since.
    is_late
        The day has passed, or had passed when the objection was closed.
    """

    due_on: date | None
    days_left: int | None
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionLine:
    """A line of a list."""

    case: CaseLine
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionList:
    """A page of a list; `after` leads to the next one, None: this is the last."""

    lines: tuple[ObjectionLine, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change of the record would do to the rating of today in one practice line."""

    before: SubjectRating
    after: SubjectRating


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionView:
    """An objection with all that a page shows.

    Parameters
    ----------
    state
        Of `agency_credit.inspection.objection_states.ObjectionState`.
    steps
        Those that the reader may see.
    known
        The record, also where it fell; None: it is forgotten.
    is_provisional
        The promised day rests on a year whose days off are not announced.
    is_unverified
        It rests on a number of the profile for which no text was found.
    verdict
        What is decided, or for the office proposed; None: nothing.
    """

    case: Case
    state: str
    clock: Clock
    steps: Sequence[CaseStepView]
    known: KnownRecord | None
    is_provisional: bool
    is_unverified: bool
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeObjection(ObjectionView):
    """An objection as the office sees it.

    Parameters
    ----------
    stands
        The record stands; else nothing is left to change.
    effects
        What upholding it would do.
    change, change_effects
        What is proposed where it is upheld in part, and what that would do.
    may
        Steps that the actor may take now.
    obstacle
        Why what is proposed cannot be decided now; None: it can.
    """

    stands: bool
    effects: Sequence[Effect]
    change: RecordChange | None
    change_effects: Sequence[Effect]
    may: frozenset[str]
    obstacle: AgencyCreditError | None


async def load_objections(
    office: Office,
    *,
    is_open: bool,
    after: int | None = None,
    agency: int | None = None,
    limit: int = PAGE,
) -> ObjectionList:
    """A page of objections, open ones by their day; the same few statements however many there are.

    Parameters
    ----------
    after
        The last objection of the page before.
    agency
        Number of the agency whose they are; None: of all.

    Raises
    ------
    NotFoundError
        There is no such objection as `after`.
    """
    page = await load_cases(CaseFilter(kind=KIND, agency=agency, is_open=is_open, after=after, limit=limit))
    clocks = await _load_clocks(office, page.cases)
    return ObjectionList(
        lines=tuple(
            ObjectionLine(case=case, clock=clock) for case, clock in zip(page.cases, clocks, strict=True)
        ),
        after=page.after,
    )


async def load_agency_objection(office: Office, seat: Seat, number: int) -> ObjectionView:
    """An objection as the agency at whose desk somebody sits sees it.

    Raises
    ------
    NotFoundError
        No such objection, or one of another agency.
    """
    case = await load_own_objection(seat.agency_id, number)
    state = state_of(history_of(case))
    is_waiting = state is ObjectionState.PROPOSED  # what officers propose to each other is not told yet
    return ObjectionView(
        case=case,
        state=(ObjectionState.OPEN if is_waiting else state).value,
        clock=(await _load_clocks(office, [case]))[0],
        steps=told_steps(case),
        known=await _load_record(case),
        is_provisional=_is_provisional(case),
        is_unverified=await _is_unverified(office, case),
        verdict=_verdict_of(case.last(ObjectionStep.DECIDED)),
    )


def told_steps(case: Case) -> list[CaseStepView]:
    """Steps of an objection that its agency sees."""
    return [step for step in case.steps if step.step in _TOLD]


async def load_office_objection(office: Office, actor: Actor, number: int) -> OfficeObjection:
    """An objection as the office sees it, with what a verdict would do.

    Raises
    ------
    NotFoundError
        There is no such objection.
    """
    case = await load_case(number, KIND)
    state, change = state_of(history_of(case)), change_proposed(case)
    known, standing = await _load_record(case), await load_standing_record(case)
    is_waiting = state is ObjectionState.PROPOSED
    decided = case.last(ObjectionStep.DECIDED)
    proposed = case.last(ObjectionStep.PROPOSED) if is_waiting else None
    is_partly = change is not None and change.event != "withdrawn"
    gone = None if standing is None else RecordChange(event="withdrawn", on=standing.record.decided_on)
    return OfficeObjection(
        case=case,
        state=state.value,
        clock=(await _load_clocks(office, [case]))[0],
        steps=case.steps,
        known=known,
        is_provisional=_is_provisional(case),
        is_unverified=await _is_unverified(office, case),
        verdict=_verdict_of(decided or proposed),
        stands=standing is not None,
        effects=await _load_effects(office, case, gone) if case.is_open else (),
        change=change if is_waiting and is_partly else None,
        change_effects=await _load_effects(office, case, change) if is_waiting and is_partly else (),
        may=_may(office, actor, case),
        obstacle=await _find_obstacle(office, case, standing, change) if is_waiting else None,
    )


async def load_objection_file(number: int, file: int, seat: Seat | None = None) -> tuple[CaseFileView, bytes]:
    """A file that was sent with an objection.

    Parameters
    ----------
    seat
        Of whoever asks at the desk of an agency; None: the office asks.

    Raises
    ------
    NotFoundError
        No such objection or file, or one of another agency.
    """
    if seat is None:
        await load_case(number, KIND)
    else:
        await load_own_objection(seat.agency_id, number)
    return await load_case_file(number, file)


async def load_waiting(*, for_decision: bool) -> tuple[CaseLine, ...]:
    """Open objections that wait for an examination, or for a decision; the most urgent of them."""
    step = ObjectionStep.PROPOSED.value
    wanted = CaseFilter(kind=KIND, last=step) if for_decision else CaseFilter(kind=KIND, last_not=step)
    return (await load_cases(wanted)).cases


async def load_promised_days(office: Office) -> tuple[int | None, int | None, bool]:
    """Working days that are promised, for a matter of the office's own and where others must check.

    Returns
    -------
    int or None, int or None, bool
        And whether one of them is a number for which no text was found.
    """
    values = [await load_value(office, key) for key in (OWN, OTHERS)]
    own, others = (None if value is None else value.value for value in values)
    return own, others, any(_lacks_text(value) for value in values)


async def load_open_objection(agency: int, record: int) -> CaseLine | None:
    """The open objection of an agency to a record; None: there is none."""
    page = await load_cases(CaseFilter(kind=KIND, agency=agency, record=record, limit=1))
    return page.cases[0] if page.cases else None


async def _load_clocks(office: Office, cases: Sequence[CaseLine]) -> list[Clock]:
    """The clocks of cases, with one look at the calendar."""
    today = office.today()
    left = await count_to_each(
        office, today, {case.due_on for case in cases if case.is_open and case.due_on is not None}
    )
    return [
        Clock(
            due_on=case.due_on,
            days_left=left[case.due_on] if case.is_open and case.due_on is not None else None,
            is_late=case.due_on is not None
            and case.due_on < (today if case.is_open else day_in_china(case.step_at)),
        )
        for case in cases
    ]


async def _load_record(case: Case) -> KnownRecord | None:
    try:
        return await load_known_record(case.commitment)
    except NotFoundError:
        return None


def _is_provisional(case: Case) -> bool:
    promised = case.last(ObjectionStep.OPENED, ObjectionStep.EXTENDED)
    return promised is not None and bool(promised.details.get("provisional"))


async def _is_unverified(office: Office, case: Case) -> bool:
    promised = case.last(ObjectionStep.OPENED, ObjectionStep.EXTENDED)
    if promised is None or promised.due_on is None:
        return False
    return _lacks_text(await load_value(office, promised.details["rule"]))


def _lacks_text(value: ProfileValue | None) -> bool:
    return value is not None and value.value is not None and value.provenance.status is Status.UNVERIFIED


def _verdict_of(step: CaseStepView | None) -> str | None:
    return None if step is None else str(step.details["verdict"])


def _may(office: Office, actor: Actor, case: Case) -> frozenset[str]:
    may = set()
    for step, roles in _ROLES.items():
        if not roles & actor.roles or actor.person_id is None:
            continue
        try:
            check_step(history_of(case), step, actor.person_id, office.today())
        except AgencyCreditError:
            continue
        may.add(step.value)
    return frozenset(may)


async def _find_obstacle(
    office: Office, case: Case, standing: KnownRecord | None, change: RecordChange | None
) -> AgencyCreditError | None:
    """Why what is proposed cannot be done now; only what is told by the record as it is."""
    proposed = case.last(ObjectionStep.PROPOSED)
    if change is None or standing is None or proposed is None:
        return None
    try:
        await check_change(office, standing, change, office.today())
    except AgencyCreditError as error:
        return error
    if proposed.details["n_events"] != standing.n_events:
        return RefusedError(
            "objection.moved-on", "something befell the record since this was proposed; return it"
        )
    return None


async def _load_effects(office: Office, case: Case, change: RecordChange | None) -> list[Effect]:
    """What a change would do today, by practice line; nothing where no instrument holds."""
    if change is None:
        return []
    today = office.today()
    subjects = await load_agency_subjects(case.uscc)
    packs, _ = find_packs(await load_rule_book(office), subjects, today)
    records = leave_out_gone((await load_agency_records({case.agency})).get(case.agency, ()), today)
    changed = list(_apply(records, case.commitment, change))
    return [
        Effect(
            before=rate(subject, records, packs[subject.instrument], today),
            after=rate(subject, changed, packs[subject.instrument], today),
        )
        for subject in subjects
        if subject.instrument in packs
    ]


def _apply(records: Iterable[CreditRecord], commitment: str, change: RecordChange) -> Iterable[CreditRecord]:
    for record in records:
        if record.record_id != commitment:
            yield record
        elif change.event == "assessed":
            yield replace(record, assessed_millipoints=change.millipoints)
        elif change.event == "corrected":
            kind = (change.texts or {}).get("kind", record.kind)
            yield replace(record, kind=kind, decided_on=change.on or record.decided_on)
