"""Alarms the day before, of and after each boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.inspection.alarms import (
    AlarmLaw,
    Finding,
    PracticeFacts,
    find_alarms,
    is_one_agency_due,
)

LAW = AlarmLaw(
    filing_months=36,
    renewal_months=6,
    alteration_days=30,
    report_from=(3, 1),
    report_until=(3, 31),
    least_partners={"partnership": 2, "company": 5},
    certified_share={"partnership": Fraction(1), "company": Fraction(4, 5)},
    one_agency_from={"patent": date(2019, 3, 1), "trademark": date(2027, 1, 1)},
)
SOUND = PracticeFacts(
    practice_line="patent", report_year=2024, legal_form="company", n_partners=5, n_certified_partners=4
)


def _kinds(facts, on, law=LAW):
    """Kind with "overdue", "due" or "not known" of each outcome."""
    return [
        (o.kind, "overdue" if o.is_overdue else "due") if isinstance(o, Finding) else (o, "not known")
        for o in find_alarms(facts, law, on)
    ]


def _trademark(**facts):
    return PracticeFacts(practice_line="trademark", **facts)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 5, 31), []),
        (date(2026, 6, 1), [("filing", "due")]),
        (date(2026, 6, 2), [("filing", "due")]),
        (date(2026, 11, 30), [("filing", "due")]),
        (date(2026, 12, 1), [("filing", "due")]),
        (date(2026, 12, 2), [("filing", "overdue")]),
    ],
)
def test_a_filing_is_to_be_renewed_within_six_months_before_its_end(on, expected):
    assert _kinds(_trademark(valid_until=date(2026, 12, 1)), on) == expected


def test_the_end_of_a_filing_is_three_years_after_it_where_no_end_is_known():
    facts = _trademark(filed_on=date(2024, 2, 29))
    assert _kinds(facts, date(2027, 2, 28)) == [("filing", "due")]
    assert _kinds(facts, date(2027, 3, 1)) == [("filing", "overdue")]
    (found,) = find_alarms(facts, LAW, date(2027, 3, 1))
    assert isinstance(found, Finding)
    assert (found.is_derived, found.due_on, found.since) == (True, date(2027, 2, 28), date(2027, 3, 1))
    assert _kinds(_trademark(), date(2027, 3, 1)) == [("filing", "not known")]


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 9, 1), "due"),
        (date(2026, 9, 30), "due"),
        (date(2026, 10, 1), "due"),
        (date(2026, 10, 2), "overdue"),
    ],
)
def test_a_change_is_to_be_filed_within_thirty_days(on, expected):
    facts = _trademark(valid_until=date(2029, 1, 1), altered_on=date(2026, 9, 1))
    assert _kinds(facts, on) == [("alteration", expected)]
    assert _kinds(replace(facts, alteration_filed_on=date(2026, 9, 1)), on) == []
    assert _kinds(replace(facts, alteration_filed_on=date(2026, 8, 31)), on) == [("alteration", expected)]


def test_a_filing_of_a_change_of_which_no_day_is_known():
    facts = _trademark(valid_until=date(2029, 1, 1), alteration_filed_on=date(2026, 9, 1))
    assert _kinds(facts, date(2026, 10, 1)) == [("alteration", "not known")]


@pytest.mark.parametrize(
    ("on", "report_year", "expected"),
    [
        (date(2026, 2, 28), 2024, []),
        (date(2026, 3, 1), 2024, [("report", "due")]),
        (date(2026, 3, 2), 2024, [("report", "due")]),
        (date(2026, 3, 30), 2024, [("report", "due")]),
        (date(2026, 3, 31), 2024, [("report", "due")]),
        (date(2026, 4, 1), 2024, [("report", "overdue")]),
        (date(2026, 4, 1), 2025, []),
        (date(2027, 2, 28), 2025, []),
        (date(2027, 2, 28), 2024, [("report", "overdue")]),
        (date(2027, 3, 1), 2024, [("report", "overdue")]),
        (date(2027, 3, 1), 2025, [("report", "due")]),
        (date(2026, 3, 15), None, [("report", "not known")]),
    ],
)
def test_the_report_on_a_year_is_due_by_the_end_of_march_of_the_next(on, report_year, expected):
    assert _kinds(replace(SOUND, report_year=report_year), on) == expected


def test_a_missing_report_says_which_and_since_when():
    (found,) = find_alarms(SOUND, LAW, date(2026, 4, 1))
    assert isinstance(found, Finding)
    assert (found.since, found.due_on, found.numbers) == (
        date(2026, 4, 1),
        date(2026, 3, 31),
        {"year": "2025"},
    )


@pytest.mark.parametrize(
    ("established", "on", "expected"),
    [
        (date(2025, 12, 31), date(2026, 4, 1), [("report", "not known")]),
        (date(2026, 1, 1), date(2026, 4, 1), []),
        (date(2026, 1, 1), date(2027, 3, 1), [("report", "not known")]),
        (date(2026, 1, 1), date(2027, 2, 28), []),
    ],
)
def test_an_agency_reports_on_no_year_before_it_began(established, on, expected):
    assert _kinds(replace(SOUND, report_year=None, established_on=established), on) == expected


@pytest.mark.parametrize(
    ("form", "n", "certified", "expected"),
    [
        ("partnership", 1, 1, [("partners", "overdue")]),
        ("partnership", 2, 2, []),
        ("partnership", 3, 2, [("certified", "overdue")]),
        ("partnership", 3, 3, []),
        ("company", 4, 4, [("partners", "overdue")]),
        ("company", 5, 4, []),
        ("company", 5, 3, [("certified", "overdue")]),
        ("company", 6, 4, [("certified", "overdue")]),
        ("company", 6, 5, []),
        ("company", 10, 8, []),
        ("company", 10, 7, [("certified", "overdue")]),
        ("company", 0, 0, [("partners", "overdue")]),
        ("company", None, 4, [("partners", "not known")]),
        ("company", 5, None, [("certified", "not known")]),
        ("company", 4, None, [("partners", "overdue"), ("certified", "not known")]),
        ("unknown", 1, 1, [("partners", "not known")]),
        ("law_firm", 1, 0, []),
        ("other", None, None, []),
    ],
)
def test_partners_and_shareholders(form, n, certified, expected):
    facts = replace(SOUND, legal_form=form, n_partners=n, n_certified_partners=certified)
    assert _kinds(facts, date(2026, 1, 1)) == expected


@pytest.mark.parametrize(
    ("n", "expected"), [(None, "not known"), (2, "overdue"), (3, None), (4, None), (0, "overdue")]
)
def test_too_few_practitioners_where_a_number_is_known(n, expected):
    facts = replace(SOUND, n_practitioners=n)
    assert _kinds(facts, date(2026, 1, 1)) == []
    found = _kinds(facts, date(2026, 1, 1), replace(LAW, least_practitioners=3))
    assert found == ([("practitioners", expected)] if expected else [])


def test_a_branch_reports_and_counts_with_its_firm_and_has_a_filing_of_its_own():
    branch = PracticeFacts(practice_line="patent", is_branch=True)
    assert _kinds(branch, date(2026, 4, 1)) == []
    assert _kinds(_trademark(is_branch=True), date(2026, 4, 1)) == [("filing", "not known")]


@pytest.mark.parametrize(
    ("line", "on", "expected"),
    [
        ("patent", date(2019, 2, 28), False),
        ("patent", date(2019, 3, 1), True),
        ("trademark", date(2026, 12, 31), False),
        ("trademark", date(2027, 1, 1), True),
        ("trademark", date(2027, 1, 2), True),
    ],
)
def test_one_agency_only_from_the_day_of_the_law(line, on, expected):
    assert is_one_agency_due(line, LAW, on) is expected


_DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(
    _DAYS,
    st.builds(
        PracticeFacts,
        practice_line=st.sampled_from(["patent", "trademark"]),
        is_branch=st.booleans(),
        established_on=st.none() | _DAYS,
        filed_on=st.none() | _DAYS,
        valid_until=st.none() | _DAYS,
        altered_on=st.none() | _DAYS,
        alteration_filed_on=st.none() | _DAYS,
        report_year=st.none() | st.integers(2015, 2030),
        legal_form=st.sampled_from(["unknown", "partnership", "company", "law_firm", "other"]),
        n_partners=st.none() | st.integers(0, 12),
        n_certified_partners=st.none() | st.integers(0, 12),
    ),
)
def test_whatever_is_known_each_kind_is_told_once_and_a_law_without_numbers_finds_nothing(on, facts):
    outcomes = list(find_alarms(facts, LAW, on))
    kinds = [o.kind if isinstance(o, Finding) else o for o in outcomes]
    assert len(kinds) == len(set(kinds))
    for found in outcomes:
        if isinstance(found, Finding) and found.due_on is not None:
            assert found.is_overdue is (on > found.due_on)
            assert found.since is not None
            assert found.since <= on
    silent = [o for o in find_alarms(facts, AlarmLaw(), on) if isinstance(o, Finding)]
    assert all(found.kind == "filing" and found.is_overdue for found in silent)


@given(_DAYS, st.integers(0, 2000))
def test_who_files_in_time_is_never_alarmed(valid_until, n):
    """Six months are 184 days at most: before that nothing is raised, for any last day."""
    facts = _trademark(valid_until=valid_until)
    on = valid_until - timedelta(185 + n)
    assert _kinds(facts, on) == []
