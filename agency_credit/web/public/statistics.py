"""Tiers in numbers: today, by district, over time."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.register import is_fictional_now
from agency_credit.services.statistics import PublicStatistics, load_distribution, load_public_statistics
from agency_credit.services.supervision import load_profile
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS
from agency_credit.web.tables import answer_csv
from agency_credit.web.templating import render

CSV_TITLES = (
    msgid("Day"),
    msgid("Practice line"),
    msgid("Code of the district"),
    msgid("District"),
    msgid("Credit tier"),
    msgid("Agencies"),
)


@get("/statistics")
async def show_statistics(office: NamedDependency[Office], area: FromQuery[str] = "") -> Template:
    """Tiers of agencies in force today, by district, and over the last year."""
    shown = await load_distribution(office, area=area)
    return render(
        "statistics.html",
        is_fictional=await is_fictional_now(),
        distribution=shown,
        districts=await load_districts(),
        area=area,
        profile=await load_profile(office),
    )


@get("/statistics.json")
async def show_statistics_json(
    office: NamedDependency[Office], area: FromQuery[str] = ""
) -> PublicStatistics:
    """The same numbers for programs."""
    return await load_public_statistics(office, area)


@get("/statistics.csv")
async def show_statistics_csv(
    office: NamedDependency[Office], language: NamedDependency[Language], area: FromQuery[str] = ""
) -> Response[bytes]:
    """The same numbers for spreadsheets: a line a day, practice line, district and tier."""
    shown = await load_distribution(office, area=area)
    rows = [
        [
            day.isoformat(),
            translate(language, LABELS["practice_line"][course.practice_line]),
            course.area,
            course.area_name,
            course.tier,
            n,
        ]
        for course in shown.courses
        for day, n in zip(shown.days, course.counts, strict=True)
    ]
    return answer_csv([translate(language, title) for title in CSV_TITLES], rows, "statistics.csv")


PAGES = (show_statistics, show_statistics_json, show_statistics_csv)
