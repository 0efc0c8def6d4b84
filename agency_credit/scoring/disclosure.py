"""How long the public may see a record: its class in each period table, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable

from agency_credit.domain.record import RecordFacts
from agency_credit.scoring.periods import DisclosurePeriod, Matcher, PeriodTable, SubjectKind


def find_row(facts: RecordFacts, table: PeriodTable) -> DisclosurePeriod | None:
    """The row of the table that holds for a record; None: nobody knows which.

    It is the first of a class that was stated; where none of this table was, the first whose data fit.
    """
    stated = next((row for row in table.periods if row.name in facts.classes), None)
    if stated is not None:
        return stated
    return next((row for row in table.periods if any(fits(facts, matcher) for matcher in row.applies)), None)


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
