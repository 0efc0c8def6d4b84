"""The annual plan: the tasks in force and how far they have come, the draft, handing in, the export."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.changes import CHANGE
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.domain.role import DRAFTER, DRAW_READERS
from agency_credit.services.annual_plan import (
    PlanRow,
    load_due_on,
    load_plan,
    load_plan_draft,
    load_planned_years,
    parse_year,
    remove_plan_row,
    save_plan_row,
)
from agency_credit.services.change_request import load_waiting_changes
from agency_credit.services.changes import MAX_REASON, propose_change
from agency_credit.services.draw_draft import draft_draw
from agency_credit.services.items import load_items
from agency_credit.services.office import Office
from agency_credit.services.plan_change import draft_plan_change, find_row_faults
from agency_credit.services.plan_progress import load_progress
from agency_credit.services.plan_table import format_workbook, parse_share
from agency_credit.services.plan_views import load_plan_page, load_plan_rows
from agency_credit.services.planned_draw import suggest_planned_draft
from agency_credit.services.reference import load_districts, load_parameter
from agency_credit.services.supervision import format_share

PLAN = "/admin/plans/{year}"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/admin/plans", opt=opened_to(DRAW_READERS))
async def show_plans(request: AnyRequest, office: TheOffice) -> Redirect:
    """The plan of this year."""
    return lead(request, PLAN, year=str(office.today().year))


@get("/admin/plans/{year:int}", opt=opened_to(DRAW_READERS))
async def show_plan(office: TheOffice, year: FromPath[int]) -> Template:
    """A year: what is in force, its progress, the draft."""
    return await _show_plan(office, year, [])


@get("/admin/plans/{year:int}/plan.xlsx", opt=opened_to(DRAW_READERS))
async def export_plan(office: TheOffice, year: FromPath[int]) -> Response[bytes]:
    """The plan in force as a table for the provincial platform."""
    shown = await load_plan_page(office, year)
    title = f"{shown.plan.authority}{year}年度抽查计划"
    content = format_workbook(title, await load_plan_rows(office, shown.plan))
    disposition = {"Content-Disposition": f'attachment; filename="plan-{year}.xlsx"'}
    return Response(content, media_type=XLSX, headers=disposition)


@get("/admin/plans/{year:int}/rows/{row:int}", opt=opened_to(DRAFTER))
async def show_row(office: TheOffice, year: FromPath[int], row: FromPath[int]) -> Template:
    """The form of a task; row 0: a new one."""
    return await _show_row(office, year, row, [], None)


@post("/admin/plans/{year:int}/rows/{row:int}", opt=opened_to(DRAFTER))
async def save_row(
    request: AnyRequest, office: TheOffice, actor: TheActor, year: FromPath[int], row: FromPath[int]
) -> Template | Redirect:
    """Save a task in the draft; what is wrong with it is told first."""
    entered = await read_form(request)
    wanted = _read_row(entered, row)
    complaints = list(entered.complaints)
    if not complaints:
        items = {item.code: item for item in await load_items(office.today())}
        try:
            faults = find_row_faults(wanted, items, await load_districts())
            complaints = [(fault.at.rpartition(".")[2], fault) for fault in faults]
        except AgencyCreditError as error:
            complaints = complaints_of(error)
    if complaints:
        return await _show_row(office, year, row, complaints, entered)
    await save_plan_row(office, actor, parse_year(str(year)), wanted)
    return lead(request, PLAN, year=str(year))


@post("/admin/plans/{year:int}/rows/{row:int}/remove", opt=opened_to(DRAFTER))
async def remove_row(
    request: AnyRequest, office: TheOffice, actor: TheActor, year: FromPath[int], row: FromPath[int]
) -> Redirect:
    """Take a task out of the draft."""
    await remove_plan_row(office, actor, parse_year(str(year)), row)
    return lead(request, PLAN, year=str(year))


@post("/admin/plans/{year:int}/rows/{row:int}/draw", opt=opened_to(DRAFTER))
async def draft_planned_draw(
    request: AnyRequest, office: TheOffice, actor: TheActor, year: FromPath[int], row: FromPath[int]
) -> Redirect:
    """A draft of a draw that takes title, items, scope and numbers from a task in force."""
    draw = await draft_draw(office, actor, await suggest_planned_draft(office, year, row))
    return lead(request, "/admin/draws/{draw}/plan", draw=draw)


@post("/admin/plans/{year:int}/propose", opt=opened_to(DRAFTER))
async def propose_plan(
    request: AnyRequest, office: TheOffice, actor: TheActor, year: FromPath[int]
) -> Template | Redirect:
    """Hand the draft in for approval."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            draft = await draft_plan_change(office, parse_year(str(year)), reason)
            number = await propose_change(office, actor, draft)
        except AgencyCreditError as error:
            complaints = complaints_of(error, "reason" if error.code == "change.reason" else "")
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show_plan(office, year, complaints, reason)


