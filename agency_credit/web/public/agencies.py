"""Agencies: search, one agency."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from agency_credit.services.inspection_views import load_agency_inspections, load_other_visits
from agency_credit.services.office import Office
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.reference import load_districts
from agency_credit.services.register import is_fictional_now, load_agency_page
from agency_credit.services.register_search import (
    PRACTICE_LINES,
    AgencyPage,
    AgencyQuery,
    load_known_tiers,
    search_agencies,
)
from agency_credit.services.rule_book import load_rule_book
from agency_credit.web.bundle import answer_bundle
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS
from agency_credit.web.score_charts import history_charts
from agency_credit.web.tables import answer_csv
from agency_credit.web.templating import render

CSV_TITLES = (
    msgid("Unified social credit code"),
    msgid("Name"),
    msgid("District"),
    msgid("Status"),
    msgid("List status"),
)
CSV_LINE_TITLES = (msgid("{line}: tier"), msgid("{line}: score"))


@get("/agencies")
async def list_agencies(office: NamedDependency[Office], wanted: NamedDependency[AgencyQuery]) -> Template:
    """Search agencies by name, pinyin initials or code."""
    return render(
        "agencies.html",
        is_fictional=await is_fictional_now(),
        page=await search_agencies(office, wanted),
        query=wanted,
        tiers=await load_known_tiers(office),
        practice_lines=PRACTICE_LINES,
        districts=await load_districts(),
    )


@get("/agencies.json")
async def list_agencies_json(
    office: NamedDependency[Office], wanted: NamedDependency[AgencyQuery]
) -> AgencyPage:
    """The same list for programs."""
    return await search_agencies(office, wanted)


@get("/agencies.csv")
async def list_agencies_csv(
    office: NamedDependency[Office], wanted: NamedDependency[AgencyQuery], language: NamedDependency[Language]
) -> Response[bytes]:
    """The same list for spreadsheets."""
    page = await search_agencies(office, wanted)
    header = [translate(language, title) for title in CSV_TITLES]
    for line in PRACTICE_LINES:
        name = translate(language, LABELS["practice_line"][line])
        header += [translate(language, template, line=name) for template in CSV_LINE_TITLES]
    rows = []
    for item in page.items:
        standings = {standing.practice_line: standing for standing in item.standings}
        row: list[object] = [item.uscc, item.name, item.area_name or item.area]
        row.append(translate(language, LABELS["agency_status"][item.status]))
        row.append(translate(language, LABELS["list_status"][item.list_status]))
        for line in PRACTICE_LINES:
            standing = standings.get(line)
            row += [standing.tier, standing.score] if standing else ["", ""]
        rows.append(row)
    answer = answer_csv(header, rows, "agencies.csv")
    if page.cursor:
        answer.headers["X-Next-Cursor"] = page.cursor
    return answer


@get("/agencies/{uscc:str}")
async def show_agency(
    office: NamedDependency[Office], uscc: FromPath[str], language: NamedDependency[Language]
) -> Template:
    """What the public may know of an agency."""
    agency, history = await load_agency_page(office, uscc)
    return render(
        "agency.html",
        is_fictional=await is_fictional_now(),
        agency=agency,
        charts=history_charts(history, await load_rule_book(office), language, office.today()),
        history=history,
        inspections=await load_agency_inspections(uscc),
        others=await load_other_visits(uscc),
    )


@get("/agencies/{uscc:str}/ratings/{practice_line:str}/bundle")
async def download_rating_bundle(
    office: NamedDependency[Office],
    uscc: FromPath[str],
    practice_line: FromPath[str],
    number: FromQuery[int | None] = None,
) -> Response[bytes]:
    """The files of a rating as a zip, from which anybody recomputes it."""
    files = await load_rating_bundle(office, uscc, practice_line, number)
    return answer_bundle(f"{uscc}-{practice_line}", files)
