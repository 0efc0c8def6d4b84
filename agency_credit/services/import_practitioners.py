"""Lists of practitioners (专利代理师、商标代理从业人员): rows to practitioners. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
    """What the register says of a practitioner.

    Parameters
    ----------
    uscc
        Of the agency that claimed the person last.
    posts
        Codes of all agencies that claim the person and did not let it go; more than one is for an alarm.
    """

    certificate: str
    name: str = ""
    uscc: str = ""
    practice_line: str = ""
    status: str = "active"
    posts: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class PractitionerChanges:
    """Practitioners as a list wants them, and posts (certificate, agency) that it opens and closes.

    Parameters
    ----------
    new
        Certificates of those whom the register did not know.
    """

    states: dict[str, PractitionerState] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)
    claims: set[tuple[str, str]] = field(default_factory=set)
    releases: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerContext:
    """What the rows are held against: codes in the register, and the practice line of the whole file."""

    agencies: frozenset[str]
    codes: Mapping[tuple[PracticeLine, str], str]
    practice_line: PracticeLine | None


def read_practitioners(tables: Sequence[Table], context: PractitionerContext) -> ReadList[PractitionerRow]:
    """Rows of a list of practitioners; the agency is named by its credit code or its agency code.

    A person may stand in it once for every agency: that two claim the same one is for an alarm, not a fault.
    """
    found = read_rows(
        tables,
        lambda reader: _parse_practitioner(reader, context),
        key=lambda row: (row.certificate, row.uscc),
        key_field="certificate",
    )
    first: dict[str, PractitionerRow] = {}
    for read in found.rows:
        row, above = read.value, first.setdefault(read.value.certificate, read.value)
        if (row.name, row.practice_line) != (above.name, above.practice_line):
            read.reader.fault(
                "certificate",
                "import.contradicts",
                "{heading}: a row above says something else of {found}; keep one of the two",
                found=row.certificate,
            )
    found.rows = [read for read in found.rows if not read.reader.has_error]
    return found


def plan_practitioners(
    rows: Sequence[ReadRow[PractitionerRow]], known: Mapping[str, PractitionerState]
) -> PractitionerChanges:
    """Lay the rows over what is known of the practitioners and of their posts."""
    states = dict(known)
    for read in rows:
        before = states.get(read.value.certificate)
        after = _lay_over(before or PractitionerState(certificate=read.value.certificate), read.value)
        read.settle(before, after, _cells)
        states[after.certificate] = after
    changes = PractitionerChanges()
    for certificate, after in states.items():
        before = known.get(certificate)
        held = before.posts if before else frozenset()
        if before is None:
            changes.new.add(certificate)
        if before != after:
            changes.states[certificate] = after
            changes.claims |= {(certificate, uscc) for uscc in after.posts - held}
            changes.releases |= {(certificate, uscc) for uscc in held - after.posts}
    return changes


def _lay_over(before: PractitionerState, row: PractitionerRow) -> PractitionerState:
    """The practitioner after this row.

    An agency that lets a person go changes nothing about the agency at which that person still practises.
    """
    uscc = row.uscc or before.uscc
    status = row.status or ("active" if uscc != before.uscc else before.status)
    after = replace(before, name=row.name, practice_line=row.practice_line)
    if status == "active":
        posts = before.posts | {uscc} if uscc else before.posts
        return replace(after, uscc=uscc, status=status, posts=posts)
    posts = before.posts - {uscc}
    if not posts:
        return replace(after, uscc=uscc, status=status, posts=posts)
    stays = before.uscc if before.uscc in posts else min(posts)
    return replace(after, uscc=stays, status="active", posts=posts)


def _cells(state: PractitionerState) -> dict[str, str]:
    """What a row could say of the practitioner, by column."""
    return {
        "name": state.name,
        "uscc": "、".join(sorted(state.posts | {state.uscc} - {""})),
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
