"""The form of every value in the files of a draw (draw-protocol.md, sections 0 to 2).

Readers take a value of any JSON type, note in `Faults` what is wrong with it, and return a value of
the right type in any case, so that one pass over a file finds everything there is to mend.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum
from operator import lt
from typing import Any, TypeVar

from agency_credit.domain.canonical import MAX_INTEGER
from agency_credit.domain.errors import Fault, FaultsError, InputError

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
HEX64 = re.compile("[0-9a-f]{64}")
MAX_IDENTIFIER = 64

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class Faults:
    """What is wrong with one file, collected until all of it has been read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Fault] = []

    def add_fault(self, at: str | int, code: str, template: str, /, **params: str | int) -> None:
        """Note a fault; `at` is a key of the file, or the number of a line."""
        where = f"{self.file}:{at}" if at != "" else self.file
        self.found.append(Fault(at=where, code=code, template=template, params=params))

    def raise_if_any(self) -> None:
        """Raise what was noted.

        Raises
        ------
        FaultsError
            Where anything was.
        """
        if self.found:
            raise FaultsError(self.file, tuple(self.found))


def text(value: object, at: str, faults: Faults) -> str:
    """A text: NFC, no control characters."""
    if not isinstance(value, str):
        faults.add_fault(at, "value.not-text", "write a text, in quotation marks")
        return ""
    if CONTROL.search(value):
        faults.add_fault(
            at, "text.control", "the text {value} has a control character; remove it", value=repr(value)
        )
    elif _has_surrogate(value):
        faults.add_fault(
            at, "text.surrogate", "the text {value} has half a character; retype it", value=repr(value)
        )
    elif not unicodedata.is_normalized("NFC", value):
        faults.add_fault(
            at, "text.nfc", "the text {value} is not in Unicode NFC; normalise it", value=repr(value)
        )
    return value


def optional_text(value: object, at: str, faults: Faults) -> str | None:
    """A text or null."""
    return None if value is None else text(value, at, faults)


def identifier(value: object, at: str, faults: Faults) -> str:
    """An identifier: a text of 1 to 64 characters without comma, slash, or space at either end."""
    name = text(value, at, faults)
    if not isinstance(value, str):
        return name
    if not 1 <= len(name) <= MAX_IDENTIFIER:
        faults.add_fault(
            at, "identifier.length", "this identifier has {n} characters; it needs 1 to 64", n=len(name)
        )
    if "," in name or "/" in name:
        faults.add_fault(
            at,
            "identifier.character",
            "the identifier {value} has a comma or a slash; replace it",
            value=name,
        )
    if name != name.strip(" "):
        faults.add_fault(
            at,
            "identifier.space",
            "the identifier {value} begins or ends with a space; remove it",
            value=name,
        )
    return name


def integer(value: object, minimum: int, at: str, faults: Faults) -> int:
    """An integer from `minimum` to 2^53 - 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value < MAX_INTEGER:
        faults.add_fault(
            at, "value.not-integer", "write an integer of {minimum} or more, below 2^53", minimum=minimum
        )
        return minimum
    return value


def hexadecimal(value: object, at: str, faults: Faults) -> str:
    """64 lower-case hexadecimal digits."""
    if not isinstance(value, str) or not HEX64.fullmatch(value):
        faults.add_fault(at, "value.not-hexadecimal", "write 64 lower-case hexadecimal digits")
        return ""
    return value


def choice(value: object, kind: type[_E], at: str, faults: Faults) -> _E:
    """One of the words of `kind`."""
    words = [member.value for member in kind]
    if not isinstance(value, str) or value not in words:
        faults.add_fault(at, "value.not-a-choice", "write one of: {words}", words=", ".join(words))
        return next(iter(kind))
    return kind(value)


def sequence(
    value: object, at: str, faults: Faults, read: Callable[[object, str, Faults], _T]
) -> tuple[_T, ...]:
    """A list, each item read by `read`."""
    if not isinstance(value, list):
        faults.add_fault(at, "value.not-list", "write a list, in square brackets")
        return ()
    return tuple(read(item, f"{at}[{i}]", faults) for i, item in enumerate(value))


def sorted_sequence(
    value: object, at: str, faults: Faults, read: Callable[[object, str, Faults], str]
) -> tuple[str, ...]:
    """A list of texts sorted by code point, without duplicates."""
    items = sequence(value, at, faults, read)
    if not is_sorted(items):
        faults.add_fault(at, "list.unsorted", "sort this list by code point, each item once")
    return items


def record(value: object, keys: Sequence[str], at: str, faults: Faults) -> dict[str, object] | None:
    """An object with exactly `keys`; None where it is not."""
    if not isinstance(value, dict):
        faults.add_fault(
            at, "value.not-object", "write an object with exactly the keys {keys}", keys=", ".join(keys)
        )
        return None
    missing = [key for key in keys if key not in value]
    unknown = [key for key in value if key not in keys]
    for key in missing:
        faults.add_fault(at, "object.key-missing", "the key {key} is missing; add it", key=key)
    for key in unknown:
        faults.add_fault(
            at, "object.key-unknown", "the key {key} does not belong here; remove it", key=repr(key)
        )
    return None if missing or unknown else value


def is_sorted(values: Sequence[Any]) -> bool:
    """Whether `values` ascend by code point without duplicates."""
    return all(map(lt, values, values[1:]))


def are_texts(values: Sequence[str]) -> bool:
    """Whether all `values` are what `text` accepts, in one pass over all characters."""
    joined = "".join(values)
    if CONTROL.search(joined):
        return False
    return joined.isascii() or not (
        _has_surrogate(joined) or not unicodedata.is_normalized("NFC", "\n".join(values))
    )


def are_identifiers(values: Sequence[str]) -> bool:
    """Whether all `values` are what `identifier` accepts, in one pass over all characters."""
    lengths = set(map(len, values)) or {1}
    fenced = "\n" + "\n".join(values) + "\n"
    return (
        min(lengths) >= 1
        and max(lengths) <= MAX_IDENTIFIER
        and not any(bad in fenced for bad in (",", "/", "\n ", " \n"))
        and are_texts(values)
    )


def require_hexadecimal(value: str, what: str) -> None:
    """Refuse a nonce or salt that is not 64 lower-case hexadecimal digits.

    Raises
    ------
    InputError
        It is not.
    """
    if not HEX64.fullmatch(value):
        raise InputError("value.not-nonce", "{what} must be 64 lower-case hexadecimal digits", what=what)


def _has_surrogate(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False
