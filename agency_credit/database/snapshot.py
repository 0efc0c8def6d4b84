"""All rows of all tables at one instant, while others write; and the way back into an empty database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from graphlib import TopologicalSorter
from typing import Any, Protocol

from agency_credit.database.connection import Database
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import TABLES

PAGE = 200


class Snapshot(Protocol):
    """The database as it was when the snapshot was opened."""

    async def columns(self, table: str) -> list[str]:
        """Names of the columns of a table."""
        ...

    def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
        """Rows of a table by their id."""
        ...


@asynccontextmanager
async def open_snapshot(engine: Database) -> AsyncIterator[Snapshot]:
    """Everything as it is at this instant, whatever is written meanwhile."""
    if isinstance(engine, EmbeddedEngine):
        with closing(engine.connect_reader()) as reader:
            reader.execute("BEGIN")
            reader.execute('SELECT count(*) FROM "migration"').fetchone()  # the first read fixes the instant
            yield _FileSnapshot(reader)
        return
    connection = await engine.take()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.fetchval('SELECT count(*) FROM "migration"')
            yield _ServerSnapshot(connection)
    finally:
        await engine.release(connection)


class _FileSnapshot:
    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    async def columns(self, table: str) -> list[str]:
        return [row["name"] for row in self._reader.execute(f"SELECT name FROM pragma_table_info('{table}')")]  # noqa: S608

    async def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
        cursor = self._reader.execute(_select(table, columns))
        while page := cursor.fetchmany(PAGE):
            for row in page:
                yield list(row.values())
            await asyncio.sleep(0)  # others on this loop go on


class _ServerSnapshot:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def columns(self, table: str) -> list[str]:
        rows = await self._connection.fetch(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
            table,
        )
        return [row["column_name"] for row in rows]

    async def rows(self, table: str, columns: Sequence[str]) -> AsyncIterator[Sequence[Any]]:
        async for row in self._connection.cursor(_select(table, columns), prefetch=PAGE):
            yield list(row.values())


def _select(table: str, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f'SELECT {names} FROM "{table}" ORDER BY "id"'  # noqa: S608  (names of our own)


def tables_in_order() -> list[str]:
    """Names of all tables, each after those it refers to."""
    sorter = TopologicalSorter[str]()
    for table in TABLES:
        meta: Any = table._meta  # noqa: SLF001  (Piccolo names its columns nowhere else)
        parents = {
            column._foreign_key_meta.resolved_references._meta.tablename  # noqa: SLF001
            for column in meta.foreign_key_columns
        }
        sorter.add(meta.tablename, *sorted(parents - {meta.tablename}))
    return list(sorter.static_order())


async def find_filled(engine: Database, tables: Iterable[str]) -> str | None:
    """The first of `tables` that holds a row; None: all are empty."""
    for table in tables:
        if await engine.run_ddl(f'SELECT 1 AS one FROM "{table}" LIMIT 1'):  # noqa: S608  (names of our own)
            return table
    return None


async def list_tables(engine: Database) -> set[str]:
    """Names of the tables that there are."""
    if isinstance(engine, EmbeddedEngine):
        rows = await engine.run_ddl("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {row["name"] for row in rows}
    rows = await engine.run_ddl("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    return {row["tablename"] for row in rows}


@asynccontextmanager
async def without_triggers(engine: Database, tables: Sequence[str]) -> AsyncIterator[None]:
    """Inside the caller's transaction: rows are put in as they were; the rules held when they were made.

    Foreign keys hold at the end of the block at the latest: a row may refer to a later one of its own
    table, as a branch does to an agency that was listed after it. Where the block fails the caller rolls
    back, triggers and all.
    """
    if isinstance(engine, EmbeddedEngine):
        await engine.run_ddl("PRAGMA defer_foreign_keys = ON")  # until this transaction ends
        triggers = await engine.run_ddl("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for trigger in triggers:
            await engine.run_ddl(f'DROP TRIGGER "{trigger["name"]}"')
        yield
        for trigger in triggers:
            await engine.run_ddl(trigger["sql"])
        return
    for table in tables:
        await engine.run_ddl(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    own = await _list_own_references(engine)
    for table, name in own:
        await engine.run_ddl(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED')
    yield
    await engine.run_ddl("SET CONSTRAINTS ALL IMMEDIATE")  # looks at every row that came
    for table, name in own:
        await engine.run_ddl(f'ALTER TABLE "{table}" ALTER CONSTRAINT "{name}" NOT DEFERRABLE')
    for table in tables:
        await engine.run_ddl(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


async def _list_own_references(engine: Database) -> list[tuple[str, str]]:
    """Table and name of each foreign key of the server that refers to its own table."""
    rows = await engine.run_ddl(
        "SELECT conrelid::regclass::text AS relation, conname FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = confrelid AND connamespace = current_schema()::regnamespace"
    )
    return [(str(row["relation"]).strip('"'), str(row["conname"])) for row in rows]


async def continue_counting(engine: Database, tables: Iterable[str]) -> None:
    """After rows came with their ids: the next new row gets the next one."""
    if isinstance(engine, EmbeddedEngine):
        return  # SQLite counts on from the highest by itself
    for table in tables:
        await engine.run_ddl(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "  # noqa: S608
            f'greatest((SELECT max("id") FROM "{table}"), 1), EXISTS (SELECT 1 FROM "{table}"))'
        )


async def find_broken_references(engine: EmbeddedEngine) -> list[str]:
    """Tables with a row that refers to none; the server holds this by itself."""
    return sorted({str(row["table"]) for row in await engine.run_ddl("PRAGMA foreign_key_check")})


async def list_triggers(engine: EmbeddedEngine) -> set[str]:
    """Names of the triggers that there are."""
    return {
        row["name"] for row in await engine.run_ddl("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    }
