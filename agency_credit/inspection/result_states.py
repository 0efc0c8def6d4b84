"""The states of one version of a result and the only steps between them (四眼: entered, then reviewed)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from agency_credit.domain.errors import ForbiddenError, RefusedError


class ResultState(StrEnum):
    """Where a version of a result stands."""

    ENTERED = "entered"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    PUBLISHED = "published"


TRANSITIONS: Mapping[ResultState, frozenset[ResultState]] = MappingProxyType(
    {
        ResultState.ENTERED: frozenset({ResultState.RETURNED, ResultState.REVIEWED}),
        ResultState.RETURNED: frozenset(),
        ResultState.REVIEWED: frozenset({ResultState.PUBLISHED}),
        ResultState.PUBLISHED: frozenset(),
    }
)
"""What may follow; after `RETURNED` the team enters a new version."""


def check_enter(latest: ResultState | None) -> None:
    """A version is entered where there is none, or where the newest one was returned."""
    if latest not in (None, ResultState.RETURNED):
        raise RefusedError(
            "result.exists",
            "a result was already entered; it can be changed only after it has been returned",
        )


def check_judge(latest: ResultState | None, entered_by: int | None, person: int) -> None:
    """An entered version is reviewed or returned by somebody else than who entered it."""
    if latest is None or ResultState.REVIEWED not in TRANSITIONS[latest]:
        raise RefusedError("result.not-waiting", "no result of this inspection waits for a review")
    if entered_by == person:
        raise ForbiddenError(
            "result.same-person", "whoever entered a result cannot review it; a second person must"
        )


def check_publish(latest: ResultState | None, unit: str) -> None:
    """A reviewed version is published, once."""
    if latest is None or ResultState.PUBLISHED not in TRANSITIONS[latest]:
        raise RefusedError(
            "result.unreviewed",
            "the result for {unit} has not been reviewed by a second person",
            unit=unit,
        )
