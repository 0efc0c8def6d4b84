"""Around the whole application: every request gets an id, is counted and timed, and may leave a line.

Requests are told apart by the template of their route (``/agencies/{uscc}``), never by their path.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from agency_credit.web.log_lines import ACCESS
from agency_credit.web.metrics import REQUESTS, SECONDS

NO_ROUTE = "(none)"
_logger = logging.getLogger(ACCESS)


class ObservedRequests:
    """Outermost: what it sees is what was sent, 304 and failures included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, noting how it went."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        request_id = state["request_id"] = secrets.token_hex(8)
        status, began = 500, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            _note(str(scope["method"]), state, status, time.perf_counter() - began)


class RouteNote:
    """Innermost: notes in the state of the request which route answered; the scope itself may be a copy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, then note the route."""
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == ScopeType.HTTP:
                scope["state"]["route"] = scope.get("path_template") or NO_ROUTE


def request_fields(method: str, state: dict[str, Any]) -> dict[str, Any]:
    """What a line may say of a request: id, method, route, and the roles of whoever sent it."""
    actor = state.get("actor")
    return {
        "request": state.get("request_id", ""),
        "method": method,
        "route": state.get("route", NO_ROUTE),
        "roles": sorted(actor.roles) if actor else [],
    }


def _note(method: str, state: dict[str, Any], status: int, seconds: float) -> None:
    known = method if method in _METHODS else "other"
    route = state.get("route", NO_ROUTE)
    REQUESTS.labels(known, route, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    level = logging.WARNING if status >= 500 else logging.INFO
    if _logger.isEnabledFor(level):
        fields = {**request_fields(known, state), "status": status, "ms": round(seconds * 1000, 1)}
        _logger.log(level, "request", extra={"fields": fields})


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
