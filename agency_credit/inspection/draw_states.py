"""States of a draw and the only permitted steps (docs/spec/draw-protocol.md, section 9).

Pure: steps made so far, times and people are handed in; a step that may not be made raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError


class DrawState(StrEnum):
    """Where a draw stands; the name of its last step."""

    DRAFTED = "drafted"
    ANNOUNCED = "announced"
    APPROVED = "approved"
    DRAWN = "drawn"
    PUBLISHED = "published"
    VOIDED = "voided"


NEXT = {
    DrawState.DRAFTED: (DrawState.ANNOUNCED,),
    DrawState.ANNOUNCED: (DrawState.APPROVED, DrawState.VOIDED),
    DrawState.APPROVED: (DrawState.DRAWN, DrawState.VOIDED),
    DrawState.DRAWN: (DrawState.PUBLISHED, DrawState.VOIDED),
    DrawState.PUBLISHED: (DrawState.VOIDED,),
    DrawState.VOIDED: (),
}
"""The steps that lead on from each state; there are no others."""

DRAW_WITHIN = timedelta(hours=24)
"""A draw is made so long after the last public value; later it is reported as late (section 9)."""

STATED = "stated"
LATE_VOID_REASONS = ("nonce-missing", "nonce-wrong", "event-missing", "frame-wrong", "ordered")
"""What voids a draw once a public value can be known; before that, any stated reason does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was made: its name, when, and by which person."""

    step: str
    at: datetime
    by: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawHistory:
    """What happened to a draw so far; `drafted_by` is the person who drafted it."""

    draw: str
    drafted_by: int
    steps: tuple[Step, ...]

    @property
    def state(self) -> DrawState:
        """Where the draw stands."""
        made = [step.step for step in self.steps if step.step in set(DrawState)]
        return DrawState(made[-1]) if made else DrawState.DRAFTED

    def find(self, step: str) -> Step | None:
        """The step of this name, if it was made."""
        return next((made for made in self.steps if made.step == step), None)


def check_announce(history: DrawHistory, first_value_at: datetime, now: datetime) -> None:
    """The plan may be announced: a draft, and before the first public value can be known."""
    _check_next(history, DrawState.ANNOUNCED)
    if first_value_at <= now:
        raise RefusedError(
            "draw.entropy-past",
            "the first public value comes at {at}, which is past; name an event still to come",
            at=first_value_at.isoformat(),
        )


def check_approve(history: DrawHistory, person: int, first_value_at: datetime, now: datetime) -> None:
    """A second person may approve: neither drafter nor announcer, before the first public value."""
    _check_next(history, DrawState.APPROVED)
    announced = history.find("announced")
    if person == history.drafted_by or (announced and person == announced.by):
        raise ForbiddenError(
            "draw.same-person", "whoever drafted or announced a draw cannot approve it; a second person must"
        )
    if first_value_at <= now:
        raise RefusedError(
            "draw.approved-late",
            "the first public value could be known since {at}; void this draw and announce a new one",
            at=first_value_at.isoformat(),
        )


def check_value(history: DrawHistory, known_from: datetime, now: datetime) -> None:
    """A value may be entered: approved, not drawn, and not before it can exist."""
    if history.state is not DrawState.APPROVED:
        _check_next(history, DrawState.DRAWN)
    if now < known_from:
        raise RefusedError(
            "value.early", "this value cannot exist before {at}; enter it then", at=known_from.isoformat()
        )


def check_draw(history: DrawHistory) -> None:
    """The draw may be made: approved, and nobody has drawn."""
    _check_next(history, DrawState.DRAWN)


def check_publish(history: DrawHistory) -> None:
    """The files may be published: drawn, not published, not voided."""
    _check_next(history, DrawState.PUBLISHED)


def check_names(history: DrawHistory) -> None:
    """Who served may be told: published, and not told yet."""
    if history.find("named"):
        raise ConflictError("draw.named", "who served in {draw} was told already", draw=history.draw)
    if history.state is not DrawState.PUBLISHED:
        raise RefusedError("draw.not-published", "{draw} is not published yet", draw=history.draw)


def check_void(history: DrawHistory, reason_code: str, first_value_at: datetime, now: datetime) -> None:
    """The draw may be voided for this reason now."""
    _check_next(history, DrawState.VOIDED)
    if reason_code not in (STATED, *LATE_VOID_REASONS):
        raise InputError("void.code", "{code} is no reason of the protocol", code=reason_code)
    if now >= first_value_at and reason_code == STATED:
        raise RefusedError(
            "void.late",
            "since {at} a public value can be known; a draw is then voided only as one of: {codes}",
            at=first_value_at.isoformat(),
            codes=", ".join(LATE_VOID_REASONS),
        )


def check_second_person(first: int, second: int) -> None:
    """Two different people."""
    if first == second:
        raise ForbiddenError("draw.two-people", "a second person must confirm this")


def is_late(last_value_at: datetime, now: datetime) -> bool:
    """Whether a draw made now is later than the protocol wants; it is reported, not refused."""
    return now > last_value_at + DRAW_WITHIN


def _check_next(history: DrawHistory, wanted: DrawState) -> None:
    state = history.state
    if wanted in NEXT[state]:
        return
    if history.find(wanted.value):
        raise ConflictError(
            f"draw.already-{wanted.value}",
            "{draw} is {state} already; this is done once and only once",
            draw=history.draw,
            state=wanted.value,
            link=f"/draws/{history.draw}",
        )
    raise RefusedError(
        f"draw.not-{wanted.value}-now",
        "{draw} is {state}; from there it cannot become {wanted}",
        draw=history.draw,
        state=state.value,
        wanted=wanted.value,
    )
