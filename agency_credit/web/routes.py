"""All routes that the public may open; those of the back office come from `admin`."""

from __future__ import annotations

from pathlib import Path

from litestar import Router
from litestar.static_files import create_static_files_router

from agency_credit.web.public import home

STATIC = Path(__file__).parent / "static"


def public_routers() -> list[Router]:
    """Pages, JSON, the log, health and static files; none of them reads or sets a cookie."""
    return [
        Router(path="/", route_handlers=[home.show_home], opt={"public": True}, include_in_schema=False),
        create_static_files_router(path="/static", directories=[STATIC], opt={"public": True}),
    ]
