"""Bodies of replies in the public log: told while the reply stands beside what is public itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from agency_credit.database.tables import LogEntry, ResultStep
from agency_credit.domain.entry import EntryType
from agency_credit.services.disclosure import load_disclosed
from agency_credit.services.reply_store import KnownReply, load_shown_by_entry

if TYPE_CHECKING:
    from agency_credit.services.office import Office


async def load_untold_replies(office: Office, indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries publish a reply that does not stand any more, or not in public."""
    rows = await LogEntry.select(LogEntry.index).where(
        LogEntry.index.is_in(list(indexes) or [-1]) & (LogEntry.type == EntryType.REPLY_PUBLISHED.value)
    )
    asked = {row["index"] for row in rows}
    if not asked:
        return frozenset()
    shown = await load_shown_by_entry(asked)
    return frozenset(asked - await _in_public(office, shown))


async def _in_public(office: Office, shown: Collection[KnownReply]) -> set[int]:
    today = office.today()
    records = await load_disclosed(office, {r.target for r in shown if r.kind == "record"}, today)
    public = {one.row["id"] for one in records.values() if one.is_public(today)}
    results = {reply.target for reply in shown if reply.kind == "result"}
    steps = await ResultStep.select(
        ResultStep.result, ResultStep.step, ResultStep.result.inspection.as_alias("inspection")
    ).where(ResultStep.result.inspection.is_in(sorted(results) or [0]))
    gone = {step["result"] for step in steps if step["step"] == "withdrawn"}
    published = {
        step["inspection"] for step in steps if step["step"] == "published" and step["result"] not in gone
    }
    return {
        reply.log_index
        for reply in shown
        if reply.log_index is not None and reply.target in (public if reply.kind == "record" else published)
    }
