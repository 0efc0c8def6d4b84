"""How long the public may see a record: its class in each period table, and what follows from it.

Disclosure and the life in the score are two clocks: a record that is not public, or not any more, counts as
its clause says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from agency_credit.domain.citation import Status
from agency_credit.domain.period import last_day_after_months
from agency_credit.domain.record import RecordFacts
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.periods import (
    Disclosure,
    DisclosurePeriod,
    Matcher,
    PeriodStart,
    PeriodTable,
    SubjectKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureDays:
    """Days from which periods of disclosure may run.

    Parameters
    ----------
    decided_on
        Day of the decision.
    known_on
        Day on which the office learnt of the record: nobody could see it before.
    published_on
        First day on which the public could see it; None: what the other days say.
    """

    decided_on: date
    known_on: date
    published_on: date | None = None


class FactDays(Protocol):
    """Days that were stated of a record."""

    @property
    def served_on(self) -> date | None:
        """Day of service."""

    @property
    def conduct_ended_on(self) -> date | None:
        """End of the conduct."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRows:
    """The rows that hold for a record, whatever its days; `is_known` as in `RecordDisclosure`."""

    rows: tuple[DisclosurePeriod, ...]
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureReason:
    """What one row says of a record.

    Parameters
    ----------
    ends_on
        First day on which the row does not let it be disclosed any more; None: the row names no most.
    is_assumed
        The row counts from a day that nobody stated (the end of the conduct); the day of the decision stands
        in for it, which is later or the same.
    """

    row: DisclosurePeriod
    ends_on: date | None
    is_assumed: bool

    @property
    def last_on(self) -> date | None:
        """Last day on which the row lets it be disclosed; None: the row names no most."""
        return None if self.ends_on is None else self.ends_on - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDisclosure:
    """Whether and how long the public may see a record.

    Parameters
    ----------
    is_published
        No row that holds for it keeps it from the public.
    first_on
        First day on which it may be seen: once it was served, or decided, and known.
    public_from
        First day on which the public could see it, from which some periods count.
    ends_on
        First day on which it is disclosed no more, of all maxima the earliest; None: none is known.
    reasons
        A row of each table that speaks of it and knows its class.
    is_known
        False: no instrument that asks an authority for a class was told one, and none follows from the data;
        it is published, and the office must say.
    """

    is_published: bool
    first_on: date
    public_from: date
    ends_on: date | None
    reasons: tuple[DisclosureReason, ...]
    is_known: bool

    def is_public(self, on: date) -> bool:
        """Whether the public may see it on the day `on`."""
        return self.is_published and self.first_on <= on and not self.is_over(on)

    def is_over(self, on: date) -> bool:
        """Whether disclosure has ended by the day `on`."""
        return self.ends_on is not None and self.ends_on <= on

    def days_left(self, on: date) -> int | None:
        """Days of disclosure from `on` on, that day included; None: no end is known."""
        return None if self.ends_on is None else max(0, (self.ends_on - on).days)

    @property
    def last_on(self) -> date | None:
        """Last day of disclosure; None: no end is known."""
        return None if self.ends_on is None else self.ends_on - timedelta(days=1)

    @property
    def rows(self) -> tuple[DisclosurePeriod, ...]:
        """The rows that hold for it."""
        return tuple(reason.row for reason in self.reasons)


def disclose(
    facts: RecordFacts, days: DisclosureDays, tables: Iterable[PeriodTable], clause: Clause | None = None
) -> RecordDisclosure:
    """How long a record is disclosed.

    Parameters
    ----------
    tables
        The period tables in force on the day of the question that hold here.
    clause
        By which it counts; its class of severity speaks where neither authority nor data do, and only where
        it is verified: an unverified value of ours keeps nothing from the public.

    Returns
    -------
    RecordDisclosure
        A most of so many months ends with its last day (Civil Code, arts 201 and 202), which is the last on
        which the record is disclosed.
    """
    return disclose_by(choose_rows(facts, tables, clause), facts, days)


