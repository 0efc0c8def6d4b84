"""Promised against actual: what is counted in which period, and the exact median and 90 %."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.inspection.service_clocks import CaseTimes, quarters, tally, value_at_rank, years

Q4 = date(2026, 10, 1), date(2026, 12, 31)


def is_workday(day: date) -> bool:
    return day.weekday() < 5


def case(
    opened: str, due: str | None = None, closed: str | None = None, *, decided: bool = True
) -> CaseTimes:
    opened_on = date.fromisoformat(opened)
    return CaseTimes(
        opened_on=opened_on,
        promises=((opened_on, date.fromisoformat(due)),) if due else (),
        closed_on=date.fromisoformat(closed) if closed else None,
        is_decided=closed is not None and decided,
    )


@pytest.mark.parametrize(
    ("values", "median", "ninety"),
    [
        ([], None, None),
        ([7], 7, 7),
        ([1, 9], 1, 9),
        ([3, 1, 2], 2, 3),
        ([1, 2, 3, 4], 2, 4),
        (list(range(1, 11)), 5, 9),
        (list(range(1, 12)), 6, 10),
        ([5] * 9 + [100], 5, 5),
    ],
)
def test_median_and_ninety_are_values_at_ranks(
    values: list[int], median: int | None, ninety: int | None
) -> None:
    assert (value_at_rank(values, 1, 2), value_at_rank(values, 9, 10)) == (median, ninety)


@given(values=st.lists(st.integers(0, 99), min_size=1), share=st.sampled_from([(1, 2), (9, 10)]))
def test_at_least_that_share_is_no_larger_and_no_smaller_value_will_do(
    values: list[int], share: tuple[int, int]
) -> None:
    found = value_at_rank(values, *share)
    assert found in values
    n = len(values)
    assert sum(value <= found for value in values) * share[1] >= n * share[0]
    assert sum(value < found for value in values) * share[1] < n * share[0]


def test_each_thing_is_counted_in_its_own_period() -> None:
    cases = [
        case("2026-09-28", "2026-10-09", "2026-10-08"),  # opened before it
        case("2026-11-02", "2026-11-05", "2026-11-09"),  # late: five working days
        case("2026-11-03", "2026-11-06", "2026-11-04", decided=False),  # taken back
        case("2026-12-28", "2026-12-31"),  # open, due on the last day: not overdue yet
        case("2026-12-01", "2026-12-04"),  # open and overdue
        case("2026-12-02"),  # open, nothing promised
        case("2026-12-30", "2027-01-05", "2027-01-04"),  # decided after it
        case("2027-01-04", "2027-01-07"),  # not opened yet
    ]
    row = tally(cases, *Q4, is_workday)
    assert (row.opened, row.decided, row.taken_back, row.late) == (6, 2, 1, 1)
    assert (row.open, row.overdue) == (4, 1)
    assert (row.median, row.ninety) == (5, 8)


def test_an_extension_counts_from_the_day_on_which_it_was_given() -> None:
    opened = date(2026, 12, 28)
    extended = CaseTimes(
        opened_on=opened, promises=((opened, date(2026, 12, 30)), (date(2027, 1, 4), date(2027, 1, 8)))
    )
    assert tally([extended], *Q4, is_workday).overdue == 1, "on 31 December the first promise was broken"
    assert tally([extended], date(2027, 1, 1), date(2027, 1, 5), is_workday).overdue == 0


def test_the_clock_rests_while_the_agency_has_the_case() -> None:
    opened = date(2026, 12, 1)
    rests = (opened, date(2026, 12, 22)), (date(2026, 12, 8), None)
    assert tally([CaseTimes(opened_on=opened, promises=rests)], *Q4, is_workday).overdue == 0
    again = (*rests, (date(2026, 12, 30), date(2027, 1, 20)))
    decided = CaseTimes(opened_on=opened, promises=again, closed_on=date(2027, 1, 18), is_decided=True)
    assert tally([decided], date(2027, 1, 1), date(2027, 3, 31), is_workday).late == 0


def test_quarters_and_years_follow_each_other_up_to_today() -> None:
    spans = quarters(date(2025, 11, 24), date(2026, 5, 2))
    assert [span[0].isoformat() for span in spans] == ["2025-10-01", "2026-01-01", "2026-04-01"]
    assert spans[0][1] == date(2025, 12, 31)
    assert spans[-1][1] == date(2026, 5, 2)
    assert years(spans) == [(date(2025, 10, 1), date(2025, 12, 31)), (date(2026, 1, 1), date(2026, 5, 2))]


@given(first=st.dates(date(1990, 1, 1), date(2090, 1, 1)), more=st.integers(0, 2000))
def test_quarters_leave_no_day_out(first: date, more: int) -> None:
    today = first + timedelta(days=more)
    spans = quarters(first, today)
    assert spans[0][0] <= first
    assert spans[-1][1] == today
    assert all(b[0] - a[1] == timedelta(days=1) for a, b in pairwise(spans))
