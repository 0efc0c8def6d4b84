"""Papers for the ceremony at which chance is made: the protocol sheet, and how a body seals a number."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from admin.page import AnyRequest, TheActor, TheOffice, opened_to, show
from admin.qr import draw_qr
from agency_credit.domain.role import DRAW_READERS
from agency_credit.services.desk_draft import load_draft_desk
from agency_credit.services.desk_draw import load_draw_desk

N_WITNESSES = 3
N_BLANK_DIGITS = 30
"""Places offered where an event does not say how many digits it gives."""


@get("/admin/draws/{draw:str}/protocol", opt=opened_to(DRAW_READERS))
async def show_protocol(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Template:
    """A sheet to print, on which the outcome of each event is written and witnessed; a draft says so."""
    desk = await load_draft_desk(office, draw)
    address = f"{request.base_url}draws/{draw}"
    return show(
        "protocol",
        desk=desk,
        head=await load_draw_desk(office, actor, draw),
        address=address,
        code=draw_qr(address, address),
        n_witnesses=N_WITNESSES,
        n_blank_digits=N_BLANK_DIGITS,
    )


@get("/admin/draws/{draw:str}/commitment", opt=opened_to(DRAW_READERS))
async def show_commitment(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """How another body makes its number and its commitment for this draw, on one page."""
    desk = await load_draft_desk(office, draw)
    return show("commitment", desk=desk, head=await load_draw_desk(office, actor, draw))


PAGES = (show_protocol, show_commitment)
