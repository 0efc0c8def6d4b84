"""What may follow what until a follow-up is closed."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.domain.errors import ForbiddenError, RefusedError
from agency_credit.inspection.follow_up_states import (
    FollowUpStep,
    Made,
    NewStep,
    check_step,
    find_due,
    find_faults,
    is_closed,
)

S = FollowUpStep
DAY, DUE = date(2026, 12, 4), date(2026, 12, 31)
ONE, OTHER = 1, 2


def history(*steps: FollowUpStep) -> list[Made]:
    return [Made(step=step, by=ONE, on=DAY, due_on=DUE if step is S.ORDERED else None) for step in steps]


ALWAYS = {S.ORDERED, S.PENALTY, S.HANDED_OVER, S.NOTED}


@pytest.mark.parametrize(
    ("made", "allowed"),
    [
        ((), ALWAYS | {S.CLOSE_ASKED}),
        ((S.ORDERED,), ALWAYS | {S.RECHECKED}),  # not closed before it was checked again
        ((S.ORDERED, S.RECHECKED), ALWAYS | {S.RECHECKED, S.CLOSE_ASKED}),
        ((S.HANDED_OVER,), ALWAYS | {S.REPLIED, S.CLOSE_ASKED}),
        ((S.CLOSE_ASKED,), {S.CLOSED, S.CLOSE_REFUSED}),
        ((S.CLOSE_ASKED, S.CLOSE_REFUSED), ALWAYS | {S.CLOSE_ASKED}),
        ((S.CLOSE_ASKED, S.CLOSED), set()),
    ],
)
def test_every_step_is_allowed_or_refused(made, allowed):
    for step in FollowUpStep:
        if step in allowed:
            check_step(history(*made), step, OTHER)
        else:
            with pytest.raises(RefusedError):
                check_step(history(*made), step, OTHER)


@pytest.mark.parametrize("step", [S.CLOSED, S.CLOSE_REFUSED])
def test_whoever_asked_to_close_does_not_decide(step):
    with pytest.raises(ForbiddenError):
        check_step(history(S.CLOSE_ASKED), step, ONE)


def test_what_was_ordered_is_due_until_it_was_checked_again():
    assert find_due(history()) is None
    assert find_due(history(S.ORDERED, S.NOTED)) == DUE
    assert find_due(history(S.ORDERED, S.RECHECKED)) is None
    assert find_due(history(S.ORDERED, S.RECHECKED, S.ORDERED)) == DUE


def test_a_follow_up_is_closed_by_its_last_step_alone():
    assert not is_closed(history(S.ORDERED, S.CLOSE_ASKED, S.CLOSE_REFUSED))
    assert is_closed(history(S.CLOSE_ASKED, S.CLOSED))


@pytest.mark.parametrize(
    ("new", "at"),
    [
        (NewStep(step=S.ORDERED, on=DAY), {"due_on", "document", "text"}),
        (NewStep(step=S.ORDERED, on=DAY, due_on=date(2026, 12, 3), document="1", text="a"), {"due_on"}),
        (NewStep(step=S.ORDERED, on=DAY, due_on=DAY, document="1", text="a"), set()),
        (NewStep(step=S.HANDED_OVER, on=DAY), {"document", "to_body", "text"}),
        (NewStep(step=S.PENALTY, on=DAY, text="a"), {"document"}),
        (NewStep(step=S.RECHECKED, on=DAY), {"text"}),
        (NewStep(step=S.CLOSED, on=DAY), set()),
        (NewStep(step=S.NOTED, on=date(2026, 12, 2), text="a"), {"on"}),
        (NewStep(step=S.NOTED, on=date(2026, 12, 6), text="a"), {"on"}),
    ],
)
def test_all_that_a_step_lacks_is_told(new, at):
    assert {fault.at for fault in find_faults(new, date(2026, 12, 3), date(2026, 12, 5))} == at
