"""A key belongs to one request of a person; the oldest go first."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import index, limit_lengths, unique

ID = "2026-11-24T02:10:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of the answers"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("idempotent_answer", "person", "key")
    await index("idempotent_answer", "at")
    await limit_lengths("idempotent_answer")
