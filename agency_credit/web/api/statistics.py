"""JSON of what is counted, under /api/v1."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from agency_credit.services.office import Office
from agency_credit.services.service_clocks import ServiceClocks, load_service_clocks
from agency_credit.services.statistics import PublicStatistics, load_public_statistics


@get("/statistics")
async def read_statistics(office: NamedDependency[Office], area: FromQuery[str] = "") -> PublicStatistics:
    """Tiers by practice line, published results by category, draws by step; tiers by district over time.

    `area`: only districts whose codes begin with these digits, for the tiers over time.
    """
    return await load_public_statistics(office, area)


@get("/service-clocks")
async def read_service_clocks(office: NamedDependency[Office]) -> ServiceClocks:
    """Objections and repairs by quarter and year: opened, decided, late, open, overdue; median and 90 %."""
    return await load_service_clocks(office)


HANDLERS = (read_service_clocks, read_statistics)
