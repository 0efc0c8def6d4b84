"""Who inspects whom (draw-protocol.md, section 7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The inspectors of a unit by seat, null where nobody could be seated."""

    unit: str
    inspectors: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfilledSeat:
    """A seat, counted from 0, that no arrangement fills together with those filled before it."""

    unit: str
    seat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """The teams in ticket order of their units; unfilled seats in the order of being called."""

    teams: tuple[Team, ...]
    unfilled: tuple[UnfilledSeat, ...]

    def loads(self) -> dict[str, int]:
        """Number of targets of each inspector who has any."""
        return dict(Counter(who for team in self.teams for who in team.inspectors if who is not None))
