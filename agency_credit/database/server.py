"""The production database: Piccolo's PostgreSQL engine, with the same guarantees as the embedded one."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from agency_credit.database.faults import describe_server_error

POOL_SIZE = 10
WAIT_SECONDS = 30
"""How long a query waits for a connection or a lock before it gives up with a clear error."""


class ServerEngine(PostgresEngine):
    """Piccolo's PostgreSQL engine with a pool, our errors, and transactions that belong to one task."""

    def __init__(self, address: str) -> None:
        super().__init__(config={"dsn": address}, extensions=())

    async def open(self) -> None:
        """Start the pool.

        Raises
        ------
        UnavailableError
            No server answers at the address.
        """
        try:
            await self.start_connection_pool(
                min_size=1,
                max_size=POOL_SIZE,
                server_settings={"lock_timeout": f"{WAIT_SECONDS * 1000}", "timezone": "UTC"},
            )
        except Exception as error:
            raise describe_server_error(error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self.close_connection_pool()

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        """Run a query of Piccolo's."""
        self._check_task()
        try:
            return await super().run_querystring(querystring, in_pool=in_pool)
        except Exception as error:
            raise describe_server_error(error) from error

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        """Run a statement that changes the schema."""
        self._check_task()
        try:
            return await super().run_ddl(ddl, in_pool=in_pool)
        except Exception as error:
            raise describe_server_error(error) from error

    def transaction(self, allow_nested: bool = True) -> ServerTransaction:
        """A transaction that is given back whatever happens."""
        return ServerTransaction(engine=self, allow_nested=allow_nested)

    def _check_task(self) -> None:
        current = self.current_transaction.get()
        if isinstance(current, ServerTransaction):
            current.check_usable()


class ServerTransaction(PostgresTransaction):
    """Piccolo's transaction, which gives its connection back also when COMMIT fails."""

    __slots__ = ("_task", "is_open")

    def __init__(self, engine: ServerEngine, allow_nested: bool = True) -> None:
        self.is_open = False
        self._task: asyncio.Task[Any] | None = None
        if engine.current_transaction.get() is not None and not allow_nested:
            raise RuntimeError("a transaction is open already in this task; transactions do not nest")
        super().__init__(engine=engine, allow_nested=allow_nested)

    def check_usable(self) -> None:
        """Refuse what was started inside the transaction but runs beside or after it."""
        if not self.is_open:
            raise RuntimeError("this task was started inside a transaction that has ended")
        if self._task is not asyncio.current_task():
            raise RuntimeError("a transaction belongs to one task; await queries one after another in it")

    async def __aenter__(self) -> PostgresTransaction:
        entered = await super().__aenter__()
        if self._parent is None:
            self.is_open = True
            self._task = asyncio.current_task()
        return entered

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent is not None:
            return False
        try:
            if exception is None and not self._committed and not self._rolled_back:
                await self.commit()  # type: ignore[no-untyped-call]
            elif exception is not None and not self._rolled_back:
                await self.rollback()  # type: ignore[no-untyped-call]
        except Exception as error:
            raise describe_server_error(error) from error
        finally:
            self.is_open = False
            self.engine.current_transaction.reset(self.context)
            if self.engine.pool:
                await self.engine.pool.release(self.connection)
            else:
                await self.connection.close()
        return False
