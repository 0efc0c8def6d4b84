"""Replies from the desk: beside a published record or result, sent, replaced, taken back."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.agency.inspections import INSPECTION, inspection_page
from admin.agency.page import AT_DESK, open_desk
from admin.agency.records import record_page
from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import Actor, DeskRight
from agency_credit.services.office import Office
from agency_credit.services.replies import ReplyTarget, submit_reply, withdraw_reply

RECORD = "/desk/{uscc}/records/{record}"
MOST_READ = 10_000
"""Characters that are read at all; how long a reply may be, the service says."""


@post("/desk/{uscc:str}/records/{record:str}/reply", opt=AT_DESK)
async def reply_to_record(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template | Redirect:
    """Send a reply to a record, or take back what was sent."""
    seat = open_desk(request, actor, uscc, DeskRight.CLERK)
    complaints, text = await _act(request, office, actor, uscc, ReplyTarget(kind="record", key=record))
    if complaints:
        return await record_page(office, seat, record, complaints, {"reply": text})
    return lead(request, RECORD, uscc=uscc, record=record)


@post("/desk/{uscc:str}/inspections/{inspection:int}/reply", opt=AT_DESK)
async def reply_to_result(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], inspection: FromPath[int]
) -> Template | Redirect:
    """Send a reply to a result, or take back what was sent."""
    seat = open_desk(request, actor, uscc, DeskRight.CLERK)
    target = ReplyTarget(kind="result", key=str(inspection))
    complaints, text = await _act(request, office, actor, uscc, target)
    if complaints:
        return await inspection_page(office, seat, inspection, complaints, {"reply": text})
    return lead(request, INSPECTION, uscc=uscc, inspection=str(inspection))


PAGES = (reply_to_record, reply_to_result)


async def _act(
    request: AnyRequest, office: Office, actor: Actor, uscc: str, target: ReplyTarget
) -> tuple[list[Complaint], str]:
    entered = await read_form(request)
    taken_back = entered.number("taken_back")
    text = entered.paragraph("reply", max_length=MOST_READ)
    if not entered.complaints:
        try:
            if taken_back is not None:
                await withdraw_reply(office, actor, uscc, taken_back)
            else:
                await submit_reply(office, actor, uscc, target, text)
        except (InputError, RefusedError) as error:
            entered.complaints += complaints_of(error, "reply")
    return entered.complaints, text
