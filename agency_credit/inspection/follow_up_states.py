"""What may follow what until a problem that an inspection found is closed (未完结 → 已完结)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agency_credit.domain.errors import Fault, ForbiddenError, RefusedError


class FollowUpStep(StrEnum):
    """A step of a follow-up."""

    ORDERED = "ordered"
    RECHECKED = "rechecked"
    PENALTY = "penalty"
    HANDED_OVER = "handed-over"
    REPLIED = "replied"
    NOTED = "noted"
    CLOSE_ASKED = "close-asked"
    CLOSE_REFUSED = "close-refused"
    CLOSED = "closed"


DECISIONS = frozenset({FollowUpStep.CLOSED, FollowUpStep.CLOSE_REFUSED})
"""What a second person says when a first one asked to close."""
WITH_DOCUMENT = frozenset({FollowUpStep.ORDERED, FollowUpStep.PENALTY, FollowUpStep.HANDED_OVER})
"""Steps that are a paper with a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A step that was made: by whom, on which day, and by when it asks for something."""

    step: FollowUpStep
    by: int
    on: date
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step that somebody makes.

    Parameters
    ----------
    on
        The day of the paper or the visit.
    due_on
        By when the agency has to put it right; of an order alone.
    document
        Number of the order, the penalty decision or the letter of transfer.
    body
        To which body it was handed over.
    text
        What is ordered, was found, was answered.
    """

    step: FollowUpStep
    on: date
    due_on: date | None = None
    document: str = ""
    body: str = ""
    text: str = ""


def is_closed(history: Sequence[Made]) -> bool:
    """Whether the follow-up has come to its end."""
    return any(made.step is FollowUpStep.CLOSED for made in history)


def find_due(history: Sequence[Made]) -> date | None:
    """By when the agency has to put it right, where it was ordered and not checked again since."""
    due_on = None
    for made in history:
        if made.step is FollowUpStep.ORDERED:
            due_on = made.due_on
        elif made.step in (FollowUpStep.RECHECKED, FollowUpStep.CLOSED):
            due_on = None
    return due_on


def check_step(history: Sequence[Made], step: FollowUpStep, person: int) -> None:
    """Let a step pass that follows from where the follow-up stands.

    Raises
    ------
    RefusedError
        It is closed, waits for the decision on closing, or the step before is missing.
    ForbiddenError
        Whoever asked to close does not decide about it.
    """
    if is_closed(history):
        raise RefusedError("follow-up.closed", "this follow-up is closed; nothing is added to it any more")
    last = history[-1] if history else None
    is_asked = last is not None and last.step is FollowUpStep.CLOSE_ASKED
    if step in DECISIONS:
        if last is None or not is_asked:
            raise RefusedError("follow-up.close-unasked", "nobody asked to close this follow-up")
        if last.by == person:
            raise ForbiddenError(
                "follow-up.same-person",
                "whoever asked to close a follow-up does not decide; a second person must",
            )
        return
    if is_asked:
        raise RefusedError(
            "follow-up.close-asked", "somebody asked to close this follow-up; that is decided first"
        )
    made = {item.step for item in history}
    if step is FollowUpStep.RECHECKED and FollowUpStep.ORDERED not in made:
        raise RefusedError("follow-up.unordered", "nothing was ordered that could be checked again")
    if step is FollowUpStep.REPLIED and FollowUpStep.HANDED_OVER not in made:
        raise RefusedError("follow-up.not-handed-over", "this was not handed over to another body")
    if step is FollowUpStep.CLOSE_ASKED and find_due(history) is not None:
        raise RefusedError(
            "follow-up.unchecked",
            "what was ordered has not been checked again; write down what was found first",
        )


def find_faults(new: NewStep, first_on: date, today: date) -> Iterator[Fault]:
    """What is wrong with a step in itself.

    Parameters
    ----------
    first_on
        The day of the inspection; nothing followed it earlier.
    """
    if not first_on <= new.on <= today:
        yield Fault(
            at="on",
            code="follow-up.day",
            template="the day lies between the inspection on {first} and today, {last}",
            params={"first": first_on.isoformat(), "last": today.isoformat()},
        )
    if new.step is FollowUpStep.ORDERED and (new.due_on is None or new.due_on < new.on):
        yield Fault(at="due_on", code="follow-up.due", template="say by when the agency has to put it right")
    if new.step in WITH_DOCUMENT and not new.document:
        yield Fault(
            at="document", code="follow-up.document", template="write down the number of the document"
        )
    if new.step is FollowUpStep.HANDED_OVER and not new.body:
        yield Fault(at="to_body", code="follow-up.body", template="say to which body it was handed over")
    if new.step is not FollowUpStep.CLOSED and not new.text:
        yield Fault(
            at="text", code="follow-up.text", template="say in words what was ordered, found or answered"
        )
