"""Reading the rows of a list; every fault is named where it stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from agency_credit.domain.errors import Fault, Severity
from agency_credit.publication.masking import find_personal_number
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
from agency_credit.services.import_header import Table
from agency_credit.services.import_sheets import CellValue
from agency_credit.services.import_work import CellChange, RowOutcome, RowState, list_changes

_EARLIEST = date(1900, 1, 1)
SAMPLE_MARK = "【示例】"
"""Stands in the sample rows of the templates."""

Row = TypeVar("Row")
State = TypeVar("State")


class RowReader:
    """Reads the cells of one row and notes what is wrong with them, and what becomes of it.

    Parameters
    ----------
    table, row
        The list and the row of its sheet, from 0.
    """

    def __init__(self, table: Table, row: int) -> None:
        self._table = table
        self._row = row
        self._cells = table.sheet.rows[row]
        self._faults: list[tuple[int, Fault]] = []
        self._state: RowState = "same"
        self._changes: tuple[CellChange, ...] = ()
        self.has_error = False

    def settle(self, state: RowState, changes: tuple[CellChange, ...] = ()) -> None:
        """Say what the row does; an error that is noted, before or after, outweighs it."""
        self._state, self._changes = state, changes

    def faults(self) -> tuple[Fault, ...]:
        """Faults of the row, by column however late they were found."""
        return tuple(fault for _, fault in sorted(self._faults, key=lambda noted: noted[0]))

    def outcome(self) -> RowOutcome:
        """What became of the row, once all rows were held against the store."""
        sheet = self._table.sheet
        told = ("uscc", "certificate", "document_number", "name")
        words = (clean_text(self.raw(name)) for name in (told[:2] if self._state == "forgotten" else told))
        return RowOutcome(
            sheet=sheet.name,
            row=sheet.numbers[self._row],
            state="faulty" if self.has_error else self._state,
            changes=() if self.has_error else self._changes,
            faults=self.faults(),
            subject=" ".join(word for word in words if word)[:200],  # of what is forgotten only whose it was
        )

    def raw(self, field: str) -> CellValue:
        """What stands in the cell; ``""`` where the list has no such column."""
        column = self._table.places.get(field, len(self._cells))
        return self._cells[column] if column < len(self._cells) else ""

    def has(self, field: str) -> bool:
        """Whether the list has such a column."""
        return field in self._table.places

    def fault(self, field: str | None, code: str, template: str, /, **params: str | int) -> None:
        """Note an error at the cell of `field` (None: at the row); the row is kept out."""
        self.has_error = True
        self._note(field, "error", code, template, params)

    def soft_fault(self, field: str | None, code: str, template: str, /, **params: str | int) -> None:
        """Note a warning at the cell of `field` (None: at the row); the row is let in."""
        self._note(field, "warning", code, template, params)

    def text(self, field: str, *, is_name: bool = False) -> str:
        """Text of a cell, ``""`` where it is empty or faulty (then a fault is noted)."""
        if field not in self._table.places:
            return ""
        text = clean_text(self.raw(field))
        if self._is_refused(field, text):
            return ""
        if is_nothing(text):
            self._check_required(field)
            return ""
        if is_name and find_personal_number(text):
            self.fault(
                field,
                "import.personal-number",
                "{heading}: the name holds an identity or telephone number; take it out",
            )
            return ""
        return clean_name(text) if is_name else text

    def code(self, field: str) -> str:
        """A code that names something, narrow and in capitals; ``""`` as for `text`."""
        text = clean_code(self.text(field))
        if text and is_number_of_code(self.raw(field)):
            self.fault(
                field,
                "import.code-damaged",
                "{heading}: found {found}: the spreadsheet turned the code into a number; format the column "
                "as text and type the code again",
                found=text,
            )
            return ""
        return text

    def uscc(self, field: str = "uscc") -> str:
        """A unified social credit code, GB 32100-2015; its check digit is not looked at here."""
        text = clean_code(self.text(field)).replace("-", "")
        if not text:
            return ""
        if isinstance(self.raw(field), float) or is_number_of_code(text):
            self.fault(
                field,
                "import.uscc-damaged",
                "{heading}: expected 18 characters, found {found}: the spreadsheet turned the code into a "
                "number and lost digits; format the column as text and type the code again",
                found=text,
            )
            return ""
        if not is_social_credit_code(text):
            self.fault(
                field,
                "import.uscc-malformed",
                "{heading}: expected 8 digits and 10 more digits or capitals without I, O, S, V, Z, "
                "found {found} ({n} characters); compare it with the business licence",
                found=text,
                n=len(text),
            )
            return ""
        return text

    def warn_of_sample(self) -> None:
        """Note that the row is one of the two made-up ones of a template, which nobody deleted."""
        if any(SAMPLE_MARK in str(cell) for cell in self._cells):
            self.soft_fault(
                None,
                "import.sample",
                "this row is a sample of the template: it is taken in like any other, delete it and import "
                "the list again",
            )

    def warn_of_check_digit(self, uscc: str) -> bool:
        """Whether the last character contradicts the others: a warning, for real firms have such codes."""
        expected = find_check_digit(uscc)
        if uscc[17] == expected:
            return False
        self.soft_fault(
            "uscc",
            "import.uscc-check-digit",
            "{heading}: the check digit of {found} should be {expected}; the row is taken in and flagged, "
            "compare the code with the business licence",
            found=uscc,
            expected=expected,
        )
        return True

    def day(self, field: str, *, until: date | None = None) -> date | None:
        """A date in any of the usual notations, not after `until`; None where the cell is empty or faulty."""
        value = self.raw(field)
        text = self.text(field)
        if not text:
            return None
        if isinstance(value, datetime):
            value = value.date()
        day = value if isinstance(value, date) else parse_day(text)
        if day is None or day < _EARLIEST:
            self.fault(
                field,
                "import.date",
                "{heading}: there is no such day as {found}; expected a date like 2026-03-30, 2026.3.30, "
                "2026年3月30日 or 20260330",
                found=text,
            )
            return None
        if until is not None and day > until:
            self.fault(
                field,
                "import.date-future",
                "{heading}: {found} is in the future; expected a day up to {until}",
                found=day.isoformat(),
                until=until.isoformat(),
            )
            return None
        return day

    def word(self, field: str, meanings: Mapping[str, str]) -> str:
        """What a word of the office means; ``""`` where the cell is empty or faulty."""
        text = self.text(field).replace(" ", "")
        if not text:
            return ""
        meaning = meanings.get(text) or meanings.get(unicodedata.normalize("NFKC", text).upper())
        if meaning is None:
            self.fault(
                field,
                "import.word-unknown",
                "{heading}: expected one of {expected}, found {found}",
                expected="、".join(meanings),
                found=text,
            )
            return ""
        return meaning

    def count(self, field: str) -> int | None:
        """A whole number from 0 on; None where the cell is empty or faulty."""
        text = self.text(field)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.fault(
                field,
                "import.count",
                "{heading}: expected a whole number from 0 on, found {found}",
                found=text,
            )
            return None
        return int(text)

    def _is_refused(self, field: str, text: str) -> bool:
        """Whether the text can be no value: a formula, or too long; then a fault is noted."""
        cell = (self._row, self._table.places.get(field, -1))
        limit = self._table.kind.column(field).max_length
        if cell in self._table.sheet.formulas or looks_like_formula(field, text):
            self.fault(
                field,
                "import.formula",
                "{heading}: expected a value, found a formula or what a spreadsheet would take for one "
                "({found}); put the plain value in its place",
                found=text[:100],
            )
        elif len(text) > limit:
            self.fault(
                field,
                "import.too-long",
                "{heading}: expected at most {limit} characters, found {n}; shorten it",
                limit=limit,
                n=len(text),
            )
        else:
            return False
        return True

    def _check_required(self, field: str) -> None:
        if self._table.kind.column(field).is_required:
            self.fault(field, "import.cell-missing", "{heading} is empty; every row needs it, fill it in")

    def _note(
        self,
        field: str | None,
        severity: Severity,
        code: str,
        template: str,
        params: Mapping[str, str | int],
    ) -> None:
        column = self._table.places.get(field) if field else None
        if column is None:
            column = next((place for place, value in enumerate(self._cells) if clean_text(value)), 0)
        heading = {"heading": self._heading(field)} if field else {}
        fault = Fault(
            at=self._table.sheet.format_place(self._row, column),
            code=code,
            template=template,
            params={**heading, **params},
            severity=severity,
        )
        self._faults.append((column, fault))

    def _heading(self, field: str) -> str:
        """What the file itself writes above the column, else what it should."""
        column = self._table.places.get(field)
        if column is None:
            return self._table.kind.column(field).headings[0]
        return clean_name(clean_text(self._table.sheet.rows[self._table.header][column]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow(Generic[Row]):
    """A row without error, and its reader, to note what shows only beside other rows."""

    value: Row
    reader: RowReader

    def settle(self, before: State | None, after: State, cells: Callable[[State], Mapping[str, str]]) -> None:
        """Say what the row does to what was known.

        Parameters
        ----------
        before, after
            What the store said (None: nothing), and what it will say.
        cells
            A state as text by column.
        """
        if before is None:
            self.reader.settle("new", list_changes({}, cells(after)))
        elif before != after:
            self.reader.settle("changed", list_changes(cells(before), cells(after)))
        else:
            self.reader.settle("same")


@dataclass(slots=True, kw_only=True)
class ReadList(Generic[Row]):
    """What a file holds: its rows without error, each once, and the readers of all its rows."""

    rows: list[ReadRow[Row]] = field(default_factory=list)
    readers: list[RowReader] = field(default_factory=list)

    def faults(self) -> tuple[Fault, ...]:
        """Faults of all rows, in the order of the file."""
        return tuple(fault for reader in self.readers for fault in reader.faults())

    def outcomes(self) -> tuple[RowOutcome, ...]:
        """What became of each row; to be asked once the rows were held against the store."""
        return tuple(reader.outcome() for reader in self.readers)


def read_rows(
    tables: Sequence[Table],
    parse: Callable[[RowReader], Row | None],
    key: Callable[[Row], Hashable],
    key_field: str,
) -> ReadList[Row]:
    """Read every row below the headers; blank rows and totals are passed over.

    Parameters
    ----------
    parse
        Row to noun; None where it noted an error.
    key, key_field
        What identifies a row, and the column to blame. The same row again is reported and kept once; a
        row with the same key that says something else is an error.
    """
    result: ReadList[Row] = ReadList()
    seen: dict[Hashable, Row] = {}
    for reader in _readers(tables):
        result.readers.append(reader)
        value = parse(reader)
        if value is None or reader.has_error:
            continue
        reader.warn_of_sample()
        first = seen.setdefault(key(value), value)
        if first is value:
            result.rows.append(ReadRow(value=value, reader=reader))
        elif first == value:
            reader.settle("repeated")
            reader.soft_fault(None, "import.repeated", "this row stands above already; it is taken once")
        else:
            reader.fault(
                key_field,
                "import.contradicts",
                "{heading}: a row above says something else of {found}; keep one of the two",
                found=clean_text(reader.raw(key_field)),
            )
    return result


def collect_codes(tables: Sequence[Table], *fields: str) -> list[str]:
    """All codes in these columns, cleaned but not checked: what to look up before the rows are read."""
    codes = {
        clean_code(row[column]).replace("-", "") if field == "uscc" else clean_code(row[column])
        for table in tables
        for field in fields
        if (column := table.places.get(field)) is not None
        for row in table.sheet.rows[table.header + 1 :]
        if column < len(row)
    }
    return sorted(codes - {""})


def _readers(tables: Sequence[Table]) -> Iterator[RowReader]:
    for table in tables:
        for row in range(table.header + 1, len(table.sheet.rows)):
            if not _is_blank(table, row) and not is_total(table.sheet.rows[row]):
                yield RowReader(table, row)


def _is_blank(table: Table, row: int) -> bool:
    """Whether none of the list's columns says anything; a running number or a remark does not count."""
    cells = table.sheet.rows[row]
    return not any(
        (row, column) in table.sheet.formulas or (column < len(cells) and clean_text(cells[column]))
        for column in table.places.values()
    )
