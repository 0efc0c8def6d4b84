"""What is let go of row by row is not emptied at once; salts, codes and seats stay as they were."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import refuse, refuse_emptying

ID = "2026-11-27T20:95:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "no emptying of what goes row by row"

FORGETTABLE = ("record_salt", "case_text", "case_file", "case_file_content", "reply_text")
NEVER_REMOVED = ("activation_code", "agency_seat")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await refuse("record_salt", "UPDATE", "unchanged", "record_salt is never changed")
    for table in FORGETTABLE:
        await refuse_emptying(table, f"rows of {table} go with a record that is sealed")
    for table in NEVER_REMOVED:
        message = f"rows of {table} are never removed"
        await refuse(table, "DELETE", "kept", message)
        await refuse_emptying(table, message)
