"""What kind of file it is: told from its first bytes, and held against its name."""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF8
from pathlib import PurePath

from agency_credit.domain.errors import InputError
from agency_credit.services.import_csv import read_csv
from agency_credit.services.import_sheets import Sheet
from agency_credit.services.import_workbook import (
    is_encrypted,
    read_xls,
    read_xlsx,
    refuse_encrypted,
    refuse_macros,
)

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_NAME = 200
"""Characters of a file's name that are kept."""

_FORMATS = {".xlsx": "xlsx", ".xls": "xls", ".csv": "csv"}
_WITH_MACROS = {".xlsm", ".xltm", ".xlam", ".xlsb"}
_MAGIC = {
    b"PK": "xlsx",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "pdf",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF8": "gif",
    b"Rar!": "rar",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"MZ": "exe",
    b"\x7fELF": "elf",
    b"{\\rtf": "rtf",
}
_MARKUP = re.compile(rb"<(?:!doctype html|html|table|head|body|meta)", re.IGNORECASE)


def read_sheets(name: str, content: bytes) -> tuple[Sheet, ...]:
    """Sheets of a file; a name without ending, as of standard input, leaves it to the content.

    Raises
    ------
    InputError
        Empty, too large, of no format that is read here, or not what its name says; see also the readers.
    """
    check_size(name, content)
    found = find_format(content)
    _check_name(name, content, found)
    if found == "csv":
        return (read_csv(name, content),)
    return read_xlsx(name, content) if found == "xlsx" else read_xls(name, content)


def tidy_name(name: str) -> str:
    """The name of a file as it is kept: shortened before its ending, � for what no database stores."""
    text = "".join("\ufffd" if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in name)
    suffix = PurePath(text).suffix[-10:] if len(text) > MAX_NAME else ""
    return text[: MAX_NAME - len(suffix)] + suffix


def check_size(name: str, content: bytes) -> None:
    """Refuse a file that is empty or larger than any list.

    Raises
    ------
    InputError
        It is.
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


def find_format(content: bytes) -> str:
    """What the first bytes say: xlsx, xls, csv for any text, or the name of what is not read here."""
    found = next((form for magic, form in _MAGIC.items() if content.startswith(magic)), "csv")
    if found != "csv":
        return found
    text = content.removeprefix(BOM_UTF8).lstrip()
    return "xml" if text.startswith(b"<?xml") else "html" if _MARKUP.match(text) else "csv"


def _check_name(name: str, content: bytes, found: str) -> None:
    suffix = PurePath(name).suffix.lower()
    if suffix in _WITH_MACROS:
        raise refuse_macros(name)
    if suffix and suffix not in _FORMATS:
        raise InputError(
            "import.format",
            "{file}: expected a file ending in .xlsx, .xls or .csv; open it in a spreadsheet program and "
            "save it as one of them",
            file=name,
        )
    if found == "xls" and is_encrypted(content):
        raise refuse_encrypted(name)  # before its ending: a workbook with a password is no archive any more
    expected = _FORMATS[suffix] if suffix else found
    if expected != found or found not in _FORMATS.values():
        raise InputError(
            "import.extension",
            "{file} is not what its name says: expected {expected}, found {found}; open it in a spreadsheet "
            "program and save it as {expected}",
            file=name,
            expected=expected if expected in _FORMATS.values() else "xlsx",
            found="text" if found == "csv" else found,
        )
