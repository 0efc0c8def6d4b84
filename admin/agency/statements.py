"""Statements of credit that the agency prints to show to others."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead
from admin.papers import answer_paper, base_of
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import Seat
from agency_credit.services.agency_statement import (
    Extent,
    issue_statement,
    load_stated_records,
    load_statement,
    load_statements,
)
from agency_credit.services.office import Office
from agency_credit.services.statement_paper import print_statement

STATEMENTS = "/desk/{uscc}/statements"


@get("/desk/{uscc:str}/statements", opt=AT_DESK)
async def list_statements(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """Issue a statement; those that were issued, and whether they still hold."""
    return await _page(office, open_desk(request, actor, uscc))


@post("/desk/{uscc:str}/statements", opt=AT_DESK)
async def add_statement(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template | Redirect:
    """Issue one."""
    seat = open_desk(request, actor, uscc)
    entered = await read_form(request)
    try:
        await issue_statement(office, actor, uscc, entered.text("extent"))
    except InputError as error:
        return await _page(office, seat, complaints_of(error, "extent"))
    return lead(request, STATEMENTS, uscc=uscc)


@get("/desk/{uscc:str}/statements/{code:str}/statement.pdf", opt=AT_DESK)
async def show_statement(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], code: FromPath[str]
) -> Response[bytes]:
    """A statement as PDF, in the language of the address."""
    statement = await load_statement(office, open_desk(request, actor, uscc), code)
    is_english = request.scope["state"].get("language") == "en"
    return answer_paper(await print_statement(statement, "en" if is_english else "zh", base_of(request)))


@get("/desk/{uscc:str}/statements/{code:str}/statement.json", opt=AT_DESK)
async def save_statement(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], code: FromPath[str]
) -> Response[bytes]:
    """The bytes whose digest stands on the paper."""
    statement = await load_statement(office, open_desk(request, actor, uscc), code)
    disposition = 'attachment; filename="statement.json"'
    return Response(
        statement.content or b"",
        media_type="application/json",
        headers={"Content-Disposition": disposition},
    )


PAGES = (list_statements, add_statement, show_statement, save_statement)


async def _page(office: Office, seat: Seat, faults: list[Complaint] | None = None) -> Template:
    return show_desk(
        "statements",
        faults=faults or (),
        uscc=seat.uscc,
        statements=await load_statements(office, seat),
        counts={extent.value: n for extent, n in (await load_stated_records(office, seat)).items()},
        extents=[extent.value for extent in Extent],
    )
