"""What stands around the whole application: language prefix, security headers, conditional requests.

These wrap the router itself, so that a page which does not exist has them too.
"""

from __future__ import annotations

import hashlib
from typing import Any

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from agency_credit.web.observed import ObservedRequests, RouteNote

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"x-frame-options": b"DENY",
}
"""Set where the application itself set none; Piccolo Admin, mounted, brings a policy of its own."""

LANGUAGE_PREFIX = "/en"
LARGEST_TAGGED = 8 * 1024 * 1024
"""Bytes; a larger body is streamed through and gets no `ETag`."""


def wrap_application(handler: ASGIApp) -> ASGIApp:
    """`handler` behind all that every answer needs."""
    return ObservedRequests(SecurityHeaders(ConditionalRequests(LanguagePrefix(RouteNote(handler)))))


class LanguagePrefix:
    """Takes ``/en`` off the path and notes the language in the state of the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on with ``scope["state"]["language"]`` set; Chinese where there is no prefix."""
        path: str = scope["path"]
        is_english = path == LANGUAGE_PREFIX or path.startswith(LANGUAGE_PREFIX + "/")
        state = scope.setdefault("state", {})
        state.update(language="en" if is_english else "zh", actor=None, csrf_token="")
        if is_english:
            scope["path"] = path[len(LANGUAGE_PREFIX) :] or "/"
            scope["raw_path"] = scope["raw_path"][len(LANGUAGE_PREFIX) :] or b"/"
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds the security headers to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, adding headers on the way back."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                known = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in SECURITY_HEADERS.items() if name not in known]
                if b"cache-control" not in known:
                    headers.append((b"cache-control", _cache_control(scope["path"])))
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _cache_control(path: str) -> bytes:
    if _is_private(path) or path.removeprefix(LANGUAGE_PREFIX).startswith(
        ("/healthz", "/readyz", "/metrics")
    ):
        return b"no-store"
    return b"no-cache"


class ConditionalRequests:
    """Strong `ETag` by content, 304 where the reader has it already, HEAD wherever GET is.

    Litestar sends tags for files but never answers 304. Answers that set a cookie, and the back office,
    are left alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold the body of a successful GET back until its digest is known."""
        if scope["method"] not in ("GET", "HEAD") or _is_private(scope["path"]):  # type: ignore[typeddict-item]
            await self.app(scope, receive, send)
            return
        asked = dict(scope["headers"]).get(b"if-none-match", b"")
        is_head = scope["method"] == "HEAD"  # type: ignore[typeddict-item]
        if is_head:  # in a copy: the server itself must go on knowing that no body follows
            scope = {**scope, "method": "GET"}  # type: ignore[assignment]
        state: dict[str, Any] = scope.setdefault("state", {})
        held = _HeldAnswer(send, state, asked=asked, is_head=is_head)
        await self.app(scope, receive, held.receive_message)


def _is_private(path: str) -> bool:
    return path.removeprefix(LANGUAGE_PREFIX).startswith(("/activate", "/admin", "/desk"))


class _HeldAnswer:
    def __init__(self, send: Send, state: dict[str, Any], *, asked: bytes, is_head: bool) -> None:
        self.send = send
        self.state = state
        self.asked = asked
        self.is_head = is_head
        self.start: Any = None
        self.body = bytearray()

    async def receive_message(self, message: Message) -> None:
        """Collect; pass everything on at the end, or as soon as the body grows too large."""
        if message["type"] == "http.response.start":
            self.start = message
            return
        if message["type"] != "http.response.body" or self.start is None:
            await self._send_body(message)
            return
        self.body += message.get("body", b"")
        if message.get("more_body", False) and len(self.body) <= LARGEST_TAGGED:
            return
        await self._release(is_complete=not message.get("more_body", False))

    async def _release(self, *, is_complete: bool) -> None:
        start, body, self.start = self.start, bytes(self.body), None
        headers = [(name.lower(), value) for name, value in start["headers"]]
        names = {name for name, _ in headers}
        if is_complete and start["status"] == 200 and b"set-cookie" not in names:
            known = self.state.get("body_digest") or hashlib.sha256(body).digest()
            tag = b'"' + known.hex()[:32].encode() + b'"'
            headers = [(name, value) for name, value in headers if name != b"etag"] + [(b"etag", tag)]
            if _is_known(self.asked, tag):
                kept = [(name, value) for name, value in headers if name not in _OF_A_BODY]
                await self.send({"type": "http.response.start", "status": 304, "headers": kept})
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
                return
        await self.send({"type": "http.response.start", "status": start["status"], "headers": headers})
        await self._send_body({"type": "http.response.body", "body": body, "more_body": not is_complete})

    async def _send_body(self, message: Message) -> None:
        if self.is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self.send(message)


_OF_A_BODY = frozenset({b"content-length", b"content-type", b"content-encoding", b"content-disposition"})


def _is_known(asked: bytes, tag: bytes) -> bool:
    tags = [item.strip().removeprefix(b"W/") for item in asked.split(b",")]
    return b"*" in tags or tag in tags
