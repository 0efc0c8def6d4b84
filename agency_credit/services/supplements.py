"""Supplementary draws: seats that stayed or became empty are filled by another lot (section 7).

A supplement is an ordinary draw under its own number, with its own chance. What is special: its frame holds
the targets concerned as mandatory, its seats are the missing ones, whoever sits there or has left is recused,
and everybody has as much less room as he has targets already. Drawn, it seats people in the inspections of
the original; it opens none. With the old seed nothing is ever filled.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from agency_credit.database.tables import (
    Agency,
    Draw,
    Inspection,
    InspectionSeat,
    Inspector,
    Recusal,
    TeamChange,
)
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import Actor
from agency_credit.inspection import draw_states, team_states
from agency_credit.inspection.result_states import CHANGEABLE
from agency_credit.services.draw_draft import DrawDraft, draft_draw, load_draw_row, parse_draft
from agency_credit.services.draw_store import load_files, load_history, load_pseudonyms
from agency_credit.services.frame import FrameLine, Reason, Stratification, count_strata, load_roster
from agency_credit.services.office import Office
from agency_credit.services.result_store import load_latest_result
from agency_credit.services.team_store import Supplement, load_changes, load_sitting, load_supplements

STRATUM = "补充抽取"
"""The one stratum of every supplement: that of the target would tell outsiders whom to expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementLists:
    """Frame and roster of a supplement; as `draw_lists.DrawLists`."""

    frame: Stratification
    roster: list[dict[str, Any]]
    recused: frozenset[tuple[int, str]]


async def load_missing(draw: int) -> dict[tuple[int, ...], list[int]]:
    """Inspections with empty seats and no result, by the set of these seats; `draw`: row of the original."""
    sitting = await load_sitting(draw)
    short = {number: seats for number, seats in sitting.items() if None in seats}
    for number in list(short):
        latest = await load_latest_result(number)
        if latest is not None and latest["state"] not in CHANGEABLE:
            del short[number]
    return team_states.missing_sets(short)


async def load_uncovered(draw: int, identifier: str, now: datetime) -> list[tuple[int, ...]]:
    """The sets of missing seats for which no supplement is drafted or under way; `draw`: its row."""
    known = await load_supplements(identifier)
    taken = await _taken_units(known, now)
    drafted = {tuple(item.draft.missing) for item in known if item.is_drafted}
    return [
        seats
        for seats, inspections in (await load_missing(draw)).items()
        if seats not in drafted and set(await _units_of(inspections)) - taken
    ]


async def has_uncovered(draw: str, now: datetime) -> bool:
    """Whether seats of `draw` are empty and no supplement is drafted or under way for them."""
    return bool(await load_uncovered((await load_draw_row(draw))["id"], draw, now))


async def draft_supplements(office: Office, actor: Actor, draw: str) -> list[str]:
    """Draft a supplementary draw for each set of missing seats that has none yet; their identifiers.

    Raises
    ------
    ForbiddenError
        The actor is no drafter.
    RefusedError
        Not drawn, or voided; no seat is empty, or each is waited for by a supplement already.
    """
    row = await load_draw_row(draw)
    draw_states.check_teams(await load_history(row))
    original = parse_draft(row["draft_json"].encode())
    if original.plan.supplements is not None:
        raise RefusedError(
            "supplement.of-supplement",
            "{draw} is itself a supplementary draw; draft the next one from {original}",
            draw=draw,
            original=original.plan.supplements,
        )
    missing = await load_uncovered(row["id"], draw, office.now())
    if not missing:
        raise RefusedError(
            "supplement.nothing", "no seat of {draw} is empty without a supplementary draw for it", draw=draw
        )
    return [await draft_draw(office, actor, _draft(draw, original, seats)) for seats in missing]


