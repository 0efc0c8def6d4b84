"""What an agency may know of an inspection of itself, and from when on: never before its team told it.

Whom a draw picked stays secret until its files are public, which may be after the visits; who comes stays
secret until he is there. Who was there, or has the notice in hand, knows both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agency_credit.inspection.result_states import ResultState


class Knowledge(StrEnum):
    """How much the agency may know.

    ``NOTHING``: for it there is no such inspection. ``DRAWN``: that it will be inspected, as everybody can
    read, and not by whom. ``MET``: the notice, the team, and what comes of it.
    """

    NOTHING = "nothing"
    DRAWN = "drawn"
    MET = "met"


STANDING = frozenset({ResultState.REVIEWED, ResultState.PUBLISHED, ResultState.WITHDRAWN})
"""Of a result in these states the agency gets the notice, or got it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a result, as far as it shows that the agency was told.

    Parameters
    ----------
    is_advised
        Whether its form says when the team told the agency of its rights.
    """

    state: ResultState
    entered_at: datetime
    is_advised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What shows that the agency was told.

    Parameters
    ----------
    is_public
        Whether the files of its draw are public; of an inspection on a lead never.
    arrived_at
        When members of the team scanned the papers on arrival.
    asked_at
        When it was written down that the agency asked one of the team to step back: it knew him.
    """

    is_public: bool
    arrived_at: tuple[datetime, ...] = ()
    asked_at: tuple[datetime, ...] = ()
    versions: tuple[Version, ...] = ()


def find_met_at(signs: Signs) -> datetime | None:
    """The last instant at which the agency had its team before it, or the result in hand; None: not yet.

    A record that was typed in and says nothing of the agency being told is no such sign: where nobody was
    found, nobody was told.
    """
    return max(_meetings(signs), default=None)


def find_knowledge(signs: Signs) -> Knowledge:
    """How much the agency may know now."""
    if any(True for _ in _meetings(signs)):
        return Knowledge.MET
    return Knowledge.DRAWN if signs.is_public else Knowledge.NOTHING


def is_seat_known(seated_at: Iterable[datetime], met_at: datetime | None) -> bool:
    """Whether the agency may know who sits on a seat: nobody took it after the team was last there."""
    return met_at is not None and all(at <= met_at for at in seated_at)


def _meetings(signs: Signs) -> Iterable[datetime]:
    yield from signs.arrived_at
    yield from signs.asked_at
    for version in signs.versions:
        if version.is_advised or version.state in STANDING:
            yield version.entered_at
