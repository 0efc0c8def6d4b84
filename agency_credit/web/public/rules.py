"""The rules behind the ratings: every file, its clauses and sources, its history."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from agency_credit.domain.errors import NotFoundError
from agency_credit.services.office import Office
from agency_credit.services.rule_views import load_rule, load_rule_json, load_rules
from agency_credit.web.bundle import answer_file
from agency_credit.web.templating import render


@get("/rules")
async def list_rules(office: NamedDependency[Office]) -> Template:
    """All rule files, by type and subject."""
    return render("rules.html", rules=await load_rules(office))


@get("/rules/{instrument:str}")
async def show_rule(
    office: NamedDependency[Office],
    instrument: FromPath[str],
    number: FromQuery[int | None] = None,
    after: FromQuery[str] = "",
) -> Template:
    """A rule file as it reads today, or as a version made it; in parts where it is long."""
    view = await load_rule(office, instrument, number, after)
    return render("rule.html", is_fictional=view.summary.fictional, view=view, after=after)


@get("/rules/{instrument:str}/{name:str}")
async def download_rule(
    office: NamedDependency[Office], instrument: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    """A version in canonical form: ``3.json``."""
    number, _, ending = name.partition(".")
    if ending != "json" or not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFoundError(
            "rules.no-file", "there is no file {name}; ask for one like 1.json", name=name[:60]
        )
    return answer_file(f"{instrument}-{number}.json", await load_rule_json(office, instrument, int(number)))


PAGES = (list_rules, show_rule, download_rule)
