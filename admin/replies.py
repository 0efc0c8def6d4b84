"""Replies of agencies: looked at for personal data, published or returned."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, ForbiddenError, NotFoundError
from agency_credit.domain.role import DRAW_READERS
from agency_credit.inspection.reply_states import ReplyReason
from agency_credit.services.office import Office
from agency_credit.services.replies import (
    MODERATOR,
    REPLY,
    load_reply,
    load_reply_lines,
    publish_reply,
    return_reply,
)


@get("/admin/replies", opt=opened_to(DRAW_READERS))
async def show_replies(office: TheOffice) -> Template:
    """Those that wait, and the last that were decided."""
    return show(
        "replies",
        waiting=await load_reply_lines(office, is_waiting=True),
        decided=await load_reply_lines(office, is_waiting=False),
    )


@get("/admin/replies/{reply:int}", opt=opened_to(DRAW_READERS))
async def show_reply(office: TheOffice, reply: FromPath[int]) -> Template:
    """One reply, what it is about, and the two buttons."""
    return await _show(office, reply, [])


@post("/admin/replies/{reply:int}/decide", opt=opened_to(MODERATOR, fresh=True))
async def decide_reply(
    request: AnyRequest, office: TheOffice, actor: TheActor, reply: FromPath[int]
) -> Template | Redirect:
    """Publish it, or return it for personal data."""
    entered = await read_form(request)
    reasons = entered.texts("reasons")
    complaints: list[Complaint] = list(entered.complaints)
    try:
        if entered.text("decision") == "publish":
            await publish_reply(office, actor, reply)
        else:
            await return_reply(office, actor, reply, reasons)
    except (NotFoundError, ForbiddenError):
        raise
    except AgencyCreditError as error:
        complaints += complaints_of(error, "reasons" if error.code == "reply.reason" else "")
    if complaints:
        return await _show(office, reply, complaints, reasons)
    return lead(request, REPLY, number=str(reply))


PAGES = (show_replies, show_reply, decide_reply)


async def _show(
    office: Office, number: int, complaints: list[Complaint], chosen: list[str] | None = None
) -> Template:
    return show(
        "reply",
        faults=complaints,
        line=await load_reply(office, number),
        reasons=[reason.value for reason in ReplyReason],
        chosen=chosen or [],
    )
