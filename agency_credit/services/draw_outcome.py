"""The outcome of a published draw, read from its files: strata, teams, a unit's place with its proof."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from agency_credit.database.tables import Agency, Draw, Inspection
from agency_credit.domain.errors import NotFoundError
from agency_credit.publication.merkle import hash_leaf, inclusion_proof
from agency_credit.sampling import count_candidates, entropy_tenths, parse_files, ticket
from agency_credit.sampling.entropy import ENOUGH_BITS
from agency_credit.sampling.review import FEW_CANDIDATES
from agency_credit.services.inspection_views import ResultView, load_published_results
from agency_credit.services.team_store import load_calls
from agency_credit.services.team_views import CallView, load_unit_calls


class StratumView(msgspec.Struct, frozen=True, kw_only=True):
    """A stratum: how many could be drawn, how many were, and who stood outside the lottery."""

    stratum: str
    eligible: int
    take: int
    cutoff: str | None
    drawn: list[str]
    reserves: list[str]
    n_mandatory: int
    n_excluded: int


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A seat of a team; `name` only after the visits, and only of those who served."""

    role: str
    inspector: str | None
    name: str | None
    n_candidates: int
    is_few: bool


class TargetView(msgspec.Struct, frozen=True, kw_only=True):
    """A unit to inspect, its team as drawn, and its result once that is published.

    Parameters
    ----------
    stream
        ``drawn``, ``mandatory``, or ``reserve``: called for one that is closed, whose team it took over.
    closed
        Why its inspection was closed; None: it was not.
    """

    unit: str
    name: str
    stratum: str
    stream: str
    ticket: str
    team: list[MemberView]
    result: ResultView | None
    closed: str | None = None


