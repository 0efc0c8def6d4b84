"""The public log in the store: entries in the transaction of what they tell of, signed checkpoints."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import Checkpoint as CheckpointRow
from agency_credit.database.tables import LogBody
from agency_credit.database.tables import LogEntry as LogRow
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.domain.errors import NotFoundError, VerificationError
from agency_credit.publication import checkpoint, merkle
from agency_credit.publication.entry import SALT_BYTES, commit_body, format_entry, parse_entry
from agency_credit.publication.proof import LogProof, format_extra, format_proof

if TYPE_CHECKING:
    from agency_credit.services.office import Office

BOTH_SIGN_FOR = timedelta(days=90)
"""How long a retired key goes on signing beside its successor (docs/spec/log.md, item 6)."""


async def append_log_entry(
    kind: str, subject: str, body: Mapping[str, Json], *, at: datetime, is_committed: bool = False
) -> int:
    """Append an entry inside the caller's transaction; its index.

    Parameters
    ----------
    is_committed
        The entry holds only the commitment; body and salt are kept beside it while they are public.
    """
    await lock_log()
    last = await LogRow.select(LogRow.index).order_by(LogRow.index, ascending=False).first()
    index = 0 if last is None else last["index"] + 1
    shown = body
    if is_committed:
        salt = secrets.token_bytes(SALT_BYTES)
        shown = commit_body(body, salt)
        await LogBody.insert(LogBody(log_index=index, body_json=format_canonical(body).decode(), salt=salt))
    data = format_entry(LogEntry(at=at, type=EntryType(kind), subject=subject, body=shown))
    await LogRow.insert(
        LogRow(index=index, at=at, type=kind, subject=subject, entry=data, leaf_hash=merkle.hash_leaf(data))
    )
    return int(index)


async def sign_checkpoint(office: Office) -> str | None:
    """Sign the head of the log where it grew since the last signature; the signed note.

    Raises
    ------
    VerificationError
        The log does not extend what was signed before: nothing is signed (docs/spec/log.md, item 6).
    """
    async with transaction():
        await lock_log()
        leaves = await load_leaves()
        last = await _load_last()
        if last is not None:
            if last["size"] > len(leaves) or merkle.root(leaves[: last["size"]]).hex() != last["root"]:
                raise VerificationError(
                    "log.forked",
                    "the log does not extend its last signed checkpoint of {size} entries; restore the database",
                    size=last["size"],
                )
            if last["size"] == len(leaves):
                return str(last["note"])
        if not leaves:
            return None
        head = checkpoint.Checkpoint(
            origin=office.keys.log[0].name, size=len(leaves), root=merkle.root(leaves)
        )
        note = checkpoint.sign_checkpoint(head, _signers(office))
        await CheckpointRow.insert(
            CheckpointRow(size=head.size, root=head.root.hex(), note=note, signed_at=office.now())
        )
    return note


async def load_checkpoint() -> str | None:
    """The newest signed checkpoint, or None while the log is empty."""
    last = await _load_last()
    return None if last is None else str(last["note"])


async def load_proof(index: int) -> str:
    """The ``.tlog-proof`` of an entry under the newest checkpoint, with its body while that is public.

    Raises
    ------
    NotFoundError
        There is no such entry under a signed checkpoint.
    """
    last = await _load_last()
    if last is None or not 0 <= index < last["size"]:
        raise NotFoundError("log.no-entry", "the log has no entry number {index}", index=index)
    leaves = (await load_leaves())[: last["size"]]
    row = await LogRow.select(LogRow.entry).where(LogRow.index == index).first()
    assert row is not None
    hidden = await LogBody.select().where(LogBody.log_index == index).first()
    entry = parse_entry(bytes(row["entry"]))
    extra = (
        format_extra(entry, json.loads(hidden["body_json"]), bytes(hidden["salt"]))
        if hidden
        else format_extra(entry)
    )
    return format_proof(
        LogProof(
            index=index,
            path=tuple(merkle.inclusion_proof(leaves, index)),
            checkpoint=last["note"],
            extra=extra,
        )
    )


async def load_leaves() -> list[bytes]:
    """The leaf hashes of all entries in order."""
    rows = await LogRow.select(LogRow.leaf_hash).order_by(LogRow.index)
    return [bytes(row["leaf_hash"]) for row in rows]


async def load_entries(*, after: int = -1, limit: int = 100) -> list[dict[str, Any]]:
    """Entries with an index above `after`, as they stand in the log."""
    rows = await (
        LogRow.select(LogRow.index, LogRow.entry)
        .where(LogRow.index > after)
        .order_by(LogRow.index)
        .limit(limit)
    )
    return [{"index": row["index"], **json.loads(bytes(row["entry"]))} for row in rows]


def _signers(office: Office) -> list[Any]:
    now = office.now()
    return [key for key in office.keys.log if key.retired_at is None or now - key.retired_at < BOTH_SIGN_FOR]


async def _load_last() -> dict[str, Any] | None:
    return await CheckpointRow.select().order_by(CheckpointRow.id, ascending=False).first()
