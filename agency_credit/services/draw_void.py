"""Void a draw: asked for by one person with a reason, confirmed by a second; it stays visible for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agency_credit.database.tables import DrawVoidRequest
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import APPROVER, DRAW_PEOPLE, Actor
from agency_credit.inspection import draw_states
from agency_credit.publication.masking import check_publishable
from agency_credit.sampling import parse_plan
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.draw_store import (
    append_step,
    load_files,
    load_history,
    load_void_request,
    person_of,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import operation

MAX_REASON = 2000
"""Characters; the reason goes into an entry of the log, which has a size."""


async def request_void(office: Office, actor: Actor, draw: str, reason_code: str, reason: str) -> None:
    """Ask to void a draw (draw-protocol.md, section 9).

    Parameters
    ----------
    reason_code
        ``"stated"`` before the first public value; after it one of the protocol's five.
    reason
        The reason in words, with the evidence; public.

    Raises
    ------
    InputError
        No reason in words, or a code that is none.
    RefusedError
        Not announced, voided already, the code is not allowed any more, or a personal number in the reason.
    """
    async with operation(office, actor, "draw.void-request", draw, roles=DRAW_PEOPLE) as op:
        row = await load_draw_row(draw)
        if not 1 <= len(reason.strip()) <= MAX_REASON:
            raise InputError(
                "void.reason",
                "say in words why the draw is voided, in at most {n} characters; it will be public",
                n=MAX_REASON,
            )
        check_publishable(reason)
        await _check(row, reason_code, op.at)
        await DrawVoidRequest.insert(
            DrawVoidRequest(
                draw=row["id"],
                reason_code=reason_code,
                reason=reason.strip(),
                requested_by=person_of(actor),
                requested_at=op.at,
            )
        )


async def confirm_void(office: Office, actor: Actor, draw: str) -> None:
    """A second person voids the draw for the reason that the first one gave.

    Raises
    ------
    ForbiddenError
        The person who asked for it.
    RefusedError
        Nobody asked, or the reason is not allowed any more.
    """
    async with operation(office, actor, "draw.void", draw, roles=APPROVER) as op:
        row = await load_draw_row(draw)
        request = await load_void_request(row["id"])
        if request is None:
            raise RefusedError("void.unasked", "nobody has asked to void {draw}", draw=draw)
        draw_states.check_second_person(request["requested_by"], person_of(actor))
        await _check(row, request["reason_code"], op.at)
        body = {"draw": draw, "reason": request["reason"], "reason_code": request["reason_code"]}
        index = await op.append_entry("draw.voided", draw, body)
        await append_step(
            row["id"],
            "voided",
            actor,
            op.at,
            log_index=index,
            second=request["requested_by"],
            reason_code=request["reason_code"],
            reason=request["reason"],
        )


async def _check(row: dict[str, Any], reason_code: str, now: datetime) -> None:
    files = await load_files(row["id"])
    if "plan.json" not in files:
        raise RefusedError("void.draft", "a draft is not voided; change it", draw=row["draw"])
    first_value_at = parse_plan(files["plan.json"]).first_value_at
    draw_states.check_void(await load_history(row), reason_code, first_value_at, now)