class ExcludedView(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of the frame outside the lottery, and why."""

    unit: str
    name: str
    basis: str
    reason: str


class OutcomeView(msgspec.Struct, frozen=True, kw_only=True):
    """What a published draw decided; `bits` is what its public values carry, as a decimal string."""

    seed: str
    bits: str
    is_weak: bool
    strata: list[StratumView]
    targets: list[TargetView]
    excluded: list[ExcludedView]
    n_few: int


class UnitPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's place in a draw with all that proves it.

    Parameters
    ----------
    place
        ``drawn``, ``reserve``, ``not_drawn``, ``mandatory`` or ``excluded``.
    position
        From 1, among the drawn or the reserves of the stratum.
    calls
        Calls of reserves after the draw by which the unit came in as a reserve, or went out.
    line, index, size, proof, root
        The unit's line in targets.jsonl, its number from 0, the number of lines, the inclusion proof
        (RFC 6962, from the leaf's sibling up) and the root that was announced; hexadecimal.
    """

    draw: str
    unit: str
    name: str
    stratum: str
    area: str
    place: str
    position: int | None
    basis: str | None
    reason: str | None
    seed: str
    ticket: str
    cutoff: str | None
    selection: str
    eligible: int
    take: int
    line: str
    leaf: str
    index: int
    size: int
    proof: list[str]
    root: str
    calls: list[CallView]


async def load_outcome(draw: int, contents: Mapping[str, bytes]) -> OutcomeView:
    """The outcome that the files of the draw hold, with the names of the register and the results."""
    files = parse_files(contents)
    result = json.loads(contents["result.json"])
    values = json.loads(contents["reveal.json"])["values"]
    names = await _load_names(list(files.frame.units))
    area_of = dict(zip(files.frame.units, files.frame.areas, strict=True))
    stratum_of = dict(zip(files.frame.units, files.frame.strata, strict=True))
    calls = await load_calls(draw)
    teams = _with_reserves(result["teams"], calls)
    closed = {call["unit"]: call["reason_code"] for call in calls}
    units = [team["unit"] for team in teams]
    seats = count_candidates(units, [area_of[u] for u in units], files.plan, files.roster, files.recusals)
    n_candidates = {(seat.unit, seat.seat): seat.n_candidates for seat in seats}
    told = _told_names(contents)
    roles = [seat.role for seat in files.plan.seats]
    supplemented = await Draw.select(Draw.id).where(Draw.draw == (files.plan.supplements or "")).first()
    results = await _load_results(supplemented["id"] if supplemented else draw)  # it opened the inspections
    tenths = entropy_tenths(files.plan, values)
    targets = [
        TargetView(
            unit=team["unit"],
            name=names.get(team["unit"], ""),
            stratum=stratum_of[team["unit"]],
            stream=team.get("stream") or ("mandatory" if team["unit"] in files.frame.mandatory else "drawn"),
            ticket=ticket(result["seed"], "target", team["unit"]),
            team=[
                _member(roles[k], inspector, told, n_candidates[team["unit"], k])
                for k, inspector in enumerate(team["inspectors"])
            ],
            result=results.get(team["unit"]),
            closed=closed.get(team["unit"]),
        )
        for team in teams
    ]
    outside = Counter((stratum_of[u], "mandatory") for u in files.frame.mandatory)
    outside += Counter((stratum_of[u], "excluded") for u in files.frame.excluded)
    return OutcomeView(
        seed=result["seed"],
        bits=f"{tenths // 10}.{tenths % 10}",
        is_weak=tenths < ENOUGH_BITS * 10,
        strata=[_stratum(stratum, outside) for stratum in result["strata"]],
        targets=targets,
        excluded=[
            ExcludedView(unit=unit, name=names.get(unit, ""), basis=ground.basis, reason=ground.reason)
            for unit, ground in sorted(files.frame.excluded.items())
        ],
        n_few=sum(member.is_few for target in targets for member in target.team),
    )


async def load_unit_place(draw: str, contents: Mapping[str, bytes], unit: str) -> UnitPlace:
    """Where `unit` stands in a published draw, from its files alone, and the calls of reserves after it.

    Raises
    ------
    NotFoundError
        The unit is not in the frame.
    """
    lines = contents["targets.jsonl"].split(b"\n")[:-1]
    rows = [json.loads(line) for line in lines]
    index = next((i for i, row in enumerate(rows) if row["unit"] == unit), None)
    if index is None:
        raise NotFoundError(
            "draw.unit-unknown",
            "{unit} is not in the frame of {draw}; the frame is the file targets.jsonl",
            unit=unit[:64],
            draw=draw,
        )
    row, result = rows[index], json.loads(contents["result.json"])
    stratum = next(item for item in result["strata"] if item["stratum"] == row["stratum"])
    ground = row["excluded"] or row["mandatory"] or {}
    place, position = find_place(row, stratum)
    leaves = [hash_leaf(line) for line in lines]
    return UnitPlace(
        draw=draw,
        unit=unit,
        name=(await _load_names([unit])).get(unit, ""),
        stratum=row["stratum"],
        area=row["area"],
        place=place,
        position=position,
        basis=ground.get("basis"),
        reason=ground.get("reason"),
        seed=result["seed"],
        ticket=hashlib.sha256(f"{result['seed']},target,{unit}".encode()).hexdigest(),
        cutoff=stratum["cutoff"],
        selection=json.loads(contents["plan.json"])["selection"],
        eligible=stratum["eligible"],
        take=stratum["take"],
        line=lines[index].decode(),
        leaf=leaves[index].hex(),
        index=index,
        size=len(lines),
        proof=[node.hex() for node in inclusion_proof(leaves, index)],
        root=json.loads(contents["announcement.json"])["targets"]["root"],
        calls=await load_unit_calls(draw, unit),
    )


def _with_reserves(teams: list[dict[str, Any]], calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The teams of the result, and those of called reserves: each took over that of whom it replaced."""
    members = {team["unit"]: team["inspectors"] for team in teams}
    added = []
    for call in calls:
        if call["called"] is not None:
            members[call["called"]] = members[call["unit"]]
            added.append({"unit": call["called"], "inspectors": members[call["unit"]], "stream": "reserve"})
    return [*teams, *added]


def find_place(row: dict[str, Any], stratum: dict[str, Any]) -> tuple[str, int | None]:
    """The `place` and `position` of `UnitPlace`, from a line of the frame and the result of its stratum."""
    if row["excluded"]:
        return "excluded", None
    if row["mandatory"]:
        return "mandatory", None
    for place in ("drawn", "reserves"):
        if row["unit"] in stratum[place]:
            return place.removesuffix("s"), stratum[place].index(row["unit"]) + 1
    return "not_drawn", None


def _member(role: str, inspector: str | None, told: Mapping[str, str], n_candidates: int) -> MemberView:
    return MemberView(
        role=role,
        inspector=inspector,
        name=told.get(inspector) if inspector else None,
        n_candidates=n_candidates,
        is_few=n_candidates < FEW_CANDIDATES,
    )


def _stratum(stratum: dict[str, Any], outside: Counter[tuple[str, str]]) -> StratumView:
    return StratumView(
        stratum=stratum["stratum"],
        eligible=stratum["eligible"],
        take=stratum["take"],
        cutoff=stratum["cutoff"],
        drawn=stratum["drawn"],
        reserves=stratum["reserves"],
        n_mandatory=outside[stratum["stratum"], "mandatory"],
        n_excluded=outside[stratum["stratum"], "excluded"],
    )


def _told_names(contents: Mapping[str, bytes]) -> dict[str, str]:
    lines = contents.get("names.jsonl", b"").splitlines()
    return {row["inspector"]: row["name"] for row in map(json.loads, lines)}


async def _load_names(units: list[str]) -> dict[str, str]:
    rows = await Agency.select(Agency.uscc, Agency.name).where(Agency.uscc.is_in(units)) if units else []
    return {row["uscc"]: row["name"] for row in rows}


async def _load_results(draw: int) -> dict[str, ResultView]:
    rows = await Inspection.select(Inspection.id, Inspection.agency.uscc.as_alias("uscc")).where(
        Inspection.draw == draw
    )
    results = await load_published_results(draw=draw)
    return {row["uscc"]: results[row["id"]] for row in rows if row["id"] in results}
