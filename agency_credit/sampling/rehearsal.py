"""A draw played with made-up seeds, to see sizes, loads and gaps beforehand (draw-protocol.md, section 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from agency_credit.domain.canonical import digest
from agency_credit.sampling.announcement import announce, format_announcement
from agency_credit.sampling.assignment import assign
from agency_credit.sampling.result import DrawFiles
from agency_credit.sampling.selection import select


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of `times` rehearsals; each distribution is value -> how often.

    Parameters
    ----------
    drawn
        Number of units drawn by lot, counted by rehearsal.
    loads
        Number of targets of an inspector, counted by inspector and rehearsal.
    unfilled
        Number of seats left unfilled, counted by rehearsal.
    """

    times: int
    drawn: Mapping[int, int]
    loads: Mapping[int, int]
    unfilled: Mapping[int, int]


def rehearse(files: DrawFiles, times: int) -> Rehearsal:
    """Play the draw `times` times.

    The seeds are digests of the announcement and a counter under a name that no real seed is made
    with: the same files give the same rehearsal, which tells nothing about the draw.
    """
    announcement = digest(
        format_announcement(announce(files.plan, files.frame, files.roster, files.recusals))
    )
    drawn: Counter[int] = Counter()
    loads: Counter[int] = Counter()
    unfilled: Counter[int] = Counter()
    for n in range(times):
        seed = digest(f"double-random/1 rehearsal\n{announcement}\n{n}\n".encode())
        selection = select(files.frame, files.plan, seed)
        teams = assign(selection, files.plan, files.roster, files.recusals, seed)
        load = teams.loads()
        drawn[sum(stratum.take for stratum in selection.strata)] += 1
        loads.update(load.get(inspector.inspector, 0) for inspector in files.roster.inspectors)
        unfilled[len(teams.unfilled)] += 1
    return Rehearsal(
        times=times, drawn=_ascending(drawn), loads=_ascending(loads), unfilled=_ascending(unfilled)
    )


def _ascending(counts: Counter[int]) -> dict[int, int]:
    return dict(sorted(counts.items()))
