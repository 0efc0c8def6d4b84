"""What kind of file it is: told from its first bytes, and held against its name."""

from __future__ import annotations

from pathlib import PurePath

from agency_credit.domain.errors import InputError
from agency_credit.services.import_csv import read_csv
from agency_credit.services.import_sheets import Sheet
from agency_credit.services.import_workbook import read_xls, read_xlsx

MAX_FILE_BYTES = 10 * 1024 * 1024

_FORMATS = {".xlsx": "xlsx", ".xls": "xls", ".csv": "csv"}
_MAGIC = {b"PK": "xlsx", b"\xd0\xcf\x11\xe0": "xls"}


def read_sheets(name: str, content: bytes) -> tuple[Sheet, ...]:
    """Sheets of a file; a name without ending, as of standard input, leaves it to the content.

    Raises
    ------
    InputError
        Empty, too large, of no format that is read here, or not what its name says; see also the readers.
    """
    if not content.strip():
        raise InputError("import.empty", "{file} is empty; export the list again", file=name)
    if len(content) > MAX_FILE_BYTES:
        raise InputError(
            "import.too-large",
            "{file} has more than {limit} MB; remove pictures, or split it and import the parts",
            file=name,
            limit=MAX_FILE_BYTES // 1024**2,
        )
    found = next((form for magic, form in _MAGIC.items() if content.startswith(magic)), "csv")
    _check_name(name, found)
    if found == "csv":
        return (read_csv(name, content),)
    return read_xlsx(name, content) if found == "xlsx" else read_xls(name, content)


def _check_name(name: str, found: str) -> None:
    suffix = PurePath(name).suffix.lower()
    if suffix and suffix not in _FORMATS:
        raise InputError(
            "import.format",
            "{file}: expected a file ending in .xlsx, .xls or .csv; open it in a spreadsheet program and "
            "save it as one of them",
            file=name,
        )
    if suffix and _FORMATS[suffix] != found:
        raise InputError(
            "import.extension",
            "{file} is not what its name says: expected {expected}, found {found}; save it as {expected}",
            file=name,
            expected=_FORMATS[suffix],
            found="text" if found == "csv" else found,
        )
