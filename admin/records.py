"""Credit records for the office: what befell them, and changes by two people."""

from __future__ import annotations

from datetime import date

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, InputError, RefusedError
from agency_credit.domain.record import Category, Procedure, Sanction
from agency_credit.domain.role import APPROVER, AUDIT_ADMINISTRATOR, DRAFTER, RATERS
from agency_credit.services.changes import (
    MAX_REASON,
    Verdict,
    decide_change,
    propose_change,
    take_back_change,
)
from agency_credit.services.import_facts import FACT_COLUMNS, FACT_DAYS
from agency_credit.services.office import Office
from agency_credit.services.record_change import EVENTS, TEXTS, RecordChange, draft_record_change
from agency_credit.services.record_desk import (
    load_record_change_view,
    load_record_page,
)
from agency_credit.services.record_gaps import load_record_gaps

READERS = RATERS | AUDIT_ADMINISTRATOR
CHANGE = "/admin/records/changes/{number}"


@get("/admin/records", opt=opened_to(READERS))
async def list_gaps(office: TheOffice, after: FromQuery[int] = 0) -> Template:
    """Public records of which the office must say more."""
    return show("record_gaps", page=await load_record_gaps(office, max(after, 0)))


@get("/admin/records/{record:str}", opt=opened_to(READERS))
async def show_record(office: TheOffice, record: FromPath[str]) -> Template:
    """A record, what befell it, and the form that proposes a change."""
    return await _show_record(office, record, [], {})


@post("/admin/records/{record:str}", opt=opened_to(DRAFTER))
async def propose(
    request: AnyRequest, office: TheOffice, actor: TheActor, record: FromPath[str]
) -> Template | Redirect:
    """Propose a change of a record."""
    entered = await read_form(request)
    change = _read_change(entered)
    based_on = entered.number("based_on") or 0
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    complaints = list(entered.complaints)
    if not complaints:
        draft = draft_record_change(record, based_on, change, today=office.today(), reason=reason)
        try:
            number = await propose_change(office, actor, draft)
        except (InputError, RefusedError) as error:
            complaints = complaints_of(error, "reason" if error.code == "change.reason" else "")
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show_record(office, record, complaints, _values(entered))


@get("/admin/records/changes/{number:int}", opt=opened_to(READERS))
async def show_change(office: TheOffice, number: FromPath[int]) -> Template:
    """A proposal about a record, and the decision."""
    return await _show_change(office, number, [])


@post("/admin/records/changes/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
async def decide(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Approve or reject."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    verdict: Verdict = "approved" if entered.text("verdict") == "approve" else "rejected"
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await decide_change(office, actor, number, verdict, reason)
        except AgencyCreditError as error:
            complaints = complaints_of(error, "reason" if error.code == "change.reason" else "")
    if complaints:
        return await _show_change(office, number, complaints, reason)
    if verdict == "approved" and (uscc := entered.text("erases")):  # the proposal is gone with the record
        return lead(request, "/admin/agencies/{uscc}", uscc=uscc)
    return lead(request, CHANGE, number=str(number))


@post("/admin/records/changes/{number:int}/take-back", opt=opened_to(DRAFTER))
async def take_back(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Redirect:
    """Take back a proposal of one's own."""
    await take_back_change(office, actor, number)
    return lead(request, CHANGE, number=str(number))


PAGES = (list_gaps, show_record, propose, show_change, decide, take_back)


def _read_change(entered: Entered) -> RecordChange:
    event = entered.text("event")
    if event not in EVENTS:
        entered.add_fault("event", "form.choice", "choose one of the answers")
    texts = {name: entered.text(name, max_length=limit) for name, limit in TEXTS.items()}
    facts = _read_facts(entered)
    return RecordChange(
        event=event,
        on=_day(entered, "on"),
        until=_day(entered, "until") if event == "suspended" else None,
        millipoints=entered.points("points") if event == "assessed" else None,
        texts={"corrected": texts, "classified": facts}.get(event),
    )


def _read_facts(entered: Entered) -> dict[str, str]:
    """What is stated of a record; several words of a question are joined by blanks."""
    days = {name: _day(entered, name) for name in FACT_DAYS}
    return {
        **{name: " ".join(sorted(entered.texts(name))) for name in FACT_COLUMNS if name not in FACT_DAYS},
        **{name: day.isoformat() if day else "" for name, day in days.items()},
    }


def _day(entered: Entered, field: str) -> date | None:
    return entered.day(field) if entered.text(field) else None


def _values(entered: Entered) -> dict[str, str]:
    names = ("event", "on", "until", "points", *TEXTS, *FACT_DAYS)
    return {
        "reason": entered.paragraph("reason"),
        **{name: " ".join(entered.texts(name)) for name in FACT_COLUMNS if name not in FACT_DAYS},
        **{name: entered.text(name, max_length=2000) for name in names},
    }


async def _show_record(
    office: Office, record: str, complaints: list[Complaint], values: dict[str, str]
) -> Template:
    page = await load_record_page(office, record)
    return show(
        "record",
        faults=complaints,
        page=page,
        view=page.view,
        values=values,
        events=EVENTS if page.view.known.record.withdrawn_on is None else EVENTS[-1:],
        words={"category": list(Category), "procedure": list(Procedure), "sanctions": list(Sanction)},
        today=office.today(),
    )


async def _show_change(
    office: Office, number: int, complaints: list[Complaint], reason: str = ""
) -> Template:
    view = await load_record_change_view(office, number)
    return show("record_change", faults=complaints, view=view, reason=reason)
