"""Canonical JSON and digests: one byte string a value (draw-protocol.md, section 0).

RFC 8785, restricted: no floats, integers below 2^53 in size, ASCII keys sorted by code point, no
white space, text in Unicode NFC unescaped. The verifier has its own twin of this on purpose.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from agency_credit.domain.errors import InputError

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

MAX_INTEGER = 2**53


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
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _check(value: object) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) >= MAX_INTEGER:
            raise InputError("canonical.integer", "the integer {value} is 2^53 or more", value=str(value))
    elif isinstance(value, str):
        if not unicodedata.is_normalized("NFC", value) or _has_surrogate(value):
            raise InputError("canonical.text", "the text {value} is not in Unicode NFC", value=repr(value))
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


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
