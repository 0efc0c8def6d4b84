"""Stretches of days, both ends included, and the legal way to count months."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `first_on` to `last_on`, both included; `last_on` None: no end is known."""

    first_on: date
    last_on: date | None = None

    def contains(self, on: date) -> bool:
        """Whether the day `on` lies within."""
        return self.first_on <= on and (self.last_on is None or on <= self.last_on)

    def overlaps(self, other: Period) -> bool:
        """Whether at least one day lies in both."""
        return (self.last_on is None or other.first_on <= self.last_on) and (
            other.last_on is None or self.first_on <= other.last_on
        )


def last_day_after_months(start_on: date, months: int) -> date:
    """Last day of a period of `months` that starts with the event on `start_on`.

    The day of the event is not counted; the last day is the corresponding day of the last month, or
    the end of that month where it has no such day (Civil Code, arts 201 and 202). Twelve months
    from 2024-02-29 end with 2025-02-28. A day after the calendar's end becomes its last day.
    """
    month_index = start_on.year * 12 + start_on.month - 1 + months
    year, month = divmod(month_index, 12)
    if year > date.max.year:
        return date.max
    last_of_month = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start_on.day, last_of_month))


def earliest_start(last_on: date, months: int) -> date:
    """First day from which a period of `months` still holds the day `last_on`.

    The other way round than `last_day_after_months`, which never falls as its start rises: whatever starts on
    this day or later ends on `last_on` or later, whatever starts earlier is over.
    """
    year, month = divmod(last_on.year * 12 + last_on.month - 1 - months, 12)
    if year < date.min.year:
        return date.min
    if last_on.day <= calendar.monthrange(year, month + 1)[1]:
        return date(year, month + 1, last_on.day)
    return date(year + (month == 11), (month + 1) % 12 + 1, 1)
