"""Whether a record can be repaired, from when, and under which conditions: the one source of these days.

What the clause of a record says of repair comes first, then the row of its class in each period table; where
several have a row for it, all of them hold (docs/legal-sources.md, R3). Nothing is made up: what no
instrument at hand says is a gap that is named, and then whoever decides judges.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Citation, Provenance
from agency_credit.domain.period import last_day_after_months
from agency_credit.domain.record import RecordFacts
from agency_credit.scoring.clause import Clause, ClauseKind
from agency_credit.scoring.disclosure import find_row
from agency_credit.scoring.periods import (
    COMPUTED,
    Condition,
    DisclosurePeriod,
    PeriodStart,
    PeriodTable,
    Requirement,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairFacts:
    """What is known of a record beside its text; `published_on` None: it is not on record."""

    stated: RecordFacts = field(default_factory=RecordFacts)
    published_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairBasis:
    """What decides on repair beside the rule packs.

    Parameters
    ----------
    tables
        Period tables that hold here.
    facts
        What is known of each record, by its identifier; of those that are missing nothing is.
    general_months
        Months after the decision where neither clause nor row says anything (a value of the profile).
    """

    tables: tuple[PeriodTable, ...] = ()
    facts: Mapping[str, RepairFacts] = field(default_factory=dict)
    general_months: int | None = None

    def terms(self, clause: Clause | None, record_id: str, decided_on: date, on: date) -> RepairTerms:
        """What holds for the repair of a record on the day `on`.

        Parameters
        ----------
        clause
            By which it counts; None: none speaks of it.

        Returns
        -------
        RepairTerms
            A least period ends with its last day, and repair is possible from the day after it.
        """
        known = self.facts.get(record_id, RepairFacts())
        tables = [table for table in self.tables if table.in_force.contains(on)]
        rows, missing = _find_rows(known.stated, clause, tables)
        forbidden_by = _forbidden_by(clause, rows)
        days = _Days(
            decided_on=decided_on,
            published_on=known.published_on,
            conduct_ended_on=known.stated.conduct_ended_on,
        )
        first_days, gaps = _first_days(clause, rows, missing, days, self.general_months)
        return RepairTerms(
            is_allowed=forbidden_by is None and (clause is None or clause.kind is not ClauseKind.BONUS),
            forbidden_by=forbidden_by,
            not_before=max(first_days, default=None),
            gaps=tuple(dict.fromkeys(gaps)),
            terms=tuple(
                Term(condition=condition, citation=row.citation, provenance=row.provenance)
                for row in rows
                for condition in row.conditions
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """The days from which a least period may run; None: nobody recorded it."""

    decided_on: date
    published_on: date | None
    conduct_ended_on: date | None


class GapKind(StrEnum):
    """Why it is not known from when a record can be repaired."""

    CLASS = "class"
    """Neither an authority nor the data nor its clause says of which class of a table it is."""

    TABLE = "table"
    """No table in force has a row of its class."""

    RULE = "rule"
    """The instrument leaves the least period to another rule, which is not at hand."""

    START = "start"
    """The least period runs from a day that nobody recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing; `about`: the table, the class, the rule, or the start of the period."""

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


def _find_rows(
    facts: RecordFacts, clause: Clause | None, tables: Sequence[PeriodTable]
) -> tuple[list[DisclosurePeriod], list[Gap]]:
    """The row of each table that speaks of such a record, and why others have none.

    What an authority stated comes first, then what follows from the data, then the class of the clause.
    """
    by_clause = clause.severity.name if clause is not None and clause.severity is not None else ""
    spoken = [t for t in tables if not t.categories or facts.category in (None, *t.categories)]
    found = [(table, find_row(facts, table) or _row_of(table, by_clause)) for table in spoken]
    asking = [(t, row) for t, row in found if any(not other.applies for other in t.periods)]
    gaps: list[Gap] = []
    # Where nobody said what sort of record it is, one table that knows its class is enough.
    if facts.category is not None or all(row is None for _, row in asking):
        gaps += (Gap(kind=GapKind.CLASS, about=f"《{t.title.zh}》") for t, row in asking if row is None)
    known = {row.name for table in tables for row in table.periods}
    named = facts.classes | ({by_clause} if by_clause else frozenset())
    gaps += (Gap(kind=GapKind.TABLE, about=name) for name in sorted(named - known))
    rows = [row for _, row in found if row is not None]
    return rows, gaps if rows or gaps else [Gap(kind=GapKind.CLASS)]


def _row_of(table: PeriodTable, name: str) -> DisclosurePeriod | None:
    return next((row for row in table.periods if row.name == name), None)


def _first_days(
    clause: Clause | None,
    rows: Sequence[DisclosurePeriod],
    missing: Sequence[Gap],
    days: _Days,
    general_months: int | None,
) -> tuple[list[date], list[Gap]]:
    """Every first day that is known, and why others are not."""
    own = None if clause is None or clause.repair is None else clause.repair.after_months
    if own is not None:
        return [_day_after(days.decided_on, own)], []
    known: list[date] = []
    gaps: list[Gap] = []
    for row in rows:
        found = _first_day(row, days)
        if isinstance(found, Gap):
            gaps.append(found)
        else:
            known.append(found)
    if missing and general_months is not None:
        return [*known, _day_after(days.decided_on, general_months)], gaps
    return known, [*gaps, *missing]


def _first_day(row: DisclosurePeriod, days: _Days) -> date | Gap:
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
