"""The roster of inspectors (执法检查人员名录库): rows to inspectors. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agency_credit.services.import_cells import clean_code
from agency_credit.services.import_header import Table
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, read_rows

STATUS_WORDS = {
    "在岗": "active",
    "在职": "active",
    "借调": "seconded",
    "离岗": "left",
    "调离": "left",
    "退休": "left",
}
SKILL_WORDS = {"专利": "patent", "商标": "trademark", "专家": "expert"}
LEAD = "lead"
YES_NO = {"是": "yes", "否": "no", "√": "yes", "TRUE": "yes", "FALSE": "no"}
_SEPARATORS = re.compile(r"[、,，;；/ ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorRow:
    """One row; None or empty where the cell was empty.

    Parameters
    ----------
    areas
        District codes; empty: he may inspect everywhere.
    skills
        What a seat may ask for, without ``lead``.
    """

    certificate: str
    name: str
    organisation: str
    areas: tuple[str, ...]
    skills: tuple[str, ...]
    is_lead: bool | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectorState:
    """What the roster says of an inspector; areas and skills sorted, ``lead`` among the skills."""

    certificate: str
    name: str = ""
    organisation: str = ""
    areas: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    status: str = "active"


def read_inspectors(tables: Sequence[Table], districts: Mapping[str, str]) -> ReadList[InspectorRow]:
    """Rows of a roster; nobody gets in without a certificate."""
    return read_rows(
        tables,
        lambda reader: _parse_inspector(reader, districts),
        key=lambda row: row.certificate,
        key_field="certificate",
    )


def lay_over_inspector(before: InspectorState, row: InspectorRow) -> InspectorState:
    """The inspector after this row; a blank cell erases nothing."""
    was_lead = LEAD in before.skills
    is_lead = was_lead if row.is_lead is None else row.is_lead
    skills = row.skills or tuple(skill for skill in before.skills if skill != LEAD)
    return replace(
        before,
        name=row.name,
        organisation=row.organisation or before.organisation,
        areas=row.areas or before.areas,
        skills=tuple(sorted({*skills, LEAD} if is_lead else skills)),
        status=row.status or before.status,
    )


def plan_inspectors(
    rows: Sequence[ReadRow[InspectorRow]], known: Mapping[str, InspectorState]
) -> tuple[list[InspectorState], list[InspectorState]]:
    """Inspectors that are new, and those that change."""
    new, changed = [], []
    for row in rows:
        before = known.get(row.value.certificate)
        after = lay_over_inspector(before or InspectorState(certificate=row.value.certificate), row.value)
        row.settle(before, after, _cells)
        if before is None:
            new.append(after)
        elif before != after:
            changed.append(after)
    return new, changed


def _cells(state: InspectorState) -> dict[str, str]:
    """What a row could say of the inspector, by column."""
    return {
        "name": state.name,
        "organisation": state.organisation,
        "areas": "、".join(state.areas),
        "skills": "、".join(skill for skill in state.skills if skill != LEAD),
        "is_lead": "yes" if LEAD in state.skills else "no",
        "status": state.status,
    }


def _parse_inspector(reader: RowReader, districts: Mapping[str, str]) -> InspectorRow | None:
    name = reader.text("name", is_name=True)
    certificate = reader.code("certificate")
    organisation = reader.text("organisation")
    areas = _parse_areas(reader, districts)
    skills = _parse_words(reader, "skills", SKILL_WORDS)
    lead = reader.word("is_lead", YES_NO)
    status = reader.word("status", STATUS_WORDS)
    if reader.has_error:
        return None
    return InspectorRow(
        certificate=certificate,
        name=name,
        organisation=organisation,
        areas=areas,
        skills=skills,
        is_lead=(lead == "yes") if lead else None,
        status=status,
    )


def _parse_areas(reader: RowReader, districts: Mapping[str, str]) -> tuple[str, ...]:
    by_word = {name: code for code, name in districts.items()} | {code: code for code in districts}
    return _parse_words(
        reader, "areas", by_word, shown=[f"{code} {name}" for code, name in districts.items()]
    )


def _parse_words(
    reader: RowReader, field: str, meanings: Mapping[str, str], shown: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Meanings of several words in one cell, sorted."""
    words = [clean_code(word) for word in _SEPARATORS.split(reader.text(field)) if word]
    unknown = [word for word in words if word not in meanings]
    if unknown:
        reader.fault(
            field,
            "import.word-unknown",
            "{heading}: expected one of {expected}, found {found}",
            expected="、".join(shown or meanings),
            found="、".join(unknown),
        )
    return tuple(sorted({meanings[word] for word in words if word in meanings}))
