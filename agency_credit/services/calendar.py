"""The Chinese calendar of working days: what an administrator entered, else what the package knows."""

from __future__ import annotations

from datetime import date

import chinese_calendar

from agency_credit.database.tables import CalendarDay
from agency_credit.inspection import working_days
from agency_credit.services.office import Office

SATURDAY = 5


async def add_working_days(office: Office, start_on: date, n_days: int) -> tuple[date, bool]:
    """The `n_days`-th working day after `start_on`.

    Returns
    -------
    date
        The deadline.
    bool
        Whether it is provisional: a year on the way is not announced yet and its days count by weekday.
    """
    del office  # the calendar is the same everywhere; the parameter keeps all services alike
    rows = await CalendarDay.select(CalendarDay.day, CalendarDay.is_workday)
    entered: dict[date, bool] = {row["day"]: row["is_workday"] for row in rows}
    years = {day.year for day in entered}
    is_provisional = False

    def is_workday(on: date) -> bool:
        nonlocal is_provisional
        if on in entered:
            return entered[on]
        try:
            return bool(chinese_calendar.is_workday(on))
        except NotImplementedError:  # the package ends with the last announced year
            is_provisional = is_provisional or on.year not in years
            return on.weekday() < SATURDAY

    return working_days.add_working_days(start_on, n_days, is_workday), is_provisional
