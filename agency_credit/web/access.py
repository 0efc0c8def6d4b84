"""Who may open which route: one guard, on every handler of the application.

A handler declares ``opt={"public": True}`` or ``opt={"roles": frozenset({Role.DRAFTER, …})}``; one that
declares neither is refused. A mounted application that checks its own forms says ``"own_csrf": True``. What
asks for the password given lately says ``"fresh": True``, what somebody may do who has a duty to fulfil first
(`services.sessions.OpenSession.duties`) ``"own_account": True``.
"""

from __future__ import annotations

import hmac
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from agency_credit.domain.errors import ForbiddenError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.log import look_again
from agency_credit.services.sessions import load_session

SESSION_COOKIE = "ac_session"
ACCOUNT = "/admin/account"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_WITH_SESSION = ("/activate", "/admin", "/api", "/desk")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = (RequestEncodingType.MULTI_PART, RequestEncodingType.URL_ENCODED)

Connection = ASGIConnection[Any, Any, Any, Any]


async def check_access(connection: Connection, handler: BaseRouteHandler) -> None:
    """Let through or refuse.

    1. Below ``/activate``, ``/admin``, ``/desk`` and ``/api`` the session cookie is read, and where roles are
       asked for (a mounted application sees its own part of the path only); nowhere else.
    2. The roles that the handler declares are asked for.
    3. What changes something needs the token of the session, and never comes from another site.
    4. Whoever has a duty (a password too old, an authenticator to set up) does that first.
    5. Where the handler asks for it, the password was given lately; the form that was sent is kept for the
       page that asks for it.

    Raises
    ------
    ForbiddenError
        ``session.required``, ``role.missing``, ``request.forged``, ``account.unfinished``,
        ``session.stale`` or ``route.undeclared``.
    """
    if "\0" in connection.scope["path"]:  # no name holds it, and PostgreSQL cannot even compare with it
        raise NotFoundException
    await look_again(connection.app.state.office)
    if handler.opt.get("roles") or _has_session(connection.scope["path"]):  # 1
        await _read_session(connection)
    actor: Actor | None = connection.state.actor
    _check_roles(actor, handler)  # 2
    if connection.scope.get("method", "GET") not in _SAFE and not handler.opt.get("own_csrf"):  # 3
        await _check_csrf(connection, actor)
    if connection.state.get("duties") and not handler.opt.get("own_account"):  # 4
        _check_duties(handler)
    if handler.opt.get("fresh") and not connection.state.is_fresh:  # 5
        await _ask_again(connection)


def _check_duties(handler: BaseRouteHandler) -> None:
    if handler.opt.get("roles"):
        raise ForbiddenError(
            "account.unfinished",
            "first finish your account: set a new password or an authenticator at {link}",
            link=ACCOUNT,
        )


async def _ask_again(connection: Connection) -> None:
    if isinstance(connection, Request) and connection.content_type[0] in _FORMS:
        form = await connection.form()
        pairs = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
        connection.state.stale_form = pairs
    raise ForbiddenError(
        "session.stale",
        "give your password again: it has to be given shortly before this (programs: POST"
        " /api/v1/session/confirm)",
    )


def _has_session(path: str) -> bool:
    return any(path == root or path.startswith(root + "/") for root in _WITH_SESSION)


async def _read_session(connection: Connection) -> None:
    token = connection.cookies.get(SESSION_COOKIE)
    session = await load_session(connection.app.state.office, token) if token else None
    if session is not None:
        connection.state.actor = session.actor
        connection.state.csrf_token = session.csrf_token
        connection.state.session_id = session.session_id
        connection.state.is_fresh = session.is_fresh
        connection.state.duties = session.duties


def _check_roles(actor: Actor | None, handler: BaseRouteHandler) -> None:
    if handler.opt.get("public") is True:
        return
    roles: frozenset[Role] | None = handler.opt.get("roles")
    if not roles:
        raise ForbiddenError("route.undeclared", "this route declares no roles; nobody may open it")
    if actor is None:
        raise ForbiddenError("session.required", "log in first")
    if not roles & actor.roles:
        raise ForbiddenError(
            "role.missing",
            "{user} may not do this; it takes one of these roles: {roles}",
            user=actor.username,
            roles=", ".join(sorted(roles)),
        )


async def _check_csrf(connection: Connection, actor: Actor | None) -> None:
    forged = ForbiddenError("request.forged", "the form is too old or from elsewhere; load the page again")
    if _is_from_elsewhere(connection):
        raise forged
    if actor is None:
        return
    expected = str(connection.state.csrf_token)
    if not hmac.compare_digest(expected.encode(), (await _sent_token(connection)).encode()):
        raise forged


def _is_from_elsewhere(connection: Connection) -> bool:
    """What the browser says of the page that sent this; over plain HTTP it says only `Origin`."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = connection.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != connection.headers.get("host", "")


async def _sent_token(connection: Connection) -> str:
    header = connection.headers.get(CSRF_HEADER)
    if header is not None or not isinstance(connection, Request):
        return header or ""
    if connection.content_type[0] not in _FORMS:
        return ""
    form = await connection.form()
    value = form.get(CSRF_FIELD)
    return value if isinstance(value, str) else ""
