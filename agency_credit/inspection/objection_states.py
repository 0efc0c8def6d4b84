"""What may follow what until an objection (异议) is decided or taken back.

opened -> (extended) -> proposed -> decided, or returned and proposed anew; or withdrawn by the agency before
that. Nobody decides what he proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agency_credit.domain.errors import ForbiddenError, RefusedError


class ObjectionStep(StrEnum):
    """A step of an objection."""

    OPENED = "opened"
    EXTENDED = "extended"
    PROPOSED = "proposed"
    RETURNED = "returned"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class ObjectionState(StrEnum):
    """Where an objection stands; `NONE`: nobody has opened it."""

    NONE = "none"
    OPEN = "open"
    PROPOSED = "proposed"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What is decided: the record goes, is changed, or stands."""

    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"


CLOSING = frozenset({ObjectionStep.DECIDED, ObjectionStep.WITHDRAWN})
"""Steps after which nothing follows."""
OF_AGENCY = frozenset({ObjectionStep.OPENED, ObjectionStep.WITHDRAWN})
"""Steps that the agency takes; the office takes the others."""

_AFTER = {
    ObjectionStep.OPENED: ObjectionState.OPEN,
    ObjectionStep.EXTENDED: ObjectionState.OPEN,
    ObjectionStep.PROPOSED: ObjectionState.PROPOSED,
    ObjectionStep.RETURNED: ObjectionState.OPEN,
    ObjectionStep.DECIDED: ObjectionState.DECIDED,
    ObjectionStep.WITHDRAWN: ObjectionState.WITHDRAWN,
}
_FROM = {
    ObjectionStep.OPENED: {ObjectionState.NONE},
    ObjectionStep.EXTENDED: {ObjectionState.OPEN},
    ObjectionStep.PROPOSED: {ObjectionState.OPEN},
    ObjectionStep.RETURNED: {ObjectionState.PROPOSED},
    ObjectionStep.DECIDED: {ObjectionState.PROPOSED},
    ObjectionStep.WITHDRAWN: {ObjectionState.OPEN, ObjectionState.PROPOSED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A step that was taken: by whom, and by when it promises an answer."""

    step: ObjectionStep
    by: int
    due_on: date | None = None


def state_of(history: Sequence[Made]) -> ObjectionState:
    """Where an objection stands after these steps."""
    return _AFTER[history[-1].step] if history else ObjectionState.NONE


def proposer_of(history: Sequence[Made]) -> int | None:
    """Who proposed the verdict that waits; None: none waits."""
    last = history[-1] if history else None
    return last.by if last is not None and last.step is ObjectionStep.PROPOSED else None


def due_of(history: Sequence[Made]) -> date | None:
    """By when an answer is promised; None: no day is."""
    return max((made.due_on for made in history if made.due_on is not None), default=None)


def check_step(history: Sequence[Made], step: ObjectionStep, person: int, today: date) -> None:
    """Let a step pass that follows from where the objection stands.

    Raises
    ------
    RefusedError
        It is over, waits for the decision, or has nothing to decide; it was extended before, or its day has
        passed: a promise that is broken is not prolonged.
    ForbiddenError
        Whoever proposed the verdict decides about it.
    """
    state = state_of(history)
    if state not in _FROM[step]:
        raise _refusal(state, step)
    if step is ObjectionStep.EXTENDED:
        if any(made.step is ObjectionStep.EXTENDED for made in history):
            raise RefusedError("objection.extended", "the days of this objection were extended before")
        due_on = due_of(history)
        if due_on is not None and due_on < today:
            raise RefusedError(
                "objection.late",
                "the promised day, {day}, has passed; the days cannot be extended any more",
                day=due_on.isoformat(),
            )
    if step in (ObjectionStep.DECIDED, ObjectionStep.RETURNED) and proposer_of(history) == person:
        raise ForbiddenError(
            "objection.same-person", "whoever proposed the verdict does not decide; a second person must"
        )


def _refusal(state: ObjectionState, step: ObjectionStep) -> RefusedError:
    if state in (ObjectionState.DECIDED, ObjectionState.WITHDRAWN):
        return RefusedError("objection.closed", "this objection is closed; nothing follows any more")
    if state is ObjectionState.NONE:
        return RefusedError("objection.unopened", "nobody has opened this objection")
    if state is ObjectionState.PROPOSED:
        return RefusedError("objection.proposed", "a verdict is proposed already; it is decided first")
    if step is ObjectionStep.OPENED:
        return RefusedError("objection.opened", "this objection is open already")
    return RefusedError("objection.unproposed", "nobody has proposed a verdict; that comes first")
