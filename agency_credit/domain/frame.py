"""One line of a frame: a unit that may be inspected (draw-protocol.md, section 1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Why a unit is outside the lottery: the rule, and what is the case."""

    basis: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameUnit:
    """A unit of the frame; the fields stand in canonical order and are written in it.

    Parameters
    ----------
    area
        Code of the place, may be empty; matched by prefix against the inspectors' areas.
    excluded
        Why the unit cannot be drawn; null for all others. Never together with `mandatory`.
    mandatory
        Why the unit is inspected without lot.
    size
        1 or more; the weight in a Pareto draw.
    """

    area: str
    excluded: Ground | None
    mandatory: Ground | None
    size: int
    stratum: str
    unit: str
