"""Bytes of a workbook to sheets.

Values come from python-calamine, which shows what a formula gave last time and not that there is one;
so the sheets' XML is scanned for formulas first. Nothing is handed to calamine that was not measured:
of an xlsx it gets a repacked copy with only the parts that hold cells.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from agency_credit.domain.errors import InputError
from agency_credit.services.import_sheets import MAX_CELLS, Sheet, parse_column

MAX_UNPACKED_BYTES = 100 * 1024 * 1024
MAX_PARTS = 1000
MAX_RATIO = 100
"""Bytes that a byte of the archive may unpack to: lists come to 30; ones and zeros pack a thousandfold."""

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_SHARED = (
    "[Content_Types].xml",
    "_rels/.rels",
    _WORKBOOK,
    _RELATIONS,
    "xl/sharedStrings.xml",
    "xl/styles.xml",
)
_ENCRYPTED_MARK = "EncryptedPackage".encode("utf-16-le")
_OLD_PASSWORD = re.compile(
    rb"\x09\x08(?:\x10\x00\x00\x06\x05\x00.{12}|\x08\x00\x00\x05\x05\x00.{4})(?:\x86\x00\x00\x00)?\x2f\x00",
    re.DOTALL,
)
"""How a workbook of 1995 or 1997 begins that has a password: BOF, perhaps WRITEPROT, FILEPASS."""
_MACRO_MARK = "_VBA_PROJECT".encode("utf-16-le")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def read_xlsx(name: str, content: bytes) -> tuple[Sheet, ...]:
    """The visible sheets of an xlsx.

    1. The directory of the archive is measured before anything is unpacked.
    2. Every sheet is scanned for formulas and for its extent.
    3. What was measured, and nothing else, is packed again and read.

    Raises
    ------
    InputError
        Truncated or damaged, encrypted, with macros, too large, with a document type declaration.
    """
    parts = _unpack(name, content)  # 1
    paths = _sheet_paths(name, parts)
    formulas = {sheet: _scan_sheet(name, parts[path]) for sheet, path in paths.items()}  # 2
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # 3
        for part in (*_SHARED, *paths.values()):
            if part in parts and part not in archive.NameToInfo:
                archive.writestr(part, parts[part])
    return _read(name, packed.getvalue(), formulas)


def read_xls(name: str, content: bytes) -> tuple[Sheet, ...]:
    """The visible sheets of a workbook in the format of 1997; its formulas cannot be seen, only values."""
    if is_encrypted(content):
        raise refuse_encrypted(name)
    if _MACRO_MARK in content:
        raise refuse_macros(name)
    return _read(name, content, {})


def is_encrypted(content: bytes) -> bool:
    """Whether a compound file is the wrapping that a password puts around an xlsx, or an xls with one."""
    return _ENCRYPTED_MARK in content or _OLD_PASSWORD.search(content) is not None


def _unpack(name: str, content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_directory(name, parts, len(content))
            wanted = [p for p in parts if p.filename in _SHARED or p.filename.startswith("xl/")]
            return {
                p.filename: _unpack_part(archive, p) for p in wanted if p.filename.endswith((".xml", ".rels"))
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise _damaged(name) from error


def _unpack_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as stream:
        return stream.read(part.file_size)  # a read without a size would unpack past what the directory says


def _check_directory(name: str, parts: list[zipfile.ZipInfo], n_packed: int) -> None:
    n_unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or n_unpacked > MAX_UNPACKED_BYTES:
        raise InputError(
            "import.unpacked-too-large",
            "{file} unpacks to more than {limit} MB or {n} parts; remove pictures and other sheets",
            file=name,
            limit=MAX_UNPACKED_BYTES // 1024**2,
            n=MAX_PARTS,
        )
    if n_unpacked > MAX_RATIO * n_packed:
        raise InputError(
            "import.packed-too-tightly",
            "{file} unpacks to more than {limit} times its size, as no list does; copy the list into a new "
            "workbook and import that",
            file=name,
            limit=MAX_RATIO,
        )
    if any(part.flag_bits & 1 for part in parts):
        raise refuse_encrypted(name)
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise _damaged(name)  # an xlsx knows no other way of packing
    names = {part.filename for part in parts}
    if any(part.lower().endswith("vbaproject.bin") for part in names):
        raise refuse_macros(name)
    if any(part.startswith("xl/externalLinks/") for part in names):
        raise InputError(
            "import.external-links",
            "{file} takes values from other workbooks; break these links (data, edit links, break link), "
            "save it and import that",
            file=name,
        )
    if _WORKBOOK not in names:
        raise InputError(
            "import.no-workbook",
            "{file} is an archive, but no workbook; open it in a spreadsheet program and save it as xlsx",
            file=name,
        )


def _sheet_paths(name: str, parts: dict[str, bytes]) -> dict[str, str]:
    """Path of the part of every sheet, by sheet name."""
    targets: dict[str, str] = {}
    paths: dict[str, str] = {}

    def on_relation(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(path)

    def on_sheet(tag: str, attributes: dict[str, str]) -> None:
        relation = next((value for key, value in attributes.items() if key.split(":")[-1] == "id"), "")
        if tag == "sheet" and targets.get(relation) in parts:
            paths[attributes.get("name", "")] = targets[relation]

    _scan(name, parts.get(_RELATIONS, b""), on_relation)
    _scan(name, parts[_WORKBOOK], on_sheet)
    return paths


@dataclass(slots=True)
class _Extent:
    """What a scan of a sheet has met so far; rows and columns count from 0."""

    row: int = -1
    column: int = -1
    n_rows: int = 0
    n_columns: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)

    def meet(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            number = attributes.get("r", "")
            self.row = int(number) - 1 if number.isascii() and number.isdigit() else self.row + 1
            self.column = -1
        elif tag == "c":
            match = _REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = parse_column(match[1]) if match else self.column + 1
            self.row = int(match[2]) - 1 if match else self.row
        elif tag in ("v", "is", "f"):  # an empty cell that only has a style takes no room
            self.n_rows = max(self.n_rows, self.row + 1)
            self.n_columns = max(self.n_columns, self.column + 1)
            if tag == "f":
                self.formulas.add((self.row, self.column))


def _scan_sheet(name: str, part: bytes) -> frozenset[tuple[int, int]]:
    extent = _Extent()
    _scan(name, part, extent.meet)
    _check_extent(name, extent.n_rows, extent.n_columns)
    return frozenset(extent.formulas)


def _check_extent(name: str, n_rows: int, n_columns: int) -> None:
    if n_rows * n_columns > MAX_CELLS:
        raise InputError(
            "import.too-far-apart",
            "{file} has a sheet of {rows} rows and {columns} columns, more than {limit} cells; "
            "delete what stands far below or beside the list, or split it",
            file=name,
            rows=n_rows,
            columns=n_columns,
            limit=MAX_CELLS,
        )


def _scan(name: str, part: bytes, on_start: Callable[[str, dict[str, str]], None]) -> None:
    """Hand every element's name, without its prefix, and attributes to `on_start`; no entity is expanded."""

    def refuse(*_: object) -> None:
        raise InputError(
            "import.doctype",
            "{file} declares a document type, which no spreadsheet program writes; save it as xlsx again",
            file=name,
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: on_start(tag.rpartition(":")[2], attributes)
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, ValueError) as error:
        raise _damaged(name) from error


