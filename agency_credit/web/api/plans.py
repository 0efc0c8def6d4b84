"""JSON of the item list and the annual plans under /api/v1."""

from __future__ import annotations

from datetime import date

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from agency_credit.services.office import Office
from agency_credit.services.plan_views import (
    ItemList,
    PlanPage,
    PlanSummary,
    load_item_list,
    load_plan_page,
    load_plan_summaries,
)


@get("/items")
async def read_items(
    office: NamedDependency[Office],
    on: FromQuery[date | None] = None,
    number: FromQuery[int | None] = None,
) -> ItemList:
    """The list of inspection items on a day, as its version of a `number` left it; today, the newest."""
    return await load_item_list(office, on, number)


@get("/plans")
async def read_plans() -> list[PlanSummary]:
    """Years with an approved annual plan."""
    return await load_plan_summaries()


@get("/plans/{year:int}")
async def read_plan(office: NamedDependency[Office], year: FromPath[int]) -> PlanPage:
    """The annual plan of a year with the draws it led to."""
    return await load_plan_page(office, year)


HANDLERS = (read_items, read_plans, read_plan)
