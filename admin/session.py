"""Login and logout: the only place where a cookie is set."""

from __future__ import annotations

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.domain.role import EVERYBODY
from agency_credit.services.sessions import LONGEST, close_session, open_session

SESSION_COOKIE = "ac_session"


@get("/admin/login", opt={"public": True})
async def show_login(request: AnyRequest) -> Template | Redirect:
    """The login page; whoever is logged in goes on to the desk."""
    if request.state.actor is not None:
        return lead(request, "/admin")
    return show("login", values={"next": safe_target(request.query_params.get("next", ""))})


@post("/admin/login", opt={"public": True})
async def log_in(request: AnyRequest, office: TheOffice) -> Template | Redirect:
    """Check name and password; a new session in any case, never the one that the browser brought."""
    entered = await read_form(request)
    username, target = entered.text("username", max_length=64), safe_target(entered.text("next"))
    password = str((await request.form()).get("password", ""))
    try:
        token = await open_session(office, username, password, address=address_of(request))
    except (InputError, ForbiddenError) as error:
        return show(
            "login", faults=complaints_of(error, "username"), values={"username": username, "next": target}
        )
    await close_session(office, request.cookies.get(SESSION_COOKIE, ""))
    answer = lead(request, target or "/admin")
    answer.cookies.append(session_cookie(request, token))
    return answer


@post("/admin/logout", opt=opened_to(EVERYBODY))
async def log_out(request: AnyRequest, office: TheOffice) -> Redirect:
    """End the session here and in the store."""
    await close_session(office, request.cookies.get(SESSION_COOKIE, ""))
    answer = lead(request, "/admin/login")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def session_cookie(request: AnyRequest, token: str) -> Cookie:
    """The cookie of a session: out of reach of scripts and of other sites, over TLS where there is TLS."""
    return Cookie(
        key=SESSION_COOKIE,
        value=token,
        max_age=int(LONGEST.total_seconds()),
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def address_of(request: AnyRequest) -> str:
    """Where the request comes from, for the throttle."""
    return request.client.host if request.client else ""


def safe_target(path: str) -> str:
    """`path` where it is a page of this console, else "": no redirect leaves this site."""
    is_ours = path == "/admin" or path.startswith("/admin/")
    return path if is_ours and path.isprintable() and not set("\\:?#{}") & set(path) else ""
