"""Inspections: the inspector enters the result, a second person reviews it, it is published."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
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
from agency_credit.domain.errors import FaultsError, ForbiddenError, RefusedError
from agency_credit.domain.role import APPROVER, DRAW_READERS, INSPECTOR, PUBLISHER, Actor
from agency_credit.services.arrivals import load_arrivals
from agency_credit.services.desk_results import DeskInspection, load_desk_inspection, load_desk_inspections
from agency_credit.services.office import Office
from agency_credit.services.papers import papers_of
from agency_credit.services.reference import load_categories
from agency_credit.services.result_review import publish_result, reject_result, return_result, review_result
from agency_credit.services.results import Sending, confirm_result, enter_result

PAGE = "/admin/inspections/{inspection}"


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
async def show_inspection(office: TheOffice, actor: TheActor, inspection: FromPath[int]) -> Template:
    """One inspection: team, result, what may be done with it."""
    return await _show(office, actor, inspection)


@post("/admin/inspections/{inspection:int}/result", opt=opened_to(INSPECTOR))
async def save_result(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect:
    """Enter the result, or a new version of a returned one."""
    entered = await read_form(request)
    day, findings = entered.day("inspected_on"), entered.paragraph("findings")
    if not entered.complaints and day is not None:
        try:
            await enter_result(
                office,
                actor,
                inspection,
                inspected_on=day,
                categories=entered.texts("categories"),
                findings=findings,
                sending=Sending(
                    key=entered.text("key", max_length=128),
                    base=entered.number("base"),
                    reason=entered.paragraph("correction_reason", max_length=1000),
                ),
            )
        except FaultsError as error:
            entered.complaints += complaints_of(error)
    if entered.complaints:
        return await _show(office, actor, inspection, entered.complaints, entered)
    return lead(request, PAGE, inspection=str(inspection))


@post("/admin/inspections/{inspection:int}/confirm", opt=opened_to(INSPECTOR))
async def confirm(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Redirect:
    """Confirm the form as a member of the team, over the digest that was on the page."""
    entered = await read_form(request)
    await confirm_result(office, actor, inspection, entered.text("digest"))
    return lead(request, PAGE, inspection=str(inspection))


@post("/admin/inspections/{inspection:int}/review", opt=opened_to(APPROVER, fresh=True))
async def review(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
) -> Template | Redirect:
    """Confirm the result, or send it back with a reason."""
    entered = await read_form(request)
    try:
        reason = entered.paragraph("reason", max_length=1000)
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


async def _show(
    office: Office,
    actor: Actor,
    inspection: int,
    complaints: list[Complaint] | None = None,
    entered: Entered | None = None,
) -> Template:
    item = await load_desk_inspection(office, inspection)
    if not has_role(actor, DRAW_READERS) and not item.has_member(actor):
        raise ForbiddenError("inspection.not-yours", "this inspection is for another team")
    return show(
        "inspection",
        faults=complaints or (),
        item=item,
        categories=await load_categories(),
        today=office.today(),
        values=_values(item, entered),
        chosen=entered.texts("categories") if entered else _chosen(item),
        can_enter=item.has_member(actor) and item.state in ("open", "entered", "returned", "rejected"),
        can_confirm=item.has_member(actor)
        and item.state == "entered"
        and not item.has_confirmed(actor.inspector_id),
        can_review=has_role(actor, APPROVER)
        and item.state == "confirmed"
        and not item.has_member(actor)
        and item.entered_by != actor.person_id,
        can_publish=has_role(actor, PUBLISHER) and item.is_publishable,
        papers=papers_of(item.state),
        arrivals=await load_arrivals(inspection),
    )


def _chosen(item: DeskInspection) -> list[str]:
    return list(item.results[-1].categories) if item.results else []


def _values(item: DeskInspection, entered: Entered | None) -> dict[str, str]:
    if entered is not None:
        return {
            "inspected_on": entered.text("inspected_on"),
            "findings": entered.paragraph("findings"),
            "reason": entered.paragraph("reason"),
        }
    last = item.results[-1] if item.results else None
    return {
        "inspected_on": last.inspected_on.isoformat() if last else "",
        "findings": last.findings if last else "",
        "reason": "",
    }


PAGES = (show_mine, show_results, show_inspection, save_result, confirm, review, publish)
