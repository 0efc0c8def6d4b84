"""Lists of practitioners (专利代理师、商标代理从业人员): rows to practitioners. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agency_credit.services.import_agencies import PracticeLine, parse_practice_line
from agency_credit.services.import_header import Table
from agency_credit.services.import_records import note_unknown_agency
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, read_rows

STATUS_WORDS = {
    "执业": "active",
    "在职": "active",
    "正常": "active",
    "注销": "cancelled",
    "离职": "left",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRow:
    """One row; the certificate number stays when the agency changes (docs/legal-sources.md, 7.2).

    Parameters
    ----------
    uscc
        Of the agency; empty where the row names none.
    """

    certificate: str
    name: str
    uscc: str
    practice_line: PracticeLine
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerState:
    """What the register says of a practitioner."""

    certificate: str
    name: str = ""
    uscc: str = ""
    practice_line: str = ""
    status: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerContext:
    """What the rows are held against: codes in the register, and the practice line of the whole file."""

    agencies: frozenset[str]
    codes: Mapping[tuple[PracticeLine, str], str]
    practice_line: PracticeLine | None


def read_practitioners(tables: Sequence[Table], context: PractitionerContext) -> ReadList[PractitionerRow]:
    """Rows of a list of practitioners; the agency is named by its credit code or its agency code."""
    return read_rows(
        tables,
        lambda reader: _parse_practitioner(reader, context),
        key=lambda row: row.certificate,
        key_field="certificate",
    )


def plan_practitioners(
    rows: Sequence[ReadRow[PractitionerRow]], known: Mapping[str, PractitionerState]
) -> tuple[list[PractitionerState], list[PractitionerState]]:
    """Practitioners that are new, and those that change."""
    new, changed = [], []
    for read in rows:
        row = read.value
        before = known.get(row.certificate)
        start = before or PractitionerState(certificate=row.certificate)
        after = replace(
            start,
            name=row.name,
            uscc=row.uscc or start.uscc,
            practice_line=row.practice_line,
            status=row.status or start.status,
        )
        read.settle(before, after, _cells)
        if before is None:
            new.append(after)
        elif before != after:
            changed.append(after)
    return new, changed


def _cells(state: PractitionerState) -> dict[str, str]:
    """What a row could say of the practitioner, by column."""
    return {
        "name": state.name,
        "uscc": state.uscc,
        "practice_line": state.practice_line,
        "status": state.status,
    }


def _parse_practitioner(reader: RowReader, context: PractitionerContext) -> PractitionerRow | None:
    name = reader.text("name", is_name=True)
    certificate = reader.code("certificate")
    line = parse_practice_line(reader, context.practice_line)
    uscc, agency_code = reader.uscc(), reader.code("agency_code")
    if uscc and uscc not in context.agencies:
        note_unknown_agency(reader, uscc)
    if not uscc and agency_code and line:
        uscc = context.codes.get((line, agency_code), "")
        if not uscc:
            reader.fault(
                "agency_code",
                "import.agency-code-unknown",
                "{heading}: no agency in the register has the agency code {found}; correct it, or import "
                "the agency first",
                found=agency_code,
            )
    status = reader.word("status", STATUS_WORDS)
    if reader.has_error or line is None:
        return None
    return PractitionerRow(certificate=certificate, name=name, uscc=uscc, practice_line=line, status=status)
