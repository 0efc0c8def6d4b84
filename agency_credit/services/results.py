"""Results of inspections: entered by a member of the team, reviewed by a second person, published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from agency_credit.database.tables import (
    DrawStep,
    Inspection,
    InspectionResult,
    InspectionSeat,
    ResultCategory,
    ResultStep,
)
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError, ForbiddenError, NotFoundError, RefusedError
from agency_credit.domain.role import APPROVER, INSPECTOR, PUBLISHER, Actor
from agency_credit.inspection import result_states
from agency_credit.inspection.result_states import ResultState
from agency_credit.publication.masking import find_personal_number
from agency_credit.services.calendar import add_working_days
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.reference import load_categories
from agency_credit.services.supervision import RESULTS_PUBLISHED, load_value


async def enter_result(
    office: Office,
    actor: Actor,
    inspection: int,
    *,
    inspected_on: date,
    categories: Sequence[str],
    findings: str,
) -> None:
    """Enter the result of an inspection, or a new version of a returned one.

    Parameters
    ----------
    categories
        Codes of the result categories; several may apply.
    findings
        What was found, in words; may be empty only where nothing was found.

    Raises
    ------
    ForbiddenError
        The actor does not sit on the team.
    FaultsError
        A date in the future or before the draw, no category or an unknown one, findings missing.
    RefusedError
        A result is waiting for its review, or was reviewed; or a seat of the team is empty.
    """
    async with operation(office, actor, "result.enter", str(inspection), roles=INSPECTOR) as op:
        row = await _load_inspection(inspection)
        await _check_member(actor, inspection)
        latest = await load_latest_result(inspection)
        result_states.check_enter(_state_of(latest))
        await _check_result(office, row, inspected_on, categories, findings)
        deadline, _ = await add_working_days(office, inspected_on, await _working_days(office))
        await InspectionResult.insert(
            InspectionResult(
                inspection=inspection,
                version=1 if latest is None else latest["version"] + 1,
                inspected_on=inspected_on,
                categories_json=format_canonical(sorted(categories)).decode(),
                findings=findings.strip(),
                entered_by=person_of(actor),
                entered_at=op.at,
            )
        )
        await Inspection.update({Inspection.due_on: deadline}).where(Inspection.id == inspection)


async def review_result(office: Office, actor: Actor, inspection: int) -> None:
    """A second person confirms the result; it can be published from now on."""
    await _judge(office, actor, inspection, "reviewed", "")


async def return_result(office: Office, actor: Actor, inspection: int, reason: str) -> None:
    """A second person sends the result back with a reason; the first version stays in the file."""
    await _judge(office, actor, inspection, "returned", reason)


async def publish_result(office: Office, actor: Actor, inspection: int) -> None:
    """Publish the reviewed result of a draw that is itself public.

    Raises
    ------
    RefusedError
        Not reviewed, or the draw is not published yet: then its results go out with it.
    """
    async with operation(office, actor, "result.publish", str(inspection), roles=PUBLISHER) as op:
        row = await _load_inspection(inspection)
        if not await DrawStep.exists().where((DrawStep.draw == row["draw"]) & (DrawStep.step == "published")):
            raise RefusedError(
                "result.draw-unpublished", "the draw is not published yet; its results are published with it"
            )
        await append_result_publication(op, row)


async def append_result_publication(op: Operation, inspection: dict[str, Any]) -> None:
    """Publish a reviewed result inside a running operation; its log entry commits to the body."""
    latest = await load_latest_result(inspection["id"])
    result_states.check_publish(_state_of(latest), inspection["uscc"])
    assert latest is not None, "what was reviewed was entered"
    texts = await load_categories()
    body: dict[str, Json] = {
        "agency": inspection["uscc"],
        "categories": [texts[code] for code in json.loads(latest["categories_json"])],
        "draw": inspection["draw_identifier"],
        "findings": latest["findings"],
        "inspected_on": latest["inspected_on"].isoformat(),
        "version": latest["version"],
    }
    index = await op.append_entry(
        "result.published",
        f"{inspection['draw_identifier']}/{inspection['uscc']}",
        body,
        is_committed=True,
    )
    await _append_step(op, latest["id"], "published", "", index)


async def load_latest_result(inspection: int) -> dict[str, Any] | None:
    """The newest version of a result with its state: entered, returned, reviewed or published."""
    row = await (
        InspectionResult.select(
            *InspectionResult.all_columns(),
            InspectionResult.entered_by.display_name.as_alias("entered_by_name"),
        )
        .where(InspectionResult.inspection == inspection)
        .order_by(InspectionResult.version, ascending=False)
        .first()
    )
    if row is None:
        return None
    step = await (
        ResultStep.select(
            ResultStep.step,
            ResultStep.reason,
            ResultStep.at,
            ResultStep.log_index,
            ResultStep.by.display_name.as_alias("by_name"),
        )
        .where(ResultStep.result == row["id"])
        .order_by(ResultStep.id, ascending=False)
        .first()
    )
    return {**row, "state": step["step"] if step else "entered", "last_step": step}


async def load_inspections(draw: int) -> list[dict[str, Any]]:
    """The inspections of a draw, in the order of the teams."""
    rows: list[dict[str, Any]] = (
        await _select_inspections().where(Inspection.draw == draw).order_by(Inspection.position)
    )
    return rows


async def load_seats(inspection: int) -> list[dict[str, Any]]:
    """The seats of a team in order: role, and the inspector's id and name or None."""
    return await (
        InspectionSeat.select(
            InspectionSeat.seat,
            InspectionSeat.role,
            InspectionSeat.inspector,
            InspectionSeat.inspector.name.as_alias("inspector_name"),
        )
        .where(InspectionSeat.inspection == inspection)
        .order_by(InspectionSeat.seat)
    )


