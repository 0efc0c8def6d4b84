"""Proposed changes of items, annual plans and leads: one page, the decision, taking back."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS
from agency_credit.services.change_desk import load_change_view
from agency_credit.services.changes import MAX_REASON, Verdict, decide_change, take_back_change
from agency_credit.services.items import load_items
from agency_credit.services.leads import load_inspector_names
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts

CHANGE = "/admin/changes/{number}"


@get("/admin/changes/{number:int}", opt=opened_to(DRAW_READERS))
async def show_change(office: TheOffice, number: FromPath[int]) -> Template:
    """A proposal: what it would change, who proposed it, why; the decision."""
    return await _show(office, number, [])


@post("/admin/changes/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
async def decide(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Approve or reject."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    verdict: Verdict = "approved" if entered.text("verdict") == "approve" else "rejected"
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await decide_change(office, actor, number, verdict, reason)
        except AgencyCreditError as error:
            complaints = complaints_of(error, "reason" if error.code == "change.reason" else "")
    if complaints:
        return await _show(office, number, complaints, reason)
    return lead(request, CHANGE, number=str(number))


@post("/admin/changes/{number:int}/take-back", opt=opened_to(DRAFTER))
async def take_back(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Redirect:
    """Take back a proposal of one's own."""
    await take_back_change(office, actor, number)
    return lead(request, CHANGE, number=str(number))


PAGES = (show_change, decide, take_back)


async def _show(office: Office, number: int, complaints: list[Complaint], reason: str = "") -> Template:
    return show(
        "change",
        faults=complaints,
        view=await load_change_view(office, number),
        items={item.code: item.title for item in await load_items(office.today())},
        people=await load_inspector_names(),
        districts=await load_districts(),
        reason=reason,
    )
