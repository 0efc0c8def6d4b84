"""Canonical JSON and digests: one byte string a value (draw-protocol.md, section 0).

RFC 8785, restricted: no floats, integers below 2^53 in size, ASCII keys sorted by code point, no
white space, text in Unicode NFC unescaped. The verifier has its own twin of this on purpose.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from agency_credit.domain.errors import InputError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_INTEGER = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The Merkle root (RFC 6962) of a file of canonical lines and their number."""

    root: str
    size: int


def root(content: bytes) -> Root:
    """Merkle Tree Hash (RFC 6962, section 2.1) of canonical lines, and their number.

    An odd last node goes up unchanged, which is the RFC's split at the largest power of two.
    """
    lines = content.split(b"\n")[:-1]
    level = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        nodes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level = nodes + level[len(nodes) * 2 :]
    return Root(root=level[0].hex() if level else digest(b""), size=len(lines))


def digest(data: bytes) -> str:
    """SHA-256 of `data` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def format_canonical(value: Json) -> bytes:
    """Canonical JSON of `value`, without a final line end.

    Raises
    ------
    InputError
        A float, an integer of 2^53 or more, a key that is not ASCII, a text not in NFC.
    """
    _check(value)
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _check(value: object) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):  # most values are, and most texts are ASCII
        if not value.isascii() and not (unicodedata.is_normalized("NFC", value) and _has_bytes(value)):
            raise InputError("canonical.text", "the text {value} is not in Unicode NFC", value=repr(value))
    elif isinstance(value, int):
        if abs(value) >= MAX_INTEGER:
            raise InputError("canonical.integer", "the integer {value} is 2^53 or more", value=str(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise InputError("canonical.key", "the key {key} is not ASCII text", key=repr(key))
            _check(item)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        for item in value:
            _check(item)
    else:
        raise InputError("canonical.type", "{type} has no canonical JSON", type=type(value).__name__)


def _has_bytes(text: str) -> bool:
    """Whether UTF-8 can write it: no half of a surrogate pair stands in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
