"""What the people at a desk were told."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.entered import read_form
from admin.page import AnyRequest, TheActor, TheOffice, lead
from agency_credit.services.notices import load_notices, mark_read


@get("/desk/{uscc:str}/messages", opt=AT_DESK)
async def show_messages(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """The person's messages of this desk, the unread ones first."""
    seat = open_desk(request, actor, uscc)
    notices = await load_notices(office, actor, desk=seat.uscc)
    return show_desk("messages", notices=notices, today=office.today())


@post("/desk/{uscc:str}/messages", opt=AT_DESK)
async def read_messages(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Redirect:
    """The person has read one of them, or all."""
    seat = open_desk(request, actor, uscc)
    entered = await read_form(request)
    await mark_read(office, actor, entered.number("notice", maximum=10**9), desk=seat.uscc)
    return lead(request, "/desk/{uscc}/messages", uscc=seat.uscc)


PAGES = (show_messages, read_messages)
