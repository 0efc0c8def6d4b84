"""Ratings are counted over time; who is inspected without lot is told by the profile alone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

from agency_credit.database.portable import index

ID = "2026-11-27T08:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "an index for the course of tiers; no second place for the mandatory stream"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.add_raw(_change)
    return manager


async def _change() -> None:
    # Counting reads this index alone: the rows with their lines are a thousand times as large.
    await index("rating", "practitioner", "agency", "practice_line", "rated_on", "id", "tier")
    engine = engine_finder()
    await engine.run_ddl("DELETE FROM \"legal_parameter\" WHERE \"key\" = 'mandatory_basis'")