async def load_supplement_lists(draft: DrawDraft, now: datetime) -> SupplementLists:
    """Whom and what a supplement would freeze now; nobody where the original is unknown.

    Raises
    ------
    RefusedError
        The original is not drawn, or voided.
    """
    if not await Draw.exists().where(Draw.draw == draft.plan.supplements):
        return SupplementLists(
            frame=Stratification(lines=(), strata=()),
            roster=await load_roster(draft.inspector_limit, draft.plan.authority, draft.partners),
            recused=frozenset(),
        )
    row = await load_original(draft)
    others = [item for item in await load_supplements(row["draw"]) if item.is_open(now)]
    inspections = (await load_missing(row["id"])).get(tuple(draft.missing), [])
    taken = await _taken_units(others, now)
    units = {number: unit for number, unit in (await _number_units(inspections)).items() if unit not in taken}
    frame = await _load_frame(row, draft, set(units.values()))
    roster = await load_roster(draft.inspector_limit, draft.plan.authority, draft.partners)
    load = Counter(
        inspector
        for seats in (await load_sitting(row["id"])).values()
        for inspector in seats
        if inspector is not None
    )
    load += await _promised(others)
    roster = [person | {"limit": max(0, person["limit"] - load[person["id"]])} for person in roster]
    recused = await _load_barred(row["id"], units)
    known = {person["id"] for person in roster}
    return SupplementLists(
        frame=frame,
        roster=roster,
        recused=frozenset(pair for pair in recused if pair[0] in known),
    )


async def load_original(draft: DrawDraft) -> dict[str, Any]:
    """The row of the draw that `draft` supplements; raises RefusedError where it has no teams."""
    row = await load_draw_row(draft.plan.supplements or "")
    draw_states.check_teams(await load_history(row))
    return row


async def seat_drawn(
    row: dict[str, Any], teams: dict[str, tuple[str | None, ...]], at: datetime, log_index: int
) -> None:
    """Seat whom a supplement drew in the inspections of the original.

    Parameters
    ----------
    row
        Of the supplement, whose step ``drawn`` is made already.
    teams
        Pseudonyms in the supplement, by unit and by its own seats.

    Raises
    ------
    RefusedError
        The original was voided in the meantime.
    """
    draft = parse_draft(row["draft_json"].encode())
    original = await load_original(draft)
    people = await load_pseudonyms(row["id"])
    if not teams:
        return
    rows = await Inspection.select(Inspection.id, Inspection.agency.uscc.as_alias("unit")).where(
        (Inspection.draw == original["id"]) & Inspection.agency.uscc.is_in(list(teams))
    )
    for inspection in rows:
        for seat, member in zip(draft.missing, teams[inspection["unit"]], strict=True):
            if member is not None:
                await _change_seat(inspection["id"], seat, people[member], row["id"], "seated", at, log_index)


async def unseat_drawn(row: dict[str, Any], at: datetime, log_index: int) -> None:
    """Empty the seats that a supplement filled, for it is voided; where a result stands, nothing changes."""
    draft = parse_draft(row["draft_json"].encode())
    if draft.plan.supplements is None:
        return
    original = await load_draw_row(draft.plan.supplements)
    last = {
        (change["inspection"], change["seat"]): change
        for change in await load_changes(original["id"])
        if change["seat"] is not None
    }
    for (inspection, seat), change in last.items():
        if change["kind"] == "seated" and change["supplement"] == row["id"]:
            latest = await load_latest_result(inspection)
            if latest is None or latest["state"] in CHANGEABLE:
                await _change_seat(
                    inspection, seat, change["inspector"], row["id"], "unseated", at, log_index
                )


async def _change_seat(
    inspection: int, seat: int, inspector: int, supplement: int, kind: str, at: datetime, log_index: int
) -> None:
    person = await Inspector.select(Inspector.certificate).where(Inspector.id == inspector).first()
    await TeamChange.insert(
        TeamChange(
            inspection=inspection,
            kind=kind,
            seat=seat,
            inspector=inspector,
            certificate=person["certificate"] if person else "",
            supplement=supplement,
            at=at,
            log_index=log_index,
        )
    )
    await InspectionSeat.update({InspectionSeat.inspector: inspector if kind == "seated" else None}).where(
        (InspectionSeat.inspection == inspection) & (InspectionSeat.seat == seat)
    )


