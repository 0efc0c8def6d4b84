"""People and recusals: who may act, and who must keep away from whom."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from admin.person import show_invitation_page
from agency_credit.domain.errors import AgencyCreditError, ConflictError, InputError, NotFoundError
from agency_credit.domain.role import APPROVER, DRAW_READERS, OFFICE, SECURITY_ADMINISTRATOR, Role
from agency_credit.services.desk import load_inspector_choices
from agency_credit.services.invitations import invite_person
from agency_credit.services.people_list import KINDS, search_accounts
from agency_credit.services.recusals import approve_recusals, load_pending_recusals

_FIELD_OF = {
    "person.username": "username",
    "person.exists": "username",
    "person.roles": "roles",
    "person.roles-exclude": "roles",
    "person.certificate": "certificate",
    "person.inspector": "certificate",
    "inspector.unknown": "certificate",
}


@get("/admin/people", opt=opened_to(SECURITY_ADMINISTRATOR))
async def show_people(
    q: FromQuery[str] = "", kind: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Template:
    """Accounts of the office, or of agencies, or those that fit; and the form for a new one of the office."""
    return await _show_people([], None, q=q, kind=kind, after=after)


@post("/admin/people", opt=opened_to(SECURITY_ADMINISTRATOR, fresh=True), status_code=201)
async def add_person(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template:
    """Open an account without a password; the answer is the page to print, with the code shown this once."""
    entered = await read_form(request)
    username = entered.text("username", is_required=True, max_length=64)
    name = entered.text("display_name", is_required=True, max_length=64)
    roles = [Role(role) for role in entered.texts("roles") if role in OFFICE]
    certificate = entered.text("certificate")
    if not entered.complaints:
        try:
            invitation = await invite_person(
                office,
                actor,
                username,
                display_name=name,
                roles=roles,
                certificate=certificate if Role.INSPECTOR in roles else None,
            )
            return await show_invitation_page(request, invitation, name, status_code=201)
        except (InputError, ConflictError, NotFoundError) as error:
            entered.complaints += complaints_of(error, _FIELD_OF.get(error.code, "username"))
    return await _show_people(entered.complaints, entered)


@get("/admin/recusals", opt=opened_to(DRAW_READERS))
async def show_recusals(n_approved: FromQuery[int | None] = None) -> Template:
    """Recusals that wait for a second person."""
    return await _show_recusals([], n_approved)


@post("/admin/recusals", opt=opened_to(APPROVER, fresh=True))
async def approve(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Approve those that were ticked, or all that the page listed; never one that came in since."""
    entered = await read_form(request)
    chosen = entered.texts("listed" if entered.has("all") else "recusal")
    ids = {int(text) for text in chosen if text.isdecimal() and len(text) < 18}
    if not ids:
        entered.add_fault("recusal", "recusal.none", "tick the recusals that you approve")
        return await _show_recusals(entered.complaints, None)
    try:
        n_approved = await approve_recusals(office, actor, ids)
    except AgencyCreditError as error:
        return await _show_recusals(complaints_of(error, "recusal"), None)
    return lead(request, "/admin/recusals", {"n_approved": n_approved})


async def _show_people(
    complaints: list[Complaint], entered: Entered | None, *, q: str = "", kind: str = "", after: str = ""
) -> Template:
    fields = ("username", "display_name", "certificate")
    shown = kind if kind in KINDS else "" if q else "office"
    return show(
        "people",
        faults=complaints,
        page=await search_accounts(q=q, kind=shown, after=after),
        search={"q": q, "kind": shown},
        inspectors=await load_inspector_choices(),
        roles=sorted(OFFICE, key=list(Role).index),
        values={key: entered.text(key) for key in fields} if entered else {},
        chosen=entered.texts("roles") if entered else [],
    )


async def _show_recusals(complaints: list[Complaint], n_approved: int | None) -> Template:
    pending = await load_pending_recusals()
    return show("recusals", faults=complaints, pending=pending, n_approved=n_approved)
