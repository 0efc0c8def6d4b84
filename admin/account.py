"""One's own account: name, password, authenticator, logins."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from admin.qr import draw_qr
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.domain.role import EVERYBODY, Actor
from agency_credit.services.account import change_own_name, change_own_password
from agency_credit.services.office import Office
from agency_credit.services.security_settings import load_security
from agency_credit.services.sessions import end_sessions, load_sessions
from agency_credit.services.totp import (
    Enrolment,
    begin_totp,
    confirm_totp,
    end_totp,
    load_enrolment,
    load_state,
    renew_recovery,
)

PAGE = "/admin/account"
_OWN = opened_to(EVERYBODY, own_account=True)
_OWN_FRESH = opened_to(EVERYBODY, own_account=True, fresh=True)


@get(PAGE, opt=_OWN)
async def show_account(
    request: AnyRequest, office: TheOffice, actor: TheActor, done: FromQuery[str] = ""
) -> Template:
    """Everything about one's own account."""
    return await _show(request, office, actor, [], done=done)


@post(PAGE + "/name", opt=_OWN)
async def save_name(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Set how the pages name oneself."""
    entered = await read_form(request)
    name = entered.text("display_name", is_required=True, max_length=100)
    if not entered.complaints:
        await change_own_name(office, actor, name)
        return lead(request, PAGE, {"done": "name"})
    return await _show(request, office, actor, entered.complaints)


@post(PAGE + "/password", opt=_OWN)
async def save_password(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Set one's own password; the other logins end."""
    form = await request.form()
    password, complaints = str(form.get("password", "")), []
    if password != str(form.get("again", "")):
        fault = InputError("account.again", "the two passwords are not the same; type them again")
        complaints = complaints_of(fault, "again")
    else:
        try:
            await change_own_password(office, actor, str(form.get("current", "")), password)
        except (InputError, ForbiddenError) as error:
            field = "current" if error.code in ("account.password", "session.throttled") else "password"
            complaints = complaints_of(error, field)
    if complaints:
        return await _show(request, office, actor, complaints)
    await end_sessions(office, actor, actor.username, but=request.state.session_id)
    return lead(request, PAGE, {"done": "password"})


@post(PAGE + "/totp", opt=_OWN_FRESH, status_code=200)
async def begin(office: TheOffice, actor: TheActor) -> Template:
    """A new secret, with the QR code for the telephone."""
    return _show_enrolment(await begin_totp(office, actor), [])


@post(PAGE + "/totp/confirm", opt=_OWN, status_code=200)
async def confirm(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template:
    """The first code switches it on; then the recovery codes are shown, this once."""
    entered = await read_form(request)
    code = entered.text("code", max_length=20).replace(" ", "")
    try:
        codes = await confirm_totp(office, actor, code)
    except InputError as error:
        return _show_enrolment(await load_enrolment(office, actor), complaints_of(error, "code"))
    return show("recovery", codes=codes)


@post(PAGE + "/totp/end", opt=_OWN_FRESH)
async def end(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """Take the authenticator off, where nobody asks for it."""
    await end_totp(office, actor)
    return lead(request, PAGE, {"done": "totp-end"})


@post(PAGE + "/recovery", opt=_OWN_FRESH, status_code=200)
async def renew(office: TheOffice, actor: TheActor) -> Template:
    """Ten new recovery codes."""
    return show("recovery", codes=await renew_recovery(office, actor))


@post(PAGE + "/sessions/end", opt=_OWN)
async def end_login(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """End one of one's logins, or all but this one."""
    entered = await read_form(request)
    only = entered.number("session", maximum=999_999_999)
    await end_sessions(office, actor, actor.username, only=only, but=request.state.session_id)
    return lead(request, PAGE, {"done": "sessions"})


PAGES = (
    *(show_account, save_name, save_password, begin, confirm),
    *(end, renew, end_login),
)


async def _show(
    request: AnyRequest, office: Office, actor: Actor, complaints: list[Complaint], *, done: str = ""
) -> Template:
    assert actor.person_id is not None, "who is logged in has an account"
    return show(
        "account",
        faults=complaints,
        me=actor,
        duties=request.state.duties,
        settings=await load_security(),
        totp=await load_state(actor.person_id),
        sessions=await load_sessions(office, actor.person_id),
        here=request.state.session_id,
        done=done,
    )


def _show_enrolment(enrolment: Enrolment, complaints: list[Complaint]) -> Template:
    secret = enrolment.secret
    return show(
        "totp",
        faults=complaints,
        qr=draw_qr(enrolment.address, "QR"),
        secret=" ".join(secret[n : n + 4] for n in range(0, len(secret), 4)),
    )
