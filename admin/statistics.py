"""Tiers in numbers for the office: agencies as the public sees them, practitioners, and what a tier means."""

from __future__ import annotations

from litestar import get
from litestar.params import FromQuery
from litestar.response import Template

from admin.page import TheOffice, opened_to, show
from agency_credit.domain.role import AUDIT_ADMINISTRATOR, RATERS
from agency_credit.services.reference import load_districts
from agency_credit.services.statistics import load_distribution
from agency_credit.services.supervision import load_profile


@get("/admin/statistics", opt=opened_to(RATERS | AUDIT_ADMINISTRATOR))
async def show_statistics(office: TheOffice, area: FromQuery[str] = "") -> Template:
    """Tiers of agencies and practitioners today, by district, over the last year."""
    agencies = await load_distribution(office, area=area)
    practitioners = await load_distribution(office, "practitioner", area=area)
    return show(
        "statistics",
        agencies=agencies,
        practitioners=practitioners,
        districts=await load_districts(),
        area=area,
        profile=await load_profile(office),
    )
