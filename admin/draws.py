"""A draw from its announcement to its publication: one page, and a page for each step to take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from admin.value_form import BALLS, read_value
from agency_credit.domain.errors import FaultsError, ForbiddenError, InputError
from agency_credit.domain.role import APPROVER, DRAW_PEOPLE, DRAW_READERS, PUBLISHER, Actor
from agency_credit.services.desk import load_counts
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.desk_draws import load_desk_draws
from agency_credit.services.desk_results import load_desk_inspections
from agency_credit.services.desk_team import load_draw_teams
from agency_credit.services.draw_steps import approve_draw, enter_value, run_draw
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import Office
from agency_credit.services.papers import PaperKind
from agency_credit.services.publish_draw import publish_draw, publish_names

PAGE = "/admin/draws/{draw}"
VOID_REASONS = ("nonce-missing", "nonce-wrong", "event-missing", "frame-wrong", "ordered")


@get("/admin/draws", opt=opened_to(DRAW_READERS))
async def show_draws(office: TheOffice, actor: TheActor) -> Template:
    """All draws with what comes next, and the button for a new one."""
    draws = await load_desk_draws(office, actor, await load_desk_inspections(office))
    return show("draws", draws=draws, counts=await load_counts())


@get("/admin/draws/{draw:str}", opt=opened_to(DRAW_READERS))
async def show_draw(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """Where the draw stands, what comes next, its teams and its files."""
    desk = await load_draw_desk(office, actor, draw)
    return show("draw", desk=desk, papers=tuple(PaperKind), teams=await load_draw_teams(draw, office.now()))


@get("/admin/draws/{draw:str}/approve", opt=opened_to(APPROVER))
async def show_approval(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template | Redirect:
    """Exactly what would be approved."""
    return await _show_step(office, actor, draw, "draw_approve")


@post("/admin/draws/{draw:str}/approve", opt=opened_to(APPROVER, fresh=True))
async def approve(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Template | Redirect:
    """Approve what was announced."""
    try:
        await approve_draw(office, actor, draw)
    except ForbiddenError as error:
        return await _show_step(office, actor, draw, "draw_approve", complaints_of(error))
    return lead(request, PAGE, draw=draw)


@get("/admin/draws/{draw:str}/values", opt=opened_to(DRAW_PEOPLE))
async def show_values(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """Each source with the form of its value; closed before its time."""
    return await _show_step(office, actor, draw, "draw_values")


@post("/admin/draws/{draw:str}/values/{source:int}", opt=opened_to(DRAW_PEOPLE))
async def save_value(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    source: FromPath[int],
) -> Template | Redirect:
    """Enter the value of one source, or read it a second time."""
    entered = await read_form(request)
    desk = await load_draw_desk(office, actor, draw)
    form = desk.sources[source].form if source < len(desk.sources) else ""
    value = read_value(form, entered)
    complaints: list[Complaint] = [(f"{field}-{source}", fault) for field, fault in entered.complaints]
    if not complaints:
        try:
            await enter_value(office, actor, draw, source, value, corrects=entered.has("corrects"))
        except FaultsError as error:
            complaints = [(f"value-{source}", fault) for fault in error.faults]
    if complaints:
        return await _show_step(office, actor, draw, "draw_values", complaints, values={source: entered})
    desk = await load_draw_desk(office, actor, draw)
    return lead(request, PAGE + ("/draw" if desk.has_all_values else "/values"), draw=draw)


@get("/admin/draws/{draw:str}/draw", opt=opened_to(DRAW_PEOPLE))
async def show_drawing(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """The values once more, and the warning that this happens once."""
    return await _show_step(office, actor, draw, "draw_run")


@post("/admin/draws/{draw:str}/draw", opt=opened_to(DRAW_PEOPLE, fresh=True))
async def run(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Template | Redirect:
    """Draw: once, after somebody said that he compared the values."""
    entered = await read_form(request)
    if not entered.has("confirmed"):
        entered.add_fault("confirmed", "form.confirm", "tick the box to confirm that this is what you want")
        return await _show_step(office, actor, draw, "draw_run", list(entered.complaints))
    await run_draw(office, actor, draw)
    return lead(request, PAGE, draw=draw)


@get("/admin/draws/{draw:str}/publish", opt=opened_to(PUBLISHER))
async def show_publication(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """What becomes public."""
    return await _show_step(office, actor, draw, "draw_publish")


@post("/admin/draws/{draw:str}/publish", opt=opened_to(PUBLISHER, fresh=True))
async def publish(request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Redirect:
    """Publish the files; with a draw that was published at once, later the names of those who served."""
    desk = await load_draw_desk(office, actor, draw)
    await (publish_names if desk.state == "published" else publish_draw)(office, actor, draw)
    return lead(request, PAGE, draw=draw)


@get("/admin/draws/{draw:str}/void", opt=opened_to(DRAW_PEOPLE))
async def show_void(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """Ask to void, or confirm what a first person asked."""
    return await _show_step(office, actor, draw, "draw_void")


@post("/admin/draws/{draw:str}/void", opt=opened_to(DRAW_PEOPLE, fresh=True))
async def ask_void(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Template | Redirect:
    """The first person asks, with a reason."""
    entered = await read_form(request)
    code, reason = entered.text("reason_code"), entered.paragraph("reason", max_length=1000)
    if not code:
        entered.add_fault("reason_code", "form.choice", "choose one of the answers")
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await request_void(office, actor, draw, code, reason)
        except InputError as error:
            field = "reason_code" if error.code == "void.reason-unknown" else "reason"
            complaints = complaints_of(error, field)
    if complaints:
        values = {"reason_code": code, "reason": reason}
        return await _show_step(office, actor, draw, "draw_void", complaints, values=values)
    return lead(request, PAGE, draw=draw)


@post("/admin/draws/{draw:str}/void/confirm", opt=opened_to(APPROVER, fresh=True))
async def confirm(request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Redirect:
    """The second person voids it for the reason that stood on the page."""
    request_number = (await read_form(request)).number("request", maximum=10**9)
    await confirm_void(office, actor, draw, request_number)
    return lead(request, PAGE, draw=draw)


PAGES = (
    *(show_draws, show_draw, show_approval, approve, show_values, save_value, show_drawing, run),
    *(show_publication, publish, show_void, ask_void, confirm),
)


async def _show_step(
    office: Office,
    actor: Actor,
    draw: str,
    name: str,
    complaints: list[Complaint] | None = None,
    values: Mapping[Any, Any] | None = None,
) -> Template:
    desk = await load_draw_desk(office, actor, draw)
    return show(
        name, faults=complaints or (), desk=desk, values=values or {}, reasons=VOID_REASONS, balls=BALLS
    )
