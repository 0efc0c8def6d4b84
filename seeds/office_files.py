"""A population as the files that offices send: as messy as real ones, every fault known.

Messy on purpose: title rows, line breaks in headings, a blank row, a repeated row, padded names,
full-width digits, lower-case codes, four notations of a date, codes turned into numbers, a total row.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from seeds.places import CITY, DISTRICTS
from seeds.population import (
    Maker,
    Population,
    SampleAgency,
    SampleInspector,
    SamplePractitioner,
    SampleRecord,
)

Cell = str | int | float | date | None
Faults = tuple[tuple[str, str], ...]

_FIXED = (2026, 10, 8, 9, 0, 0)
"""Time stamp of everything in a workbook, so that the same numbers make the same bytes."""
_PATENT_HEADER = (
    *("序号", "机构名称", "机构代码", "统一社会\n信用代码", "类型", "所在区县"),
    *("地址", "负责人", "联系电话", "批准设立日期", "状态", "上级机构代码"),
)
_SANCTIONS = {
    "警告": "警告、罚款",
    "通报批评": "通报批评、罚款",
    "责令停止承接新的专利代理业务": "责令停止承接新的专利代理业务",
}
"""What penalties consist of, by the kind of the record."""
_MODIFIED = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_FULL_WIDTH = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFile:
    """A file of an office and what an import must say of it.

    Parameters
    ----------
    kind, practice_line
        As `agency-credit import` takes them.
    n_good
        Rows that are taken in, each once.
    faults
        Place and code of every fault, in the order of the file; warnings too.
    shown
        On the list of records: credit code of the agency whose desk the demo shows.
    """

    name: str
    kind: Literal["agencies", "practitioners", "inspectors", "recusals", "records"]
    content: bytes
    n_good: int
    faults: Faults
    practice_line: Literal["patent", "trademark"] | None = None
    shown: str = ""


def write_office_files(population: Population, maker: Maker) -> tuple[OfficeFile, ...]:
    """All files, in the order in which they are imported."""
    return (
        _patent_list(population, maker),
        _trademark_list(population, maker),
        _practitioner_list(population, maker),
        _inspector_list(population.inspectors, maker),
        _recusal_list(population),
        _record_list(population, maker),
    )


def _patent_list(population: Population, maker: Maker) -> OfficeFile:
    rows: list[list[Cell]] = [
        ["淄博市专利代理机构名录（含分支机构）　演示数据"],
        ["填报单位：知识产权科        填报日期：2026年10月"],
        [],
        [*_PATENT_HEADER],
    ]
    faults: list[tuple[str, str]] = []
    n_agencies = len(population.patent)
    for i, agency in enumerate(population.patent):
        rows.append(_messy(_patent_row(i + 1, agency), i))
        if i == n_agencies // 5:
            rows.append([])
        if i == n_agencies // 4:
            rows.append(list(rows[-1]))
            faults.append((f"名录!A{len(rows)}", "import.repeated"))
        if i in (n_agencies // 3, n_agencies // 2, 2 * n_agencies // 3):
            bad = _patent_row(i + 1, maker.patent_agency(700 + i))
            column, code = _damage(bad, len(faults))
            rows.append(bad)
            faults.append((f"名录!{column}{len(rows)}", code))
    rows.append(["合计", n_agencies])
    return OfficeFile(
        name="专利代理机构名录.xlsx",
        kind="agencies",
        content=format_workbook("名录", rows, n_title_rows=2),
        n_good=n_agencies + 1,  # the one with a wrong check digit is taken in and flagged
        faults=tuple(faults),
    )


def _patent_row(number: int, agency: SampleAgency) -> list[Cell]:
    return [
        number,
        agency.name,
        agency.agency_code,
        agency.uscc,
        "专利（分支）" if agency.parent_code else "专利",
        DISTRICTS[agency.area],
        agency.address,
        agency.head,
        agency.telephone,
        agency.established_on,
        "注销" if agency.is_cancelled else "正常",
        agency.parent_code or None,
    ]


def _messy(row: list[Cell], i: int) -> list[Cell]:
    """The same row in one of the many ways to type it."""
    name, code, uscc, address, day = row[1], row[2], row[3], row[6], row[9]
    assert isinstance(day, date)
    assert isinstance(address, str)
    row[1] = f"  {name} " if i % 5 == 0 else name
    row[2] = int(str(code)) if i % 3 == 0 else code
    row[3] = str(uscc).lower() if i % 4 == 0 else uscc
    row[6] = address.translate(_FULL_WIDTH) if i % 6 == 0 else address
    row[9] = (day, f"{day:%Y.%m.%d}", f"{day.year}年{day.month}月{day.day}日", int(f"{day:%Y%m%d}"))[i % 4]
    return row


def _damage(row: list[Cell], n_before: int) -> tuple[str, str]:
    """Spoil one cell of a row; its column and the code of the fault."""
    if n_before == 1:
        uscc = str(row[3])
        row[3] = uscc[:17] + ("0" if uscc[17] != "0" else "1")
        return "D", "import.uscc-check-digit"
    if n_before == 2:
        row[3] = float(f"{int(str(row[3])[:6])}e12")
        return "D", "import.uscc-damaged"
    row[9] = "2021年2月30日"
    return "J", "import.date"


def _trademark_list(population: Population, maker: Maker) -> OfficeFile:
    rows: list[list[Cell]] = [
        ["代理机构", "信用代码", "备案日期", "备案有效期至", "区县", "地址", "从业人员数"]
    ]
    rows += [_trademark_row(agency) for agency in population.trademark]
    for agency in population.both:  # known from the other list; an empty cell erases nothing
        known = replace(agency, filed_on=date(2024, 5, 6), address="")
        rows.append(_trademark_row(known))
    nameless = replace(maker.trademark_agency(), uscc="")
    rows.append(_trademark_row(nameless))
    return OfficeFile(
        name="商标代理机构备案名单.csv",
        kind="agencies",
        practice_line="trademark",
        content=format_csv(rows, "gb18030"),
        n_good=len(rows) - 2,
        faults=((str(len(rows)), "import.cell-missing"),),
    )


def _trademark_row(agency: SampleAgency) -> list[Cell]:
    assert agency.filed_on is not None
    until, area = filed_until(agency.filed_on), DISTRICTS[agency.area]
    return [agency.name, agency.uscc, agency.filed_on, until, area, agency.address or None, agency.n_staff]


def filed_until(filed_on: date) -> date:
    """Last day of a filing of that day in the sample data."""
    return filed_on.replace(day=min(filed_on.day, 28), year=filed_on.year + 3)


def _practitioner_list(population: Population, maker: Maker) -> OfficeFile:
    rows: list[list[Cell]] = [["姓名", "资格证号", "所在机构统一社会信用代码", "机构代码", "执业状态"]]
    rows += [_practitioner_row(person, i) for i, person in enumerate(population.practitioners)]
    stranger = maker.practitioner([maker.patent_agency(800)], 900)
    rows.append(_practitioner_row(stranger, 1))
    return OfficeFile(
        name="专利代理师名单.csv",
        kind="practitioners",
        practice_line="patent",
        content=format_csv(rows, "gb18030"),
        n_good=len(rows) - 2,
        faults=((str(len(rows)), "import.agency-unknown"),),
    )


def _practitioner_row(person: SamplePractitioner, i: int) -> list[Cell]:
    name = f"{person.name[0]}　{person.name[1]}" if len(person.name) == 2 and i % 2 else person.name
    return [name, person.certificate, person.agency.uscc, person.agency.agency_code, "执业"]


def _inspector_list(inspectors: Sequence[SampleInspector], maker: Maker) -> OfficeFile:
    rows: list[list[Cell]] = [["姓名", "执法证号", "单位", "区县代码", "专业", "可任组长", "状态"]]
    rows += [_inspector_row(inspector) for inspector in inspectors]
    nobody = replace(inspectors[0], name=maker.person(), certificate="")
    rows.append(_inspector_row(nobody))
    return OfficeFile(
        name="执法检查人员名录库.xlsx",
        kind="inspectors",
        content=format_workbook("Sheet", rows),
        n_good=len(inspectors),
        faults=((f"Sheet!B{len(rows)}", "import.cell-missing"),),
    )


def _inspector_row(inspector: SampleInspector) -> list[Cell]:
    return [
        inspector.name,
        inspector.certificate or None,
        inspector.organisation,
        inspector.area or None,
        inspector.skills,
        "是" if inspector.is_lead else "否",
        "借调" if inspector.is_seconded else "在岗",
    ]


def _recusal_list(population: Population) -> OfficeFile:
    rows: list[list[Cell]] = [["检查人员证号", "机构统一社会信用代码", "回避事由"]]
    rows += [[r.inspector.certificate, r.agency.uscc, r.reason] for r in population.recusals]
    rows.append(["鲁C00000", population.patent[0].uscc, "近亲属任职"])
    return OfficeFile(
        name="回避关系.xlsx",
        kind="recusals",
        content=format_workbook("Sheet", rows),
        n_good=len(population.recusals),
        faults=((f"Sheet!A{len(rows)}", "import.inspector-unknown"),),
    )


def _record_list(population: Population, maker: Maker) -> OfficeFile:
    header: list[Cell] = [
        "主体名称",
        "统一社会信用代码",
        "信息类别",
        "文书号",
        "决定日期",
        "决定机关",
        "摘要",
        "处罚程序",
        "处罚种类",
        "送达日期",
    ]
    unknown = maker.record(maker.trademark_agency(), "警告", date(2026, 3, 3))
    undefined = maker.record(population.patent[0], "未列明的类别", date(2026, 3, 4))
    future = maker.record(population.patent[1], "警告", date(2099, 3, 4))
    records = (*population.records, unknown, undefined, future)
    rows = [_record_row(record, i) for i, record in enumerate(records)]
    n_lines = len(rows) + 1
    return OfficeFile(
        name="信用信息归集.csv",
        kind="records",
        content=format_csv([header, *rows], "utf-8-sig"),
        n_good=len(population.records),
        faults=(
            (str(n_lines - 2), "import.agency-unknown"),
            (str(n_lines - 1), "import.kind-unknown"),
            (str(n_lines), "import.date-future"),
        ),
        shown=population.shown.uscc if population.shown else "",
    )


def _record_row(record: SampleRecord, i: int) -> list[Cell]:
    """A row; penalties say in which procedure, what they consist of, and when they were served."""
    sanctions = _SANCTIONS.get(record.kind)
    return [
        record.agency.name,
        record.agency.uscc,
        record.kind,
        record.document,
        record.decided_on,
        CITY.authority,
        record.summary or None,
        "普通程序" if sanctions else None,
        sanctions,
        record.decided_on + timedelta(1 + i % 7) if sanctions else None,
    ]


def format_csv(rows: Iterable[Sequence[Cell]], encoding: str) -> bytes:
    """Rows as csv; days as 2026-03-30."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def format_workbook(title: str, rows: Sequence[Sequence[Cell]], *, n_title_rows: int = 0) -> bytes:
    """Rows as an xlsx of one sheet, the same bytes for the same rows."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row=row, column=column, value=value)
            if isinstance(value, date):
                cell.number_format = "yyyy-mm-dd"
    last = get_column_letter(max(map(len, rows)))
    for row in range(1, n_title_rows + 1):
        sheet.merge_cells(f"A{row}:{last}{row}")
    out = io.BytesIO()
    book.save(out)
    return _without_clock(out.getvalue())


def _without_clock(content: bytes) -> bytes:
    """Pack a workbook again, without the instant at which it was made."""
    stamp = b"\\g<1>2026-10-08T01:00:00Z"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            entry = zipfile.ZipInfo(name, _FIXED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, _MODIFIED.sub(stamp, part) if name == "docProps/core.xml" else part)
    return out.getvalue()