def choose_rows(
    facts: RecordFacts, tables: Iterable[PeriodTable], clause: Clause | None = None
) -> ChosenRows:
    """The row of each table that speaks of a record and knows its class; as for `disclose`."""
    spoken = [table for table in tables if _speaks_of(table, facts, clause)]
    found = [(table, find_row(facts, table, clause)) for table in spoken]
    asking = [row for table, row in found if any(not row.applies for row in table.periods)]
    return ChosenRows(
        rows=tuple(row for _, row in found if row is not None),
        is_known=not asking or any(row is not None for row in asking),
    )


def disclose_by(chosen: ChosenRows, facts: FactDays, days: DisclosureDays) -> RecordDisclosure:
    """As `disclose`, by rows that were chosen; of the facts only the days are asked for."""
    served = max(facts.served_on or days.decided_on, days.decided_on)
    first_on = max(served, days.known_on)
    start = days.published_on or first_on
    reasons = tuple(_reason(row, facts, days, start) for row in chosen.rows)
    return RecordDisclosure(
        is_published=all(row.published is Disclosure.YES for row in chosen.rows),
        first_on=first_on,
        public_from=start,
        ends_on=min((reason.ends_on for reason in reasons if reason.ends_on is not None), default=None),
        reasons=reasons,
        is_known=chosen.is_known,
    )


def find_row(facts: RecordFacts, table: PeriodTable, clause: Clause | None = None) -> DisclosurePeriod | None:
    """The row of the table that holds for a record; None: nobody knows which.

    The first of a class that was stated; else the first whose data fit; else that of the clause.
    """
    by_clause = _class_of(clause)
    stated = (row for row in table.periods if row.name in facts.classes)
    fitting = (row for row in table.periods if any(fits(facts, matcher) for matcher in row.applies))
    of_clause = (row for row in table.periods if row.name == by_clause)
    return next((row for rows in (stated, fitting, of_clause) for row in rows), None)


def find_uncollected(facts: RecordFacts, tables: Iterable[PeriodTable]) -> DisclosurePeriod | None:
    """The row by which a record is no credit item; None: it may be taken in."""
    rows = (find_row(facts, table) for table in tables)
    return next((row for row in rows if row is not None and not row.is_collected), None)


def fits(facts: RecordFacts, matcher: Matcher) -> bool:
    """Whether a record is all that the matcher asks for; what nobody has said of it fits nothing."""
    subject = SubjectKind.PERSON if facts.is_person else SubjectKind.ENTITY
    only, some = frozenset(matcher.sanctions_only), frozenset(matcher.sanctions_any)
    return (
        (not matcher.categories or facts.category in matcher.categories)
        and (matcher.procedure is None or facts.procedure is matcher.procedure)
        and (not only or (bool(facts.sanctions) and facts.sanctions <= only))
        and (not some or bool(facts.sanctions & some))
        and (matcher.subject is None or matcher.subject is subject)
    )


def _speaks_of(table: PeriodTable, facts: RecordFacts, clause: Clause | None) -> bool:
    """Whether a table is about such records; one whose category nobody stated may be any."""
    names = facts.classes | {_class_of(clause) or ""}
    return (
        not table.categories
        or facts.category is None
        or facts.category in table.categories
        or any(row.name in names for row in table.periods)
    )


def _class_of(clause: Clause | None) -> str | None:
    if clause is None or clause.severity is None:
        return None
    is_verified = clause.severity.provenance.status is not Status.UNVERIFIED
    return clause.severity.name if is_verified else None


def _reason(
    row: DisclosurePeriod, facts: FactDays, days: DisclosureDays, published_on: date
) -> DisclosureReason:
    start = {
        PeriodStart.DECISION: days.decided_on,
        PeriodStart.PUBLICATION: published_on,
        PeriodStart.CONDUCT_END: facts.conduct_ended_on or days.decided_on,
    }[row.counts_from]
    is_assumed = row.counts_from is PeriodStart.CONDUCT_END and facts.conduct_ended_on is None
    ends_on = None if row.max_months is None else _day_after(start, row.max_months)
    return DisclosureReason(row=row, ends_on=ends_on, is_assumed=is_assumed and ends_on is not None)


def _day_after(start: date, months: int) -> date:
    last_on = last_day_after_months(start, months)
    return last_on if last_on == date.max else last_on + timedelta(days=1)
