"""Lists of recusals (回避关系): which inspector must not meet which agency, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agency_credit.services.import_header import Table
from agency_credit.services.import_records import note_unknown_agency
from agency_credit.services.import_row import ReadList, ReadRow, RowReader, read_rows
from agency_credit.services.import_work import list_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalRow:
    """One row; the category is the office's word for the reason (回避事由)."""

    certificate: str
    uscc: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecusal:
    """What the store holds of a recusal besides whom it keeps apart."""

    category: str
    reason: str
    is_approved: bool
    proposed_by: int | None = None
    proposed_at: datetime | None = None


def read_recusals(
    tables: Sequence[Table], inspectors: frozenset[str], agencies: frozenset[str]
) -> ReadList[RecusalRow]:
    """Rows of a list of recusals; both sides must be known."""
    return read_rows(
        tables,
        lambda reader: _parse_recusal(reader, inspectors, agencies),
        key=lambda row: (row.certificate, row.uscc),
        key_field="certificate",
    )


def plan_recusals(
    rows: Sequence[ReadRow[RecusalRow]], known: Mapping[tuple[str, str], KnownRecusal]
) -> list[RecusalRow]:
    """Recusals that are new, and those still waiting that change.

    What a second person approved is not changed by a list: that would be a change without approval.
    """
    wanted = []
    for read in rows:
        row = read.value
        before = known.get((row.certificate, row.uscc))
        if before is None:
            read.settle(None, row, _cells)
            wanted.append(row)
            continue
        after = replace(row, reason=row.reason or before.reason)
        if (after.category, after.reason) == (before.category, before.reason):
            read.reader.settle("same")
        elif before.is_approved:
            read.reader.fault(
                "category",
                "import.recusal-approved",
                "{heading}: this recusal is approved as {before}, found {found}; a list does not change what "
                "was approved, restore the cell",
                before=before.category,
                found=row.category,
            )
        else:
            read.reader.settle("changed", list_changes(_cells(before), _cells(after)))
            wanted.append(after)
    return wanted


def _cells(row: RecusalRow | KnownRecusal) -> dict[str, str]:
    """What can be said of a recusal, by column."""
    return {"category": row.category, "reason": row.reason}


def _parse_recusal(
    reader: RowReader, inspectors: frozenset[str], agencies: frozenset[str]
) -> RecusalRow | None:
    certificate = reader.code("certificate")
    if certificate and certificate not in inspectors:
        reader.fault(
            "certificate",
            "import.inspector-unknown",
            "{heading}: no inspector in the roster has the certificate {found}; correct it, or import the "
            "roster first",
            found=certificate,
        )
    uscc = reader.uscc()
    if uscc and uscc not in agencies:
        note_unknown_agency(reader, uscc)
    category, reason = reader.text("category"), reader.text("reason")
    if reader.has_error:
        return None
    return RecusalRow(certificate=certificate, uscc=uscc, category=category, reason=reason)
