"""Columns of a list that say what a record is: category, procedure, sanctions, class, days."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from agency_credit.domain.record import RecordFacts, Sanction
from agency_credit.scoring import PeriodTable, find_row, find_uncollected, parse_rule_file
from agency_credit.services.import_facts import FactRules, StatedFacts, to_facts
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_records import KnownRecord, RecordContext, plan_records, read_records
from agency_credit.services.import_sheets import Sheet

A = "91370303RMBBEBAG4Q"
SHIPPED = files("agency_credit.scoring").joinpath("rules/periods")
TABLES = [
    table
    for file in sorted(SHIPPED.iterdir(), key=lambda file: file.name)
    if isinstance(table := parse_rule_file(file.read_bytes(), file.name), PeriodTable)
]
SHANDONG, SAMR, NDRC = TABLES
RULES = FactRules(categories={"列入经营异常名录": "list", "获奖": "praise"}, tables=TABLES)
HEADER = [
    "信用代码",
    "信息类别",
    "文书号",
    "决定日期",
    "大类",
    "处罚程序",
    "处罚种类",
    "公示分类",
    "送达日期",
    "行为终止日期",
]


def read(*rows, rules=RULES, header=HEADER):
    context = RecordContext(
        agencies=frozenset({A}), kinds=frozenset({"罚款", "获奖"}), today=date(2026, 11, 27), rules=rules
    )
    table = [header, *rows]
    sheet = Sheet(name=None, rows=table, numbers=range(1, len(table) + 1))
    return read_records(find_tables("表.csv", KINDS["records"], [sheet]), context)


def row(*facts, kind="罚款"):
    return [A, kind, "1号", "2026-03-02", *facts, *[""] * (6 - len(facts))]


def codes(found):
    return [fault.code for fault in found.faults()]


def test_a_row_says_what_the_record_is():
    found = read(row("行政处罚", "普通程序", "罚款、警告", "一般", "2026-03-05", "2026-01-31"))
    assert codes(found) == []
    assert found.rows[0].value.facts == StatedFacts(
        category="penalty",
        procedure="ordinary",
        sanctions="fine warning",
        severity="general",
        served_on=date(2026, 3, 5),
        conduct_ended_on=date(2026, 1, 31),
    )


def test_a_list_without_the_columns_says_nothing_and_a_kind_may_say_its_category():
    (plain,) = read(row()).rows
    assert (plain.value.facts, plain.value.category) == (StatedFacts(), "")
    for kind, category in (("列入经营异常名录", "list"), ("获奖", "praise")):
        (value,) = (known.value for known in read(row(kind=kind)).rows)
        assert (value.facts.category, value.category) == ("", category)


@pytest.mark.parametrize(
    ("facts", "code", "cell"),
    [
        (("罚",), "import.word-unknown", "罚"),
        (("", "快速程序"), "import.word-unknown", "快速程序"),
        (("行政处罚", "", "罚款、杖责"), "import.word-unknown", "杖责"),
        (("", "", "", "中等"), "import.class-unknown", "中等"),
        (("", "", "", "", "2026-03-01"), "import.served-before", "2026-03-01"),
        (("", "", "", "", "", "2026-11-28"), "import.date-future", "2026-11-28"),
    ],
)
def test_a_wrong_word_or_day_is_named(facts, code, cell):
    (fault,) = read(row(*facts)).faults()
    assert (fault.code, fault.params["found"]) == (code, cell)


def test_what_has_a_procedure_is_a_penalty():
    (value,) = (known.value for known in read(row("", "", "罚款")).rows)
    assert value.category == "penalty"
    assert codes(read(row("", "简易程序"))) == ["import.not-collected"]
    assert RULES.procedures() == ("普通程序", "一般程序", "听证程序")


def test_every_class_on_offer_is_understood():
    for word in RULES.class_names():
        assert codes(read(row("", "", "", word))) == [], word


def test_what_is_no_penalty_has_neither_procedure_nor_sanctions():
    found = read(row("检查", "普通程序", "罚款"))
    assert codes(found) == ["import.no-penalty", "import.no-penalty"]


def test_a_penalty_in_summary_procedure_is_kept_out_by_the_table_of_the_area():
    (fault,) = read(row("行政处罚", "简易程序", "罚款")).faults()
    assert fault.code == "import.not-collected"
    assert "第十三条第二款" in fault.params["citation"]
    elsewhere = FactRules(categories={}, tables=[SAMR, NDRC])
    assert codes(read(row("行政处罚", "简易程序", "罚款"), rules=elsewhere)) == []


def test_what_the_authority_calls_minor_and_corrected_is_kept_out_too():
    assert codes(read(row("行政处罚", "普通程序", "罚款", "shandong-not-collected"))) == [
        "import.not-collected"
    ]


def test_facts_that_are_stated_later_do_not_come_in_by_a_list():
    (plain,) = read(row()).rows
    known = {plain.value.digest: KnownRecord(authority="", summary="")}
    said = read(row("行政处罚"))
    assert plan_records(said.rows, known) == []
    assert codes(said) == ["import.record-facts"]
    silent = read(row())
    full = KnownRecord(authority="", summary="", facts=StatedFacts(category="penalty"))
    assert plan_records(silent.rows, {plain.value.digest: full}) == []
    assert [outcome.state for outcome in silent.outcomes()] == ["same"]


def test_a_category_that_a_kind_has_by_itself_is_no_difference():
    silent = read(row(kind="获奖"))
    known = {silent.rows[0].value.digest: KnownRecord(authority="", summary="")}
    assert plan_records(silent.rows, known) == []
    assert [outcome.state for outcome in silent.outcomes()] == ["same"]


@pytest.mark.parametrize(
    ("columns", "classes"),
    [
        ({"category": "penalty", "sanctions": "warning"}, ("shandong-entity", "samr-warning-only", "minor")),
        ({"category": "penalty", "sanctions": "criticism"}, ("shandong-entity", "samr-light", "minor")),
        ({"category": "penalty", "sanctions": "criticism warning"}, ("shandong-entity", None, "minor")),
        ({"category": "penalty", "sanctions": "fine warning"}, ("shandong-entity", None, None)),
        ({"category": "penalty", "sanctions": "fine licence-revoked"},
            ("shandong-entity", "samr-grave", "serious")),
        ({"category": "penalty", "sanctions": "suspension"}, ("shandong-entity", "samr-grave", None)),
        ({"category": "penalty", "procedure": "summary"}, ("shandong-not-collected", None, "minor")),
        ({"category": "list", "sanctions": "warning"}, ("shandong-entity", None, None)),
        ({"sanctions": "warning"}, ("shandong-entity", "samr-warning-only", "minor")),
        ({}, ("shandong-entity", None, None)),
        ({"category": "penalty", "sanctions": "warning", "severity": "general"},
            ("shandong-entity", "samr-warning-only", "general")),
    ],
)  # fmt: skip
def test_the_classes_of_a_record_in_the_shipped_tables(columns, classes):
    facts = to_facts(StatedFacts(**columns), is_person=False)
    rows = [find_row(facts, table) for table in TABLES]
    assert tuple(found and found.name for found in rows) == classes


def test_a_person_is_a_class_of_his_own():
    found = find_row(RecordFacts(is_person=True), SHANDONG)
    assert found is not None
    assert found.name == "shandong-person"
    assert find_uncollected(RecordFacts(is_person=True, sanctions=frozenset(Sanction)), TABLES) is None
