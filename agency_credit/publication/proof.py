"""Proofs that an entry is in the log: the ``.tlog-proof`` text format (C2SP tlog-proof, v1).

A proof holds the index, the inclusion path, a signed checkpoint and, as its extra data, what a
verifier needs to compute the leaf: the entry, and the body and salt behind its commitment while they
are public. The extra data proves nothing by itself; the path and the commitment do.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.entry import LogEntry
from agency_credit.domain.errors import InputError, VerificationError
from agency_credit.publication.checkpoint import Checkpoint, verify_checkpoint
from agency_credit.publication.entry import format_entry, parse_entry, verify_commitment
from agency_credit.publication.merkle import hash_leaf, is_included
from agency_credit.publication.note import VerifierKey, decode_base64

HEADER = "c2sp.org/tlog-proof@v1"

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_PATH = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """A proof file.

    Parameters
    ----------
    index
        Number of the entry, from 0.
    path
        Inclusion proof, from the leaf's sibling up.
    checkpoint
        The signed checkpoint, verbatim.
    extra
        Opaque bytes beside the proof; ours are those of `format_extra`.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenEntry:
    """An entry that a proof shows to be in the log; `body` is the content, None where it is hidden."""

    index: int
    entry: LogEntry
    body: Mapping[str, Json] | None
    checkpoint: Checkpoint


def format_proof(proof: LogProof) -> str:
    """The proof as the text of a ``.tlog-proof`` file."""
    extra = [f"extra {base64.b64encode(proof.extra).decode()}"] if proof.extra else []
    path = [base64.b64encode(node).decode() for node in proof.path]
    return "\n".join([HEADER, *extra, f"index {proof.index}", *path, "", proof.checkpoint])


def parse_proof(text: str) -> LogProof:
    """The proof that `format_proof` writes as `text`. Nothing is verified yet.

    Raises
    ------
    InputError
        Another form.
    """
    head, found, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    extra = None
    if len(lines) > 1 and lines[1].startswith("extra "):
        extra = decode_base64(lines.pop(1).removeprefix("extra "))
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    path = tuple(decode_base64(line) for line in lines[2:])
    if not found or lines[0] != HEADER or index is None or any(len(node) != 32 for node in path):
        raise InputError("proof.form", "this is no proof file (.tlog-proof, version 1)")
    if len(path) > _MAX_PATH:
        raise InputError("proof.form", "this is no proof file (.tlog-proof, version 1)")
    return LogProof(index=int(index[1]), path=path, checkpoint=checkpoint, extra=extra)


def format_extra(entry: LogEntry, body: Mapping[str, Json] | None = None, salt: bytes | None = None) -> bytes:
    """Canonical JSON ``{"entry"}``, or ``{"body","entry","salt"}`` while the hidden body is public."""
    extra: dict[str, Json] = {"entry": json.loads(format_entry(entry))}
    if body is not None and salt is not None:
        extra |= {"body": body, "salt": salt.hex()}
    return format_canonical(extra)


def verify_proof(proof: LogProof, keys: Iterable[VerifierKey]) -> ProvenEntry:
    """Check a proof of ours from the keys of the log alone.

    1. The extra data gives the entry, hence the leaf.
    2. The checkpoint is signed by a key of its log.
    3. The path leads from the leaf to the root of the checkpoint.
    4. A body shown beside the proof is the one committed to.

    Raises
    ------
    InputError
        The extra data has another form.
    VerificationError
        A step fails.
    """
    entry, body, salt = _parse_extra(proof.extra)  # 1
    checkpoint = verify_checkpoint(proof.checkpoint, keys)  # 2
    leaf = hash_leaf(format_entry(entry))
    if not is_included(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):  # 3
        raise VerificationError(
            "proof.path", "the proof does not lead from entry {index} to the checkpoint", index=proof.index
        )
    if body is not None and salt is not None:  # 4
        verify_commitment(entry, body, salt)
    elif entry.commitment is None:
        body = entry.body
    return ProvenEntry(index=proof.index, entry=entry, body=body, checkpoint=checkpoint)


def _parse_extra(extra: bytes | None) -> tuple[LogEntry, Mapping[str, Json] | None, bytes | None]:
    try:
        value = json.loads((extra or b"").decode())
        entry = parse_entry(format_canonical(value["entry"]))
        if set(value) == {"entry"}:
            return entry, None, None
        if set(value) != {"body", "entry", "salt"} or not isinstance(value["body"], dict):
            raise ValueError("keys")
        return entry, value["body"], bytes.fromhex(value["salt"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(
            "proof.extra", "the extra data of the proof does not hold the entry in canonical JSON"
        ) from None
