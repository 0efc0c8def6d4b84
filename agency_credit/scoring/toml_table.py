"""Reading a TOML or JSON table key by key, with every fault collected instead of the first one raised.

A getter that meets a fault notes it and answers with a placeholder, so that reading goes on; the
caller raises the collected faults before anybody sees a placeholder.
"""

from __future__ import annotations

import json
import tomllib
import unicodedata
from contextlib import suppress
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from agency_credit.domain.canonical import MAX_INTEGER, Json, format_canonical
from agency_credit.domain.errors import Fault, InputError
from agency_credit.domain.points import parse_points

Choice = TypeVar("Choice", bound=StrEnum)

MOST_MONTHS = 1200
MOST_YUAN = 10**12


class TomlTable:
    """One table of a rule file.

    Parameters
    ----------
    table
        Keys and values as `tomllib` gives them; in the canonical form (JSON) dates are texts.
    file, path
        Where the table stands: the file's name and the key that leads to it (empty at the top).
    faults
        Collects what is wrong; shared by all tables of a file.
    """

    def __init__(self, table: dict[str, object], file: str, path: str, faults: list[Fault]) -> None:
        self._table = table
        self._file = file
        self._path = path
        self._read: set[str] = set()
        self.faults = faults

    def fault(self, key: str, code: str, template: str, **params: str | int) -> None:
        """Note a fault of `key`, or of the table itself when `key` is empty."""
        where = ".".join(part for part in (self._path, key) if part) or "-"
        self.faults.append(Fault(at=f"{self._file}: {where}", code=code, template=template, params=params))

    def has(self, key: str) -> bool:
        """Whether the table holds `key`."""
        return key in self._table

    def close(self) -> None:
        """Note every key that nobody read."""
        for key in sorted(self._table.keys() - self._read):
            self.fault(key, "rules.unknown-key", "no such key is known here; mend its name or take it out")

    def _value(self, key: str) -> object | None:
        self._read.add(key)
        value = self._table.get(key)
        if value is None:
            self.fault(key, "rules.missing-key", "this key is missing; write it")
        elif isinstance(value, float):
            self.fault(key, "rules.float", 'floats are not exact; write an integer or a text like "12.5"')
            return None
        return value

    def _wrong_type(self, key: str, template: str, **params: str | int) -> None:
        if self._table.get(key) is not None and not isinstance(self._table[key], float):
            self.fault(key, "rules.type", template, **params)

    def text(self, key: str) -> str:
        """A text that is not blank, has no blanks at its ends, and is in Unicode NFC."""
        value = self._value(key)
        if isinstance(value, str):
            return self._checked_text(key, value)
        self._wrong_type(key, "expected a text")
        return ""

    def _checked_text(self, key: str, value: str) -> str:
        if not value or value != value.strip() or not unicodedata.is_normalized("NFC", value):
            self.fault(key, "rules.text", "a text must not be blank, start or end blank, or be outside NFC")
        return value

    def empty_or_text(self, key: str) -> str:
        """As `text`, or the empty text."""
        if self._table.get(key) == "":
            self._read.add(key)
            return ""
        return self.text(key)

    def optional_text(self, key: str) -> str | None:
        """As `text`; None where the key is absent."""
        return self.text(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of at least one text, none of them twice."""
        value = self._value(key)
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self._wrong_type(key, "expected a list of at least one text")
            return ()
        texts = tuple(self._checked_text(key, item) for item in value)
        if len(set(texts)) < len(texts):
            self.fault(key, "rules.repeated-text", "the list names something twice")
        return texts

    def day(self, key: str) -> date:
        """A TOML local date; in the canonical form its text."""
        value = self._value(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and self._file.endswith(JSON_SUFFIX):
            with suppress(ValueError):
                day = date.fromisoformat(value)
                if day.isoformat() == value:  # `fromisoformat` also reads 20230501 and weeks
                    return day
        self._wrong_type(key, "expected a date like 2023-05-01, without quotation marks")
        return date.min

    def optional_day(self, key: str) -> date | None:
        """As `day`; None where the key is absent."""
        return self.day(key) if self.has(key) else None

    def points(self, key: str) -> int:
        """Thousandths of a point, from an integer number of points or a decimal text."""
        value = self._value(key)
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            try:
                return parse_points(value if isinstance(value, str) else _short_text(value))
            except InputError as error:
                self.fault(key, error.code, error.template, **error.params)
        else:
            self._wrong_type(key, "expected a number of points")
        return 0

    def optional_points(self, key: str) -> int | None:
        """As `points`; None where the key is absent."""
        return self.points(key) if self.has(key) else None

    def optional_number(self, key: str, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`; None where the key is absent."""
        return self.number(key, least, most) if self.has(key) else None

    def number(self, key: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self._wrong_type(key, "expected a whole number from {least} to {most}", least=least, most=most)
        return least

    def optional_months(self, key: str) -> int | None:
        """A whole number of months from 1 to `MOST_MONTHS`; None where the key is absent."""
        return self.optional_number(key, 1, MOST_MONTHS)

    def is_true(self, key: str) -> bool:
        """The value true; False where the key is absent."""
        if self._table.get(key) is False:
            self.fault(key, "rules.type", "write true, or leave the key out")
        return self.boolean(key) if self.has(key) else False

    def boolean(self, key: str) -> bool:
        """A boolean."""
        value = self._value(key)
        if not isinstance(value, bool):
            self._wrong_type(key, "expected true or false")
        return value is True

    def choice(self, key: str, choices: type[Choice]) -> Choice:
        """One of the words of `choices`."""
        value = self._value(key)
        words = [str(choice) for choice in choices]
        if isinstance(value, str) and value in words:
            return choices(value)
        self._wrong_type(key, "expected one of: {words}", words=", ".join(words))
        return next(iter(choices))

    def table(self, key: str) -> TomlTable:
        """A table within this one."""
        value = self._value(key)
        if isinstance(value, dict):
            return self._inner(value, key)
        self._wrong_type(key, "expected a table")
        # A missing table is one fault; its keys are not reported on top.
        return TomlTable({}, self._file, f"{self._path}{key}", [])

    def optional_table(self, key: str) -> TomlTable | None:
        """As `table`; None where the key is absent."""
        return self.table(key) if self.has(key) else None

    def tables(self, key: str) -> list[TomlTable]:
        """A list of tables, in the order of the file."""
        value = self._value(key)
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [self._inner(item, f"{key}[{place}]") for place, item in enumerate(value, start=1)]
        self._wrong_type(key, "expected a list of tables")
        return []

    def optional_tables(self, key: str) -> list[TomlTable]:
        """As `tables`; none where the key is absent."""
        return self.tables(key) if self.has(key) else []

    def _inner(self, table: dict[str, object], name: str) -> TomlTable:
        path = ".".join(part for part in (self._path, name) if part)
        return TomlTable(table, self._file, path, self.faults)


def _short_text(number: int) -> str:
    # A hexadecimal integer in a file can be longer than Python will print.
    return str(number) if number.bit_length() < 64 else hex(number)[:20]


JSON_SUFFIX = ".json"
"""How the name of a file in canonical form ends."""


def parse_document(data: bytes, file: str, faults: list[Fault]) -> dict[str, object] | None:
    """Keys and values of a rule file, TOML or (by the file's ending) its canonical form.

    None, with a fault noted, when `data` is neither; a duplicate key is a fault.
    """
    try:
        text = data.decode("utf-8")
        return _parse_json(text) if file.endswith(JSON_SUFFIX) else tomllib.loads(text)
    except UnicodeDecodeError:
        faults.append(Fault(at=file, code="rules.encoding", template="not UTF-8; save the file as UTF-8"))
    except (ValueError, RecursionError) as error:  # an over-long integer is a plain ValueError
        faults.append(
            Fault(
                at=file,
                code="rules.toml",
                template="not TOML, or a key is there twice: {reason}",
                params={"reason": str(error)},
            )
        )
    return None


def format_document(document: dict[str, object]) -> bytes:
    """The canonical form of a rule file's keys and values (docs/spec/rule-pack.md): dates become texts.

    Raises
    ------
    InputError
        A value that has no canonical form; a file without faults has none.
    """
    return format_canonical(_to_json(document))


def _parse_json(text: str) -> dict[str, object]:
    document = json.loads(text, object_pairs_hook=_refuse_twice)
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004  (reported like any other text that is no rule file)
    return document


def _refuse_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _to_json(value: object) -> Json:
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_to_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and abs(value) >= MAX_INTEGER:
        raise InputError("canonical.integer", "the integer {value} is 2^53 or more", value=_short_text(value))
    return value  # type: ignore[return-value]  # what else there is, `format_canonical` refuses
