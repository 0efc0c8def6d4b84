"""Deadlines in working days; which days those are is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from agency_credit.domain.errors import InputError

_LONGEST_REST = 60
"""Days in a row without a working day after which the calendar is taken to be wrong."""


def add_working_days(start: date, n: int, is_workday: Callable[[date], bool]) -> date:
    """The `n`-th working day after `start`; the day of the start is not counted (民法典 art 201).

    Parameters
    ----------
    n
        0 or more; 0 gives `start` itself.
    is_workday
        Whether a day is a working day.

    Raises
    ------
    InputError
        A negative number, or a calendar without working days.
    """
    if n < 0:
        raise InputError("calendar.negative", "a period has 0 or more working days")
    day, rest = start, 0
    while n:
        day += timedelta(days=1)
        rest += 1
        if is_workday(day):
            n, rest = n - 1, 0
        elif rest > _LONGEST_REST:
            raise InputError(
                "calendar.no-workday",
                "the calendar has no working day in the {n} days before {day}; mend it at /admin/reference",
                n=_LONGEST_REST,
                day=day.isoformat(),
            )
    return day


def count_working_days(start: date, end: date, is_workday: Callable[[date], bool]) -> int:
    """How many working days are left after `start` up to and with `end`; negative: so many have passed."""
    first, last = sorted((start, end))
    days = range(1, (last - first).days + 1)
    n = sum(is_workday(first + timedelta(days=day)) for day in days)
    return n if start <= end else -n
