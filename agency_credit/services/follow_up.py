"""Follow-ups of inspections: ordered, checked again, penalised, handed over, closed by two people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from agency_credit.database.tables import FollowUp, InspectionResult, ResultCategory
from agency_credit.database.tables import FollowUpStep as FollowUpStepRow
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import APPROVER, DRAFTER, INSPECTOR, Actor, Role
from agency_credit.inspection import follow_up_states
from agency_credit.inspection.follow_up_states import DECISIONS, FollowUpStep, Made, NewStep
from agency_credit.inspection.form_faults import find_text_faults
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
from agency_credit.services.reference import load_parameter
from agency_credit.services.result_store import (
    load_accounts,
    load_inspection,
    load_members,
    load_versions,
    path_of,
)

WORKERS = INSPECTOR | DRAFTER | APPROVER
"""Who writes down steps: the team, and the office behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """A step as the pages show it."""

    step: str
    on: date
    due_on: date | None
    document: str
    body: str
    text: str
    by: int
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpView:
    """A follow-up with its steps; `due_on`: by when the agency has to put it right."""

    follow_up: int
    inspection: int
    version: int
    opened_at: datetime
    steps: tuple[StepView, ...]
    due_on: date | None
    is_closed: bool

    @property
    def asked_by(self) -> int | None:
        """Who asked to close it, while that is not decided."""
        last = self.steps[-1] if self.steps else None
        return last.by if last is not None and last.step == FollowUpStep.CLOSE_ASKED else None


async def open_follow_up(office: Office, actor: Actor, inspection: int) -> None:
    """Open the follow-up of a published result that names a problem.

    Raises
    ------
    RefusedError
        No published result names a problem.
    ConflictError
        It has a follow-up already.
    """
    async with operation(office, actor, "follow-up.open", str(inspection), roles=DRAFTER | APPROVER) as op:
        row = await load_inspection(inspection)
        published = [v for v in await load_versions(inspection) if v["state"] == "published"]
        problems = await load_problems()
        if not published or not problems & set(json.loads(published[-1]["categories_json"])):
            raise RefusedError(
                "follow-up.no-problem", "no published result of this inspection names a problem"
            )
        if await _load_open(inspection) is not None:
            raise ConflictError("follow-up.open", "this inspection has an open follow-up already")
        await _append(op, row, published[-1]["id"])


async def open_for_publication(
    op: Operation, inspection: Mapping[str, Any], result: Mapping[str, Any]
) -> None:
    """Open a follow-up with a result that says one is to come, inside the operation that publishes it."""
    wanted = set((await load_parameter("follow_up_categories")).value.split())
    if wanted & set(json.loads(result["categories_json"])) and await _load_open(inspection["id"]) is None:
        await _append(op, inspection, result["id"])


async def append_follow_up_step(office: Office, actor: Actor, inspection: int, new: NewStep) -> None:
    """Write down what was done; the last word, on closing, has another approver.

    Raises
    ------
    ForbiddenError
        An inspector of another team; whoever asked to close decides about it.
    FaultsError
        Day, document, body or words are missing or wrong.
    RefusedError
        It does not follow from where the follow-up stands.
    NotFoundError
        This inspection has no follow-up.
    """
    roles = APPROVER if new.step in DECISIONS else WORKERS
    async with operation(office, actor, f"follow-up.{new.step}", str(inspection), roles=roles) as op:
        row = await load_inspection(inspection)
        if not actor.roles & (DRAFTER | APPROVER) and actor.inspector_id not in await load_members(
            inspection
        ):
            raise ForbiddenError("inspection.not-yours", "this inspection is for another team")
        views = await load_follow_ups(inspection)
        if not views:
            raise NotFoundError("follow-up.unknown", "this inspection has no follow-up")
        view = views[-1]
        follow_up_states.check_step(_history(view), new.step, person_of(actor))
        first_on = await _load_inspected_on(inspection, view.version)
        texts = {"document": new.document, "to_body": new.body, "text": new.text}
        faults = (*follow_up_states.find_faults(new, first_on, office.today()), *find_text_faults(texts))
        if faults:
            raise FaultsError(row["uscc"], faults)
        await FollowUpStepRow.insert(
            FollowUpStepRow(
                follow_up=view.follow_up,
                step=new.step.value,
                on=new.on,
                due_on=new.due_on if new.step is FollowUpStep.ORDERED else None,
                document=new.document[:200],
                body=new.body[:200],
                text=new.text,
                by=person_of(actor),
                at=op.at,
            )
        )
        await _tell(op, row, new)


