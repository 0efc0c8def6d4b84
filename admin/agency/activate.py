"""From the letter to the desk: a login with its first seat, its authenticator; or a seat for a login."""

from __future__ import annotations

from litestar import get, post
from litestar.response import Redirect, Template

from admin.agency.page import show_desk
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to
from admin.qr import draw_qr
from admin.session import session_cookie, visitor_of
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import AGENCY
from agency_credit.services.activation import NewLogin, activate, join_desk
from agency_credit.services.activation_codes import PAGE
from agency_credit.services.security_settings import load_security
from agency_credit.services.sessions import load_longest
from agency_credit.services.totp import Enrolment, confirm_totp, load_enrolment

_FIELDS = (("uscc", 40), ("code", 40), ("username", 64), ("display_name", 100))
_OWN = opened_to(AGENCY, own_account=True)


@get(PAGE, opt={"public": True})
async def show_activation(request: AnyRequest) -> Template:
    """The form; credit code and code come filled in from the code that was scanned."""
    return await _show(request, Entered(dict(request.query_params)))


@post(PAGE, opt={"public": True})
async def open_login(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """Open the login and log in; the authenticator comes next."""
    entered = await read_form(request)
    if request.state.actor is not None:
        return await _show(request, entered)
    texts = {field: entered.text(field, is_required=True, max_length=n) for field, n in _FIELDS}
    form = await request.form()
    password = str(form.get("password", ""))
    if password != str(form.get("again", "")):
        entered.add_fault("again", "account.again", "the two passwords are not the same; type them again")
    if not entered.has("agreed"):
        entered.add_fault(
            "agreed", "activation.agreed", "tick that you act for the agency and use the login alone"
        )
    if entered.complaints:
        return await _show(request, entered)
    login = NewLogin(username=texts["username"], display_name=texts["display_name"], password=password)
    try:
        token = await activate(office, texts["uscc"].upper(), texts["code"], login, visitor_of(request))
    except (InputError, RefusedError, ForbiddenError) as error:
        entered.complaints += complaints_of(error, "code")
        return await _show(request, entered)
    answer = lead(request, PAGE + "/authenticator")
    answer.cookies.append(session_cookie(request, token, await load_longest()))
    return answer


@post(PAGE + "/join", opt=_OWN)
async def join(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """A seat at one more desk for the login that is there."""
    entered = await read_form(request)
    uscc = entered.text("uscc", is_required=True, max_length=40).upper()
    code = entered.text("code", is_required=True, max_length=40)
    if not entered.complaints:
        try:
            seat = await join_desk(office, actor, uscc, code, visitor_of(request))
            return lead(request, "/desk/{uscc}", uscc=seat.uscc)
        except (InputError, RefusedError, ForbiddenError) as error:
            entered.complaints += complaints_of(error, "code")
    return await _show(request, entered)


@get(PAGE + "/authenticator", opt=_OWN)
async def show_authenticator(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """The code for the telephone, and a field for its first answer."""
    try:
        enrolment = await load_enrolment(office, actor)
    except NotFoundError:  # it is on already, or has to be begun anew
        return lead(request, "/desk")
    return _show_enrolment(enrolment, [])


@post(PAGE + "/authenticator", opt=_OWN, status_code=200)
async def confirm(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """The first code switches it on; the recovery codes are shown, this once, and the way to the desk."""
    entered = await read_form(request)
    code = entered.text("code", max_length=20).replace(" ", "")
    try:
        codes = await confirm_totp(office, actor, code)
    except NotFoundError:
        return lead(request, "/desk")
    except InputError as error:
        return _show_enrolment(await load_enrolment(office, actor), complaints_of(error, "code"))
    return show_desk("recovery", codes=codes, desk=actor.seats[0].uscc if len(actor.seats) == 1 else "")


PAGES = (show_activation, open_login, join, show_authenticator, confirm)


async def _show(request: AnyRequest, entered: Entered) -> Template:
    complaints = list(entered.complaints)
    values = {field: entered.text(field, max_length=n) for field, n in _FIELDS}
    values["agreed"] = "yes" if entered.has("agreed") else ""
    actor = request.state.actor
    name = "activate" if actor is None else "join" if actor.roles & AGENCY else "activate_elsewhere"
    return show_desk(name, faults=complaints, values=values, settings=await load_security())


def _show_enrolment(enrolment: Enrolment, complaints: list[Complaint]) -> Template:
    secret = enrolment.secret
    return show_desk(
        "authenticator",
        faults=complaints,
        qr=draw_qr(enrolment.address, "QR"),
        address=enrolment.address,
        secret=" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
    )
