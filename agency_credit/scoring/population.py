"""The records of many subjects as columns of integers, the form in which a whole population is rated."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.ledger import counts_from, repeated_record, worth_of
from agency_credit.scoring.rulepack import RulePack

EPOCH = date(1970, 1, 1).toordinal()
UNMATCHED = -1
"""Clause of a record of which no clause speaks."""
NEVER = 2**31 - 1
"""A day that never comes."""
NOT_ASSESSED = -(2**63)
N_COLUMNS = 7

Days = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PopulationRecords:
    """The records of a population under one rule pack, one a row, in any order.

    Days are counted from 1970-01-01; `NEVER` where there is none.

    Parameters
    ----------
    pack_digest
        Of the pack whose clauses they are matched by.
    subject : (n,) int32
        Place of the subject among the subjects.
    clause : (n,) int32
        Place of the clause in the pack; `UNMATCHED` where there is none.
    decided_on, first_on, withdrawn_on, repaired_on : (n,) int32
        Days; `first_on`: the day from which the record counts.
    assessed : (n,) int64
        Thousandths that an authority set for the case; `NOT_ASSESSED` where it set none.
    suspended_row, suspended_from, suspended_until : (m,) int32
        Stretches of days on which the effect of the record in a row is stayed; both ends included.
    """

    pack_digest: str
    subject: NDArray[np.int32]
    clause: NDArray[np.int32]
    decided_on: Days
    first_on: Days
    withdrawn_on: Days
    repaired_on: Days
    assessed: NDArray[np.int64]
    suspended_row: NDArray[np.int32]
    suspended_from: Days
    suspended_until: Days


def encode_population(
    subjects: Sequence[str], records: Iterable[CreditRecord], pack: RulePack
) -> PopulationRecords:
    """The columns of `records`; nothing is left out.

    Parameters
    ----------
    subjects
        Whom the records are of; the place in this sequence is the code of a subject.
    records
        Of all subjects, in any order, each once; may be an iterator.

    Raises
    ------
    InputError
        A subject is there twice.
    FaultsError
        All faults, each with its record: a subject that is not among `subjects`, a `record_id` that the
        subject has twice, an assessment outside the range of its clause, a suspension that ends before
        it begins.
    """
    places = {subject: place for place, subject in enumerate(subjects)}
    if len(places) < len(subjects):
        raise InputError("population.subject-twice", "a subject is there twice; name each once")
    clauses = {kind: place for place, clause in enumerate(pack.clauses) for kind in clause.record_kinds}
    rows, suspended = array("q"), array("q")  # machine integers: half a million records stay small
    known: set[tuple[str, str]] = set()
    faults: list[Fault] = []
    for record in records:
        place = clauses.get(record.kind, UNMATCHED)
        clause = None if place == UNMATCHED else pack.clauses[place]
        found = list(_find_faults(record, clause, places, known))
        known.add((record.subject, record.record_id))
        if found:
            faults += found
            continue
        for period in record.suspended:
            suspended.extend((len(rows) // N_COLUMNS, _day(period.first_on), _day(period.last_on)))
        rows.extend((places[record.subject], place, *_days(record, clause), _assessed(record, clause)))
    if faults:
        raise FaultsError("records", tuple(faults))
    return _columns(pack, rows, suspended)


def _find_faults(
    record: CreditRecord, clause: Clause | None, places: Mapping[str, int], known: Set[tuple[str, str]]
) -> Iterator[Fault]:
    at = record.record_id
    if record.subject not in places:
        yield Fault(
            at=at,
            code="population.subject-unknown",
            template="{subject} is not among those who are rated; add it, or take the record out",
            params={"subject": record.subject},
        )
    if (record.subject, record.record_id) in known:
        error = repeated_record(record)
        yield Fault(at=at, code=error.code, template=error.template, params=error.params)
    if clause is not None:
        try:
            worth_of(record, clause)
        except InputError as error:
            yield Fault(at=at, code=error.code, template=error.template, params=error.params)
    if any(period.last_on is not None and period.last_on < period.first_on for period in record.suspended):
        yield Fault(
            at=at,
            code="population.suspended",
            template="it is suspended until a day before the first; correct the days",
        )


def _days(record: CreditRecord, clause: Clause | None) -> tuple[int, int, int, int]:
    first_on = record.decided_on if clause is None else counts_from(record, clause.life)
    return _day(record.decided_on), _day(first_on), _day(record.withdrawn_on), _day(record.repaired_on)


def _assessed(record: CreditRecord, clause: Clause | None) -> int:
    """What was set for the record, where its clause leaves something to set."""
    assessed = record.assessed_millipoints
    return NOT_ASSESSED if clause is None or clause.bounds is None or assessed is None else assessed


def _day(day: date | None) -> int:
    return NEVER if day is None else day.toordinal() - EPOCH


def _columns(pack: RulePack, rows: array[int], suspended: array[int]) -> PopulationRecords:
    table = np.array(rows, np.int64).reshape(-1, N_COLUMNS)
    small = np.ascontiguousarray(table[:, :-1].T, dtype=np.int32)
    subject, clause, decided_on, first_on, withdrawn_on, repaired_on = small
    suspended_row, suspended_from, suspended_until = np.array(suspended, np.int32).reshape(-1, 3).T.copy()
    return PopulationRecords(
        pack_digest=pack.digest,
        subject=subject,
        clause=clause,
        decided_on=decided_on,
        first_on=first_on,
        withdrawn_on=withdrawn_on,
        repaired_on=repaired_on,
        assessed=table[:, -1].copy(),
        suspended_row=suspended_row,
        suspended_from=suspended_from,
        suspended_until=suspended_until,
    )
