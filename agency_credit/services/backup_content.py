"""Read a backup: into a database without a row and a folder, everything held against its manifest."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from agency_credit import database
from agency_credit.database import Database, transaction
from agency_credit.database.snapshot import (
    continue_counting,
    list_tables,
    open_snapshot,
    tables_in_order,
    without_triggers,
)
from agency_credit.domain.errors import RefusedError, VerificationError
from agency_credit.services.backup import OFFICE_KIND, Manifest
from agency_credit.services.backup_box import BoxReader, Opener, disk_error
from agency_credit.services.backup_lines import (
    FORM,
    Tally,
    decode_row,
    encode_row,
    format_line,
    read_lines,
    unreadable,
)

_PAGE = 200
_NOT_OURS = ("migration", "sqlite_sequence")


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a backup: what it is, of when, by which version."""

    at: str
    backup: int
    kind: str
    migrations: list[str]
    software: str


class _Closing(msgspec.Struct, frozen=True, kw_only=True):
    checkpoint: str | None
    entries: int
    files: dict[str, tuple[int, str]]
    keys: list[str]
    manifest: int
    tables: dict[str, tuple[int, str]]


@dataclass(slots=True, kw_only=True)
class Content:
    """A backup on its way out: call `load` once, then `manifest` is known and held.

    Parameters
    ----------
    path
        The file.
    opener
        What opens it.
    """

    path: Path
    opener: Opener
    opening: Opening = field(init=False)
    manifest: Manifest = field(init=False)
    _columns: dict[str, list[str]] = field(init=False, default_factory=dict)
    _tallies: dict[tuple[str, str], Tally] = field(init=False, default_factory=dict)

    def read_opening(self) -> Opening:
        """What the backup says it is; opens it and reads its first line only."""
        try:
            with self.path.open("rb") as file:
                _, value = next(read_lines(BoxReader(file, self.opener)), (b"", None))
        except OSError as error:
            raise disk_error(self.path, error) from error
        try:
            self.opening = msgspec.convert(value, Opening)
        except msgspec.ValidationError:
            raise unreadable() from None
        if self.opening.backup != FORM:
            raise unreadable()
        return self.opening

    async def load(self, engine: Database | None, folder: Path) -> None:
        """Put the rows into `engine` and the files below `folder`, all or nothing of the rows.

        1. The schema is that of the time of the backup.
        2. Rows are put in as they were, with their ids; then the next id follows the highest.
        3. Everything is held against the manifest: what was read, and what the database gives back.

        Raises
        ------
        InputError
            No backup, or it does not open.
        VerificationError
            The file is damaged, or something came out other than it went in.
        RefusedError
            The backup is of a newer version, or a row breaks a rule of the database.
        """
        self.read_opening()
        if engine is None:
            await self._take(_Nothing(), folder)
        else:
            self._check_version()
            await database.migrate(engine, until=self.opening.migrations)  # 1
            async with open_snapshot(engine) as snapshot:
                there = {table: await snapshot.columns(table) for table in await list_tables(engine)}
            there = {table: columns for table, columns in there.items() if table not in _NOT_OURS}
            emptied = [table for table in reversed(tables_in_order()) if table in there]
            async with transaction(), without_triggers(engine, sorted(there)):
                for table in emptied:  # a migration may have put something in
                    await engine.run_ddl(f'DELETE FROM "{table}"')  # noqa: S608
                await self._take(_Rows(there), folder)  # 2
                await continue_counting(engine, self._columns)
            await self._compare(engine)  # 3

    def _check_version(self) -> None:
        newer = set(self.opening.migrations) - set(database.migration_names())
        if newer:
            raise RefusedError(
                "backup.newer",
                "the backup was made by a newer version ({version}); restore it with that version",
                version=self.opening.software,
            )

    async def _take(self, rows: _Nothing, folder: Path) -> None:
        try:
            with self.path.open("rb") as file:
                await self._take_lines(read_lines(BoxReader(file, self.opener)), rows, folder)
        except OSError as error:
            raise disk_error(folder, error) from error

    async def _take_lines(self, lines: Iterator[tuple[bytes, Any]], rows: _Nothing, folder: Path) -> None:
        next(lines, None)  # the opening
        tally, closing = Tally(), None
        file: Path | None = None
        for line, value in lines:
            if closing is not None:
                raise unreadable()
            if isinstance(value, list):
                tally.add(line)
                await rows.append(_decode(value))
            elif isinstance(value, str) and file is not None:
                tally.add(line)
                with file.open("ab") as out:
                    out.write(base64.b64decode(value, validate=True))
            elif isinstance(value, dict) and "table" in value:
                await rows.begin(str(value["table"]), [str(name) for name in value["columns"]])
                self._columns[str(value["table"])] = value["columns"]
                file, tally = None, self._tally("table", str(value["table"]))
            elif isinstance(value, dict) and "file" in value:
                await rows.end()
                file = _new_file(folder, str(value["file"]))
                tally = self._tally("file", str(value["file"]))
            elif isinstance(value, dict) and "manifest" in value:
                await rows.end()
                closing = self._close(value)
            else:
                raise unreadable()
        if closing is None:
            raise unreadable()

    def _tally(self, kind: str, name: str) -> Tally:
        if (kind, name) in self._tallies:
            raise unreadable()
        tally = self._tallies[kind, name] = Tally()
        return tally

    def _close(self, value: dict[str, Any]) -> _Closing:
        try:
            closing = msgspec.convert(value, _Closing)
        except msgspec.ValidationError:
            raise unreadable() from None
        found = {key: (tally.n, tally.digest) for key, tally in self._tallies.items()}
        told = {("table", name): told for name, told in closing.tables.items()}
        told |= {("file", name): told for name, told in closing.files.items()}
        if found != told:
            raise unreadable()
        self.manifest = Manifest(
            tables=dict(closing.tables),
            files=dict(closing.files),
            n_entries=closing.entries,
            checkpoint=closing.checkpoint,
            keys=closing.keys,
        )
        return closing

    async def _compare(self, engine: Database) -> None:
        """What the database gives back is what the backup holds, row by row."""
        async with open_snapshot(engine) as snapshot:
            for table, columns in self._columns.items():
                tally = Tally()
                async for row in snapshot.rows(table, columns):
                    tally.add(format_line(encode_row(row)))
                if (tally.n, tally.digest) != tuple(self.manifest.tables[table]):
                    raise VerificationError(
                        "backup.rows",
                        "the table {table} came out of the backup other than it went in",
                        table=table,
                    )

    @property
    def is_office(self) -> bool:
        """An office; else keys."""
        return self.opening.kind == OFFICE_KIND


