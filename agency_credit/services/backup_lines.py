"""What is inside a backup: lines of JSON, compressed; rows, files, and a manifest at the end."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from agency_credit.domain.errors import VerificationError
from agency_credit.services.backup_box import BoxReader, BoxWriter

FORM = 1
MAX_LINE = 512 * 1024 * 1024
"""Bytes; a row of the database is a line, and holds at most a file of a draw or a photograph."""

_STEP = 1024 * 1024


class LineWriter:
    """Compresses lines into a box."""

    def __init__(self, box: BoxWriter) -> None:
        self._box = box
        self._zip = zlib.compressobj(6)

    def write(self, value: Any) -> bytes:
        """Write one line; its bytes, for digests."""
        line = format_line(value)
        self._box.write(self._zip.compress(line))
        return line

    def finish(self) -> None:
        """End the compressed stream and the box."""
        self._box.write(self._zip.flush())
        self._box.finish()


def format_line(value: Any) -> bytes:
    """`value` as one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_lines(box: BoxReader) -> Iterator[tuple[bytes, Any]]:
    """Each line as bytes and as a value.

    Raises
    ------
    VerificationError
        What is inside is no backup of this form.
    """
    unzip, rest = zlib.decompressobj(), bytearray()
    try:
        while piece := box.read():
            while piece:
                rest += unzip.decompress(piece, _STEP)
                piece = unzip.unconsumed_tail
                yield from _take_lines(rest)
                if len(rest) > MAX_LINE:
                    raise ValueError("line")
        rest += unzip.flush()
        yield from _take_lines(rest)
        if rest or not unzip.eof or unzip.unused_data:
            raise ValueError("end")
    except (zlib.error, ValueError, RecursionError):
        raise unreadable() from None


def _take_lines(rest: bytearray) -> Iterator[tuple[bytes, Any]]:
    end = rest.rfind(b"\n")
    if end < 0:
        return
    lines = bytes(rest[: end + 1])
    del rest[: end + 1]
    for line in lines[:-1].split(b"\n"):
        yield line + b"\n", json.loads(line)


def unreadable() -> VerificationError:
    """Something in a backup has another form than this version knows."""
    return VerificationError(
        "backup.form",
        "the content of this backup has a form that this version does not know; use the version that made it",
    )


def encode_row(row: Sequence[Any]) -> list[Any]:
    """The values of a row, as JSON can hold them."""
    return [
        value if value is None or isinstance(value, (str, int, float)) else _encode(value) for value in row
    ]


def _encode(value: Any) -> dict[str, str]:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"b": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    raise TypeError(f"a backup cannot hold {type(value).__name__}")


def decode_row(row: Sequence[Any]) -> list[Any]:
    """What `encode_row` encoded."""
    return [_decode(value) if isinstance(value, dict) else value for value in row]


def _decode(value: dict[str, str]) -> Any:
    ((kind, text),) = value.items()
    if kind == "b":
        return base64.b64decode(text, validate=True)
    if kind == "t":
        return datetime.fromisoformat(text)
    if kind == "d":
        return date.fromisoformat(text)
    if kind == "n":
        return Decimal(text)
    raise ValueError(kind)


class Tally:
    """Counts and digests the lines of one table or file."""

    def __init__(self) -> None:
        self.n = 0
        self._hash = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """One line more."""
        self.n += 1
        self._hash.update(line)

    @property
    def digest(self) -> str:
        """SHA-256 of all lines so far, in 64 hexadecimal digits."""
        return self._hash.hexdigest()
