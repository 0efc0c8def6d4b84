"""The first page."""

from __future__ import annotations

from litestar import get
from litestar.response import Template

from agency_credit.web.templating import render


@get("/")
async def show_home() -> Template:
    """What this is, the search box."""
    return render("home.html")
