"""The embedded database: Piccolo's SQLite engine with kept connections and honest transactions.

Piccolo opens a connection and a thread for every query, begins transactions DEFERRED, leaks a thread when
BEGIN fails, and goes on inside a dead transaction when COMMIT fails (stack.md, 2.1). Here two connections
are kept, both used on the event loop's own thread: statements are short, there is nothing to leak.

- Reads outside a transaction see the last commit and never wait (WAL).
- Everything that writes queues for the one writing connection; another process is waited for in short
  naps, so that the loop goes on, and after `BUSY_SECONDS` the answer is a clear error.
"""

from __future__ import annotations

import asyncio
import contextvars
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from piccolo.engine.base import BaseTransaction, validate_savepoint_name
from piccolo.engine.sqlite import SQLiteEngine, TransactionType, dict_factory
from piccolo.querystring import QueryString

from agency_credit.database.faults import describe_sqlite_error

if TYPE_CHECKING:
    from piccolo.engine.sqlite import Savepoint

BUSY_SECONDS = 5.0
_NAP_SECONDS = 0.02


class EmbeddedEngine(SQLiteEngine):
    """Piccolo's SQLite engine on two kept connections.

    Parameters
    ----------
    path
        File of the database; made when it is missing.
    busy_seconds
        How long to wait for the lock of another process.
    """

    __slots__ = ("_loop_lock", "_reader", "_writer", "busy_seconds")

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.busy_seconds = busy_seconds
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._loop_lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None
        super().__init__(path=str(path))
        self.current_transaction = contextvars.ContextVar("embedded_transaction", default=None)

    def open(self) -> None:
        """Open both connections; the first use does it too.

        Raises
        ------
        UnavailableError
            The file cannot be opened.
        """
        if self._writer is None:
            try:
                self._writer = self._connect()
                self._reader = self._connect()
            except sqlite3.Error as error:
                self.close()
                raise describe_sqlite_error(error) from error

    def close(self) -> None:
        """Close both connections."""
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    @property
    def writer(self) -> sqlite3.Connection:
        """The connection that writes; only for its holder."""
        self.open()
        assert self._writer is not None
        return self._writer

    @property
    def write_lock(self) -> asyncio.Lock:
        """The queue of this process for the writing connection, one for each event loop."""
        loop = asyncio.get_running_loop()
        if self._loop_lock is None or self._loop_lock[0] is not loop:
            self._loop_lock = (loop, asyncio.Lock())
        return self._loop_lock[1]

    async def run_querystring(self, querystring: QueryString, in_pool: bool = False) -> Any:  # noqa: ARG002
        """Run a query of Piccolo's."""
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        return await self._run(query, arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = False) -> Any:  # noqa: ARG002
        """Run a statement that changes the schema."""
        return await self._run(ddl, [])

    def transaction(  # type: ignore[override]
        self,
        transaction_type: TransactionType = TransactionType.immediate,  # noqa: ARG002
        allow_nested: bool = True,
    ) -> EmbeddedTransaction:
        """A transaction; always IMMEDIATE, since a lock cannot be upgraded under others' feet."""
        return EmbeddedTransaction(self, allow_nested=allow_nested)

    async def begin(self) -> None:
        """Take the write lock of the file, waiting in naps; the caller holds `write_lock`."""
        deadline = asyncio.get_running_loop().time() + self.busy_seconds
        while True:
            try:
                self.writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                is_late = asyncio.get_running_loop().time() >= deadline
                if is_late or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise describe_sqlite_error(error) from error
                await asyncio.sleep(_NAP_SECONDS)
            else:
                return

    async def _run(self, query: str, arguments: Sequence[Any]) -> Any:
        transaction: object = self.current_transaction.get()
        if isinstance(transaction, EmbeddedTransaction):
            transaction.check_usable()
            return self._execute(self.writer, query, arguments)
        if _is_read(query):
            self.open()
            assert self._reader is not None
            return self._execute(self._reader, query, arguments)
        async with EmbeddedTransaction(self, allow_nested=False):
            return self._execute(self.writer, query, arguments)

    def _execute(self, connection: sqlite3.Connection, query: str, arguments: Sequence[Any]) -> Any:
        try:
            cursor = connection.execute(query, arguments)
            rows = cursor.fetchall()
            cursor.close()
        except sqlite3.Error as error:
            raise describe_sqlite_error(error) from error
        return rows

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,
            detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES,
            timeout=0,
            check_same_thread=False,  # a test client runs the loop in a thread of its own
            cached_statements=512,
        )
        connection.row_factory = dict_factory
        # FULL: what was answered as published survives a power cut, which NORMAL does not promise in WAL.
        # recursive_triggers: without it INSERT OR REPLACE walks past the triggers of append-only tables.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            _with_patience(connection, f"PRAGMA {pragma}")
        return connection


class EmbeddedTransaction(BaseTransaction):
    """Holds the writing connection until it is committed or rolled back, whatever happens."""

    __slots__ = ("_parent", "_task", "_token", "engine", "is_open", "savepoints")

    def __init__(self, engine: EmbeddedEngine, *, allow_nested: bool) -> None:
        self.engine = engine
        self.is_open = False
        self.savepoints = 0
        self._task: asyncio.Task[Any] | None = None
        self._parent: EmbeddedTransaction | None = engine.current_transaction.get()  # type: ignore[assignment]
        if self._parent is not None and not allow_nested:
            raise RuntimeError("a transaction is open already in this task; transactions do not nest")

    def check_usable(self) -> None:
        """Refuse what was started inside the transaction but runs beside or after it."""
        if not self.is_open:
            raise RuntimeError("this task was started inside a transaction that has ended")
        if self._task is not asyncio.current_task():
            raise RuntimeError("a transaction belongs to one task; await queries one after another in it")

    async def __aenter__(self) -> EmbeddedTransaction:
        if self._parent is not None:
            self._parent.check_usable()
            return self._parent
        await self.engine.write_lock.acquire()
        try:
            await self.engine.begin()
        except BaseException:
            self.engine.write_lock.release()
            raise
        self.is_open = True
        self._task = asyncio.current_task()
        self._token = self.engine.current_transaction.set(self)  # type: ignore[arg-type]
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent is not None:
            return False
        writer = self.engine.writer
        try:
            if exception is None:
                writer.execute("COMMIT")
        except sqlite3.Error as error:
            raise describe_sqlite_error(error) from error
        finally:
            self.is_open = False
            if writer.in_transaction:
                writer.execute("ROLLBACK")
            self.engine.current_transaction.reset(self._token)
            self.engine.write_lock.release()
        return False

    async def savepoint(self, name: str | None = None) -> Savepoint:
        """A savepoint of the open transaction."""
        from piccolo.engine.sqlite import Savepoint

        self.savepoints += 1
        name = name or f"savepoint_{self.savepoints}"
        validate_savepoint_name(name)
        await self.engine.run_ddl(f"SAVEPOINT {name}")
        return Savepoint(name=name, transaction=self)  # type: ignore[arg-type]

    @property
    def connection(self) -> _Connection:
        """What Piccolo's savepoints execute on."""
        return _Connection(self.engine)


class _Connection:
    __slots__ = ("_engine",)

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine

    async def execute(self, statement: str) -> None:
        await self._engine.run_ddl(statement)


def _is_read(query: str) -> bool:
    return query.lstrip()[:6].upper() == "SELECT"


def _with_patience(connection: sqlite3.Connection, statement: str) -> None:
    # Only while opening: switching to WAL needs the file for itself for a moment.
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute(statement)
    connection.execute("PRAGMA busy_timeout=0")
