"""Replies of agencies in the store: their steps, and which of them stand beside what they reply to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from agency_credit.database.tables import Reply, ReplyStep, ReplyText
from agency_credit.inspection.reply_states import ReplyStepName
from agency_credit.publication.masking import mask_personal_numbers

ReplyKind = Literal["record", "result"]


class ReplyNote(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency says publicly to a record or result, since when, and its entry in the public log."""

    text: str
    published_at: datetime
    log_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReply:
    """A reply with what became of it.

    Parameters
    ----------
    target
        Number of the record or inspection.
    step, step_at
        The last one, and when.
    published_at, log_index
        Of its publication; None: it never was.
    reasons
        Which personal data it holds, where it was returned.
    text
        Empty where it was forgotten.
    """

    number: int
    agency: int
    kind: ReplyKind
    target: int
    version: int
    by: int
    at: datetime
    step: ReplyStepName
    step_at: datetime
    n_steps: int
    published_at: datetime | None
    log_index: int | None
    reasons: tuple[str, ...]
    text: str


async def load_replies(condition: Any) -> list[KnownReply]:
    """The replies that fit, by target and version."""
    rows = (
        await Reply.select()
        .where(condition)
        .order_by(Reply.kind)
        .order_by(Reply.target)
        .order_by(Reply.version)
    )
    if not rows:
        return []
    numbers = [row["id"] for row in rows]
    steps = await ReplyStep.select().where(ReplyStep.reply.is_in(numbers)).order_by(ReplyStep.sequence)
    texts = {t["reply"]: t["text"] for t in await ReplyText.select().where(ReplyText.reply.is_in(numbers))}
    return [
        _known(row, [step for step in steps if step["reply"] == row["id"]], texts.get(row["id"], ""))
        for row in rows
    ]


async def load_shown_replies(kind: ReplyKind, targets: Collection[int]) -> dict[int, KnownReply]:
    """By target, the reply that stands there: the newest that was published, unless it was taken back."""
    if not targets:
        return {}
    return shown_of(await load_replies((Reply.kind == kind) & Reply.target.is_in(sorted(set(targets)))))


async def load_reply_notes(kind: ReplyKind, targets: Collection[int]) -> dict[int, ReplyNote]:
    """As `load_shown_replies`, as everybody reads them."""
    return {
        target: ReplyNote(
            text=mask_personal_numbers(reply.text),
            published_at=reply.published_at,
            log_index=reply.log_index,
        )
        for target, reply in (await load_shown_replies(kind, targets)).items()
        if reply.published_at is not None
    }


def shown_of(replies: Iterable[KnownReply]) -> dict[int, KnownReply]:
    """Of replies to targets of one kind, by version, those that stand there."""
    newest = {reply.target: reply for reply in replies if reply.published_at is not None}
    return {
        target: reply
        for target, reply in newest.items()
        if reply.step is ReplyStepName.PUBLISHED and reply.text
    }


async def load_shown_by_entry(indexes: Collection[int]) -> list[KnownReply]:
    """The replies that stand where these entries of the public log published them."""
    rows = await ReplyStep.select(
        ReplyStep.reply.kind.as_alias("kind"), ReplyStep.reply.target.as_alias("target")
    ).where(ReplyStep.log_index.is_in(list(indexes)))
    found: list[KnownReply] = []
    for kind in sorted({row["kind"] for row in rows}):
        shown = await load_shown_replies(kind, [row["target"] for row in rows if row["kind"] == kind])
        found += [reply for reply in shown.values() if reply.log_index in indexes]
    return found


def _known(row: dict[str, Any], steps: list[dict[str, Any]], text: str) -> KnownReply:
    published = next((step for step in steps if step["step"] == ReplyStepName.PUBLISHED.value), None)
    last = steps[-1]
    return KnownReply(
        number=row["id"],
        agency=row["agency"],
        kind=row["kind"],
        target=row["target"],
        version=row["version"],
        by=row["by"],
        at=row["at"],
        step=ReplyStepName(last["step"]),
        step_at=last["at"],
        n_steps=len(steps),
        published_at=published["at"] if published else None,
        log_index=published["log_index"] if published else None,
        reasons=tuple(last["reasons"].split()),
        text=text,
    )
