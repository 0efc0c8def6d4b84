"""The states of a result and deadlines in working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import ForbiddenError, InputError, RefusedError
from agency_credit.inspection.result_states import (
    TRANSITIONS,
    ResultState,
    check_enter,
    check_judge,
    check_publish,
)
from agency_credit.inspection.working_days import add_working_days

AUTHOR, OTHER = 1, 2


@pytest.mark.parametrize("latest", [None, *ResultState])
def test_a_version_is_entered_first_or_after_a_return(latest: ResultState | None) -> None:
    if latest in (None, ResultState.RETURNED):
        check_enter(latest)
        return
    with pytest.raises(RefusedError):
        check_enter(latest)


@pytest.mark.parametrize("latest", [None, *ResultState])
def test_only_an_entered_version_is_judged(latest: ResultState | None) -> None:
    if latest is ResultState.ENTERED:
        check_judge(latest, AUTHOR, OTHER)
        return
    with pytest.raises(RefusedError):
        check_judge(latest, AUTHOR, OTHER)


def test_whoever_entered_a_result_does_not_judge_it() -> None:
    with pytest.raises(ForbiddenError):
        check_judge(ResultState.ENTERED, AUTHOR, AUTHOR)


@pytest.mark.parametrize("latest", [None, *ResultState])
def test_only_a_reviewed_version_is_published(latest: ResultState | None) -> None:
    if latest is ResultState.REVIEWED:
        check_publish(latest, "U1")
        return
    with pytest.raises(RefusedError, match=r"U1"):
        check_publish(latest, "U1")


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(ResultState)


def is_weekday(day: date) -> bool:
    return day.weekday() < 5


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
        (date(2026, 11, 23), 1, date(2026, 11, 24)),  # Monday: the day itself is not counted
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # Friday: over the weekend
        (date(2026, 11, 28), 1, date(2026, 11, 30)),  # Saturday
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
        (date(2026, 11, 23), 20, date(2026, 12, 21)),
    ],
)
def test_working_days_are_counted_from_the_day_after(start: date, n: int, end: date) -> None:
    assert add_working_days(start, n, is_weekday) == end


@settings(deadline=None)
@given(
    start=st.dates(date(2000, 1, 1), date(2100, 1, 1)), n=st.integers(1, 60), free=st.sets(st.integers(0, 6))
)
def test_exactly_n_working_days_lie_between(start: date, n: int, free: set[int]) -> None:
    free.discard(2)

    def is_workday(day: date) -> bool:
        return day.weekday() not in free

    end = add_working_days(start, n, is_workday)
    days = [start + timedelta(days=i) for i in range(1, (end - start).days + 1)]
    assert is_workday(end)
    assert sum(map(is_workday, days)) == n


def test_a_calendar_without_working_days_is_refused() -> None:
    with pytest.raises(InputError, match=r"no working day"):
        add_working_days(date(2026, 1, 1), 1, lambda _: False)


def test_a_negative_period_is_refused() -> None:
    with pytest.raises(InputError):
        add_working_days(date(2026, 1, 1), -1, is_weekday)
