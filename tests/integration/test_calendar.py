"""Working days: the package's holidays, what the office entered, and years nobody knows yet."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.database.tables import CalendarDay
from agency_credit.services.calendar import add_working_days
from agency_credit.services.office import Office


async def enter(day: date, *, is_workday: bool) -> None:
    await CalendarDay.insert(CalendarDay(day=day, is_workday=is_workday, note="", source="国办发明电"))


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # National Day is free from 1 to 7 October
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # a Saturday worked in exchange
        (date(2026, 11, 24), 20, date(2026, 12, 22)),
    ],
)
async def test_holidays_and_exchanged_days_of_known_years_count(
    office: Office, start: date, n: int, end: date
) -> None:
    assert await add_working_days(office, start, n) == (end, False)


async def test_in_a_year_nobody_knows_only_weekends_are_free_and_the_answer_says_so(office: Office) -> None:
    assert await add_working_days(office, date(2026, 12, 31), 1) == (date(2027, 1, 1), True)
    assert await add_working_days(office, date(2026, 12, 30), 1) == (date(2026, 12, 31), False)


async def test_a_year_is_known_once_its_days_are_entered(office: Office) -> None:
    await enter(date(2027, 1, 1), is_workday=False)
    assert await add_working_days(office, date(2026, 12, 31), 1) == (date(2027, 1, 4), False)


async def test_an_entered_day_overrides_the_package(office: Office) -> None:
    await enter(date(2026, 11, 25), is_workday=False)
    await enter(date(2026, 11, 28), is_workday=True)
    assert await add_working_days(office, date(2026, 11, 24), 1) == (date(2026, 11, 26), False)
    assert await add_working_days(office, date(2026, 11, 27), 1) == (date(2026, 11, 28), False)
