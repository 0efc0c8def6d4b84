"""Inspections: the team fills in its record and confirms it, a second person reviews it, it is published."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import (
    AnyRequest,
    Complaint,
    TheActor,
    TheOffice,
    complaints_of,
    has_role,
    lead,
    opened_to,
    show,
)
from admin.record_form import (
    LARGEST_REQUEST,
    PHOTOGRAPHS,
    FormValues,
    day_of,
    details_of,
    fields_of,
    read_fields,
    read_photographs,
)
from agency_credit.domain.errors import (
    AgencyCreditError,
    ConflictError,
    ForbiddenError,
    InputError,
    RefusedError,
)
from agency_credit.domain.record_form import ANSWERS, METHODS
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS, INSPECTOR, PUBLISHER, Actor
from agency_credit.services.arrivals import load_arrivals
from agency_credit.services.desk_results import DeskInspection, load_desk_inspection, load_desk_inspections
from agency_credit.services.follow_up import load_follow_ups, load_problems
from agency_credit.services.inspection_sheet import InspectionSheet, load_sheet
from agency_credit.services.office import Office
from agency_credit.services.papers import papers_of
from agency_credit.services.photographs import add_photograph, load_photograph, load_photographs
from agency_credit.services.recusal_applications import load_applications
from agency_credit.services.reference import load_categories
from agency_credit.services.result_drafts import Draft, load_drafts, save_draft
from agency_credit.services.result_review import publish_result, reject_result, return_result, review_result
from agency_credit.services.result_withdrawal import load_withdrawal
from agency_credit.services.results import Sending, confirm_result, enter_result

PAGE = "/admin/inspections/{inspection}"
CHANGEABLE = ("open", "entered", "returned", "rejected", "published", "withdrawn")
"""States in which the team may hand in a version; after publication it is a correction."""
_SEEN_ANEW = ("result.changed", "result.key-reused", "draft.changed")
"""Conflicts that the page shows: what comes next is filled in with both before one's eyes."""


@get("/admin/inspections", opt=opened_to(INSPECTOR))
async def show_mine(office: TheOffice, actor: TheActor) -> Template:
    """The inspections of my teams."""
    inspections = await load_desk_inspections(office)
    return show(
        "inspections", inspections=[item for item in inspections if item.has_member(actor)], is_mine=True
    )


@get("/admin/results", opt=opened_to(DRAW_READERS))
async def show_results(office: TheOffice) -> Template:
    """All inspections with their state and deadline."""
    return show("inspections", inspections=await load_desk_inspections(office), is_mine=False)


@get("/admin/inspections/{inspection:int}", opt=opened_to(DRAW_READERS | INSPECTOR))
async def show_inspection(
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    draft: FromQuery[int | None] = None,
) -> Template:
    """One inspection: team, record, what may be done with it; `draft`: whose draft stands in the form."""
    return await _show(office, actor, inspection, draft_of=draft)


@get(
    "/admin/inspections/{inspection:int}/photographs/{digest:str}",
    opt=opened_to(DRAW_READERS | INSPECTOR),
    media_type="image/jpeg",
)
async def show_photograph(
    office: TheOffice, actor: TheActor, inspection: FromPath[int], digest: FromPath[str]
) -> Response[bytes]:
    """A photograph, for those who may see the inspection."""
    content = await load_photograph(office, actor, inspection, digest)
    return Response(content, media_type="image/jpeg", headers={"Content-Disposition": "inline"})


