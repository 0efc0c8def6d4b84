"""What may follow what until an application for repair is decided (申请 → 补正 → 拟办 → 决定)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agency_credit.domain.errors import ConflictError, ForbiddenError, RefusedError


class RepairStep(StrEnum):
    """A step of an application."""

    APPLIED = "applied"
    RETURNED = "returned"
    """To the agency, which completes it."""

    AMENDED = "amended"
    PROPOSED = "proposed"
    SENT_BACK = "sent-back"
    """By the second person, to whoever proposed."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OF_AGENCY = frozenset({RepairStep.APPLIED, RepairStep.AMENDED, RepairStep.WITHDRAWN})
"""Steps of the agency; all others are the office's."""
OF_SECOND_PERSON = frozenset({RepairStep.SENT_BACK, RepairStep.GRANTED, RepairStep.REFUSED})
CLOSING = frozenset({RepairStep.GRANTED, RepairStep.REFUSED, RepairStep.WITHDRAWN})

_FOLLOWS: dict[RepairStep | None, frozenset[RepairStep]] = {
    None: frozenset({RepairStep.APPLIED}),
    **dict.fromkeys(
        (RepairStep.APPLIED, RepairStep.AMENDED, RepairStep.SENT_BACK),
        frozenset({RepairStep.RETURNED, RepairStep.PROPOSED, RepairStep.WITHDRAWN}),
    ),
    RepairStep.RETURNED: frozenset({RepairStep.AMENDED, RepairStep.WITHDRAWN}),
    RepairStep.PROPOSED: OF_SECOND_PERSON | {RepairStep.WITHDRAWN},
    **dict.fromkeys(CLOSING, frozenset[RepairStep]()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairMade:
    """A step that was made, and by whom; `verdict`: what a proposal proposes."""

    step: RepairStep
    by: int
    verdict: RepairStep | None = None


def allowed_steps(history: Sequence[RepairMade]) -> frozenset[RepairStep]:
    """What may follow; empty once it is over."""
    return _FOLLOWS[history[-1].step if history else None]


def check_repair_step(history: Sequence[RepairMade], step: RepairStep, person: int) -> None:
    """Let a step pass that follows from where the application stands.

    Raises
    ------
    ConflictError
        It was decided or withdrawn before.
    RefusedError
        It does not follow; the decision is another than was proposed.
    ForbiddenError
        Whoever proposed does not decide.
    """
    last = history[-1] if history else None
    if last is not None and last.step in CLOSING:
        raise ConflictError(
            "repair.closed", "this application was decided or withdrawn before; nothing is added to it"
        )
    if step not in allowed_steps(history):
        raise RefusedError(
            "repair.step",
            "this does not follow from where the application stands now; open its page anew",
        )
    if last is not None and step in OF_SECOND_PERSON:
        if last.by == person:
            raise ForbiddenError(
                "repair.same-person", "whoever proposed a decision does not decide; a second person must"
            )
        if step is not RepairStep.SENT_BACK and step is not last.verdict:
            raise RefusedError(
                "repair.other-verdict",
                "another decision was proposed; send the proposal back and say why",
            )
