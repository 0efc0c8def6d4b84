"""The public log over its tables: appending, signing, proving, reading (docs/spec/log.md).

The entries in the database are the truth; a checkpoint is derived from them, and none is signed that
does not continue the last one, that of the database and that of the fork guard.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec

from agency_credit.database import append_rows, lock_log, transaction
from agency_credit.database.tables import Checkpoint, LogBody, LogEntry
from agency_credit.domain import entry as domain_entry
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.entry import EntryType
from agency_credit.domain.errors import (
    AgencyCreditError,
    Fault,
    InputError,
    NotFoundError,
    UnavailableError,
    VerificationError,
)
from agency_credit.publication import checkpoint as head
from agency_credit.publication.entry import SALT_BYTES, commit_body, format_entry, parse_entry
from agency_credit.publication.merkle import extend_peaks, hash_leaf, inclusion_proof, root_of_peaks
from agency_credit.publication.note import format_verifier_key
from agency_credit.publication.proof import LogProof, format_extra, format_proof
from agency_credit.services.disclosure import load_undisclosed
from agency_credit.services.fork_guard import NAME as GUARD
from agency_credit.services.fork_guard import find_fork, find_own_fork, read_guard, write_guard
from agency_credit.services.keys import LogSigner
from agency_credit.services.log_bodies import load_sealed
from agency_credit.services.reply_bodies import load_untold_replies
from agency_credit.services.shown_scores import load_withheld

if TYPE_CHECKING:
    from agency_credit.services.office import Office

KEPT_AFTER_ROTATION = timedelta(days=90)
"""How long a rotated key goes on signing beside the new one (docs/spec/log.md, item 6)."""

MAX_LIMIT = 200

LOOK_EVERY = 1.0
LOOK_EVERY_FORKED = 10.0
"""Seconds between two looks at the fork guard for the sake of a page; the whole tree is read while forked."""


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as served: `body` is its content, None where it is hidden and not public any more."""

    index: int
    at: datetime
    type: str
    subject: str
    body: dict[str, Any] | None
    commitment: str | None
    leaf_hash: str


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, the newest first; `cursor` asks for the older ones, None: there are none."""

    items: list[EntryView]
    total: int
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """A key of the log: from when it signs (None: the beginning) and until when (None: no end is set)."""

    signer: LogSigner
    signs_from: datetime | None
    signs_until: datetime | None

    @property
    def text(self) -> str:
        """The verifier key (vkey) that outsiders put into their tools."""
        return format_verifier_key(self.signer.verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to append.

    Parameters
    ----------
    kind
        One of `EntryType`.
    body
        The content.
    is_committed
        The entry holds only a commitment to the content; content and salt are kept beside the log, where
        they can be deleted.
    salt
        For a commitment: 32 bytes; None: fresh random ones.
    """

    kind: str
    subject: str
    body: Mapping[str, Json]
    is_committed: bool = False
    salt: bytes | None = None


async def append_log_entry(
    kind: str,
    subject: str,
    body: Mapping[str, Json],
    *,
    at: datetime,
    is_committed: bool,
    salt: bytes | None = None,
) -> int:
    """Append one entry, as `append_log_entries`; its index."""
    entry = NewEntry(kind=kind, subject=subject, body=body, is_committed=is_committed, salt=salt)
    return await append_log_entries([entry], at=at)


async def append_log_entries(entries: Sequence[NewEntry], *, at: datetime) -> int:
    """Append entries inside the caller's transaction, in their order, all of the instant `at`.

    Returns
    -------
    int
        Index of the first, counted without gaps from 0; the others follow it.
    """
    salts = [
        (entry.salt or secrets.token_bytes(SALT_BYTES)) if entry.is_committed else b"" for entry in entries
    ]
    datas = [_format_new(entry, salt, at) for entry, salt in zip(entries, salts, strict=True)]
    await lock_log()
    first = await _load_size()
    rows, bodies = [], []
    for index, (entry, salt, data) in enumerate(zip(entries, salts, datas, strict=True), start=first):
        rows.append(
            {
                "index": index,
                "at": at,
                "type": entry.kind,
                "subject": entry.subject,
                "entry": data,
                "leaf_hash": hash_leaf(data),
            }
        )
        if entry.is_committed:
            content = format_canonical(entry.body).decode()
            bodies.append({"log_index": index, "body_json": content, "salt": salt})
    await append_rows(LogEntry, rows)
    await append_rows(LogBody, bodies)
    return first


def _format_new(entry: NewEntry, salt: bytes, at: datetime) -> bytes:
    content = commit_body(entry.body, salt) if entry.is_committed else entry.body
    return format_entry(
        domain_entry.LogEntry(at=at, type=EntryType(entry.kind), subject=entry.subject, body=content)
    )


