"""First days of repair: the outlook says what the terms say, whatever was stated under whatever rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.ledger import LineState
from agency_credit.domain.record import Category, RecordFacts, Sanction
from agency_credit.scoring import RepairBasis, RepairFacts, parse_rule_file, repair_days, score_ledger
from agency_credit.scoring.clause import RepairRule, Severity
from agency_credit.scoring.periods import Requirement
from agency_credit.scoring.repair_terms import Standing, check_terms, join_terms
from tests.strategies import MADE_UP, days, packs_and_days, records_for, seldom

RULES = Path(__file__).resolve().parents[2] / "agency_credit" / "scoring" / "rules" / "periods"
TABLES = tuple(parse_rule_file(file.read_bytes(), file.name) for file in sorted(RULES.glob("*.toml")))
CLASSES = sorted({row.name for table in TABLES for row in table.periods})
MONTHS = st.none() | st.integers(1, 40)


@st.composite
def bases(draw, records):
    """What may have been stated of records, under some of the shipped tables."""
    facts = {
        record.record_id: RepairFacts(
            stated=RecordFacts(
                category=draw(st.none() | st.sampled_from(Category)),
                sanctions=frozenset(draw(st.lists(st.sampled_from(Sanction), max_size=2))),
                classes=frozenset(draw(st.lists(st.sampled_from([*CLASSES, "unheard-of"]), max_size=2))),
                conduct_ended_on=draw(seldom(days)),
            ),
            published_on=draw(seldom(days)),
        )
        for record in records
        if draw(st.integers(0, 4))
    }
    tables = tuple(table for table in TABLES if draw(st.integers(0, 4)))
    return RepairBasis(tables=tables, facts=facts, general_months=draw(MONTHS))


@st.composite
def worlds(draw):
    """A pack whose clauses say all there is to say of repair, records, and what was stated of them."""
    pack, on = draw(packs_and_days())
    clauses = tuple(
        replace(
            clause,
            severity=draw(
                st.none() | st.sampled_from(CLASSES).map(lambda name: Severity(name=name, provenance=MADE_UP))
            ),
            repair=draw(
                st.none()
                | st.builds(
                    RepairRule, is_allowed=st.booleans(), after_months=MONTHS, provenance=st.just(MADE_UP)
                )
            ),
        )
        for clause in pack.clauses
    )
    pack = replace(pack, clauses=clauses)
    records = draw(records_for(pack))
    return pack, on, records, draw(bases(records))


@settings(deadline=None)
@given(worlds())
def test_the_outlook_and_the_terms_name_the_same_days(world):
    pack, on, records, basis = world
    ledger = score_ledger(records, pack, on)
    found = repair_days(ledger, pack, basis)
    for line in ledger.lines:
        if line.state not in (LineState.COUNTING, LineState.CAPPED):
            assert line.record_id not in found
            continue
        terms = basis.terms(pack.clause(line.clause), line.record_id, line.decided_on, on)
        last_on = line.period.last_on or date.max
        is_in_time = terms.not_before is None or terms.not_before <= last_on
        assert (line.record_id in found) == (terms.is_allowed and is_in_time)
        assert found.get(line.record_id, terms.from_on) == terms.from_on


@settings(deadline=None)
@given(worlds(), st.booleans(), st.booleans())
def test_no_day_comes_before_the_decision_and_no_period_is_met_before_its_day(world, is_listed, is_repeated):
    pack, on, records, basis = world
    for record in records:
        clauses = [clause for clause in pack.clauses if record.kind in clause.record_kinds]
        several = [basis.terms(one, record.record_id, record.decided_on, on) for one in [None, *clauses]]
        joined = join_terms(several)
        assert (joined.from_on is None) == (joined.not_before is None or bool(joined.gaps))
        for terms in several:
            assert terms.gaps or terms.not_before is not None
            assert terms.not_before is None or terms.not_before <= joined.not_before
        checks = check_terms(joined, on, is_listed=is_listed, is_repeated=is_repeated)
        for check in checks:
            if check.term.condition.requires is Requirement.MIN_PERIOD:
                is_early = joined.not_before is not None and on < joined.not_before
                late = Standing.OPEN if joined.gaps else Standing.MET
                assert check.standing is (Standing.UNMET if is_early else late)
            elif check.term.condition.requires is Requirement.NOT_LISTED:
                assert (check.standing is Standing.UNMET) == is_listed
            elif check.term.condition.requires is Requirement.NO_REPEAT:
                assert (check.standing is Standing.UNMET) == is_repeated
            else:
                assert check.standing is Standing.DECLARED
