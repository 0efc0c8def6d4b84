"""Piccolo Admin at /admin/reference, over the reference tables alone, behind the login of this console.

Piccolo Admin brings a login, sessions and people of its own. None of them is used here: who is logged in
to the console as an administrator is let in, everybody else never reaches it. Three things are ours:

1. The guard of the application checks session and role; the backend below only repeats the answer.
2. Every request that changes something leaves an audit line with what was sent and what came of it. It is
   written after the change, not in one transaction with it: Piccolo Admin commits by itself. Should the
   machine fail between the two, the change is there without its line.
3. Its cookie against forged requests is kept below this path, and its pages get a policy that allows
   the styles it sets in line; nothing is loaded from elsewhere.
"""

from __future__ import annotations

from typing import Any

from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from piccolo_admin.endpoints import AdminRouter, TableConfig
from piccolo_api.shared.auth import User
from starlette.authentication import AuthCredentials, AuthenticationBackend
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount

from agency_credit.database.tables import (
    CalendarDay,
    District,
    LegalParameter,
    ResultCategory,
)
from agency_credit.domain.role import SYSTEM_ADMINISTRATOR, Actor
from agency_credit.services.log import refuse_if_forked
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit

PATH = "/admin/reference"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOT_OURS = (
    "/public/login",
    "/public/logout",
    "/api/change-password",
    "/openapi.json",
    "/api/docs",
    "/public/docs",
)
"""Parts of Piccolo Admin that belong to its own accounts, or that load scripts from elsewhere."""
_POLICY = (
    b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LARGEST_NOTED = 16_384
"""Bytes of a request, which goes into its audit line; no row of these tables is longer."""


def reference_handler() -> ASGIRouteHandler:
    """The mounted application, built once."""
    application = _Checked(_build())

    @asgi(PATH, is_mount=True, copy_scope=True, opt={"roles": SYSTEM_ADMINISTRATOR, "own_csrf": True})
    async def show_reference(scope: Scope, receive: Receive, send: Send) -> None:
        """Upkeep of districts, categories, calendar and legal parameters."""
        await application(scope, receive, send)

    return show_reference


class _KnownAdministrator(AuthenticationBackend):
    """Tells Piccolo Admin who the guard has let in."""

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, Any]:
        actor: Actor = conn.scope["state"]["actor"]
        return AuthCredentials(["authenticated"]), _Administrator(actor)


class _Administrator(User):
    """An account of ours in the shape that Piccolo Admin asks for."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.user = actor  # type: ignore[assignment]

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def display_name(self) -> str:
        return self.actor.username

    @property
    def user_id(self) -> int:
        return self.actor.person_id or 0


def _build() -> ASGIApp:
    router = AdminRouter(
        TableConfig(District, menu_group="行政区划"),
        TableConfig(ResultCategory, menu_group="检查结果类别", order_by=None),
        TableConfig(CalendarDay, menu_group="工作日历"),
        TableConfig(LegalParameter, menu_group="法定参数"),
        site_name="基础数据",
        default_language_code="zh-CN",
        sidebar_links={"返回工作台": "/admin"},
        production=True,
    )
    for route in router.router.routes:
        if isinstance(route, Mount) and isinstance(route.app, AuthenticationMiddleware):
            route.app.backend = _KnownAdministrator()
    return router  # type: ignore[return-value]


class _Checked:
    """Around Piccolo Admin: what it may not answer, what it must leave behind."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, note what was changed, keep cookie and policy to this path."""
        path, method = scope["path"], scope.get("method", "GET")
        if not scope["raw_path"].startswith(PATH.encode() + b"/"):
            await _lead_to(send, PATH + "/")
            return
        if path.startswith(_NOT_OURS):
            await _answer_nothing(send, 404)
            return
        scope["root_path"], scope["path"] = PATH, PATH + path
        body = b""
        if method not in _SAFE:
            await refuse_if_forked(scope["litestar_app"].state.office)
            body, receive = await _keep_body(receive)
            if len(body) > LARGEST_NOTED:
                await _answer_nothing(send, 413)
                return
        statuses: list[int] = []

        async def send_ours(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                message["headers"] = _our_headers(message["headers"])
            await send(message)

        await self._application(scope, receive, send_ours)
        if method not in _SAFE:
            await _note_change(scope, f"{method} {path}", body, statuses[0] if statuses else 500)


async def _note_change(scope: Scope, subject: str, body: bytes, status: int) -> None:
    office: Office = scope["litestar_app"].state.office
    actor: Actor = scope["state"]["actor"]
    outcome = "done" if status < 300 else "refused" if status < 500 else "failed"
    await append_audit(office, actor, "reference.change", subject, outcome, details={"sent": _readable(body)})


def _readable(body: bytes) -> str:
    return body.decode("utf-8", "replace")


async def _keep_body(receive: Receive) -> tuple[bytes, Receive]:
    body, more = bytearray(), True
    while more:
        message: Any = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False) and len(body) <= LARGEST_NOTED
    kept = bytes(body)
    pending = [{"type": "http.request", "body": kept, "more_body": False}]

    async def receive_again() -> Any:
        return pending.pop() if pending else await receive()

    return kept, receive_again


def _our_headers(headers: Any) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value.replace(b"Path=/;", b"Path=" + PATH.encode() + b";") if name == b"set-cookie" else value)
        for name, value in headers
        if name != b"content-security-policy"
    ]
    return [*kept, (b"content-security-policy", _POLICY)]


async def _lead_to(send: Send, path: str) -> None:
    """Its pages name their parts relative to a path that ends in a slash."""
    headers = [(b"location", path.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _answer_nothing(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
