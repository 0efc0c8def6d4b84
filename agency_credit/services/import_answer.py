"""The answer to a list: the list itself with what became of every row and why; or its faulty rows alone.

Whoever mends the faulty rows can import that workbook again: the two columns more are not read.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from agency_credit.domain.errors import Fault
from agency_credit.domain.spreadsheet import format_harmless_cell
from agency_credit.services.import_child import read_apart
from agency_credit.services.import_columns import load_said
from agency_credit.services.import_header import Table, find_tables
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_sheets import CellValue, Sheet, parse_column
from agency_credit.services.import_work import RowOutcome, RowState

Tell = Callable[[Fault], str]
"""What a fault says, in the language of whoever reads it."""

STATE_HEADING, REASON_HEADING = "状态（导入结果）", "原因（导入结果）"
"""Headings of the two columns; no list knows them, so that a later import passes over them."""
STATE_WORDS: Mapping[RowState, str] = {
    "new": "新增",
    "changed": "变更",
    "same": "无变化",
    "repeated": "重复",
    "forgotten": "已修复，不再收录",
    "faulty": "有误，未录入",
}

_COLOURS: Mapping[RowState, str] = {
    "new": "E3F1E3",
    "changed": "FFF4CC",
    "repeated": "EDEDED",
    "forgotten": "EDEDED",
    "faulty": "FBE3E0",
}
_FILLS = {state: PatternFill("solid", start_color=colour) for state, colour in _COLOURS.items()}
_BAD_CELL = PatternFill("solid", start_color="F2A59B")
_HEAD = Font(bold=True)
_WRAPPED = Alignment(wrap_text=True, vertical="top")
_PLACE = re.compile(r"([A-Z]+)([0-9]+)")
_NO_TITLE = re.compile(r"[\\*?:/\[\]\x00-\x1f]|^'|'$")
_MAX_TITLE = 31
_FORMS: tuple[tuple[type, str], ...] = (
    (datetime, "yyyy-mm-dd hh:mm:ss"),
    (date, "yyyy-mm-dd"),
    (time, "hh:mm:ss"),
    (timedelta, "[h]:mm:ss"),
)


async def make_answer(
    name: str,
    content: bytes,
    kind: str,
    outcomes: Sequence[RowOutcome],
    tell: Tell,
    *,
    only_faulty: bool = False,
) -> bytes:
    """The answer to a file, as an xlsx.

    Parameters
    ----------
    name, content
        Of the file: xlsx, xls or csv.
    outcomes
        Of its rows, as the import of that very file gave them.

    Raises
    ------
    InputError
        As an import of the file does.
    """

    said = await load_said(kind)

    def make() -> bytes:
        sheets = read_apart(name, content)
        tables = find_tables(name, KINDS[kind], sheets, said)
        return write_answer(sheets, tables, outcomes, tell, only_faulty=only_faulty)

    return await asyncio.to_thread(make)


def write_answer(
    sheets: Sequence[Sheet],
    tables: Sequence[Table],
    outcomes: Sequence[RowOutcome],
    tell: Tell,
    *,
    only_faulty: bool = False,
) -> bytes:
    """The answer to sheets, as an xlsx; with `only_faulty` the headers and the rows that were kept out.

    Values alone are written, and no text can become a formula.
    """
    book = Workbook(write_only=True)
    by_sheet: dict[str | None, dict[int, RowOutcome]] = {}
    for outcome in outcomes:
        by_sheet.setdefault(outcome.sheet, {})[outcome.row] = outcome
    headers = {table.sheet.name: table.header for table in tables}
    for sheet in sheets:
        found = by_sheet.get(sheet.name, {})
        has_faulty = any(outcome.state == "faulty" for outcome in found.values())
        if not only_faulty or has_faulty:
            _write_sheet(book, sheet, headers.get(sheet.name), _Rows(found, tell), only_faulty=only_faulty)
    if not book.worksheets:
        book.create_sheet("无")  # a workbook without a sheet cannot be opened
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Rows:
    """What became of the rows of a sheet, by their number."""

    outcomes: Mapping[int, RowOutcome]
    tell: Tell

    def reason(self, outcome: RowOutcome) -> str:
        """What keeps the row out; of a row that was let in, what to look at."""
        wanted = "error" if outcome.state == "faulty" else "warning"
        told = (self.tell(fault) for fault in outcome.faults if fault.severity == wanted)
        return "\n".join(dict.fromkeys(told))

    def bad_columns(self, outcome: RowOutcome) -> frozenset[int]:
        """Columns, from 0, of the cells that keep the row out; none in a csv, which names lines only."""
        places = (
            _PLACE.fullmatch(fault.at.rpartition("!")[2])
            for fault in outcome.faults
            if fault.severity == "error" and "!" in fault.at
        )
        return frozenset(parse_column(place[1]) for place in places if place)


def _write_sheet(book: Workbook, sheet: Sheet, header: int | None, rows: _Rows, *, only_faulty: bool) -> None:
    out = book.create_sheet(_title_of(sheet))
    columns = _own_columns(sheet, header)
    width = len(columns)
    out.column_dimensions[get_column_letter(width + 1)].width = 16
    out.column_dimensions[get_column_letter(width + 2)].width = 70
    for place, cells in enumerate(sheet.rows):
        outcome = rows.outcomes.get(sheet.numbers[place])
        is_header = header == place
        is_kept = is_header or (outcome is not None and outcome.state == "faulty")
        if only_faulty and not is_kept:
            continue
        written = list(_write_cells(out, cells, columns, outcome, rows))
        if header is not None and (is_header or outcome is not None):
            written += _write_result(out, outcome, rows)
        out.append(written)


def _title_of(sheet: Sheet) -> str:
    """Name of the sheet, as far as a spreadsheet program takes it; not every program that writes one asks."""
    return _NO_TITLE.sub("_", (sheet.name or "")[:_MAX_TITLE]) or "Sheet1"


def _own_columns(sheet: Sheet, header: int | None) -> list[int]:
    """Columns of the list itself, without those of an answer that is imported again."""
    width = max((len(row) for row in sheet.rows), default=0)
    heads = sheet.rows[header] if header is not None else ()
    ours = {place for place, head in enumerate(heads) if head in (STATE_HEADING, REASON_HEADING)}
    return [place for place in range(width) if place not in ours]


def _write_cells(
    out: object, cells: Sequence[CellValue], columns: list[int], outcome: RowOutcome | None, rows: _Rows
) -> Iterator[WriteOnlyCell]:
    fill = _FILLS.get(outcome.state) if outcome else None
    bad = rows.bad_columns(outcome) if outcome else frozenset()
    for column in columns:
        cell = _to_cell(out, cells[column] if column < len(cells) else "")
        if column in bad:
            cell.fill = _BAD_CELL
        elif fill is not None:
            cell.fill = fill
        yield cell


def _write_result(out: object, outcome: RowOutcome | None, rows: _Rows) -> list[WriteOnlyCell]:
    if outcome is None:
        heads = [_to_cell(out, STATE_HEADING), _to_cell(out, REASON_HEADING)]
        for cell in heads:
            cell.font = _HEAD
        return heads
    state, reason = _to_cell(out, STATE_WORDS[outcome.state]), _to_cell(out, rows.reason(outcome))
    for cell in (state, reason):
        cell.alignment = _WRAPPED
        if outcome.state in _FILLS:
            cell.fill = _FILLS[outcome.state]
    return [state, reason]


def _to_cell(out: object, value: CellValue) -> WriteOnlyCell:
    """A cell with this value; a text stays a text, whatever it begins with, also when it is edited."""
    if not isinstance(value, str):
        cell = WriteOnlyCell(out, value=value)
        form = next((form for kind, form in _FORMS if isinstance(value, kind)), None)
        if form:
            cell.number_format = form
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    cell = WriteOnlyCell(out, value=text or None)
    if text:
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = format_harmless_cell(text) != text
    return cell
