"""Checkpoints: the head of the log as the text of a signed note (C2SP tlog-checkpoint, v1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agency_credit.domain.errors import InputError, VerificationError
from agency_credit.publication.note import (
    Note,
    Signer,
    VerifierKey,
    decode_base64,
    format_note,
    parse_note,
    sign_note,
    verify_note,
)

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Head of a log.

    Parameters
    ----------
    origin
        Which log; also the name of its key.
    size
        Number of entries.
    root
        Root of the Merkle tree over them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The text that is signed: origin, size and root, a line each."""
    root = base64.b64encode(checkpoint.root).decode()
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; extension lines are allowed and ignored.

    Raises
    ------
    InputError
        Fewer than three lines, an empty line, a size or root of another form.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or not _SIZE.fullmatch(lines[1]):
        raise InputError("checkpoint.form", "this is no checkpoint: it needs lines of origin, size and root")
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise InputError("checkpoint.root", "the root of a checkpoint has 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer]) -> str:
    """The signed note over a checkpoint, one signature of each of `signers`."""
    return format_note(sign_note(format_checkpoint(checkpoint), signers))


def verify_checkpoint(text: str, keys: Iterable[VerifierKey]) -> Checkpoint:
    """The checkpoint in the signed note `text`, signed by a key of its own log.

    Parameters
    ----------
    keys
        The log's keys; those of witnesses count as unknown here.

    Raises
    ------
    InputError
        No signed note, or no checkpoint in it.
    VerificationError
        No valid signature by a key whose name is the origin.
    """
    note: Note = parse_note(text)
    checkpoint = parse_checkpoint(note.text)
    own = [key for key in keys if key.name == checkpoint.origin]
    if not own:
        raise VerificationError(
            "checkpoint.origin", "the log {origin} is not known here", origin=checkpoint.origin
        )
    verify_note(note, own)
    return checkpoint
