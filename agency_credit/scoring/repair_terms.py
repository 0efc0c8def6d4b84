"""Whether a record can be repaired, from when, and under which conditions: the one source of these days.

What the clause of a record says of repair comes first, then the rows of its classes of severity; where
several tables have a row for it, all of them hold (docs/legal-sources.md, R3). Nothing is made up: what no
instrument at hand says is a gap that is named, and then whoever decides judges.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Citation, Provenance
from agency_credit.domain.period import last_day_after_months
from agency_credit.scoring.clause import Clause, ClauseKind
from agency_credit.scoring.periods import (
    COMPUTED,
    Condition,
    DisclosurePeriod,
    PeriodStart,
    Requirement,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDays:
    """The days of a record from which a least period may run; None: nobody recorded it."""

    decided_on: date
    published_on: date | None = None
    conduct_ended_on: date | None = None


class GapKind(StrEnum):
    """Why it is not known from when a record can be repaired."""

    CLASS = "class"
    """Neither its clause nor an authority says of which class of severity it is."""

    TABLE = "table"
    """No table in force has a row of its class."""

    RULE = "rule"
    """The instrument leaves the least period to another rule, which is not at hand."""

    START = "start"
    """The least period runs from a day that nobody recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing; `about`: the class, the instrument with its article, or the start of the period."""

    kind: GapKind
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A condition with the place that it comes from, and how sure we are of it."""

    condition: Condition
    citation: Citation
    provenance: Provenance

    @property
    def key(self) -> str:
        """A short name by which a form speaks of it: the same as long as its words and its place are."""
        return digest(f"{self.citation}\n{self.condition.zh}".encode())[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairTerms:
    """What the law at hand says of the repair of one record.

    Parameters
    ----------
    is_allowed
        Where nobody speaks of it: yes, for repair is a right; never for a bonus.
    forbidden_by
        The rule that forbids it; None: none does.
    not_before
        The first day that every least period that is known leaves; None: none is known.
    gaps
        What is missing to know the day.
    terms
        In the order of the rows; two tables may ask for the same.
    """

    is_allowed: bool
    forbidden_by: Citation | None
    not_before: date | None
    gaps: tuple[Gap, ...]
    terms: tuple[Term, ...]

    @property
    def from_on(self) -> date | None:
        """First day on which it can be repaired; None: not known."""
        return None if self.gaps else self.not_before


class Standing(StrEnum):
    """How a condition stands on a day."""

    MET = "met"
    UNMET = "unmet"
    DECLARED = "declared"
    """Whoever applies declares and proves it."""

    OPEN = "open"
    """The registers would tell, but for a gap: whoever decides judges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A condition and how it stands."""

    term: Term
    standing: Standing


def repair_terms(
    clause: Clause | None,
    rows: Sequence[DisclosurePeriod],
    days: RepairDays,
    *,
    classes: Collection[str] = (),
    general_months: int | None = None,
) -> RepairTerms:
    """What holds for the repair of a record.

    Parameters
    ----------
    clause
        By which it counts; None: none speaks of it.
    rows
        Of the period tables in force on the day of the question, those that hold for it.
    classes
        Its classes of severity, to name those of which no table in force speaks.
    general_months
        Months after the decision where neither clause nor row says anything (a value of the profile).

    Returns
    -------
    RepairTerms
        A least period ends with its last day, and repair is possible from the day after it.
    """
    forbidden_by = _forbidden_by(clause, rows)
    is_bonus = clause is not None and clause.kind is ClauseKind.BONUS
    known, gaps = _first_days(clause, rows, days, classes, general_months)
    return RepairTerms(
        is_allowed=forbidden_by is None and not is_bonus,
        forbidden_by=forbidden_by,
        not_before=max(known, default=None),
        gaps=tuple(dict.fromkeys(gaps)),
        terms=tuple(
            Term(condition=condition, citation=row.citation, provenance=row.provenance)
            for row in rows
            for condition in row.conditions
        ),
    )


def join_terms(several: Sequence[RepairTerms]) -> RepairTerms:
    """What holds where a record counts in several practice lines: all of it, the latest day.

    Parameters
    ----------
    several
        At least one.
    """
    forbidden = (terms.forbidden_by for terms in several)
    return RepairTerms(
        is_allowed=all(terms.is_allowed for terms in several),
        forbidden_by=next((rule for rule in forbidden if rule is not None), None),
        not_before=max((t.not_before for t in several if t.not_before is not None), default=None),
        gaps=tuple(dict.fromkeys(gap for terms in several for gap in terms.gaps)),
        terms=tuple({term.key: term for terms in several for term in terms.terms}.values()),
    )


def check_terms(terms: RepairTerms, on: date, *, is_listed: bool, is_repeated: bool) -> tuple[Check, ...]:
    """How each condition stands on the day `on`.

    Parameters
    ----------
    is_listed
        Whether the agency is on the abnormal or the serious list.
    is_repeated
        Whether a later record of the same kind stands.
    """
    early = terms.not_before is not None and on < terms.not_before
    holds = {Requirement.NOT_LISTED: not is_listed, Requirement.NO_REPEAT: not is_repeated}
    checks = []
    for term in terms.terms:
        requirement = term.condition.requires
        if requirement not in COMPUTED or requirement is None:
            standing = Standing.DECLARED
        elif requirement is Requirement.MIN_PERIOD and not early and terms.gaps:
            standing = Standing.OPEN
        else:
            standing = Standing.MET if holds.get(requirement, not early) else Standing.UNMET
        checks.append(Check(term=term, standing=standing))
    return tuple(checks)


def _forbidden_by(clause: Clause | None, rows: Sequence[DisclosurePeriod]) -> Citation | None:
    """The clause, else a row, that says no; where neither speaks nothing forbids it."""
    if clause is not None and clause.repair is not None:
        return None if clause.repair.is_allowed else clause.citation
    return next((row.citation for row in rows if not row.repair.is_allowed), None)


def _first_days(
    clause: Clause | None,
    rows: Sequence[DisclosurePeriod],
    days: RepairDays,
    classes: Collection[str],
    general_months: int | None,
) -> tuple[list[date], list[Gap]]:
    """Every first day that is known, and why others are not."""
    own = None if clause is None or clause.repair is None else clause.repair.after_months
    if own is not None:
        return [_day_after(days.decided_on, own)], []
    if not rows:
        if general_months is not None:
            return [_day_after(days.decided_on, general_months)], []
        missing = [Gap(kind=GapKind.TABLE, about=name) for name in sorted(classes)]
        return [], missing or [Gap(kind=GapKind.CLASS)]
    known: list[date] = []
    gaps: list[Gap] = []
    for row in rows:
        found = _first_day(row, days)
        if isinstance(found, Gap):
            gaps.append(found)
        else:
            known.append(found)
    return known, gaps


def _first_day(row: DisclosurePeriod, days: RepairDays) -> date | Gap:
    if row.min_months is None:
        if any(condition.requires is Requirement.MIN_PERIOD for condition in row.conditions):
            return Gap(kind=GapKind.RULE, about=str(row.citation))
        return days.decided_on  # it names no least period: once its conditions are met
    start = {
        PeriodStart.DECISION: days.decided_on,
        PeriodStart.PUBLICATION: days.published_on,
        PeriodStart.CONDUCT_END: days.conduct_ended_on,
    }[row.counts_from]
    if start is None:
        return Gap(kind=GapKind.START, about=row.counts_from.value)
    return _day_after(start, row.min_months)


def _day_after(start: date, months: int) -> date:
    last_on = last_day_after_months(start, months)
    return last_on if last_on == date.max else last_on + timedelta(days=1)
