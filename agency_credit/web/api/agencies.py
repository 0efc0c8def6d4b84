"""JSON of agencies under /api/v1."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from agency_credit.services.inspection_views import InspectionView, load_agency_inspections
from agency_credit.services.office import Office
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.register import AgencyView, HistoryRow, load_agency, load_history
from agency_credit.services.register_search import AgencyPage, AgencyQuery, search_agencies
from agency_credit.web.bundle import answer_bundle


@get("/agencies")
async def search(office: NamedDependency[Office], wanted: NamedDependency[AgencyQuery]) -> AgencyPage:
    """Search agencies: `q` (two Chinese characters or pinyin initials suffice), `tier`, `practice_line`,
    `area` (digits of a district code), `cursor` of the page before, `limit` up to 200."""
    return await search_agencies(office, wanted)


@get("/agencies/{uscc:str}")
async def read_agency(office: NamedDependency[Office], uscc: FromPath[str]) -> AgencyView:
    """An agency: practice lines, tiers with the ledger lines behind them, credit records."""
    return await load_agency(office, uscc)


@get("/agencies/{uscc:str}/history")
async def read_history(office: NamedDependency[Office], uscc: FromPath[str]) -> list[HistoryRow]:
    """The tiers and scores of an agency over time, the newest first."""
    return await load_history(office, uscc)


@get("/agencies/{uscc:str}/ratings/{practice_line:str}/bundle", media_type="application/zip")
async def read_rating_bundle(
    office: NamedDependency[Office],
    uscc: FromPath[str],
    practice_line: FromPath[str],
    number: FromQuery[int | None] = None,
) -> Response[bytes]:
    """The files of a rating as a zip, from which anybody recomputes it; the latest, or that of a `number`."""
    files = await load_rating_bundle(office, uscc, practice_line, number)
    return answer_bundle(f"{uscc}-{practice_line}", files)


@get("/agencies/{uscc:str}/inspections")
async def read_inspections(uscc: FromPath[str]) -> list[InspectionView]:
    """Inspections of an agency by published draws, with published results."""
    return await load_agency_inspections(uscc)
