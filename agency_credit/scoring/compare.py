"""What changed between two versions of a rule file, place by place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agency_credit.scoring.instrument import Instrument

_LEFT_OUT = frozenset({"entered_by", "entered_on"})
"""Said by the history itself; every value of a change has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One value that is not as before.

    Parameters
    ----------
    section, name
        Where: ``"clauses"`` and a code, ``"tiers"`` and a tier; ``""`` and ``""`` at the head of the file.
    field
        Which value, dotted where it is an inner one; empty: the row as a whole.
    old, new
        As texts; None: not there.
    """

    section: str
    name: str
    field: str
    old: str | None
    new: str | None


def compare_files(old: Instrument | None, new: Instrument) -> tuple[Difference, ...]:
    """Every difference, in the order of the new file; rows that went come last in their section.

    Parameters
    ----------
    old
        The version before; None: there was none, and nothing differs from nothing.
    """
    if old is None or old.digest == new.digest:
        return ()
    before, after = json.loads(old.content), json.loads(new.content)
    found = list(_compare_rows("", "", _head(before), _head(after)))
    for section in dict.fromkeys([*after, *before]):
        rows, others = _rows(before.get(section)), _rows(after.get(section))
        for name in dict.fromkeys([*others, *rows]):
            found += _compare_rows(section, name, rows.get(name), others.get(name))
    return tuple(found)


def _compare_rows(
    section: str, name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[Difference]:
    if old is None or new is None:
        yield Difference(section=section, name=name, field="", old=_title(old), new=_title(new))
        return
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for field in dict.fromkeys([*after, *before]):
        if before.get(field) != after.get(field):
            yield Difference(
                section=section, name=name, field=field, old=before.get(field), new=after.get(field)
            )


def _head(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if not _rows(value)}


def _rows(value: object) -> dict[str, Mapping[str, Any]]:
    """Rows of a list of tables by what names them, in their order; nothing for anything else."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return {}
    return {_name(row, place): row for place, row in enumerate(value, start=1)}


def _name(row: Mapping[str, Any], place: int) -> str:
    if "tier" in row and "practice_line" in row:
        return f"{row['practice_line']}/{row['tier']}"
    keys = ("code", "class", "key", "name", "about")
    return str(next((row[key] for key in keys if key in row), place))


def _title(row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    wording = row.get("wording")
    return str(wording.get("zh", "")) if isinstance(wording, dict) else ""


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _LEFT_OUT:
                yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for place, item in enumerate(value, start=1):
            yield from _leaves(item, f"{path}.{place}")
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