async def _judge(office: Office, actor: Actor, inspection: int, step: str, reason: str) -> None:
    async with operation(office, actor, f"result.{step}", str(inspection), roles=APPROVER) as op:
        await _load_inspection(inspection)
        latest = await load_latest_result(inspection)
        entered_by = latest["entered_by"] if latest else None
        result_states.check_judge(_state_of(latest), entered_by, person_of(actor))
        assert latest is not None, "what waits for a review was entered"
        if step == "returned" and not reason.strip():
            raise RefusedError("result.reason", "say why the result goes back, so that it can be mended")
        await _append_step(op, latest["id"], step, reason.strip(), None)


def _state_of(latest: dict[str, Any] | None) -> ResultState | None:
    return ResultState(latest["state"]) if latest else None


async def _append_step(op: Operation, result: int, step: str, reason: str, index: int | None) -> None:
    await ResultStep.insert(
        ResultStep(result=result, step=step, by=person_of(op.actor), at=op.at, reason=reason, log_index=index)
    )


async def _check_result(
    office: Office, inspection: dict[str, Any], inspected_on: date, categories: Sequence[str], findings: str
) -> None:
    faults = []
    drawn = await (
        DrawStep.select(DrawStep.at)
        .where((DrawStep.draw == inspection["draw"]) & (DrawStep.step == "drawn"))
        .first()
    )
    first_day = day_in_china(drawn["at"]) if drawn else office.today()
    if not first_day <= inspected_on <= office.today():
        faults.append(
            Fault(
                at="inspected_on",
                code="result.date",
                template="the day of the inspection lies between the draw on {first} and today, {last}",
                params={"first": first_day.isoformat(), "last": office.today().isoformat()},
            )
        )
    known = await load_categories()
    unknown = sorted(set(categories) - set(known))
    if not categories or unknown or len(set(categories)) != len(categories):
        faults.append(
            Fault(
                at="categories",
                code="result.categories",
                template="choose at least one category of the list, each once",
            )
        )
    if not findings.strip() and set(categories) - await _harmless():
        faults.append(
            Fault(at="findings", code="result.findings", template="describe the problem that was found")
        )
    if find_personal_number(findings):
        faults.append(
            Fault(
                at="findings",
                code="result.personal-number",
                template="the findings will be public; take out the identity or telephone number",
            )
        )
    if faults:
        raise FaultsError(inspection["uscc"], tuple(faults))


async def _harmless() -> set[str]:
    rows = await ResultCategory.select(ResultCategory.code).where(
        ResultCategory.is_problem == False  # noqa: E712
    )
    return {row["code"] for row in rows}


async def _working_days(office: Office) -> int:
    rule = await load_value(office, RESULTS_PUBLISHED)
    if rule is None or rule.value is None:
        raise RefusedError(
            "profile.publication-days",
            "the profile of this area does not say within how many working days results are published;"
            " enter results-published at /admin/rules",
        )
    return rule.value


async def _check_member(actor: Actor, inspection: int) -> None:
    seats = await InspectionSeat.select(InspectionSeat.inspector).where(
        InspectionSeat.inspection == inspection
    )
    members = {seat["inspector"] for seat in seats}
    if actor.inspector_id is None or actor.inspector_id not in members:
        raise ForbiddenError("result.not-member", "only a member of the team enters its result")
    if None in members:
        raise RefusedError(
            "result.team-short",
            "a seat of this team is empty, and the law asks for at least two inspectors (行政处罚法 art. 42);"
            " the inspection waits until the team is complete",
        )


def _select_inspections() -> Any:
    return Inspection.select(
        *Inspection.all_columns(),
        Inspection.agency.uscc.as_alias("uscc"),
        Inspection.agency.name.as_alias("agency_name"),
        Inspection.draw.draw.as_alias("draw_identifier"),
    )


async def _load_inspection(inspection: int) -> dict[str, Any]:
    row: dict[str, Any] | None = await _select_inspections().where(Inspection.id == inspection).first()
    if row is None:
        raise NotFoundError("inspection.unknown", "there is no such inspection")
    if await DrawStep.exists().where((DrawStep.draw == row["draw"]) & (DrawStep.step == "voided")):
        raise RefusedError("draw.voided", "the draw {draw} was voided", draw=row["draw_identifier"])
    return row
