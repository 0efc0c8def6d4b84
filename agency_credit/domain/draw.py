"""What is announced before a draw and revealed for it (draw-protocol.md, sections 1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass

from agency_credit.domain.canonical import Root


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What binds a draw to its files before chance is known; `plan` is the digest of plan.json."""

    draw: str
    inspectors: Root
    plan: str
    recusals: Root
    targets: Root


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """The values of the sources of a draw, in the plan's order."""

    draw: str
    values: tuple[str, ...]
