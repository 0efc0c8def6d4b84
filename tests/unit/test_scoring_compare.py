"""Differences between two versions of a file, of each type, place by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from agency_credit.scoring import parse_rule_file
from agency_credit.scoring.compare import Difference, compare_files

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"


def differences(name: str, *changes: tuple[str, str]) -> list[tuple[str, str, str, str | None, str | None]]:
    old = (PACKS / f"{name}.toml").read_text("utf-8")
    new = old
    for before, after in changes:
        assert before in new
        new = new.replace(before, after, 1)
    read = [parse_rule_file(text.encode(), f"{name}.toml") for text in (old, new)]
    found = compare_files(*read)
    assert all(isinstance(difference, Difference) for difference in found)
    return [(d.section, d.name, d.field, d.old, d.new) for d in found]


def cut(name: str, start: str, end: str) -> tuple[str, str]:
    """A change that takes the text from `start` up to `end` out."""
    text = (PACKS / f"{name}.toml").read_text("utf-8")
    first = text.index(start)
    return text[first : text.index(end, first + 1)], ""


def test_the_head_of_a_file_is_compared_value_by_value():
    assert differences(
        "second",
        ("repealed_on = 2026-07-01\n", ""),
        ("effective_from", "promulgated_on = 2025-01-01\neffective_from"),
        ('en = "The second of two made-up packs"', 'en = "Another"'),
        ('base = { points = "100"', 'base = { points = "101"'),
    ) == [
        ("", "", "base.points", "100", "101"),
        ("", "", "promulgated_on", None, "2025-01-01"),
        ("", "", "title.en", "The second of two made-up packs", "Another"),
        ("", "", "repealed_on", "2026-07-01", None),
    ]


def test_a_clause_that_came_or_went_is_named_by_its_wording():
    gone = differences("second", cut("second", '[[clauses]]\ncode = "R"', '[[clauses]]\ncode = "E"'))
    assert gone == [("clauses", "R", "", "投诉", None)]
    renamed = differences("second", ('code = "E"', 'code = "N"'))
    assert renamed == [("clauses", "N", "", None, "补录"), ("clauses", "E", "", "补录", None)]


def test_lists_of_words_and_inner_tables_are_compared():
    assert differences(
        "second",
        ('records = ["补录"]', 'records = ["补录", "补报"]'),
        ('life = { from = "entered", months = 6', 'life = { from = "entered", months = 7'),
    ) == [
        ("clauses", "E", "life.months", "6", "7"),
        ("clauses", "E", "records", "补录", "补录, 补报"),
    ]


def test_who_entered_a_value_is_no_difference():
    entered = 'status = "entered"\nentered_by = "局"\nentered_on = 2025-07-01'
    assert differences("second", ('points = -5\nstatus = "unverified"', f"points = -5\n{entered}")) == [
        ("clauses", "E", "status", "unverified", "entered")
    ]


def test_a_tier_is_named_by_its_name():
    found = differences("second", ('above = "89.999"', 'from = "90"'))
    assert found == [("tiers", "high", "from", None, "90"), ("tiers", "high", "above", "89.999", None)]


def test_a_row_of_a_profile_is_named_by_line_and_tier_a_value_by_its_key():
    assert differences("profile", ("key_supervision = true", "key_supervision = false")) == [
        ("supervision", "trademark/A", "key_supervision", "true", "false")
    ]
    assert differences("profile", ('key = "names-public"', 'key = "another"')) == [
        ("values", "another", "", None, "公开姓名"),
        ("values", "names-public", "", "公开姓名", None),
    ]
    assert differences("profile", ('zh = "便利"', 'zh = "方便"')) == [
        ("supervision", "trademark/A", "facilitation.1.zh", "便利", "方便")
    ]


def test_a_row_without_a_name_goes_by_its_number_one_without_wording_has_no_title():
    assert differences("profile", ('article = "第三条"', 'article = "第四条"')) == [
        ("mandatory", "1", "citation.article", "第三条", "第四条")
    ]
    assert differences("profile", ('tier = "A"', 'tier = "B"')) == [
        ("supervision", "trademark/B", "", None, ""),
        ("supervision", "trademark/A", "", "", None),
    ]


def test_rows_of_periods_go_by_class_and_their_inner_rows_by_number():
    table = parse_rule_file((PACKS / "periods.toml").read_bytes(), "periods.toml")
    first = table.periods[0]
    found = differences("periods", (f'class = "{first.name}"', 'class = "other"'))
    assert [(section, name) for section, name, *_ in found] == [
        ("periods", "other"),
        ("periods", first.name),
    ]


def test_a_duty_names_its_penalties_by_number():
    text = (PACKS / "duties.toml").read_text("utf-8")
    duties = parse_rule_file(text.encode(), "duties.toml")
    clause = next(clause for clause in duties.clauses if clause.penalties)
    zh = clause.penalties[0].wording.zh
    (found,) = differences("duties", (f'zh = "{zh}"', 'zh = "别的"'))
    assert found == ("clauses", clause.code, "penalties.1.wording.zh", zh, "别的")


@pytest.mark.parametrize("name", ["second", "profile", "periods", "duties"])
def test_nothing_differs_from_itself_or_from_nothing(name):
    file = parse_rule_file((PACKS / f"{name}.toml").read_bytes(), f"{name}.toml")
    assert compare_files(file, file) == compare_files(None, file) == ()
