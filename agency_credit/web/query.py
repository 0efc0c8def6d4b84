"""What a request asks for, read from its query; the services say what is wrong with it."""

from __future__ import annotations

from typing import Annotated

from litestar.params import FromQuery, QueryParameter

from agency_credit.services.register_search import AgencyQuery

StateFilter = Annotated[str, QueryParameter(name="state")]
"""``state`` by itself is a name that Litestar keeps for the state of the application."""


def read_query(
    q: FromQuery[str] = "",
    tier: FromQuery[str] = "",
    practice_line: FromQuery[str] = "",
    area: FromQuery[str] = "",
    cursor: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> AgencyQuery:
    """The search that a request asks for; `search_agencies` says what is wrong with it."""
    return AgencyQuery(q=q, tier=tier, practice_line=practice_line, area=area, cursor=cursor, limit=limit)