def _decode(row: list[Any]) -> list[Any]:
    try:
        return decode_row(row)
    except ValueError:
        raise unreadable() from None


def _new_file(folder: Path, name: str) -> Path:
    """Where a file of the backup goes; one that would lie elsewhere is none of ours."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or any(part.startswith(".") for part in path.parts):
        raise unreadable()
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.touch(mode=0o600, exist_ok=False)
    return target


class _Nothing:
    """Takes rows where none are expected: a backup of keys has none."""

    async def begin(self, table: str, columns: list[str]) -> None:  # noqa: ARG002
        raise unreadable()

    async def append(self, row: list[Any]) -> None:  # noqa: ARG002
        raise unreadable()

    async def end(self) -> None:
        return None


class _Rows(_Nothing):
    """Puts rows into the tables of the engine, some hundred at a time."""

    def __init__(self, there: Mapping[str, list[str]]) -> None:
        self._there = there
        self._table = ""
        self._columns: list[str] = []
        self._rows: list[list[Any]] = []

    async def begin(self, table: str, columns: list[str]) -> None:
        await self.end()
        if not columns or not set(columns) <= set(self._there.get(table, ())):
            raise unreadable()
        self._table, self._columns = table, columns

    async def append(self, row: list[Any]) -> None:
        if not self._table or len(row) != len(self._columns):
            raise unreadable()
        self._rows.append(row)
        if len(self._rows) >= _PAGE:
            await self._flush()

    async def end(self) -> None:
        await self._flush()
        self._table = ""

    async def _flush(self) -> None:
        if self._rows:
            await database.append_records(self._table, self._columns, self._rows)
            self._rows = []
