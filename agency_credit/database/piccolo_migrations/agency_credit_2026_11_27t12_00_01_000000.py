"""A run is undone once, what it did is never rewritten, a heading means one thing."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, index, limit_lengths, unique

ID = "2026-11-27T12:00:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of imports"

APPEND_ONLY = ("import_row", "import_undo")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("import_undo", "run")
    await unique("import_column", "kind", "heading")
    await index("import_row", "subject")
    for table in (*APPEND_ONLY, "import_upload", "import_column"):
        await limit_lengths(table)
    for table in APPEND_ONLY:
        await append_only(table)
