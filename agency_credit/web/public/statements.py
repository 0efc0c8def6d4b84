"""The check of a statement of credit: where the code on the paper leads."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from agency_credit.services.agency_statement import check_statement
from agency_credit.services.office import Office
from agency_credit.services.register import is_fictional_now
from agency_credit.web.templating import render


@get("/statements/{code:str}")
async def show_statement_check(office: NamedDependency[Office], code: FromPath[str]) -> Template:
    """Whether a statement was issued here, for whom, and whether it still holds."""
    return render(
        "statement.html", is_fictional=await is_fictional_now(), check=await check_statement(office, code)
    )
