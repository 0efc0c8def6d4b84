"""Verify and restore a backup: first to a temporary place, checked there in full, then put in place.

1. The rows go into an embedded database of their own, the files beside it.
2. The log is built anew; references, triggers and the manifest are held against it.
3. The log has to continue every signed head that is known: that of the fork guard in the folder, and one
   that was handed in. An older backup is put in place only where that was asked for; the office is then
   read-only until a person decides (`agency_credit.services.accept_fork`).
4. Only now the database takes its place, or its rows go into an empty PostgreSQL database.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agency_credit import database
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.snapshot import (
    find_broken_references,
    find_filled,
    list_tables,
    list_triggers,
    tables_in_order,
)
from agency_credit.database.tables import APPEND_ONLY
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import Fault, FaultsError, RefusedError
from agency_credit.domain.role import Actor
from agency_credit.publication.note import format_verifier_key, parse_verifier_key
from agency_credit.services.audit_chain import verify_chain
from agency_credit.services.backup import KEY_FILES
from agency_credit.services.backup_box import Opener, disk_error
from agency_credit.services.backup_content import Content, Opening
from agency_credit.services.fork_guard import ROLLED_BACK, read_guard, write_guard
from agency_credit.services.keys import Keys
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Clock, Office
from agency_credit.services.operation import append_audit
from agency_credit.services.restore_place import fold_database, put_database, put_files
from agency_credit.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a restored backup goes.

    Parameters
    ----------
    folder
        The data folder.
    database
        Address of an empty PostgreSQL database; None: the embedded one in `folder`.
    replace
        The embedded database or keys that are there are put aside.
    older
        A backup that ends before a signed head that is known may be put in place.
    """

    folder: Path
    database: str | None = None
    replace: bool = False
    older: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in a backup that is whole.

    Parameters
    ----------
    behind
        Why the backup is not the newest, where a newer signed head is known.
    compared
        Whether there was a signed head from elsewhere to compare with.
    """

    opening: Opening
    n_rows: int
    n_files: int
    n_entries: int
    behind: Fault | None
    compared: bool
    aside: list[str] = field(default_factory=list)


async def verify_backup(path: Path, opener: Opener, settings: Settings, head: str | None = None) -> Checked:
    """Restore to a temporary place, check, and leave nothing behind.

    Parameters
    ----------
    settings
        Whose fork guard the backup is compared with, where it is of the same log; being behind is no fault.
    head
        A signed head from elsewhere; being behind it is one.

    Raises
    ------
    InputError, VerificationError, FaultsError
        What is wrong with the backup.
    """
    content = Content(path=path, opener=opener)
    content.read_opening()
    guard = read_guard(settings.keys)
    parent = settings.data if settings.data.is_dir() else None
    with _temporary(parent) as place:
        if not content.is_office:
            await content.load(None, place)
            _check_keys(place)
            return _checked(content, None, compared=False)
        async with _opened(Settings(data=place)) as engine:
            await content.load(engine, place)
            own = guard if guard and _is_own(guard, content) else None
            behind = await _check_office(engine, content, [own] if own else [], [head] if head else [])
        return _checked(content, behind, compared=bool(own or head))


async def restore_backup(
    path: Path, opener: Opener, target: Target, *, actor: Actor, clock: Clock, head: str | None = None
) -> Checked:
    """Put a backup in place, an office or its keys; raises as `verify_backup`.

    Raises
    ------
    RefusedError
        There is an office already, or the backup is older than what was signed.
    UnavailableError
        The database that would be replaced is in use, or the disk is full.
    """
    content = Content(path=path, opener=opener)
    content.read_opening()
    settings = Settings(data=target.folder)
    await _refuse_existing(content, settings, target)
    target.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _temporary(target.folder) as place:
        if not content.is_office:
            await content.load(None, place)
            _check_keys(place)
            return _checked(
                content, None, compared=False, aside=put_files(KEY_FILES, place, settings.keys, clock())
            )
        guard = read_guard(settings.keys)
        async with _opened(Settings(data=place)) as engine:
            await content.load(engine, place)
            _refuse_foreign_keys(content, settings)
            known = [note for note in (guard, head) if note]
            behind = await _check_office(engine, content, known, [])
            if behind and not target.older:
                raise RefusedError(
                    "restore.older",
                    "the backup holds {found} entries of the public log, but a signed checkpoint covers {n}:"
                    " it is not the newest state. Restore a newer one; where there is none, --older puts this"
                    " one in place, and the office is read-only until a person decides",
                    **behind.params,
                )
            if target.database is None:
                await _note_restore(Settings(data=place), engine, actor, clock, content)
                await database.migrate(engine)
        aside = await _place_office(place, content, target, actor, clock)
        note = guard or head or content.manifest.checkpoint
        if note and not guard:
            settings.keys.mkdir(exist_ok=True, mode=0o700)
            write_guard(settings.keys, note)
        return _checked(content, behind, compared=bool(known), aside=aside)


def _checked(
    content: Content, behind: Fault | None, *, compared: bool, aside: list[str] | None = None
) -> Checked:
    return Checked(
        opening=content.opening,
        n_rows=content.manifest.n_rows,
        n_files=len(content.manifest.files),
        n_entries=content.manifest.n_entries,
        behind=behind,
        compared=compared,
        aside=aside or [],
    )


async def _check_office(
    engine: EmbeddedEngine, content: Content, known: list[str], demanded: list[str]
) -> Fault | None:
    """All faults of a loaded office at once; what only says that a newer head is known is returned."""
    keys = [parse_verifier_key(text) for text in content.manifest.keys]
    faults = [
        Fault(
            at=table,
            code="backup.references",
            template="rows of the table {table} refer to rows that are not there",
            params={"table": table},
        )
        for table in await find_broken_references(engine)
    ]
    triggers = await list_triggers(engine)
    made = await list_tables(engine)
    for table in sorted(table._meta.tablename for table in APPEND_ONLY):  # noqa: SLF001
        rules = {f"{table}_append_only_{event}" for event in ("update", "delete")}
        if table in made and not rules <= triggers:
            faults.append(
                Fault(
                    at=table,
                    code="backup.append-only",
                    template="the table {table} is not protected against changes",
                    params={"table": table},
                )
            )
    own = [content.manifest.checkpoint] if content.manifest.checkpoint else []
    report = await check_log(keys, [*own, *demanded])
    faults += report.faults
    if (broken := (await verify_chain()).broken_id) is not None:
        faults.append(
            Fault(
                at="audit_line",
                code="backup.audit",
                template="the chain of the audit lines breaks at the line with the id {id}",
                params={"id": broken},
            )
        )
    if faults:
        raise FaultsError(content.path.name, tuple(faults))
    behind = (await check_log(keys, known)).faults if known else []
    worse = [fault for fault in behind if fault.code != ROLLED_BACK]
    if worse:
        raise FaultsError(content.path.name, tuple(worse))
    return behind[0] if behind else None


def _is_own(guard: str, content: Content) -> bool:
    """Whether a head is of the log in this backup: `backup verify` takes backups of other offices too."""
    return any(guard.startswith(f"{parse_verifier_key(text).name}\n") for text in content.manifest.keys)


def _check_keys(folder: Path) -> None:
    """The key files are whole."""
    keys = Keys(folder=folder)
    keys.load_log_signers()
    keys.unseal(keys.seal(b"", "restore"), "restore")


async def _refuse_existing(content: Content, settings: Settings, target: Target) -> None:
    if content.is_office and target.database is not None:
        await _refuse_filled(target.database, settings)
    taken = (
        [settings.keys / name for name in KEY_FILES] if not content.is_office else [settings.database_file]
    )
    found = next((path for path in taken if path.exists()), None)
    if found is not None and not target.replace and (target.database is None or not content.is_office):
        raise RefusedError(
            "restore.exists",
            "{file} exists; nothing was changed. Choose an empty folder, or put what is there aside"
            " with --replace",
            file=str(found),
        )


def _refuse_foreign_keys(content: Content, settings: Settings) -> None:
    if not (settings.keys / KEY_FILES[0]).exists():
        return
    there = {format_verifier_key(signer.verifier) for signer in Keys(folder=settings.keys).load_log_signers()}
    if not set(content.manifest.keys) <= there:
        raise RefusedError(
            "restore.keys",
            "the keys in {file} are not those of this backup; restore the backup of its keys first,"
            " with --replace",
            file=str(settings.keys),
        )


async def _refuse_filled(address: str, settings: Settings) -> None:
    """A server's database has to be empty: it is never replaced, a new one is quickly made."""
    async with _opened(Settings(data=settings.data, database=address)) as engine:
        there = await list_tables(engine)
        known = [table for table in tables_in_order() if table in there]
        if await find_filled(engine, known):
            raise RefusedError(
                "restore.filled",
                "the PostgreSQL database holds rows; nothing was changed. Make a new one with createdb"
                " and name that",
            )


