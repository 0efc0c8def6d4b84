"""Put restored files in their place; what was there lies beside them afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from agency_credit.domain.errors import UnavailableError
from agency_credit.services.backup_box import disk_error
from agency_credit.services.disk import sync_folder

_BESIDE = ("-wal", "-shm")
"""What SQLite keeps beside its file; left beside another file it would be played into that."""


def fold_database(file: Path) -> None:
    """Make an embedded database one file again, which only its last user can.

    Raises
    ------
    UnavailableError
        A service still works on it.
    """
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
    except sqlite3.OperationalError:
        mode = "locked"
    except sqlite3.DatabaseError:
        return  # a damaged file is what one restores a backup for
    if mode != "delete":
        raise UnavailableError(
            "restore.running",
            "a process works on {file}; stop the service, then restore again",
            file=str(file),
        )


def put_database(source: Path, target: Path, now: datetime) -> list[str]:
    """Put an embedded database in place; names of what was put aside."""
    fold_database(source)
    beside = [target.with_name(target.name + end) for end in _BESIDE]
    return [*_put_aside([target, *beside], now), *put_files([target.name], source.parent, target.parent, now)]


def put_files(names: Iterable[str], place: Path, folder: Path, now: datetime) -> list[str]:
    """Move files from below `place` to below `folder`; names of what was put aside.

    Raises
    ------
    UnavailableError
        The disk cannot be written.
    """
    aside = list[str]()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            aside += _put_aside([target], now)
            (place / name).rename(target)
            sync_folder(target.parent)
    except OSError as error:
        raise disk_error(folder, error) from error
    return aside


def _put_aside(paths: Iterable[Path], now: datetime) -> list[str]:
    aside = list[str]()
    for path in paths:
        if path.exists():
            kept = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
            path.rename(kept)
            aside.append(str(kept))
    return aside
