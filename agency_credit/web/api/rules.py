"""JSON of rule files under /api/v1."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from agency_credit.services.office import Office
from agency_credit.services.rule_views import RuleAnswer, RuleSummary, load_rule_answer, load_rules


@get("/rules")
async def read_rules(office: NamedDependency[Office]) -> list[RuleSummary]:
    """All rule files as they read today."""
    return await load_rules(office)


@get("/rules/{instrument:str}")
async def read_rule(office: NamedDependency[Office], instrument: FromPath[str]) -> RuleAnswer:
    """A rule file with its history; each version names the address of its canonical form."""
    return await load_rule_answer(office, instrument)
