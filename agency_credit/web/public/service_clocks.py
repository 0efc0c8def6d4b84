"""The clocks of the office: objections and repairs, promised against actual."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.response import Template

from agency_credit.services.office import Office
from agency_credit.services.service_clocks import FEW, ServiceClocks, load_service_clocks
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS
from agency_credit.web.tables import answer_csv
from agency_credit.web.templating import render

CSV_TITLES = (
    *(msgid("Kind of case"), msgid("Period"), msgid("First day"), msgid("Last day"), msgid("Cases opened")),
    *(
        msgid("Cases decided"),
        msgid("Decided late"),
        msgid("Taken back"),
        msgid("Still open"),
        msgid("Overdue"),
    ),
    *(msgid("Median (working days)"), msgid("90 % (working days)")),
)


@get("/service-clocks")
async def show_service_clocks(office: NamedDependency[Office]) -> Template:
    """How long objections and repairs take, by quarter and year."""
    return render("service_clocks.html", clocks=await load_service_clocks(office), few=FEW)


@get("/service-clocks.json")
async def show_service_clocks_json(office: NamedDependency[Office]) -> ServiceClocks:
    """The same for programs."""
    return await load_service_clocks(office)


@get("/service-clocks.csv")
async def show_service_clocks_csv(
    office: NamedDependency[Office], language: NamedDependency[Language]
) -> Response[bytes]:
    """The same for spreadsheets: a line a kind and period, years after quarters."""
    rows = [
        [
            *(translate(language, LABELS["case_kind"][clock.kind]), row.span, row.first_on, row.last_on),
            *(row.opened, row.decided, row.late, row.taken_back, row.open, row.overdue),
            *("" if days is None else days for days in (row.median, row.ninety)),
        ]
        for clock in (await load_service_clocks(office)).clocks
        for row in (*clock.quarters, *clock.years)
    ]
    return answer_csv([translate(language, title) for title in CSV_TITLES], rows, "service-clocks.csv")


PAGES = (show_service_clocks, show_service_clocks_json, show_service_clocks_csv)
