"""What an agency may know of an inspection of itself, state by state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agency_credit.inspection.agency_knowledge import (
    Knowledge,
    Signs,
    Version,
    find_knowledge,
    find_met_at,
    is_seat_known,
)
from agency_credit.inspection.result_states import ResultState

AT = datetime(2026, 12, 4, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=3)
STANDING = {ResultState.REVIEWED, ResultState.PUBLISHED, ResultState.WITHDRAWN}


def version(state, at=AT, *, is_advised=False):
    return Version(state=state, entered_at=at, is_advised=is_advised)


def test_without_any_sign_there_is_no_inspection():
    assert find_knowledge(Signs(is_public=False)) is Knowledge.NOTHING
    assert find_met_at(Signs(is_public=False)) is None


def test_a_public_draw_says_that_and_not_by_whom():
    assert find_knowledge(Signs(is_public=True)) is Knowledge.DRAWN


@pytest.mark.parametrize("is_public", [False, True])
@pytest.mark.parametrize(
    "signs",
    [
        {"arrived_at": (AT,)},
        {"asked_at": (AT,)},
        {"versions": (version(ResultState.RETURNED, is_advised=True),)},
        {"versions": (version(ResultState.REVIEWED),)},
    ],
)
def test_whoever_met_the_team_knows_it(signs, is_public):
    assert find_knowledge(Signs(is_public=is_public, **signs)) is Knowledge.MET
    assert find_met_at(Signs(is_public=is_public, **signs)) == AT


@pytest.mark.parametrize("state", list(ResultState))
def test_a_record_that_tells_of_no_meeting_counts_from_its_review_on(state):
    found = find_knowledge(Signs(is_public=False, versions=(version(state),)))
    assert found is (Knowledge.MET if state in STANDING else Knowledge.NOTHING)


def test_the_last_meeting_counts():
    signs = Signs(
        is_public=False, arrived_at=(AT,), versions=(version(ResultState.ENTERED, LATER, is_advised=True),)
    )
    assert find_met_at(signs) == LATER


@pytest.mark.parametrize(
    ("seated_at", "met_at", "is_known"),
    [
        ((), None, False),
        ((), AT, True),
        ((AT,), AT, True),
        ((LATER,), AT, False),
        ((AT, LATER), AT, False),
        ((AT, LATER), LATER, True),
    ],
)
def test_whoever_took_a_seat_after_the_meeting_is_still_to_come(seated_at, met_at, is_known):
    assert is_seat_known(seated_at, met_at) is is_known
