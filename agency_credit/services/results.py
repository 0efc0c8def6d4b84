"""Results of inspections, the team's side: handed in by a member, confirmed by each of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from agency_credit.database.tables import (
    Inspection,
    InspectionResult,
    ResultConfirmation,
    ResultDraft,
    ResultSubmission,
)
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import ConflictError, ForbiddenError, RefusedError
from agency_credit.domain.record_form import FormDetails, RecordForm, format_form, parse_form
from agency_credit.domain.role import INSPECTOR, Actor, Role
from agency_credit.inspection import result_states
from agency_credit.inspection.result_states import Entry, ResultState
from agency_credit.services.calendar import add_working_days
from agency_credit.services.draw_store import person_of
from agency_credit.services.notices import NewNotice, append_notices, load_people_with, settle_notices
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.recusal_applications import refuse_while_recusal
from agency_credit.services.result_faults import refuse_faulty_form
from agency_credit.services.result_store import (
    append_result_step,
    load_accounts,
    load_confirmed_by,
    load_inspection,
    load_latest_result,
    load_members,
    path_of,
    state_of,
)
from agency_credit.services.supervision import RESULTS_PUBLISHED, load_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How a form came.

    Parameters
    ----------
    key
        Chosen by whoever sends; sent again under it, the form is not entered again. Empty: none.
    base
        The version that the form was filled in upon, 0: none; None: not said.
    reason
        Why a published result is corrected.
    """

    key: str = ""
    base: int | None = None
    reason: str = ""


_DONE = ("team.assigned", "result.returned", "result.rejected", "result.confirm")
"""What no member has to read any more once the record is there."""


async def enter_result(
    office: Office,
    actor: Actor,
    inspection: int,
    *,
    inspected_on: date,
    categories: Sequence[str],
    findings: str,
    details: FormDetails | None = None,
    sending: Sending = Sending(),
) -> None:
    """Enter the result of an inspection, a new version of it, or a correction of a published one.

    What is there already (the same key, or the newest unconfirmed version word for word) is not entered
    again, and nothing is said: the telephone did not hear the answer the first time.

    Parameters
    ----------
    categories
        Codes of the result categories.
    details
        The rest of the record; None: a program hands in the short form.

    Raises
    ------
    ForbiddenError
        The actor does not sit on the team.
    FaultsError
        As `refuse_faulty_form`.
    RefusedError
        A result is with the reviewer; a seat of the team is empty; an application for recusal is open.
    ConflictError
        Another member handed in a version since this form was begun.
    """
    form = RecordForm(
        inspected_on=inspected_on,
        categories=tuple(sorted(categories)),
        findings=_clean(findings),
        details=None if details is None else _clean_details(details),
    )
    async with operation(office, actor, "result.enter", str(inspection), roles=INSPECTOR) as op:
        row = await load_inspection(inspection)
        members = await refuse_stranger(actor, inspection)
        _refuse_short_team(members)
        await refuse_while_recusal(inspection)
        latest = await load_latest_result(inspection)
        if await _is_there(op, inspection, form, latest, sending.key):
            return
        version = latest["version"] if latest else 0
        entry = Entry(inspected_on=inspected_on, base=sending.base, reason=_clean(sending.reason))
        result_states.check_enter(state_of(latest), version, _rejected_on(latest), entry)
        await refuse_faulty_form(office, row, form)
        await _append_version(op, row, form, version + 1, entry.reason, sending.key)
        await ResultDraft.delete().where(
            (ResultDraft.inspection == inspection) & (ResultDraft.person == person_of(actor))
        )
        await settle_notices(op, path_of(inspection), *_DONE)
        await append_notices(op, await load_accounts(members), _notice("result.confirm", row))


