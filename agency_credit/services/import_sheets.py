"""Sheets: rows of cells that know where they stand, whatever file they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

CellValue = str | float | bool | date | datetime | time | timedelta

MAX_CELLS = 2_000_000
"""Cells of the smallest rectangle around a sheet's content; more is refused before it is laid out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of a workbook, or a whole csv.

    Parameters
    ----------
    name
        Of the sheet; None for a csv.
    rows
        Cell values, row by row from the top left corner; an empty cell is ``""``. Rows may differ in length.
    numbers
        For every row its number in the file, from 1; in a csv the line on which the row begins.
    formulas
        (row, column), both from 0, of the cells that hold a formula.
    """

    name: str | None
    rows: Sequence[Sequence[CellValue]]
    numbers: Sequence[int]
    formulas: frozenset[tuple[int, int]] = frozenset()

    def format_place(self, row: int, column: int) -> str:
        """``sheet!cell`` in a workbook, the line number in a csv; `row` and `column` from 0."""
        if self.name is None:
            return str(self.numbers[row])
        return f"{self.name}!{format_column(column)}{self.numbers[row]}"


def format_column(column: int) -> str:
    """Letters of a column counted from 0: A, B, … Z, AA, …"""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def parse_column(letters: str) -> int:
    """Number from 0 of the column with these letters; the inverse of `format_column`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
