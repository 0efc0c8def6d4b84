"""Make a backup while the office works: one instant of the database and the files beside it, encrypted.

The keys never go into it; they have a backup of their own (`make_key_backup`), so that nobody who holds one
file alone could know a draw before it is published (docs/adr/0032).
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from agency_credit.database import migration_names
from agency_credit.database.snapshot import Snapshot, open_snapshot, tables_in_order
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import ForbiddenError, InputError, RefusedError
from agency_credit.domain.role import SYSTEM_ADMINISTRATOR, Actor
from agency_credit.publication.entry import format_instant
from agency_credit.publication.note import format_verifier_key
from agency_credit.services.backup_box import MAGIC, BoxWriter, Opener, disk_error
from agency_credit.services.backup_lines import FORM, LineWriter, Tally, encode_row
from agency_credit.services.disk import sync_folder
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit
from agency_credit.settings import Settings

OFFICE_KIND, KEYS_KIND = "office", "keys"
KEY_FILES = ("log.json", "secret.json")
TRANSIENT = frozenset({"session", "idempotent_answer"})
"""Tables that stay out: whoever restores a backup logs everybody out."""

_FILE_PIECE = 48 * 1024


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What a backup holds; its last line.

    Parameters
    ----------
    tables, files
        Number of rows or pieces, and the digest of their lines, by table and by path below the data folder.
    n_entries
        Entries of the public log.
    checkpoint
        The newest signed head; None while nothing was signed.
    keys
        Verifier keys of the log, to check that head with.
    """

    tables: dict[str, tuple[int, str]] = field(default_factory=dict)
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    n_entries: int = 0
    checkpoint: str | None = None
    keys: list[str] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """Rows of all tables."""
        return sum(n for n, _ in self.tables.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made: how large, its SHA-256, what it holds."""

    size: int
    digest: str
    manifest: Manifest


async def make_backup(office: Office, actor: Actor, path: Path, opener: Opener) -> Made:
    """Write the office to `path`: all tables at one instant, and the files of the data folder.

    Works in a read-only office too. Leaves an audit line; the backup itself ends before it.

    Raises
    ------
    ForbiddenError
        The actor is no system administrator.
    InputError
        The file exists, or the passphrase is too short.
    RefusedError
        Another process writes a backup to this name.
    UnavailableError
        The disk is full; nothing is left behind.
    """
    _check_role(actor)
    manifest = Manifest(keys=[format_verifier_key(s.verifier) for s in office.keys.load_log_signers()])
    with _new_file(path) as file:
        lines = LineWriter(BoxWriter(file, opener))
        lines.write(_opening(office, OFFICE_KIND))
        async with open_snapshot(office.engine) as snapshot:
            for table in tables_in_order():
                if table not in TRANSIENT:
                    await _write_table(snapshot, table, lines, manifest)
        for name in find_files(office.settings):
            _write_file(lines, office.settings.data / name, name, manifest)
        _finish(lines, manifest)
    made = _measure(path, manifest)
    details: dict[str, Json] = {"entries": manifest.n_entries, "file": path.name, "sha256": made.digest}
    await append_audit(office, actor, "backup.make", OFFICE_KIND, "done", details=details)
    return made


async def make_key_backup(office: Office, actor: Actor, path: Path, opener: Opener) -> Made:
    """Write the key files to `path`, a file of its own; raises as `make_backup`."""
    _check_role(actor)
    manifest = Manifest(keys=[format_verifier_key(s.verifier) for s in office.keys.load_log_signers()])
    with _new_file(path) as file:
        lines = LineWriter(BoxWriter(file, opener))
        lines.write(_opening(office, KEYS_KIND))
        for name in KEY_FILES:
            _write_file(lines, office.keys.folder / name, name, manifest)
        _finish(lines, manifest)
    made = _measure(path, manifest)
    details: dict[str, Json] = {"file": path.name, "sha256": made.digest}
    await append_audit(office, actor, "backup.make", KEYS_KIND, "done", details=details)
    return made


def find_files(settings: Settings) -> list[str]:
    """Paths below the data folder of what only files hold: no keys, no backups, nothing made again."""
    found = []
    for path in sorted(settings.data.rglob("*")):
        name = path.relative_to(settings.data)
        if not path.is_file() or path.is_symlink() or any(part.startswith(".") for part in name.parts):
            continue
        if name.parts[0] in (settings.keys.name, settings.bundles.name) or name.name.startswith(
            _DATABASE_FILE
        ):
            continue
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                found.append(name.as_posix())
    return found


_DATABASE_FILE = Settings(data=Path()).database_file.name


async def _write_table(snapshot: Snapshot, table: str, lines: LineWriter, manifest: Manifest) -> None:
    columns, tally = await snapshot.columns(table), Tally()
    lines.write({"columns": columns, "table": table})
    async for row in snapshot.rows(table, columns):
        tally.add(lines.write(encode_row(row)))
        if table == "checkpoint":
            manifest.checkpoint = str(row[columns.index("note")])
    manifest.tables[table] = (tally.n, tally.digest)
    if table == "log_entry":
        manifest.n_entries = tally.n


def _write_file(lines: LineWriter, path: Path, name: str, manifest: Manifest) -> None:
    tally = Tally()
    lines.write({"file": name})
    with path.open("rb") as file:
        while piece := file.read(_FILE_PIECE):
            tally.add(lines.write(base64.b64encode(piece).decode()))
    manifest.files[name] = (tally.n, tally.digest)


def _opening(office: Office, kind: str) -> dict[str, Any]:
    return {
        "at": format_instant(office.now()),
        "backup": FORM,
        "kind": kind,
        "migrations": migration_names(),
        "software": version("agency-credit"),
    }


def _finish(lines: LineWriter, manifest: Manifest) -> None:
    lines.write(
        {
            "checkpoint": manifest.checkpoint,
            "entries": manifest.n_entries,
            "files": manifest.files,
            "keys": manifest.keys,
            "manifest": FORM,
            "tables": manifest.tables,
        }
    )
    lines.finish()


def _check_role(actor: Actor) -> None:
    if not SYSTEM_ADMINISTRATOR & actor.roles:
        raise ForbiddenError(
            "role.missing",
            "{user} may not do this; it takes one of these roles: {roles}",
            user=actor.username,
            roles=", ".join(sorted(SYSTEM_ADMINISTRATOR)),
        )


def _measure(path: Path, manifest: Manifest) -> Made:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Made(size=path.stat().st_size, digest=digest, manifest=manifest)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears whole, on the disk, mode 0600, or not at all; never over another."""
    unfinished = path.with_name(f".{path.name}.part")
    _refuse_existing(path)
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            _lock_file(file, path)
            _refuse_existing(path)
            try:
                file.truncate()  # what a process that was killed left
                yield file
                file.flush()
                os.fsync(file.fileno())
                unfinished.rename(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as error:
        raise disk_error(path, error) from error


def _lock_file(file: IO[bytes], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RefusedError(
            "backup.running",
            "another process writes a backup to {file}; wait for it or choose another name",
            file=str(path),
        ) from None


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise InputError(
            "backup.exists", "{file} exists; it is not written over, choose another name", file=str(path)
        )
