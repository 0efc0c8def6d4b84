"""Lists of agencies: rows to agencies, and what they change about those already known. Pure.

A firm in the lists of both practice lines is one agency; branches are units of their own that name the
agency code of their parent, which may stand further down in the same file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal

from agency_credit.services.import_cells import clean_code, clean_text
from agency_credit.services.import_header import Table
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, read_rows
from agency_credit.services.import_standing import Standing, lay_pair, parse_standing

PracticeLine = Literal["patent", "trademark"]

STATUS_WORDS = {
    "正常": "in_force",
    "在业": "in_force",
    "存续": "in_force",
    "暂停": "suspended",
    "停业": "suspended",
    "注销": "cancelled",
    "已注销": "cancelled",
    "吊销": "revoked",
    "撤销": "revoked",
}
_LINE_WORDS: dict[str, PracticeLine] = {"专利": "patent", "商标": "trademark"}
_BRANCH_WORDS = ("分支", "分公司", "分所")

WRONG_CHECK_DIGIT = "uscc-check-digit"
UNKNOWN_PARENT = "parent-unknown"
UNKNOWN_FORM = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """One row of a list: an agency in one practice line; empty where the cell was empty."""

    uscc: str
    name: str
    practice_line: PracticeLine
    agency_code: str
    area: str
    address: str
    head: str
    telephone: str
    established_on: date | None
    status: str
    parent_code: str
    filed_on: date | None
    valid_until: date | None
    n_staff: int | None
    standing: Standing
    has_wrong_check_digit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """An agency in one practice line; what it altered and reported last, as `Standing` has it."""

    agency_code: str = ""
    filed_on: date | None = None
    valid_until: date | None = None
    altered_on: date | None = None
    alteration_filed_on: date | None = None
    report_year: int | None = None
    reported_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyState:
    """What the register says of an agency, as far as lists tell it.

    Parameters
    ----------
    parent
        Unified social credit code of the agency whose branch it is; None: no branch, or parent unknown.
    flags
        What a person should look at, sorted.
    practices
        By practice line.
    """

    uscc: str
    name: str = ""
    area: str = ""
    address: str = ""
    head: str = ""
    telephone: str = ""
    established_on: date | None = None
    status: str = "in_force"
    parent: str | None = None
    n_staff: int | None = None
    legal_form: str = UNKNOWN_FORM
    n_partners: int | None = None
    n_certified_partners: int | None = None
    flags: tuple[str, ...] = ()
    practices: Mapping[PracticeLine, Practice] = field(default_factory=dict)


AgencyCodes = dict[tuple[PracticeLine, str], str]
"""Unified social credit code by practice line and agency code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyContext:
    """What the rows are held against.

    Parameters
    ----------
    districts
        Names by code.
    practice_line
        Of rows whose column does not say it; None: the column must.
    codes
        Whose the agency codes of the register are.
    """

    districts: Mapping[str, str]
    practice_line: PracticeLine | None
    today: date
    codes: Mapping[tuple[PracticeLine, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyChanges:
    """What a list does to the register: agencies as they are to be, by how they differ from what was.

    Parameters
    ----------
    before
        What was known of those that change; of one that is not in it everything is written.
    """

    new: dict[str, AgencyState]
    changed: dict[str, AgencyState]
    before: Mapping[str, AgencyState] = field(default_factory=dict)


def read_agencies(tables: Sequence[Table], context: AgencyContext) -> ReadList[AgencyRow]:
    """Rows of a list of agencies, checked one by one and against the agency codes in use."""
    taken: AgencyCodes = dict(context.codes)
    return read_rows(
        tables,
        lambda reader: _parse_agency(reader, context, taken),
        key=lambda row: (row.uscc, row.practice_line),
        key_field="uscc",
    )


def plan_agencies(
    rows: Sequence[ReadRow[AgencyRow]],
    known: Mapping[str, AgencyState],
    codes: Mapping[tuple[PracticeLine, str], str],
) -> AgencyChanges:
    """Lay the rows over what is known; a blank cell erases nothing.

    A branch whose parent is unknown is a warning: the parent may sit in another province.
    """
    parents = dict(codes) | {(r.value.practice_line, r.value.agency_code): r.value.uscc for r in rows}
    states = dict(known)
    for row in rows:
        before = states.get(row.value.uscc)
        after = _lay_over(before or AgencyState(uscc=row.value.uscc), row, parents)
        row.settle(before, after, partial(_cells, row.value.practice_line))
        states[after.uscc] = after
    return AgencyChanges(
        new={uscc: state for uscc, state in states.items() if uscc not in known},
        changed={uscc: state for uscc, state in states.items() if uscc in known and state != known[uscc]},
        before=known,
    )


def _parse_agency(reader: RowReader, context: AgencyContext, taken: AgencyCodes) -> AgencyRow | None:
    name = reader.text("name", is_name=True)
    agency_code = reader.code("agency_code")
    uscc = reader.uscc()
    has_wrong_check_digit = bool(uscc) and reader.warn_of_check_digit(uscc)
    line, is_branch = _parse_line(reader, context.practice_line)
    area = parse_area(reader, "area", context.districts)
    address, head = reader.text("address"), reader.text("head", is_name=True)
    telephone = reader.text("telephone")
    established_on = reader.day("established_on", until=context.today)
    status = reader.word("status", STATUS_WORDS)
    parent_code = _parse_parent(reader, is_branch=is_branch)
    filed_on, valid_until = _parse_filing(reader, context.today)
    n_staff, standing = reader.count("n_staff"), parse_standing(reader, context.today)
    if line and agency_code and uscc and taken.setdefault((line, agency_code), uscc) != uscc:
        reader.fault(
            "agency_code",
            "import.agency-code-taken",
            "{heading}: {found} is the code of another agency ({owner}); correct one of the two",
            found=agency_code,
            owner=taken[line, agency_code],
        )
    if reader.has_error or line is None:
        return None
    return AgencyRow(
        uscc=uscc,
        name=name,
        practice_line=line,
        agency_code=agency_code,
        area=area,
        address=address,
        head=head,
        telephone=telephone,
        established_on=established_on,
        status=status,
        parent_code=parent_code,
        filed_on=filed_on,
        valid_until=valid_until,
        n_staff=n_staff,
        standing=standing,
        has_wrong_check_digit=has_wrong_check_digit,
    )


def _parse_line(reader: RowReader, otherwise: PracticeLine | None) -> tuple[PracticeLine | None, bool]:
    """Practice line and whether it is a branch; the column says other things too, such as 普通合伙."""
    text = clean_text(reader.raw("practice_line"))
    return parse_practice_line(reader, otherwise), any(word in text for word in _BRANCH_WORDS)


def parse_practice_line(reader: RowReader, otherwise: PracticeLine | None) -> PracticeLine | None:
    """Practice line of a row, `otherwise` where its column does not say it; None after a fault."""
    text = unicodedata.normalize("NFKC", reader.text("practice_line"))
    named = [line for word, line in _LINE_WORDS.items() if word in text]
    if len(named) == 1:
        return named[0]
    if not named and otherwise:
        return otherwise
    reader.fault(
        "practice_line",
        "import.practice-line",
        "{heading}: expected 专利 or 商标, found {found}; write one of them in each row, a firm with both in "
        "two rows, or name the practice line of the whole file when importing",
        found=text or "—",
    )
    return None


def parse_area(reader: RowReader, field: str, districts: Mapping[str, str]) -> str:
    """Code of a district given by name or code; ``""`` where the cell is empty or faulty."""
    found = clean_code(reader.text(field))
    by_name = {name: code for code, name in districts.items()}
    if not found or found in districts:
        return found
    if found not in by_name:
        reader.fault(
            field,
            "import.district-unknown",
            "{heading}: expected one of {expected}, found {found}; correct it, or add the district at "
            "/admin/reference",
            expected="、".join(districts.values()),
            found=found,
        )
    return by_name.get(found, "")


def _parse_parent(reader: RowReader, *, is_branch: bool) -> str:
    code = reader.code("parent_code")
    if is_branch and not code:
        reader.soft_fault(
            "parent_code",
            "import.parent-missing",
            "{heading} is empty, though the row is a branch; the row is taken in, fill in the parent's code",
        )
    return code


def _parse_filing(reader: RowReader, today: date) -> tuple[date | None, date | None]:
    filed_on = reader.day("filed_on", until=today)
    valid_until = reader.day("valid_until")
    if filed_on and valid_until and valid_until < filed_on:
        reader.fault(
            "valid_until",
            "import.days-reversed",
            "{heading}: {found} is before the filing on {filed_on}; correct one of the two",
            found=valid_until.isoformat(),
            filed_on=filed_on.isoformat(),
        )
    return filed_on, valid_until


def _lay_over(
    before: AgencyState, read: ReadRow[AgencyRow], parents: Mapping[tuple[PracticeLine, str], str]
) -> AgencyState:
    row = read.value
    n_partners, n_certified_partners = _lay_partners(before, row.standing)
    parent, flags = _find_parent(before, read, parents)
    if row.has_wrong_check_digit:
        flags |= {WRONG_CHECK_DIGIT}
    return replace(
        before,
        name=row.name,
        area=row.area or before.area,
        address=row.address or before.address,
        head=row.head or before.head,
        telephone=row.telephone or before.telephone,
        established_on=row.established_on or before.established_on,
        status=row.status or before.status,
        parent=parent,
        n_staff=before.n_staff if row.n_staff is None else row.n_staff,
        legal_form=row.standing.legal_form or before.legal_form,
        n_partners=n_partners,
        n_certified_partners=n_certified_partners,
        flags=tuple(sorted(flags)),
        practices={**before.practices, row.practice_line: _lay_practice(before, row)},
    )


def _lay_practice(before: AgencyState, row: AgencyRow) -> Practice:
    old, now = before.practices.get(row.practice_line, Practice()), row.standing
    altered_on, alteration_filed_on = lay_pair(
        (old.altered_on, old.alteration_filed_on), (now.altered_on, now.alteration_filed_on)
    )
    report_year, reported_on = lay_pair(
        (old.report_year, old.reported_on), (now.report_year, now.reported_on)
    )
    return Practice(
        agency_code=row.agency_code or old.agency_code,
        filed_on=row.filed_on or old.filed_on,
        valid_until=row.valid_until or old.valid_until,
        altered_on=altered_on,
        alteration_filed_on=alteration_filed_on,
        report_year=report_year,
        reported_on=reported_on,
    )


def _lay_partners(before: AgencyState, now: Standing) -> tuple[int | None, int | None]:
    """More certified partners than there were partners: how many there are now is not known."""
    n_partners, n_certified = lay_pair(
        (before.n_partners, before.n_certified_partners), (now.n_partners, now.n_certified_partners)
    )
    if n_partners is not None and n_certified is not None and n_certified > n_partners:
        return None, n_certified
    return n_partners, n_certified


def _cells(line: PracticeLine, state: AgencyState) -> dict[str, str]:
    """What a row of this practice line could say of the agency, by column."""
    practice = state.practices.get(line, Practice())
    return {
        "name": state.name,
        "practice_line": line if line in state.practices else "",
        "agency_code": practice.agency_code,
        "area": state.area,
        "address": state.address,
        "head": state.head,
        "telephone": state.telephone,
        "established_on": _day(state.established_on),
        "status": state.status,
        "parent_code": state.parent or "",
        "filed_on": _day(practice.filed_on),
        "valid_until": _day(practice.valid_until),
        "n_staff": _count(state.n_staff),
        "legal_form": "" if state.legal_form == UNKNOWN_FORM else state.legal_form,
        "n_partners": _count(state.n_partners),
        "n_certified_partners": _count(state.n_certified_partners),
        "altered_on": _day(practice.altered_on),
        "alteration_filed_on": _day(practice.alteration_filed_on),
        "report_year": _count(practice.report_year),
        "reported_on": _day(practice.reported_on),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _count(number: int | None) -> str:
    return "" if number is None else str(number)


def _find_parent(
    before: AgencyState, read: ReadRow[AgencyRow], parents: Mapping[tuple[PracticeLine, str], str]
) -> tuple[str | None, set[str]]:
    row, flags = read.value, set(before.flags)
    if not row.parent_code:
        return before.parent, flags
    parent = parents.get((row.practice_line, row.parent_code))
    if parent is not None and parent != row.uscc:
        return parent, flags - {UNKNOWN_PARENT}
    read.reader.soft_fault(
        "parent_code",
        "import.parent-unknown",
        "{heading}: no other agency has the code {found}; the branch is taken in without its parent, import "
        "the parent and then this list again",
        found=row.parent_code,
    )
    return before.parent, flags | {UNKNOWN_PARENT}
