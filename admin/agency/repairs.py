"""Repair at the desk of an agency: from when, on which conditions, applications and what became of them."""

from __future__ import annotations

from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.case_uploads import LARGEST_REQUEST, answer_file, read_uploads
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.role import Actor, DeskRight
from agency_credit.services.case_files import CleanFile, clean_case_files
from agency_credit.services.office import Office
from agency_credit.services.repair_desk import (
    load_own_repair_view,
    load_own_repairs,
    load_pledge,
    load_repair_file,
)
from agency_credit.services.repair_eligibility import RepairEligibility, load_eligibility
from agency_credit.services.repairs import (
    LONGEST,
    RepairApplication,
    amend_repair,
    apply_for_repair,
    withdraw_repair,
)

CASE = "/desk/{uscc}/repairs/{number}"


@get("/desk/{uscc:str}/records/{record:str}/repair", opt=AT_DESK)
async def show_repair(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template:
    """From when the record can be repaired, its conditions, and the application."""
    open_desk(request, actor, uscc)
    return await _show_application(office, uscc, record, [], None)


@post("/desk/{uscc:str}/records/{record:str}/repair", opt=AT_DESK, request_max_body_size=LARGEST_REQUEST)
async def apply(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template | Redirect:
    """Apply for the repair of the record."""
    open_desk(request, actor, uscc, DeskRight.CLERK)
    entered = await read_form(request)
    try:
        found = await load_eligibility(office, uscc, record)
        wanted = await _read_application(request, office, entered, found)
        number = await apply_for_repair(office, actor, uscc, record, wanted)
    except FaultsError as error:
        return await _show_application(office, uscc, record, complaints_of(error), entered)
    return lead(request, CASE, uscc=uscc, number=str(number))


@get("/desk/{uscc:str}/repairs", opt=AT_DESK)
async def list_repairs(
    request: AnyRequest,
    actor: TheActor,
    uscc: FromPath[str],
    after: FromQuery[int | None] = None,
) -> Template:
    """The agency's applications: those that are open, then those that are over."""
    open_desk(request, actor, uscc)
    return show_desk(
        "repairs",
        uscc=uscc,
        open_cases=await load_own_repairs(actor, uscc, is_open=True),
        closed=await load_own_repairs(actor, uscc, is_open=False, after=after),
    )


@get("/desk/{uscc:str}/repairs/{number:int}", opt=AT_DESK)
async def show_own_repair(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Template:
    """One application."""
    open_desk(request, actor, uscc)
    return await _show_case(office, actor, uscc, number, [], None)


@post("/desk/{uscc:str}/repairs/{number:int}/amend", opt=AT_DESK, request_max_body_size=LARGEST_REQUEST)
async def amend(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Template | Redirect:
    """Complete an application that came back."""
    open_desk(request, actor, uscc, DeskRight.CLERK)
    entered = await read_form(request)
    try:
        view = await load_own_repair_view(office, actor, uscc, number)
        found = await load_eligibility(office, uscc, view.case.commitment)
        wanted = await _read_application(request, office, entered, found)
        await amend_repair(office, actor, uscc, number, wanted)
    except FaultsError as error:
        return await _show_case(office, actor, uscc, number, complaints_of(error), entered)
    return lead(request, CASE, uscc=uscc, number=str(number))


@post("/desk/{uscc:str}/repairs/{number:int}/withdraw", opt=AT_DESK)
async def withdraw(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Redirect:
    """Take an application back."""
    open_desk(request, actor, uscc, DeskRight.CLERK)
    await withdraw_repair(office, actor, uscc, number)
    return lead(request, CASE, uscc=uscc, number=str(number))


@get("/desk/{uscc:str}/repairs/{number:int}/files/{file:int}", opt=AT_DESK)
async def load_own_file(
    request: AnyRequest, actor: TheActor, uscc: FromPath[str], number: FromPath[int], file: FromPath[int]
) -> Response[bytes]:
    """A file that the agency sent."""
    open_desk(request, actor, uscc)
    return answer_file(*await load_repair_file(number, file, actor, uscc))


PAGES = (show_repair, apply, list_repairs, show_own_repair, amend, withdraw, load_own_file)


async def _read_application(
    request: AnyRequest, office: Office, entered: Entered, found: RepairEligibility
) -> RepairApplication:
    """What the form says.

    Raises
    ------
    FaultsError
        Texts that cannot be read; files that are none that is taken, at the field of their condition.
    """
    keys = [check.term.key for check in found.declared]
    pledge, statement = (entered.paragraph(name, max_length=LONGEST) for name in ("pledge", "statement"))
    entered.raise_if_any()
    files: dict[str, tuple[CleanFile, ...]] = {}
    faults: list[Fault] = []
    for key in keys:
        try:
            files[key] = await clean_case_files(office, await read_uploads(request, f"files-{key}"))
        except FaultsError as error:
            faults += (replace(fault, at=f"files-{key}") for fault in error.faults)
    if faults:
        raise FaultsError("files", tuple(faults))
    return RepairApplication(
        declared=frozenset(key for key in keys if entered.has(f"declare-{key}")),
        pledge=pledge,
        statement=statement,
        files=files,
    )


def _values(entered: Entered | None, pledge: str, statement: str = "") -> dict[str, object]:
    """What the fields of the form begin with."""
    if entered is None:
        return {"pledge": pledge, "statement": statement, "is_new": True}
    return {
        "pledge": entered.paragraph("pledge"),
        "statement": entered.paragraph("statement"),
        "entered": entered,
        "is_new": False,
    }


async def _show_application(
    office: Office,
    uscc: str,
    record: str,
    complaints: list[Complaint],
    entered: Entered | None,
) -> Template:
    pledge = await load_pledge()
    return show_desk(
        "repair",
        faults=complaints,
        uscc=uscc,
        found=await load_eligibility(office, uscc, record),
        pledge=pledge,
        values=_values(entered, pledge.value),
    )


async def _show_case(
    office: Office,
    actor: Actor,
    uscc: str,
    number: int,
    complaints: list[Complaint],
    entered: Entered | None,
) -> Template:
    view = await load_own_repair_view(office, actor, uscc, number)
    texts = view.application.texts
    return show_desk(
        "repair_case",
        faults=complaints,
        uscc=uscc,
        view=view,
        pledge=await load_pledge(),
        values=_values(entered, texts.pledge, texts.statement),
    )
