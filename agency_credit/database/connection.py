"""Which database this process uses, and its start and stop."""

from __future__ import annotations

import os
from typing import TypeAlias

from piccolo.apps.migrations.tables import Migration

from agency_credit.database import piccolo_conf
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.server import ServerEngine
from agency_credit.database.tables import TABLES
from agency_credit.settings import Settings

Database: TypeAlias = EmbeddedEngine | ServerEngine


def connect(settings: Settings) -> Database:
    """The engine of these settings, with all tables bound to it; nothing is opened yet."""
    engine: Database
    if settings.database is None:
        settings.database_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = EmbeddedEngine(settings.database_file)
    else:
        engine = ServerEngine(settings.database)
    bind_tables(engine)
    return engine


def bind_tables(engine: Database) -> None:
    """Make `engine` the one that all tables, and Piccolo's migrations, talk to."""
    piccolo_conf.DB = engine
    os.environ["PICCOLO_CONF"] = piccolo_conf.__name__  # the only way to tell Piccolo
    for table in (*TABLES, Migration):
        table._meta.db = engine  # noqa: SLF001  (Piccolo's documented way is a global module instead)


def pool_state(engine: Database) -> dict[str, int]:
    """Connections to the server that work and that wait; nothing of the embedded database."""
    pool = engine.pool if isinstance(engine, ServerEngine) else None
    if pool is None:
        return {}
    idle = pool.get_idle_size()
    return {"busy": pool.get_size() - idle, "idle": idle}


async def describe(engine: Database) -> str:
    """Kind and version of the database."""
    if isinstance(engine, ServerEngine):
        return f"PostgreSQL {(await engine.run_ddl('SHOW server_version'))[0]['server_version']}"
    return f"SQLite {(await engine.run_ddl('SELECT sqlite_version() AS version'))[0]['version']}"


async def find_damage(engine: Database) -> str | None:
    """What SQLite finds wrong with its file, pages and indexes; a server sees to that by itself."""
    if isinstance(engine, ServerEngine):
        return None
    said = str((await engine.run_ddl("PRAGMA quick_check(1)"))[0]["quick_check"])
    return None if said == "ok" else said[:200]


async def start(engine: Database) -> None:
    """Open the connections.

    Raises
    ------
    UnavailableError
        The file or the server cannot be reached.
    """
    if isinstance(engine, ServerEngine):
        await engine.open()
    else:
        engine.open()


async def stop(engine: Database) -> None:
    """Close the connections."""
    if isinstance(engine, ServerEngine):
        await engine.close()
    else:
        engine.close()
