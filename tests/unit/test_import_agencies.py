"""Laying lists of agencies over the register."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.services.import_agencies import (
    AgencyContext,
    AgencyState,
    Practice,
    plan_agencies,
    read_agencies,
)
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_sheets import Sheet

A, B, C = "91370303RMBBEBAG4Q", "91370323A05AWJHC9C", "913703048B12CLG4CC"
HEADER = ["机构名称", "统一社会信用代码", "机构代码", "类型", "上级机构代码", "区县", "地址"]


def _read(*rows, practice_line="patent", codes=(), header=HEADER):
    sheet = Sheet(name="名录", rows=[header, *rows], numbers=range(1, len(rows) + 2))
    context = AgencyContext(
        districts={"370303": "张店区"},
        practice_line=practice_line,
        today=date(2026, 11, 24),
        codes=dict(codes),
    )
    return read_agencies(find_tables("名录.xlsx", KINDS["agencies"], [sheet]), context)


def _codes(read):
    return [(fault.at, fault.code, fault.severity) for fault in read.faults()]


def test_a_blank_cell_erases_nothing():
    known = AgencyState(
        uscc=A, name="甲", address="柳泉路1号", practices={"patent": Practice(agency_code="37200")}
    )
    read = _read(["甲", A, "", "商标", "", "", ""])
    changes = plan_agencies(read.rows, {A: known}, {})
    after = changes.changed[A]
    assert (after.address, after.practices["patent"].agency_code) == ("柳泉路1号", "37200")
    assert set(after.practices) == {"patent", "trademark"}


def test_the_same_row_again_changes_nothing():
    read = _read(["甲", A, "37200", "专利", "", "张店区", "柳泉路1号"])
    first = plan_agencies(read.rows, {}, {})
    assert [outcome.state for outcome in read.outcomes()] == ["new"]
    second = plan_agencies(read.rows, first.new, {("patent", "37200"): A})
    assert [outcome.state for outcome in read.outcomes()] == ["same"]
    assert not second.changed


def test_a_change_is_told_cell_by_cell():
    known = AgencyState(
        uscc=A, name="甲", address="柳泉路1号", practices={"patent": Practice(agency_code="37200")}
    )
    read = _read(["甲乙", A, "", "专利", "", "张店区", "柳泉路2号"], ["乙", A, "", "未知", "", "", ""])
    plan_agencies(read.rows, {A: known}, {})
    changed, faulty = read.outcomes()
    assert (changed.sheet, changed.row, changed.state, changed.subject) == ("名录", 2, "changed", f"{A} 甲乙")
    assert [(cell.field, cell.old, cell.new) for cell in changed.changes] == [
        ("name", "甲", "甲乙"),
        ("area", "", "370303"),
        ("address", "柳泉路1号", "柳泉路2号"),
    ]
    assert (faulty.row, faulty.state, faulty.changes) == (3, "faulty", ())
    assert [fault.code for fault in faulty.faults] == ["import.contradicts"]


def test_a_branch_finds_a_parent_that_stands_below_it():
    read = _read(
        ["甲张店分公司", B, "37201", "专利（分支）", "37200", "", ""], ["甲", A, "37200", "专利", "", "", ""]
    )
    assert plan_agencies(read.rows, {}, {}).new[B].parent == A
    assert _codes(read) == []


def test_an_unknown_parent_warns_and_is_found_by_the_next_import():
    row = ["甲张店分公司", B, "37201", "专利（分支）", "37200", "", ""]
    read = _read(row)
    orphan = plan_agencies(read.rows, {}, {}).new[B]
    assert _codes(read) == [("名录!E2", "import.parent-unknown", "warning")]
    assert (orphan.parent, orphan.flags) == (None, ("parent-unknown",))
    found = plan_agencies(_read(row).rows, {B: orphan}, {("patent", "37200"): A}).changed[B]
    assert (found.parent, found.flags) == (A, ())


def test_an_agency_is_not_its_own_parent():
    read = _read(["甲", A, "37200", "专利（分支）", "37200", "", ""])
    assert plan_agencies(read.rows, {}, {}).new[A].parent is None
    assert _codes(read) == [("名录!E2", "import.parent-unknown", "warning")]


def test_a_branch_without_parent_code_is_flagged_and_taken():
    read = _read(["甲分公司", A, "37200", "专利（分支）", "", "", ""])
    assert len(read.rows) == 1
    assert _codes(read) == [("名录!E2", "import.parent-missing", "warning")]


def test_two_agencies_with_one_agency_code_are_refused():
    rows = ["甲", A, "37200", "专利", "", "", ""], ["乙", C, "37200", "专利", "", "", ""]
    assert _codes(_read(*rows)) == [("名录!C3", "import.agency-code-taken", "error")]
    assert _codes(_read(rows[0], codes={("patent", "37200"): B})) == [
        ("名录!C2", "import.agency-code-taken", "error")
    ]


def test_rows_that_contradict_each_other_are_refused():
    read = _read(["甲", A, "37200", "专利", "", "", ""], ["乙", A, "37200", "专利", "", "", ""])
    assert _codes(read) == [("名录!B3", "import.contradicts", "error")]
    assert [row.value.name for row in read.rows] == ["甲"]


def test_a_row_must_say_its_practice_line_where_the_file_does_not():
    assert _codes(_read(["甲", A, "", "普通合伙", "", "", ""], practice_line=None)) == [
        ("名录!D2", "import.practice-line", "error")
    ]
    assert _codes(_read(["甲", A, "", "普通合伙", "", "", ""])) == []
    assert _codes(_read(["甲", A, "", "专利、商标", "", "", ""])) == [
        ("名录!D2", "import.practice-line", "error")
    ]


def test_an_unknown_district_names_the_known_ones():
    (fault,) = _read(["甲", A, "", "专利", "", "天河区", ""]).faults()
    assert (fault.at, fault.code, fault.params["expected"]) == (
        "名录!F2",
        "import.district-unknown",
        "张店区",
    )


@pytest.mark.parametrize(
    ("uscc", "code"),
    [
        ("", "import.cell-missing"),
        ("91370303RMBBEBAG4", "import.uscc-malformed"),
        ("91370303RMBBEBAG4O", "import.uscc-malformed"),
        ("9137O303RMBBEBAG4Q", "import.uscc-malformed"),
        ("9.13703E+17", "import.uscc-damaged"),
        (9.13703e17, "import.uscc-damaged"),
        ("=A1", "import.formula"),
    ],
)
def test_a_code_that_cannot_be_one_keeps_the_row_out(uscc, code):
    read = _read(["甲", uscc, "", "专利", "", "", ""])
    assert _codes(read) == [("名录!B2", code, "error")]
    assert read.rows == []


def test_a_real_code_with_a_wrong_check_digit_is_taken_and_flagged():
    read = _read(["甲", "91350211M0000XUF46", "", "专利", "", "", ""])  # docs/legal-sources.md, 7.1
    assert _codes(read) == [("名录!B2", "import.uscc-check-digit", "warning")]
    assert plan_agencies(read.rows, {}, {}).new["91350211M0000XUF46"].flags == ("uscc-check-digit",)


def test_all_faults_of_a_row_are_reported_in_the_order_of_its_cells():
    header = ["机构名称", "统一社会信用代码", "成立日期", "备案日期", "备案有效期至", "从业人员数", "状态"]
    row = ["-1", A, "2099-01-01", "2026-01-01", "2025-01-01", "3人", "很好"]
    assert [at for at, _, _ in _codes(_read(row, header=header))] == [
        "名录!A2",
        "名录!C2",
        "名录!E2",
        "名录!F2",
        "名录!G2",
    ]


def test_a_numbered_but_empty_row_is_no_row():
    header = ["序号", *HEADER]
    assert _codes(_read([1.0, "", "", "", "", "", "", ""], [2.0], header=header)) == []


@pytest.mark.parametrize(
    "name", ["王某11010519491231002X事务所", "甲所（１３８ ００１３ ８０００）", "甲所0533-2345678"]
)
def test_a_name_with_a_personal_number_in_it_is_kept_out(name):
    read = _read([name, A, "37200", "专利", "", "张店区", "柳泉路1号"])
    assert _codes(read) == [("名录!A2", "import.personal-number", "error")]
    assert not read.rows


def test_an_address_with_a_telephone_is_let_in_and_masked_where_it_is_shown():
    read = _read(["甲", A, "37200", "专利", "", "张店区", "柳泉路1号 13800138000"])
    assert _codes(read) == []
