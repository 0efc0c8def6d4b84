"""What happened after a draw as the console shows it: calls, changes, proposals that wait, seats to fill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Agency
from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.domain.role import SYSTEM
from agency_credit.services.change_request import Change, load_change, load_waiting_changes
from agency_credit.services.changes import KINDS
from agency_credit.services.desk_results import DeskInspection, load_desk_inspection
from agency_credit.services.draw_draft import load_draw_row, parse_draft
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation
from agency_credit.services.reserve_call import ReservePlan, plan_call
from agency_credit.services.supplements import load_missing, load_uncovered
from agency_credit.services.team_store import Supplement, load_calls, load_changes, load_supplements


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSeats:
    """A set of seats that is empty in so many teams."""

    roles: tuple[str, ...]
    n_teams: int
    is_covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawTeams:
    """What happened after a draw.

    Parameters
    ----------
    supplements
        The draw that this one supplements; empty: it is an ordinary one.
    waiting
        Proposals that another person has to decide.
    names
        Agencies by unit.
    """

    supplements: str
    supplemented_by: tuple[Supplement, ...]
    waiting: tuple[Change, ...]
    calls: tuple[dict[str, Any], ...]
    changes: tuple[dict[str, Any], ...]
    missing: tuple[MissingSeats, ...]
    names: dict[str, str]

    @property
    def n_empty(self) -> int:
        """Empty seats of teams that have not inspected yet."""
        return sum(item.n_teams * len(item.roles) for item in self.missing)

    @property
    def can_supplement(self) -> bool:
        """Whether a supplementary draw is to be drafted."""
        return any(not item.is_covered for item in self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveDesk:
    """A call of a reserve before it is proposed."""

    draw: str
    unit: str
    name: str
    called_name: str
    plan: ReservePlan
    people: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChangeDesk:
    """A proposal about a team.

    Parameters
    ----------
    obstacle
        Why it could not be approved now; None: nothing stands in its way, or it is decided.
    names
        Agencies by unit.
    inspector
        Who sits on the seat that would be emptied, and in which role; empty: no seat is.
    """

    change: Change
    draw: str
    unit: str
    names: dict[str, str]
    inspector: str
    obstacle: AgencyCreditError | None


async def load_draw_teams(draw: str, now: datetime) -> DrawTeams:
    """What happened after `draw`; of a draft, nothing did."""
    row = await load_draw_row(draw)
    draft = parse_draft(row["draft_json"].encode())
    calls, changes = await load_calls(row["id"]), await load_changes(row["id"])
    waiting = [
        change
        for kind in ("reserve", "team")
        for change in await load_waiting_changes(kind)
        if change.subject.startswith(f"{draw}/")
    ]
    uncovered = await load_uncovered(row["id"], draw, now)
    missing = [
        MissingSeats(
            roles=tuple(str(draft.plan.seats[seat]["role"]) for seat in seats),
            n_teams=len(inspections),
            is_covered=seats not in uncovered,
        )
        for seats, inspections in (await load_missing(row["id"])).items()
    ]
    units = {call[key] for call in calls for key in ("unit", "called")} | {item["unit"] for item in changes}
    units |= {change.subject.partition("/")[2] for change in waiting}
    return DrawTeams(
        supplements=draft.plan.supplements or "",
        supplemented_by=tuple(await load_supplements(draw)),
        waiting=tuple(waiting),
        calls=tuple(calls),
        changes=tuple(changes),
        missing=tuple(missing),
        names=await _load_names(units - {None}),
    )


async def load_reserve_desk(office: Office, draw: str, unit: str) -> ReserveDesk:
    """What calling a reserve for `unit` would do; raises as `plan_call`."""
    plan = await plan_call(draw, unit, office.now())
    names = await _load_names({unit, plan.called or ""})
    item = await load_desk_inspection(office, plan.replaced["id"])
    return ReserveDesk(
        draw=draw,
        unit=unit,
        name=names[unit],
        called_name=names.get(plan.called or "", ""),
        plan=plan,
        people={seat.inspector: seat.name for seat in item.seats if seat.inspector is not None},
    )


async def load_team_desk(office: Office, inspection: int) -> tuple[DeskInspection, DrawTeams]:
    """An inspection with what happened to its team alone."""
    item = await load_desk_inspection(office, inspection)
    teams = await load_draw_teams(item.draw, office.now())
    return item, DrawTeams(
        supplements=teams.supplements,
        supplemented_by=teams.supplemented_by,
        waiting=tuple(change for change in teams.waiting if change.subject == f"{item.draw}/{item.uscc}"),
        calls=tuple(call for call in teams.calls if inspection in (call["replaced"], call["inspection"])),
        changes=tuple(change for change in teams.changes if change["inspection"] == inspection),
        missing=(),
        names=teams.names,
    )


async def load_team_change_desk(office: Office, number: int) -> TeamChangeDesk:
    """A proposal about a team; raises NotFoundError for another kind of proposal."""
    change = await load_change(number)
    if change.kind not in ("reserve", "team"):
        raise NotFoundError("change.unknown", "there is no proposed change {n}", n=number)
    draw, _, unit = change.subject.partition("/")
    inspector = ""
    if change.payload.get("action") == "emptied":
        item = await load_desk_inspection(office, change.payload["inspection"])
        seat = item.seats[change.payload["seat"]] if change.payload["seat"] < len(item.seats) else None
        inspector = f"{seat.role} {seat.name}".strip() if seat else ""
    return TeamChangeDesk(
        change=change,
        draw=draw,
        unit=unit,
        names=await _load_names({unit, str(change.payload.get("called"))}),
        inspector=inspector,
        obstacle=None if change.decision else await _find_obstacle(office, change),
    )


async def _find_obstacle(office: Office, change: Change) -> AgencyCreditError | None:
    try:
        await KINDS[change.kind].check(Operation(office=office, actor=SYSTEM, at=office.now()), change)
    except AgencyCreditError as error:
        return error
    return None


async def _load_names(units: set[str]) -> dict[str, str]:
    rows = (
        await Agency.select(Agency.uscc, Agency.name).where(Agency.uscc.is_in(sorted(units))) if units else []
    )
    return {row["uscc"]: row["name"] for row in rows}
