"""A statement was issued once, under a code of its own, and that stays."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, limit_lengths, one_of, unique

ID = "2026-11-27T20:70:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of statements of credit"

APPEND_ONLY = ("statement",)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("statement", "code")
    await one_of("statement", "extent", "public", "full")
    await limit_lengths("statement")
    for table in APPEND_ONLY:
        await append_only(table)