async def load_follow_ups(inspection: int | None = None) -> tuple[FollowUpView, ...]:
    """The follow-ups of an inspection, or of all, in the order in which they were opened."""
    query = FollowUp.select(*FollowUp.all_columns(), FollowUp.result.version.as_alias("version")).order_by(
        FollowUp.id
    )
    rows = await (query if inspection is None else query.where(FollowUp.inspection == inspection))
    steps_query = FollowUpStepRow.select(
        *FollowUpStepRow.all_columns(), FollowUpStepRow.by.display_name.as_alias("by_name")
    ).order_by(FollowUpStepRow.id)
    if inspection is not None:
        steps_query = steps_query.where(FollowUpStepRow.follow_up.is_in([row["id"] for row in rows] or [0]))
    steps: dict[int, list[StepView]] = {}
    for step in await steps_query:
        steps.setdefault(step["follow_up"], []).append(_step(step))
    return tuple(_view(row, steps.get(row["id"], [])) for row in rows)


def _view(row: dict[str, Any], steps: list[StepView]) -> FollowUpView:
    view = FollowUpView(
        follow_up=row["id"],
        inspection=row["inspection"],
        version=row["version"],
        opened_at=row["opened_at"],
        steps=tuple(steps),
        due_on=None,
        is_closed=False,
    )
    history = _history(view)
    return FollowUpView(
        follow_up=view.follow_up,
        inspection=view.inspection,
        version=view.version,
        opened_at=view.opened_at,
        steps=view.steps,
        due_on=follow_up_states.find_due(history),
        is_closed=follow_up_states.is_closed(history),
    )


def _step(row: dict[str, Any]) -> StepView:
    names = ("step", "on", "due_on", "document", "body", "text", "by", "by_name", "at")
    return StepView(**{name: row[name] for name in names})


def _history(view: FollowUpView) -> list[Made]:
    return [
        Made(step=FollowUpStep(step.step), by=step.by, on=step.on, due_on=step.due_on) for step in view.steps
    ]


async def _append(op: Operation, inspection: Mapping[str, Any], result: int) -> None:
    await FollowUp.insert(
        FollowUp(inspection=inspection["id"], result=result, opened_by=person_of(op.actor), opened_at=op.at)
    )
    people = await load_accounts(await load_members(inspection["id"])) | await load_people_with(Role.DRAFTER)
    await append_notices(op, people, _notice("follow-up.opened", inspection))


async def _tell(op: Operation, inspection: Mapping[str, Any], new: NewStep) -> None:
    """Whom a step concerns; a deadline is told on its day."""
    path = path_of(inspection["id"])
    team = await load_accounts(await load_members(inspection["id"]))
    if new.step is FollowUpStep.ORDERED and new.due_on is not None:
        await settle_notices(op, path, "follow-up.due")
        notice = NewNotice(
            kind="follow-up.due",
            what=inspection["agency_name"],
            path=path,
            due_on=new.due_on,
            shown_from=datetime.combine(new.due_on, time(), OFFICE_ZONE),
        )
        await append_notices(op, team | await load_people_with(Role.DRAFTER), notice)
        told = NewNotice(
            kind="desk.ordered",
            what=inspection["agency_name"],
            path=f"/inspections/{inspection['id']}",
            due_on=new.due_on,
        )
        await tell_agency(op, inspection["agency"], told)
    elif new.step is FollowUpStep.CLOSE_ASKED:
        approvers = await load_people_with(Role.APPROVER, but={person_of(op.actor)})
        await append_notices(op, approvers, _notice("follow-up.close", inspection))
    elif new.step in DECISIONS:
        await settle_notices(op, path, "follow-up.close")
        kind = "follow-up.closed" if new.step is FollowUpStep.CLOSED else "follow-up.close-refused"
        await append_notices(op, team | await load_people_with(Role.DRAFTER), _notice(kind, inspection))
    if new.step in (FollowUpStep.RECHECKED, FollowUpStep.CLOSED):
        await settle_notices(op, path, "follow-up.due", "follow-up.opened")


def _notice(kind: str, inspection: Mapping[str, Any]) -> NewNotice:
    return NewNotice(kind=kind, what=inspection["agency_name"], path=path_of(inspection["id"]))


async def _load_open(inspection: int) -> FollowUpView | None:
    return next((view for view in await load_follow_ups(inspection) if not view.is_closed), None)


async def load_problems() -> set[str]:
    """Codes of the categories that name a problem."""
    rows = await ResultCategory.select(ResultCategory.code).where(
        ResultCategory.is_problem == True  # noqa: E712
    )
    return {row["code"] for row in rows}


async def _load_inspected_on(inspection: int, version: int) -> date:
    row = await (
        InspectionResult.select(InspectionResult.inspected_on)
        .where((InspectionResult.inspection == inspection) & (InspectionResult.version == version))
        .first()
    )
    assert row is not None, "a follow-up is of a version"
    day: date = row["inspected_on"]
    return day
