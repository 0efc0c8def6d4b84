"""What the database holds of inspections by other bodies."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import limit_lengths, one_of, unique

ID = "2026-11-27T12:10:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of inspections by other bodies"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("other_inspection", "agency", "inspected_on", "authority", "document_number")
    await one_of("other_inspection", "kind", "routine", "special", "case")
    await limit_lengths("other_inspection")
