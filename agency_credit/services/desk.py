"""The desk of a person: what waits for whom, what is due, how much is in the registers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    Inspector,
    Person,
    Rating,
    RecordSalt,
    Recusal,
)
from agency_credit.domain.day import day_in_china
from agency_credit.domain.role import DRAW_READERS, Actor, Role
from agency_credit.services.annual_plan import load_due_on, load_plan
from agency_credit.services.case_store import CaseLine
from agency_credit.services.change_request import Change, load_waiting_changes
from agency_credit.services.desk_draws import DeskDraw, load_desk_draws
from agency_credit.services.desk_results import DeskInspection, load_desk_inspections
from agency_credit.services.objection_desk import load_waiting
from agency_credit.services.office import Office
from agency_credit.services.plan_progress import load_progress
from agency_credit.services.recusal_applications import load_open_applications
from agency_credit.services.repair_desk import load_waiting_repairs, task_of
from agency_credit.services.repairs import path_of as repair_path
from agency_credit.services.result_store import path_of
from agency_credit.services.supplements import has_uncovered


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that waits for a person.

    Parameters
    ----------
    kind
        What to do, such as ``"draw.approve"``; the pages have the words.
    path
        Where it is done.
    what
        The draw or the agency concerned.
    due_on
        By when; None: no day is set.
    n
        How many of something; 0 where nothing is counted.
    """

    kind: str
    path: str
    what: str
    due_on: date | None = None
    is_overdue: bool = False
    n: int = 0


