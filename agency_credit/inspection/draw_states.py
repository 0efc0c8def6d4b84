"""The states of a draw and the only steps between them (draw-protocol.md, section 9).

Every `check_` function lets a step pass silently or refuses it with a stable code. Persons are the
numbers of their accounts, instants are aware; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError

TO_DRAW = timedelta(hours=24)
"""How long after the last public value a draw is made; later is reported, not refused (section 9)."""


class DrawStep(StrEnum):
    """A step that somebody makes; each is made at most once for a draw."""

    ANNOUNCED = "announced"
    APPROVED = "approved"
    DRAWN = "drawn"
    PUBLISHED = "published"
    NAMED = "named"
    VOIDED = "voided"


class DrawState(StrEnum):
    """Where a draw stands; naming who served changes nothing about being published."""

    DRAFTED = "drafted"
    ANNOUNCED = "announced"
    APPROVED = "approved"
    DRAWN = "drawn"
    PUBLISHED = "published"
    VOIDED = "voided"


class VoidReason(StrEnum):
    """Why a draw is voided; after the first public value `STATED` is not enough any more."""

    STATED = "stated"
    NONCE_MISSING = "nonce-missing"
    NONCE_WRONG = "nonce-wrong"
    EVENT_MISSING = "event-missing"
    FRAME_WRONG = "frame-wrong"
    ORDERED = "ordered"


KEEPING = frozenset({VoidReason.NONCE_MISSING, VoidReason.NONCE_WRONG, VoidReason.EVENT_MISSING})
"""After these the new attempt keeps what was frozen (section 9)."""

TRANSITIONS: Mapping[DrawState, Mapping[DrawStep, DrawState]] = MappingProxyType(
    {
        DrawState.DRAFTED: {DrawStep.ANNOUNCED: DrawState.ANNOUNCED},
        DrawState.ANNOUNCED: {DrawStep.APPROVED: DrawState.APPROVED, DrawStep.VOIDED: DrawState.VOIDED},
        DrawState.APPROVED: {DrawStep.DRAWN: DrawState.DRAWN, DrawStep.VOIDED: DrawState.VOIDED},
        DrawState.DRAWN: {DrawStep.PUBLISHED: DrawState.PUBLISHED, DrawStep.VOIDED: DrawState.VOIDED},
        DrawState.PUBLISHED: {DrawStep.NAMED: DrawState.PUBLISHED, DrawStep.VOIDED: DrawState.VOIDED},
        DrawState.VOIDED: {},
    }
)
"""What may follow. Whether the inspections of a drawn draw are over is told by their results, no step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawHistory:
    """What has happened to a draw so far.

    Parameters
    ----------
    draw
        Its public identifier.
    drafted_by
        Who drafted the plan.
    changed_by
        Who changed the draft since.
    steps
        Who made each step, by step, in the order in which they were made.
    """

    draw: str
    drafted_by: int
    steps: Mapping[DrawStep, int]
    changed_by: frozenset[int] = frozenset()

    @property
    def authors(self) -> frozenset[int]:
        """Whoever had a hand in what was announced; none of them approves it."""
        announced = {by for step, by in self.steps.items() if step is DrawStep.ANNOUNCED}
        return frozenset({self.drafted_by, *self.changed_by, *announced})

    @property
    def state(self) -> DrawState:
        """Where the draw stands.

        Raises
        ------
        RefusedError
            The steps do not follow each other; the store was tampered with.
        """
        state = DrawState.DRAFTED
        for step in self.steps:
            following = TRANSITIONS[state].get(step)
            if following is None:
                raise RefusedError(
                    "draw.steps", "the steps stored for the draw {draw} contradict each other", draw=self.draw
                )
            state = following
        return state


def check_unannounced(history: DrawHistory) -> None:
    """Only a draft is announced; asked before anything is frozen."""
    _check_step(history, DrawStep.ANNOUNCED)


def check_announce(history: DrawHistory, first_value_at: datetime, now: datetime) -> None:
    """A draft is announced before the first public value can be known."""
    _check_step(history, DrawStep.ANNOUNCED)
    if now >= first_value_at:
        raise RefusedError(
            "draw.announced-late",
            "the first public value can be known since {at}; choose a later event and announce again",
            at=first_value_at.isoformat(),
        )


def check_approve(history: DrawHistory, person: int, first_value_at: datetime, now: datetime) -> None:
    """A second person approves, still before the first public value can be known."""
    _check_step(history, DrawStep.APPROVED)
    if person in history.authors:
        raise ForbiddenError(
            "draw.same-person",
            "whoever drafted, changed or announced a draw cannot approve it; a second person must",
        )
    if now >= first_value_at:
        raise RefusedError(
            "draw.approved-late",
            "the first public value can be known since {at}, so this draw cannot be approved any more;"
            " draft a new one",
            at=first_value_at.isoformat(),
        )


