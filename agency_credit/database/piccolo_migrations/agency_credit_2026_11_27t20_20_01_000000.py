"""Words of the new columns of a record; its publication is noted once; a record can be classified later."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, check, drop_one_of, index, one_of, unique

ID = "2026-11-27T20:20:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "what a record is, and when it was published"

_CATEGORIES = ("", "penalty", "list", "discipline", "inspection", "annual-report", "praise", "other")
_EVENTS = ("withdrawn", "suspended", "resumed", "assessed", "entered", "repaired", "classified")
APPEND_ONLY = ("record_publication",)
_LENGTHS = (("sanctions", 200), ("severity", 200))


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await one_of("credit_record", "category", *_CATEGORIES)
    await one_of("credit_record", "procedure", "", "ordinary", "summary")
    for column, most in _LENGTHS:  # SQLite holds no lengths by itself
        await check("credit_record", column, f'length("{column}") <= {most}')
    await drop_one_of("record_event", "event")
    await one_of("record_event", "event", *_EVENTS)
    await unique("record_publication", "record")
    await unique("record_publication", "log_index")
    await index("record_publication", "published_on")
    for table in APPEND_ONLY:
        await append_only(table)
