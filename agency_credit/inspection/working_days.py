"""Deadlines in working days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta


def add_working_days(start_on: date, n_days: int, is_workday: Callable[[date], bool]) -> date:
    """The `n_days`-th working day after `start_on`; the day of the event is not counted."""
    on = start_on
    for _ in range(n_days):
        on += timedelta(days=1)
        while not is_workday(on):
            on += timedelta(days=1)
    return on
