"""The annual plan as a table: for the provincial platform, for spreadsheets; no cell becomes a formula.

Its columns are of the kind that county plans publish (docs/legal-sources.md, 4.4, S44); headings and words
are those of the platform, hence Chinese in every language.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from agency_credit.services.annual_plan import PlanContent, PlanRow
from agency_credit.services.frame import LINE_NAMES
from agency_credit.services.items import Item
from agency_credit.services.supervision import format_share

COLUMNS = (
    ("序号", 6),
    ("检查主体", 26),
    ("计划名称", 28),
    ("检查内容", 44),
    ("检查对象", 20),
    ("检查范围", 20),
    ("抽查方式", 10),
    ("定向条件", 24),
    ("抽查比例", 10),
    ("抽查数量", 10),
    ("抽查频次", 10),
    ("计划时间", 14),
    ("责任股室", 16),
    ("联合部门", 24),
)
"""Heading and width of each column."""


def format_rows(
    content: PlanContent, items: Mapping[str, Item], districts: Mapping[str, str]
) -> list[list[str | int]]:
    """A line for each row of the plan, in the order of `COLUMNS`.

    Parameters
    ----------
    items
        By code; a code that is on no list any more stands for itself.
    districts
        Names by code.
    """
    return [_format_row(row, items, districts) for row in content.rows]


def format_workbook(title: str, rows: Iterable[Iterable[str | int]]) -> bytes:
    """An xlsx with one sheet: a title, the headings, the rows; every text is a text."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None, "a new workbook has a sheet"
    sheet.title = "年度抽查计划"
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(COLUMNS))
    sheet.append([name for name, _ in COLUMNS])
    for row in rows:
        sheet.append(list(row))
    for line in sheet.iter_rows():
        for cell in line:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # whatever it begins with
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    for number, (_, width) in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A3"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def format_months(months: Iterable[int]) -> str:
    """Months as a plan writes them: ``4—6月、9月``."""
    runs: list[list[int]] = []
    for month in sorted(set(months)):
        if runs and month == runs[-1][1] + 1:
            runs[-1][1] = month
        else:
            runs.append([month, month])
    return "、".join(f"{first}月" if first == last else f"{first}—{last}月" for first, last in runs)


def _format_row(row: PlanRow, items: Mapping[str, Item], districts: Mapping[str, str]) -> list[str | int]:
    titles = [items[code].title if code in items else code for code in row.items]
    return [
        row.row,
        row.body,
        row.title,
        "；".join(titles),
        "、".join(f"{LINE_NAMES[line]}代理机构" for line in row.practice_lines),
        "、".join(districts.get(area, area) for area in row.areas) or "全部",
        "定向" if row.directed else "不定向",
        row.criteria,
        format_share(row.fraction) if row.fraction else "",
        "" if row.count is None else row.count,
        f"{row.frequency}次/年",
        format_months(row.months),
        row.department,
        "；".join(row.partners),
    ]


def parse_share(text: str) -> str:
    """A share as people write it (``5%``, ``5``, ``1/3``) as a plan keeps it; what is none stays."""
    stripped = text.strip().removesuffix("%").removesuffix("％").strip()
    if "/" in stripped or not stripped:
        return stripped
    try:
        share = format(Decimal(stripped) / 100, "f")
    except ArithmeticError:
        return stripped
    return share.rstrip("0").rstrip(".") if "." in share else share
