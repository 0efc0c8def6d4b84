"""Papers to take along, and the scan on arrival that they lead to."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import DRAW_READERS, INSPECTOR
from agency_credit.services.arrivals import note_arrival
from agency_credit.services.desk_results import load_desk_inspection
from agency_credit.services.inspection_sheet import refuse_outsider
from agency_credit.services.papers import Paper, PaperKind, print_paper, print_papers

INSPECTION = "/admin/inspections/{inspection}"
_LONGEST_HOST = 260
"""Characters of a name of a machine with its port."""


@get("/admin/inspections/{inspection:int}/papers/{kind:str}", opt=opened_to(DRAW_READERS | INSPECTOR))
async def show_paper(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    kind: FromPath[PaperKind],
) -> Response[bytes]:
    """A paper of an inspection as PDF."""
    return answer_paper(await print_paper(office, actor, inspection, kind, base_of(request)))


@get("/admin/draws/{draw:str}/papers/{kind:str}", opt=opened_to(DRAW_READERS))
async def show_papers(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    kind: FromPath[PaperKind],
) -> Response[bytes]:
    """A paper for every inspection of a draw, in one PDF."""
    return answer_paper(await print_papers(office, actor, draw, kind, base_of(request)))


@get("/admin/inspections/{inspection:int}/arrive", opt=opened_to(INSPECTOR))
async def show_arrival(
    office: TheOffice, actor: TheActor, inspection: FromPath[int], code: FromQuery[str] = ""
) -> Template:
    """Where the code on the papers leads: one button."""
    item = await load_desk_inspection(office, inspection)
    refuse_outsider(actor, item)
    return show("arrive", item=item, code=code)


@post("/admin/inspections/{inspection:int}/arrive", opt=opened_to(INSPECTOR))
async def arrive(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Template | Redirect:
    """Note the arrival, then on to the form."""
    entered = await read_form(request)
    try:
        await note_arrival(office, actor, inspection, entered.text("code"))
    except InputError as error:
        item = await load_desk_inspection(office, inspection)
        return show("arrive", item=item, code="", faults=complaints_of(error, "code"))
    return lead(request, INSPECTION, inspection=str(inspection))


PAGES = (show_paper, show_papers, show_arrival, arrive)


def base_of(request: AnyRequest) -> str:
    """Where the reader reaches this service: by the name or the number that he typed."""
    host = request.headers.get("host", request.url.netloc)[:_LONGEST_HOST]  # a code takes no more
    return f"{request.url.scheme}://{host}"


def answer_paper(paper: Paper) -> Response[bytes]:
    """A paper to look at, under its name."""
    disposition = f"inline; filename*=UTF-8''{quote(paper.name, safe='')}"
    return Response(paper.content, media_type="application/pdf", headers={"Content-Disposition": disposition})
