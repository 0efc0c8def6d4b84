"""One account, as the security administrator sees it: roles, invitation, authenticator, logins, end."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from admin.qr import draw_qr
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import OFFICE, SECURITY_ADMINISTRATOR, Actor, Role
from agency_credit.services.invitations import PAGE as INVITATION
from agency_credit.services.invitations import NewInvitation, load_open_invitation, renew_invitation
from agency_credit.services.office import Office
from agency_credit.services.people import (
    change_roles,
    close_account,
    reopen_account,
    require_totp,
)
from agency_credit.services.people_list import load_account
from agency_credit.services.sessions import end_sessions, load_sessions
from agency_credit.services.totp import load_state

PAGE = "/admin/people/{username}"
_PATH = "/admin/people/{username:str}"
_FRESH = opened_to(SECURITY_ADMINISTRATOR, fresh=True)


@get(_PATH, opt=opened_to(SECURITY_ADMINISTRATOR))
async def show_person(
    office: TheOffice, actor: TheActor, username: FromPath[str], done: FromQuery[str] = ""
) -> Template:
    """One account."""
    return await _show(office, actor, username, [], done=done)


@post(_PATH + "/roles", opt=_FRESH)
async def save_roles(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Template | Redirect:
    """Give and take away roles."""
    entered = await read_form(request)
    roles = [Role(role) for role in entered.texts("roles") if role in set(Role)]
    try:
        await change_roles(office, actor, username, roles)
    except (InputError, RefusedError) as error:
        return await _show(office, actor, username, complaints_of(error, "roles"))
    return lead(request, PAGE, {"done": "roles"}, username=username)


@post(_PATH + "/invite", opt=_FRESH, status_code=201)
async def invite_again(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Template:
    """A new invitation; password, authenticator and logins end at once. The code is shown this once."""
    try:
        invitation = await renew_invitation(office, actor, username)
    except RefusedError as error:
        return await _show(office, actor, username, complaints_of(error))
    return await show_invitation_page(request, invitation, username, status_code=201)


@post(_PATH + "/totp", opt=_FRESH)
async def ask_totp(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Template | Redirect:
    """Ask this person for an authenticator, or no longer."""
    entered = await read_form(request)
    try:
        await require_totp(office, actor, username, is_required=entered.text("required") == "yes")
    except RefusedError as error:
        return await _show(office, actor, username, complaints_of(error))
    return lead(request, PAGE, {"done": "totp"}, username=username)


@post(_PATH + "/close", opt=_FRESH)
async def close(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Template | Redirect:
    """Close the account."""
    try:
        await close_account(office, actor, username)
    except RefusedError as error:
        return await _show(office, actor, username, complaints_of(error))
    return lead(request, PAGE, {"done": "close"}, username=username)


@post(_PATH + "/reopen", opt=_FRESH)
async def reopen(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Template | Redirect:
    """Open a closed account again."""
    try:
        await reopen_account(office, actor, username)
    except RefusedError as error:
        return await _show(office, actor, username, complaints_of(error))
    return lead(request, PAGE, {"done": "reopen"}, username=username)


@post(_PATH + "/sessions/end", opt=_FRESH)
async def end_logins(
    request: AnyRequest, office: TheOffice, actor: TheActor, username: FromPath[str]
) -> Redirect:
    """End one login of this person, or all."""
    entered = await read_form(request)
    only = entered.number("session", maximum=999_999_999)
    await end_sessions(office, actor, username, only=only)
    return lead(request, PAGE, {"done": "sessions"}, username=username)


PAGES = (show_person, save_roles, invite_again, ask_totp, close, reopen, end_logins)


async def show_invitation_page(
    request: AnyRequest, invitation: NewInvitation, name: str, *, status_code: int
) -> Template:
    """The page to print and hand over; the QR code leads to the page where the account is opened."""
    site = str(request.base_url).rstrip("/")
    address = f"{site}{INVITATION}?username={quote(invitation.username)}&code={invitation.code}"
    return show(
        "invitation_print",
        status_code=status_code,
        invitation=invitation,
        name=name,
        page=f"{site}{INVITATION}",
        qr=draw_qr(address, "QR"),
    )


async def _show(
    office: Office, actor: Actor, username: str, complaints: list[Complaint], *, done: str = ""
) -> Template:
    account, seats = await load_account(username)
    return show(
        "person",
        faults=complaints,
        account=account,
        seats=seats,
        is_own=actor.username == username,
        roles=sorted(OFFICE, key=list(Role).index),
        invited_until=await load_open_invitation(office, account.person),
        totp=await load_state(account.person),
        sessions=await load_sessions(office, account.person),
        done=done,
    )
