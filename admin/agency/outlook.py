"""What has moved the tier of an agency, and what would."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.entered import Entered
from admin.page import AnyRequest, TheActor, TheOffice
from admin.what_if import read_made_up
from agency_credit.services.agency_desk_outlook import load_desk_outlook


@get("/desk/{uscc:str}/outlook", opt=AT_DESK)
async def show_outlook(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """The score over time, what time and repairs would change, and a made-up record tried."""
    seat = open_desk(request, actor, uscc)
    entered = Entered(dict(request.query_params))
    desk = await load_desk_outlook(office, seat)
    made = {
        one.rating.practice_line: read_made_up(entered, one.rating.practice_line, one)
        for one in desk.outlooks
    }
    return show_desk(
        "outlook",
        faults=entered.complaints,
        desk=desk,
        made=made,
        values=dict(request.query_params),
        today=office.today(),
    )


PAGES = (show_outlook,)
