"""The gate: every outgoing public text is searched for personal numbers, and held back where it holds one.

What is stored is checked at entry and masked on its way; this is the last look, at the very bytes that go
out, whatever made them (docs/adr/0042). The console and the desks stand behind a login and show personal data
to whoever may see it, masked where he may not; they are no matter of this gate.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_plus

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from agency_credit.domain.errors import AgencyCreditError
from agency_credit.publication.masking import (
    ALL,
    IN_ENTRIES,
    Kind,
    find_personal_numbers,
    mask_personal_numbers,
    may_hold_personal_number,
    readings,
)
from agency_credit.services.outgoing import load_public_telephones, report_blocked
from agency_credit.web.metrics import BLOCKED
from agency_credit.web.problems import OutgoingBlockedError, answer_blocked, answer_echo

LARGEST_HELD = 64 * 1024 * 1024
"""Bytes; what is longer goes out in pieces, and is broken off where a piece holds a number."""
MOST_REMEMBERED = 10_000
"""Digests of answers that were searched: a page that is read again, as most are, is not searched again."""
_CLEAN: dict[tuple[Collection[Kind], bytes], None] = {}
_PRIVATE = ("/activate", "/admin", "/desk", "/metrics")
"""With what is below; at /activate somebody reads what he has typed himself, and what is wrong with it."""
_TEXTS = ("text/", "application/json", "application/problem+json", "application/x-ndjson", "application/xml")
_TEXT_ENDINGS = ("+json", "+xml")
_COMMITTED = re.compile(r"/log/|/verify|(/api/v1)?/draws/[^/]+/files/")
"""Bytes that were committed to: a landline in them was no fault then, and nothing in them can be changed."""
_ESCAPES = (
    re.compile(rb"&#(?:[xX]0*3[0-9];|0*4[89];|0*5[0-7];|[xX]0*[fF][fF]1|0*653)"),
    re.compile(rb"[0-9]&(?:#|[A-Za-z]{2,24};)"),
    re.compile(rb"\\u"),
    re.compile(rb"%(?:3[0-9]|(?<=[0-9]%)[0-9A-Fa-f]{2})"),
)
"""Digits, and signs between them, written as references of HTML or in an address; whatever JSON escapes."""
_OVERLAP = 64
_logger = logging.getLogger("agency_credit.web")


def find_in_bytes(data: bytes, kinds: Collection[Kind] = ALL) -> list[tuple[Kind, str]]:
    """Kinds and digits of the personal numbers in a text as it goes out, also where digits are escaped."""
    is_escaped = any(escape.search(data) for escape in _ESCAPES)
    if not is_escaped and not may_hold_personal_number(data):
        return []
    text = data.decode("utf-8", "replace")
    numbers = [
        number
        for reading in (readings(text) if is_escaped else [text])
        for number in find_personal_numbers(reading)
    ]
    return list(dict.fromkeys((found.kind, found.digits) for found in numbers if found.kind in kinds))


def check_files(files: Mapping[str, bytes]) -> None:
    """Look at files that go into an archive; nobody looks through its bytes later.

    Raises
    ------
    OutgoingBlockedError
        One holds an identity number or a mobile telephone number.
    """
    for content in files.values():
        if found := find_in_bytes(content, IN_ENTRIES):
            raise OutgoingBlockedError(found[0][0])


class OutgoingGate:
    """Holds an answer back until it was searched."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on; what comes back is searched before the first byte of it is sent."""
        if scope["type"] != ScopeType.HTTP or _is_private(scope["path"]):
            await self.app(scope, receive, send)
            return
        held = _SearchedAnswer(scope, receive, send)
        await self.app(scope, receive, held.receive_message)
        if kind := scope["state"].get("blocked"):
            await _report(scope, kind)


def _is_private(path: str) -> bool:
    return any(path == root or path.startswith(root + "/") for root in _PRIVATE)


