"""What comes with an inspection beside its record: recusals asked for, follow-ups, results taken down."""

from __future__ import annotations

from datetime import date
from typing import Literal

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.inspections import PAGE, show_with
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to
from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.role import APPROVER, DRAFTER, INSPECTOR, PUBLISHER, Actor
from agency_credit.inspection.follow_up_states import FollowUpStep, NewStep
from agency_credit.services.follow_up import WORKERS, append_follow_up_step, open_follow_up
from agency_credit.services.office import Office
from agency_credit.services.recusal_applications import decide_application, record_application
from agency_credit.services.result_withdrawal import ask_withdrawal, confirm_withdrawal


@post("/admin/inspections/{inspection:int}/recusal", opt=opened_to(INSPECTOR))
async def apply_for_recusal(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Template | Redirect:
    """Write down that the agency asks a member of the team to step back."""
    entered = await read_form(request)
    applied_on, inspector = entered.day("applied_on"), entered.number("inspector", maximum=10**8)
    reason = entered.paragraph("recusal_reason", max_length=2000)
    if not entered.complaints and applied_on is not None:
        try:
            await record_application(
                office, actor, inspection, inspector=inspector or 0, reason=reason, applied_on=applied_on
            )
        except InputError as error:
            entered.complaints += complaints_of(error, "recusal_reason")
    return await _answer(request, office, actor, inspection, entered)


@post(
    "/admin/inspections/{inspection:int}/recusal/{application:int}/decide",
    opt=opened_to(APPROVER, fresh=True),
)
async def decide_recusal(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    inspection: FromPath[int],
    application: FromPath[int],
) -> Template | Redirect:
    """Grant or refuse what the agency asked."""
    entered = await read_form(request)
    verdict: Literal["granted", "refused"] = "granted" if entered.text("verdict") == "granted" else "refused"
    reason = entered.paragraph("decision", max_length=2000)
    try:
        await decide_application(office, actor, inspection, application, verdict, reason)
    except InputError as error:
        entered.complaints += complaints_of(error, "decision")
    return await _answer(request, office, actor, inspection, entered)


@post("/admin/inspections/{inspection:int}/follow-up", opt=opened_to(DRAFTER | APPROVER))
async def start_follow_up(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Redirect:
    """Open the follow-up of a published result that names a problem."""
    await open_follow_up(office, actor, inspection)
    return lead(request, PAGE, inspection=str(inspection))


@post("/admin/inspections/{inspection:int}/follow-up/steps", opt=opened_to(WORKERS))
async def add_follow_up_step(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Template | Redirect:
    """Write down what was done about the problem."""
    entered = await read_form(request)
    new = _read_step(entered, office)
    if new is not None and not entered.complaints:
        try:
            await append_follow_up_step(office, actor, inspection, new)
        except FaultsError as error:
            entered.complaints += complaints_of(error)
    return await _answer(request, office, actor, inspection, entered)


@post("/admin/inspections/{inspection:int}/withdraw", opt=opened_to(APPROVER | PUBLISHER))
async def ask_to_withdraw(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Template | Redirect:
    """Ask to take a published result down, since what it rested on was annulled."""
    entered = await read_form(request)
    annulled_on, document = entered.day("annulled_on"), entered.text("document")
    reason = entered.paragraph("withdrawal_reason", max_length=2000)
    if not entered.complaints and annulled_on is not None:
        try:
            await ask_withdrawal(
                office, actor, inspection, annulled_on=annulled_on, document=document, reason=reason
            )
        except InputError as error:
            entered.complaints += complaints_of(error, "annulled_on")
    return await _answer(request, office, actor, inspection, entered)


@post("/admin/inspections/{inspection:int}/withdraw/confirm", opt=opened_to(PUBLISHER))
async def confirm_withdraw(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Redirect:
    """Take the result down, as another person asked."""
    await confirm_withdrawal(office, actor, inspection)
    return lead(request, PAGE, inspection=str(inspection))


def _read_step(entered: Entered, office: Office) -> NewStep | None:
    step = entered.text("step")
    if step not in set(FollowUpStep):
        entered.add_fault("step", "follow-up.step", "choose what was done")
        return None
    on: date | None = office.today()
    if entered.has("on"):
        on = entered.day("on")
    due_on = entered.day("due_on") if entered.text("due_on") else None
    if on is None:
        return None
    return NewStep(
        step=FollowUpStep(step),
        on=on,
        due_on=due_on,
        document=entered.text("document"),
        body=entered.text("to_body"),
        text=entered.paragraph("text"),
    )


async def _answer(
    request: AnyRequest, office: Office, actor: Actor, inspection: int, entered: Entered
) -> Template | Redirect:
    complaints: list[Complaint] = entered.complaints
    if complaints:
        return await show_with(office, actor, inspection, complaints, entered)
    return lead(request, PAGE, inspection=str(inspection))


PAGES = (
    apply_for_recusal,
    decide_recusal,
    start_follow_up,
    add_follow_up_step,
    ask_to_withdraw,
    confirm_withdraw,
)
