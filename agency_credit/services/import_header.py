"""Finding the header of a list in a sheet, whatever title rows stand above it.

Headings are matched by synonym, whatever line breaks, spaces, width and marks like （必填） they carry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from agency_credit.domain.errors import InputError
from agency_credit.services.import_cells import clean_text
from agency_credit.services.import_kinds import Kind
from agency_credit.services.import_sheets import CellValue, Sheet

HEADER_ROWS = 10
"""The header stands within so many rows from the top."""
MAX_HEADING = 200
"""Characters of a heading that are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A list found in a sheet.

    Parameters
    ----------
    header
        Row of the header in `sheet`, from 0.
    places
        Column of the sheet, from 0, by field.
    """

    kind: Kind
    sheet: Sheet
    header: int
    places: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading of a list as a page shows it.

    Parameters
    ----------
    at
        Where it stands.
    text, key
        As it is written, and as it is remembered: what `normalise_heading` leaves of it.
    field
        The column that it is read as; empty: none.
    samples
        What stands below it first.
    """

    at: str
    text: str
    key: str
    field: str
    samples: tuple[str, ...]


def find_tables(
    name: str, kind: Kind, sheets: Sequence[Sheet], said: Mapping[str, str] = MappingProxyType({})
) -> tuple[Table, ...]:
    """The list in every sheet that has one; sheets without a header, such as notes, are passed over.

    Parameters
    ----------
    said
        What people of the office said that headings mean: field by `normalise_heading`. It outweighs ours.

    Raises
    ------
    InputError
        No header in any sheet, a required column missing, a heading that occurs twice.
    """
    known = _known_headings(kind) | dict(said)
    headers = [(sheet, *_best_row(known, sheet)) for sheet in sheets]
    tables = [
        Table(kind=kind, sheet=sheet, header=row, places=_places(name, kind, sheet, row, known))
        for sheet, row, n_known in headers
        if n_known >= 2  # one word alone may stand in any title
    ]
    if not tables:
        raise InputError(
            "import.header-missing",
            "{file}: no row among the first {n} is a header; expected the headings {expected}, found {found}",
            file=name,
            n=HEADER_ROWS,
            expected="、".join(column.headings[0] for column in kind.columns if column.is_required),
            found=_format_row(headers) or "—",
        )
    for table in tables:
        _check_complete(name, table)
    return tuple(tables)


def list_headings(kind: Kind, sheets: Sequence[Sheet], said: Mapping[str, str]) -> tuple[Heading, ...]:
    """The headings of every list found; where none is, those of the row that looks most like a header."""
    known = _known_headings(kind) | dict(said)
    headers = [(sheet, *_best_row(known, sheet)) for sheet in sheets]
    found = [(sheet, row) for sheet, row, n_known in headers if n_known >= 2]
    if not found:
        found = [(sheet, _fullest_row(sheet)) for sheet in sheets if sheet.rows][:1]
    return tuple(
        Heading(
            at=sheet.format_place(row, column),
            text=clean_text(cell),
            key=key,
            field=known.get(key, ""),
            samples=_samples(sheet, row, column),
        )
        for sheet, row in found
        for column, cell in enumerate(sheet.rows[row])
        if (key := normalise_heading(cell)[:MAX_HEADING])
    )


def _fullest_row(sheet: Sheet) -> int:
    """The topmost of the first rows that has most different texts."""
    counts = [len({clean_text(cell) for cell in row} - {""}) for row in sheet.rows[:HEADER_ROWS]]
    return counts.index(max(counts))


def _samples(sheet: Sheet, row: int, column: int) -> tuple[str, ...]:
    below = (clean_text(cells[column]) for cells in sheet.rows[row + 1 : row + 8] if column < len(cells))
    return tuple(text[:40] for text in below if text)[:2]


def normalise_heading(heading: CellValue) -> str:
    """A heading without white space, what cannot be seen, width, case and marks of being required."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", clean_text(heading))).casefold()
    return re.sub(r"\((必填|选填|必录|可选|选录)\)", "", text).strip("*:")


def _known_headings(kind: Kind) -> dict[str, str]:
    return {normalise_heading(word): column.field for column in kind.columns for word in column.headings}


def _best_row(known: Mapping[str, str], sheet: Sheet) -> tuple[int, int]:
    """Row with most known headings, and how many; the topmost of equals."""
    counts = [
        len({known.get(normalise_heading(c)) for c in row} - {None}) for row in sheet.rows[:HEADER_ROWS]
    ]
    best = max(counts, default=0)
    return (counts.index(best), best) if counts else (0, 0)


def _places(name: str, kind: Kind, sheet: Sheet, row: int, known: Mapping[str, str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, heading in enumerate(sheet.rows[row]):
        field = known.get(normalise_heading(heading))
        if field in places:
            raise InputError(
                "import.heading-repeated",
                "{file}: {first} and {second} are both headings of {heading}; expected one, rename or delete "
                "the other",
                file=name,
                first=_format_heading(sheet, row, places[field]),
                second=_format_heading(sheet, row, place),
                heading=kind.column(field).headings[0],
            )
        if field is not None:
            places[field] = place
    return places


def _format_heading(sheet: Sheet, row: int, column: int) -> str:
    text = normalise_heading(sheet.rows[row][column])
    return f"{text} ({sheet.format_place(row, column)})"


def _check_complete(name: str, table: Table) -> None:
    missing = [c.headings[0] for c in table.kind.columns if c.is_required and c.field not in table.places]
    if missing:
        raise InputError(
            "import.column-missing",
            "{file}, header at {at}: expected a column {missing}, found {found}; add it or rename a heading",
            file=name,
            at=table.sheet.format_place(table.header, 0),
            missing="、".join(missing),
            found="、".join(normalise_heading(c) for c in table.sheet.rows[table.header] if str(c).strip())[
                :300
            ],
        )


def _format_row(headers: Sequence[tuple[Sheet, int, int]]) -> str:
    """What stands where a header was looked for: the fullest of the first rows of the first sheet."""
    rows = headers[0][0].rows[:HEADER_ROWS] if headers else []
    words = max(([str(c).strip() for c in row if str(c).strip()] for row in rows), key=len, default=[])
    return "、".join(words)[:300]
