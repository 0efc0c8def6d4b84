"""One letter of the office is good at a time, each code opens one seat, and what happened to a code stays."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import check, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T20:10:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "activation codes"

_ONE_LETTER = (
    'CREATE UNIQUE INDEX "activation_code_open_unique" ON "activation_code" ("agency")'
    " WHERE \"origin\" = 'office' AND \"used_at\" IS NULL AND \"cancelled_at\" IS NULL"
)
_SPENT = 'OLD."used_at" IS NOT NULL OR OLD."cancelled_at" IS NOT NULL'


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    table = "activation_code"
    await one_of(table, "right", "manager", "clerk", "reader")
    await one_of(table, "origin", "office", "desk")
    await unique(table, "code_digest")
    await check(table, "one_end", '"used_at" IS NULL OR "cancelled_at" IS NULL')
    await refuse(table, "UPDATE", "spent", "a code that was used or cancelled stays so", when=_SPENT)
    await limit_lengths(table)
    engine = engine_finder()
    assert engine is not None
    await engine.run_ddl(_ONE_LETTER)
