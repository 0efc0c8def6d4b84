"""The chain of the audit lines: each holds a digest over itself and the one before (docs/adr/0027).

A line that was changed, taken out or put in between breaks the chain from there on. Lines cut off at the end
do not: for that, somebody outside keeps a head (number of lines and digest) and gives it back for comparison.

Lines of before there was a chain have an empty `chain`; the first linked line covers them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from agency_credit.database.tables import AuditLine
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import InputError

GENESIS = hashlib.sha256(b"agency-credit audit chain 1\n").hexdigest()
"""What stands before the first line."""
_BATCH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How far a chain goes; written ``1234:<64 hexadecimal digits>``."""

    n_lines: int
    digest: str

    def __str__(self) -> str:
        return f"{self.n_lines}:{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What became of checking the chain.

    Parameters
    ----------
    head
        Of the lines that are there, recomputed.
    broken_id
        Id of the first line that does not follow from those before; None: all do.
    is_cut
        Whether the chain does not go through the head that it was compared with: lines of before are gone
        or were written anew.
    """

    head: ChainHead
    broken_id: int | None = None
    is_cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_id is None and not self.is_cut


def parse_head(text: str) -> ChainHead:
    """A head as it was written down.

    Raises
    ------
    InputError
        Not of the form ``number:digest``.
    """
    number, _, digest = text.strip().partition(":")
    is_digest = len(digest) == 64 and set(digest) <= set("0123456789abcdef")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18 and is_digest):
        raise InputError(
            "audit.head", "a head is written as a number, a colon and 64 hexadecimal digits; copy it whole"
        )
    return ChainHead(n_lines=int(number), digest=digest)


def link_line(previous: str, line: Mapping[str, Any]) -> str:
    """Digest over `previous` and the line in canonical JSON, 64 hexadecimal digits."""
    content = {
        "action": line["action"],
        "actor": line["actor"],
        "at": line["at"].astimezone(UTC).isoformat(),
        "details": line["details_json"],
        "outcome": line["outcome"],
        "subject": line["subject"],
    }
    return hashlib.sha256(bytes.fromhex(previous) + format_canonical(content)).hexdigest()


async def load_chain_head() -> str:
    """The digest that the next line continues; inside the transaction that writes it."""
    last = await AuditLine.select(AuditLine.chain).order_by(AuditLine.id, ascending=False).first()
    if last is None:
        return GENESIS
    if last["chain"]:
        return str(last["chain"])
    digest = GENESIS  # the first link: it covers all lines of before
    async for line in _read_lines():
        digest = link_line(digest, line)
    return digest


async def verify_chain(expected: ChainHead | None = None) -> ChainReport:
    """Recompute the whole chain, and compare it with a head that was kept outside.

    Parameters
    ----------
    expected
        A head of before; the chain must go through it. None: nothing to compare with.
    """
    digest, n_lines, is_linked = GENESIS, 0, False
    is_met = expected is None or (expected.n_lines == 0 and expected.digest == GENESIS)
    async for line in _read_lines():
        digest = link_line(digest, line)
        n_lines += 1
        is_linked = is_linked or bool(line["chain"])
        if is_linked and line["chain"] != digest:
            head = ChainHead(n_lines=n_lines, digest=digest)
            return ChainReport(head=head, broken_id=line["id"], is_cut=not is_met)
        is_met = is_met or (expected is not None and (n_lines, digest) == (expected.n_lines, expected.digest))
    return ChainReport(head=ChainHead(n_lines=n_lines, digest=digest), is_cut=not is_met)


async def _read_lines() -> AsyncIterator[dict[str, Any]]:
    last: int | None = None  # no number is too small to be looked at, whoever wrote it
    while True:
        query = AuditLine.select().order_by(AuditLine.id).limit(_BATCH)
        lines = await (query if last is None else query.where(AuditLine.id > last))
        for line in lines:
            yield line
        if len(lines) < _BATCH:
            return
        last = lines[-1]["id"]
