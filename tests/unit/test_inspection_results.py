"""The states of a result and deadlines in working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError
from agency_credit.inspection.result_states import (
    TRANSITIONS,
    Entry,
    ResultState,
    check_confirm,
    check_enter,
    check_judge,
    check_publish,
    check_withdraw,
    is_confirmed,
)
from agency_credit.inspection.working_days import add_working_days

DAY = date(2026, 12, 4)
TEAM, OTHER = {1, 2}, 3
STATES = [None, *ResultState]


def entry(base: int | None = 1, reason: str = "", inspected_on: date = DAY) -> Entry:
    return Entry(inspected_on=inspected_on, base=base, reason=reason)


@pytest.mark.parametrize("latest", STATES)
def test_a_version_is_entered_where_none_is_with_the_reviewer_or_waits_to_go_out(
    latest: ResultState | None,
) -> None:
    if latest in (ResultState.CONFIRMED, ResultState.REVIEWED):
        with pytest.raises(RefusedError, match="already entered"):
            check_enter(latest, 1, None, entry(reason="因为"))
    else:
        check_enter(latest, 1, None, entry(reason="因为"))


@pytest.mark.parametrize("latest", STATES)
def test_a_program_that_does_not_say_what_it_saw_enters_only_where_nothing_is_replaced(
    latest: ResultState | None,
) -> None:
    if latest in (None, ResultState.RETURNED, ResultState.REJECTED):
        check_enter(latest, 1, None, entry(base=None))
    else:
        with pytest.raises(RefusedError):
            check_enter(latest, 1, None, entry(base=None))


@pytest.mark.parametrize(("base", "version"), [(0, 1), (1, 2), (2, 1)])
def test_a_form_begun_on_another_version_is_a_conflict(base: int, version: int) -> None:
    with pytest.raises(ConflictError, match="another member"):
        check_enter(ResultState.ENTERED, version, None, entry(base=base))


@pytest.mark.parametrize("latest", [ResultState.PUBLISHED, ResultState.WITHDRAWN])
def test_a_correction_says_why(latest: ResultState) -> None:
    with pytest.raises(InputError, match="corrected"):
        check_enter(latest, 1, None, entry(reason=""))


@pytest.mark.parametrize(("inspected_on", "is_anew"), [(DAY, True), (DAY - timedelta(days=1), False)])
def test_what_was_not_accepted_is_inspected_anew(inspected_on: date, is_anew: bool) -> None:
    if is_anew:
        check_enter(ResultState.REJECTED, 1, DAY, entry(inspected_on=inspected_on))
        return
    with pytest.raises(InputError, match="anew"):
        check_enter(ResultState.REJECTED, 1, DAY, entry(inspected_on=inspected_on))


@pytest.mark.parametrize("latest", STATES)
def test_only_an_entered_version_is_confirmed(latest: ResultState | None) -> None:
    if latest is ResultState.ENTERED:
        check_confirm(latest, "d", "d")
    else:
        with pytest.raises(RefusedError):
            check_confirm(latest, "d", "d")


def test_a_confirmation_over_an_old_digest_is_a_conflict() -> None:
    with pytest.raises(ConflictError, match="changed after you read it"):
        check_confirm(ResultState.ENTERED, "new", "old")


@pytest.mark.parametrize(
    ("members", "confirmed_by", "expected"),
    [
        ({1, 2}, {1, 2}, True),
        ({1, 2}, {1}, False),
        ({1}, {1}, False),  # 行政处罚法 art 42: two at least
        ({1, None}, {1, 2}, False),
        ({1, 2}, {1, 2, 9}, True),  # 9 confirmed and left the team
        ({1, 2, 3}, {1, 2}, False),
        (set(), set(), False),
    ],
)
def test_a_form_is_confirmed_by_all_and_by_two_at_least(
    members: set[int | None], confirmed_by: set[int], expected: bool
) -> None:
    assert is_confirmed(members, confirmed_by) is expected


@pytest.mark.parametrize("step", [ResultState.REVIEWED, ResultState.RETURNED, ResultState.REJECTED])
@pytest.mark.parametrize("latest", STATES)
def test_only_a_confirmed_version_is_judged(latest: ResultState | None, step: ResultState) -> None:
    if latest is ResultState.CONFIRMED:
        check_judge(latest, step, "因为", TEAM, OTHER)
        return
    with pytest.raises(RefusedError):
        check_judge(latest, step, "因为", TEAM, OTHER)


@pytest.mark.parametrize("step", [ResultState.REVIEWED, ResultState.RETURNED, ResultState.REJECTED])
@pytest.mark.parametrize("person", sorted(TEAM))
def test_whoever_had_a_hand_in_a_result_does_not_judge_it(person: int, step: ResultState) -> None:
    with pytest.raises(ForbiddenError):
        check_judge(ResultState.CONFIRMED, step, "因为", TEAM, person)


@pytest.mark.parametrize("step", [ResultState.RETURNED, ResultState.REJECTED])
def test_what_goes_back_says_why(step: ResultState) -> None:
    with pytest.raises(RefusedError, match="why"):
        check_judge(ResultState.CONFIRMED, step, "", TEAM, OTHER)


@pytest.mark.parametrize("latest", STATES)
def test_only_a_reviewed_version_is_published(latest: ResultState | None) -> None:
    if latest is ResultState.REVIEWED:
        check_publish(latest, "U1")
        return
    with pytest.raises(RefusedError, match=r"U1"):
        check_publish(latest, "U1")


@pytest.mark.parametrize("published", STATES)
def test_only_a_published_version_is_withdrawn(published: ResultState | None) -> None:
    if published is ResultState.PUBLISHED:
        check_withdraw(published, 1, OTHER)
        return
    with pytest.raises(RefusedError):
        check_withdraw(published, 1, OTHER)


def test_two_people_withdraw_a_version() -> None:
    with pytest.raises(RefusedError, match="nobody asked"):
        check_withdraw(ResultState.PUBLISHED, None, OTHER)
    with pytest.raises(ForbiddenError, match="second person"):
        check_withdraw(ResultState.PUBLISHED, OTHER, OTHER)


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(ResultState)


def test_every_state_but_the_first_can_be_reached_and_none_goes_back_to_it() -> None:
    assert set().union(*TRANSITIONS.values()) == set(ResultState) - {ResultState.ENTERED}


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