async def _note_restore(
    settings: Settings, engine: database.Database, actor: Actor, clock: Clock, content: Content
) -> None:
    """The audit line, in the restored database itself; nothing there is read with the keys."""
    office = Office(settings=settings, engine=engine, clock=clock, keys=Keys(folder=settings.keys))
    details: dict[str, Json] = {
        "entries": content.manifest.n_entries,
        "file": content.path.name,
        "of": content.opening.at,
    }
    await append_audit(office, actor, "backup.restore", "office", "done", details=details)


async def _place_office(
    place: Path, content: Content, target: Target, actor: Actor, clock: Clock
) -> list[str]:
    settings, aside = Settings(data=target.folder, database=target.database), list[str]()
    if target.database is not None:
        async with _opened(settings) as engine:
            again = Content(path=content.path, opener=content.opener)
            with _temporary(place) as second:
                await again.load(engine, second)
            await database.migrate(engine)
            await _note_restore(settings, engine, actor, clock, content)
    elif settings.database_file.exists():
        fold_database(settings.database_file)
    if target.database is None:
        aside += put_database(Settings(data=place).database_file, settings.database_file, clock())
    return [*aside, *put_files(content.manifest.files, place, target.folder, clock())]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[EmbeddedEngine]:
    engine = database.connect(settings)
    await database.start(engine)
    try:
        yield engine  # type: ignore[misc]
    finally:
        await database.stop(engine)


@contextmanager
def _temporary(parent: Path | None) -> Iterator[Path]:
    """A folder that only its owner reads, gone afterwards."""
    try:
        place = Path(tempfile.mkdtemp(prefix=".restore-", dir=parent))
    except OSError as error:
        raise disk_error(parent or Path(tempfile.gettempdir()), error) from error
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
