"""Inspections by other bodies, from their lists."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.database.tables import ImportRun, OtherInspection
from agency_credit.domain.errors import FaultsError
from agency_credit.services.import_file import import_file
from agency_credit.services.import_undo import undo_import

A, B = "91370303MA3C000017", "91370303MA3D00001B"
HEADER = "信用代码,检查日期,检查机关,检查类型,是否现场检查,是否根据线索,检查文书号,检查事项"
ROW = f"{A},2026-03-02,张店区税务局,日常,是,否,张税检〔2026〕1号,纳税申报"


@pytest.fixture(autouse=True)
async def agencies(office, operator):
    """Two agencies."""
    lines = "机构名称,信用代码", f"甲,{A}", f"乙,{B}"
    await import_file(
        office, operator, "agencies", "名录.csv", "\n".join(lines).encode(), practice_line="patent"
    )


async def _import(office, operator, *rows, header=HEADER):
    return await import_file(office, operator, "inspections", "检查.csv", "\n".join((header, *rows)).encode())


async def test_an_inspection_is_kept_as_its_list_has_it(office, operator, clock):
    report = await _import(office, operator, ROW)
    assert (report.new, report.faults) == (1, ())
    row = await OtherInspection.select(
        *(c for c in OtherInspection.all_columns() if c._meta.name not in ("id", "agency")),
        OtherInspection.agency.uscc.as_alias("uscc"),
    ).first()
    run = await ImportRun.select(ImportRun.id).where(ImportRun.kind == "inspections").first()
    assert row == {
        "uscc": A,
        "inspected_on": date(2026, 3, 2),
        "authority": "张店区税务局",
        "kind": "routine",
        "is_on_site": True,
        "is_lead_based": False,
        "document_number": "张税检〔2026〕1号",
        "items": "纳税申报",
        "import_run": run["id"],
        "known_at": clock.now,
    }


async def test_again_it_is_the_same_and_another_word_changes_it(office, operator, clock):
    await _import(office, operator, ROW)
    first = await OtherInspection.select(OtherInspection.import_run, OtherInspection.known_at).first()
    clock.forward(days=1)
    assert (await _import(office, operator, ROW)).same == 1
    blank = ROW.replace(",否,", ",,").replace("纳税申报", "")
    assert (await _import(office, operator, blank)).same == 1
    report = await _import(office, operator, ROW.replace("日常,是", "个案检查,否"))
    assert [(c.field, c.old, c.new) for c in report.outcomes[0].changes] == [
        ("kind", "routine", "case"),
        ("is_on_site", "yes", "no"),
    ]
    row = await OtherInspection.select().first()
    assert (row["kind"], row["is_on_site"]) == ("case", False)
    assert {"import_run": row["import_run"], "known_at": row["known_at"]} == first
    assert await OtherInspection.count() == 1


async def test_another_day_body_or_document_is_another_inspection(office, operator):
    rows = [
        ROW,
        ROW.replace("03-02", "03-03"),
        ROW.replace("张店区税务局", "张店区人社局"),
        ROW.replace("1号", "2号"),
        ROW.replace(A, B),
    ]
    assert (await _import(office, operator, *rows)).new == len(rows)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (ROW.replace(A, "91370303MA3E00001F"), "import.agency-unknown"),
        (ROW.replace("2026-03-02", "2026-11-25"), "import.date-future"),
        (ROW.replace("日常", "抽查"), "import.word-unknown"),
        (ROW.replace(",是,否,", ",,否,"), "import.cell-missing"),
        (ROW.replace(",是,否,", ",是,也许,"), "import.word-unknown"),
        (ROW.replace("张店区税务局", ""), "import.cell-missing"),
        (ROW.replace("纳税申报", "=1+1"), "import.formula"),
    ],
)
async def test_a_faulty_row_is_kept_out(office, operator, row, code):
    report = await _import(office, operator, row)
    assert [fault.code for fault in report.faults] == [code]
    assert await OtherInspection.count() == 0


async def test_the_day_of_the_import_is_not_in_the_future(office, operator):
    assert (await _import(office, operator, ROW.replace("2026-03-02", "2026-11-24"))).new == 1


async def test_an_import_is_undone_row_by_row(office, operator):
    other = ROW.replace("1号", "2号")
    await _import(office, operator, ROW)
    before = await OtherInspection.select()
    report = await _import(office, operator, ROW.replace("日常,是", "个案,否"), other)
    await undo_import(office, operator, report.run, "导错了文件")
    assert await OtherInspection.select() == before
    second = await _import(office, operator, other)
    await OtherInspection.update({OtherInspection.kind: "case"}).where(OtherInspection.kind == "routine")
    with pytest.raises(FaultsError):
        await undo_import(office, operator, second.run, "再来")


async def test_two_rows_of_one_inspection_contradict(office, operator):
    report = await _import(office, operator, ROW, ROW.replace("日常", "专项"), ROW)
    assert [fault.code for fault in report.faults] == ["import.contradicts", "import.repeated"]
