"""Cells to values."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from agency_credit.services import import_cells
from agency_credit.services.import_cells import (
    clean_code,
    clean_name,
    clean_text,
    find_check_digit,
    is_nothing,
    is_number_of_code,
    is_social_credit_code,
    is_total,
    looks_like_formula,
    parse_day,
)
from agency_credit.services.import_sheets import format_column, parse_column


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  淄博正源创知识产权代理有限公司 ", "淄博正源创知识产权代理有限公司"),
        ("周村区柳泉路２２号", "周村区柳泉路22号"),
        ("淄博启明达专利代理事务所（普通合伙）", "淄博启明达专利代理事务所（普通合伙）"),
        ("第一行\n第二行", "第一行 第二行"),
        ("\u3000零宽\u200b空格\ufeff\x00", "零宽空格"),
        (37200.0, "37200"),
        (0.5, "0.5"),
        (datetime(2025, 8, 1), "2025-08-01"),
        (date(2025, 8, 1), "2025-08-01"),
    ],
)
def test_text_is_narrow_trimmed_and_keeps_chinese_punctuation(cell, text):
    assert clean_text(cell) == text


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text):
    assert clean_text(clean_text(text)) == clean_text(text)


@given(st.text())
def test_clean_text_is_one_printable_line(text):
    cleaned = clean_text(text)
    assert "\n" not in cleaned
    assert "\x00" not in cleaned
    assert cleaned == cleaned.strip()


def test_a_code_is_narrow_and_in_capitals():
    assert clean_code(" ９１370303rmbb ebag4q ") == "91370303RMBBEBAG4Q"


def test_padding_inside_a_short_name_goes_and_latin_names_keep_their_spaces():
    assert clean_name("张 三") == "张三"
    assert clean_name("John Smith") == "John Smith"


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-30",
        "2026/3/30",
        "2026.03.30",
        "2026年3月30日",
        "20260330",
        "2026-03-30 00:00:00",
        "2026 年 3 月 30 日",
    ],
)
def test_a_day_is_read_in_every_usual_notation(written):
    assert parse_day(written) == date(2026, 3, 30)


@pytest.mark.parametrize(
    "written", ["2021年2月30日", "2026-13-01", "2026", "30.3.2026", "2026-3", "昨天", "2026-03-30 09:30"]
)
def test_what_is_no_day_gives_none(written):
    assert parse_day(written) is None


@given(st.dates(min_value=date(1000, 1, 1)))
def test_every_day_comes_back_from_every_notation(day):
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"):
        assert parse_day(day.strftime(form)) == day


@pytest.mark.parametrize("cell", [9.13703e17, "9.13703E+17", "9.1e+17", 37200.5])
def test_a_number_that_was_a_code_is_recognised(cell):
    assert is_number_of_code(cell)


@pytest.mark.parametrize("cell", [37200.0, "37200", "91370303RMBBEBAG4Q"])
def test_a_code_that_survived_as_a_number_is_fine(cell):
    assert not is_number_of_code(cell)


@pytest.mark.parametrize("text", ["=1+1", "+1", "@SUM(A1)", "＝1"])
def test_formulas_are_seen_in_any_column(text):
    assert looks_like_formula("address", text)


def test_a_hyphen_starts_a_formula_only_in_a_name():
    assert looks_like_formula("name", "-1")
    assert not looks_like_formula("address", "-1层")


def test_an_international_telephone_number_is_no_formula():
    assert not looks_like_formula("telephone", "+86 533-2891313")
    assert looks_like_formula("telephone", "+cmd|'/c calc'!A0")


@pytest.mark.parametrize("text", ["", "-", "——", "/", "／"])
def test_dashes_stand_for_nothing(text):
    assert is_nothing(text)


def test_totals_are_recognised_by_their_first_text():
    assert is_total(["", "合 计", 26.0])
    assert is_total(["总计：26家"])
    assert not is_total(["合计信息咨询有限公司", "91370303RMBBEBAG4Q"])


@given(st.integers(min_value=0, max_value=20000))
def test_column_letters_come_back(number):
    assert parse_column(format_column(number)) == number


def test_column_letters_are_those_of_a_spreadsheet():
    assert [format_column(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from(" \u3000\u200b\t１Ａａ（）、。=+-@\u0301")))
)
def test_texts_that_are_clean_already_are_told_apart_without_being_cleaned(text):
    cleaned = " ".join(unicodedata.normalize("NFC", text).translate(import_cells._TRANSLATION).split())
    assert clean_text(text) == cleaned


@given(st.characters())
def test_no_letter_or_digit_begins_a_formula(first):
    expected = unicodedata.normalize("NFKC", first) in {"=", "@", "+", "-"}
    assert looks_like_formula("name", first) == expected


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-１", min_size=16, max_size=19))
def test_the_form_of_a_social_credit_code_is_that_of_stdnum(code):
    try:
        uscc.validate(code)
        expected = True
    except InvalidChecksum:
        expected = True
    except ValidationError:
        expected = False
    if uscc.compact(code) == code:  # stdnum takes hyphens and wide digits out first
        assert is_social_credit_code(code) == expected


@given(
    st.text("0123456789", min_size=8, max_size=8),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9),
)
def test_the_check_digit_is_that_of_stdnum(first, second):
    assert find_check_digit(f"{first}{second}0") == uscc.calc_check_digit(first + second)
