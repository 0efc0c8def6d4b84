"""Login in one step or two, logout, the password asked for again: the only place where a cookie is set."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, ForbiddenError, InputError, NotFoundError
from agency_credit.domain.role import EVERYBODY
from agency_credit.services.office import Office
from agency_credit.services.sessions import (
    Visitor,
    begin_login,
    close_session,
    confirm_session,
    finish_login,
    load_longest,
)

SESSION_COOKIE = "ac_session"
_QUERY = re.compile(r"[A-Za-z0-9_.~%+&=-]+")
_ROOMS = ("/activate", "/admin", "/desk")
_OWN_FIELDS = ("confirm_password", "confirm_code", "next_path")


@get("/admin/login", opt={"public": True})
async def show_login(request: AnyRequest, done: FromQuery[str] = "") -> Template | Redirect:
    """The login page; whoever is logged in goes on to the desk."""
    if request.state.actor is not None:
        return lead(request, "/admin")
    values = {"next": safe_target(request.query_params.get("next", ""))}
    return show("login", values=values, done=done == "account")


@post("/admin/login", opt={"public": True})
async def log_in(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """Check name and password; a new session in any case, never the one that the browser brought."""
    entered = await read_form(request)
    username, target = entered.text("username", max_length=64), safe_target(entered.text("next"))
    password = str((await request.form()).get("password", ""))
    try:
        token, ticket = await begin_login(office, username, password, visitor_of(request))
    except (InputError, ForbiddenError) as error:
        return show(
            "login", faults=complaints_of(error, "username"), values={"username": username, "next": target}
        )
    if ticket:
        return show("login_code", values={"ticket": ticket, "next": target})
    return await _let_in(request, office, token, target)


@post("/admin/login/code", opt={"public": True})
async def give_code(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """The second step: the code of the authenticator."""
    entered = await read_form(request)
    target, ticket = safe_target(entered.text("next")), entered.text("ticket", max_length=1000)
    try:
        token = await finish_login(office, ticket, entered.text("code", max_length=40), visitor_of(request))
    except (InputError, ForbiddenError) as error:
        if error.code == "session.ticket":
            return show("login", faults=complaints_of(error, "username"), values={"next": target})
        values = {"ticket": ticket, "next": target}
        return show("login_code", faults=complaints_of(error, "code"), values=values)
    return await _let_in(request, office, token, target)


@get("/admin/confirm", opt=opened_to(EVERYBODY, own_account=True))
async def show_confirm(request: AnyRequest) -> Template:
    """The password again, before a page that asks for it."""
    return _ask(safe_target(request.query_params.get("next", "")), [])


@post("/admin/confirm", opt=opened_to(EVERYBODY, own_account=True))
async def confirm(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """Check it; go on to the page, or send the form again that waited for this."""
    form = await request.form()
    target, has_form = safe_target(str(form.get("next_path", ""))), "is_form" in form
    fields = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
    carried = [pair for pair in fields if pair[0] not in _OWN_FIELDS] if has_form else []
    try:
        token = await confirm_session(
            office,
            request.cookies.get(SESSION_COOKIE, ""),
            str(form.get("confirm_password", "")),
            str(form.get("confirm_code", "")),
            visitor_of(request),
        )
    except (InputError, ForbiddenError, NotFoundError) as error:
        return _ask(target, carried, error)
    answer = lead(
        request, _address_of(target) or "/admin"
    )  # as it came decoded: a name may hold a percent sign
    if has_form and target:
        answer = Redirect(answer.url, status_code=307)  # the browser sends the very form again
    answer.cookies.append(session_cookie(request, token, await load_longest()))
    return answer


@post("/admin/logout", opt=opened_to(EVERYBODY, own_account=True))
async def log_out(request: AnyRequest, office: TheOffice) -> Redirect:
    """End the session here and in the store."""
    await close_session(office, request.cookies.get(SESSION_COOKIE, ""))
    answer = lead(request, "/admin/login")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


PAGES = (show_login, log_in, give_code, show_confirm, confirm, log_out)


def session_cookie(request: AnyRequest, token: str, longest: timedelta) -> Cookie:
    """The cookie of a session: out of reach of scripts and of other sites, over TLS where there is TLS."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        max_age=int(longest.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def visitor_of(request: AnyRequest) -> Visitor:
    """Where the request comes from, for the throttle and the list of logins."""
    address = request.client.host if request.client else ""
    return Visitor(address=address, agent=request.headers.get("user-agent", ""))


def safe_target(path: str) -> str:
    """`path` where it is a page behind a login, else "": no redirect leaves this site.

    What follows a question mark goes along where it is plain.
    """
    page, _, query = path.partition("?")
    is_ours = page in _ROOMS or page.startswith(tuple(f"{room}/" for room in _ROOMS))
    if not is_ours or not page.isprintable() or set("\\:#{}") & set(page):
        return ""
    return f"{page}?{query}" if query and _QUERY.fullmatch(query) else page


def _address_of(target: str) -> str:
    """A safe target as the address of a redirect; what follows the question mark is written so already."""
    page, mark, query = target.partition("?")
    return quote(page) + mark + query


async def _let_in(request: AnyRequest, office: Office, token: str, target: str) -> Redirect:
    await close_session(office, request.cookies.get(SESSION_COOKIE, ""))
    answer = lead(request, _address_of(target) or "/admin")
    answer.cookies.append(session_cookie(request, token, await load_longest()))
    return answer


def _ask(target: str, carried: list[tuple[str, str]], error: AgencyCreditError | None = None) -> Template:
    complaints: list[Complaint] = []
    if error is not None:
        field = "confirm_code" if error.code == "session.code" else "confirm_password"
        complaints = complaints_of(error, field)
    return Template(
        "confirm.html",
        context={"is_fictional": False, "next_path": target, "carried": carried, "faults": complaints},
        status_code=422 if complaints else 200,
    )
