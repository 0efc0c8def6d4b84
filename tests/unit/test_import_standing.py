"""Form, partners, changes and reports of an agency; who practises where."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.services.import_agencies import AgencyContext, AgencyState, plan_agencies, read_agencies
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_practitioners import (
    PractitionerContext,
    PractitionerState,
    plan_practitioners,
    read_practitioners,
)
from agency_credit.services.import_sheets import Sheet

A, B, C = "91370303MA3C000017", "91370303MA3D00001B", "91370303MA3E00001F"
TODAY = date(2026, 10, 8)
HEADER = (
    *("机构名称", "统一社会信用代码", "组织形式", "合伙人或股东人数", "其中持证人数"),
    *("变更发生日期", "变更备案日期", "年度报告年度", "年度报告提交日期"),
)


def _tables(kind, header, *rows):
    cells = [header, *rows]
    sheet = Sheet(name=None, rows=cells, numbers=range(1, len(cells) + 1))
    return find_tables("f.csv", KINDS[kind], [sheet])


def _read(*cells):
    context = AgencyContext(districts={}, practice_line="patent", today=TODAY, codes={})
    return read_agencies(_tables("agencies", HEADER, ["甲", A, *cells]), context)


def _lay(*rows):
    """The agency after these lists, one after the other."""
    known: dict[str, AgencyState] = {}
    for cells in rows:
        changes = plan_agencies(_read(*cells).rows, known, {})
        known |= changes.new | changes.changed
    return known[A]


def test_a_row_says_all_of_it():
    state = _lay(["有限责任公司", "5", "4", "2026-09-01", "2026.9.30", "2025", "2026年3月31日"])
    practice = state.practices["patent"]
    assert (state.legal_form, state.n_partners, state.n_certified_partners) == ("company", 5, 4)
    assert (practice.altered_on, practice.alteration_filed_on) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (practice.report_year, practice.reported_on) == (2025, date(2026, 3, 31))


def test_a_blank_cell_erases_nothing_unless_it_spoke_of_something_else():
    first = ["合伙", "3", "3", "2026-01-05", "2026-01-20", "2024", "2025-03-04"]
    assert _lay(first, [""] * 7) == _lay(first)
    moved = _lay(first, ["", "2", "", "2026-09-01", "", "2025", ""])
    assert (moved.n_partners, moved.n_certified_partners) == (2, None)
    assert moved.practices["patent"].alteration_filed_on is None
    assert (moved.practices["patent"].report_year, moved.practices["patent"].reported_on) == (2025, None)
    filed = _lay(first, ["", "", "", "2026-09-01", "", "", ""], ["", "", "", "", "2026-09-20", "", ""])
    assert filed.practices["patent"].altered_on == date(2026, 9, 1)
    assert filed.practices["patent"].alteration_filed_on == date(2026, 9, 20)


def test_more_certified_than_there_were_partners_leaves_their_number_unknown():
    state = _lay(["", "2", "2", "", "", "", ""], ["", "", "4", "", "", "", ""])
    assert (state.n_partners, state.n_certified_partners) == (None, 4)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["集团", "", "", "", "", "", ""], "import.word-unknown"),
        (["", "2", "3", "", "", "", ""], "import.partners-exceeded"),
        (["", "", "", "2026-09-02", "2026-09-01", "", ""], "import.alteration-reversed"),
        (["", "", "", "2026-10-09", "", "", ""], "import.date-future"),
        (["", "", "", "", "", "2026", ""], "import.report-year"),
        (["", "", "", "", "", "2025", "2025-12-31"], "import.report-year"),
        (["", "", "", "", "", "25", ""], "import.report-year"),
    ],
)
def test_what_contradicts_itself_is_kept_out(cells, code):
    found = _read(*cells)
    assert [fault.code for fault in found.faults()] == [code]
    assert found.rows == []


def test_a_report_without_its_year_is_let_in_and_flagged():
    found = _read("", "", "", "", "", "", "2026-03-20")
    assert [(fault.code, fault.severity) for fault in found.faults()] == [
        ("import.report-year-missing", "warning")
    ]
    assert found.rows[0].value.standing.reported_on is None


def _people(*rows, known=None):
    context = PractitionerContext(agencies=frozenset({A, B, C}), codes={}, practice_line="patent")
    found = read_practitioners(
        _tables("practitioners", ["姓名", "资格证号", "统一社会信用代码", "执业状态"], *rows), context
    )
    return found, plan_practitioners(found.rows, known or {})


def _state(**values):
    return PractitionerState(**{"certificate": "3712345", "name": "张三", "practice_line": "patent"} | values)


def test_a_second_agency_claims_a_practitioner_whom_the_first_did_not_let_go():
    known = {"3712345": _state(uscc=A, posts=frozenset({A}))}
    found, changes = _people(["张三", "3712345", B, "执业"], known=known)
    assert changes.states == {"3712345": _state(uscc=B, posts=frozenset({A, B}))}
    assert (changes.claims, changes.releases) == ({("3712345", B)}, set())
    assert [outcome.state for outcome in found.outcomes()] == ["changed"]


def test_the_first_lets_go_and_the_second_keeps():
    known = {"3712345": _state(uscc=B, posts=frozenset({A, B}))}
    _, changes = _people(["张三", "3712345", A, "离职"], known=known)
    assert changes.states == {"3712345": _state(uscc=B, posts=frozenset({B}))}
    assert (changes.claims, changes.releases) == (set(), {("3712345", A)})


def test_who_leaves_the_agency_that_claimed_last_stays_at_the_other():
    known = {"3712345": _state(uscc=B, posts=frozenset({A, B}))}
    _, changes = _people(["张三", "3712345", "", "离职"], known=known)
    assert changes.states == {"3712345": _state(uscc=A, posts=frozenset({A}))}


def test_who_leaves_the_only_agency_has_left():
    known = {"3712345": _state(uscc=A, posts=frozenset({A}))}
    _, changes = _people(["张三", "3712345", A, "离职"], known=known)
    assert changes.states == {"3712345": _state(uscc=A, status="left")}
    assert changes.releases == {("3712345", A)}


def test_a_move_in_one_list_is_no_second_post():
    known = {"3712345": _state(uscc=A, posts=frozenset({A}))}
    rows = [["张三", "3712345", A, "离职"], ["张三", "3712345", B, ""]]
    for order in (rows, rows[::-1]):
        _, changes = _people(*order, known=known)
        assert changes.states == {"3712345": _state(uscc=B, posts=frozenset({B}))}


def test_two_agencies_in_one_list_claim_the_same_person():
    found, changes = _people(["张三", "3712345", A, ""], ["张三", "3712345", B, ""])
    assert found.faults() == ()
    assert changes.states["3712345"].posts == {A, B}


@pytest.mark.parametrize("second", [["李四", "3712345", B, ""], ["李四", "3712345", A, ""]])
def test_one_certificate_is_not_of_two_people(second):
    found, changes = _people(["张三", "3712345", A, ""], second)
    assert [fault.code for fault in found.faults()] == ["import.contradicts"]
    assert changes.states["3712345"].name == "张三"


def test_the_same_list_again_changes_nothing():
    row = ["张三", "3712345", A, "执业"]
    _, first = _people(row)
    found, again = _people(row, known=first.states)
    assert (again.states, again.claims, again.releases) == ({}, set(), set())
    assert [outcome.state for outcome in found.outcomes()] == ["same"]
