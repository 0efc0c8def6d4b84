"""Objections, whatever people try in whatever order: closed once, by two people, never after the end."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agency_credit.domain.errors import ForbiddenError, RefusedError
from agency_credit.inspection.objection_states import (
    CLOSING,
    Made,
    ObjectionState,
    ObjectionStep,
    check_step,
    due_of,
    proposer_of,
    state_of,
)
from agency_credit.inspection.working_days import add_working_days, count_working_days

DAY = date(2026, 9, 28)
tries = st.lists(st.tuples(st.sampled_from(ObjectionStep), st.integers(1, 3), st.integers(0, 9)), max_size=40)


def run(attempts) -> list[Made]:
    """The steps that passed."""
    history: list[Made] = []
    today = DAY
    for step, person, days in attempts:
        today = max(today, DAY + timedelta(days=days))
        try:
            check_step(history, step, person, today)
        except (RefusedError, ForbiddenError):
            continue
        promised = {ObjectionStep.OPENED: 4, ObjectionStep.EXTENDED: 10}.get(step)
        due_on = None if promised is None else DAY + timedelta(days=promised)
        history.append(Made(step=step, by=person, due_on=due_on))
    return history


@given(tries)
def test_an_objection_is_opened_once_and_nothing_follows_its_end(attempts):
    history = run(attempts)
    steps = [made.step for made in history]
    assert steps.count(ObjectionStep.OPENED) == bool(steps)
    assert not steps or steps[0] is ObjectionStep.OPENED
    assert steps.count(ObjectionStep.EXTENDED) <= 1
    ends = [n for n, step in enumerate(steps) if step in CLOSING]
    assert ends in ([], [len(steps) - 1])
    assert (state_of(history) in (ObjectionState.DECIDED, ObjectionState.WITHDRAWN)) is bool(ends)


@given(tries)
def test_every_decision_is_of_another_person_than_its_proposal(attempts):
    history = run(attempts)
    for before, after in pairwise(history):
        if after.step in (ObjectionStep.DECIDED, ObjectionStep.RETURNED):
            assert before.step is ObjectionStep.PROPOSED
            assert before.by != after.by
        if before.step is ObjectionStep.PROPOSED:
            assert after.step in (ObjectionStep.DECIDED, ObjectionStep.RETURNED, ObjectionStep.WITHDRAWN)


@given(tries)
def test_a_proposal_waits_exactly_while_it_is_the_last_step(attempts):
    history = run(attempts)
    assert (proposer_of(history) is not None) is (state_of(history) is ObjectionState.PROPOSED)
    extended = any(made.step is ObjectionStep.EXTENDED for made in history)
    assert due_of(history) == (None if not history else DAY + timedelta(days=10 if extended else 4))


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 1)),
    st.integers(0, 30),
    st.sets(st.dates(date(2026, 1, 1), date(2027, 6, 1)), max_size=60),
)
def test_counting_working_days_undoes_adding_them(start, n, rest):
    def is_workday(day: date) -> bool:
        return day.weekday() < 5 and day not in rest

    end = add_working_days(start, n, is_workday)
    assert count_working_days(start, end, is_workday) == n
    assert count_working_days(end, start, is_workday) == -n
