"""Template workbooks: what is in them, and that their sample rows are taken in as they are."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import openpyxl
import pytest

from agency_credit.cli import run
from agency_credit.database.tables import District
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.role import Role
from agency_credit.services.import_file import import_file
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_template import SHEET_OF_NOTES, make_template
from tests.integration.console import desk_of
from tests.world import add_account

ORDER = ("agencies", "practitioners", "records", "inspectors", "recusals", "inspections")
"""Each after those that it needs."""
CLOSED = {
    "agencies": {"业务类别", "所在区县", "状态", "组织形式"},
    "practitioners": {"业务类别", "状态"},
    "records": {"信息类别", "大类", "处罚程序", "处罚种类", "公示分类"},
    "inspectors": {"区县代码", "专业", "可任组长", "状态"},
    "recusals": set(),
    "inspections": {"检查类型", "是否现场检查", "是否根据线索"},
}


def _open(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def _choices(book):
    """Words of the drop-down below each heading."""
    sheet = book.worksheets[0]
    found = {}
    for rule in sheet.data_validations.dataValidation:
        column = str(rule.sqref)[0]
        heading = sheet[f"{column}1"].value.removesuffix("（必填）")
        cells = book["选项"][rule.formula1.split("!")[1].replace("$", "")]
        rows = cells if isinstance(cells, tuple) else ((cells,),)
        found[heading] = [row[0].value for row in rows]
    return found


async def test_every_template_is_taken_in_as_it_is(office, operator):
    for kind in ORDER:
        content = await make_template(office, kind)
        report = await import_file(office, operator, kind, f"{kind}.xlsx", content)
        assert (report.is_committed, report.new, report.n_errors) == (True, 2, 0), (kind, report.faults)
        assert [fault.code for fault in report.faults] == ["import.sample"] * 2
        again = await import_file(office, operator, kind, f"{kind}.xlsx", content)
        assert (again.same, again.n_errors) == (2, 0)


async def test_without_districts_a_template_is_taken_in_too(office, operator):
    await District.delete(force=True)
    content = await make_template(office, "agencies")
    report = await import_file(office, operator, "agencies", "agencies.xlsx", content)
    assert (report.new, report.n_errors) == (2, 0)


@pytest.mark.parametrize("kind", ORDER)
async def test_a_template_has_headings_notes_and_choices(office, kind):
    book = _open(await make_template(office, kind))
    sheet = book.worksheets[0]
    columns = KINDS[kind].columns
    headings = [cell.value for cell in sheet[1]]
    assert headings == [c.headings[0] + ("（必填）" if c.is_required else "") for c in columns]
    for cell, column in zip(sheet[1], columns, strict=True):
        assert ("必填" if column.is_required else "可不填") in cell.comment.text
        assert "格式：" in cell.comment.text
    choices = _choices(book)
    assert set(choices) == CLOSED[kind]
    assert all(choices.values())
    assert book.sheetnames[-1] == SHEET_OF_NOTES
    assert [s.title for s in book if s.sheet_state == "visible"] == [sheet.title, SHEET_OF_NOTES]


async def test_codes_are_text_and_days_are_days(office):
    sheet = _open(await make_template(office, "agencies")).worksheets[0]
    forms = {sheet.cell(1, i).value: sheet.column_dimensions[chr(64 + i)].number_format for i in range(1, 22)}
    for heading in ("统一社会信用代码（必填）", "机构代码", "上级机构代码", "联系电话"):
        assert forms[heading] == "@"
    assert forms["批准设立日期"] == "yyyy-mm-dd"
    assert sheet["C2"].value == "00001"


async def test_the_kinds_of_records_are_those_of_the_rules(office):
    choices = _choices(_open(await make_template(office, "records")))["信息类别"]
    assert {"警告", "通报批评", "列入经营异常名录", "移出严重违法失信名单"} <= set(choices)


async def test_the_districts_are_those_of_the_office(office):
    await District.insert(District(code="370399", name="示例新区"))
    choices = _choices(_open(await make_template(office, "agencies")))["所在区县"]
    assert choices[-1] == "示例新区"


@pytest.mark.parametrize("kind", KINDS)
async def test_the_words_of_every_drop_down_are_understood(office, operator, kind):
    """Each word on offer, in a copy of the first sample row: nothing but being a copy is wrong with it."""
    for needed in ORDER[: ORDER.index(kind)]:
        await import_file(office, operator, needed, "a.xlsx", await make_template(office, needed))
    content = await make_template(office, kind)
    places = {cell.value.removesuffix("（必填）"): cell.column for cell in _open(content).worksheets[0][1]}
    book = _open(content)
    sheet = book.worksheets[0]
    sample = [cell.value for cell in sheet[2]]
    for heading, words in _choices(book).items():
        for word in words:
            sheet.append([*sample[: places[heading] - 1], word, *sample[places[heading] :]])
    out = io.BytesIO()
    book.save(out)
    report = await import_file(office, operator, kind, "a.xlsx", out.getvalue(), is_dry_run=True)
    assert {fault.code for fault in report.faults} <= {
        "import.sample",
        "import.repeated",
        "import.contradicts",
    }


def test_the_texts_name_every_column_and_no_other():
    path = Path(__file__).parents[2] / "agency_credit/services/reference_data/templates.toml"
    texts = tomllib.loads(path.read_text("utf-8"))
    assert {kind: list(text["fields"]) for kind, text in texts.items()} == {
        name: [column.field for column in kind.columns] for name, kind in KINDS.items()
    }


async def test_there_is_no_template_of_anything_else(office):
    with pytest.raises(NotFoundError, match="template"):
        await make_template(office, "passwords")


async def test_the_import_page_hands_out_the_templates(office):
    await add_account(office, "drafter", Role.DRAFTER)
    async with desk_of(office, "drafter") as desk:
        page = await desk.open("/admin/import")
        for kind in KINDS:
            assert f"/admin/import/templates/{kind}.xlsx" in page.text
            answer = await desk.client.get(f"/admin/import/templates/{kind}.xlsx")
            assert answer.status_code == 200
            assert answer.headers["content-disposition"] == f'attachment; filename="{kind}.xlsx"'
            assert _open(answer.content).sheetnames[-1] == SHEET_OF_NOTES
        assert (await desk.client.get("/admin/import/templates/none.xlsx")).status_code == 404


def test_the_command_writes_a_template_and_overwrites_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert run(["template", "agencies"]) == 0
    assert _open((tmp_path / "agencies.xlsx").read_bytes()).sheetnames[-1] == SHEET_OF_NOTES
    (tmp_path / "agencies.xlsx").write_bytes(b"filled in")
    assert run(["template", "agencies"]) == 2
    assert "template.file" in capfd.readouterr().err
    assert (tmp_path / "agencies.xlsx").read_bytes() == b"filled in"
    assert run(["template", "records", "-"]) == 0