class _SearchedAnswer:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.start: Message | None = None
        self.body = bytearray()
        self.is_over = False
        self.tail = b""

    async def receive_message(self, message: Message) -> None:
        """Collect until the answer is whole; then search, and send it or something else."""
        if self.is_over:
            return
        if message["type"] == "http.response.start":
            if _is_text(message["headers"]):
                self.start = message
            else:
                await self.send(message)
            return
        if message["type"] != "http.response.body":
            await self.send(message)
        elif self.start is not None:
            self.body += message.get("body", b"")
            is_whole = not message.get("more_body", False)
            if is_whole or len(self.body) > LARGEST_HELD:
                await self._release(is_whole=is_whole)
        else:
            await self._send_piece(message)

    async def _release(self, *, is_whole: bool) -> None:
        start, body, self.start = self.start, bytes(self.body), None
        self.body.clear()
        assert start is not None
        if found := await _find(self.scope, body):
            self.is_over = True
            await _answer_instead(self.scope, self.receive, self.send, found)
            return
        self.tail = body[-_OVERLAP:]
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body, "more_body": not is_whole})

    async def _send_piece(self, message: Message) -> None:
        """A piece of an answer that was too long to be held: broken off where it holds a number."""
        assert message["type"] == "http.response.body"
        if self.tail:
            piece = self.tail + message.get("body", b"")
            if found := await _find(self.scope, piece):
                self.is_over = True
                await _report(self.scope, found[0][0])
                raise ConnectionAbortedError("an answer that was on its way holds a personal number")
            self.tail = piece[-_OVERLAP:]
        await self.send(message)


async def _find(scope: Scope, body: bytes) -> list[tuple[Kind, str]]:
    """Personal numbers in an answer, without those that the office publishes on purpose."""
    kinds = IN_ENTRIES if _COMMITTED.match(scope["path"]) else ALL
    key = kinds, hashlib.sha256(body).digest()
    scope["state"]["body_digest"] = key[1]  # the ETag is made of it, further out
    if key in _CLEAN:
        return []
    found = find_in_bytes(body, kinds)
    if not found:
        _CLEAN[key] = None
        if len(_CLEAN) > MOST_REMEMBERED:
            del _CLEAN[next(iter(_CLEAN))]
    if any(kind != "identity" for kind, _ in found):
        allowed = await load_public_telephones()
        found = [(kind, digits) for kind, digits in found if kind == "identity" or digits not in allowed]
    return found


async def _answer_instead(scope: Scope, receive: Receive, send: Send, found: list[tuple[Kind, str]]) -> None:
    """A page without the content; where the visitor typed the number himself, nobody need be told."""
    asked = f"{scope['path']}\n{unquote_plus(scope['query_string'].decode('latin-1'))}"
    typed = {digits for _, digits in find_in_bytes(asked.encode("utf-8", "replace"))}  # however escaped
    is_echo = all(digits in typed for _, digits in found)
    shown: Any = {**scope, "path": mask_personal_numbers(scope["path"]), "query_string": b""}
    request: Request[Any, Any, Any] = Request(shown, receive)
    if not is_echo:
        await _report(scope, found[0][0])
    answer = answer_echo(request) if is_echo else answer_blocked(request)
    response = answer.to_asgi_response(None, request)
    await response(request.scope, receive, send)


async def _report(scope: Scope, kind: Kind) -> None:
    BLOCKED.labels(kind).inc()
    _logger.error("answer blocked", extra={"fields": {"kind": kind, "route": scope.get("path_template")}})
    with suppress(
        AgencyCreditError
    ):  # a forked or unreachable store says so elsewhere; nothing goes out here
        await report_blocked(scope["litestar_app"].state.office, kind, scope["path"])


def _is_text(headers: Any) -> bool:
    kind = next((value for name, value in headers if name.lower() == b"content-type"), b"").decode("latin-1")
    kind = kind.partition(";")[0].strip().lower()
    return not kind or kind.startswith(_TEXTS) or kind.endswith(_TEXT_ENDINGS) or kind == "image/svg+xml"
