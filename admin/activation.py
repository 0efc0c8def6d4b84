"""Letters to agencies: who has a way in, new codes, the letter to print, the end of seats."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from admin.papers import answer_paper, base_of
from admin.qr import draw_qr
from agency_credit.domain.errors import InputError, NotFoundError, RefusedError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR
from agency_credit.services.activation_codes import PAGE as ACTIVATE
from agency_credit.services.activation_letter import activation_address, issue_letters, print_letter
from agency_credit.services.agency_access import (
    STATES,
    cancel_letter,
    end_agency_seats,
    issue_codes,
    load_access_page,
    load_agency_access,
)
from agency_credit.services.office import Office

LIST = "/admin/activation"
PAGE = LIST + "/{uscc}"
_PATH = LIST + "/{uscc:str}"
_SECURITY = opened_to(SECURITY_ADMINISTRATOR)
_FRESH = opened_to(SECURITY_ADMINISTRATOR, fresh=True)


@get(LIST, opt=_SECURITY)
async def show_list(
    office: TheOffice, q: FromQuery[str] = "", access: FromQuery[str] = "", after: FromQuery[str] = ""
) -> Template:
    """Agencies and how they get in, a page at a time."""
    return await _show_list(office, q, access, after, [])


@post(LIST + "/letters", opt=_FRESH, status_code=200)
async def print_letters(
    request: AnyRequest, office: TheOffice, actor: TheActor
) -> Template | Response[bytes]:
    """New codes for the agencies that were ticked, as one PDF; they stand nowhere else."""
    entered = await read_form(request)
    try:
        return answer_paper(await issue_letters(office, actor, entered.texts("uscc"), base_of(request)))
    except (InputError, NotFoundError, RefusedError) as error:
        return await _show_list(
            office, entered.text("q"), entered.text("access"), entered.text("after"), complaints_of(error)
        )


@get(_PATH, opt=_SECURITY)
async def show_agency(office: TheOffice, uscc: FromPath[str], done: FromQuery[str] = "") -> Template:
    """One agency: its letter, its people."""
    return await _show(office, uscc, [], done=done)


@post(_PATH + "/issue", opt=_FRESH, status_code=201)
async def issue(request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]) -> Template:
    """A new code, shown this once, with the letter to print; a former one is cancelled."""
    try:
        (code,) = await issue_codes(office, actor, [uscc])
    except RefusedError as error:
        return await _show(office, uscc, complaints_of(error))
    base = base_of(request)
    return show(
        "activation_code",
        status_code=201,
        code=code,
        page=base + ACTIVATE,
        qr=draw_qr(activation_address(base, code), "QR"),
    )


@post(_PATH + "/letter", opt=_FRESH, status_code=200)
async def letter(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template | Response[bytes]:
    """The letter as PDF, from the page that still shows the code."""
    entered = await read_form(request)
    code = entered.text("code", max_length=40)
    try:
        return answer_paper(await print_letter(office, actor, uscc, code, base_of(request)))
    except InputError as error:
        return await _show(office, uscc, complaints_of(error))


@post(_PATH + "/cancel", opt=_FRESH)
async def cancel(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template | Redirect:
    """Cancel the open code."""
    try:
        await cancel_letter(office, actor, uscc)
    except NotFoundError as error:
        return await _show(office, uscc, complaints_of(error))
    return lead(request, PAGE, {"done": "cancel"}, uscc=uscc)


@post(_PATH + "/seats/end", opt=_FRESH)
async def end_seats(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template | Redirect:
    """End one seat at the desk of the agency, or all."""
    entered = await read_form(request)
    only = entered.number("seat", maximum=999_999_999)
    try:
        await end_agency_seats(office, actor, uscc, only=only)
    except NotFoundError as error:
        return await _show(office, uscc, complaints_of(error))
    return lead(request, PAGE, {"done": "seats"}, uscc=uscc)


PAGES = (show_list, print_letters, show_agency, issue, letter, cancel, end_seats)


async def _show_list(office: Office, q: str, state: str, after: str, complaints: list[Complaint]) -> Template:
    page = await load_access_page(office, q=q, state=state, after=after)
    values = {"q": q, "access": state, "after": after}
    return show("activation", faults=complaints, page=page, values=values, states=STATES)


async def _show(office: Office, uscc: str, complaints: list[Complaint], *, done: str = "") -> Template:
    access, people = await load_agency_access(office, uscc)
    return show("activation_agency", faults=complaints, access=access, people=people, done=done)
