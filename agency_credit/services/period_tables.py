"""The period tables that hold here, and what they and the rule packs say of the facts of a record."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from agency_credit.scoring import PeriodTable, RulePack
from agency_credit.scoring.clause import ClauseKind
from agency_credit.services.import_facts import FactRules
from agency_credit.services.import_records import LIST_KINDS
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import RuleBook, load_rule_book

if TYPE_CHECKING:
    from agency_credit.services.office import Office


async def load_period_tables(office: Office, on: date) -> tuple[PeriodTable, ...]:
    """The period tables in force on the day `on` that hold for the area of this office."""
    area = (await load_parameter("office_code")).value
    return find_period_tables(await load_rule_book(office), on, area)


def find_period_tables(book: RuleBook, on: date, area: str) -> tuple[PeriodTable, ...]:
    """The period tables in force on the day `on` that hold for the district `area`."""
    tables = book.in_force(PeriodTable, on)
    return tuple(table for table in tables if area.startswith(table.area))


async def load_fact_rules(office: Office) -> FactRules:
    """What the rules of today say: records that list are lists, records of a bonus clause are praise."""
    packs = (await load_rule_book(office)).in_force(RulePack, office.today())
    bonuses = (clause for pack in packs for clause in pack.clauses if clause.kind is ClauseKind.BONUS)
    praise = {kind: "praise" for clause in bonuses for kind in clause.record_kinds}
    return FactRules(
        categories=praise | dict.fromkeys(LIST_KINDS, "list"),
        tables=await load_period_tables(office, office.today()),
    )
