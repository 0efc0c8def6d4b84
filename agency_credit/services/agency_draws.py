"""An agency's own place in every published draw in whose frame it stood, and how to check it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from agency_credit.database.tables import Draw, DrawFile, DrawStep
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.plan import SelectionMethod
from agency_credit.domain.role import Seat
from agency_credit.sampling import inclusion_probabilities, ticket
from agency_credit.services.draw_outcome import find_place
from agency_credit.services.team_views import CallView, load_unit_calls


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPlace:
    """A place in a draw.

    Parameters
    ----------
    place, position
        As in `draw_outcome.UnitPlace`.
    basis, reason
        Why it stood outside the lottery; empty: it did not.
    take, eligible
        How many of how many in the lottery of the stratum were drawn.
    chance
        Inclusion probability such as ``"3/17"``; where chances follow size, that which the draw aims at;
        empty: it was in no lottery.
    ticket, cutoff
        Hexadecimal; `cutoff` is None where size decides too, or nobody was drawn.
    check
        The one line for a shell that checks it, beside the verifier and the bundle of the draw.
    calls
        Calls of reserves after the draw by which the agency came in, or went out.
    """

    draw: str
    title: str
    authority: str
    published_at: datetime
    log_index: int | None
    stratum: str
    place: str
    position: int | None
    basis: str
    reason: str
    take: int
    eligible: int
    chance: str
    seed: str
    ticket: str
    cutoff: str | None
    check: str
    calls: tuple[CallView, ...]


async def load_own_places(seat: Seat) -> tuple[OwnPlace, ...]:
    """The agency's place in each published draw, the newest first; of others nothing."""
    steps = await (
        DrawStep.select(DrawStep.draw, DrawStep.at, DrawStep.log_index)
        .where(DrawStep.step == "published")
        .order_by(DrawStep.id, ascending=False)
    )
    places = []
    for step in steps:
        line = await _find_line(step["draw"], seat.uscc)
        if line is not None:
            places.append(await _load_place(step, line))
    return tuple(places)


async def _find_line(draw: int, unit: str) -> dict[str, Any] | None:
    """The agency's line of the frame, found without reading all the others; None: it was not in it."""
    content = await _load_file(draw, "targets.jsonl")
    key = b'"unit":' + format_canonical(unit)
    if key not in content:
        return None
    lines = (json.loads(line) for line in content.split(b"\n")[:-1] if key in line)
    return next((line for line in lines if line["unit"] == unit), None)


async def _load_place(step: Mapping[str, Any], line: dict[str, Any]) -> OwnPlace:
    row = await Draw.select(Draw.draw, Draw.title, Draw.authority).where(Draw.id == step["draw"]).first()
    assert row is not None, "a step is of a draw"
    plan = json.loads(await _load_file(step["draw"], "plan.json"))
    result = json.loads(await _load_file(step["draw"], "result.json"))
    stratum = next(item for item in result["strata"] if item["stratum"] == line["stratum"])
    place, position = find_place(line, stratum)
    ground = line["excluded"] or line["mandatory"] or {}
    unit = line["unit"]
    return OwnPlace(
        draw=row["draw"],
        title=row["title"],
        authority=row["authority"],
        published_at=step["at"],
        log_index=step["log_index"],
        stratum=line["stratum"],
        place=place,
        position=position,
        basis=ground.get("basis", ""),
        reason=ground.get("reason", ""),
        take=stratum["take"],
        eligible=stratum["eligible"],
        chance="" if ground else await _find_chance(step["draw"], plan, stratum, line),
        seed=result["seed"],
        ticket=ticket(result["seed"], "target", unit),
        cutoff=stratum["cutoff"],
        check=check_line(row["draw"], unit),
        calls=tuple(await load_unit_calls(row["draw"], unit)),
    )


def check_line(draw: str, unit: str) -> str:
    """The line for a shell that verifies the whole draw and says where `unit` stands in it."""
    return f"python3 -I -S verify_draw.py {shlex.quote(f'{draw}.zip')} --unit {shlex.quote(unit)}"


async def _find_chance(
    draw: int, plan: Mapping[str, Any], stratum: Mapping[str, Any], line: Mapping[str, Any]
) -> str:
    if plan["selection"] == SelectionMethod.TICKET:
        return str(Fraction(stratum["take"], stratum["eligible"]))
    rows = [json.loads(text) for text in (await _load_file(draw, "targets.jsonl")).split(b"\n")[:-1]]
    others = [
        row
        for row in rows
        if row["stratum"] == line["stratum"] and not row["excluded"] and not row["mandatory"]
    ]
    sizes = [row["size"] for row in others]
    chances = inclusion_probabilities(sizes, stratum["take"], SelectionMethod.PARETO)
    return str(chances[[row["unit"] for row in others].index(line["unit"])])


async def _load_file(draw: int, name: str) -> bytes:
    row = await (
        DrawFile.select(DrawFile.content).where((DrawFile.draw == draw) & (DrawFile.name == name)).first()
    )
    assert row is not None, "a published draw has all its files"
    return bytes(row["content"])
