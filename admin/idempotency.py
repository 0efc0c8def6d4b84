"""``Idempotency-Key`` around the steps for programs: the one place where the API knows of it.

Two halves. `answer_again` runs behind the guards, when it is known who asks, and claims the key; whoever
is refused at the door has used none. `KeepAnswers` stands outside the handler and the error mapping, so
that it sees a problem as well as an answer.
"""

from __future__ import annotations

import logging

from litestar import Response
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from admin.page import AnyRequest
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import AgencyCreditError
from agency_credit.services.idempotency import Claim, KeptAnswer, claim_key, keep_answer, release_key

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_CLAIM = "idempotency_claim"
_logger = logging.getLogger("agency_credit.admin")


async def answer_again(request: AnyRequest) -> Response[bytes] | None:
    """The answer that this key got before; None: there is none yet, go on."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    state = request.scope["state"]
    asked = f"{request.method} {state['language']} {request.scope['path']}\n".encode() + await request.body()
    known = await claim_key(request.app.state.office, request.state.actor, key, digest(asked))
    if isinstance(known, Claim):
        state[_CLAIM] = known
        return None
    return Response(
        known.body, status_code=known.status, media_type=known.content_type, headers={REPLAYED: "true"}
    )


class KeepAnswers(ASGIMiddleware):
    """Keeps what is answered to a request that claimed a key, before it is sent."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Hand on; hold the answer back until it is kept, so that it is there for whoever asks again."""
        held: list[Message] = []
        start: HTTPResponseStartEvent | None = None
        body = b""

        async def hold(message: Message) -> None:
            nonlocal start, body
            claim: Claim | None = scope["state"].get(_CLAIM)
            if claim is None:
                await send(message)
                return
            held.append(message)
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body += message["body"]
                if start is not None and not message["more_body"]:
                    await _keep(claim, start, body)
                    for part in held:
                        await send(part)

        await next_app(scope, receive, hold)


async def _keep(claim: Claim, start: HTTPResponseStartEvent, body: bytes) -> None:
    headers = {name.lower(): value for name, value in start["headers"]}
    answer = KeptAnswer(
        status=start["status"], content_type=headers.get(b"content-type", b"").decode(), body=body
    )
    try:
        if answer.status >= 500:
            await release_key(claim)
        else:
            await keep_answer(claim, answer)
    except AgencyCreditError:  # what was asked for is done; not being able to say so again changes nothing
        _logger.exception("the answer to an idempotency key could not be kept")