async def sign_checkpoint(office: Office, *, forsaking: bool = False) -> str | None:
    """Sign a checkpoint over all entries, unless the last one covers them; the newest note.

    1. Be the only one who signs.
    2. The first entries still have the root that was signed last.
    3. All keys that count now sign the new root.
    4. The note is outside the database before it is stored, and before anybody is served it.

    Parameters
    ----------
    forsaking
        A person has decided to give up the head in the guard file.

    Returns
    -------
    str or None
        The signed note; None while the log is empty.

    Raises
    ------
    VerificationError
        The log does not continue the last checkpoint: entries were changed or lost. Nothing is signed.
    """
    size, last = await _load_size(), await _load_head()
    if size == (last["size"] if last else 0):
        return last["note"] if last else None
    async with transaction():
        await lock_log()  # 1
        leaves, last = await _load_leaves(), await _load_head()
        if last and last["size"] == len(leaves):
            return str(last["note"])
        fork = _find_own_fork(last, leaves)  # 2
        if not fork and not forsaking:
            fork = _find_fork(office, read_guard(office.keys.folder), last, leaves)
        if fork:
            raise VerificationError(fork.code, fork.template, **fork.params)
        root = root_of_peaks(extend_peaks((), 0, leaves))
        signers = await _load_signers(office)
        checkpoint = head.Checkpoint(origin=signers[0].name, size=len(leaves), root=root)
        note = head.sign_checkpoint(checkpoint, signers)  # 3
        await Checkpoint.insert(
            Checkpoint(size=len(leaves), root=root.hex(), note=note, signed_at=office.now())
        )
        write_guard(office.keys.folder, note)  # 4
    office.log_state.is_compared, office.log_state.fork = True, None
    return note


async def look_for_fork(office: Office) -> Fault | None:
    """Whether the log continues what was signed last; the answer is kept in `office.log_state`.

    Once it did, and the guard file holds the newest head of the database, nothing is read but these two.
    """
    state = office.log_state
    state.looked_at = time.monotonic()
    guard = read_guard(office.keys.folder)  # first: entries are stored before a head over them is written
    last = await _load_head()
    if state.is_compared and not state.fork and guard == (last["note"] if last else None):
        return None
    leaves = await _load_leaves()
    state.fork = _find_own_fork(last, leaves) or _find_fork(office, guard, last, leaves)
    state.is_compared = True
    return state.fork


async def refuse_if_forked(office: Office) -> None:
    """Refuse to change anything while the log does not continue what was signed last.

    Raises
    ------
    UnavailableError
        It does not: the service is read-only until a person decides.
    """
    if fork := await look_for_fork(office):
        raise UnavailableError(fork.code, fork.template, **fork.params)


async def look_again(office: Office) -> None:
    """Look for a fork when the last look is a while ago, so that every page of every process says it."""
    state = office.log_state
    if time.monotonic() - state.looked_at > (LOOK_EVERY_FORKED if state.fork else LOOK_EVERY):
        with suppress(AgencyCreditError):  # a database that is gone shows itself where it is needed
            await look_for_fork(office)


def _find_own_fork(last: dict[str, Any] | None, leaves: Sequence[bytes]) -> Fault | None:
    return find_own_fork(last["size"], last["root"], leaves) if last else None


def _find_fork(
    office: Office, guard: str | None, last: dict[str, Any] | None, leaves: Sequence[bytes]
) -> Fault | None:
    folder = office.keys.folder
    return find_fork(
        guard,
        leaves=leaves,
        is_signed=last is not None,
        keys=[signer.verifier for signer in office.keys.load_log_signers()],
        file=folder / GUARD,
    )


async def load_checkpoint() -> str | None:
    """The newest signed checkpoint, as text; None while the log is empty."""
    last = await _load_head()
    return str(last["note"]) if last else None


async def load_proof(office: Office, index: int) -> str:
    """The ``.tlog-proof`` of an entry under the newest checkpoint.

    Its extra data holds the entry, and body and salt behind a commitment while they are public.

    Raises
    ------
    NotFoundError
        No such entry under a signed checkpoint.
    """
    last = await _load_head()
    if last is None or not 0 <= index < last["size"]:
        raise NotFoundError("log.no-entry", "the public log has no entry {index}", index=index)
    leaves = (await _load_leaves())[: last["size"]]
    row = await LogEntry.select(LogEntry.entry).where(LogEntry.index == index).first()
    assert row is not None, "the leaves come from the same rows"
    is_sealed = bool(await _load_sealed(office, [index]))
    opened = None if is_sealed else await LogBody.select().where(LogBody.log_index == index).first()
    extra = format_extra(
        parse_entry(bytes(row["entry"])),
        json.loads(opened["body_json"]) if opened else None,
        bytes(opened["salt"]) if opened else None,
    )
    path = tuple(inclusion_proof(leaves, index))
    return format_proof(LogProof(index=index, path=path, checkpoint=last["note"], extra=extra))


