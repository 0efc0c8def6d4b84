"""The agency's own place in every published draw, with the line that checks it."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.page import AnyRequest, TheActor
from agency_credit.services.agency_draws import load_own_places


@get("/desk/{uscc:str}/draws", opt=AT_DESK)
async def list_places(request: AnyRequest, actor: TheActor, uscc: FromPath[str]) -> Template:
    """Stratum, chance, ticket and outcome of each draw, whether the agency was drawn or not."""
    seat = open_desk(request, actor, uscc)
    return show_desk("draws", uscc=uscc, places=await load_own_places(seat))


PAGES = (list_places,)
