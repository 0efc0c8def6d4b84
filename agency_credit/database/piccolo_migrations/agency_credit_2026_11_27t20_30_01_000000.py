"""A case happens step after step, is closed once, and what was sent with it stays as it was sent."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import append_only, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T20:30:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of cases about records"

APPEND_ONLY = ("credit_case", "case_step")
FORGETTABLE = ("case_text", "case_file", "case_file_content")
UNIQUE = (
    ("credit_case", "record", "kind", "attempt"),
    ("case_step", "case", "sequence"),
    ("case_text", "step"),
    ("case_file", "case", "digest"),
    ("case_file_content", "file"),
)
_CLOSED_ONCE = 'CREATE UNIQUE INDEX "case_step_closed_unique" ON "case_step" ("case") WHERE "closes"'


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await one_of("credit_case", "kind", "objection", "repair")
    for table, *columns in UNIQUE:
        await unique(table, *columns)
    for table in APPEND_ONLY:
        await limit_lengths(table)
        await append_only(table)
    for table in FORGETTABLE:
        await limit_lengths(table)
        await refuse(table, "UPDATE", "unchanged", f"{table} is never changed")
    engine = engine_finder()
    assert engine is not None
    await engine.run_ddl(_CLOSED_ONCE)
