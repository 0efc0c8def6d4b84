"""What the database holds of posts and legal forms; a post for whoever practises somewhere already."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import check, index, one_of, unique

ID = "2026-11-27T12:10:03:000000"
VERSION = "1.38.0"
DESCRIPTION = "constraints of what alarms need to know"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_constrain)
    manager.add_raw(_open_known_posts)
    return manager


async def _constrain() -> None:
    await unique("practitioner_post", "practitioner", "agency")
    await check("practitioner_post", "order", '"released_at" >= "claimed_at"')
    await one_of("agency", "legal_form", "unknown", "partnership", "company", "law_firm")
    await check("agency", "partners", '"n_certified_partners" <= "n_partners"')
    await index("agency_practice", "practice_line", "valid_until")


async def _open_known_posts() -> None:
    """Since when they practise there nobody wrote down: their posts say so."""
    await engine_finder().run_ddl(
        'INSERT INTO "practitioner_post" ("practitioner", "agency") '
        'SELECT "id", "agency" FROM "practitioner" WHERE "agency" IS NOT NULL AND "status" = \'active\''
    )
