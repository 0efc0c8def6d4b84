"""The embedded database: Piccolo's SQLite engine with kept connections and honest transactions.

Piccolo opens a connection and a thread for every query, begins transactions DEFERRED, leaks a thread when
BEGIN fails, and goes on inside a dead transaction when COMMIT fails. Here two connections are kept, both
used on the event loop's own thread: statements are short, there is nothing to leak (docs/adr/0011).

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
from typing import Any

from piccolo.engine.base import BaseTransaction
from piccolo.engine.sqlite import SQLiteEngine, TransactionType, dict_factory
from piccolo.querystring import QueryString

from agency_credit.database.faults import describe_sqlite_error
from agency_credit.database.task_bound import Ownership, refuse_nesting

BUSY_SECONDS = 5.0
_NAP_SECONDS = 0.005


class EmbeddedEngine(SQLiteEngine):
    """Piccolo's SQLite engine on two kept connections; it belongs to one event loop at a time.

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
        if self._writer is not None:
            return
        with _our_errors():
            try:
                self._writer = self._connect()
                self._reader = self._connect()
            except BaseException:
                self.close()
                raise

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

    async def append_records(
        self, table: str, columns: Sequence[str], records: Sequence[Sequence[Any]], otherwise: str = ""
    ) -> None:
        """Add many rows inside the current transaction; names are those of our own code, never input.

        Parameters
        ----------
        otherwise
            What to do where a row is there already: an ``ON CONFLICT`` clause.
        """
        transaction: object = self.current_transaction.get()
        assert isinstance(transaction, EmbeddedTransaction), "open a transaction first"
        transaction.ownership.check()
        names, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" for _ in columns)
        with _our_errors():
            self.writer.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places}) {otherwise}', records)  # noqa: S608

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

    async def batch(self, *arguments: Any, **options: Any) -> Any:
        """Refused: Piccolo's batches swallow every error of their body; read by pages of a key."""
        raise NotImplementedError(self.batch.__doc__)

    async def begin(self) -> None:
        """Take the write lock of the file, waiting in naps; the caller holds `write_lock`.

        Raises
        ------
        UnavailableError
            Another process kept the lock for longer than `busy_seconds`.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + self.busy_seconds
        while not self._try_begin(is_last_try=clock() >= deadline):  # noqa: ASYNC110  (a lock of the file)
            await asyncio.sleep(_NAP_SECONDS)

    def _try_begin(self, *, is_last_try: bool) -> bool:
        with _our_errors():
            try:
                self.writer.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if is_last_try or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                return False
        return True

    async def _run(self, query: str, arguments: Sequence[Any]) -> Any:
        transaction: object = self.current_transaction.get()
        if isinstance(transaction, EmbeddedTransaction):
            transaction.ownership.check()
            return _execute(self.writer, query, arguments)
        if _is_read(query):
            self.open()
            assert self._reader is not None
            return _execute(self._reader, query, arguments)
        async with EmbeddedTransaction(self, allow_nested=False):
            return _execute(self.writer, query, arguments)

    async def truncate_log(self) -> None:
        """Fold the write-ahead log back and empty it, unless somebody is reading."""
        async with self.write_lock:
            _execute(self.writer, "PRAGMA wal_checkpoint(TRUNCATE)", [])

    def connect_reader(self) -> sqlite3.Connection:
        """One more connection, which only reads; its caller closes it."""
        with _our_errors():
            reader = self._connect()
            reader.execute("PRAGMA query_only=ON")
        return reader

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
        # secure_delete: what is forgotten is overwritten with zeros, not left in free pages (docs/adr/0041).
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            _with_patience(connection, f"PRAGMA {pragma}")
        _with_patience(connection, "PRAGMA secure_delete=ON")
        return connection


class EmbeddedTransaction(BaseTransaction):
    """Holds the writing connection until it is committed or rolled back, whatever happens."""

    __slots__ = ("_lock", "_parent", "_writer", "engine", "ownership")

    engine: EmbeddedEngine
    ownership: Ownership

    def __init__(self, engine: EmbeddedEngine, *, allow_nested: bool) -> None:
        self.engine = engine
        self._parent: object = engine.current_transaction.get()
        if self._parent is not None and not allow_nested:
            raise refuse_nesting()

    async def __aenter__(self) -> EmbeddedTransaction:
        if isinstance(self._parent, EmbeddedTransaction):
            return self._parent
        self._lock = self.engine.write_lock
        await self._lock.acquire()
        try:
            await self.engine.begin()
        except BaseException:
            self._lock.release()
            raise
        self._writer = self.engine.writer
        self.ownership = Ownership()
        self.engine.current_transaction.set(self)  # type: ignore[arg-type]
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent is not None:
            return False
        self.ownership.end()
        self.engine.current_transaction.set(None)
        try:
            if exception is None:
                with _our_errors():
                    self._writer.execute("COMMIT")
        finally:
            try:
                if self._writer.in_transaction:  # also where COMMIT failed: a full disk, a deferred rule
                    self._writer.execute("ROLLBACK")
            finally:
                self._lock.release()
        return False


def _execute(connection: sqlite3.Connection, query: str, arguments: Sequence[Any]) -> list[dict[str, Any]]:
    with _our_errors():
        cursor = connection.execute(query, arguments)
        try:
            return cursor.fetchall()
        finally:
            cursor.close()  # an open cursor would keep an old snapshot, and the log from being folded back


def _is_read(query: str) -> bool:
    return query.lstrip()[:6].upper() == "SELECT"


def _with_patience(connection: sqlite3.Connection, statement: str) -> None:
    # Only while opening: switching to WAL needs the file for itself for a moment.
    connection.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
    connection.execute(statement)
    connection.execute("PRAGMA busy_timeout=0")


class _our_errors:  # noqa: N801  (a class, since a generator would cost a tenth of a look-up)
    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, Exception):
            described = describe_sqlite_error(error)
            if described is not None:
                raise described from error
