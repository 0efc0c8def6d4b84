"""An inspection has one code; who arrived is only added."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, limit_lengths, unique

ID = "2026-11-27T13:20:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of arrivals"

APPEND_ONLY = ("arrival_code", "arrival")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("arrival_code", "inspection")
    await limit_lengths("arrival_code")
    for table in APPEND_ONLY:
        await append_only(table)
