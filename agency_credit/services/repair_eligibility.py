"""Whether an agency can ask for the repair of a record today, from when, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agency_credit.database.tables import CaseStep
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, NotFoundError
from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import last_day_after_months
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.periods import Requirement
from agency_credit.scoring.profile import ProfileValue
from agency_credit.scoring.repair_terms import Check, RepairTerms, Standing, check_terms, join_terms
from agency_credit.services.case_store import CaseFilter, load_case, load_cases
from agency_credit.services.disclosure import load_disclosures
from agency_credit.services.office import Office
from agency_credit.services.rating import SubjectRating, find_packs, load_agency_subjects, rate
from agency_credit.services.record_change import KnownRecord, load_known_record, load_known_records
from agency_credit.services.record_history import load_agency_records
from agency_credit.services.register import load_agency_row
from agency_credit.services.repair_basis import INTERVAL, effective, load_repair_basis, load_repair_values
from agency_credit.services.rule_book import load_rule_book

NO_LIST = "none"
OF_APPLYING = frozenset({"repair.open", "repair.again", "repair.interval"})
"""Obstacles to an application that are none to a decision about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairEffect:
    """What the repair of a record would do in one practice line today."""

    practice_line: str
    before: SubjectRating
    after: SubjectRating


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairEligibility:
    """Where an agency stands with the repair of one of its records.

    Parameters
    ----------
    agency
        Row of the register.
    checks
        Its conditions, each with how it stands on the day `on`.
    next_on
        Before it no application is taken, since one was refused; None: none was.
    obstacles
        Why no application is taken today; empty: one is.
    effects
        By practice line; empty where no instrument rates the agency.
    values
        What the profile says of repair, by key.
    """

    agency: dict[str, Any]
    known: KnownRecord
    on: date
    terms: RepairTerms
    checks: tuple[Check, ...]
    disclosed_until: date | None
    next_on: date | None
    obstacles: tuple[Fault, ...]
    effects: tuple[RepairEffect, ...]
    values: dict[str, ProfileValue]
    open_case: int | None

    @property
    def against_granting(self) -> tuple[Fault, ...]:
        """Why an open application cannot be granted today; empty: it can."""
        return tuple(fault for fault in self.obstacles if fault.code not in OF_APPLYING)

    @property
    def earliest_on(self) -> date | None:
        """The first day on which an application can be taken, as far as any is known."""
        return max((day for day in (self.terms.not_before, self.next_on) if day is not None), default=None)

    @property
    def days_left(self) -> int:
        """Days until `earliest_on`; 0 once it has come, or where none is known."""
        return 0 if self.earliest_on is None else max(0, (self.earliest_on - self.on).days)

    @property
    def declared(self) -> tuple[Check, ...]:
        """Conditions that the agency declares and proves."""
        return tuple(check for check in self.checks if check.standing is Standing.DECLARED)


async def load_eligibility(office: Office, uscc: str, record: str) -> RepairEligibility:
    """Where the agency stands today with one of its own records.

    Parameters
    ----------
    record
        Commitment of the record.

    Raises
    ------
    NotFoundError
        This agency has no such record, whether or not another has.
    """
    agency, known = await load_agency_row(uscc), await load_known_record(record)
    if known.row["uscc"] != uscc or known.row["practitioner"] is not None:
        raise NotFoundError(
            "record.unknown", "there is no record {record}; look for it again", record=record[:64]
        )
    on = office.today()
    values = await load_repair_values(office)
    scored = await _load_scored(office, uscc, known, on)
    disclosed = await load_disclosures(office, agency["id"], on)
    basis, decided_on = await load_repair_basis(office, disclosed, on), known.record.decided_on
    terms = join_terms([basis.terms(one, record, decided_on, on) for one in scored.clauses or (None,)])
    disclosed_until = disclosed[record].disclosure.last_on
    ended_on = None if scored.counts(record) else disclosed_until
    n_repeats = sum(_is_repeat(known, one, scored.clauses) for one in await load_known_records(agency["id"]))
    checks = check_terms(terms, on, is_listed=agency["list_status"] != NO_LIST, is_repeated=bool(n_repeats))
    earlier = await _load_earlier(agency["id"], known, effective(values, INTERVAL))
    faults = (
        *_find_own_obstacles(known, terms, ended_on, on),
        *_find_unmet(checks, agency["list_status"], n_repeats),
        *_find_earlier_obstacles(earlier, on),
    )
    return RepairEligibility(
        agency=agency,
        known=known,
        on=on,
        terms=terms,
        checks=checks,
        disclosed_until=disclosed_until,
        next_on=earlier.next_on,
        obstacles=faults,
        effects=scored.effects,
        values=values,
        open_case=earlier.open_case,
    )