async def _load_sealed(office: Office, indexes: Sequence[int]) -> frozenset[int]:
    """Which of these entries keep their body to themselves today, whatever the reason."""
    sealed = await load_sealed(indexes) | await load_withheld(office, indexes)
    sealed |= await load_untold_replies(office, indexes)
    return sealed | await load_undisclosed(office, indexes)


async def load_entries(office: Office, *, cursor: str = "", limit: int = 50) -> EntryPage:
    """A page of the log, the newest entries first.

    Raises
    ------
    InputError
        A cursor or limit that cannot be used.
    """
    is_number = cursor.isascii() and cursor.isdecimal() and len(cursor) <= 18
    if (cursor and not is_number) or not 1 <= limit <= MAX_LIMIT:
        raise InputError(
            "log.page", "take the cursor of the page before and ask for 1 to {most} entries", most=MAX_LIMIT
        )
    size = await _load_size()
    end = min(int(cursor), size) if cursor else size
    start = max(0, end - limit)
    rows = (
        await LogEntry.select()
        .where((LogEntry.index >= start) & (LogEntry.index < end))
        .order_by(LogEntry.index, ascending=False)
    )
    bodies = await LogBody.select().where((LogBody.log_index >= start) & (LogBody.log_index < end))
    hidden = [row["log_index"] for row in bodies]
    sealed = await _load_sealed(office, hidden)
    opened = {
        row["log_index"]: json.loads(row["body_json"]) for row in bodies if row["log_index"] not in sealed
    }
    items = [_view(row, opened.get(row["index"])) for row in rows]
    return EntryPage(items=items, total=size, cursor=str(start) if start else None)


async def load_log_keys(office: Office) -> tuple[LogKey, ...]:
    """All keys that sign or have signed, in their order; the log itself tells when each was rotated.

    Raises
    ------
    UnavailableError
        The log names a key that is not in the key file.
    """
    signers = {format_verifier_key(s.verifier): s for s in office.keys.load_log_signers()}
    current, since = next(iter(signers)), None
    rows = await (
        LogEntry.select(LogEntry.entry)
        .where(LogEntry.type == EntryType.KEY_ROTATED.value)
        .order_by(LogEntry.index)
    )
    spans: list[tuple[str, datetime | None, datetime | None]] = []
    for row in rows:
        rotated = parse_entry(bytes(row["entry"]))
        spans.append((current, since, rotated.at + KEPT_AFTER_ROTATION))
        current, since = cast("str", rotated.body["new"]), rotated.at
    spans.append((current, since, None))
    if any(text not in signers for text, _, _ in spans):
        raise UnavailableError(
            "keys.incomplete",
            "the log names a key that is not in {file}; put back the newest backup of the keys",
            file=str(office.keys.folder / "log.json"),
        )
    return tuple(
        LogKey(signer=signers[text], signs_from=start, signs_until=end) for text, start, end in spans
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadState:
    """How far the log goes, how much of it no signed head covers yet, and when the newest was signed."""

    n_entries: int
    n_unsigned: int
    signed_at: datetime | None


async def load_head_state() -> HeadState:
    """The log in three numbers; nothing is unsigned a second after it was written."""
    last, size = await _load_head(), await _load_size()
    return HeadState(
        n_entries=size,
        n_unsigned=max(0, size - (last["size"] if last else 0)),
        signed_at=last["signed_at"] if last else None,
    )


async def _load_signers(office: Office) -> list[LogSigner]:
    """The newest key first, then the rotated ones that still count."""
    now = office.now()
    keys = reversed(await load_log_keys(office))
    return [key.signer for key in keys if key.signs_until is None or now < key.signs_until]


async def _load_size() -> int:
    row = await LogEntry.select(LogEntry.index).order_by(LogEntry.index, ascending=False).first()
    return 0 if row is None else int(row["index"]) + 1


async def _load_head() -> dict[str, Any] | None:
    return await Checkpoint.select().order_by(Checkpoint.size, ascending=False).first()


async def _load_leaves() -> list[bytes]:
    rows = await LogEntry.select(LogEntry.leaf_hash).order_by(LogEntry.index).output(as_list=True)
    return [bytes(leaf) for leaf in rows]


def _view(row: dict[str, Any], opened: dict[str, Any] | None) -> EntryView:
    entry = parse_entry(bytes(row["entry"]))
    return EntryView(
        index=row["index"],
        at=entry.at,
        type=entry.type.value,
        subject=entry.subject,
        body=opened if entry.commitment else dict(entry.body),
        commitment=entry.commitment,
        leaf_hash=bytes(row["leaf_hash"]).hex(),
    )
