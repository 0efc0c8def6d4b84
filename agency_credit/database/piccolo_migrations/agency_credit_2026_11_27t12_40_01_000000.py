"""One row a section of a draft, none of which changes once the draw is announced."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from agency_credit.database.portable import check, limit_lengths, one_of, refuse, unique

ID = "2026-11-27T12:40:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of the sections of a draft"

SECTIONS = ("what", "frame", "strata", "teams", "entropy")
ANNOUNCED = 'EXISTS (SELECT 1 FROM "draw_step" WHERE "draw_step"."draw" = NEW."draw")'


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    return manager


async def _constrain() -> None:
    await unique("draft_section", "draw", "section")
    await one_of("draft_section", "section", *SECTIONS)
    await check("draft_section", "version", '"version" >= 1')
    await limit_lengths("draft_section")
    for event in ("INSERT", "UPDATE"):
        await refuse("draft_section", event, "frozen", "an announced draw is frozen", when=ANNOUNCED)
