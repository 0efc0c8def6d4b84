"""A workbook in the format of 1997 (BIFF8 in a compound file), as small as programs of today still read it.

No library in use here writes that format, and offices still send it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date

SECTOR = 512
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_LEAST = 4096
"""Bytes of a stream that stands in whole sectors; shorter ones would need a second table."""
_GENERAL, _DAY = 0, 1
"""Formats of cells, by their place among the records."""

Cell = str | int | float | date | None


def make_old_workbook(rows: Sequence[Sequence[Cell]], title: str = "名录", locked: bool = False) -> bytes:
    """The bytes of an xls with one sheet.

    Parameters
    ----------
    locked
        With the mark of a password; the cells are not really enciphered.
    """
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0x07CC, 0, 6))
    start += _record(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48)) if locked else b""
    start += _record(0x0042, struct.pack("<H", 1200))
    for form in (0, 14):  # general; the day of the country
        start += _record(0x00E0, struct.pack("<HH", 0, form) + bytes(16))
    name = _text(title, "<B")
    first = len(start) + 4 + 6 + len(name) + 4  # after this record and the end of the globals
    globals_ = start + _record(0x0085, struct.pack("<IH", first, 0) + name) + _record(0x000A, b"")
    cells = b"".join(
        _cell(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row) if value is not None
    )
    sheet = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0x07CC, 0, 6)) + cells
    return _compound("Workbook", globals_ + sheet + _record(0x000A, b""))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def _cell(row: int, column: int, value: Cell) -> bytes:
    if isinstance(value, str):
        return _record(0x0204, struct.pack("<HHH", row, column, _GENERAL) + _text(value, "<H"))
    if isinstance(value, date):
        days = (value - date(1899, 12, 30)).days
        return _record(0x0203, struct.pack("<HHHd", row, column, _DAY, days))
    return _record(0x0203, struct.pack("<HHHd", row, column, _GENERAL, value))


def _compound(name: str, stream: bytes) -> bytes:
    """One stream in a compound file: the table of sectors, the directory, then the stream."""
    stream = stream.ljust(_LEAST, b"\0")
    stream += bytes(-len(stream) % SECTOR)
    n_sectors = len(stream) // SECTOR
    table = [_FAT, _END, *range(3, n_sectors + 2), _END]
    assert len(table) <= SECTOR // 4, "one sector of the table is enough for tests"
    table += [_FREE] * (SECTOR // 4 - len(table))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x003E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, _LEAST, _END, 0, _END, 0)
    head += struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry(name, 2, _NONE, 2, len(stream))
    directory += _entry("", 0, _NONE, 0, 0) * 2
    return head + struct.pack("<128I", *table) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    spelt = (name + "\0").encode("utf-16-le") if name else b""
    links = struct.pack("<BBIII", kind, 1, _NONE, _NONE, child)
    return (
        spelt.ljust(64, b"\0")
        + struct.pack("<H", len(spelt))
        + links
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
