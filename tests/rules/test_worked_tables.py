"""Runs the worked cases about duties, period tables and profiles: which file holds, and what it says."""

from __future__ import annotations

import pytest

from agency_credit.domain.period import last_day_after_months
from agency_credit.scoring import Duties, PeriodTable, Profile
from tests.rules.books import BOOKS, FILES, cases_of, check_caveats, file_on

TYPES = {"duties": Duties, "periods": PeriodTable, "profile": Profile}
CASES = [case for kind in TYPES for case in cases_of(kind)]


def absent_left_out(row):
    return {key: value for key, value in row.items() if value is not None}


def clause_row(clause):
    return {
        "code": clause.code,
        "citation": str(clause.citation),
        "status": clause.provenance.status.value,
        "penalties": [
            absent_left_out({"on": p.on.value, "fine_from": p.fine_from, "fine_up_to": p.fine_up_to})
            for p in clause.penalties
        ],
    }


def period_row(period):
    return absent_left_out(
        {
            "class": period.name,
            "published": period.published.value,
            "counts_from": period.counts_from.value,
            "min_months": period.min_months,
            "max_months": period.max_months,
            "repair": period.repair.is_allowed,
            "conditions": len(period.conditions),
            "applies": len(period.applies) or None,
            "collected": None if period.is_collected else False,
        }
    )


def value_row(value):
    row = {"key": value.key, "value": value.value, "unit": value.unit.value}
    return absent_left_out(row | {"status": value.provenance.status.value})


def supervision_row(row):
    return absent_left_out(
        {
            "practice_line": row.practice_line.value,
            "tier": row.tier,
            "fraction": row.fraction,
            "minimum": row.minimum,
            "frequency": row.frequency,
            "priority": row.priority,
            "key_supervision": row.is_key_supervision,
            "facilitation": len(row.facilitation),
            "status": row.provenance.status.value,
        }
    )


def mandatory_row(rule):
    return {
        "practice_line": rule.practice_line.value,
        "list_status": list(rule.list_status),
        "citation": str(rule.citation),
        "status": rule.provenance.status.value,
    }


def result_record_row(row):
    return absent_left_out(
        {
            "practice_line": row.practice_line.value,
            "categories": list(row.categories) or None,
            "kind": row.kind,
            "record_category": row.record_category.value,
            "citation": str(row.citation),
            "status": row.provenance.status.value,
        }
    )


ROWS = {
    "clauses": clause_row,
    "periods": period_row,
    "values": value_row,
    "supervision": supervision_row,
    "mandatory": mandatory_row,
    "result_records": result_record_row,
}


@pytest.mark.parametrize(("book", "case"), CASES)
def test_file_on_the_day_says_what_is_written(book, case):
    file = file_on(book, case["on"])
    assert (None if file is None else file.id) == case.get("file")
    for key, row_of in ROWS.items():
        if key in case:
            assert [row_of(row) for row in getattr(file, key)] == case[key]
    if file is not None:
        check_caveats(file, case)


@pytest.mark.parametrize(("book", "row"), cases_of("periods", "days"))
def test_periods_end_on_the_day_that_is_written(book, row):
    table = file_on(book, row["in_force_on"])
    (period,) = [period for period in table.periods if period.name == row["class"]]
    ends = {"no_repair_until": period.min_months, "disclosed_until": period.max_months}
    for key, months in ends.items():
        assert row.get(key) == (months and last_day_after_months(row["begin"], months))


@pytest.mark.parametrize("file", [pytest.param(file, id=file.id) for file in FILES["shipped"]])
def test_every_file_that_ships_has_a_book_that_tells_all_of_it(file):
    books = [book for book in BOOKS.values() if book["packs"] == "shipped" and is_about(book, file)]
    assert len(books) == 1
    if book_lists := [key for key in ROWS if hasattr(file, key) and isinstance(file, tuple(TYPES.values()))]:
        told = [case for case in books[0]["cases"] if case.get("file") == file.id]
        assert all(any(key in case for case in told) for key in book_lists)


def is_about(book, file):
    return list(file.line) == book.get("line", ["rating", book.get("subject")])
