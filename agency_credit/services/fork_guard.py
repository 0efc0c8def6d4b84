"""The fork guard: the last signed head of the log outside the database, and what the log says to it.

An older state of the database that is put back looks whole by itself. The file ``checkpoint`` beside the keys
holds the last signed head; it is written, through to the disk, before that head is stored or served, and
the log in the database has to continue it (docs/spec/log.md, item 7; docs/adr/0033).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agency_credit.domain.errors import Fault, InputError, UnavailableError, VerificationError
from agency_credit.publication.checkpoint import Checkpoint, verify_checkpoint
from agency_credit.publication.merkle import root
from agency_credit.publication.note import VerifierKey
from agency_credit.services.disk import write_private

NAME = "checkpoint"
ROLLED_BACK, FORKED = "log.rolled-back", "log.forked"
OWN = "database"
"""Where a fault is that no decision mends: the entries contradict a head in their own database."""


@dataclass(slots=True)
class LogState:
    """What this process last found; `agency_credit.services.log.look_for_fork` keeps it up to date.

    Parameters
    ----------
    fork
        Why nothing may be changed or signed; None: nothing speaks against it.
    is_compared
        The whole tree was compared once in this process; from then on the newest head is enough.
    looked_at
        When, by a clock that only runs forward, in seconds.
    """

    fork: Fault | None = None
    is_compared: bool = False
    looked_at: float = float("-inf")


def read_guard(keys: Path) -> str | None:
    """The signed note in the guard file; None where there is no such file.

    Raises
    ------
    UnavailableError
        The file cannot be read.
    """
    path = keys / NAME
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(
            "log.guard-disk",
            "the file {file} with the last signed checkpoint cannot be read or written ({reason})",
            file=str(path),
            reason=error.strerror or str(error),
        ) from error


def write_guard(keys: Path, note: str) -> None:
    """Put `note` in the place of the last signed head, whole and on the disk.

    Raises
    ------
    UnavailableError
        The disk is full or cannot be written.
    """
    path = keys / NAME
    try:
        write_private(path, note.encode())
    except OSError as error:
        raise UnavailableError(
            "log.guard-disk",
            "the file {file} with the last signed checkpoint cannot be read or written ({reason})",
            file=str(path),
            reason=error.strerror or str(error),
        ) from error


def find_fork(
    guard: str | None, *, leaves: Sequence[bytes], is_signed: bool, keys: Iterable[VerifierKey], file: Path
) -> Fault | None:
    """What is wrong between the guard file and the log; None where the log continues it.

    Parameters
    ----------
    guard
        Content of the guard file.
    leaves
        Hashes of all entries in the database.
    is_signed
        The database holds a signed head, so that there must be a guard file.
    keys
        All keys of the log.
    file
        Where the guard file is, for the message.
    """
    if guard is None:
        return _missing(file) if is_signed else None
    try:
        last = verify_checkpoint(guard, keys)
    except (InputError, VerificationError):
        return Fault(
            at="log",
            code="log.guard-foreign",
            template="the file {file} holds no checkpoint that the keys of this office signed, so"
            " nobody knows whether the database is the newest; put the file back, or let a person"
            " decide with agency-credit log accept-fork",
            params={"file": str(file)},
        )
    return compare(last, leaves)


def compare(last: Checkpoint, leaves: Sequence[bytes]) -> Fault | None:
    """What is wrong between a head that was signed and the entries there are; None: they continue it."""
    if last.size > len(leaves):
        return Fault(
            at="log",
            code=ROLLED_BACK,
            template="the last signed checkpoint covers {n} entries of the public log, but the database"
            " holds only {found}: an older state of it was put back. Nothing is changed and nothing"
            " signed: put the newest state back, or let a person decide with agency-credit log"
            " accept-fork",
            params={"n": last.size, "found": len(leaves)},
        )
    if root(leaves[: last.size]) != last.root:
        return Fault(
            at="log",
            code=FORKED,
            template="the log does not continue its checkpoint of {n} entries; nothing is changed and"
            " nothing signed until a person has found out what happened",
            params={"n": last.size},
        )
    return None


def find_own_fork(size: int, root_hex: str, leaves: Sequence[bytes]) -> Fault | None:
    """What is wrong between the newest head in the database and the entries beside it; None: nothing."""
    if size <= len(leaves) and root(leaves[:size]).hex() == root_hex:
        return None
    return Fault(
        at=OWN,
        code=FORKED,
        template="the entries of the public log do not give the checkpoint of {n} entries that stands"
        " in the same database: rows were changed or lost. Nothing is changed and nothing signed: put"
        " back a backup",
        params={"n": size},
    )


def _missing(file: Path) -> Fault:
    return Fault(
        at="log",
        code="log.guard-missing",
        template="the file {file} with the last signed checkpoint is missing, so nobody knows whether"
        " the database is the newest; put the file back, or let a person decide with agency-credit log"
        " accept-fork",
        params={"file": str(file)},
    )
