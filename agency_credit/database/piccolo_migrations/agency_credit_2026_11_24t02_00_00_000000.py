"""A key belongs to one request of a person; the oldest go first."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import index, limit_lengths, unique

ID = "2026-11-24T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "one answer a key"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("repeated_request", "person", "key")
    await index("repeated_request", "at")
    await limit_lengths("repeated_request")
