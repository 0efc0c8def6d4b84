"""Finding the header of a list."""

from __future__ import annotations

import pytest

from agency_credit.domain.errors import InputError
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_sheets import Sheet


def _sheet(*rows, name="名录"):
    return Sheet(name=name, rows=rows, numbers=range(1, len(rows) + 1))


def _find(*sheets, kind="agencies"):
    return find_tables("名录.xlsx", KINDS[kind], sheets)


def test_titles_above_and_marks_in_headings_do_not_hide_the_header():
    rows = [["名录"], ["填报单位：科室"], [], ["序号", "机构名称（必填）", "统一社会\n信用代码 *"]]
    (table,) = _find(_sheet(*rows))
    assert table.header == 3
    assert table.places == {"name": 1, "uscc": 2}


def test_the_tenth_row_may_be_the_header_and_the_eleventh_not():
    header = ["机构名称", "信用代码"]
    assert _find(_sheet(*[["x"]] * 9, header))[0].header == 9
    with pytest.raises(InputError) as caught:
        _find(_sheet(*[["x"]] * 10, header))
    assert caught.value.code == "import.header-missing"


def test_no_header_says_what_was_expected_and_what_was_found():
    with pytest.raises(InputError) as caught:
        _find(_sheet(["姓名", "年龄"]))
    assert "统一社会信用代码" in str(caught.value)
    assert "姓名、年龄" in str(caught.value)


def test_a_missing_column_is_named():
    with pytest.raises(InputError) as caught:
        _find(_sheet(["机构名称", "机构代码"]))
    assert caught.value.code == "import.column-missing"
    assert caught.value.params["missing"] == "统一社会信用代码"


def test_two_columns_for_one_thing_are_named_both():
    with pytest.raises(InputError) as caught:
        _find(_sheet(["机构名称", "信用代码", "统一社会信用代码"]))
    assert caught.value.code == "import.heading-repeated"
    assert "名录!B1" in str(caught.value)
    assert "名录!C1" in str(caught.value)


def test_a_sheet_of_notes_is_passed_over_and_all_lists_are_taken():
    header = ["姓名", "执法证号"]
    tables = _find(
        _sheet(["说明"], name="说明"), _sheet(header, name="一"), _sheet(header, name="二"), kind="inspectors"
    )
    assert [table.sheet.name for table in tables] == ["一", "二"]


def test_an_empty_workbook_has_no_header():
    with pytest.raises(InputError, match="no row among the first 10"):
        _find()


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_heading_means_two_things_in_one_kind(kind):
    headings = [heading for column in kind.columns for heading in column.headings]
    assert len(headings) == len(set(headings))
