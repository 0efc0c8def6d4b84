"""What would change an agency's tier: its score so far, what time will do, and the fewest repairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from agency_credit.domain.errors import Fault, FaultsError, NotFoundError
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import (
    Moment,
    RepairBasis,
    RepairPlan,
    RulePack,
    WhatIf,
    expiries,
    fit_assessments,
    repair_days,
    score_timeline,
    smallest_repairs,
    what_if,
)
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.outlook import MADE_UP
from agency_credit.services.disclosure import load_disclosures
from agency_credit.services.office import Office
from agency_credit.services.rating import (
    Rateable,
    SubjectRating,
    load_agency_subjects,
    rate,
)
from agency_credit.services.record_faults import outside_range
from agency_credit.services.record_history import load_agency_records
from agency_credit.services.repair_basis import load_repair_basis
from agency_credit.services.rule_book import RuleBook, load_rule_book


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Where an agency stands in a practice line on a day, with all that is known now.

    Parameters
    ----------
    records
        For `what_if`, with the pack of the rating.
    packs
        Every version that rates it, each with its days.
    past
        From the day before the first record, or the first day of a pack where that is later, to the day.
    expiries
        What time alone changes after the day.
    plans
        For every better tier the fewest repairs that reach it.
    repair_days
        First day of repair of each record that weighs and can be repaired; None: not known.
    """

    rating: SubjectRating
    records: tuple[CreditRecord, ...]
    packs: tuple[RulePack, ...]
    past: tuple[Moment, ...]
    expiries: tuple[Moment, ...]
    plans: tuple[RepairPlan, ...]
    repair_days: Mapping[str, date | None]


async def load_outlook(office: Office, uscc: str, practice_line: str, on: date) -> Outlook:
    """The outlook of an agency in one practice line from the day `on`; nothing is stored.

    Raises
    ------
    NotFoundError
        No agency has the code, or it is not in this practice line.
    InputError
        No instrument is in force on the day.
    """
    found = await load_outlooks(office, uscc, on, practice_line)
    if not found:
        raise NotFoundError(
            "agency.not-in-line",
            "the agency {uscc} is not registered in the practice line {practice_line}",
            uscc=uscc,
            practice_line=practice_line,
        )
    return found[0]


async def load_outlooks(
    office: Office, uscc: str, on: date, practice_line: str | None = None
) -> list[Outlook]:
    """As `load_outlook`, in each of its practice lines unless one is named."""
    subjects = await load_agency_subjects(uscc)
    if not subjects:
        raise NotFoundError("agency.unknown", "there is no agency with the code {uscc}", uscc=uscc)
    book = await load_rule_book(office)
    records = await load_agency_records({subject.number for subject in subjects})
    basis = await load_repair_basis(office, await load_disclosures(office, subjects[0].number, on), on)
    return [
        _outlook(book, subject, tuple(records.get(subject.number, ())), basis, on)
        for subject in subjects
        if practice_line in (None, subject.practice_line)
    ]


def _outlook(
    book: RuleBook, subject: Rateable, records: tuple[CreditRecord, ...], basis: RepairBasis, on: date
) -> Outlook:
    pack, packs = book.pack_on(subject.instrument, on), book.versions(subject.instrument)
    rating = rate(subject, records, pack, on)
    decided = min((record.decided_on for record in records), default=on)
    first_on = max(decided - timedelta(days=1), packs[0].effective_from)
    return Outlook(
        rating=rating,
        records=records,
        packs=packs,
        past=score_timeline(records, packs, min(first_on, on), on),
        expiries=expiries(records, packs, on),
        plans=smallest_repairs(fit_assessments(records, pack), pack, on, basis),
        repair_days=repair_days(rating.ledger, pack, basis),
    )


def try_record(outlook: Outlook, kind: str, decided_on: date, millipoints: int | None = None) -> WhatIf:
    """What a made-up record would do on the day of the outlook; it is stored nowhere.

    Parameters
    ----------
    millipoints
        What an authority would set for it, where its clause leaves a range; None: nothing yet.

    Raises
    ------
    FaultsError
        Everything that is wrong with it, at ``kind``, ``decided_on`` and ``points``.
    """
    pack, on = outlook.rating.pack, outlook.rating.ledger.on
    clause = next((clause for clause in pack.clauses if kind in clause.record_kinds), None)
    faults = _find_faults(clause, kind, millipoints)
    if decided_on > on:
        faults.append(
            _fault(
                "decided_on",
                "what-if.later",
                "{day} lies after {on}, the day of the question; choose that day or an earlier one",
                day=decided_on.isoformat(),
                on=on.isoformat(),
            )
        )
    if faults:
        raise FaultsError("what-if", tuple(faults))
    made_up = CreditRecord(
        record_id=MADE_UP,
        subject=outlook.rating.subject,
        kind=kind,
        decided_on=decided_on,
        assessed_millipoints=millipoints,
    )
    return what_if(fit_assessments(outlook.records, pack), made_up, pack, on)


def _find_faults(clause: Clause | None, kind: str, millipoints: int | None) -> list[Fault]:
    if clause is None:
        return [
            _fault(
                "kind", "what-if.kind", "no clause speaks of {kind}; choose one of the list", kind=kind[:100]
            )
        ]
    if millipoints is None:
        return []
    if clause.bounds is None:
        return [
            _fault(
                "points",
                "what-if.points",
                "{clause} leaves no points to an authority; leave this empty",
                clause=clause.code,
            )
        ]
    low, high = clause.bounds
    return [] if low <= millipoints <= high else [outside_range(clause.code, low, high)]


def _fault(at: str, code: str, template: str, /, **params: str) -> Fault:
    return Fault(at=at, code=code, template=template, params={**params})