_DRAW_TASKS = {
    "finish": ("draw.finish", "plan"),
    "approve": ("draw.approve", "approve"),
    "values": ("draw.values", "values"),
    "draw": ("draw.values", "draw"),
    "publish": ("draw.publish", "publish"),
    "names": ("draw.names", "publish"),
}
"""Task and page by the next step of a draw; its inspections are tasks of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much is in the registers; agencies are those in force, by practice line as well."""

    n_agencies: int
    by_line: dict[str, int]
    n_branches: int
    n_inspectors: int
    n_records: int
    n_recusals_waiting: int
    n_unrated: int
    rated_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The first page of the console."""

    tasks: tuple[Task, ...]
    draws: tuple[DeskDraw, ...]
    counts: Counts
    deadlines: tuple[Task, ...] = field(default=())


async def load_desk(office: Office, actor: Actor) -> Desk:
    """What the console shows first, by the roles of the actor."""
    counts = await load_counts()
    inspections = await load_desk_inspections(office)
    draws = await load_desk_draws(office, actor, inspections)
    of_teams = [*await load_waiting_changes("reserve"), *await load_waiting_changes("team")]
    tasks = [
        *_draw_tasks(office, actor, draws),
        *_result_tasks(actor, inspections),
        *_register_tasks(actor, counts),
        *await _seat_tasks(actor, inspections, office.now()),
        *await _recusal_tasks(actor, inspections),
        *await _repair_tasks(office, actor),
        *_change_tasks(actor, of_teams, "/admin/team-changes", "team.decide"),
        *_change_tasks(actor, await load_waiting_changes("rule"), "/admin/rules/changes"),
        *_change_tasks(actor, await load_waiting_changes("record"), "/admin/records/changes"),
        *_change_tasks(actor, await load_waiting_changes("items"), "/admin/changes"),
        *_change_tasks(actor, await load_waiting_changes("plan"), "/admin/changes"),
        *_change_tasks(actor, await load_waiting_changes("lead"), "/admin/changes"),
        *await _objection_tasks(office, actor),
        *await _plan_tasks(office, actor),
    ]
    is_reader = bool(actor.roles & DRAW_READERS)
    return Desk(
        tasks=tuple(sorted(tasks, key=_urgency)),
        draws=draws if is_reader else (),
        counts=counts,
        deadlines=tuple(_deadlines(inspections)) if is_reader else (),
    )


async def load_counts() -> Counts:
    """How much is in the registers."""
    agencies = await Agency.select(Agency.id, Agency.branch_of).where(Agency.status == "in_force")
    in_force = {row["id"] for row in agencies}
    practices = [
        row
        for row in await AgencyPractice.select(AgencyPractice.agency, AgencyPractice.practice_line)
        if row["agency"] in in_force
    ]
    rated = await Rating.select(Rating.agency, Rating.practice_line, Rating.rated_on).where(
        Rating.practitioner.is_null()
    )
    known = {(row["agency"], row["practice_line"]) for row in rated}
    return Counts(
        n_agencies=len(agencies),
        by_line=dict(Counter(row["practice_line"] for row in practices)),
        n_branches=sum(row["branch_of"] is not None for row in agencies),
        n_inspectors=await Inspector.count().where(Inspector.status == "active"),
        n_records=await RecordSalt.count(),  # a forgotten record has none
        n_recusals_waiting=await Recusal.count().where(Recusal.approved_at.is_null()),
        n_unrated=len({(row["agency"], row["practice_line"]) for row in practices} - known),
        rated_on=max((row["rated_on"] for row in rated), default=None),
    )


async def load_inspector_choices() -> list[tuple[str, str]]:
    """Inspectors on duty without an account, for a drop-down: certificate, and name with organisation."""
    taken = {row["inspector"] for row in await Person.select(Person.inspector)}
    rows = await (
        Inspector.select(Inspector.id, Inspector.certificate, Inspector.name, Inspector.organisation)
        .where(Inspector.status == "active")
        .order_by(Inspector.certificate)
    )
    return [
        (row["certificate"], " · ".join(filter(None, (row["name"], row["organisation"], row["certificate"]))))
        for row in rows
        if row["id"] not in taken
    ]


def _draw_tasks(office: Office, actor: Actor, draws: Iterable[DeskDraw]) -> Iterable[Task]:
    for draw in draws:
        path, what, step = f"/admin/draws/{draw.draw}", f"{draw.draw} {draw.title}", draw.next
        is_time = step.from_at is None or office.now() >= step.from_at
        if step.is_mine and is_time and step.kind in _DRAW_TASKS:
            kind, page = _DRAW_TASKS[step.kind]
            due_on = step.until_at and day_in_china(step.until_at)
            yield Task(kind=kind, path=f"{path}/{page}", what=what, due_on=due_on, is_overdue=step.is_late)
        may_void = Role.APPROVER in actor.roles and draw.void_asked_by not in (None, actor.person_id)
        if may_void and draw.state != "voided":
            yield Task(kind="void.confirm", path=f"{path}/void", what=what)


def _result_tasks(actor: Actor, inspections: Iterable[DeskInspection]) -> Iterable[Task]:
    for inspection in inspections:
        kind = None
        if inspection.has_member(actor):
            kind = _team_task(actor, inspection)
        elif Role.APPROVER in actor.roles and inspection.state == "confirmed":
            kind = "result.review" if inspection.entered_by != actor.person_id else None
        elif Role.PUBLISHER in actor.roles and inspection.is_publishable:
            kind = "result.publish"
        if kind is not None:
            yield Task(
                kind=kind,
                path=f"/admin/inspections/{inspection.inspection}",
                what=inspection.agency,
                due_on=inspection.due_on,
                is_overdue=inspection.is_overdue,
            )


def _team_task(actor: Actor, inspection: DeskInspection) -> str | None:
    if inspection.is_team_short:
        return None
    if inspection.state == "entered" and not inspection.has_confirmed(actor.inspector_id):
        return "result.confirm"
    return {"open": "result.enter", "returned": "result.mend", "rejected": "result.mend"}.get(
        inspection.state
    )


def _register_tasks(actor: Actor, counts: Counts) -> Iterable[Task]:
    if counts.n_unrated and actor.roles & {Role.DRAFTER, Role.APPROVER, Role.SYSTEM}:
        yield Task(kind="rating.run", path="/admin/rating", what=str(counts.n_unrated))
    if counts.n_recusals_waiting and Role.APPROVER in actor.roles:
        yield Task(kind="recusal.approve", path="/admin/recusals", what=str(counts.n_recusals_waiting))


async def _seat_tasks(actor: Actor, inspections: Iterable[DeskInspection], now: datetime) -> list[Task]:
    """Draws with empty seats that no supplementary draw is about to fill."""
    empty: Counter[str] = Counter()
    for item in inspections:
        if item.is_waiting_for_team and item.draw:
            empty[item.draw] += sum(seat.inspector is None for seat in item.seats)
    if Role.DRAFTER not in actor.roles:
        return []
    return [
        Task(kind="seats.fill", path=f"/admin/draws/{draw}", what=draw, n=n)
        for draw, n in empty.items()
        if await has_uncovered(draw, now)
    ]


async def _recusal_tasks(actor: Actor, inspections: Iterable[DeskInspection]) -> list[Task]:
    """What agencies asked of members of teams, for whoever may decide it; the team waits meanwhile."""
    if Role.APPROVER not in actor.roles:
        return []
    known = {item.inspection: item for item in inspections if item.closing is None}
    return [
        Task(kind="recusal.decide", path=path_of(row["inspection"]), what=known[row["inspection"]].agency)
        for row in await load_open_applications()
        if row["inspection"] in known
        and row["recorded_by"] != actor.person_id
        and not known[row["inspection"]].has_member(actor)
    ]


async def _repair_tasks(office: Office, actor: Actor) -> list[Task]:
    """Applications for repair that wait for this person; of the own proposals somebody else decides."""
    wanted = {Role.DRAFTER: "repair.propose", Role.APPROVER: "repair.decide"}
    kinds = {kind for role, kind in wanted.items() if role in actor.roles}
    return [
        Task(
            kind=task_of(case),
            path=repair_path(case.number),
            what=case.agency_name,
            due_on=case.due_on,
            is_overdue=case.due_on is not None and case.due_on < office.today(),
        )
        for case in (await load_waiting_repairs() if kinds else ())
        if task_of(case) in kinds and (task_of(case) != "repair.decide" or case.step_by != actor.person_id)
    ]


def _change_tasks(
    actor: Actor, changes: Iterable[Change], folder: str, kind: str = "change.decide"
) -> Iterable[Task]:
    if Role.APPROVER in actor.roles:
        for change in changes:
            if change.proposed_by != actor.person_id:
                yield Task(kind=kind, path=f"{folder}/{change.number}", what=change.subject[:60])


async def _objection_tasks(office: Office, actor: Actor) -> list[Task]:
    """The most urgent objections that wait for what the actor may do."""
    waiting: list[tuple[str, CaseLine]] = []
    if Role.DRAFTER in actor.roles:
        waiting += [("objection.propose", case) for case in await load_waiting(for_decision=False)]
    if Role.APPROVER in actor.roles:
        found = await load_waiting(for_decision=True)
        waiting += [("objection.decide", case) for case in found if case.step_by != actor.person_id]
    today = office.today()
    return [
        Task(
            kind=kind,
            path=f"/admin/objections/{case.number}",
            what=case.agency_name,
            due_on=case.due_on,
            is_overdue=case.due_on is not None and case.due_on < today,
        )
        for kind, case in waiting
    ]


async def _plan_tasks(office: Office, actor: Actor) -> list[Task]:
    """The plan of this year while there is none, and the tasks of the one in force whose month has come."""
    if Role.DRAFTER not in actor.roles:
        return []
    today = office.today()
    year, path = today.year, f"/admin/plans/{today.year}"
    plan = await load_plan(year)
    if plan is None:
        if await load_waiting_changes("plan", str(year)):
            return []
        due_on = await load_due_on(office, year)
        is_late = due_on is not None and due_on < today
        return [Task(kind="plan.file", path=path, what=str(year), due_on=due_on, is_overdue=is_late)]
    return [
        Task(kind="plan.draw", path=path, what=one.row.title, due_on=one.due_on, is_overdue=one.is_overdue)
        for one in await load_progress(year, plan.content.rows, office.now())
        if one.due_on is not None and (one.is_overdue or one.due_on.month == today.month)
    ]


def _deadlines(inspections: Iterable[DeskInspection]) -> Iterable[Task]:
    due = [i for i in inspections if i.due_on is not None and not i.is_out and i.closing is None]
    for inspection in sorted(due, key=lambda item: (item.due_on, item.inspection)):
        yield Task(
            kind=f"result.{inspection.state}",
            path=f"/admin/inspections/{inspection.inspection}",
            what=inspection.agency,
            due_on=inspection.due_on,
            is_overdue=inspection.is_overdue,
        )


def _urgency(task: Task) -> tuple[bool, date]:
    return not task.is_overdue, task.due_on or date.max
