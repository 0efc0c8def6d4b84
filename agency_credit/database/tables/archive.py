"""Records that were forgotten: sealed, where each of their pieces stood, and how one is known again."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Bytea, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.register import Agency, CreditRecord


class SealedRecord(Table, tablename="sealed_record"):
    """All that was kept of a record, under a key outside the database; only auditors open it.

    `entries_json`: indexes of the entries of the public log whose body and salt went; `log_index`: of the
    first entry ``redacted`` that says so, the others follow it.
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    record = ForeignKey(CreditRecord, null=False, index=True, on_delete=OnDelete.restrict)
    reason = Varchar(length=20)
    sealed = Bytea(default=b"", secret=True)
    at = Timestamptz(null=False, default=None)
    by = Varchar(length=64)
    entries_json = Text(default="[]")
    log_index = BigInt(null=True, default=None)


class SealedPlace(Table, tablename="sealed_place"):
    """A row that held something of a sealed record: triggers let go of this row, and of no other."""

    id: BigSerial = BigSerial(primary_key=True)
    sealed = ForeignKey(SealedRecord, null=False, index=True, on_delete=OnDelete.restrict)
    place = Varchar(length=60, help_text="name of the table")
    row = BigInt()


class ForgottenRecord(Table, tablename="forgotten_record"):
    """By a keyed digest of its identity: a list that brings the record again is told so."""

    id: BigSerial = BigSerial(primary_key=True)
    sealed = ForeignKey(SealedRecord, null=False, index=True, on_delete=OnDelete.restrict)
    tag = Varchar(length=64)
