"""How long a record is disclosed, with the shipped tables: at, before and after each boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.citation import Status
from agency_credit.domain.period import last_day_after_months
from agency_credit.domain.record import Category, Procedure, RecordFacts, Sanction
from agency_credit.scoring import (
    DisclosureDays,
    PeriodTable,
    disclose,
    find_row,
    parse_rule_file,
    parse_rule_pack,
)

RULES = files("agency_credit.scoring").joinpath("rules")
TABLES = [
    table
    for file in sorted(RULES.joinpath("periods").iterdir(), key=lambda file: file.name)
    if isinstance(table := parse_rule_file(file.read_bytes(), file.name), PeriodTable)
]
SHANDONG, SAMR, NDRC = TABLES
PATENT = parse_rule_pack(
    RULES.joinpath("patent-agency/2023-05-01-cnipa-2023-10.toml").read_bytes(), "patent.toml"
)
MINOR = next(clause for clause in PATENT.clauses if clause.severity and clause.severity.name == "minor")
PENALTY = RecordFacts(category=Category.PENALTY, procedure=Procedure.ORDINARY)
D = date(2026, 3, 31)
ONE = timedelta(days=1)


def of(*classes, sanctions=(), **changes):
    found = frozenset(Sanction(word) for word in sanctions)
    return replace(PENALTY, classes=frozenset(classes), sanctions=found, **changes)


def told(facts, decided_on=D, known_on=None, published_on=None, tables=TABLES, clause=None):
    days = DisclosureDays(decided_on=decided_on, known_on=known_on or decided_on, published_on=published_on)
    return disclose(facts, days, tables, clause)


@pytest.mark.parametrize(
    ("facts", "decided_on", "last_on"),
    [
        (of("general"), date(2026, 3, 31), date(2027, 3, 31)),
        (of("general"), date(2024, 2, 29), date(2025, 2, 28)),
        (of("serious"), date(2026, 3, 31), date(2029, 3, 31)),
        (of(sanctions=["licence-revoked"]), date(2024, 2, 29), date(2027, 2, 28)),
        (of("samr-light"), date(2026, 11, 30), date(2027, 2, 28)),
        (of("samr-light", "general"), date(2026, 3, 31), date(2026, 6, 30)),
        (of(), date(2024, 2, 29), date(2029, 2, 28)),
    ],
)
def test_the_last_day_of_disclosure_is_the_corresponding_day(facts, decided_on, last_on):
    found = told(facts, decided_on)
    assert found.is_published
    assert found.ends_on == last_on + ONE
    assert found.is_public(last_on)
    assert not found.is_public(last_on + ONE)
    assert found.days_left(last_on) == 1
    assert found.days_left(last_on + ONE) == 0


def test_it_is_seen_once_it_was_decided_served_and_known():
    for facts, known_on, first_on in (
        (of("general"), D, D),
        (of("general", served_on=D + ONE), D, D + ONE),
        (of("general", served_on=D + ONE), D + 5 * ONE, D + 5 * ONE),
    ):
        found = told(facts, known_on=known_on)
        assert found.first_on == first_on
        assert not found.is_public(first_on - ONE)
        assert found.is_public(first_on)


def test_a_warning_alone_is_not_published_and_a_warning_with_a_fine_is():
    assert not told(of(sanctions=["warning"])).is_published
    assert told(of(sanctions=["warning", "fine"])).is_published
    assert not told(of(sanctions=["fine"], procedure=Procedure.SUMMARY)).is_published
    assert told(of("general", sanctions=["warning"]), tables=[NDRC]).is_published, (
        "the authority knows better"
    )


def test_what_counts_from_publication_runs_from_the_day_that_the_public_saw_it():
    found = told(of("samr-other"), published_on=date(2026, 5, 4), tables=[SAMR])
    assert found.ends_on == date(2029, 5, 5)
    later = told(of("samr-other"), known_on=date(2026, 6, 1), tables=[SAMR])
    assert later.ends_on == date(2029, 6, 2)


def test_the_end_of_the_conduct_stands_where_it_was_stated_else_the_decision():
    stated = told(of(conduct_ended_on=date(2021, 6, 30)), tables=[SHANDONG])
    assert (stated.ends_on, stated.reasons[0].is_assumed) == (date(2026, 7, 1), False)
    assumed = told(of(), tables=[SHANDONG])
    assert (assumed.ends_on, assumed.reasons[0].is_assumed) == (date(2031, 4, 1), True)


def test_of_a_person_nothing_is_published():
    assert not told(replace(of("general"), is_person=True)).is_published


def test_nobody_knows_the_class_of_a_fine_and_the_widest_cap_holds():
    found = told(of(sanctions=["fine"]))
    assert (found.is_known, found.is_published) == (False, True)
    assert [row.name for row in found.rows] == ["shandong-entity"]
    elsewhere = told(of(sanctions=["fine"]), tables=[SAMR, NDRC])
    assert (elsewhere.is_known, elsewhere.ends_on, elsewhere.days_left(D)) == (False, None, None)
    assert elsewhere.is_public(date(2099, 1, 1))
    assert told(of("general", sanctions=["fine"])).is_known


def test_praise_is_asked_for_no_class():
    praise = RecordFacts(category=Category.PRAISE)
    assert (told(praise).is_known, told(praise).ends_on, told(praise).reasons) == (True, None, ())


def test_a_clause_speaks_where_nobody_stated_a_class_and_only_where_it_is_verified():
    silent = RecordFacts()
    assert MINOR.severity is not None
    assert told(silent).is_published
    assert not told(silent, clause=MINOR).is_published
    assert told(of("general"), clause=MINOR).is_published
    assert not told(RecordFacts(category=Category.INSPECTION), clause=MINOR).is_published
    provenance = replace(MINOR.severity.provenance, status=Status.UNVERIFIED)
    unverified = replace(MINOR, severity=replace(MINOR.severity, provenance=provenance))
    assert told(silent, clause=unverified).is_published
    assert not told(silent, clause=unverified).is_known


CLASSES = st.frozensets(st.sampled_from([row.name for table in TABLES for row in table.periods]), max_size=3)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
FACTS = st.builds(
    RecordFacts,
    category=st.none() | st.sampled_from(Category),
    procedure=st.none() | st.sampled_from(Procedure),
    sanctions=st.frozensets(st.sampled_from(Sanction), max_size=3),
    classes=CLASSES,
    is_person=st.booleans(),
    served_on=st.none() | DAYS,
    conduct_ended_on=st.none() | DAYS,
)


@settings(deadline=None)
@given(FACTS, DAYS, DAYS, st.lists(st.sampled_from(TABLES), unique=True))
def test_a_table_more_never_lengthens_disclosure(facts, decided_on, known_on, tables):
    few = told(facts, decided_on, known_on, tables=tables)
    all_of_them = told(facts, decided_on, known_on)
    assert few.is_published or not all_of_them.is_published
    assert few.ends_on is None or (all_of_them.ends_on is not None and all_of_them.ends_on <= few.ends_on)


@settings(deadline=None)
@given(FACTS, DAYS, DAYS, st.lists(DAYS, min_size=2, max_size=2))
def test_what_is_over_stays_over_and_every_reason_is_kept(facts, decided_on, known_on, days):
    found = told(facts, decided_on, known_on)
    early, late = sorted(days)
    if found.is_over(early):
        assert found.is_over(late)
        assert not found.is_public(late)
    for reason in found.reasons:
        assert reason.ends_on is None or (found.ends_on is not None and found.ends_on <= reason.ends_on)
        if reason.row.max_months is None:
            assert reason.ends_on is None
    shortest = [row.max_months for row in found.rows if row.max_months is not None]
    if shortest and found.ends_on is not None:
        assert (
            found.ends_on
            <= last_day_after_months(max(decided_on, known_on, *_later(facts)), max(shortest)) + ONE
        )


def _later(facts):
    return [day for day in (facts.served_on, facts.conduct_ended_on) if day is not None]


@settings(deadline=None)
@given(FACTS)
def test_a_stated_class_always_holds(facts):
    for table in TABLES:
        names = [row.name for row in table.periods if row.name in facts.classes]
        row = find_row(facts, table)
        assert not names or (row is not None and row.name == names[0])
