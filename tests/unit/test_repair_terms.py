"""When a record can be repaired and under which conditions: at, before and after each shipped boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from agency_credit.domain.citation import Citation, Provenance, Status, Wording
from agency_credit.domain.record import Category, Procedure, RecordFacts, Sanction
from agency_credit.scoring import PeriodTable, parse_rule_file
from agency_credit.scoring.clause import (
    Clause,
    ClauseKind,
    Counting,
    CountingRule,
    Life,
    LifeStart,
    RepairRule,
    Severity,
)
from agency_credit.scoring.periods import PeriodStart, Requirement
from agency_credit.scoring.repair_terms import (
    Gap,
    GapKind,
    RepairBasis,
    RepairFacts,
    Standing,
    check_terms,
    join_terms,
)

RULES = Path(__file__).resolve().parents[2] / "agency_credit" / "scoring" / "rules" / "periods"
MADE_UP = Provenance(status=Status.UNVERIFIED, source="made up")


TABLES = tuple(parse_rule_file(file.read_bytes(), file.name) for file in sorted(RULES.glob("*.toml")))
assert all(isinstance(table, PeriodTable) for table in TABLES)
ROWS = {row.name: row for table in TABLES for row in table.periods}
"""Every shipped row by its class."""
ON = date(2026, 12, 1)


def clause(kind=ClauseKind.DEDUCTION, repair=None):
    return Clause(
        code="A",
        kind=kind,
        wording=Wording(zh="甲", en="a"),
        record_kinds=("a",),
        millipoints=-1000,
        range=None,
        provenance=MADE_UP,
        life=Life(start=LifeStart.DECIDED, months=12, provenance=MADE_UP),
        counting=Counting(rule=CountingRule.PER_CASE, provenance=MADE_UP),
        citation=Citation(instrument="《甲》", article="第一条"),
        repair=repair,
    )


def rule(is_allowed, months=None):
    return RepairRule(is_allowed=is_allowed, after_months=months, provenance=MADE_UP)


def table_of(*classes):
    """One table a class, holding nothing else, so that one class says one thing."""
    return tuple(
        replace(table, periods=tuple(row for row in table.periods if row.name == name))
        for name in classes
        for table in TABLES
        if any(row.name == name for row in table.periods)
    )


def terms(*classes, decided_on=date(2026, 4, 15), of_clause=None, general_months=None, tables=None, **stated):
    published_on = stated.pop("published_on", None)
    facts = RecordFacts(classes=frozenset(classes), **stated)
    basis = RepairBasis(
        tables=table_of(*classes) if tables is None else tables,
        facts={"1": RepairFacts(stated=facts, published_on=published_on)},
        general_months=general_months,
    )
    return basis.terms(of_clause, "1", decided_on, ON)


def standings(found, on, *, is_listed=False, is_repeated=False):
    return {
        check.term.condition.requires: check.standing
        for check in check_terms(found, on, is_listed=is_listed, is_repeated=is_repeated)
    }


@pytest.mark.parametrize(
    ("name", "decided_on", "from_on"),
    [
        ("minor", date(2026, 4, 15), date(2026, 4, 15)),  # at once, when its duties are done
        ("general", date(2026, 4, 15), date(2026, 7, 16)),
        ("general", date(2026, 11, 30), date(2027, 3, 1)),  # the end of February is the last day
        ("general", date(2027, 11, 30), date(2028, 3, 1)),  # 29 February
        ("general", date(2026, 5, 31), date(2026, 9, 1)),
        ("general", date(2026, 1, 31), date(2026, 5, 1)),
        ("serious", date(2026, 4, 15), date(2027, 4, 16)),
        ("serious", date(2028, 2, 29), date(2029, 3, 1)),
        ("shandong-entity", date(2026, 4, 15), date(2026, 4, 15)),
        ("samr-warning-only", date(2026, 4, 15), date(2026, 4, 15)),  # never published, yet it counts
    ],
)
def test_the_first_day_of_each_class(name, decided_on, from_on):
    found = terms(name, decided_on=decided_on)
    assert (found.is_allowed, found.from_on, found.gaps) == (True, from_on, ())


@pytest.mark.parametrize("name", ["general", "serious"])
@pytest.mark.parametrize(("shift", "standing"), [(-1, Standing.UNMET), (0, Standing.MET), (1, Standing.MET)])
def test_the_least_period_the_day_before_of_and_after(name, shift, standing):
    found = terms(name)
    assert standings(found, found.from_on + timedelta(days=shift))[Requirement.MIN_PERIOD] is standing


@pytest.mark.parametrize("name", ["samr-grave", "shandong-not-collected"])
def test_what_cannot_be_repaired_names_the_rule_that_says_so(name):
    found = terms(name)
    assert not found.is_allowed
    assert found.forbidden_by == ROWS[name].citation


@pytest.mark.parametrize("name", ["samr-light", "samr-other"])
def test_a_period_left_to_a_rule_that_is_not_at_hand_is_a_gap_and_not_a_number(name):
    found = terms(name)
    assert (found.is_allowed, found.not_before, found.from_on) == (True, None, None)
    assert found.gaps == (Gap(kind=GapKind.RULE, about=str(ROWS[name].citation)),)
    assert standings(found, date(2030, 1, 1)) == {
        Requirement.MIN_PERIOD: Standing.OPEN,
        Requirement.DUTIES_DONE: Standing.DECLARED,
        Requirement.HARM_REMOVED: Standing.DECLARED,
        Requirement.NO_REPEAT: Standing.MET,
        Requirement.NOT_LISTED: Standing.MET,
    }


def test_where_two_tables_hold_the_later_day_and_the_conditions_of_both():
    found = terms("general", "samr-light")
    assert (found.not_before, found.from_on) == (date(2026, 7, 16), None)
    assert len(found.terms) == 9
    before = check_terms(found, date(2026, 7, 15), is_listed=False, is_repeated=False)
    on = check_terms(found, date(2026, 7, 16), is_listed=False, is_repeated=False)
    is_period = [c.term.condition.requires is Requirement.MIN_PERIOD for c in on]
    assert {c.standing for c, is_it in zip(before, is_period, strict=True) if is_it} == {Standing.UNMET}
    assert {c.standing for c, is_it in zip(on, is_period, strict=True) if is_it} == {Standing.OPEN}
    assert terms("general", "serious").from_on == date(2027, 4, 16)
    assert not terms("general", "samr-grave").is_allowed


def test_lists_and_repetition_bar_only_where_the_row_says_so():
    barred = {"is_listed": True, "is_repeated": True}
    assert Standing.UNMET not in standings(terms("general"), date(2026, 8, 1), **barred).values()
    found = standings(terms("samr-other"), date(2026, 8, 1), **barred)
    assert found[Requirement.NO_REPEAT] is found[Requirement.NOT_LISTED] is Standing.UNMET
    one = standings(terms("samr-other"), date(2026, 8, 1), is_repeated=True)
    assert (one[Requirement.NO_REPEAT], one[Requirement.NOT_LISTED]) == (Standing.UNMET, Standing.MET)


def test_the_clause_speaks_first():
    assert not terms("general", of_clause=clause(repair=rule(False))).is_allowed
    assert terms("general", of_clause=clause(repair=rule(False))).forbidden_by == clause().citation
    assert terms("samr-grave", of_clause=clause(repair=rule(True))).is_allowed
    own = terms("serious", of_clause=clause(repair=rule(True, 6)))
    assert own.from_on == date(2026, 10, 16)
    assert len(own.terms) == 4
    of_class = terms("general", of_clause=clause(repair=rule(True)))
    assert of_class.from_on == date(2026, 7, 16)


def test_a_bonus_is_not_repaired_and_no_rule_forbids_it():
    found = terms(of_clause=clause(kind=ClauseKind.BONUS))
    assert (found.is_allowed, found.forbidden_by) == (False, None)


def test_what_nobody_says_is_named():
    assert terms().gaps == (Gap(kind=GapKind.CLASS),)
    assert terms("of-2023").gaps == (Gap(kind=GapKind.TABLE, about="of-2023"),)
    everywhere = terms(tables=TABLES)
    tables = ("《市场监督管理行政处罚信息公示规定》", "《信用修复管理办法》")
    assert everywhere.gaps == tuple(Gap(kind=GapKind.CLASS, about=name) for name in tables)
    penalty = terms("general", tables=TABLES, category=Category.PENALTY)
    assert penalty.gaps == (Gap(kind=GapKind.CLASS, about=tables[0]),)
    assert terms("general", tables=TABLES, category=Category.DISCIPLINE).gaps == ()
    assert terms("general", tables=TABLES).gaps == ()
    assert terms().is_allowed
    assert terms(general_months=6).from_on == date(2026, 10, 16)
    assert terms("general", general_months=6).from_on == date(2026, 7, 16)


@pytest.mark.parametrize(
    ("start", "day"), [("publication", "published_on"), ("conduct-end", "conduct_ended_on")]
)
def test_a_period_that_runs_from_publication_or_the_end_of_the_conduct(start, day):
    (table,) = table_of("general")
    row = replace(ROWS["general"], counts_from=PeriodStart(start))
    tables = (replace(table, periods=(row,)),)
    found = terms("general", tables=tables, decided_on=date(2026, 1, 1), **{day: date(2026, 4, 15)})
    assert found.from_on == date(2026, 7, 16)
    assert terms("general", tables=tables).gaps == (Gap(kind=GapKind.START, about=start),)


def test_a_class_follows_from_the_data_and_what_an_authority_stated_goes_before_it():
    penalty = {"category": Category.PENALTY, "procedure": Procedure.ORDINARY}
    fined = terms(tables=TABLES, sanctions=frozenset({Sanction.FINE}), **penalty)
    assert "samr" not in str(fined.forbidden_by)
    revoked = terms(tables=TABLES, sanctions=frozenset({Sanction.LICENCE_REVOKED}), **penalty)
    assert revoked.forbidden_by == ROWS["samr-grave"].citation
    assert terms("general", tables=TABLES).not_before == date(2026, 7, 16)


def test_the_class_of_the_clause_speaks_where_nothing_was_stated():
    of_clause = replace(clause(), severity=Severity(name="serious", provenance=MADE_UP))
    assert terms(tables=TABLES, of_clause=of_clause).not_before == date(2027, 4, 16)
    assert terms("general", tables=TABLES, of_clause=of_clause).not_before == date(2026, 7, 16)


def test_a_table_that_is_not_in_force_on_the_day_says_nothing():
    basis = RepairBasis(
        tables=table_of("general"),
        facts={"1": RepairFacts(stated=RecordFacts(classes=frozenset({"general"})))},
    )
    found = basis.terms(None, "1", date(2026, 3, 1), date(2026, 3, 31))
    assert found.gaps == (Gap(kind=GapKind.TABLE, about="general"),)


def test_what_holds_in_two_practice_lines_holds_together():
    found = join_terms([terms("general"), terms("general", of_clause=clause(repair=rule(True, 6))), terms()])
    assert (found.not_before, found.from_on) == (date(2026, 10, 16), None)
    assert (found.is_allowed, len(found.terms)) == (True, 4)
    barred = join_terms([terms("general"), terms(of_clause=clause(repair=rule(False)))])
    assert (barred.is_allowed, barred.forbidden_by) == (False, clause().citation)


def test_days_end_with_the_calendar():
    assert terms("general", decided_on=date(9999, 12, 1)).from_on == date.max
