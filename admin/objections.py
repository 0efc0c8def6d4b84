"""Objections in the console: the list by promised day, and what stands for and against one."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.case_uploads import answer_file
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS, Actor
from agency_credit.inspection.objection_states import Verdict
from agency_credit.services.objection_basis import LONGEST, PARTLY, Proposal
from agency_credit.services.objection_desk import (
    load_objection_file,
    load_objections,
    load_office_objection,
)
from agency_credit.services.objections import (
    decide_objection,
    extend_objection,
    propose_verdict,
    return_verdict,
)
from agency_credit.services.office import Office
from agency_credit.services.record_change import TEXTS, RecordChange

CASE = "/admin/objections/{number}"
_LINES = ("verdict", "event", "on", "points", *TEXTS)
_PARAGRAPHS = ("extend_reason", "reasons", "return_reason")


@get("/admin/objections", opt=opened_to(DRAW_READERS))
async def show_objections(
    office: TheOffice, cases: FromQuery[str] = "open", after: FromQuery[int | None] = None
) -> Template:
    """Those that are open, what is due first; or those that are closed, the newest first."""
    is_open = cases != "closed"
    page = await load_objections(office, is_open=is_open, after=after)
    return show("objections", is_open=is_open, page=page, after=after)


@get("/admin/objections/{number:int}", opt=opened_to(DRAW_READERS))
async def show_objection(office: TheOffice, actor: TheActor, number: FromPath[int]) -> Template:
    """One objection: record, grounds, files, what upholding it does, and what can be done."""
    return await _show(office, actor, number, [], None)


@post("/admin/objections/{number:int}/extend", opt=opened_to(DRAFTER | APPROVER))
async def extend(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Take the longer days: another unit must check."""
    entered = await read_form(request)
    reason = entered.paragraph("extend_reason", max_length=LONGEST)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await extend_objection(office, actor, number, reason)
        except FaultsError as error:
            complaints = [("extend_reason", fault) for _, fault in complaints_of(error)]
    if complaints:
        return await _show(office, actor, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@post("/admin/objections/{number:int}/propose", opt=opened_to(DRAFTER))
async def propose(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Propose a verdict, with the change of the record where it is upheld in part."""
    entered = await read_form(request)
    proposal = _read_proposal(entered)
    complaints = list(entered.complaints)
    if proposal is not None and not complaints:
        try:
            await propose_verdict(office, actor, number, proposal)
        except FaultsError as error:
            complaints = complaints_of(error)
    if complaints:
        return await _show(office, actor, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@post("/admin/objections/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
async def decide(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Decide as it was proposed, or return it."""
    entered = await read_form(request)
    reason = entered.paragraph("return_reason", max_length=LONGEST)
    is_return = entered.text("decision") == "return"
    complaints = list(entered.complaints)
    if not complaints:
        try:
            if is_return:
                await return_verdict(office, actor, number, reason)
            else:
                await decide_objection(office, actor, number)
        except FaultsError as error:
            field = "return_reason" if is_return else ""
            complaints = [(field, fault) for _, fault in complaints_of(error)]
    if complaints:
        return await _show(office, actor, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@get("/admin/objections/{number:int}/files/{file:int}", opt=opened_to(DRAW_READERS))
async def load_file(number: FromPath[int], file: FromPath[int]) -> Response[bytes]:
    """A file that was sent with it."""
    return answer_file(*await load_objection_file(number, file))


PAGES = (show_objections, show_objection, extend, propose, decide, load_file)


def _read_proposal(entered: Entered) -> Proposal | None:
    verdict, reasons = entered.text("verdict"), entered.paragraph("reasons", max_length=LONGEST)
    if verdict not in set(Verdict):
        entered.add_fault("verdict", "form.choice", "choose one of the answers")
        return None
    change = _read_change(entered) if verdict == Verdict.PARTLY else None
    return Proposal(verdict=Verdict(verdict), reasons=reasons, change=change)


def _read_change(entered: Entered) -> RecordChange | None:
    event = entered.text("event")
    if event not in PARTLY:
        entered.add_fault("event", "form.choice", "choose one of the answers")
        return None
    if event == "assessed":
        return RecordChange(event=event, millipoints=entered.points("points"))
    texts = {name: entered.text(name, max_length=limit) for name, limit in TEXTS.items()}
    return RecordChange(event=event, on=entered.day("on"), texts=texts)


async def _show(
    office: Office, actor: Actor, number: int, complaints: list[Complaint], entered: Entered | None
) -> Template:
    values: dict[str, str] = {}
    if entered is not None:
        values = {name: entered.text(name, max_length=LONGEST) for name in _LINES if entered.has(name)}
        values |= {name: entered.paragraph(name) for name in _PARAGRAPHS}
    return show(
        "objection",
        faults=complaints,
        view=await load_office_objection(office, actor, number),
        values=values,
    )