PAGES = (
    *(show_plans, show_plan, export_plan, show_row, save_row, remove_row),
    *(draft_planned_draw, propose_plan),
)


def _read_row(entered: Entered, number: int) -> PlanRow:
    months = [int(text) for text in entered.texts("months") if text.isascii() and text.isdecimal()]
    lines: Any = tuple(line for line in ("patent", "trademark") if line in entered.texts("practice_lines"))
    if entered.text("directed") not in ("yes", "no"):
        entered.add_fault("directed", "form.choice", "choose one of the answers")
    return PlanRow(
        row=number,
        title=entered.text("title", is_required=True, max_length=120),
        body=entered.text("body", is_required=True, max_length=60),
        items=tuple(code for code in entered.texts("items") if code),
        practice_lines=lines,
        months=tuple(sorted(set(months))),
        frequency=entered.number("frequency", minimum=1, maximum=366) or 0,
        areas=tuple(sorted({area for area in entered.texts("areas") if area})),
        directed=entered.text("directed") == "yes",
        criteria=entered.text("criteria"),
        fraction=parse_share(entered.text("fraction", max_length=24)),
        count=entered.number("count"),
        department=entered.text("department", max_length=60),
        partners=tuple(entered.lines("partners")),
    )


async def _show_plan(office: Office, year: int, complaints: list[Complaint], reason: str = "") -> Template:
    year = parse_year(str(year))
    today, plan, due_on = office.today(), await load_plan(year), await load_due_on(office, year)
    years = {*await load_planned_years(), today.year, today.year + 1, year}
    waiting = await load_waiting_changes("plan", str(year))
    return show(
        "plans",
        faults=complaints,
        year=year,
        years=sorted(years, reverse=True),
        plan=plan,
        progress=await load_progress(year, plan.content.rows, office.now()) if plan else (),
        draft=await load_plan_draft(year),
        due_on=due_on,
        is_overdue=due_on is not None and due_on < today and plan is None,
        changes=waiting,
        items={item.code: item.title for item in await load_items(today)},
        districts=await load_districts(),
        reason=reason,
    )


async def _show_row(
    office: Office, year: int, number: int, complaints: list[Complaint], entered: Entered | None
) -> Template:
    draft = await load_plan_draft(parse_year(str(year)))
    known = next((row for row in draft.rows if row.row == number), None)
    if number and known is None:
        raise NotFoundError("plan.row", "the plan of {year} has no row {n}", year=year, n=number)
    name = (await load_parameter("office_name")).value
    several = ("practice_lines", "items", "areas", "months")
    return show(
        "plan_row",
        faults=complaints,
        year=year,
        number=number,
        items=await load_items(office.today()),
        districts=await load_districts(),
        values=_entered_values(entered) if entered else _values(known, name),
        chosen={
            field: entered.texts(field)
            if entered
            else [str(value) for value in (getattr(known, field) if known else ())]
            for field in several
        },
    )


def _values(row: PlanRow | None, name: str) -> dict[str, Any]:
    return {
        "title": row.title if row else "",
        "body": row.body if row else name,
        "department": row.department if row else "",
        "partners": "\n".join(row.partners) if row else "",
        "directed": "yes" if row and row.directed else "no",
        "criteria": row.criteria if row else "",
        "fraction": format_share(row.fraction) if row and row.fraction else "",
        "count": row.count if row else None,
        "frequency": row.frequency if row else 1,
    }


def _entered_values(entered: Entered) -> dict[str, Any]:
    names = ("title", "body", "department", "directed", "criteria", "fraction", "count", "frequency")
    return {name: entered.text(name) for name in names} | {"partners": entered.paragraph("partners")}
