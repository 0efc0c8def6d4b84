"""Results of inspections, the office's side: reviewed, returned or rejected, then published."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from agency_credit.database.tables import DrawStep, ResultConfirmation
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.role import APPROVER, PUBLISHER, Actor, Role
from agency_credit.inspection import result_states
from agency_credit.inspection.result_states import ResultState
from agency_credit.services.draw_store import person_of
from agency_credit.services.follow_up import open_for_publication
from agency_credit.services.notices import (
    NewNotice,
    append_notices,
    load_people_with,
    settle_notices,
    tell_agency,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.reference import load_categories
from agency_credit.services.result_records import append_result_record
from agency_credit.services.result_store import (
    append_result_step,
    load_accounts,
    load_inspection,
    load_latest_result,
    load_members,
    load_versions,
    path_of,
    state_of,
    subject_of,
)
from agency_credit.services.result_withdrawal import load_withdrawal


async def review_result(office: Office, actor: Actor, inspection: int) -> None:
    """A second person finds the confirmed result in order; it can be published from now on.

    Raises
    ------
    RefusedError
        No confirmed result waits for a review.
    ForbiddenError
        The actor entered or confirmed it, or sits on its team.
    """
    await _judge(office, actor, inspection, ResultState.REVIEWED, "")


async def return_result(office: Office, actor: Actor, inspection: int, reason: str) -> None:
    """A second person sends the result back to be mended; the first version stays in the file."""
    await _judge(office, actor, inspection, ResultState.RETURNED, reason)


async def reject_result(office: Office, actor: Actor, inspection: int, reason: str) -> None:
    """A second person does not accept the inspection itself (不通过): the team inspects anew."""
    await _judge(office, actor, inspection, ResultState.REJECTED, reason)


async def publish_result(office: Office, actor: Actor, inspection: int) -> None:
    """Publish the reviewed result of a draw that is itself public, or a correction of a published one.

    Raises
    ------
    RefusedError
        Not reviewed, or the draw is not published yet: then its results go out with it.
    """
    async with operation(office, actor, "result.publish", str(inspection), roles=PUBLISHER) as op:
        row = await load_inspection(inspection)
        if not await is_draw_published(row):
            raise RefusedError(
                "result.draw-unpublished", "the draw is not published yet; its results are published with it"
            )
        await append_result_publication(op, row)


async def append_result_publication(op: Operation, inspection: dict[str, Any]) -> None:
    """Publish a reviewed result inside a running operation; its log entry commits to the body.

    A version after one that was published is a correction of it: an entry of its own, that names both.

    Raises
    ------
    RefusedError
        Not reviewed; or somebody asked to take down what it corrects, which is decided first.
    """
    versions = await load_versions(inspection["id"])
    latest = versions[-1] if versions else None
    result_states.check_publish(state_of(latest), inspection["uscc"])
    assert latest is not None, "what was reviewed was entered"
    if await load_withdrawal(inspection["id"]) is not None:
        raise RefusedError(
            "result.withdrawal-open",
            "somebody asked to take down the published result of {unit}; that is decided before it is"
            " corrected",
            unit=inspection["uscc"],
        )
    corrected = [v for v in versions[:-1] if v["state"] in ("published", "withdrawn")]
    body = await _body(inspection, latest)
    subject = subject_of(inspection)
    if corrected:
        body |= {"corrects": corrected[-1]["version"], "reason": latest["reason"]}
        index = await op.append_entry("result.corrected", subject, body, is_committed=True)
    else:
        index = await op.append_entry("result.published", subject, body, is_committed=True)
    await append_result_step(op, latest["id"], ResultState.PUBLISHED, index=index)
    await append_result_record(op, inspection, latest, corrected[-1] if corrected else None)
    path = path_of(inspection["id"])
    await settle_notices(op, path, "result.publish", "result.review")
    notice = NewNotice(kind="result.published", what=inspection["agency_name"], path=path)
    await append_notices(op, await load_accounts(await load_members(inspection["id"])), notice)
    await tell_agency(op, inspection["agency"], replace(notice, path=f"/inspections/{inspection['id']}"))
    await open_for_publication(op, inspection, latest)


async def is_draw_published(inspection: dict[str, Any]) -> bool:
    """Whether the results of this inspection go out by themselves; one without a draw waits for none."""
    if inspection["draw"] is None:
        return True
    return await DrawStep.exists().where(
        (DrawStep.draw == inspection["draw"]) & (DrawStep.step == "published")
    )


async def _body(inspection: dict[str, Any], result: dict[str, Any]) -> dict[str, Json]:
    texts = await load_categories()
    return {
        "agency": inspection["uscc"],
        "categories": [texts[code] for code in json.loads(result["categories_json"])],
        "draw": inspection["draw_identifier"] or "",
        "findings": result["findings"],
        "inspected_on": result["inspected_on"].isoformat(),
        "version": result["version"],
    }


async def _judge(office: Office, actor: Actor, inspection: int, step: ResultState, reason: str) -> None:
    async with operation(office, actor, f"result.{step}", str(inspection), roles=APPROVER) as op:
        row = await load_inspection(inspection)
        latest = await load_latest_result(inspection)
        team = await load_accounts(await load_members(inspection))
        hands = team | await _load_hands(latest)
        result_states.check_judge(state_of(latest), step, reason.strip(), hands, person_of(actor))
        assert latest is not None, "what waits for a review was entered"
        await append_result_step(op, latest["id"], step, reason.strip())
        path = path_of(inspection)
        await settle_notices(op, path, "result.review")
        if step is not ResultState.REVIEWED:
            notice = NewNotice(kind=f"result.{step}", what=row["agency_name"], path=path)
            await append_notices(op, team, notice)
        elif await is_draw_published(row):
            notice = NewNotice(
                kind="result.publish", what=row["agency_name"], path=path, due_on=row["due_on"]
            )
            await append_notices(op, await load_people_with(Role.PUBLISHER), notice)


async def _load_hands(latest: dict[str, Any] | None) -> set[int]:
    if latest is None:
        return set()
    rows = await ResultConfirmation.select(ResultConfirmation.by).where(
        ResultConfirmation.result == latest["id"]
    )
    return {latest["entered_by"], *(row["by"] for row in rows)}
