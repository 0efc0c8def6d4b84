"""How long the office takes, against what it promised: counted by quarter or year, without names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agency_credit.inspection.working_days import count_working_days


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """The days of a case.

    Parameters
    ----------
    promises
        Days on which a day was promised, with the day promised, in their order: a later one replaces it.
        None: the clock rests from then on, until another day is promised.
    closed_on
        None: it is open.
    is_decided
        The office closed it; else, where it is closed, the agency took it back.
    """

    opened_on: date
    promises: tuple[tuple[date, date | None], ...] = ()
    closed_on: date | None = None
    is_decided: bool = False

    def promised_by(self, day: date) -> date | None:
        """The day that was promised last, as it stood at the end of `day`; None: none, or the clock rests."""
        return next((due for set_on, due in reversed(self.promises) if set_on <= day), None)

    @property
    def is_late(self) -> bool:
        """It was closed after the day that was promised."""
        due = self.promised_by(self.closed_on) if self.closed_on else None
        return due is not None and self.closed_on is not None and self.closed_on > due


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRow:
    """A stretch of days.

    Parameters
    ----------
    last_on
        Its last day, or today where it is not over.
    opened, decided, taken_back
        Cases opened, decided by the office, taken back by the agency in it.
    late
        Of those decided: after the day promised.
    open, overdue
        At the end of `last_on`: open, and of these past the day promised.
    median, ninety
        Working days from opening to decision of those decided in it; None: none was.
    """

    first_on: date
    last_on: date
    opened: int
    decided: int
    taken_back: int
    late: int
    open: int
    overdue: int
    median: int | None
    ninety: int | None


def tally(
    cases: Sequence[CaseTimes], first_on: date, last_on: date, is_workday: Callable[[date], bool]
) -> ClockRow:
    """Count what happened from `first_on` to `last_on`, both included."""
    closed = [case for case in cases if case.closed_on is not None and first_on <= case.closed_on <= last_on]
    decided = [case for case in closed if case.is_decided]
    still_open = [
        case
        for case in cases
        if case.opened_on <= last_on and (case.closed_on is None or case.closed_on > last_on)
    ]
    due = [case.promised_by(last_on) for case in still_open]
    taken = sorted(
        count_working_days(case.opened_on, case.closed_on, is_workday) for case in decided if case.closed_on
    )
    return ClockRow(
        first_on=first_on,
        last_on=last_on,
        opened=sum(first_on <= case.opened_on <= last_on for case in cases),
        decided=len(decided),
        taken_back=len(closed) - len(decided),
        late=sum(case.is_late for case in decided),
        open=len(still_open),
        overdue=sum(day is not None and day < last_on for day in due),
        median=value_at_rank(taken, 1, 2),
        ninety=value_at_rank(taken, 9, 10),
    )


def value_at_rank(values: Sequence[int], numerator: int, denominator: int) -> int | None:
    """The value at rank n × numerator / denominator, rounded up, counted from 1 in ascending order.

    So it is a value that occurred: at least that share of all values is no larger. None: there are none.
    """
    ascending = sorted(values)
    rank = -(-len(ascending) * numerator // denominator)
    return ascending[rank - 1] if rank else None


def quarters(first_on: date, today: date) -> list[tuple[date, date]]:
    """First and last days of the quarters from that of `first_on` to that of `today`, which ends today."""
    start = date(first_on.year, (first_on.month - 1) // 3 * 3 + 1, 1)
    found = []
    while start <= today:
        month = start.month + 3
        following = date(start.year + (month > 12), month - 12 if month > 12 else month, 1)
        found.append((start, min(following - timedelta(days=1), today)))
        start = following
    return found


def years(spans: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """First and last days of the calendar years that these quarters fill."""
    found: dict[int, tuple[date, date]] = {}
    for first_on, last_on in spans:
        known = found.get(first_on.year)
        found[first_on.year] = (known[0] if known else first_on, last_on)
    return list(found.values())
