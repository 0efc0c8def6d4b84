"""The production database: Piccolo's PostgreSQL engine, with the same guarantees as the embedded one.

Piccolo loses the connection when BEGIN fails, keeps a dead transaction current when COMMIT fails, and waits
for a free connection without end. Here a connection is given back whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from agency_credit.database.faults import describe_server_error
from agency_credit.database.task_bound import Ownership, refuse_nesting

POOL_SIZE = 10
WAIT_SECONDS = 30.0


class ServerEngine(PostgresEngine):
    """Piccolo's PostgreSQL engine with a pool, our errors, and transactions that belong to one task.

    Parameters
    ----------
    address
        ``postgresql://…``
    pool_size
        Most connections at a time; a transaction keeps one until it ends.
    wait_seconds
        How long to wait for a free connection or for a lock, before a clear error.
    """

    __slots__ = ("pool_size", "wait_seconds")

    def __init__(
        self, address: str, *, pool_size: int = POOL_SIZE, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.pool_size = pool_size
        self.wait_seconds = wait_seconds
        super().__init__(config={"dsn": address}, extensions=())

    async def check_version(self) -> None:
        """Not while it is constructed: Piccolo would connect, and hold up the loop of whoever does."""

    async def open(self) -> None:
        """Start the pool.

        Raises
        ------
        UnavailableError
            No server answers at the address, or it does not let us in.
        """
        if self.pool is not None:
            return
        with _our_errors():
            await self.start_connection_pool(
                min_size=1,
                max_size=self.pool_size,
                timeout=self.wait_seconds,
                server_settings={"lock_timeout": str(int(self.wait_seconds * 1000)), "timezone": "UTC"},
            )

    async def close(self) -> None:
        """Give the connections back."""
        if self.pool is not None:
            await self.close_connection_pool()

    async def take(self) -> Any:
        """A connection of the pool; to be released whatever happens."""
        if self.pool is None:
            raise RuntimeError("the engine has not been started")
        with _our_errors():
            return await self.pool.acquire(timeout=self.wait_seconds)

    async def release(self, connection: Any) -> None:
        """Give `connection` back; an open transaction on it is rolled back."""
        if self.pool is not None:
            await self.pool.release(connection)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ARG002
        """Run a query of Piccolo's."""
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, arguments)

    async def append_records(
        self, table: str, columns: Sequence[str], records: Sequence[Sequence[Any]], otherwise: str = ""
    ) -> None:
        """Add many rows inside the current transaction; names are those of our own code, never input.

        Parameters
        ----------
        otherwise
            What to do where a row is there already: an ``ON CONFLICT`` clause, which COPY does not know.
        """
        current = self.current_transaction.get()
        assert isinstance(current, ServerTransaction), "open a transaction first"
        current.ownership.check()
        names, places = (
            ", ".join(f'"{column}"' for column in columns),
            ", ".join(map("${}".format, range(1, len(columns) + 1))),
        )
        with _our_errors():
            if not otherwise:
                await current.connection.copy_records_to_table(table, columns=columns, records=records)
            else:
                statement = f'INSERT INTO "{table}" ({names}) VALUES ({places}) {otherwise}'  # noqa: S608
                await current.connection.executemany(statement, records)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ARG002
        """Run a statement that changes the schema."""
        return await self._run(ddl, [])

    def transaction(self, allow_nested: bool = True) -> ServerTransaction:
        """A transaction that is given back whatever happens."""
        return ServerTransaction(self, allow_nested=allow_nested)

    async def batch(self, *arguments: Any, **options: Any) -> Any:
        """Refused: Piccolo's batches swallow every error of their body; read by pages of a key."""
        raise NotImplementedError(self.batch.__doc__)

    async def _run(self, query: str, arguments: Sequence[Any]) -> Any:
        current = self.current_transaction.get()
        if isinstance(current, ServerTransaction):
            current.ownership.check()
            with _our_errors():
                return await current.connection.fetch(query, *arguments)
        connection = await self.take()
        try:
            with _our_errors():
                return await connection.fetch(query, *arguments)
        finally:
            await self.release(connection)


class ServerTransaction(PostgresTransaction):
    """Keeps one connection of the pool until it is committed or rolled back, whatever happens."""

    __slots__ = ("ownership",)

    engine: ServerEngine
    ownership: Ownership

    def __init__(self, engine: ServerEngine, *, allow_nested: bool) -> None:
        if engine.current_transaction.get() is not None and not allow_nested:
            raise refuse_nesting()
        super().__init__(engine=engine)

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.engine.take()
        try:
            with _our_errors():
                self.transaction = self.connection.transaction()
                await self.transaction.start()
        except BaseException:
            await self.engine.release(self.connection)
            raise
        self.ownership = Ownership()
        self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent is not None:
            return False
        try:
            if exception is None:
                with _our_errors():
                    await self.transaction.commit()
            else:
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # releasing resets it
                    await self.transaction.rollback()
        finally:
            self.ownership.end()
            self.engine.current_transaction.set(None)
            await self.engine.release(self.connection)
        return False


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        described = describe_server_error(error)
        if described is None:
            raise
        raise described from error
