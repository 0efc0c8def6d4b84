"""After a draw: reserves, supplementary draws, members who leave or are sent; two people for each change."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError
from agency_credit.domain.role import APPROVER, DRAFTER, DRAW_READERS, Actor
from agency_credit.inspection.team_states import UNREACHABLE, ReserveReason, SeatReason
from agency_credit.services.changes import MAX_REASON, Verdict, decide_change, take_back_change
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.desk_team import load_reserve_desk, load_team_change_desk, load_team_desk
from agency_credit.services.office import Office
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import call_reserve, dismiss_member, empty_seat, send_member
from agency_credit.services.team_change import LENGTHS

CHANGE = "/admin/team-changes/{number}"
RESERVE_REASONS = (*ReserveReason, UNREACHABLE)
"""What people look for is offered, and refused with the sentence that says why."""
_FIELD_OF = {
    "change.reason": "reason",
    "entry.identity-number": "reason",
    "entry.mobile-number": "reason",
    "reserve.unreachable": "reason_code",
    "reserve.reason": "reason_code",
    "team.reason": "reason_code",
}


@get("/admin/draws/{draw:str}/reserves/{unit:str}", opt=opened_to(DRAFTER))
async def show_reserve(
    office: TheOffice, actor: TheActor, draw: FromPath[str], unit: FromPath[str]
) -> Template:
    """Which reserve would be called for a unit, and what becomes of its team."""
    return await _show_reserve(office, actor, (draw, unit), [], {})


@post("/admin/draws/{draw:str}/reserves/{unit:str}", opt=opened_to(DRAFTER))
async def propose_reserve(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str], unit: FromPath[str]
) -> Template | Redirect:
    """Propose the call, with the reason and the evidence."""
    entered = await read_form(request)
    code, evidence = entered.text("reason_code"), entered.paragraph("reason", max_length=MAX_REASON)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            number = await call_reserve(office, actor, draw, unit, code, evidence)
            return lead(request, CHANGE, number=str(number))
        except AgencyCreditError as error:
            complaints = _complaints(error)
    values = {"reason_code": code, "reason": evidence}
    return await _show_reserve(office, actor, (draw, unit), complaints, values)


@post("/admin/draws/{draw:str}/supplements", opt=opened_to(DRAFTER))
async def supplement(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Redirect:
    """Draft a supplementary draw for each set of missing seats; a single one is opened at once."""
    drafted = await draft_supplements(office, actor, draw)
    if len(drafted) == 1:
        return lead(request, "/admin/draws/{draw}/plan", draw=drafted[0])
    return lead(request, "/admin/draws/{draw}", draw=draw)


@get("/admin/inspections/{inspection:int}/team", opt=opened_to(DRAW_READERS))
async def show_team(office: TheOffice, actor: TheActor, inspection: FromPath[int]) -> Template:
    """Who sits where, who was sent, what was changed, and the forms to change it."""
    return await _show_team(office, actor, inspection, [], Entered({"action": ""}))


@post("/admin/inspections/{inspection:int}/team", opt=opened_to(DRAFTER))
async def propose_team(
    request: AnyRequest, office: TheOffice, actor: TheActor, inspection: FromPath[int]
) -> Template | Redirect:
    """Propose that a seat is emptied, that a member is sent, or that one leaves again."""
    entered = await read_form(request)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            number = await _propose(office, actor, inspection, entered)
            return lead(request, CHANGE, number=str(number))
        except AgencyCreditError as error:
            complaints = _complaints(error)
    action = entered.text("action")
    named = [(f"{action}-{field}" if field else "", what) for field, what in complaints]
    return await _show_team(office, actor, inspection, named, entered)


@get("/admin/team-changes/{number:int}", opt=opened_to(DRAW_READERS))
async def show_change(office: TheOffice, actor: TheActor, number: FromPath[int]) -> Template:
    """A proposal about a team, and the decision."""
    return await _show_change(office, actor, number, [])


@post("/admin/team-changes/{number:int}/decide", opt=opened_to(APPROVER, fresh=True))
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
        return await _show_change(office, actor, number, complaints, reason)
    return lead(request, CHANGE, number=str(number))


@post("/admin/team-changes/{number:int}/take-back", opt=opened_to(DRAFTER))
async def take_back(
    request: AnyRequest, office: TheOffice, actor: TheActor, number: FromPath[int]
) -> Redirect:
    """Take back a proposal of one's own."""
    await take_back_change(office, actor, number)
    return lead(request, CHANGE, number=str(number))


PAGES = (
    *(show_reserve, propose_reserve, supplement, show_team, propose_team),
    *(show_change, decide, take_back),
)


async def _propose(office: Office, actor: Actor, inspection: int, entered: Entered) -> int:
    """Each form of the page has its own fields; their names begin with the action."""
    action = entered.text("action")
    reason = entered.paragraph(f"{action}-reason", max_length=MAX_REASON)
    if action == "sent":
        member = {name: entered.text(f"sent-{name}") for name in LENGTHS}
        return await send_member(office, actor, inspection, member, reason)
    code = entered.text(f"{action}-reason_code")
    if action == "dismissed":
        return await dismiss_member(office, actor, inspection, entered.text("certificate"), code, reason)
    seat = entered.number("seat")
    return await empty_seat(office, actor, inspection, -1 if seat is None else seat, code, reason)


def _complaints(error: AgencyCreditError) -> list[Complaint]:
    return complaints_of(error, _FIELD_OF.get(error.code, ""))


async def _show_reserve(
    office: Office, actor: Actor, place: tuple[str, str], complaints: list[Complaint], values: dict[str, str]
) -> Template:
    """`place`: the draw and the unit."""
    return show(
        "reserve",
        faults=complaints,
        desk=await load_reserve_desk(office, *place),
        head=await load_draw_desk(office, actor, place[0]),
        values=values,
        reasons=RESERVE_REASONS,
    )


async def _show_team(
    office: Office, actor: Actor, inspection: int, complaints: list[Complaint], entered: Entered
) -> Template:
    item, teams = await load_team_desk(office, inspection)
    return show(
        "team",
        faults=complaints,
        item=item,
        teams=teams,
        head=await load_draw_desk(office, actor, item.draw),
        entered=entered,
        reasons=tuple(SeatReason),
        fields=tuple(LENGTHS),
    )


async def _show_change(
    office: Office, actor: Actor, number: int, complaints: list[Complaint], reason: str = ""
) -> Template:
    desk = await load_team_change_desk(office, number)
    head = await load_draw_desk(office, actor, desk.draw)
    return show("team_change", faults=complaints, desk=desk, head=head, reason=reason)
