"""The agency's right to ask that a member of the team steps back (行政处罚法 art 43): asked, then decided.

The team writes down what the agency asked; an approver who is not of the team decides. While that is open
the record is neither handed in nor confirmed. Where it is granted the seat is empty at once, to be filled by
lot; a team that was named on a lead is named anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from agency_credit.database.tables import RecusalApplication, RecusalDecision
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import APPROVER, INSPECTOR, Actor, DeskRight, Role
from agency_credit.inspection import team_states
from agency_credit.services.draw_store import person_of
from agency_credit.services.notices import (
    NewNotice,
    append_notices,
    load_people_with,
    settle_notices,
    tell_agency,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.result_store import (
    load_accounts,
    load_inspection,
    load_latest_result,
    load_members,
    path_of,
    state_of,
)
from agency_credit.services.team_change import empty_recused_seat

LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationView:
    """What the agency asked, and what was decided; `verdict` is empty while it is open."""

    application: int
    inspector: int
    inspector_name: str
    reason: str
    applied_on: date
    recorded_by: int
    recorded_by_name: str
    recorded_at: datetime
    verdict: str
    decision: str
    decided_by_name: str
    decided_at: datetime | None


async def record_application(
    office: Office, actor: Actor, inspection: int, *, inspector: int, reason: str, applied_on: date
) -> None:
    """Write down that the agency asks a member of the team to step back.

    Raises
    ------
    ForbiddenError
        The actor does not sit on the team.
    InputError
        No reason, or one that is too long; a day that lies ahead; nobody of the team.
    ConflictError
        It asked so before.
    RefusedError
        The record is with the reviewer, or public: until it comes back nobody can step back from it.
    """
    async with operation(office, actor, "recusal.apply", str(inspection), roles=INSPECTOR) as op:
        row = await load_inspection(inspection)
        members = await load_members(inspection)
        if actor.inspector_id is None or actor.inspector_id not in members:
            raise ForbiddenError("result.not-member", "only a member of the team enters its result")
        if inspector not in members or applied_on > office.today():
            raise InputError("recusal.member", "choose a member of this team, and a day up to today")
        await append_application(op, row, inspector, reason, applied_on)


async def append_application(
    op: Operation, row: dict[str, Any], inspector: int, reason: str, applied_on: date
) -> None:
    """Write it down inside the caller's operation, and tell those who decide; raises as `record_application`.

    Parameters
    ----------
    row
        The inspection, as `load_inspection` gives it.
    inspector
        A member of its team.
    """
    inspection = row["id"]
    team_states.check_unvisited(state_of(await load_latest_result(inspection)), row["uscc"])
    reason = _clean(reason)
    if any(item.inspector == inspector for item in await load_applications(inspection)):
        raise ConflictError("recusal.asked-already", "this was asked before; it is decided once")
    await RecusalApplication.insert(
        RecusalApplication(
            inspection=inspection,
            inspector=inspector,
            reason=reason,
            applied_on=applied_on,
            recorded_by=person_of(op.actor),
            recorded_at=op.at,
        )
    )
    team = await load_accounts(await load_members(inspection))
    await append_notices(op, await load_people_with(Role.APPROVER, but=team), _notice("recusal.decide", row))


async def decide_application(
    office: Office,
    actor: Actor,
    inspection: int,
    application: int,
    verdict: Literal["granted", "refused"],
    reason: str,
) -> None:
    """Decide; where it is granted, the seat is empty from now on, and a supplementary draw is due.

    Raises
    ------
    RefusedError
        A result of the inspection stands, or is with the reviewer; it takes place no more.
    ForbiddenError
        The actor wrote the application down, or sits on the team.
    InputError
        No reason.
    ConflictError
        It was decided before.
    """
    async with operation(office, actor, "recusal.decide", str(inspection), roles=APPROVER) as op:
        row = await load_inspection(inspection)
        known = {item.application: item for item in await load_applications(inspection)}
        if application not in known:
            raise NotFoundError("recusal.unknown", "this inspection has no such application")
        if known[application].verdict:
            raise ConflictError("recusal.decided-already", "this was decided already")
        members = await load_members(inspection)
        if person_of(actor) == known[application].recorded_by or actor.inspector_id in members - {None}:
            raise ForbiddenError(
                "recusal.same-person", "neither the team nor whoever wrote it down decides on a recusal"
            )
        await RecusalDecision.insert(
            RecusalDecision(
                application=application, verdict=verdict, reason=_clean(reason), by=person_of(actor), at=op.at
            )
        )
        op.details["verdict"] = verdict
        if verdict == "granted":
            asked = known[application]
            wrote = asked.recorded_by, asked.recorded_at, asked.reason
            await empty_recused_seat(op, inspection, asked.inspector, wrote, _clean(reason))
        await settle_notices(op, path_of(inspection), "recusal.decide")
        people = await load_accounts(members)
        if verdict == "granted" and row["draw"] is None:  # else the empty seat tells them
            people |= await load_people_with(Role.DRAFTER)
        await append_notices(op, people, _notice(f"recusal.{verdict}", row))
        told = NewNotice(
            kind=f"recusal.{verdict}", what=row["agency_name"], path=f"/inspections/{inspection}"
        )
        await tell_agency(op, row["agency"], told, DeskRight.CLERK)


async def load_applications(inspection: int) -> tuple[ApplicationView, ...]:
    """What the agency asked, in order."""
    rows = await (
        RecusalApplication.select(
            *RecusalApplication.all_columns(),
            RecusalApplication.inspector.name.as_alias("inspector_name"),
            RecusalApplication.recorded_by.display_name.as_alias("recorded_by_name"),
        )
        .where(RecusalApplication.inspection == inspection)
        .order_by(RecusalApplication.id)
    )
    decisions = {}
    if rows:
        found = await RecusalDecision.select(
            *RecusalDecision.all_columns(), RecusalDecision.by.display_name.as_alias("by_name")
        ).where(RecusalDecision.application.is_in([row["id"] for row in rows]))
        decisions = {decision["application"]: decision for decision in found}
    return tuple(_view(row, decisions.get(row["id"])) for row in rows)


async def load_open_applications() -> list[dict[str, Any]]:
    """Applications that nobody decided yet: `inspection`, and `recorded_by`, who does not decide."""
    rows: list[dict[str, Any]] = await (
        RecusalApplication.select(RecusalApplication.inspection, RecusalApplication.recorded_by)
        .where(RecusalApplication.id.not_in(RecusalDecision.select(RecusalDecision.application)))
        .order_by(RecusalApplication.id)
    )
    return rows


async def refuse_while_recusal(inspection: int) -> None:
    """Refuse while an application is open, or was granted against a member of a team that was not drawn.

    Raises
    ------
    RefusedError
        Who decides, or names another team, comes first.
    """
    members = await load_members(inspection)
    for item in await load_applications(inspection):
        if not item.verdict:
            raise RefusedError(
                "recusal.open",
                "the agency asked that {name} steps back; that is decided first",
                name=item.inspector_name,
            )
        if item.verdict == "granted" and item.inspector in members:
            raise RefusedError(
                "recusal.seat",
                "{name} has to step back, and nobody is drawn for an inspection on a lead: propose it anew"
                " with another team",
                name=item.inspector_name,
            )


def _view(row: dict[str, Any], decision: dict[str, Any] | None) -> ApplicationView:
    return ApplicationView(
        application=row["id"],
        inspector=row["inspector"],
        inspector_name=row["inspector_name"],
        reason=row["reason"],
        applied_on=row["applied_on"],
        recorded_by=row["recorded_by"],
        recorded_by_name=row["recorded_by_name"],
        recorded_at=row["recorded_at"],
        verdict=decision["verdict"] if decision else "",
        decision=decision["reason"] if decision else "",
        decided_by_name=decision["by_name"] if decision else "",
        decided_at=decision["at"] if decision else None,
    )


def _notice(kind: str, inspection: dict[str, Any]) -> NewNotice:
    return NewNotice(kind=kind, what=inspection["agency_name"], path=path_of(inspection["id"]))


def _clean(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InputError("recusal.reason", "give a reason of 1 to {n} characters", n=LONGEST_REASON)
    return reason
