"""A reply is made once, each of its steps too; its words are never changed, and go with a sealed record alone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import append_only, check, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T20:60:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of replies of agencies"

APPEND_ONLY = ("reply", "reply_step")
_LONGEST = 500
_IS_KEPT = (
    "NOT EXISTS (SELECT 1 FROM \"sealed_place\" WHERE \"place\" = 'reply_text' AND \"row\" = OLD.\"id\")"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("reply", "kind", "target", "version")
    await unique("reply_text", "reply")
    await unique("reply_step", "reply", "sequence")
    await unique("reply_step", "log_index")
    await one_of("reply", "kind", "record", "result")
    await one_of("reply_step", "step", "submitted", "published", "returned", "withdrawn")
    await check("reply_text", "length", f'length("text") BETWEEN 1 AND {_LONGEST}')
    await refuse("reply_text", "UPDATE", "frozen", "what a reply says is never changed")
    message = "rows of reply_text go with a record that is sealed"
    await refuse("reply_text", "DELETE", "unless_sealed", message, when=_IS_KEPT)
    for table in APPEND_ONLY:
        await append_only(table)
        await limit_lengths(table)
