"""Scores and tiers of a whole population on a day, equal to those of every subject's ledger.

What a line of a ledger adds depends on the lines before it; the sum does not, and only sums are wanted here:

1. which rows count: comparisons of days. A period of months holds the day exactly when it begins on or
   after one day that all records of a clause have in common, so that no row needs a calendar;
2. of a clause that counts once (in a year, or at all) the heaviest row;
3. their sum by clause, at most the clause's cap;
4. the sum of these by group, at most the group's cap.

One sort of the rows that count brings those of a subject, group, clause and year together. All numbers are
64-bit integers: points are below 10^12 thousandths, so that nine million records of one subject fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from agency_credit.domain.errors import InputError
from agency_credit.domain.period import earliest_start
from agency_credit.scoring.clause import Clause, ClauseKind, CountingRule, RangeRule
from agency_credit.scoring.ledger import check_in_force
from agency_credit.scoring.population import (
    EPOCH,
    NOT_ASSESSED,
    UNMATCHED,
    PopulationRecords,
)
from agency_credit.scoring.rulepack import RulePack

N_SLOTS = 10_000
"""Years of the calendar, and one more (0) for what no year tells apart."""
NO_CAP = 2**63 - 1
EPOCH_YEAR = 1970

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PopulationScores:
    """Scores and tiers by subject.

    Parameters
    ----------
    score : (n_subjects,) int64
        Thousandths of a point.
    tier : (n_subjects,) int64
        Place of the tier in the pack.
    """

    score: Integers
    tier: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Clauses:
    """What counting needs to know of the clauses of a pack on a day; sizes without their sign.

    Parameters
    ----------
    earliest : (n_clauses,)
        First day from which a record still counts on the day.
    size, takes_assessed : (n_clauses,)
        What a record is worth, and whether an assessment says otherwise.
    is_per_case, is_per_year : (n_clauses,)
        How often it counts; neither: once.
    cap, sign : (n_clauses,)
        The most that the clause moves the score; -1 or 1.
    rank : (n_clauses,)
        Place of the clause when those of a group stand together.
    group : (n_clauses,)
        Place of its group; a clause without one has one of its own, after those of the pack.
    group_cap : (n_groups + n_clauses,)
        The most that the group moves the score.
    """

    earliest: Integers
    size: Integers
    takes_assessed: NDArray[np.bool_]
    is_per_case: NDArray[np.bool_]
    is_per_year: NDArray[np.bool_]
    cap: Integers
    sign: Integers
    rank: Integers
    group: Integers
    group_cap: Integers


def score_population(
    records: PopulationRecords, n_subjects: int, pack: RulePack, on: date
) -> PopulationScores:
    """Score and tier of each of `n_subjects` subjects under `pack` on the day `on`.

    For every subject what `score_of` and `tier_of` say of its ledger; a subject without records has the base.

    Parameters
    ----------
    records
        Made by `encode_population` for this pack.
    pack
        In force on `on`.

    Raises
    ------
    InputError
        The pack is not in force on the day; the columns were made for another pack, have different
        lengths, or name a subject, clause, row or day that does not exist.
    """
    check_in_force(pack, on)
    _check_columns(records, n_subjects, pack)
    clauses = _read_clauses(pack, on)
    rows = _counting_rows(records, clauses, pack, _day_number(on))
    score = np.full(n_subjects, pack.base_millipoints, np.int64)
    if rows.size:
        subject, points = _sum_by_group(records, rows, clauses)
        np.add.at(score, subject, points)
    bounds = [tier.from_millipoints for tier in reversed(pack.tiers[:-1])]
    n_reached = np.searchsorted(np.array(bounds, np.int64), score, side="right")
    return PopulationScores(score=score, tier=len(pack.tiers) - 1 - n_reached)


def _counting_rows(records: PopulationRecords, clauses: _Clauses, pack: RulePack, day: int) -> Integers:
    """Rows that count, by the numbers in `scoring/ledger.py`; (8) what is not valued is worth 0."""
    counts = records.clause != UNMATCHED  # 1
    counts &= (records.decided_on <= day) & (records.first_on <= day)  # 2
    if pack.collects_from is not None:
        counts &= records.first_on >= _day_number(pack.collects_from)  # 3
    counts &= records.withdrawn_on > day  # 4
    counts &= records.repaired_on > day  # 5
    is_suspended = (records.suspended_from <= day) & (day <= records.suspended_until)
    counts[records.suspended_row[is_suspended]] = False  # 7
    rows = np.flatnonzero(counts)
    return rows[records.first_on[rows] >= clauses.earliest[records.clause[rows]]]  # 6


def _sum_by_group(records: PopulationRecords, rows: Integers, clauses: _Clauses) -> tuple[Integers, Integers]:
    """What each group moves the score of each subject: codes of the subjects, signed thousandths."""
    clause = records.clause[rows]
    assessed = records.assessed[rows]
    is_assessed = clauses.takes_assessed[clause] & (assessed != NOT_ASSESSED)
    size = np.where(is_assessed, np.abs(assessed), clauses.size[clause])
    slot = np.zeros(rows.size, np.int64)
    of_years = np.flatnonzero(clauses.is_per_year[clause])
    years = records.first_on[rows[of_years]].astype("datetime64[D]").astype("datetime64[Y]")
    slot[of_years] = years.astype(np.int64) + EPOCH_YEAR

    n_clauses = clauses.rank.size
    key = (records.subject[rows].astype(np.int64) * n_clauses + clauses.rank[clause]) * N_SLOTS + slot
    order = np.argsort(key)
    key, clause, size = key[order], clause[order], size[order]

    starts = _starts(key, clauses.is_per_case[clause])  # 2
    key, clause, size = key[starts] // N_SLOTS, clause[starts], np.maximum.reduceat(size, starts)
    starts = _starts(key)  # 3
    subject, clause = key[starts] // n_clauses, clause[starts]
    size = np.minimum(np.add.reduceat(size, starts), clauses.cap[clause])
    group = clauses.group[clause]
    starts = _starts(subject * clauses.group_cap.size + group)  # 4
    size = np.minimum(np.add.reduceat(size, starts), clauses.group_cap[group[starts]])
    return subject[starts], size * clauses.sign[clause[starts]]


def _starts(key: Integers, stands_alone: NDArray[np.bool_] | None = None) -> Integers:
    """Where the stretches of one key begin; a row that stands alone is a stretch of its own."""
    is_start = np.ones(key.size, np.bool_)
    np.not_equal(key[1:], key[:-1], out=is_start[1:])
    if stands_alone is not None:
        is_start |= stands_alone
    return np.flatnonzero(is_start)


def _read_clauses(pack: RulePack, on: date) -> _Clauses:
    places = {group.code: place for place, group in enumerate(pack.groups)}
    n_groups, n_clauses = len(pack.groups), len(pack.clauses)
    group = np.array(
        [places.get(clause.group or "", n_groups + place) for place, clause in enumerate(pack.clauses)],
        np.int64,
    )
    rank = np.empty(n_clauses, np.int64)
    rank[np.argsort(group, kind="stable")] = np.arange(n_clauses)
    rules = [clause.counting.rule for clause in pack.clauses]
    return _Clauses(
        earliest=np.array([_earliest(clause, on) for clause in pack.clauses], np.int64),
        size=np.array([_size(clause) for clause in pack.clauses], np.int64),
        takes_assessed=np.array([clause.bounds is not None for clause in pack.clauses], np.bool_),
        is_per_case=np.array([rule is CountingRule.PER_CASE for rule in rules], np.bool_),
        is_per_year=np.array([rule is CountingRule.PER_YEAR for rule in rules], np.bool_),
        cap=np.array([_cap(clause.counting.cap) for clause in pack.clauses], np.int64),
        sign=np.array([1 if c.kind is ClauseKind.BONUS else -1 for c in pack.clauses], np.int64),
        rank=rank,
        group=group,
        group_cap=np.array([_cap(g.cap) for g in pack.groups] + [NO_CAP] * n_clauses, np.int64),
    )


def _earliest(clause: Clause, on: date) -> int:
    months = clause.life.months
    return _day_number(date.min if months is None else earliest_start(on, months))


def _size(clause: Clause) -> int:
    """What a record that nobody assessed is worth, without its sign; 0 where that is not known."""
    if clause.range is not None and clause.range.rule is RangeRule.ASSESSED:
        return 0
    return abs(clause.millipoints or 0)


def _cap(cap: int | None) -> int:
    return NO_CAP if cap is None else abs(cap)


def _day_number(day: date) -> int:
    return day.toordinal() - EPOCH


def _check_columns(records: PopulationRecords, n_subjects: int, pack: RulePack) -> None:
    if records.pack_digest != pack.digest:
        raise InputError(
            "population.pack",
            "these columns were made for another pack than {pack}; encode them again",
            pack=pack.id,
        )
    n_rows, n_suspended = records.subject.size, records.suspended_row.size
    by_row = (records.clause, records.decided_on, records.first_on, records.withdrawn_on, records.repaired_on)
    lengths = {column.shape for column in (records.subject, *by_row, records.assessed)}
    suspended_lengths = {
        column.shape for column in (records.suspended_row, records.suspended_from, records.suspended_until)
    }
    if lengths != {(n_rows,)} or suspended_lengths != {(n_suspended,)}:
        raise InputError("population.lengths", "columns of different lengths; make them by encode_population")
    first, last = _day_number(date.min), _day_number(date.max)
    for name, column, low, high in (
        ("subject", records.subject, 0, n_subjects - 1),
        ("clause", records.clause, UNMATCHED, len(pack.clauses) - 1),
        ("decided_on", records.decided_on, first, last),
        ("first_on", records.first_on, first, last),
        ("suspended_row", records.suspended_row, 0, n_rows - 1),
    ):
        if column.size and not (low <= column.min() and column.max() <= high):
            raise InputError(
                "population.code",
                "the column {name} holds a number outside {low} to {high}; make it by encode_population",
                name=name,
                low=low,
                high=high,
            )
