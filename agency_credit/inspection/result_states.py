"""The states of one version of a result and the only steps between them.

未录入 → 待确认 → 待审核 → 审核退回 | 不通过 | 待公示 → 已公示 → 已撤下. A version never goes back: what is
mended, or corrected after publication, is the next version, which goes the same way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError

SMALLEST_TEAM = 2
"""行政处罚法 art 42: two inspectors at least."""


class ResultState(StrEnum):
    """Where a version of a result stands."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    REJECTED = "rejected"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


TRANSITIONS: Mapping[ResultState, frozenset[ResultState]] = MappingProxyType(
    {
        ResultState.ENTERED: frozenset({ResultState.CONFIRMED}),
        ResultState.CONFIRMED: frozenset(
            {ResultState.RETURNED, ResultState.REJECTED, ResultState.REVIEWED},
        ),
        ResultState.RETURNED: frozenset(),
        ResultState.REJECTED: frozenset(),
        ResultState.REVIEWED: frozenset({ResultState.PUBLISHED}),
        ResultState.PUBLISHED: frozenset({ResultState.WITHDRAWN}),
        ResultState.WITHDRAWN: frozenset(),
    }
)
"""What may become of a version."""

CHANGEABLE = frozenset({ResultState.ENTERED, ResultState.RETURNED, ResultState.REJECTED})
"""Not public yet and not with the reviewer: the team may hand in the next version."""
CORRECTABLE = frozenset({ResultState.PUBLISHED, ResultState.WITHDRAWN})
"""Public, or once public: the next version is a correction and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A version that the team hands in.

    Parameters
    ----------
    base
        The number of the version that the form was filled in upon, 0: none; None: a program that does not
        say, which may only enter where nothing has to be weighed.
    reason
        Why a published version is corrected.
    """

    inspected_on: date
    base: int | None
    reason: str


def check_enter(latest: ResultState | None, version: int, rejected_on: date | None, entry: Entry) -> None:
    """A version is entered first, in place of one that is not reviewed, or as a correction of a public one.

    Parameters
    ----------
    latest, version
        State and number of the newest version; None and 0 where there is none.
    rejected_on
        The day on which the newest version was rejected: what was not accepted is inspected anew.

    Raises
    ------
    RefusedError
        The newest version is with the reviewer or waits for its publication.
    ConflictError
        Another member handed in a version since this form was begun.
    InputError
        A correction without a reason; a visit from before the rejection.
    """
    if latest is not None and latest not in CHANGEABLE | CORRECTABLE:
        raise RefusedError(
            "result.exists",
            "a result was already entered; it can be changed only after it has been returned",
        )
    if entry.base is None and latest in CORRECTABLE | {ResultState.ENTERED}:
        raise RefusedError(
            "result.exists",
            "a result was already entered; it can be changed only after it has been returned",
        )
    if entry.base is not None and entry.base != version:
        raise ConflictError(
            "result.changed",
            "another member handed in version {version} meanwhile; compare it with yours and hand in again",
            version=version,
        )
    if latest in CORRECTABLE and not entry.reason:
        raise InputError("result.correction-reason", "say why the published result is corrected")
    if rejected_on is not None and entry.inspected_on < rejected_on:
        raise InputError(
            "result.inspect-anew",
            "the record was not accepted on {day}; the agency is inspected anew, on that day or later",
            day=rejected_on.isoformat(),
        )


def check_confirm(latest: ResultState | None, expected: str, digest: str) -> None:
    """A member confirms the newest version, over its digest and no other."""
    if latest is not ResultState.ENTERED:
        raise RefusedError("result.not-to-confirm", "no result of this inspection waits for confirmations")
    if digest != expected:
        raise ConflictError(
            "result.old-digest",
            "the form was changed after you read it; read it again and confirm what it says now",
        )


def is_confirmed(members: Collection[int | None], confirmed_by: Collection[int]) -> bool:
    """Whether all who sit on the team have confirmed, and they are two at least (行政处罚法 art 42)."""
    return None not in members and set(members) <= set(confirmed_by) and len(set(members)) >= SMALLEST_TEAM


def check_judge(
    latest: ResultState | None, step: ResultState, reason: str, hands: Collection[int | None], person: int
) -> None:
    """A confirmed version is reviewed, returned or rejected by somebody who had no hand in it.

    Parameters
    ----------
    hands
        Who entered or confirmed it, or sits on its team.
    """
    if latest is None or step not in TRANSITIONS[latest]:
        raise RefusedError("result.not-waiting", "no result of this inspection waits for a review")
    if person in hands:
        raise ForbiddenError(
            "result.same-person", "whoever entered a result cannot review it; a second person must"
        )
    if step is not ResultState.REVIEWED and not reason:
        raise RefusedError("result.reason", "say why the result goes back, so that it can be mended")


def check_publish(latest: ResultState | None, unit: str) -> None:
    """A reviewed version is published, once."""
    if latest is None or ResultState.PUBLISHED not in TRANSITIONS[latest]:
        raise RefusedError(
            "result.unreviewed",
            "the result for {unit} has not been reviewed by a second person",
            unit=unit,
        )


def check_withdraw(published: ResultState | None, asked_by: int | None, person: int) -> None:
    """A published version is withdrawn by another person than who asked for it."""
    if published is None or ResultState.WITHDRAWN not in TRANSITIONS[published]:
        raise RefusedError("result.not-published", "no result of this inspection is public")
    if asked_by is None:
        raise RefusedError("result.withdrawal-unasked", "nobody asked to withdraw this result yet")
    if asked_by == person:
        raise ForbiddenError(
            "result.withdrawal-same-person",
            "whoever asked to withdraw a result cannot confirm it; a second person must",
        )
