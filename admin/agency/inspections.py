"""Inspections of the agency, as far as it may know them: notice, team, result, what has to be put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead
from admin.papers import answer_paper, base_of
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import DeskRight, Seat
from agency_credit.services.agency_inspections import (
    load_own_count,
    load_own_inspection,
    load_own_inspections,
)
from agency_credit.services.agency_papers import ask_recusal, print_own_paper
from agency_credit.services.inspection_views import load_other_visits
from agency_credit.services.office import Office
from agency_credit.services.papers import PaperKind
from agency_credit.services.replies import ReplyTarget, load_own_replies

INSPECTION = "/desk/{uscc}/inspections/{inspection}"


@get("/desk/{uscc:str}/inspections", opt=AT_DESK)
async def list_inspections(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """Own inspections, how many this year, and those by other bodies."""
    seat = open_desk(request, actor, uscc)
    inspections = await load_own_inspections(office, seat)
    return show_desk(
        "inspections",
        uscc=uscc,
        inspections=inspections,
        count=await load_own_count(office, seat, inspections),
        others=await load_other_visits(uscc),
    )


@get("/desk/{uscc:str}/inspections/{inspection:int}", opt=AT_DESK)
async def show_inspection(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], inspection: FromPath[int]
) -> Template:
    """One inspection."""
    return await inspection_page(office, open_desk(request, actor, uscc), inspection)


async def inspection_page(
    office: Office,
    seat: Seat,
    inspection: int,
    faults: Iterable[Complaint] = (),
    typed: Mapping[str, object] | None = None,
) -> Template:
    """The page of an inspection; a form on it that was sent with faults is shown again with them."""
    own = await load_own_inspection(office, seat, inspection)
    target = ReplyTarget(kind="result", key=str(inspection))
    return show_desk(
        "inspection",
        uscc=seat.uscc,
        item=own,
        can_ask=seat.right.covers(DeskRight.CLERK),
        own=await load_own_replies(office, seat, target),
        typed=typed or {},
        faults=faults,
    )


@get("/desk/{uscc:str}/inspections/{inspection:int}/papers/{kind:str}", opt=AT_DESK)
async def show_own_paper(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    uscc: FromPath[str],
    inspection: FromPath[int],
    kind: FromPath[PaperKind],
) -> Response[bytes]:
    """A copy of a paper that was served."""
    open_desk(request, actor, uscc)
    return answer_paper(await print_own_paper(office, actor, uscc, inspection, kind, base_of(request)))


@post("/desk/{uscc:str}/inspections/{inspection:int}/recusal", opt=AT_DESK)
async def ask_for_recusal(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], inspection: FromPath[int]
) -> Template | Redirect:
    """Ask that a member of the team steps back."""
    seat = open_desk(request, actor, uscc, DeskRight.CLERK)
    entered = await read_form(request)
    number = entered.number("seat", maximum=1000)
    reason = entered.paragraph("recusal_reason", max_length=2000)
    if not entered.complaints:
        try:
            await ask_recusal(office, actor, uscc, inspection, seat=number, reason=reason)
        except InputError as error:
            field = "seat" if error.code == "recusal.seat-unknown" else "recusal_reason"
            entered.complaints += complaints_of(error, field)
    if not entered.complaints:
        return lead(request, INSPECTION, uscc=uscc, inspection=str(inspection))
    typed = {"seat": number, "recusal_reason": reason}
    return await inspection_page(office, seat, inspection, entered.complaints, typed)


PAGES = (list_inspections, show_inspection, show_own_paper, ask_for_recusal)
