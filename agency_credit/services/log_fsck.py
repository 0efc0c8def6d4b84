"""Build the public log anew from its entries and compare: `log fsck`, and every restored backup."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agency_credit.database.tables import Checkpoint, LogBody, LogEntry
from agency_credit.domain.entry import LogEntry as Entry
from agency_credit.domain.errors import AgencyCreditError, Fault
from agency_credit.publication.checkpoint import verify_checkpoint
from agency_credit.publication.entry import commit_body, parse_entry
from agency_credit.publication.merkle import extend_peaks, hash_leaf, root_of_peaks
from agency_credit.publication.note import VerifierKey

PAGE = 200
"""Rows at a time; an entry has at most 64 KiB."""

MOST_FAULTS = 100


@dataclass(slots=True, kw_only=True)
class LogReport:
    """What the log holds, and what is wrong with it; `faults` stops at a hundred.

    Parameters
    ----------
    root
        Of the tree over all entries, in 64 hexadecimal digits.
    """

    n_entries: int = 0
    n_bodies: int = 0
    n_checkpoints: int = 0
    root: str = ""
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _Tree:
    """The tree as it grows, an entry after the other."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        self.peaks = extend_peaks(self.peaks, self.size, [leaf])
        self.size += 1

    @property
    def root(self) -> bytes:
        return root_of_peaks(self.peaks)


async def check_log(keys: Sequence[VerifierKey], heads: Sequence[str] = ()) -> LogReport:
    """Compare entries, leaf hashes, hidden bodies and signed heads of the database with each other.

    Parameters
    ----------
    keys
        Verifier keys of the log, those rotated out included.
    heads
        Signed notes from elsewhere, such as that of the fork guard, which the log has to continue.

    Notes
    -----
    Memory is bounded: rows are read by pages, of the tree only the peaks are kept.
    """
    report, tree = LogReport(), _Tree()
    wanted = _read_heads(heads, keys, report)
    stored = _Stored(keys)
    async for row in _pages(LogEntry, LogEntry.index):
        entry = _check_entry(row, tree.size, report)
        tree.append(hash_leaf(bytes(row["entry"])))
        if entry is not None and entry.commitment:
            await stored.check_body(entry, row["index"], report)
        await stored.check_heads(tree, report)
        for head in wanted.pop(tree.size, []):
            if head != tree.root:
                _note(report, "log.forked", _OTHER_ROOT, n=tree.size)
    for size in wanted:
        _note(report, "log.rolled-back", _TOO_SHORT, n=size, found=tree.size)
    await stored.check_rest(tree, report)
    report.n_entries, report.root = tree.size, tree.root.hex()
    return report


_OTHER_ROOT = "the entries do not give the root of the signed checkpoint of {n} entries"
_TOO_SHORT = "a signed checkpoint covers {n} entries, but there are only {found}"


def _read_heads(
    heads: Sequence[str], keys: Sequence[VerifierKey], report: LogReport
) -> dict[int, list[bytes]]:
    wanted: dict[int, list[bytes]] = {}
    for note in heads:
        try:
            head = verify_checkpoint(note, keys)
        except AgencyCreditError as error:
            _copy(report, "checkpoint", error)
        else:
            wanted.setdefault(head.size, []).append(head.root)
    wanted.pop(0, None)  # every log continues the empty one
    return wanted


def _check_entry(row: dict[str, Any], place: int, report: LogReport) -> Entry | None:
    index, data = row["index"], bytes(row["entry"])
    if index != place:
        _note(
            report,
            "log.gap",
            "entry {index} stands at place {place}: entries were lost",
            index=index,
            place=place,
        )
    if hash_leaf(data) != bytes(row["leaf_hash"]):
        _note(report, "log.leaf", "entry {index}: the stored hash is not that of its bytes", index=index)
    try:
        entry = parse_entry(data)
    except AgencyCreditError as error:
        _copy(report, f"entry {index}", error)
        return None
    if (entry.at, entry.type.value, entry.subject) != (row["at"], row["type"], row["subject"]):
        _note(
            report,
            "log.columns",
            "entry {index}: time, type or subject beside it are not its own",
            index=index,
        )
    return entry


class _Stored:
    """What stands beside the entries: hidden bodies and signed heads, in step with the growing tree."""

    def __init__(self, keys: Sequence[VerifierKey]) -> None:
        self.keys = keys
        self.heads = _pages(Checkpoint, Checkpoint.size)
        self.next_head: dict[str, Any] | None = None
        self.n_heads = self.n_bodies = 0

    async def check_body(self, entry: Entry, index: int, report: LogReport) -> None:
        for row in await LogBody.select().where(LogBody.log_index == index):
            self.n_bodies += 1
            try:
                commitment = commit_body(json.loads(row["body_json"]), bytes(row["salt"]))["commitment"]
            except (AgencyCreditError, ValueError):
                commitment = None
            if commitment != entry.commitment:
                _note(
                    report,
                    "log.body",
                    "entry {index}: the stored body is not the one it commits to",
                    index=index,
                )

    async def check_heads(self, tree: _Tree, report: LogReport) -> None:
        while (row := await self._peek()) is not None and row["size"] <= tree.size:
            self.next_head, self.n_heads = None, self.n_heads + 1
            if row["size"] < tree.size or bytes.fromhex(row["root"]) != tree.root:
                _note(report, "log.forked", _OTHER_ROOT, n=row["size"])
                continue
            try:
                head = verify_checkpoint(row["note"], self.keys)
            except AgencyCreditError as error:
                _copy(report, f"checkpoint {row['size']}", error)
                continue
            if (head.size, head.root) != (tree.size, tree.root):
                _note(report, "log.forked", _OTHER_ROOT, n=row["size"])

    async def check_rest(self, tree: _Tree, report: LogReport) -> None:
        while (row := await self._peek()) is not None:
            self.next_head, self.n_heads = None, self.n_heads + 1
            _note(report, "log.rolled-back", _TOO_SHORT, n=row["size"], found=tree.size)
        n_bodies = await LogBody.count()
        if n_bodies > self.n_bodies:
            _note(report, "log.stray", "{n} stored bodies belong to no entry", n=n_bodies - self.n_bodies)
        report.n_bodies, report.n_checkpoints = n_bodies, self.n_heads

    async def _peek(self) -> dict[str, Any] | None:
        if self.next_head is None:
            self.next_head = await anext(self.heads, None)
        return self.next_head


async def _pages(table: Any, key: Any) -> AsyncIterator[dict[str, Any]]:
    """All rows by `key`, a page at a time."""
    name, last = key._meta.name, -1  # noqa: SLF001  (Piccolo names its columns nowhere else)
    while rows := await table.select().where(key > last).order_by(key).limit(PAGE):
        for row in rows:
            yield row
        last = rows[-1][name]


def _note(report: LogReport, code: str, template: str, /, **params: str | int) -> None:
    if len(report.faults) < MOST_FAULTS:
        report.faults.append(Fault(at="log", code=code, template=template, params=params))


def _copy(report: LogReport, at: str, error: AgencyCreditError) -> None:
    if len(report.faults) < MOST_FAULTS:
        report.faults.append(Fault(at=at, code=error.code, template=error.template, params=error.params))
