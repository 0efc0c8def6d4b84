"""The one way to a transaction, the same on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agency_credit.database import piccolo_conf
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.server import ServerEngine

_LOG_LOCK = 0x6C6F67
_MIGRATION_LOCK = 0x6D6967
_LOGIN_LOCK = 0x6C6F67696E


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing; does not nest, belongs to the task that opened it.

    Raises
    ------
    RuntimeError
        A transaction is open already in this task.
    UnavailableError
        The database is locked, full or gone; nothing was changed.
    ConflictError
        A unique row is there already.
    """
    engine = piccolo_conf.DB
    assert engine is not None, "connect() first"
    async with engine.transaction(allow_nested=False):
        yield


async def lock_log() -> None:
    """Be the only writer until this transaction ends: the sequencer of the public log.

    On SQLite every transaction is that already.
    """
    await _lock(_LOG_LOCK)


async def lock_migrations() -> None:
    """Be the only one who changes the schema until this transaction ends."""
    await _lock(_MIGRATION_LOCK)


async def lock_logins() -> None:
    """Be the only one who counts failed logins until this transaction ends."""
    await _lock(_LOGIN_LOCK)


async def shred() -> None:
    """After a commit: what was deleted leaves the write-ahead log too; on PostgreSQL vacuuming does it.

    Where others read just now it stays until a later checkpoint.
    """
    engine = piccolo_conf.DB
    if isinstance(engine, EmbeddedEngine):
        await engine.truncate_log()


async def _lock(number: int) -> None:
    engine = piccolo_conf.DB
    if isinstance(engine, ServerEngine):
        await engine.run_ddl(f"SELECT pg_advisory_xact_lock({number})")
