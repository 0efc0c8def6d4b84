"""Lists of credit records, inspectors and recusals laid over what is known."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.services.import_header import find_tables
from agency_credit.services.import_inspectors import (
    InspectorRow,
    InspectorState,
    lay_over_inspector,
    read_inspectors,
)
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_records import (
    KnownRecord,
    RecordContext,
    find_list_status,
    plan_records,
    read_records,
)
from agency_credit.services.import_recusals import KnownRecusal, plan_recusals, read_recusals
from agency_credit.services.import_sheets import Sheet

A = "91370303RMBBEBAG4Q"
ON, OFF = "列入经营异常名录", "移出经营异常名录"


def _tables(kind, *rows):
    return find_tables("表.csv", KINDS[kind], [Sheet(name=None, rows=rows, numbers=range(1, len(rows) + 1))])


def _records(*rows):
    header = ["信用代码", "信息类别", "文书号", "决定日期", "决定机关", "摘要"]
    context = RecordContext(agencies=frozenset({A}), kinds=frozenset({"警告"}), today=date(2026, 11, 24))
    return read_records(_tables("records", header, *rows), context)


def _states(read):
    return [outcome.state for outcome in read.outcomes()]


def test_a_record_dated_today_is_fine_and_tomorrow_is_not():
    assert _records([A, "警告", "1号", "2026-11-24", "局", ""]).faults() == ()
    (fault,) = _records([A, "警告", "1号", "2026-11-25", "局", ""]).faults()
    assert (fault.at, fault.code) == ("2", "import.date-future")


def test_a_removal_from_a_list_is_a_known_kind_without_a_rule():
    assert len(_records([A, OFF, "1号", "2026-01-01", "局", ""]).rows) == 1


def test_a_known_record_stays_and_is_never_overwritten():
    read = _records([A, "警告", "1号", "2026-01-01", "局", "摘要"])
    digest = read.rows[0].value.digest
    assert plan_records(read.rows, {digest: KnownRecord(authority="局", summary="摘要")}) == []
    assert _states(read) == ["same"]
    assert plan_records(read.rows, {digest: KnownRecord(authority="局", summary="旧")}) == []
    assert [fault.code for fault in read.faults()] == ["import.record-differs"]


def _of_practitioners(*rows):
    header = ["信用代码", "资格证号", "信息类别", "文书号", "决定日期", "证据摘要"]
    context = RecordContext(
        agencies=frozenset({A}),
        kinds=frozenset({"警告"}),
        today=date(2026, 11, 24),
        practitioners={"3712345": A, "3712346": ""},
    )
    return read_records(_tables("records", header, *rows), context)


def test_a_record_of_a_practitioner_needs_no_agency_where_the_register_knows_it():
    with_code = _of_practitioners([A, "3712345", "警告", "1号", "2026-01-01", ""])
    without = _of_practitioners(["", "3712345", "警告", "1号", "2026-01-01", "A" * 64])
    row = without.rows[0].value
    assert (row.uscc, row.subject, row.evidence) == (A, "3712345", "a" * 64)
    assert with_code.rows[0].value.digest == row.digest, "the person may change agency"


def test_the_same_decision_about_agency_and_practitioner_is_two_records():
    both = _of_practitioners(
        [A, "", "警告", "1号", "2026-01-01", ""], [A, "3712345", "警告", "1号", "2026-01-01", ""]
    )
    assert len({row.value.digest for row in both.rows}) == 2
    assert (
        both.rows[0].value.digest == _records([A, "警告", "1号", "2026-01-01", "局", ""]).rows[0].value.digest
    )


@pytest.mark.parametrize(
    ("uscc", "certificate", "evidence", "code"),
    [
        ("", "3719999", "", "import.practitioner-unknown"),
        ("", "3712346", "", "import.practitioner-without-agency"),
        ("", "", "", "import.cell-missing"),
        (A, "", "0" * 63, "import.evidence"),
        (A, "", "g" * 64, "import.evidence"),
    ],
)
def test_a_record_of_nobody_known_or_with_half_a_digest_is_refused(uscc, certificate, evidence, code):
    read = _of_practitioners([uscc, certificate, "警告", "1号", "2026-01-01", evidence])
    assert [fault.code for fault in read.faults()] == [code]


def test_another_evidence_is_another_record_and_none_says_nothing():
    read = _of_practitioners([A, "", "警告", "1号", "2026-01-01", "1" * 64])
    digest = read.rows[0].value.digest
    known = KnownRecord(authority="局", summary="摘要", evidence="1" * 64)
    assert plan_records(read.rows, {digest: known}) == []
    assert _states(read) == ["same"]
    other = KnownRecord(authority="局", summary="摘要", evidence="2" * 64)
    assert plan_records(read.rows, {digest: other}) == []
    assert [fault.code for fault in read.faults()] == ["import.record-differs"]


def test_a_blank_summary_leaves_the_known_one():
    read = _records([A, "警告", "1号", "2026-01-01", "", ""])
    digest = read.rows[0].value.digest
    assert plan_records(read.rows, {digest: KnownRecord(authority="局", summary="摘要")}) == []
    assert _states(read) == ["same"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], ("none", None)),
        ([("警告", date(2026, 1, 1))], ("none", None)),
        ([(ON, date(2026, 1, 1))], ("abnormal", date(2026, 1, 1))),
        ([(ON, date(2026, 5, 1)), (ON, date(2026, 1, 1))], ("abnormal", date(2026, 1, 1))),
        ([(OFF, date(2026, 2, 1)), (ON, date(2026, 1, 1))], ("none", None)),
        (
            [(ON, date(2026, 3, 1)), (OFF, date(2026, 2, 1)), (ON, date(2026, 1, 1))],
            ("abnormal", date(2026, 3, 1)),
        ),
        ([(ON, date(2026, 1, 1)), (OFF, date(2026, 1, 1))], ("none", None)),
        (
            [(ON, date(2026, 1, 1)), ("列入严重违法失信名单", date(2026, 2, 1))],
            ("serious", date(2026, 2, 1)),
        ),
    ],
)
def test_the_list_status_follows_from_all_records_in_any_order(records, expected):
    assert find_list_status(records) == expected
    assert find_list_status(reversed(records)) == expected


def test_blank_cells_of_an_inspector_erase_nothing():
    before = InspectorState(
        certificate="鲁C1", name="张三", organisation="局", areas=("370303",), skills=("lead", "patent")
    )
    row = InspectorRow(
        certificate="鲁C1", name="张三", organisation="", areas=(), skills=(), is_lead=None, status=""
    )
    assert lay_over_inspector(before, row) == before


def test_several_skills_and_districts_stand_in_one_cell():
    rows = (
        ["姓名", "执法证号", "专业", "区县代码", "可任组长"],
        ["张三", "鲁c15000", "商标、专利", "370303，淄川区", "是"],
    )
    read = read_inspectors(_tables("inspectors", *rows), {"370303": "张店区", "370302": "淄川区"})
    row = read.rows[0].value
    assert (row.certificate, row.skills, row.areas) == (
        "鲁C15000",
        ("patent", "trademark"),
        ("370302", "370303"),
    )
    assert lay_over_inspector(InspectorState(certificate="鲁C15000"), row).skills == (
        "lead",
        "patent",
        "trademark",
    )


def test_an_inspector_without_certificate_is_refused():
    rows = ["姓名", "执法证号", "专业"], ["张三", "", "会计"]
    read = read_inspectors(_tables("inspectors", *rows), {})
    assert [fault.code for fault in read.faults()] == ["import.cell-missing", "import.word-unknown"]


def test_a_recusal_that_names_nobody_is_refused():
    rows = ["检查人员证号", "机构统一社会信用代码", "回避事由"], ["", "", "曾任职"], ["鲁C0", A, "曾任职"]
    read = read_recusals(_tables("recusals", *rows), frozenset(), frozenset())
    assert [(fault.at, fault.code) for fault in read.faults()] == [
        ("2", "import.cell-missing"),
        ("2", "import.cell-missing"),
        ("3", "import.inspector-unknown"),
        ("3", "import.agency-unknown"),
    ]


def _recusal(category):
    rows = ["检查人员证号", "机构统一社会信用代码", "回避事由"], ["鲁C1", A, category]
    return read_recusals(_tables("recusals", *rows), frozenset({"鲁C1"}), frozenset({A}))


@pytest.mark.parametrize(
    ("category", "is_approved", "state"),
    [
        ("曾任职", True, "same"),
        ("曾任职", False, "same"),
        ("持有股份", False, "changed"),
        ("持有股份", True, "faulty"),
    ],
)
def test_an_approved_recusal_is_not_changed_by_a_list(category, is_approved, state):
    known = {("鲁C1", A): KnownRecusal(category="曾任职", reason="", is_approved=is_approved)}
    read = _recusal(category)
    wanted = plan_recusals(read.rows, known)
    assert (len(wanted), _states(read)) == (state == "changed", [state])
    assert (state == "faulty") == bool(read.faults())
