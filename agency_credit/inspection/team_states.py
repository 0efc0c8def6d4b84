"""What may befall a team after the draw, and why (draw-protocol.md, sections 6 and 7).

A reserve is called for a unit that is gone, in the order of its stratum, never chosen. A seat of the lottery
is emptied for three reasons and filled again by a draw alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from agency_credit.domain.errors import ConflictError, InputError, RefusedError
from agency_credit.inspection.result_states import CHANGEABLE, CORRECTABLE, ResultState

Key = TypeVar("Key")


class ReserveReason(StrEnum):
    """Why a unit cannot be inspected any more: it is no more, or is outside the frame."""

    CLOSED = "closed"
    MOVED = "moved"
    CANCELLED = "cancelled"


UNREACHABLE = "unreachable"
"""People look for it among the reasons; it is none."""


class SeatReason(StrEnum):
    """Why somebody leaves a seat of the lottery."""

    RECUSAL = "recusal"
    ABSENCE = "absence"
    LEFT = "left"


def check_reserve_reason(code: str) -> None:
    """A reserve is called because the unit is gone; that nobody answers is a finding.

    Raises
    ------
    RefusedError
        `code` is `UNREACHABLE`.
    InputError
        It is no reason at all.
    """
    if code == UNREACHABLE:
        raise RefusedError(
            "reserve.unreachable",
            "being unreachable is a finding, not a reason to call a reserve: the team goes there and records"
            " what it finds",
        )
    if code not in set(ReserveReason):
        raise InputError(
            "reserve.reason", "choose one of these reasons: {known}", known=", ".join(ReserveReason)
        )


def check_seat_reason(code: str) -> None:
    """Somebody leaves a team for a reason of the protocol; raises InputError."""
    if code not in set(SeatReason):
        raise InputError("team.reason", "choose one of these reasons: {known}", known=", ".join(SeatReason))


def next_reserve(reserves: Sequence[str], n_called: int) -> str | None:
    """The reserve whose turn it is after `n_called` calls in its stratum; None: no reserve is left."""
    return reserves[n_called] if n_called < len(reserves) else None


def check_turn(proposed: str | None, due: str | None) -> None:
    """A reserve is called in its order.

    Raises
    ------
    ConflictError
        Another one's turn has come: the order has moved on since the call was proposed.
    """
    if proposed != due:
        raise ConflictError(
            "reserve.order",
            "reserves are called in their order, and it is no longer the turn of {proposed}; propose the call"
            " again",
            proposed=proposed or "—",
        )


def check_unvisited(latest: ResultState | None, unit: str) -> None:
    """Teams change before the visit; raises RefusedError where its result is with the reviewer or further.

    Parameters
    ----------
    latest
        State of the newest version of the result.
    """
    if latest in CORRECTABLE:
        raise RefusedError(
            "team.result-published",
            "the result for {unit} is published: who inspected it can no longer change",
            unit=unit,
        )
    if latest is not None and latest not in CHANGEABLE:
        raise RefusedError(
            "team.result-entered",
            "a result for {unit} was entered; the team changes only after it has been returned",
            unit=unit,
        )


def missing_sets(seats: Mapping[Key, Sequence[int | None]]) -> dict[tuple[int, ...], list[Key]]:
    """Targets by the set of their empty seats: a supplementary draw for each (section 7).

    Parameters
    ----------
    seats
        Who sits where on each target, by the number of the seat; None: nobody.
    """
    groups: dict[tuple[int, ...], list[Key]] = {}
    for target, sitting in seats.items():
        missing = tuple(number for number, inspector in enumerate(sitting) if inspector is None)
        if missing:
            groups.setdefault(missing, []).append(target)
    return dict(sorted(groups.items()))
