"""The people of an agency: its manager names and dismisses them."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.entered import Entered, read_form
from admin.page import AnyRequest, TheActor, TheOffice, complaints_of, lead, opened_to
from admin.papers import base_of
from admin.qr import draw_qr
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import AGENCY, Actor, DeskRight
from agency_credit.services.activation_codes import PAGE as ACTIVATE
from agency_credit.services.activation_letter import activation_address
from agency_credit.services.desk_people import (
    cancel_desk_code,
    change_desk_right,
    end_desk_seat,
    invite_to_desk,
    load_desk_people,
    load_waiting_codes,
)
from agency_credit.services.office import Office

PAGE = "/desk/{uscc}/people"
_PATH = "/desk/{uscc:str}/people"
_FRESH = opened_to(AGENCY, fresh=True)


@get(_PATH, opt=AT_DESK)
async def show_people(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    uscc: FromPath[str],
    done: FromQuery[str] = "",
) -> Template:
    """Who sits here, whose code was not used yet, and the form for a further person."""
    return await _show(request, office, actor, uscc, Entered({}), done=done)


@post(_PATH, opt=_FRESH, status_code=201)
async def invite(request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]) -> Template:
    """A code for a further person; the answer is the page to print, with the code shown this once."""
    open_desk(request, actor, uscc, DeskRight.MANAGER)
    entered = await read_form(request)
    name = entered.text("issued_for", is_required=True, max_length=100)
    right = _right_in(entered)
    if right is not None and not entered.complaints:
        try:
            code = await invite_to_desk(office, actor, uscc, name, right)
        except (InputError, RefusedError) as error:
            entered.complaints += complaints_of(error, "issued_for")
        else:
            base = base_of(request)
            qr = draw_qr(activation_address(base, code), "QR")
            return show_desk("people_code", status_code=201, code=code, page=base + ACTIVATE, qr=qr)
    return await _show(request, office, actor, uscc, entered)


@post(_PATH + "/codes/{number:int}/cancel", opt=_FRESH)
async def cancel(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], number: FromPath[int]
) -> Template | Redirect:
    """Cancel a code that nobody used yet."""
    open_desk(request, actor, uscc, DeskRight.MANAGER)
    await cancel_desk_code(office, actor, uscc, number)
    return lead(request, PAGE, {"done": "cancel"}, uscc=uscc)


@post(_PATH + "/{seat:int}/right", opt=_FRESH)
async def change_right(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], seat: FromPath[int]
) -> Template | Redirect:
    """Give somebody another right."""
    open_desk(request, actor, uscc, DeskRight.MANAGER)
    entered = await read_form(request)
    right = _right_in(entered)
    if right is not None:
        try:
            await change_desk_right(office, actor, uscc, seat, right)
            return lead(request, PAGE, {"done": "right"}, uscc=uscc)
        except RefusedError as error:
            entered.complaints += complaints_of(error)
    return await _show(request, office, actor, uscc, entered)


@post(_PATH + "/{seat:int}/end", opt=_FRESH)
async def end(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], seat: FromPath[int]
) -> Template | Redirect:
    """End a seat; who ends the own one is led to what is left."""
    open_desk(request, actor, uscc, DeskRight.MANAGER)
    try:
        is_own = await end_desk_seat(office, actor, uscc, seat)
    except RefusedError as error:
        entered = Entered({})
        entered.complaints += complaints_of(error)
        return await _show(request, office, actor, uscc, entered)
    return lead(request, "/desk") if is_own else lead(request, PAGE, {"done": "end"}, uscc=uscc)


PAGES = (show_people, invite, cancel, change_right, end)


def _right_in(entered: Entered) -> DeskRight | None:
    text = entered.text("right")
    if text in set(DeskRight):
        return DeskRight(text)
    entered.add_fault("right", "desk.no-right", "choose what this person may do")
    return None


async def _show(
    request: AnyRequest, office: Office, actor: Actor, uscc: str, entered: Entered, *, done: str = ""
) -> Template:
    seat = open_desk(request, actor, uscc, DeskRight.MANAGER)
    complaints = list(entered.complaints)
    values = {"issued_for": entered.text("issued_for"), "right": entered.text("right")}
    return show_desk(
        "people",
        faults=complaints,
        uscc=uscc,
        me=actor.username,
        people=await load_desk_people(seat.agency_id),
        codes=await load_waiting_codes(office, seat.agency_id),
        rights=list(DeskRight),
        values=values,
        done=done,
    )
