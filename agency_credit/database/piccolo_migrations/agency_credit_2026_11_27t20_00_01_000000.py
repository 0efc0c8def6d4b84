"""Who was a person of an agency manages its desk; nobody sits twice at one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import limit_lengths, one_of

ID = "2026-11-27T20:00:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "seats at the desks of agencies"

_COPY = (
    'INSERT INTO "agency_seat" ("person", "agency", "right", "given_by", "given_at", "ended_by")'
    ' SELECT "id", "agency", \'manager\', \'\', "created_at", \'\' FROM "person" WHERE "agency" IS NOT NULL'
)
_ONE = (
    'CREATE UNIQUE INDEX "agency_seat_open_unique" ON "agency_seat" ("person", "agency")'
    ' WHERE "ended_at" IS NULL'
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await one_of("agency_seat", "right", "manager", "clerk", "reader")
    await limit_lengths("agency_seat")
    engine = engine_finder()
    assert engine is not None
    await engine.run_ddl(_ONE)
    await engine.run_ddl(_COPY)
