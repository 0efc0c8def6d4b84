"""Lists of recusals (回避关系): which inspector must not meet which agency, and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.services.import_header import Table
from agency_credit.services.import_records import note_unknown_agency
from agency_credit.services.import_row import ReadList, RowReader, read_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RecusalRow:
    """One row; the category is the office's word for the reason (回避事由)."""

    certificate: str
    uscc: str
    category: str
    reason: str


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
