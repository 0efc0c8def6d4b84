"""An inspection that a lead gave rise to has no draw."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns import ForeignKey

from agency_credit.database.portable import allow_null

ID = "2026-11-27T12:30:02:000000"
VERSION = "1.38.0"
DESCRIPTION = "inspections without a draw"


class _Manager(MigrationManager):
    """Piccolo's own statement for this is one that SQLite does not know."""

    async def _run_alter_columns(self, backwards: bool = False) -> None:  # noqa: ARG002
        await allow_null("inspection", "draw")


async def forwards() -> MigrationManager:
    manager = _Manager(migration_id=ID, app_name="agency_credit", description=DESCRIPTION)
    manager.alter_column(
        table_class_name="Inspection",
        tablename="inspection",
        column_name="draw",
        db_column_name="draw",
        params={"null": True},
        old_params={"null": False},
        column_class=ForeignKey,
        old_column_class=ForeignKey,
        schema=None,
    )
    return manager
