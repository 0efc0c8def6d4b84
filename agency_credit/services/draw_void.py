"""Void a draw: asked for by one person with a reason, confirmed by a second; it stays visible for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agency_credit.database.tables import DrawVoidRequest
from agency_credit.domain.errors import InputError, NotFoundError, RefusedError
from agency_credit.domain.role import APPROVER, DRAW_PEOPLE, Actor
from agency_credit.inspection import draw_states
from agency_credit.publication.masking import check_publishable
from agency_credit.sampling import parse_plan
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.draw_store import (
    append_step,
    load_files,
    load_history,
    load_void_requests,
    person_of,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.supplements import unseat_drawn

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


async def confirm_void(office: Office, actor: Actor, draw: str, request: int | None = None) -> None:
    """A second person voids the draw for the reason that the first one gave.

    Parameters
    ----------
    request
        Row of the request that the actor has read; None: the latest that another person made.

    Raises
    ------
    ForbiddenError
        Only this person asked for it.
    NotFoundError
        The draw has no such request.
    RefusedError
        Nobody asked, or the reason is not allowed any more.
    """
    async with operation(office, actor, "draw.void", draw, roles=APPROVER) as op:
        row = await load_draw_row(draw)
        asked = await _find_request(row, person_of(actor), request)
        draw_states.check_second_person(asked["requested_by"], person_of(actor))
        await _check(row, asked["reason_code"], op.at)
        body = {"draw": draw, "reason": asked["reason"], "reason_code": asked["reason_code"]}
        index = await op.append_entry("draw.voided", draw, body)
        await append_step(
            row["id"],
            "voided",
            actor,
            op.at,
            log_index=index,
            second=asked["requested_by"],
            reason_code=asked["reason_code"],
            reason=asked["reason"],
        )
        await unseat_drawn(row, op.at, index)


async def _find_request(row: dict[str, Any], person: int, request: int | None) -> dict[str, Any]:
    """The request that is confirmed: the one named, else the latest by another, else one's own."""
    asked = await load_void_requests(row["id"])
    if not asked:
        raise RefusedError("void.unasked", "nobody has asked to void {draw}", draw=row["draw"])
    if request is not None:
        named = next((item for item in asked if item["id"] == request), None)
        if named is None:
            raise NotFoundError(
                "void.request", "{draw} has no such request; load the page again", draw=row["draw"]
            )
        return named
    return next((item for item in asked if item["requested_by"] != person), asked[0])


async def _check(row: dict[str, Any], reason_code: str, now: datetime) -> None:
    files = await load_files(row["id"])
    if "plan.json" not in files:
        raise RefusedError("void.draft", "a draft is not voided; change it", draw=row["draw"])
    first_value_at = parse_plan(files["plan.json"]).first_value_at
    draw_states.check_void(await load_history(row), reason_code, first_value_at, now)