async def confirm_result(office: Office, actor: Actor, inspection: int, over: str) -> None:
    """A member confirms the form, byte for byte; with the last of them it goes to review.

    Parameters
    ----------
    over
        SHA-256 in hex of the form that the member read.

    Raises
    ------
    ForbiddenError
        The actor does not sit on the team.
    RefusedError
        Nothing waits for confirmations, or a seat of the team is empty.
    ConflictError
        The form was changed after it was read, or the actor has confirmed it already.
    """
    async with operation(office, actor, "result.confirm", str(inspection), roles=INSPECTOR) as op:
        row = await load_inspection(inspection)
        members = await refuse_stranger(actor, inspection)
        _refuse_short_team(members)
        await refuse_while_recusal(inspection)
        latest = await load_latest_result(inspection)
        if latest is not None and actor.inspector_id in await load_confirmed_by(latest["id"]):
            raise ConflictError("result.confirmed-already", "you have confirmed this form already")
        result_states.check_confirm(state_of(latest), latest["digest"] if latest else "", over)
        assert latest is not None, "what waits for confirmations was entered"
        await ResultConfirmation.insert(
            ResultConfirmation(
                result=latest["id"], inspector=actor.inspector_id, by=person_of(actor), digest=over, at=op.at
            )
        )
        op.details["digest"] = over
        if result_states.is_confirmed(members, await load_confirmed_by(latest["id"])):
            await append_result_step(op, latest["id"], ResultState.CONFIRMED)
            team = await load_accounts(members)
            await settle_notices(op, path_of(inspection), "result.confirm")
            reviewers = await load_people_with(Role.APPROVER, but=team)
            await append_notices(op, reviewers, _notice("result.review", row))


async def refuse_stranger(actor: Actor, inspection: int) -> set[int | None]:
    """The members of a team, of whom the actor is one; None among them: a seat is empty.

    Raises
    ------
    ForbiddenError
        He is not.
    """
    members = await load_members(inspection)
    if actor.inspector_id is None or actor.inspector_id not in members:
        raise ForbiddenError("result.not-member", "only a member of the team enters its result")
    return members


def _refuse_short_team(members: set[int | None]) -> None:
    if None in members:
        raise RefusedError(
            "result.team-short",
            "a seat of this team is empty, and the law asks for at least two inspectors (行政处罚法 art. 42);"
            " the inspection waits until the team is complete",
        )


async def _append_version(
    op: Operation, row: dict[str, Any], form: RecordForm, version: int, reason: str, key: str
) -> None:
    content = format_form(form, agency=row["uscc"], draw=row["draw_identifier"] or "", version=version)
    result = InspectionResult(
        inspection=row["id"],
        version=version,
        inspected_on=form.inspected_on,
        categories_json=format_canonical(form.categories).decode(),
        findings=form.findings,
        entered_by=person_of(op.actor),
        entered_at=op.at,
        form_json=content.decode(),
        digest=digest(content),
        reason=reason,
    )
    await result.save()
    if key:
        await ResultSubmission.insert(
            ResultSubmission(
                person=person_of(op.actor), key=key, request=_fingerprint(row["id"], form), result=result.id
            )
        )
    if not reason:  # a correction was published in time already
        days = await load_days(op.office, RESULTS_PUBLISHED)
        deadline, _ = await add_working_days(op.office, form.inspected_on, days)
        await Inspection.update({Inspection.due_on: deadline}).where(Inspection.id == row["id"])


async def _is_there(
    op: Operation, inspection: int, form: RecordForm, latest: dict[str, Any] | None, key: str
) -> bool:
    """Whether this form came before, under the same key or as the newest version, which nobody judged yet."""
    if key:
        known = await (
            ResultSubmission.select(ResultSubmission.request)
            .where((ResultSubmission.person == person_of(op.actor)) & (ResultSubmission.key == key))
            .first()
        )
        if known and known["request"] != _fingerprint(inspection, form):
            raise ConflictError(
                "result.key-reused",
                "this form was sent before with other contents; load the page and send it anew",
            )
        if known:
            return True
    is_open = latest is not None and latest["state"] in (ResultState.ENTERED, ResultState.CONFIRMED)
    return (
        is_open
        and latest is not None
        and bool(latest["form_json"])
        and parse_form(latest["form_json"]) == form
    )


def _fingerprint(inspection: int, form: RecordForm) -> str:
    return digest(format_form(form, agency=str(inspection), draw="", version=0))


def _rejected_on(latest: dict[str, Any] | None) -> date | None:
    is_rejected = latest is not None and latest["state"] == ResultState.REJECTED
    return day_in_china(latest["last_step"]["at"]) if is_rejected and latest else None


def _notice(kind: str, row: dict[str, Any]) -> NewNotice:
    return NewNotice(kind=kind, what=row["agency_name"], path=path_of(row["id"]))


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _clean_details(details: FormDetails) -> FormDetails:
    """The same words in one writing: what people type differs in blanks and in how accents are written."""
    return replace(
        details,
        place=_clean(details.place),
        methods=tuple(sorted(set(details.methods))),
        lines=tuple(replace(line, remark=_clean(line.remark)) for line in details.lines),
        agency_remarks=_clean(details.agency_remarks),
        materials=tuple(filter(None, map(_clean, details.materials))),
    )