def _draft(draw: str, original: DrawDraft, missing: tuple[int, ...]) -> DrawDraft:
    own = [
        {**source, "commitment": None}
        for source in original.plan.entropy
        if source.get("kind") == "commitment" and not source.get("commitment")
    ]
    plan = replace(
        original.plan,
        title=f"{original.plan.title}（{STRATUM}）",
        strata=[{"stratum": STRATUM, "take": {"count": 0}}],
        selection="ticket",
        reserves=0,
        supplements=draw,
        seats=[original.plan.seats[number] for number in missing],
        entropy=own,
    )
    return replace(original, plan=plan, replaces=None, task=None, unplanned=None, missing=list(missing))


async def _load_frame(row: dict[str, Any], draft: DrawDraft, units: set[str]) -> Stratification:
    content = (await load_files(row["id"]))["targets.jsonl"]
    frozen = [line for line in map(json.loads, content.splitlines()) if line["unit"] in units]
    names = {
        agency["uscc"]: agency["name"]
        for agency in (
            await Agency.select(Agency.uscc, Agency.name).where(Agency.uscc.is_in(sorted(units)))
            if units
            else []
        )
    }
    seats = "、".join(f"{seat['role']}（第{n + 1}席）" for n, seat in _numbered(draft))
    lines = tuple(
        FrameLine(
            unit=line["unit"],
            name=names.get(line["unit"], ""),
            area=line["area"],
            stratum=STRATUM,
            size=1,
            excluded=None,
            mandatory=Reason(basis=f"抽查 {row['draw']}", reason=f"{row['draw']} 空缺席位：{seats}"),
        )
        for line in frozen
    )
    return Stratification(lines=lines, strata=count_strata(lines))


def _numbered(draft: DrawDraft) -> Iterable[tuple[int, dict[str, Any]]]:
    return zip(draft.missing, draft.plan.seats, strict=False)


async def _load_barred(original: int, units: dict[int, str]) -> set[tuple[int, str]]:
    """Who may not be drawn for which unit: who is recused, sits on its team, was sent to it or left it."""
    barred = {
        (row["inspector"], row["unit"])
        for row in await Recusal.select(Recusal.inspector, Recusal.agency.uscc.as_alias("unit"))
        if row["unit"] in units.values()
    }
    for number, seats in (await load_sitting(original)).items():
        if number in units:
            barred |= {(inspector, units[number]) for inspector in seats if inspector is not None}
    people = await load_pseudonyms(original)
    for line in (await load_files(original))["recusals.jsonl"].splitlines():
        pair = json.loads(line)
        if pair["unit"] in units.values():
            barred.add((people[pair["inspector"]], pair["unit"]))
    changes = [row for row in await load_changes(original) if row["inspection"] in units]
    by_certificate = {
        row["certificate"]: row["id"] for row in await Inspector.select(Inspector.id, Inspector.certificate)
    }
    for row in changes:
        inspector = by_certificate.get(row["certificate"]) or row["inspector"]
        if inspector is not None:
            barred.add((inspector, units[row["inspection"]]))
    return barred


async def _promised(others: list[Supplement]) -> Counter[int]:
    """Room that supplements which are announced and not drawn may still take, by inspector."""
    promised: Counter[int] = Counter()
    for item in others:
        files = await load_files(item.id)
        n_targets = len(files["targets.jsonl"].splitlines())
        people = await load_pseudonyms(item.id)
        for line in map(json.loads, files["inspectors.jsonl"].splitlines()):
            promised[people[line["inspector"]]] += min(line["limit"], n_targets)
    return promised


async def _taken_units(supplements: list[Supplement], now: datetime) -> set[str]:
    """Units whose seats an open supplement is about to fill."""
    units: set[str] = set()
    for item in supplements:
        if item.is_open(now):
            content = (await load_files(item.id))["targets.jsonl"]
            units |= {json.loads(line)["unit"] for line in content.splitlines()}
    return units


async def _units_of(inspections: list[int]) -> list[str]:
    return list((await _number_units(inspections)).values())


async def _number_units(inspections: list[int]) -> dict[int, str]:
    if not inspections:
        return {}
    rows = await Inspection.select(Inspection.id, Inspection.agency.uscc.as_alias("unit")).where(
        Inspection.id.is_in(inspections)
    )
    return {row["id"]: row["unit"] for row in rows}
