"""Applications for repair in the console: the list by deadline, and what stands for and against one."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.case_uploads import answer_file
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.case_store import CaseFilter, load_cases
from agency_credit.services.office import Office
from agency_credit.services.repair_desk import load_repair_file, load_repair_view, waiting_until
from agency_credit.services.repairs import (
    LONGEST,
    REASONS,
    RepairProposal,
    decide_repair,
    propose_repair,
    return_repair,
)

CASE = "/admin/repairs/{number}"
_TEXTS = ("return_text", "reason", "next_reason", "text")


@get("/admin/repairs", opt=opened_to(DRAW_READERS))
async def show_repairs(
    office: TheOffice, cases: FromQuery[str] = "open", after: FromQuery[int | None] = None
) -> Template:
    """Those that are open, what is due first; or those that are over, the newest first."""
    is_open = cases != "closed"
    page = await load_cases(CaseFilter(kind="repair", is_open=is_open, after=after))
    return show(
        "repairs",
        is_open=is_open,
        page=page,
        due={case.number: waiting_until(case) for case in page.cases},
        today=office.today(),
    )


@get("/admin/repairs/{number:int}", opt=opened_to(DRAW_READERS))
async def show_repair(office: TheOffice, number: FromPath[int]) -> Template:
    """One application: record, conditions, files, what granting does, and what can be done."""
    return await _show(office, number, [], None)


@post("/admin/repairs/{number:int}/return", opt=opened_to(DRAFTER))
async def return_to_agency(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Return it to the agency for completion."""
    entered = await read_form(request)
    text = entered.paragraph("return_text", max_length=LONGEST)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await return_repair(office, actor, number, text)
        except FaultsError as error:
            complaints = [("return_text", fault) for _, fault in complaints_of(error)]
    if complaints:
        return await _show(office, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@post("/admin/repairs/{number:int}/propose", opt=opened_to(DRAFTER))
async def propose(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Propose to grant or to refuse."""
    entered = await read_form(request)
    new = _read_proposal(entered)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await propose_repair(office, actor, number, new)
        except FaultsError as error:
            complaints = complaints_of(error)
    if complaints:
        return await _show(office, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@post("/admin/repairs/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
async def decide(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Template | Redirect:
    """Agree with what was proposed, or send it back."""
    entered = await read_form(request)
    verdict = entered.text("verdict")
    text = entered.paragraph("text", max_length=LONGEST)
    if verdict not in ("granted", "refused", "sent-back"):
        entered.add_fault("verdict", "form.choice", "choose one of the answers")
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await decide_repair(office, actor, number, RepairStep(verdict), text)
        except FaultsError as error:
            complaints = complaints_of(error)
    if complaints:
        return await _show(office, number, complaints, entered)
    return lead(request, CASE, number=str(number))


@get("/admin/repairs/{number:int}/files/{file:int}", opt=opened_to(DRAW_READERS))
async def load_file(number: FromPath[int], file: FromPath[int]) -> Response[bytes]:
    """A file that the agency sent."""
    return answer_file(*await load_repair_file(number, file))


PAGES = (show_repairs, show_repair, return_to_agency, propose, decide, load_file)


def _read_proposal(entered: Entered) -> RepairProposal:
    verdict = entered.text("verdict")
    if verdict not in ("granted", "refused"):
        entered.add_fault("verdict", "form.choice", "choose one of the answers")
    is_refused = verdict == "refused"
    return RepairProposal(
        verdict=RepairStep.REFUSED if is_refused else RepairStep.GRANTED,
        reason=entered.paragraph("reason", max_length=LONGEST),
        reason_code=entered.text("reason_code") if is_refused else "",
        next_on=entered.day("next_on") if is_refused and entered.text("next_on") else None,
        next_reason=entered.paragraph("next_reason", max_length=LONGEST) if is_refused else "",
    )


async def _show(
    office: Office, number: int, complaints: list[Complaint], entered: Entered | None
) -> Template:
    view = await load_repair_view(office, number)
    suggested = view.suggested_next_on
    values = {"verdict": "", "reason_code": "", "next_on": suggested.isoformat() if suggested else ""}
    if entered is not None:
        values = {name: entered.text(name) for name in values}
    for name in _TEXTS:
        values[name] = entered.paragraph(name) if entered else ""
    return show("repair", faults=complaints, view=view, values=values, reasons=REASONS)
