"""The ledger of an agency and the page of each of its records, from which it objects, asks and replies."""

from __future__ import annotations

from collections.abc import Iterable

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.page import AnyRequest, Complaint, TheActor, TheOffice
from agency_credit.domain.role import Seat
from agency_credit.services.agency_desk import load_credit_file
from agency_credit.services.agency_desk_record import load_record_page
from agency_credit.services.office import Office
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.replies import ReplyTarget, load_own_replies


@get("/desk/{uscc:str}/ledger", opt=AT_DESK)
async def show_ledger(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Template:
    """Every line of the ledger, by practice line, also of what is not public."""
    seat = open_desk(request, actor, uscc)
    return show_desk("ledger", file=await load_credit_file(office, seat))


@get("/desk/{uscc:str}/records/{record:str}", opt=AT_DESK)
async def show_record(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str], record: FromPath[str]
) -> Template:
    """One record: what it says, what it does, what befell it, and what can be done about it."""
    return await record_page(office, open_desk(request, actor, uscc), record)


async def record_page(
    office: Office,
    seat: Seat,
    record: str,
    faults: Iterable[Complaint] = (),
    values: dict[str, str] | None = None,
) -> Template:
    """The page of a record; a form on it that was sent with faults is shown again with them.

    What can be done about the record has a part of the template each, under "What you can do" in
    `agency/record.html`, and what that part shows is handed over here.

    Parameters
    ----------
    values
        What was entered, by the fields of the form.
    """
    return show_desk(
        "record",
        faults=faults,
        values=values or {},
        page=await load_record_page(office, seat, record),
        repair=await load_eligibility(office, seat.uscc, record),
        own=await load_own_replies(office, seat, ReplyTarget(kind="record", key=record)),
    )


PAGES = (show_ledger, show_record)
