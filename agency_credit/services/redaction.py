"""Bodies of the public log that are not served any more, each with an entry that says so (log.md, item 5)."""

from __future__ import annotations

from collections.abc import Iterable

from agency_credit.database.tables import LogBody, LogEntry
from agency_credit.services.import_work import in_chunks
from agency_credit.services.log import NewEntry
from agency_credit.services.operation import Operation


async def redact_entries(op: Operation, indexes: Iterable[int], reason: str) -> dict[int, int]:
    """Delete body and salt of those of these entries that still have them, and say so in the log.

    Parameters
    ----------
    reason
        ``period-over``, ``not-public`` (its class keeps it from the public), ``repaired`` or ``erased``.

    Returns
    -------
    dict
        Index of each entry concerned, with that of the entry ``redacted`` that says so.
    """
    concerned: list[int] = []
    for chunk in in_chunks(sorted(set(indexes))):
        rows = await LogBody.select(LogBody.log_index).where(LogBody.log_index.is_in(list(chunk)))
        concerned += sorted(row["log_index"] for row in rows)
    entries = []
    for chunk in in_chunks(concerned):
        rows = await LogEntry.select(LogEntry.index, LogEntry.subject).where(
            LogEntry.index.is_in(list(chunk))
        )
        subjects = {row["index"]: row["subject"] for row in rows}
        entries += [
            NewEntry(kind="redacted", subject=subjects[index], body={"entry": index, "reason": reason})
            for index in chunk
        ]
        await LogBody.delete().where(LogBody.log_index.is_in(list(chunk)))
    first = await op.append_entries(entries) if entries else 0
    return {index: first + place for place, index in enumerate(concerned)}
