"""A published result whose basis was annulled is taken down by two people, in the days that the law gives."""

from __future__ import annotations

from datetime import date
from typing import Any

from agency_credit.database.tables import LogBody, ResultWithdrawal
from agency_credit.domain.errors import ConflictError, InputError, RefusedError
from agency_credit.domain.role import APPROVER, PUBLISHER, Actor, Role
from agency_credit.inspection import result_states
from agency_credit.inspection.result_states import ResultState
from agency_credit.services.calendar import add_working_days
from agency_credit.services.draw_store import person_of
from agency_credit.services.notices import NewNotice, append_notices, load_people_with, settle_notices
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.reference import load_parameter
from agency_credit.services.result_records import withdraw_result_record
from agency_credit.services.result_store import (
    append_result_step,
    load_inspection,
    load_versions,
    path_of,
    state_of,
    subject_of,
)

LONGEST = 200


async def ask_withdrawal(
    office: Office, actor: Actor, inspection: int, *, annulled_on: date, document: str, reason: str
) -> None:
    """Ask to take a published result down, all its published versions: what it rested on was annulled.

    Parameters
    ----------
    annulled_on
        The day of the decision that annuls it; the days to take it down are counted from there.
    document
        Its number.

    Raises
    ------
    InputError
        No document or reason, a day that lies ahead.
    RefusedError
        No result is public.
    ConflictError
        Somebody asked already.
    """
    async with operation(
        office, actor, "result.withdraw-ask", str(inspection), roles=APPROVER | PUBLISHER
    ) as op:
        row = await load_inspection(inspection)
        if not (document.strip() and reason.strip()) or annulled_on > office.today():
            raise InputError(
                "result.withdrawal", "give the number and the day of the decision that annuls it, and say why"
            )
        published = await _load_published(inspection)
        result_states.check_withdraw(state_of(published[-1] if published else None), 0, person_of(actor))
        if await load_withdrawal(inspection) is not None:
            raise ConflictError("result.withdrawal-asked", "somebody asked to withdraw this result already")
        due_on, _ = await add_working_days(office, annulled_on, await _load_days())
        for version in published:
            await ResultWithdrawal.insert(
                ResultWithdrawal(
                    result=version["id"],
                    annulled_on=annulled_on,
                    document=document.strip()[:LONGEST],
                    reason=reason.strip(),
                    due_on=due_on,
                    asked_by=person_of(actor),
                    asked_at=op.at,
                )
            )
        people = await load_people_with(Role.PUBLISHER, but={person_of(actor)})
        notice = NewNotice(
            kind="result.withdraw", what=row["agency_name"], path=path_of(inspection), due_on=due_on
        )
        await append_notices(op, people, notice)


async def confirm_withdrawal(office: Office, actor: Actor, inspection: int) -> None:
    """A second person takes the result down; its contents are no longer served beside the log either.

    Raises
    ------
    RefusedError
        Nobody asked, or no result is public.
    ForbiddenError
        The actor asked.
    """
    async with operation(office, actor, "result.withdraw", str(inspection), roles=PUBLISHER) as op:
        row = await load_inspection(inspection)
        published = await _load_published(inspection)
        asked = await load_withdrawal(inspection)
        result_states.check_withdraw(
            state_of(published[-1] if published else None),
            asked["asked_by"] if asked else None,
            person_of(actor),
        )
        for version in published:
            await _withdraw(op, row, version)
        await settle_notices(op, path_of(inspection), "result.withdraw")


async def load_withdrawal(inspection: int) -> dict[str, Any] | None:
    """What was asked about the newest published version, while nobody confirmed it; None: nothing."""
    published = await _load_published(inspection)
    if not published:
        return None
    return await (
        ResultWithdrawal.select(
            *ResultWithdrawal.all_columns(), ResultWithdrawal.asked_by.display_name.as_alias("asked_by_name")
        )
        .where(ResultWithdrawal.result == published[-1]["id"])
        .first()
    )


async def _load_days() -> int:
    days = (await load_parameter("withdrawal_working_days")).number
    if days is None:
        raise RefusedError(
            "parameter.withdrawal-days",
            "an administrator must enter withdrawal_working_days at /admin/reference",
        )
    return days


async def _load_published(inspection: int) -> list[dict[str, Any]]:
    return [version for version in await load_versions(inspection) if version["state"] == "published"]


async def _withdraw(op: Operation, inspection: dict[str, Any], version: dict[str, Any]) -> None:
    """An entry that names the one withdrawn; the body behind its commitment is deleted (ADR 0013)."""
    published_at = version["last_step"]["log_index"]
    body = {"entry": published_at, "version": version["version"]}
    index = await op.append_entry("result.withdrawn", subject_of(inspection), body)
    await LogBody.delete().where(LogBody.log_index == published_at)
    await append_result_step(op, version["id"], ResultState.WITHDRAWN, index=index)
    await withdraw_result_record(op, inspection, version["version"])
