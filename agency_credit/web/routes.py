"""All routes that the public may open; those of the back office come from `admin`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.exceptions import InternalServerException, NotFoundException
from litestar.static_files import create_static_files_router

from agency_credit.web import health, log, metrics
from agency_credit.web.api import agencies as api_agencies
from agency_credit.web.api import draws as api_draws
from agency_credit.web.api import plans as api_plans
from agency_credit.web.api import rules as api_rules
from agency_credit.web.api import statistics as api_statistics
from agency_credit.web.problems import answer_http
from agency_credit.web.public import (
    agencies,
    draws,
    home,
    plans,
    rules,
    service_clocks,
    statements,
    statistics,
)
from agency_credit.web.query import read_query

STATIC = Path(__file__).parent / "static"
PUBLIC = {"public": True}
_QUERY = {"wanted": Provide(read_query, sync_to_thread=False)}


def public_routers() -> list[Router]:
    """Pages, JSON, the log, health and static files; none of them sets a cookie."""
    pages = [
        *home.PAGES,
        agencies.list_agencies,
        agencies.list_agencies_json,
        agencies.list_agencies_csv,
        agencies.show_agency,
        agencies.download_rating_bundle,
        draws.list_draws,
        draws.list_draws_json,
        draws.list_draws_csv,
        draws.show_draw,
        draws.download_file,
        draws.download_bundle,
        draws.show_unit,
        *service_clocks.PAGES,
        *statistics.PAGES,
        *plans.PAGES,
        *rules.PAGES,
        statements.show_statement_check,
        log.read_checkpoint,
        log.read_proof,
        log.read_keys,
        health.check_alive,
        health.check_ready,
        metrics.read_metrics,
    ]
    api = [
        api_agencies.search,
        api_agencies.read_agency,
        api_agencies.read_history,
        api_agencies.read_rating_bundle,
        api_agencies.read_inspections,
        api_draws.read_draws,
        api_draws.read_draw,
        api_draws.read_bundle,
        api_draws.read_file,
        api_draws.read_unit,
        *api_statistics.HANDLERS,
        *api_plans.HANDLERS,
        api_rules.read_rules,
        api_rules.read_rule,
    ]
    return [
        Router(path="/", route_handlers=pages, opt=PUBLIC, dependencies=_QUERY, include_in_schema=False),
        Router(path="/api/v1", route_handlers=api, opt=PUBLIC, dependencies=_QUERY),
        create_static_files_router(
            path="/static",
            directories=[STATIC],
            opt=PUBLIC,
            exception_handlers={InternalServerException: _answer_no_file},
        ),
    ]


def _answer_no_file(request: Request[Any, Any, Any], _: InternalServerException) -> Response[Any]:
    """A name that no file can have (too long, below a file), as Litestar reports it: no such file."""
    return answer_http(request, NotFoundException())
