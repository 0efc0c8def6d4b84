"""The practitioners of an agency."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.page import AnyRequest, TheActor, TheOffice
from agency_credit.services.agency_desk_practitioners import load_own_practitioners


@get("/desk/{uscc:str}/practitioners", opt=AT_DESK)
async def show_practitioners(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """Who practises here according to the register, and how they are rated where their rule pack allows."""
    seat = open_desk(request, actor, uscc)
    return show_desk("practitioners", lines=await load_own_practitioners(office, seat))


PAGES = (show_practitioners,)