def day_after_months(start: date, months: int) -> date:
    """The first day after a period of months."""
    return last_day_after_months(start, months) + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """The clauses by which a record counts, one a practice line, and what its repair does there."""

    clauses: tuple[Clause, ...]
    effects: tuple[RepairEffect, ...]

    def counts(self, record: str) -> bool:
        """Whether the record weighs somewhere, or would but for others of its clause."""
        states = (LineState.COUNTING, LineState.CAPPED)
        lines = (line for effect in self.effects for line in effect.before.ledger.lines)
        return any(line.record_id == record and line.state in states for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """What went before: cases that are open, and days before which no application is taken."""

    open_case: int | None
    objection: int | None
    next_on: date | None
    interval_on: date | None


async def _load_scored(office: Office, uscc: str, known: KnownRecord, on: date) -> _Scored:
    subjects = await load_agency_subjects(uscc)
    packs, _ = find_packs(await load_rule_book(office), subjects, on)
    records = (await load_agency_records({s.number for s in subjects})).get(known.row["agency"], [])
    clauses: list[Clause] = []
    effects: list[RepairEffect] = []
    for subject in subjects:
        pack = packs.get(subject.instrument)
        if pack is None:
            continue
        clauses += [clause for clause in pack.clauses if known.row["kind"] in clause.record_kinds]
        others = [record for record in records if record.record_id != known.record.record_id]
        effects.append(
            RepairEffect(
                practice_line=subject.practice_line,
                before=rate(subject, records, pack, on),
                after=rate(subject, others, pack, on),
            )
        )
    return _Scored(clauses=tuple(clauses), effects=tuple(effects))


def _is_repeat(known: KnownRecord, other: KnownRecord, clauses: Sequence[Clause]) -> bool:
    """Whether another record is a later one of the same kind, and stands."""
    kinds = {known.row["kind"], *(kind for clause in clauses for kind in clause.record_kinds)}
    return (
        other.row["kind"] in kinds
        and other.record.decided_on > known.record.decided_on
        and other.record.withdrawn_on is None
        and other.record.repaired_on is None
    )


async def _load_earlier(agency: int, known: KnownRecord, months: int | None) -> _Earlier:
    record = known.row["id"]
    open_page = await load_cases(CaseFilter(kind="repair", record=record))
    objections = await load_cases(CaseFilter(kind="objection", record=record))
    closed = await load_cases(CaseFilter(kind="repair", record=record, is_open=False, limit=1))
    next_on = interval_on = None
    if closed.cases and closed.cases[0].step == RepairStep.REFUSED:
        refused = (await load_case(closed.cases[0].number)).last(RepairStep.REFUSED)
        next_on = date.fromisoformat(refused.details["next_on"]) if refused else None
    if months is not None:
        granted = await (
            CaseStep.select(CaseStep.at)
            .where((CaseStep.case.agency == agency) & (CaseStep.step == RepairStep.GRANTED.value))
            .order_by(CaseStep.at, ascending=False)
            .first()
        )
        interval_on = day_after_months(day_in_china(granted["at"]), months) if granted else None
    return _Earlier(
        open_case=open_page.cases[0].number if open_page.cases else None,
        objection=objections.cases[0].number if objections.cases else None,
        next_on=next_on,
        interval_on=interval_on,
    )


def _find_own_obstacles(
    known: KnownRecord, terms: RepairTerms, ended_on: date | None, on: date
) -> Iterator[Fault]:
    """What the record itself, and the law about it, has against its repair.

    Parameters
    ----------
    ended_on
        Last day of its disclosure; None: none is known, or it counts in a score still.
    """
    record = known.record
    if record.repaired_on is not None:
        yield _fault("repair.done", "this record is repaired already")
    if record.withdrawn_on is not None:
        yield _fault(
            "repair.gone",
            "the decision behind this record no longer stands since {day}; there is nothing to repair",
            day=record.withdrawn_on.isoformat(),
        )
    if terms.forbidden_by is not None:
        yield _fault(
            "repair.forbidden",
            "records of this class are not repaired: {rule}",
            rule=str(terms.forbidden_by),
        )
    elif not terms.is_allowed:
        yield _fault("repair.praise", "this record takes no points off; there is nothing to repair")
    if terms.not_before is not None and on < terms.not_before:
        yield _fault(
            "repair.early",
            "it is too early: an application is taken from {day} on",
            day=terms.not_before.isoformat(),
        )
    if ended_on is not None and ended_on < on:
        yield _fault(
            "repair.ended",
            "its disclosure ended by itself after {day}; there is nothing left to repair",
            day=ended_on.isoformat(),
        )


def _find_unmet(checks: Sequence[Check], list_status: str, n_repeats: int) -> Iterator[Fault]:
    """Conditions that the registers show not to be met; the least period has a fault of its own."""
    for requirement in dict.fromkeys(
        check.term.condition.requires for check in checks if check.standing is Standing.UNMET
    ):
        if requirement is Requirement.NOT_LISTED and list_status == "abnormal":
            yield _fault("repair.listed", "the agency is on the abnormal list; it has to be taken off first")
        elif requirement is Requirement.NOT_LISTED:
            yield _fault("repair.listed", "the agency is on the serious list; it has to be taken off first")
        elif requirement is Requirement.NO_REPEAT:
            yield _fault(
                "repair.repeated",
                "there are {n} later records of the same kind; a repeated breach is not repaired",
                n=n_repeats,
            )


def _find_earlier_obstacles(earlier: _Earlier, on: date) -> Iterator[Fault]:
    if earlier.open_case is not None:
        yield _fault(
            "repair.open",
            "application {n} about this record is open; it is decided first",
            n=earlier.open_case,
        )
    if earlier.objection is not None:
        yield _fault(
            "repair.objection",
            "objection {n} to this record is open; it is decided first, or taken back",
            n=earlier.objection,
        )
    if earlier.next_on is not None and on < earlier.next_on:
        yield _fault(
            "repair.again",
            "an application was refused; the next one is taken from {day} on",
            day=earlier.next_on.isoformat(),
        )
    if earlier.interval_on is not None and on < earlier.interval_on:
        yield _fault(
            "repair.interval",
            "another record was repaired lately; the next application is taken from {day} on",
            day=earlier.interval_on.isoformat(),
        )


def _fault(code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at="", code=code, template=template, params=params)
