"""Bring the schema up to date, under a lock, so that several processes may start at once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection
from contextlib import redirect_stdout
from io import StringIO

from piccolo.apps.migrations.tables import Migration

from agency_credit.database import piccolo_migrations
from agency_credit.database.connection import Database, bind_tables
from agency_credit.database.transaction import lock_migrations, transaction
from agency_credit.domain.errors import RefusedError

APP = "agency_credit"


async def migrate(engine: Database, *, until: Collection[str] | None = None) -> int:
    """Run the migrations that have not run yet, all or none.

    Parameters
    ----------
    until
        Only those with these names: the schema of an older version, for a backup of its time.

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
        waiting = [name for name in await find_waiting() if until is None or name in until]
        for name in waiting:
            module = importlib.import_module(f"{piccolo_migrations.__name__}.{name}")
            manager = await module.forwards()
            with redirect_stdout(StringIO()):  # Piccolo prints its progress
                await manager.run()
            await Migration.insert(Migration(name=name, app_name=APP))
    return len(waiting)


async def find_waiting() -> list[str]:
    """Names of the migrations that this version knows and the database has not seen, in their order.

    Raises
    ------
    RefusedError
        The database has migrations that this version does not know.
    """
    rows = await Migration.select(Migration.name).where(Migration.app_name == APP)
    done, known = {row["name"] for row in rows}, migration_names()
    if unknown := done - set(known):
        raise RefusedError(
            "database.newer",
            "the database belongs to a newer version ({migration}); install that version",
            migration=max(unknown),
        )
    return [name for name in known if name not in done]


def migration_names() -> list[str]:
    """Names of all migrations of this version, in their order."""
    return sorted(module.name for module in pkgutil.iter_modules(piccolo_migrations.__path__))
