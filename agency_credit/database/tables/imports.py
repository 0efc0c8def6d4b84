"""Imports of office files."""

from __future__ import annotations

from piccolo.columns import BigSerial, Text, Timestamptz, Varchar
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
