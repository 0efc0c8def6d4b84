"""Opening one's account: the code of the printed page, and a password of one's own."""

from __future__ import annotations

from litestar import get, post
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import AnyRequest, TheOffice, complaints_of, lead, show
from admin.session import visitor_of
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.services.invitations import accept_invitation
from agency_credit.services.security_settings import load_security


@get("/admin/invitation", opt={"public": True})
async def show_invitation(request: AnyRequest) -> Template:
    """The form; name and code come filled in from the QR code."""
    return await _show(Entered(dict(request.query_params)))


@post("/admin/invitation", opt={"public": True})
async def open_account(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """Set the password with the code, which is used up by this."""
    entered = await read_form(request)
    username = entered.text("username", is_required=True, max_length=64)
    code = entered.text("code", is_required=True, max_length=40)
    form = await request.form()
    password = str(form.get("password", ""))
    if password != str(form.get("again", "")):
        entered.add_fault("again", "account.again", "the two passwords are not the same; type them again")
    if not entered.complaints:
        try:
            await accept_invitation(office, username, code, password, address=visitor_of(request).address)
        except (InputError, ForbiddenError) as error:
            field = "password" if error.code.startswith("person.") else "code"
            entered.complaints += complaints_of(error, field)
    if entered.complaints:
        return await _show(entered)
    return lead(request, "/admin/login", {"done": "account"})


PAGES = (show_invitation, open_account)


async def _show(entered: Entered) -> Template:
    complaints = list(entered.complaints)
    values = {
        "username": entered.text("username", max_length=64),
        "code": entered.text("code", max_length=40),
    }
    settings = await load_security()
    return show("invitation", faults=complaints, values=values, settings=settings)
