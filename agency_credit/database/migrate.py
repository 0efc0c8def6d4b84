"""Bring the schema up to date, under a lock, so that several processes may start at once."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import redirect_stdout
from io import StringIO

from piccolo.apps.migrations.tables import Migration

from agency_credit.database import piccolo_migrations
from agency_credit.database.connection import Database, bind_tables
from agency_credit.database.transaction import lock_migrations, transaction
from agency_credit.domain.errors import RefusedError

APP = "agency_credit"


async def migrate(engine: Database) -> int:
    """Run the migrations that have not run yet, all or none.

    Returns
    -------
    int
        How many ran.

    Raises
    ------
    RefusedError
        The database has migrations that this version does not know.

    Notes
    -----
    One transaction around all of it: both databases roll a changed schema back. Whoever comes second
    waits, then finds nothing to do.
    """
    bind_tables(engine)
    async with transaction():
        await lock_migrations()
        await Migration.create_table(if_not_exists=True)
        done = {
            row["name"] for row in await Migration.select(Migration.name).where(Migration.app_name == APP)
        }
        if unknown := done - set(_names()):
            raise RefusedError(
                "database.newer",
                "the database belongs to a newer version ({migration}); install that version",
                migration=max(unknown),
            )
        waiting = [name for name in _names() if name not in done]
        for name in waiting:
            module = importlib.import_module(f"{piccolo_migrations.__name__}.{name}")
            manager = await module.forwards()
            with redirect_stdout(StringIO()):  # Piccolo prints its progress
                await manager.run()
            await Migration.insert(Migration(name=name, app_name=APP))
    return len(waiting)


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(piccolo_migrations.__path__))