def has_lapsed(steps: Collection[str], first_value_at: datetime | None, now: datetime) -> bool:
    """Whether an announced draw was not approved in time: nothing can follow, and it has no outcome.

    Parameters
    ----------
    steps
        Those that were made.
    first_value_at
        When its first public value can be known; None: it says no time.
    """
    is_waiting = DrawStep.ANNOUNCED in steps and not {DrawStep.APPROVED, DrawStep.VOIDED} & set(steps)
    return is_waiting and first_value_at is not None and now >= first_value_at


def check_value(history: DrawHistory, at: datetime, now: datetime) -> None:
    """A value is entered into an approved draw, not before `at`, the time of its event."""
    _check_step(history, DrawStep.DRAWN)
    if now < at:
        raise RefusedError(
            "value.early",
            "this value cannot be known before {at}; enter it then",
            at=at.isoformat(),
        )


def check_draw(history: DrawHistory) -> None:
    """An approved draw is drawn, once."""
    _check_step(history, DrawStep.DRAWN)


def check_publish(history: DrawHistory) -> None:
    """A drawn draw is published; whether its inspections are over is the plan's question."""
    _check_step(history, DrawStep.PUBLISHED)


def check_names(history: DrawHistory) -> None:
    """Who served is told once, after publication."""
    _check_step(history, DrawStep.NAMED)


def check_teams(history: DrawHistory) -> None:
    """Reserves are called and teams changed between the draw and its end; a voided draw has no teams."""
    state = history.state
    if state not in (DrawState.DRAWN, DrawState.PUBLISHED):
        raise _out_of_order(history.draw, state)


def check_void(history: DrawHistory, reason_code: str, first_value_at: datetime, now: datetime) -> None:
    """A draw is voided: for any stated reason before the first public value, after it for five only.

    A draw that is published can still be voided (a court may order it); it stays visible for ever. Once
    it is drawn, a nonce can be neither missing nor wrong: drawing checked every one of them.
    """
    _check_step(history, DrawStep.VOIDED)
    if reason_code not in set(VoidReason):
        raise InputError(
            "void.reason-unknown", "choose one of these reasons: {known}", known=", ".join(VoidReason)
        )
    if reason_code == VoidReason.STATED and now >= first_value_at:
        raise RefusedError(
            "void.reason-late",
            "the first public value can be known since {at}; from then on only these reasons count: {known}",
            at=first_value_at.isoformat(),
            known=", ".join(reason for reason in VoidReason if reason is not VoidReason.STATED),
        )
    about_nonce = reason_code in (VoidReason.NONCE_MISSING, VoidReason.NONCE_WRONG)
    if about_nonce and DrawStep.DRAWN in history.steps:
        raise RefusedError(
            "void.nonce-fits",
            "the draw was made with every nonce, and each fits its commitment; this reason cannot be true",
        )


def check_second_person(first: int, second: int) -> None:
    """Voiding takes two people: the one who asked does not confirm."""
    if first == second:
        raise ForbiddenError(
            "void.same-person", "whoever asked to void a draw cannot confirm it; a second person must"
        )


def lateness(last_value_at: datetime, drawn_at: datetime) -> timedelta | None:
    """By how much the draw came later than 24 hours after the last public value; None: in time."""
    late = drawn_at - last_value_at - TO_DRAW
    return late if late > timedelta(0) else None


def _check_step(history: DrawHistory, step: DrawStep) -> None:
    """Refuse a step that does not follow from where the draw stands, and say what does."""
    state = history.state
    if step in history.steps:
        raise ConflictError(
            f"draw.{step}-already",
            "this step of the draw {draw} was made already; it is made once and only once",
            draw=history.draw,
            link=f"/draws/{history.draw}",
        )
    if step not in TRANSITIONS[state]:
        raise _out_of_order(history.draw, state)


def _out_of_order(draw: str, state: DrawState) -> RefusedError:
    if state is DrawState.DRAFTED:
        return RefusedError("draw.drafted", "the draw {draw} is still a draft; announce it first", draw=draw)
    if state is DrawState.ANNOUNCED:
        return RefusedError(
            "draw.unapproved", "the draw {draw} was not approved yet; a second person must do so", draw=draw
        )
    if state is DrawState.APPROVED:
        return RefusedError("draw.undrawn", "the draw {draw} was not drawn yet; draw first", draw=draw)
    if state is DrawState.VOIDED:
        return RefusedError("draw.voided", "the draw {draw} was voided; draft a new one", draw=draw)
    return RefusedError(
        "draw.unpublished", "the draw {draw} is not published yet; publish it first", draw=draw
    )
