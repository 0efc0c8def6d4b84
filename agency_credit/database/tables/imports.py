"""Imports: files that wait to be taken in, runs, what each run changed, headings that people explained."""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    BigInt,
    BigSerial,
    Bytea,
    ForeignKey,
    LazyTableReference,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class ImportRun(Table, tablename="import_run"):
    """An import that was carried out; appended, never changed."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Varchar(length=30)
    file_name = Varchar(length=200)
    file_digest = Varchar(length=64)
    mode = Varchar(length=20)
    at = Timestamptz(null=False, default=None)
    by = Varchar(length=64)
    counts_json = Text(default="{}")
    faults_json = Text(default="[]")
    log_index = BigInt(null=True, default=None, help_text="of its entry in the public log")


class ImportRow(Table, tablename="import_row"):
    """What a run did to one subject, for undoing it: as it was before (empty: new), and as it is since."""

    id: BigSerial = BigSerial(primary_key=True)
    run = ForeignKey(ImportRun, null=False, index=True, on_delete=OnDelete.restrict)
    subject = Varchar(length=200)
    before_json = Text()
    after_json = Text()


class ImportUndo(Table, tablename="import_undo"):
    """A run that was taken back; appended, never changed."""

    id: BigSerial = BigSerial(primary_key=True)
    run = ForeignKey(ImportRun, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    by = Varchar(length=64)
    reason = Text()
    counts_json = Text(default="{}")
    log_index = BigInt(null=False, default=0)


class ImportUpload(Table, tablename="import_upload"):
    """A file that somebody is about to import, and what it would do; his alone, gone within a day."""

    id: BigSerial = BigSerial(primary_key=True)
    owner: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Person", module_path="agency_credit.database.tables.people"),
        null=False,
        index=True,
        on_delete=OnDelete.restrict,
    )
    kind = Varchar(length=30)
    practice_line = Varchar(length=20)
    file_name = Varchar(length=200)
    file_digest = Varchar(length=64)
    content = Bytea()
    preview = Bytea()
    at = Timestamptz(null=False, default=None)
    run = ForeignKey(ImportRun, null=True, index=True, on_delete=OnDelete.restrict)


class ImportColumn(Table, tablename="import_column"):
    """What a heading means in lists of a kind, said by a person where we did not know it."""

    id: BigSerial = BigSerial(primary_key=True)
    kind = Varchar(length=30)
    heading = Varchar(length=200)
    field = Varchar(length=60)
    set_by = Varchar(length=64)
    set_at = Timestamptz(null=False, default=None)
