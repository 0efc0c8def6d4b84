"""A frame as a list to look through: by stratum, place in the draw or part of a name; page by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agency_credit.services.frame import FrameLine

PLACES = ("lottery", "mandatory", "excluded")
"""Where a unit stands: in the lottery, inspected without lot, left out."""
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameQuery:
    """What somebody looks for in a frame; empty texts ask for nothing. `page` counts from 1."""

    text: str = ""
    stratum: str = ""
    place: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePage:
    """A page of the lines that were found."""

    lines: tuple[FrameLine, ...]
    n_found: int
    page: int
    n_pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumCount:
    """A stratum of a frame by where its units stand."""

    stratum: str
    lottery: int
    mandatory: int
    excluded: int


def place_of(line: FrameLine) -> str:
    """Where a unit stands."""
    return "mandatory" if line.mandatory else "excluded" if line.excluded else "lottery"


def find_lines(lines: Iterable[FrameLine], query: FrameQuery) -> tuple[FrameLine, ...]:
    """The lines that fit, those outside the lottery first."""
    wanted = query.text.strip().lower()
    found = [
        line
        for line in lines
        if (not query.stratum or line.stratum == query.stratum)
        and (not query.place or place_of(line) == query.place)
        and (not wanted or wanted in line.name.lower() or wanted in line.unit.lower())
    ]
    return tuple(sorted(found, key=lambda line: (place_of(line) == "lottery", line.stratum, line.unit)))


def page_of(lines: Sequence[FrameLine], page: int) -> FramePage:
    """A page of `lines`; the last one where `page` is beyond it."""
    n_pages = max(1, -(-len(lines) // PAGE_SIZE))
    page = min(max(1, page), n_pages)
    start = (page - 1) * PAGE_SIZE
    return FramePage(
        lines=tuple(lines[start : start + PAGE_SIZE]), n_found=len(lines), page=page, n_pages=n_pages
    )


def count_places(lines: Iterable[FrameLine]) -> tuple[StratumCount, ...]:
    """How many units of each stratum stand where, by stratum."""
    counts: dict[str, dict[str, int]] = {}
    for line in lines:
        counts.setdefault(line.stratum, dict.fromkeys(PLACES, 0))[place_of(line)] += 1
    return tuple(StratumCount(stratum=stratum, **counts[stratum]) for stratum in sorted(counts))
