"""The plan of a draw: what is drawn from, how much, with whose chance (draw-protocol.md, section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

PROTOCOL = "double-random/1"


class Rounding(StrEnum):
    """What becomes of a fraction of a unit."""

    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


class SelectionMethod(StrEnum):
    """Equal chances in a stratum, or chances very nearly proportional to size."""

    TICKET = "ticket"
    PARETO = "pareto"


class PublicationTime(StrEnum):
    """When the files of the draw become public."""

    AT_ONCE = "at-once"
    AFTER_INSPECTION = "after-inspection"


class EntropyForm(StrEnum):
    """How a public outcome is written (section 4)."""

    SSQ = "ssq"
    DLT = "dlt"
    DIGITS = "digits"
    DICE = "dice"
    DRAND = "drand"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class TakeAll:
    """Every eligible unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCount:
    """So many units, or all where there are fewer."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeFraction:
    """A fraction of the eligible units, but no fewer than `minimum`.

    Parameters
    ----------
    fraction
        As written in the plan: ``"0.05"``, ``"7/100"``, ``"1"``; its digest is announced as written.
    """

    fraction: str
    minimum: int

    @property
    def value(self) -> Fraction:
        """The fraction as an exact number."""
        return Fraction(self.fraction)


Take = TakeAll | TakeCount | TakeFraction


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumRule:
    """How many units of a stratum are drawn."""

    stratum: str
    take: Take


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place in every team; who sits there has all of `skills`."""

    role: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentSource:
    """A party's sealed number: only its commitment is known until the reveal."""

    party: str
    commitment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSource:
    """An outcome to come that nobody chooses: which event, in which form, when (RFC 3339)."""

    event: str
    form: EntropyForm
    at: str

    @property
    def at_instant(self) -> datetime:
        """The instant at which the outcome can first be known."""
        return datetime.fromisoformat(self.at)


EntropySource = CommitmentSource | PublicSource


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawPlan:
    """A draw as announced; the meaning of each field is in draw-protocol.md, section 2."""

    draw: str
    title: str
    authority: str
    basis: tuple[str, ...]
    items: tuple[str, ...]
    entrustment: str | None
    publication: PublicationTime
    strata: tuple[StratumRule, ...]
    rounding: Rounding
    selection: SelectionMethod
    reserves: int
    supplements: str | None
    seats: tuple[Seat, ...]
    entropy: tuple[EntropySource, ...]

    @property
    def public_sources(self) -> tuple[PublicSource, ...]:
        """The public sources, in the plan's order."""
        return tuple(source for source in self.entropy if isinstance(source, PublicSource))

    @property
    def first_value_at(self) -> datetime:
        """When the first public value can be known; the announcement must be in the log before."""
        return min(source.at_instant for source in self.public_sources)
