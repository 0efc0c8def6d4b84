"""The published item list and the annual plans."""

from __future__ import annotations

from datetime import date

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from agency_credit.services.annual_plan import format_plan
from agency_credit.services.office import Office
from agency_credit.services.plan_table import COLUMNS
from agency_credit.services.plan_views import (
    ItemList,
    PlanPage,
    load_item_list,
    load_plan_page,
    load_plan_rows,
    load_plan_summaries,
    load_plan_version,
)
from agency_credit.services.reference import load_districts
from agency_credit.web.bundle import answer_file
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS
from agency_credit.web.tables import answer_csv
from agency_credit.web.templating import render

ITEM_TITLES = (
    msgid("Code"),
    msgid("Item"),
    msgid("Practice line"),
    msgid("General or key"),
    msgid("Legal basis"),
    msgid("Ways of inspecting"),
    msgid("Upper fraction"),
    msgid("Draws a year"),
    msgid("Implementing body"),
    msgid("Applies from"),
)


@get("/items")
async def show_items(office: NamedDependency[Office], on: FromQuery[date | None] = None) -> Template:
    """The list in force on a day: what is on no list is not inspected."""
    return render("items.html", shown=await load_item_list(office, on), today=office.today())


@get("/items.json")
async def show_items_json(office: NamedDependency[Office], on: FromQuery[date | None] = None) -> ItemList:
    """The same list for programs."""
    return await load_item_list(office, on)


@get("/items.csv")
async def show_items_csv(
    office: NamedDependency[Office], language: NamedDependency[Language], on: FromQuery[date | None] = None
) -> Response[bytes]:
    """The same list for spreadsheets."""
    shown = await load_item_list(office, on)
    rows = [
        [
            item.code,
            item.title,
            translate(language, LABELS["practice_line"][item.practice_line]),
            translate(language, LABELS["item_weight"][item.item_weight]),
            item.basis,
            "、".join(translate(language, LABELS["method"][method]) for method in item.methods),
            item.fraction,
            item.frequency,
            item.body,
            item.applies_from.isoformat(),
        ]
        for item in shown.items
    ]
    return answer_csv([translate(language, title) for title in ITEM_TITLES], rows, "items.csv")


@get("/plans")
async def list_plans() -> Template:
    """Years with an approved plan."""
    return render("plans.html", plans=await load_plan_summaries())


@get("/plans/{year:int}")
async def show_plan(office: NamedDependency[Office], year: FromPath[int]) -> Template:
    """The plan of a year: its tasks, and which of them were drawn."""
    shown = await load_plan_page(office, year)
    items = await load_item_list(office)
    return render(
        "plan.html",
        shown=shown,
        items={item.code: item.title for item in items.items},
        districts=await load_districts(),
    )


@get("/plans/{year:int}/plan.json")
async def show_plan_json(office: NamedDependency[Office], year: FromPath[int]) -> PlanPage:
    """The same plan for programs."""
    return await load_plan_page(office, year)


@get("/plans/{year:int}/plan.csv")
async def show_plan_csv(office: NamedDependency[Office], year: FromPath[int]) -> Response[bytes]:
    """The same plan for spreadsheets, in the columns of the provincial platform."""
    shown = await load_plan_page(office, year)
    return answer_csv(
        [name for name, _ in COLUMNS], await load_plan_rows(office, shown.plan), f"plan-{year}.csv"
    )


@get("/plans/{year:int}/versions/{number:int}")
async def download_plan(year: FromPath[int], number: FromPath[int]) -> Response[bytes]:
    """A version in canonical form: the bytes whose digest the public log holds."""
    version = await load_plan_version(year, number)
    return answer_file(f"plan-{year}-{number}.json", format_plan(version.content))


PAGES = (
    *(show_items, show_items_json, show_items_csv, list_plans),
    *(show_plan, show_plan_json, show_plan_csv, download_plan),
)
