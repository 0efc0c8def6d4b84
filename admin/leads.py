"""Inspections on a lead: those that were opened, those that wait, the form that proposes one."""

from __future__ import annotations

from typing import Any, cast

from litestar import get, post
from litestar.response import Redirect, Template

from admin.changes import CHANGE
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError
from agency_credit.domain.role import DRAFTER, DRAW_READERS
from agency_credit.services.change_request import load_waiting_changes
from agency_credit.services.changes import MAX_REASON, propose_change
from agency_credit.services.items import load_items
from agency_credit.services.leads import (
    LEAD_KINDS,
    Lead,
    draft_lead,
    load_inspector_names,
    load_lead_number,
    load_leads,
)
from agency_credit.services.office import Office

_FIELD_OF = {"agency.unknown": "agency", "change.reason": "reason"}


@get("/admin/leads", opt=opened_to(DRAW_READERS))
async def show_leads(office: TheOffice) -> Template:
    """All of them, and the form."""
    return await _show(office, [], None)


@post("/admin/leads", opt=opened_to(DRAFTER))
async def propose_lead(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Propose an inspection on a lead."""
    entered = await read_form(request)
    wanted = _read_lead(entered)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    complaints = list(entered.complaints)
    if wanted is not None and not complaints:
        try:
            based_on = await load_lead_number(wanted.agency)
            number = await propose_change(office, actor, draft_lead(office, wanted, based_on, reason))
        except AgencyCreditError as error:
            complaints = complaints_of(error, _FIELD_OF.get(error.code, ""))
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show(office, complaints, entered)


PAGES = (show_leads, propose_lead)


def _read_lead(entered: Entered) -> Lead | None:
    kind = entered.text("lead_kind")
    if kind not in LEAD_KINDS:
        entered.add_fault("lead_kind", "form.choice", "choose one of the answers")
    received_on = entered.day("received_on")
    leader = entered.text("lead", max_length=40)
    members = [name for name in entered.texts("team") if name and name != leader]
    agency = entered.text("agency", is_required=True, max_length=18).upper()
    document = entered.text("document", max_length=120)
    items = tuple(code for code in entered.texts("items") if code)
    if entered.complaints or received_on is None:
        return None
    return Lead(
        agency=agency,
        lead_kind=cast("Any", kind),
        document=document,
        received_on=received_on,
        items=items,
        team=tuple(filter(None, (leader, *members))),
    )


async def _show(office: Office, complaints: list[Complaint], entered: Entered | None) -> Template:
    names = ("agency", "lead_kind", "document", "received_on", "lead")
    return show(
        "leads",
        faults=complaints,
        leads=await load_leads(),
        changes=await load_waiting_changes("lead"),
        items=await load_items(office.today()),
        people=await load_inspector_names(),
        values={name: entered.text(name) if entered else "" for name in names}
        | {"reason": entered.paragraph("reason") if entered else ""},
        chosen={name: entered.texts(name) if entered else [] for name in ("items", "team")},
    )
