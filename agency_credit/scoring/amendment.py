"""Values that an office enters into a rule file: put in their places, and the file read again.

An amendment is a JSON object (docs/spec/rule-pack.md, "Canonical form, versions").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.scoring.instrument import Instrument
from agency_credit.scoring.rule_file import parse_rule_file
from agency_credit.scoring.shown import SHOW_RULES
from agency_credit.scoring.toml_table import JSON_SUFFIX, format_document

_POINTS = ("points", "points_up_to", "points_from", "within")
_SET = {
    "clause": (*_POINTS, "citation"),
    "supervision": ("fraction", "minimum", "priority", "citation"),
    "value": ("number", "citation"),
    "publication": ("allowed",),
}
"""What an amendment can set, by what it is about."""
_ALWAYS = ("source", "entered_by", "entered_on")
_LIST = {
    "clause": "clauses",
    "supervision": "supervision",
    "value": "values",
    "publication": "publication",
}
_NAME: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "clause": lambda row: str(row.get("code")),
    "supervision": lambda row: f"{row.get('practice_line')}/{row.get('tier')}",
    "value": lambda row: str(row.get("key")),
}


def amend_file(content: bytes, amendments: Sequence[Mapping[str, Any]], name: str) -> Instrument:
    """The rule file in canonical form `content` with `amendments` put in, in their order.

    Parameters
    ----------
    amendments
        Each names one `clause`, line of `supervision` (``"patent/D"``), `value`, or rule of `publication`
        (``"score_public"``; it need not be there yet), and has `source`, `entered_by` and `entered_on`.
    name
        Of the file; faults name it.

    Raises
    ------
    FaultsError
        An amendment of something that is not in the file, or with a key that is not known; all faults
        of the file as it would be.
    """
    document: dict[str, Any] = json.loads(content)
    faults: list[Fault] = []
    for amendment in amendments:
        _amend(document, amendment, name, faults)
    if faults:
        raise FaultsError(name, tuple(faults))
    return parse_rule_file(format_document(document), name + JSON_SUFFIX)


def _amend(document: dict[str, Any], amendment: Mapping[str, Any], name: str, faults: list[Fault]) -> None:
    about = next((word for word in _SET if word in amendment), "")
    if not about:
        template = "an amendment names one of: {words}"
        faults.append(
            Fault(at=name, code="rules.amendment", template=template, params={"words": ", ".join(_SET)})
        )
        return
    target = str(amendment[about])
    rows = _find_rows(document, about, target)
    at = f"{name}: {_LIST[about]}.{target}"
    if not rows:
        template = "there is nothing called {name} in this file; mend the name"
        faults.append(
            Fault(at=at, code="rules.target-unknown", template=template, params={"name": target[:80]})
        )
    faults += [
        Fault(
            at=f"{at}.{key}",
            code="rules.unknown-key",
            template="no such key is known here; mend its name or take it out",
        )
        for key in sorted(amendment.keys() - {about, *_SET[about], *_ALWAYS})
    ]
    if rows and not faults:
        _put_in(rows[0], about, amendment)


def _find_rows(document: dict[str, Any], about: str, target: str) -> list[dict[str, Any]]:
    if about != "publication":
        return [row for row in document.get(_LIST[about], ()) if _NAME[about](row) == target]
    if target not in SHOW_RULES or document.get("type") != "rating":
        return []
    row: dict[str, Any] = document.setdefault(about, {}).setdefault(target, {})
    return [row]


def _put_in(row: dict[str, Any], about: str, amendment: Mapping[str, Any]) -> None:
    provenance = {"status": "entered", **{key: amendment[key] for key in _ALWAYS if key in amendment}}
    if about == "clause":  # points are given anew as a whole; without any it is not yet valued again
        for key in _POINTS:
            row.pop(key, None)
    for key in _SET[about]:
        if key in amendment:
            _set(row, "value" if key == "number" else key, amendment[key])
    if "within" in row and isinstance(row["within"], str):
        row["within"] = {"rule": row["within"], **provenance}
    row.pop("entered_by", None)
    row.pop("entered_on", None)
    row.update(provenance)


def _set(row: dict[str, Any], key: str, value: object) -> None:
    if value is None:
        row.pop(key, None)
    else:
        row[key] = value
