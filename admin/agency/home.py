"""Which desk, and its first page."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.page import AnyRequest, TheActor, TheOffice, lead
from agency_credit.services.agency_desk import load_credit_file
from agency_credit.services.agency_desk_waiting import load_waiting


@get("/desk", opt=AT_DESK)
async def choose_desk(request: AnyRequest, actor: TheActor) -> Template | Redirect:
    """The desks at which the person sits; the only one is opened at once."""
    if len(actor.seats) == 1:
        return lead(request, "/desk/{uscc}", uscc=actor.seats[0].uscc)
    return show_desk("choose", seats=actor.seats)


@get("/desk/{uscc:str}", opt=AT_DESK)
async def show_home(request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]) -> Template:
    """Tier and score, large, what moved them last, what waits for the agency, and where to go on."""
    seat = open_desk(request, actor, uscc)
    file = await load_credit_file(office, seat)
    return show_desk("home", file=file, waiting=await load_waiting(office, seat, file))


PAGES = (choose_desk, show_home)
