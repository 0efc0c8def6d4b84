"""Tables, migrations and the two engines; one behaviour on SQLite and PostgreSQL."""

from __future__ import annotations

from agency_credit.database.bulk import append_records, append_rows, upsert_rows
from agency_credit.database.connection import (
    Database,
    bind_tables,
    connect,
    describe,
    find_damage,
    pool_state,
    start,
    stop,
)
from agency_credit.database.migrate import find_waiting, migrate, migration_names
from agency_credit.database.transaction import lock_log, lock_logins, shred, transaction

__all__ = [
    "Database",
    "append_records",
    "append_rows",
    "bind_tables",
    "connect",
    "describe",
    "find_damage",
    "find_waiting",
    "lock_log",
    "lock_logins",
    "migrate",
    "migration_names",
    "pool_state",
    "shred",
    "start",
    "stop",
    "transaction",
    "upsert_rows",
]
