"""Lists as CSV for spreadsheets; a cell can never become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from litestar import Response

from agency_credit.domain.spreadsheet import format_harmless_cell


def answer_csv(header: Sequence[str], rows: Iterable[Sequence[object]], name: str) -> Response[bytes]:
    """A CSV file in UTF-8 with a byte-order mark, which spreadsheets need to read Chinese."""
    return Response(
        format_csv(header, rows),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def format_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Header and rows; cells that would be formulas get an apostrophe in front."""
    return ("\ufeff" + format_row(header) + "".join(map(format_row, rows))).encode()


def format_row(cells: Iterable[object]) -> str:
    """A line of a CSV file with its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([format_harmless_cell(cell) for cell in cells])
    return text.getvalue()
