"""What a person should know of, and everything that is due."""

from __future__ import annotations

from litestar import get, post
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, TheActor, TheOffice, lead, opened_to, show
from agency_credit.domain.role import DRAW_READERS, INSPECTOR, OFFICE
from agency_credit.services.deadlines import load_deadlines
from agency_credit.services.notices import count_unread, load_notices, mark_read


@get("/admin/notices", opt=opened_to(OFFICE))
async def show_notices(office: TheOffice, actor: TheActor) -> Template:
    """My notices, the unread ones first."""
    return show("notices", notices=await load_notices(office, actor), today=office.today())


@post("/admin/notices", opt=opened_to(OFFICE))
async def read_notices(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """I have read one of them, or all."""
    entered = await read_form(request)
    await mark_read(office, actor, entered.number("notice", maximum=10**9))
    return lead(request, "/admin/notices")


@get("/admin/deadlines", opt=opened_to(DRAW_READERS | INSPECTOR))
async def show_deadlines(office: TheOffice, actor: TheActor) -> Template:
    """Everything that is due, what is late in red."""
    return show("deadlines", deadlines=await load_deadlines(office, actor), today=office.today())


async def note_unread(request: AnyRequest) -> None:
    """How many notices of the person are unread, for the head of every page; before each handler.

    At the desk of an agency those of this desk.
    """
    actor = request.state.actor
    if actor is not None and request.method == "GET":
        desk = request.path_params.get("uscc", "") if request.scope["path"].startswith("/desk/") else ""
        request.state.n_unread = await count_unread(request.app.state.office, actor, desk=desk)


PAGES = (show_notices, read_notices, show_deadlines)
