"""Who may inspect, and whom not: the frozen roster and the recusals (draw-protocol.md, section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from agency_credit.domain.plan import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterInspector:
    """An inspector of the roster; the fields stand in canonical order and are written in it.

    Parameters
    ----------
    areas
        Prefixes of the areas where the inspector may be sent, sorted; none means everywhere.
    inspector
        Pseudonym in this draw (section 8).
    limit
        Most targets in this draw.
    skills
        Sorted.
    """

    areas: tuple[str, ...]
    inspector: str
    limit: int
    skills: tuple[str, ...]

    def is_sent_to(self, area: str) -> bool:
        """Whether the inspector may be sent to `area`."""
        return not self.areas or area.startswith(self.areas)

    def is_fit_for(self, seat: Seat) -> bool:
        """Whether the inspector has all skills of `seat`."""
        return set(self.skills).issuperset(seat.skills)


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorRoster:
    """The frozen roster, sorted by `inspector`."""

    inspectors: tuple[RosterInspector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recusal:
    """An inspector and a unit that must not meet."""

    inspector: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recusals:
    """All recusals of a draw, sorted by unit, then inspector."""

    pairs: tuple[Recusal, ...]

    def by_unit(self) -> dict[str, set[str]]:
        """The inspectors recused from each unit that has any."""
        recused: dict[str, set[str]] = {}
        for pair in self.pairs:
            recused.setdefault(pair.unit, set()).add(pair.inspector)
        return recused


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedInspector:
    """A line of `names.jsonl`: who an inspector was, told after the visits (section 8)."""

    certificate: str
    inspector: str
    name: str
    salt: str
