"""Calls of reserves in the public log against result.json (draw-protocol.md, section 6).

An entry whose body is shown says which reserve was called, in which place of its stratum, and for whom. Each
can be checked by itself: the place names the reserve.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agency_credit.domain.entry import EntryType
from agency_credit.publication.proof import ProvenEntry

LOST = ("closed", "moved", "cancelled")
"""Reasons of the protocol; being unreachable is none."""


def check_calls(
    after: Sequence[ProvenEntry], steps: Sequence[ProvenEntry], files: Mapping[str, bytes]
) -> Iterator[str]:
    """What is wrong with what happened after a draw.

    1. Everything stands behind the draw in the log.
    2. A call names a drawn or mandatory unit, or a reserve called before it, and a reason of the protocol.
    3. The reserve is the one in that place of its stratum; places are taken once, in their order.

    Parameters
    ----------
    after
        Entries ``reserve.called`` and ``team.changed`` of this draw; a body that is not shown is not checked.
    steps
        The steps of the draw that are proven.
    files
        In which the checks of the files have found no fault.
    """
    drawn = [step.index for step in steps if step.entry.type is EntryType.DRAW_DRAWN]
    once = sorted({p.index: p for p in after}.values(), key=lambda p: p.index)
    for p in once:  # 1
        if drawn and p.index <= drawn[0]:
            yield f"{_where(p)} does not come after the draw, entry {drawn[0]}"
    shown = [p for p in once if p.entry.type is EntryType.RESERVE_CALLED and p.body is not None]
    strata = {s["stratum"]: s for s in json.loads(files["result.json"])["strata"]}
    mandatory = set(json.loads(files["result.json"])["mandatory"])
    replaced: set[object] = set()
    last: dict[object, int] = {}
    for p in shown:
        body: Mapping[str, Any] = p.body or {}
        stratum = strata.get(str(body.get("stratum")), {"drawn": [], "reserves": []})
        yield from _unlike(p, body, stratum, mandatory)  # 2, 3
        if body.get("replaced") in replaced:
            yield f"{_where(p)}: a reserve was called for {body.get('replaced')!r:.80} before"
        replaced.add(body.get("replaced"))
        number = body.get("number")
        if type(number) is int and number > 0:
            if number <= last.get(body.get("stratum"), 0):
                yield f"{_where(p)}: reserve {number} was called out of turn"
            last[body.get("stratum")] = number


def _unlike(
    p: ProvenEntry, body: Mapping[str, Any], stratum: Mapping[str, Any], mandatory: set[str]
) -> Iterator[str]:
    """Where a call is not what the outcome of the draw allows."""
    reserves, number, called, unit = (
        stratum["reserves"],
        body.get("number"),
        body.get("called"),
        body.get("replaced"),
    )
    if body.get("draw") != p.entry.subject:
        yield f"{_where(p)}: the body is of another draw"
    if body.get("reason_code") not in LOST:
        yield f"{_where(p)}: {body.get('reason_code')!r:.80} is no reason to call a reserve"
    before = reserves[: number - 1] if type(number) is int and number > 0 else reserves
    if unit not in stratum["drawn"] and unit not in before and not (unit in mandatory and called is None):
        yield f"{_where(p)}: {unit!r:.80} was not to be inspected"
    if type(number) is not int or not 0 <= number <= len(reserves):
        yield f"{_where(p)}: the stratum has no reserve {number!r:.80}"
    elif called != (reserves[number - 1] if number else None):
        yield f"{_where(p)}: {called!r:.80} is not reserve {number} of its stratum"


def _where(p: ProvenEntry) -> str:
    return f"entry {p.index}, {p.entry.type}"
