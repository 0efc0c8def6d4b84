"""The states of a draw: every step from every state, every person, every boundary of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError
from agency_credit.inspection.draw_states import (
    TRANSITIONS,
    DrawHistory,
    DrawState,
    DrawStep,
    VoidReason,
    check_announce,
    check_approve,
    check_draw,
    check_names,
    check_publish,
    check_second_person,
    check_value,
    check_void,
    lateness,
)

FIRST = datetime(2026, 12, 1, 13, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BEFORE = FIRST - SECOND
DRAFTER, ANNOUNCER, APPROVER = 1, 2, 3
PATH = [DrawStep.ANNOUNCED, DrawStep.APPROVED, DrawStep.DRAWN, DrawStep.PUBLISHED]


def history(*steps: DrawStep) -> DrawHistory:
    people = {DrawStep.ANNOUNCED: ANNOUNCER, DrawStep.APPROVED: APPROVER}
    return DrawHistory(draw="D1", drafted_by=DRAFTER, steps={step: people.get(step, 4) for step in steps})


def made(n: int, *more: DrawStep) -> DrawHistory:
    """A draw after `n` steps of the whole path, and `more`."""
    return history(*PATH[:n], *more)


def attempt(past: DrawHistory, step: DrawStep) -> None:
    """Make the step with nothing else against it: in time, by the right person, for a good reason."""
    if step is DrawStep.ANNOUNCED:
        check_announce(past, FIRST, BEFORE)
    elif step is DrawStep.APPROVED:
        check_approve(past, APPROVER, FIRST, BEFORE)
    elif step is DrawStep.DRAWN:
        check_draw(past)
    elif step is DrawStep.PUBLISHED:
        check_publish(past)
    elif step is DrawStep.NAMED:
        check_names(past)
    else:
        check_void(past, "ordered", FIRST, FIRST)


def test_the_state_is_that_of_the_last_step() -> None:
    states = [made(n).state for n in range(5)]
    assert states == [
        *(DrawState(name) for name in ("drafted", "announced", "approved", "drawn", "published"))
    ]
    assert made(4, DrawStep.NAMED).state is DrawState.PUBLISHED
    assert made(2, DrawStep.VOIDED).state is DrawState.VOIDED


HISTORIES = [
    *(made(n) for n in range(5)),
    made(4, DrawStep.NAMED),
    *(made(n, DrawStep.VOIDED) for n in range(1, 5)),
]
ALLOWED = {
    (0, DrawStep.ANNOUNCED),
    (1, DrawStep.APPROVED),
    (1, DrawStep.VOIDED),
    (2, DrawStep.DRAWN),
    (2, DrawStep.VOIDED),
    (3, DrawStep.PUBLISHED),
    (3, DrawStep.VOIDED),
    (4, DrawStep.NAMED),
    (4, DrawStep.VOIDED),
    (5, DrawStep.VOIDED),
}


@pytest.mark.parametrize(("index", "step"), list(product(range(len(HISTORIES)), DrawStep)))
def test_only_the_steps_of_the_protocol_are_permitted(index: int, step: DrawStep) -> None:
    past = HISTORIES[index]
    if (index, step) in ALLOWED:
        attempt(past, step)
        return
    with pytest.raises(RefusedError) as caught:
        attempt(past, step)
    assert isinstance(caught.value, ConflictError) == (step in past.steps)
    assert "D1" in str(caught.value)


@pytest.mark.parametrize(
    ("n", "step", "code"),
    [
        (0, DrawStep.APPROVED, "draw.drafted"),
        (1, DrawStep.DRAWN, "draw.unapproved"),
        (2, DrawStep.PUBLISHED, "draw.undrawn"),
        (3, DrawStep.NAMED, "draw.unpublished"),
    ],
)
def test_a_step_too_early_says_what_comes_first(n: int, step: DrawStep, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        attempt(made(n), step)
    assert caught.value.code == code


def test_nothing_follows_a_voided_draw() -> None:
    assert not TRANSITIONS[DrawState.VOIDED]
    with pytest.raises(RefusedError, match=r"voided"):
        check_draw(made(2, DrawStep.VOIDED))


def test_the_loser_of_a_race_gets_a_link_to_the_draw() -> None:
    with pytest.raises(ConflictError) as caught:
        check_draw(made(3))
    assert caught.value.params["link"] == "/draws/D1"
    assert caught.value.code == "draw.drawn-already"


def test_steps_in_an_impossible_order_are_noticed() -> None:
    with pytest.raises(RefusedError) as caught:
        check_publish(history(DrawStep.DRAWN))
    assert caught.value.code == "draw.steps"


@pytest.mark.parametrize("late", [timedelta(0), SECOND, timedelta(days=9)])
def test_from_the_first_public_value_on_nothing_is_announced_or_approved(late: timedelta) -> None:
    with pytest.raises(RefusedError) as announced:
        check_announce(made(0), FIRST, FIRST + late)
    with pytest.raises(RefusedError) as approved:
        check_approve(made(1), APPROVER, FIRST, FIRST + late)
    assert (announced.value.code, approved.value.code) == ("draw.announced-late", "draw.approved-late")


@pytest.mark.parametrize("person", [DRAFTER, ANNOUNCER])
def test_whoever_drafted_or_announced_does_not_approve(person: int) -> None:
    with pytest.raises(ForbiddenError):
        check_approve(made(1), person, FIRST, BEFORE)


def test_a_value_is_entered_from_its_event_on_into_an_approved_draw() -> None:
    check_value(made(2), FIRST, FIRST)
    with pytest.raises(RefusedError) as caught:
        check_value(made(2), FIRST, BEFORE)
    assert caught.value.code == "value.early"
    for past in (made(1), made(3), made(2, DrawStep.VOIDED)):
        with pytest.raises(RefusedError):
            check_value(past, FIRST, FIRST)


@pytest.mark.parametrize("reason", VoidReason)
def test_before_the_first_public_value_every_reason_voids(reason: VoidReason) -> None:
    check_void(made(1), reason, FIRST, BEFORE)
    check_void(made(2), reason.value, FIRST, BEFORE)


@pytest.mark.parametrize("reason", VoidReason)
def test_after_the_first_public_value_a_stated_reason_is_not_enough(reason: VoidReason) -> None:
    if reason is not VoidReason.STATED:
        check_void(made(2), reason, FIRST, FIRST)
        return
    with pytest.raises(RefusedError) as caught:
        check_void(made(2), reason, FIRST, FIRST)
    assert caught.value.code == "void.reason-late"
    assert "nonce-missing, nonce-wrong, event-missing, frame-wrong, ordered" in str(caught.value)


@pytest.mark.parametrize("n", [3, 4])
def test_once_drawn_a_nonce_is_no_reason_any_more(n: int) -> None:
    for reason in ("nonce-missing", "nonce-wrong"):
        with pytest.raises(RefusedError, match=r"cannot be true"):
            check_void(made(n), reason, FIRST, FIRST)
    for reason in ("event-missing", "frame-wrong", "ordered"):
        check_void(made(n), reason, FIRST, FIRST)


def test_a_reason_outside_the_protocol_voids_nothing() -> None:
    with pytest.raises(InputError) as caught:
        check_void(made(2), "disliked", FIRST, BEFORE)
    assert caught.value.code == "void.reason-unknown"


def test_voiding_takes_two_people() -> None:
    check_second_person(1, 2)
    with pytest.raises(ForbiddenError):
        check_second_person(1, 1)


def test_a_draw_is_late_after_24_hours_and_not_before() -> None:
    day = timedelta(hours=24)
    assert lateness(FIRST, FIRST + day) is None
    assert lateness(FIRST, FIRST) is None
    assert lateness(FIRST, FIRST + day + SECOND) == SECOND
