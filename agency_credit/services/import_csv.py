"""Bytes of a csv to a sheet: UTF-8 with or without BOM, or GB18030 as spreadsheets here write it."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8

from agency_credit.domain.errors import InputError
from agency_credit.services.import_sheets import MAX_CELLS, CellValue, Sheet


def read_csv(name: str, content: bytes) -> Sheet:
    """The one sheet of a csv; rows without any text are left out, the others keep their number.

    Raises
    ------
    InputError
        Neither UTF-8 nor GB18030, a quotation mark that is never closed, too many cells.
    """
    reader = csv.reader(io.StringIO(_decode(name, content), newline=""), strict=True)
    rows: list[list[CellValue]] = []
    numbers: list[int] = []
    n_cells = 0
    line = 1
    try:
        for row in reader:
            if any(row):  # a million blank rows take no room
                rows.append(list(row))
                numbers.append(line)
                n_cells += len(row)
            if n_cells > MAX_CELLS:
                raise InputError(
                    "import.too-many-cells",
                    "{file} has more than {limit} cells; split it and import the parts",
                    file=name,
                    limit=MAX_CELLS,
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            "import.csv-quotes",
            "{file}, the row from line {line} on cannot be read: expected every quotation mark closed and "
            "cells under 131072 characters; open the file in a spreadsheet program and save it as csv again",
            file=name,
            line=line,
        ) from error
    return Sheet(name=None, rows=rows, numbers=numbers)


def _decode(name: str, content: bytes) -> str:
    encodings = ("utf-8-sig",) if content.startswith(BOM_UTF8) else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise InputError(
        "import.encoding",
        "{file} is no text: expected UTF-8 or GB18030; save it from the spreadsheet program as csv again",
        file=name,
    )
