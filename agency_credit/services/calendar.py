"""Working days in China: what the office entered, else the package `chinese_calendar`, else weekends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import chinese_calendar

from agency_credit.database.tables import CalendarDay
from agency_credit.inspection import working_days

if TYPE_CHECKING:
    from agency_credit.services.office import Office

_SATURDAY = 5


async def add_working_days(office: Office, start: date, n: int) -> tuple[date, bool]:
    """The `n`-th working day after `start`, and whether it is provisional.

    Days entered at /admin/reference come first. A year of which any day was entered, or which the
    package knows, is known; in a year that is not (2027, until the State Council announces it) only
    weekends are free, and an answer that rests on such a year is provisional.

    Parameters
    ----------
    office
        The open office, whose calendar it is.
    """
    del office  # the calendar is the same everywhere; the parameter keeps all services alike
    last = start + timedelta(days=10 * n + 400)  # far enough; a calendar without workdays is refused
    entered = await _load_entered(start, last)
    end = working_days.add_working_days(start, n, _workdays(entered))
    entered_years = {day.year for day in entered}
    years = range(start.year, end.year + 1)
    return end, any(year not in entered_years and not is_in_package(year) for year in years)


async def count_working_days(office: Office, start: date, end: date) -> int:
    """How many working days are left after `start` up to and with `end`; negative where it has passed."""
    del office
    entered = await _load_entered(min(start, end), max(start, end))
    return working_days.count_working_days(start, end, _workdays(entered))


async def count_to_each(office: Office, start: date, ends: Collection[date]) -> dict[date, int]:
    """As `count_working_days` to each of several days, with one look at the calendar."""
    del office
    if not ends:
        return {}
    entered = await _load_entered(min(start, *ends), max(start, *ends))
    is_workday = _workdays(entered)
    return {end: working_days.count_working_days(start, end, is_workday) for end in set(ends)}


async def load_workdays(first: date, last: date) -> Callable[[date], bool]:
    """Whether a day is a working day, for the days from `first` to `last`."""
    return _workdays(await _load_entered(first, last))


async def _load_entered(first: date, last: date) -> dict[date, bool]:
    """The days of these years that the office entered, and whether each is a working day."""
    rows = await CalendarDay.select(CalendarDay.day, CalendarDay.is_workday).where(
        (CalendarDay.day >= date(first.year, 1, 1)) & (CalendarDay.day <= date(last.year, 12, 31))
    )
    return {row["day"]: row["is_workday"] for row in rows}


def _workdays(entered: Mapping[date, bool]) -> Callable[[date], bool]:
    return lambda day: entered.get(day, _is_workday_by_package(day))


def _is_workday_by_package(day: date) -> bool:
    if is_in_package(day.year):
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < _SATURDAY


def is_in_package(year: int) -> bool:
    """Whether the package knows the working days of a year; else the office enters them."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


async def is_year_known(year: int) -> bool:
    """Whether deadlines in `year` are final: somebody entered a day of it, or the package knows it."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    is_entered = await CalendarDay.exists().where((CalendarDay.day >= first) & (CalendarDay.day <= last))
    return is_entered or is_in_package(year)
