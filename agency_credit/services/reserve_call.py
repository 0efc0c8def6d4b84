"""Call a reserve: a drawn unit is gone, the next of its stratum takes over its team (section 6).

Which reserve it is follows from the frozen result alone; nobody names one. The entry in the public log holds
a commitment until the draw is published, so that nothing tells outsiders who will be inspected.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import (
    Agency,
    Inspection,
    InspectionSeat,
    Inspector,
    Recusal,
    ReserveCall,
    TeamChange,
)
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import ConflictError, NotFoundError
from agency_credit.inspection import draw_states, team_states
from agency_credit.services.change_request import Change, ChangeDraft, load_waiting_changes
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.draw_store import load_files, load_history, load_pseudonyms
from agency_credit.services.operation import Operation
from agency_credit.services.team_store import load_calls, load_target, refuse_open_supplement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservePlan:
    """What a call would do.

    Parameters
    ----------
    replaced
        The inspection that would be closed, with `uscc` and `draw_identifier`.
    called
        The reserve whose turn it is; None: there is none, and the inspection is only closed.
    number
        Its place among the reserves of the stratum, from 1; 0 where there is none.
    is_mandatory
        The unit was not drawn, so that no reserve stands for it.
    conflicts
        Seats that become empty, with who may not go to the reserve and why: recusal or area.
    """

    replaced: dict[str, Any]
    called: str | None
    number: int
    is_mandatory: bool
    conflicts: dict[int, tuple[int, str]]


async def plan_call(draw: str, unit: str, now: datetime) -> ReservePlan:
    """What calling a reserve for `unit` would do now.

    Raises
    ------
    NotFoundError
        No such draw, or the unit is not inspected by it.
    ConflictError
        A reserve was called for it already.
    RefusedError
        Not drawn, or voided; a result of the inspection stands; a supplementary draw is filling its team.
    """
    row = await load_draw_row(draw)
    draw_states.check_teams(await load_history(row))
    found = await (
        Inspection.select(Inspection.id)
        .where((Inspection.draw == row["id"]) & (Inspection.agency.uscc == unit))
        .first()
    )
    if found is None:
        raise NotFoundError(
            "reserve.unit",
            "{unit} is not inspected by {draw}; a reserve is called for a drawn unit only",
            unit=unit[:64],
            draw=draw,
        )
    calls = await load_calls(row["id"])
    if any(call["replaced"] == found["id"] for call in calls):
        raise ConflictError(
            "reserve.called-already",
            "the inspection of {unit} was closed and its reserve called already",
            unit=unit,
            link=f"/admin/draws/{draw}",
        )
    replaced = await load_target(found["id"])
    files = await load_files(row["id"])
    await refuse_open_supplement(draw, unit, now)
    is_mandatory = replaced["stream"] == "mandatory"
    number, called = (0, None) if is_mandatory else _find_turn(files, replaced["stratum"], calls)
    return ReservePlan(
        replaced=replaced,
        called=called,
        number=number,
        is_mandatory=is_mandatory,
        conflicts=await _find_conflicts(replaced, called, files) if called else {},
    )


async def check_reserve(op: Operation, draft: ChangeDraft) -> None:
    """Refuse a call that cannot be: as `plan_call`, for another reason than the protocol's, out of turn.

    Raises
    ------
    ConflictError
        Another one for the unit waits for its second person already.
    """
    payload = draft.payload
    team_states.check_reserve_reason(payload["reason_code"])
    plan = await plan_call(payload["draw"], payload["unit"], op.at)
    team_states.check_turn(payload["called"], plan.called)
    waiting = () if isinstance(draft, Change) else await load_waiting_changes("reserve", draft.subject)
    if waiting:
        raise ConflictError(
            "reserve.waiting",
            "a call for {unit} was proposed already and waits for its second person",
            unit=payload["unit"],
            link=f"/admin/team-changes/{waiting[0].number}",
        )


async def apply_reserve(op: Operation, change: Change) -> None:
    """Close the inspection, open that of the reserve with the same team, and say so in the log.

    1. The entry: a commitment, opened with the publication of the draw.
    2. The reserve's inspection; whoever may not go there leaves the seat empty.
    3. The call, which closes the replaced inspection.
    """
    payload = change.payload
    plan = await plan_call(payload["draw"], payload["unit"], op.at)
    body: dict[str, Json] = {
        "called": plan.called,
        "draw": payload["draw"],
        "number": plan.number,
        "reason": change.reason,
        "reason_code": payload["reason_code"],
        "replaced": payload["unit"],
        "stratum": plan.replaced["stratum"],
        "vacant": sorted(plan.conflicts),
    }
    index = await op.append_entry("reserve.called", payload["draw"], body, is_committed=True)  # 1
    opened = await _open_inspection(op, plan, change.number, index) if plan.called else None  # 2
    await ReserveCall.insert(  # 3
        ReserveCall(
            draw=plan.replaced["draw"],
            replaced=plan.replaced["id"],
            inspection=opened,
            number=plan.number,
            reason_code=payload["reason_code"],
            reason=change.reason,
            request=change.number,
            at=op.at,
            log_index=index,
        )
    )


def _find_turn(files: dict[str, bytes], stratum: str, calls: list[dict[str, Any]]) -> tuple[int, str | None]:
    drawn = next(s for s in json.loads(files["result.json"])["strata"] if s["stratum"] == stratum)
    n_called = sum(call["stratum"] == stratum and call["called"] is not None for call in calls)
    called = team_states.next_reserve(drawn["reserves"], n_called)
    return (n_called + 1 if called else 0), called


async def _find_conflicts(
    replaced: dict[str, Any], called: str, files: dict[str, bytes]
) -> dict[int, tuple[int, str]]:
    """Who of the team may not go to the reserve: recused by now, or sent elsewhere only."""
    lines = [json.loads(line) for line in files["targets.jsonl"].splitlines()]
    area = next(line["area"] for line in lines if line["unit"] == called)
    recused = {
        row["inspector"]
        for row in await Recusal.select(Recusal.inspector).where(
            (Recusal.agency.uscc == called) & Recusal.approved_at.is_not_null()
        )
    }
    known = await load_pseudonyms(replaced["draw"])
    pairs = [json.loads(line) for line in files["recusals.jsonl"].splitlines()]
    recused |= {known[pair["inspector"]] for pair in pairs if pair["unit"] == called}
    conflicts = {}
    for seat in await _load_team(replaced["id"]):
        areas = tuple(json.loads(seat["areas"])) if seat["inspector"] else ()
        if seat["inspector"] in recused:
            conflicts[seat["seat"]] = seat["inspector"], "recusal"
        elif areas and not area.startswith(areas):
            conflicts[seat["seat"]] = seat["inspector"], "area"
    return conflicts


async def _load_team(inspection: int) -> list[dict[str, Any]]:
    return await (
        InspectionSeat.select(
            InspectionSeat.seat,
            InspectionSeat.role,
            InspectionSeat.inspector,
            InspectionSeat.inspector.area_codes_json.as_alias("areas"),
        )
        .where(InspectionSeat.inspection == inspection)
        .order_by(InspectionSeat.seat)
    )


async def _open_inspection(op: Operation, plan: ReservePlan, request: int, index: int) -> int:
    replaced = plan.replaced
    agency = await Agency.select(Agency.id).where(Agency.uscc == plan.called).first()
    last = (
        await Inspection.select(Inspection.position)
        .where(Inspection.draw == replaced["draw"])
        .order_by(Inspection.position, ascending=False)
        .first()
    )
    assert agency is not None, "whoever stands in a frame stays in the register"
    assert last is not None, "the draw has the inspection that is replaced"
    opened = Inspection(
        draw=replaced["draw"],
        agency=agency["id"],
        stratum=replaced["stratum"],
        stream="reserve",
        position=last["position"] + 1,
    )
    await opened.save()
    team = await _load_team(replaced["id"])
    await InspectionSeat.insert(
        *(
            InspectionSeat(
                inspection=opened.id,
                seat=seat["seat"],
                role=seat["role"],
                inspector=None if seat["seat"] in plan.conflicts else seat["inspector"],
            )
            for seat in team
        )
    )
    for number, (inspector, reason_code) in sorted(plan.conflicts.items()):
        person = await Inspector.select(Inspector.certificate).where(Inspector.id == inspector).first()
        await TeamChange.insert(
            TeamChange(
                inspection=opened.id,
                kind="emptied",
                seat=number,
                inspector=inspector,
                certificate=person["certificate"] if person else "",
                reason_code=reason_code,
                request=request,
                at=op.at,
                log_index=index,
            )
        )
    return int(opened.id)
