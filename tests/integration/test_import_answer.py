"""The answer to a list: every row with what became of it, and the faulty rows to mend."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from functools import partial

import openpyxl
import pytest

from agency_credit.cli import run
from agency_credit.domain.role import Role
from agency_credit.services.import_answer import REASON_HEADING, STATE_HEADING, make_answer, write_answer
from agency_credit.services.import_columns import say_columns
from agency_credit.services.import_file import import_file
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_sheets import Sheet
from agency_credit.services.import_work import RowOutcome
from agency_credit.web.i18n import translate_error
from seeds.office_files import format_workbook
from tests.integration.console import desk_of
from tests.world import add_account

A, B, C = "91370303MA3C000017", "91370303MA3D00001R", "91370303MA3E00001C"
TELL = partial(translate_error, "zh")
HEADER = ["机构名称", "统一社会信用代码", "业务类别", "成立日期", "状态"]
ROWS = [
    ["甲", A, "专利", date(2020, 1, 2), "正常"],
    ["乙", B, "专利", "2021年2月30日", "正常"],
    ["甲", A, "专利", date(2020, 1, 2), "正常"],
    ["丙", C, "版权", date(2020, 1, 2), "停业了"],
]


def _rows(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


async def _import(office, operator, name, content, **options):
    return await import_file(office, operator, "agencies", name, content, mode="accept-good", **options)


async def _answer(office, operator, name, content, **options):
    report = await _import(office, operator, name, content)
    return await make_answer(name, content, "agencies", report.outcomes, TELL, **options)


async def test_the_answer_is_the_list_with_what_became_of_each_row(office, operator):
    content = format_workbook("名录", [["代理机构名录"], HEADER, *ROWS, ["合计", 4]], n_title_rows=1)
    title, header, *rows, total = _rows(await _answer(office, operator, "名录.xlsx", content))
    assert title[0] == "代理机构名录"
    assert header == [*HEADER, STATE_HEADING, REASON_HEADING]
    assert [row[5] for row in rows] == ["新增", "有误，未录入", "重复", "有误，未录入"]
    assert rows[0][:4] == ["甲", A, "专利", datetime(2020, 1, 2)]
    assert "2021年2月30日" in rows[1][6]
    assert "版权" in rows[3][6]
    assert "停业了" in rows[3][6]
    assert rows[3][6].count("\n") == 1
    assert total[:2] == ["合计", 4]


async def test_the_faulty_rows_are_mended_and_imported_again(office, operator):
    content = format_workbook("名录", [["代理机构名录"], HEADER, *ROWS], n_title_rows=1)
    faulty = await _answer(office, operator, "名录.xlsx", content, only_faulty=True)
    header, *rows = _rows(faulty)
    assert header == [*HEADER, STATE_HEADING, REASON_HEADING]
    assert [row[0] for row in rows] == ["乙", "丙"]
    book = openpyxl.load_workbook(io.BytesIO(faulty))
    sheet = book.worksheets[0]
    sheet["D2"] = date(2021, 2, 28)
    sheet["C3"], sheet["E3"] = "商标", "停业"
    out = io.BytesIO()
    book.save(out)
    report = await _import(office, operator, "更正.xlsx", out.getvalue())
    assert (report.new, report.faults) == (2, ())
    again = await make_answer("更正.xlsx", out.getvalue(), "agencies", report.outcomes, TELL)
    assert _rows(again)[0] == header  # one pair of columns, however often a list is answered
    assert [row[5] for row in _rows(again)[1:]] == ["新增", "新增"]


async def test_faulty_rows_that_nobody_mended_are_faulty_again(office, operator):
    content = format_workbook("名录", [HEADER, *ROWS])
    faulty = await _answer(office, operator, "名录.xlsx", content, only_faulty=True)
    report = await _import(office, operator, "更正.xlsx", faulty)
    assert [outcome.state for outcome in report.outcomes] == ["faulty", "faulty"]


async def test_a_csv_gets_an_answer_too(office, operator):
    lines = ["机构名称,信用代码,业务类别,电话", f"甲,{A},专利,05331234567", f"乙,{B},版权,0533"]
    header, *rows = _rows(await _answer(office, operator, "名录.csv", "\n".join(lines).encode()))
    assert header[-2:] == [STATE_HEADING, REASON_HEADING]
    assert [row[4] for row in rows] == ["新增", "有误，未录入"]
    assert rows[0][3] == "05331234567"


async def test_the_cell_that_is_wrong_stands_out(office, operator):
    content = format_workbook("名录", [HEADER, *ROWS])
    book = openpyxl.load_workbook(io.BytesIO(await _answer(office, operator, "名录.xlsx", content)))
    sheet = book.worksheets[0]
    colours = [sheet.cell(3, column).fill.start_color.rgb for column in (1, 4, 6)]
    assert colours[0] == colours[2] != colours[1]
    assert len({sheet.cell(row, 6).fill.start_color.rgb for row in (2, 3, 4)}) == 3


def _write(*values, outcomes=()):
    cells = [["机构名称", "信用代码"], list(values)]
    sheet = Sheet(name="名录", rows=cells, numbers=(1, 2))
    tables = find_tables("a.xlsx", KINDS["agencies"], [sheet])
    return openpyxl.load_workbook(io.BytesIO(write_answer([sheet], tables, outcomes, TELL))).worksheets[0]


@pytest.mark.parametrize(
    "text", ["=1+1", "+86 533", "-1", "@SUM(A1)", "＝1", '=HYPERLINK("http://x")', "#N/A"]
)
def test_no_text_becomes_a_formula(text):
    cell = _write(text, A)["A2"]
    assert (cell.value, cell.data_type) == (text, "s")
    assert cell.number_format == "@"
    if text != "-1" and text != "#N/A":
        assert cell.quotePrefix


def test_values_keep_their_kind():
    sheet = _write(date(2026, 3, 2), 9.13703e17, True, time(8, 30), timedelta(hours=30), 3.0, "a\x08b", "")
    assert sheet["A2"].value == datetime(2026, 3, 2)
    assert [sheet.cell(2, n).value for n in (2, 3, 4)] == [9.13703e17, True, time(8, 30)]
    assert (sheet["F2"].value, sheet["G2"].value, sheet["H2"].value) == (3, "ab", None)


def test_a_row_that_nobody_reads_gets_no_state():
    sheet = _write("甲", A, outcomes=[RowOutcome(sheet="名录", row=7, state="new")])
    assert sheet["C2"].value is None


async def test_nothing_faulty_leaves_an_empty_workbook(office, operator):
    content = format_workbook("名录", [HEADER, ROWS[0]])
    assert _rows(await _answer(office, operator, "名录.xlsx", content, only_faulty=True)) == []


async def test_the_page_hands_out_the_answer_and_the_faulty_rows_to_their_owner(office):
    for name in ("drafter", "other"):
        await add_account(office, name, Role.DRAFTER)
    content = format_workbook("名录", [HEADER, *ROWS])
    async with desk_of(office, "drafter") as desk:
        await desk.open("/admin/import")
        sent = await desk.send("/admin/import", {"kind": "agencies"}, files={"file": ("名录.xlsx", content)})
        path = sent.headers["location"]
        page = await desk.open(path)
        assert f"{path}/answer.xlsx" in page.text
        assert f"{path}/faulty.xlsx" in page.text
        rows = _rows((await desk.client.get(f"{path}/answer.xlsx")).content)
        assert [row[5] for row in rows[1:]] == ["新增", "有误，未录入", "重复", "有误，未录入"]
        faulty = await desk.client.get(f"{path}/faulty.xlsx")
        assert [row[0] for row in _rows(faulty.content)] == ["机构名称", "乙", "丙"]
        assert faulty.headers["content-disposition"].startswith('attachment; filename="agencies-')
        english = _rows((await desk.client.get(f"/en{path}/faulty.xlsx")).content)
        assert "expected 专利 or 商标" in english[2][6]
    async with desk_of(office, "other") as desk:
        assert (await desk.client.get(f"{path}/answer.xlsx")).status_code == 404


async def test_an_answer_finds_the_list_by_what_the_office_said_of_headings(office, operator):
    await say_columns(office, operator, "agencies", {"牌子": "name"})
    lines = ["牌子,信用代码,业务类别", f"甲,{A},专利"]
    assert _rows(await _answer(office, operator, "a.csv", "\n".join(lines).encode()))[1][3] == "新增"


def test_the_command_writes_the_answer_where_the_name_says_xlsx(tmp_path, monkeypatch):
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    (tmp_path / "名录.xlsx").write_bytes(format_workbook("名录", [HEADER, *ROWS]))
    arguments = ["import", "agencies", str(tmp_path / "名录.xlsx"), "--report"]
    assert run([*arguments, str(tmp_path / "答复.xlsx")]) == 1
    rows = _rows((tmp_path / "答复.xlsx").read_bytes())
    assert [row[5] for row in rows] == [STATE_HEADING, "新增", "有误，未录入", "重复", "有误，未录入"]
    assert run([*arguments, str(tmp_path / "答复.csv")]) == 1
    assert (tmp_path / "答复.csv").read_text("utf-8-sig").startswith("at,code,severity,message")