@post(
    "/admin/inspections/{inspection:int}/draft",
    opt=opened_to(INSPECTOR),
    request_max_body_size=LARGEST_REQUEST,
)
async def keep_draft(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect | Response[Any]:
    """Keep what was typed so far, and photographs that came along; for the script as JSON."""
    sheet = await load_sheet(office, actor, inspection)
    entered = await read_form(request)
    values = read_fields(entered, sheet.lines)
    entered.complaints.clear()  # a draft may be as wrong as it likes
    values, complaints = await _take_photographs(request, office, actor, inspection, values)
    base, revision = entered.number("base") or 0, entered.number("revision") or 0
    is_script = "application/json" in request.headers.get("accept", "")
    try:
        kept = await save_draft(office, actor, inspection, values.fields, base=base, revision=revision)
    except (ConflictError, InputError) as error:
        if is_script:
            raise
        complaints += complaints_of(error)
    else:
        if is_script:
            return Response({"revision": kept}, status_code=200)
    if complaints:
        return await _show(office, actor, inspection, complaints, entered, values)
    return lead(request, PAGE, inspection=str(inspection))


@post(
    "/admin/inspections/{inspection:int}/result",
    opt=opened_to(INSPECTOR),
    request_max_body_size=LARGEST_REQUEST,
)
async def save_result(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect:
    """Hand in the record: the first version, a mended one, or a correction of a published one."""
    sheet = await load_sheet(office, actor, inspection)
    entered = await read_form(request)
    values = read_fields(entered, sheet.lines)
    day = day_of(entered)
    values, complaints = await _take_photographs(request, office, actor, inspection, values)
    complaints = [*entered.complaints, *complaints]
    if not complaints and day is not None:
        try:
            await enter_result(
                office,
                actor,
                inspection,
                inspected_on=day,
                categories=values.all("categories"),
                findings=values.one("findings"),
                details=details_of(values, sheet.lines) if entered.has("place") else None,
                sending=Sending(
                    key=entered.text("key", max_length=128),
                    base=entered.number("base"),
                    reason=values.one("correction_reason"),
                ),
            )
        except InputError as error:
            complaints += complaints_of(error, _FIELD_OF.get(error.code, ""))
        except ConflictError as error:
            if error.code not in _SEEN_ANEW:
                raise
            complaints += complaints_of(error)
    if complaints:
        return await _show(office, actor, inspection, complaints, entered, values)
    return lead(request, PAGE, inspection=str(inspection))


_FIELD_OF = {"result.correction-reason": "correction_reason", "result.inspect-anew": "inspected_on"}


@post("/admin/inspections/{inspection:int}/confirm", opt=opened_to(INSPECTOR))
async def confirm(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect:
    """Confirm the form as a member of the team, over the digest that was on the page."""
    entered = await read_form(request)
    try:
        await confirm_result(office, actor, inspection, entered.text("digest"))
    except ConflictError as error:
        if error.code != "result.old-digest":
            raise
        return await _show(office, actor, inspection, complaints_of(error))
    return lead(request, PAGE, inspection=str(inspection))


@post("/admin/inspections/{inspection:int}/review", opt=opened_to(APPROVER, fresh=True))
async def review(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect:
    """Find the result in order, send it back with a reason, or do not accept the inspection."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=1000)
    try:
        if entered.text("verdict") == "return":
            await return_result(office, actor, inspection, reason)
        elif entered.text("verdict") == "reject":
            await reject_result(office, actor, inspection, reason)
        else:
            await review_result(office, actor, inspection)
    except (RefusedError, ForbiddenError) as error:
        if error.code not in ("result.reason", "result.same-person"):
            raise
        return await _show(office, actor, inspection, complaints_of(error, "reason"), entered)
    return lead(request, PAGE, inspection=str(inspection))


@post("/admin/inspections/{inspection:int}/publish", opt=opened_to(PUBLISHER, fresh=True))
async def publish(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Redirect:
    """Publish the reviewed result of a draw that is public already."""
    await publish_result(office, actor, inspection)
    return lead(request, PAGE, inspection=str(inspection))


async def _take_photographs(
    request: AnyRequest, office: Office, actor: Actor, inspection: int, values: FormValues
) -> tuple[FormValues, list[Complaint]]:
    """Keep what came along; the good ones stay in the form even where another is none."""
    complaints: list[Complaint] = []
    for name, data in await read_photographs(request):
        field, kind = PHOTOGRAPHS[name]
        try:
            kept = await add_photograph(
                office, actor, inspection, data, "signed" if kind == "signed" else "photo"
            )
        except (InputError, RefusedError) as error:
            if all(at != name or str(told) != str(error) for at, told in complaints):  # said once
                complaints.append((name, error))
        else:
            values = values.with_added(field, kept)
    return values, complaints


async def show_with(
    office: Office, actor: Actor, inspection: int, complaints: list[Complaint], entered: Entered
) -> Template:
    """The page with what is wrong with a form that stands beside the record."""
    return await _show(office, actor, inspection, complaints, entered)


async def _show(
    office: Office,
    actor: Actor,
    inspection: int,
    complaints: list[Complaint] | None = None,
    entered: Entered | None = None,
    typed: FormValues | None = None,
    draft_of: int | None = None,
) -> Template:
    sheet = await load_sheet(office, actor, inspection)
    item = await load_desk_inspection(office, inspection)
    own, others = await load_drafts(actor, inspection)
    is_member = item.has_member(actor)
    is_conflict = any(_code(fault) in _SEEN_ANEW for _, fault in complaints or ())
    return show(
        "inspection",
        faults=complaints or (),
        item=item,
        sheet=sheet,
        values=typed or _stored_values(sheet, own, others, draft_of),
        reason=entered.paragraph("reason") if entered else "",
        photographs=await load_photographs(inspection),
        own_draft=own,
        other_drafts=others,
        is_conflict=is_conflict,
        base=_base(item.version, own, entered, is_conflict),
        key=secrets.token_hex(16),
        answers=ANSWERS,
        methods=METHODS,
        categories=await load_categories(),
        today=office.today(),
        can_enter=is_member and item.state in CHANGEABLE and not item.is_team_short,
        can_confirm=is_member and item.state == "entered" and not item.has_confirmed(actor.inspector_id),
        can_review=has_role(actor, APPROVER)
        and item.state == "confirmed"
        and not is_member
        and item.entered_by != actor.person_id,
        can_publish=has_role(actor, PUBLISHER) and item.is_publishable,
        **await _beside(actor, item, entered),
        papers=papers_of(item.state),
        arrivals=await load_arrivals(inspection),
    )


async def _beside(actor: Actor, item: DeskInspection, entered: Entered | None) -> dict[str, Any]:
    """What stands beside the record: recusals asked for, follow-ups, a result that is taken down."""
    follow_ups = await load_follow_ups(item.inspection)
    withdrawal = await load_withdrawal(item.inspection)
    is_public = any(result.state == "published" for result in item.results)
    is_member, is_office = item.has_member(actor), has_role(actor, DRAFTER | APPROVER)
    return {
        "me": actor.person_id,
        "typed_text": lambda name: entered.paragraph(name) if entered else "",
        "applications": await load_applications(item.inspection),
        "seated": {seat.inspector for seat in item.seats},
        "can_apply": is_member and item.state in ("open", "entered", "returned", "rejected"),
        "can_decide": has_role(actor, APPROVER) and not is_member,
        "follow_ups": follow_ups,
        "can_follow_up": is_member or is_office,
        "can_close": has_role(actor, APPROVER),
        "can_open_follow_up": is_office
        and is_public
        and all(view.is_closed for view in follow_ups)
        and bool(await load_problems() & set(item.results[-1].categories)),
        "withdrawal": withdrawal,
        "can_ask_withdrawal": is_public and has_role(actor, APPROVER | PUBLISHER),
        "can_publisher": has_role(actor, PUBLISHER),
    }


def _stored_values(
    sheet: InspectionSheet, own: Draft | None, others: tuple[Draft, ...], draft_of: int | None
) -> FormValues:
    """Another member's draft where it was asked for, else one's own, else the newest version."""
    for draft in others if draft_of else ():
        if draft.person == draft_of:
            return FormValues(draft.fields)
    if own is not None:
        return FormValues(own.fields)
    return fields_of(sheet.form) if sheet.form else FormValues({"place": [sheet.agency.address]})


def _base(version: int, own: Draft | None, entered: Entered | None, is_conflict: bool) -> int:
    """The version that the form is filled in upon: what the person has seen, not what came since."""
    if is_conflict:
        return version
    if entered is not None and entered.has("base"):
        return entered.number("base") or 0
    return own.base if own is not None else version


def _code(fault: AgencyCreditError | Any) -> str:
    return str(fault.code)


PAGES = (
    show_mine,
    show_results,
    show_inspection,
    show_photograph,
    keep_draft,
    save_result,
    confirm,
    review,
    publish,
)
