"""A draft of a draw from a row of the annual plan: title, items, scope, numbers, other bodies."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from agency_credit.domain.errors import NotFoundError
from agency_credit.services.annual_plan import PlanRow, find_plan_row
from agency_credit.services.desk_draft import follow_frame
from agency_credit.services.draw_draft import DrawDraft, suggest_draft
from agency_credit.services.draw_task import Partner, PlannedTask, skill_of
from agency_credit.services.items import Item, load_items
from agency_credit.services.office import Office


async def suggest_planned_draft(office: Office, year: int, number: int) -> DrawDraft:
    """The draft to start from for a row of the plan in force.

    Criteria of a directed row stand in words in the plan; the drafter ticks them on the page of the frame.

    Raises
    ------
    NotFoundError
        The plan in force has no such row.
    """
    found = await find_plan_row(year, number)
    if found is None:
        raise NotFoundError("plan.row", "the plan of {year} has no row {n}", year=year, n=number)
    row = found[1]
    items = [item for item in await load_items(office.today()) if item.code in row.items]
    draft = await suggest_draft(office)
    partners = _partners(row, items)
    scope = replace(
        draft.scope,
        practice_lines=list(row.practice_lines),
        areas=list(row.areas),
        directed=row.directed,
    )
    seats = [*draft.plan.seats]
    if partners:
        seats[0] = {**seats[0], "skills": sorted([*seats[0]["skills"], skill_of(row.body)])}
        seats[1:] = [{"role": f"检查员（{p.name}）"[:64], "skills": [skill_of(p.name)]} for p in partners]
    plan = replace(
        draft.plan,
        title=row.title,
        authority=row.body,
        basis=sorted({item.basis for item in items}),
        items=[item.title for item in items if not item.body],
        seats=seats,
        strata=[],
        entropy=[{**source, "party": row.body} for source in draft.plan.entropy],
    )
    planned = replace(
        draft, plan=plan, scope=scope, partners=partners, task=PlannedTask(year=year, row=number)
    )
    followed = await follow_frame(office, planned)
    return replace(followed, plan=replace(followed.plan, strata=_with_numbers(followed, row)))


def _partners(row: PlanRow, items: list[Item]) -> list[Partner]:
    return [
        Partner(name=name, items=[item.title for item in items if item.body == name]) for name in row.partners
    ]


def _with_numbers(draft: DrawDraft, row: PlanRow) -> list[dict[str, Any]]:
    """A share holds for every stratum; a number is for the drafter to divide."""
    if not row.fraction:
        return draft.plan.strata
    return [
        {"stratum": item["stratum"], "take": {"fraction": row.fraction, "minimum": 0}}
        for item in draft.plan.strata
    ]
