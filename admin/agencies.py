"""An agency for the office: its ledger on any day as known on any other, and what would change its tier."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import AnyRequest, TheActor, TheOffice, complaints_of, has_role, lead, opened_to, show
from admin.what_if import read_made_up
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import AUDIT_ADMINISTRATOR, RATERS
from agency_credit.services.agency_standing import load_standing
from agency_credit.services.frame import ANNUAL_CAP
from agency_credit.services.inspection_counts import NO_VISITS, load_tallies
from agency_credit.services.record_desk import load_agency_desk
from agency_credit.services.supervision import load_value
from agency_credit.services.unmask import UNMASKERS, load_contact, unmask_contact

READERS = RATERS | AUDIT_ADMINISTRATOR


@get("/admin/agencies", opt=opened_to(READERS))
async def find_agency(request: AnyRequest, uscc: FromQuery[str] = "") -> Redirect:
    """Lead to an agency by its code."""
    return lead(request, "/admin/agencies/{uscc}", uscc=uscc.strip().upper() or "-")


@get("/admin/agencies/{uscc:str}", opt=opened_to(READERS))
async def show_agency(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """An agency: ledger, course and outlook, its records with what befell them; a made-up record tried."""
    entered = Entered(dict(request.query_params))
    day = entered.day("on") if entered.text("on") else None
    known = entered.day("known") if entered.text("known") else None
    desk = await load_agency_desk(office, actor, uscc, day or office.today(), known)
    made = {line: read_made_up(entered, line, outlook) for line, outlook in desk.outlooks.items()}
    if desk.error is not None:
        entered.complaints += complaints_of(desk.error, "on")
    return show(
        "agency",
        faults=entered.complaints,
        desk=desk,
        standing=await load_standing(office, uscc),
        contact=await load_contact(uscc),
        may_unmask=has_role(actor, UNMASKERS),
        on=day or office.today(),
        known=known,
        today=office.today(),
        asked_on=day is not None,
        made=made,
        values=dict(request.query_params),
        tally=(await load_tallies(office, office.today().year)).get(desk.agency, NO_VISITS),
        cap=await load_value(office, ANNUAL_CAP),
    )


@post("/admin/agencies/{uscc:str}/unmask", opt=opened_to(UNMASKERS), status_code=200)
async def unmask(request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]) -> Template:
    """Name and telephone in full, for a reason that goes into the audit line; shown this once."""
    entered = await read_form(request)
    reason = entered.text("reason", max_length=1000)
    contact = await load_contact(uscc)
    if not entered.complaints:
        try:
            contact = await unmask_contact(office, actor, uscc, reason)
        except InputError as error:
            entered.complaints += complaints_of(error, "reason")
    return show("contact", faults=entered.complaints, uscc=uscc, contact=contact, reason=reason)


PAGES = (find_agency, show_agency, unmask)
