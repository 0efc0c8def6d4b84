"""A day has one daily job."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import unique

ID = "2026-11-27T20:20:03:000000"
VERSION = "1.38.0"
DESCRIPTION = "one daily job a day"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("daily_run", "day")
