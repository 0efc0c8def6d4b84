"""Objections at the desk of an agency: to a record, the list, what was promised and what was decided."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.case_uploads import LARGEST_REQUEST, answer_file, read_uploads
from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import DeskRight, Seat
from agency_credit.services.agency_desk_record import load_record_page
from agency_credit.services.case_files import LARGEST_FILE, MOST_FILES
from agency_credit.services.objection_basis import LONGEST
from agency_credit.services.objection_desk import (
    load_agency_objection,
    load_objection_file,
    load_objections,
    load_promised_days,
)
from agency_credit.services.objections import open_objection, withdraw_objection
from agency_credit.services.office import Office

CASE = "/desk/{uscc}/objections/{number}"


@get("/desk/{uscc:str}/records/{record:str}/objection", opt=AT_DESK)
async def show_form(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template:
    """The form by which the agency objects to a record."""
    return await _show_form(office, open_desk(request, actor, uscc, DeskRight.CLERK), record, [], "")


@post("/desk/{uscc:str}/records/{record:str}/objection", opt=AT_DESK, request_max_body_size=LARGEST_REQUEST)
async def object_to_record(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template | Redirect:
    """Object to a record, with grounds and files."""
    seat = open_desk(request, actor, uscc, DeskRight.CLERK)
    entered = await read_form(request)
    grounds = entered.paragraph("grounds", max_length=LONGEST)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            uploads = await read_uploads(request, "files")
            number = await open_objection(office, actor, uscc, record, grounds, uploads)
        except FaultsError as error:
            complaints = complaints_of(error)
        else:
            return lead(request, CASE, uscc=uscc, number=str(number))
    return await _show_form(office, seat, record, complaints, grounds)


@get("/desk/{uscc:str}/objections", opt=AT_DESK)
async def list_objections(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    uscc: FromPath[str],
    cases: FromQuery[str] = "open",
    after: FromQuery[int | None] = None,
) -> Template:
    """The agency's objections: those that are open, or those that are closed."""
    seat = open_desk(request, actor, uscc)
    is_open = cases != "closed"
    page = await load_objections(office, is_open=is_open, after=after, agency=seat.agency_id)
    return show_desk("objections", uscc=uscc, is_open=is_open, page=page, after=after)


@get("/desk/{uscc:str}/objections/{number:int}", opt=AT_DESK)
async def show_own(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Template:
    """One objection: clock, steps, files."""
    seat = open_desk(request, actor, uscc)
    view = await load_agency_objection(office, seat, number)
    return show_desk("objection", uscc=uscc, view=view)


@post("/desk/{uscc:str}/objections/{number:int}/withdraw", opt=AT_DESK)
async def withdraw(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Redirect:
    """Take an objection back."""
    open_desk(request, actor, uscc, DeskRight.CLERK)
    await withdraw_objection(office, actor, uscc, number)
    return lead(request, CASE, uscc=uscc, number=str(number))


@get("/desk/{uscc:str}/objections/{number:int}/files/{file:int}", opt=AT_DESK)
async def load_own_file(
    request: AnyRequest, actor: TheActor, uscc: FromPath[str], number: FromPath[int], file: FromPath[int]
) -> Response[bytes]:
    """A file that was sent with it."""
    return answer_file(*await load_objection_file(number, file, open_desk(request, actor, uscc)))


PAGES = (show_form, object_to_record, list_objections, show_own, withdraw, load_own_file)


async def _show_form(
    office: Office, seat: Seat, record: str, complaints: list[Complaint], grounds: str
) -> Template:
    return show_desk(
        "object",
        faults=complaints,
        uscc=seat.uscc,
        page=await load_record_page(office, seat, record),
        days=await load_promised_days(office),
        grounds=grounds,
        most_files=MOST_FILES,
        most_megabytes=LARGEST_FILE // 2**20,
    )