def _read(name: str, content: bytes, formulas: dict[str, frozenset[tuple[int, int]]]) -> tuple[Sheet, ...]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            return tuple(
                _to_sheet(name, workbook.get_sheet_by_name(sheet.name), formulas)
                for sheet in workbook.sheets_metadata
                if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
            )
    except PasswordError as error:
        raise refuse_encrypted(name) from error
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged(name) from error
    except (
        BaseException
    ) as error:  # a panic in calamine's Rust is no Exception, and its class is not exported
        if type(error).__name__ == "PanicException":
            raise _damaged(name) from error
        raise


def _to_sheet(name: str, sheet: CalamineSheet, formulas: dict[str, frozenset[tuple[int, int]]]) -> Sheet:
    _check_extent(name, sheet.total_height, sheet.total_width)
    rows = sheet.to_python(skip_empty_area=False)
    found = formulas.get(sheet.name, frozenset())
    # a formula that no program worked out yet has no value, and calamine ends before it
    rows += [[] for _ in range(max((row + 1 for row, _ in found), default=0) - len(rows))]
    return Sheet(name=sheet.name, rows=rows, numbers=range(1, len(rows) + 1), formulas=found)


def _damaged(name: str) -> InputError:
    return InputError(
        "import.damaged",
        "{file} is truncated or damaged: expected a complete workbook; fetch it again, or open it in a "
        "spreadsheet program and save it as xlsx",
        file=name,
    )


def refuse_encrypted(name: str) -> InputError:
    """The error of a file with a password."""
    return InputError(
        "import.encrypted",
        "{file} is protected with a password; open it, save it without a password and import that",
        file=name,
    )


def refuse_macros(name: str) -> InputError:
    """The error of a workbook that brings a program along."""
    return InputError(
        "import.macros", "{file} holds macros; save it as a plain xlsx without macros", file=name
    )
