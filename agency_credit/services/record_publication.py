"""Records in the public log: published when their time comes, taken out of it when it is over or they fall.

What the public sees is worked out from dates (`disclosure`); what stands here only keeps the log in step. An
entry commits to the text of a record under the record's own salt, so that ratings and log name it alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from agency_credit.database import append_rows
from agency_credit.database.tables import CreditRecord, LogBody, RecordPublication, RecordSalt
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import AgencyCreditError, RefusedError
from agency_credit.domain.role import Actor
from agency_credit.publication.masking import check_publishable
from agency_credit.services.disclosure import Disclosed, load_disclosed
from agency_credit.services.log import NewEntry
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.record_salts import record_body
from agency_credit.services.redaction import redact_entries

BATCH = 2_000
"""Records of one operation: a process that is killed has lost no more than the batch it was at."""

_UNPUBLISHED = (
    'SELECT r."id" FROM "credit_record" r WHERE r."id" > {} AND r."practitioner" IS NULL AND NOT EXISTS'
    ' (SELECT 1 FROM "record_publication" p WHERE p."record" = r."id") ORDER BY r."id" LIMIT {}'
)
_SERVED = (
    'SELECT p."record" AS "id" FROM "record_publication" p JOIN "log_body" b ON b."log_index" = p."log_index"'
    ' WHERE p."record" > {} ORDER BY p."record" LIMIT {}'
)


async def publish_due(office: Office, actor: Actor, *, most: int | None = None) -> int:
    """Publish in the log what the public may see today and is not there yet; how many records that were.

    Parameters
    ----------
    most
        No more than about so many are looked at; the daily job does the rest.
    """
    return await _in_batches(office, actor, "record.publish", _UNPUBLISHED, _publish, most)


async def publish_new(office: Office, actor: Actor) -> None:
    """Publish what a list brought, after it was taken in; what cannot be done now the daily job does."""
    with suppress(AgencyCreditError):
        await publish_due(office, actor, most=BATCH)


async def end_due(office: Office, actor: Actor) -> int:
    """Take bodies out of the log whose records the public may see no more; how many records that were."""
    return await _in_batches(office, actor, "record.end-disclosure", _SERVED, _end, None)


async def withdraw_publication(op: Operation, record: int, uscc: str) -> None:
    """Say in the log that a published record was withdrawn; its body is served no more."""
    row = await RecordPublication.select().where(RecordPublication.record == record).first()
    if row is not None:
        await op.append_entry("record.withdrawn", uscc, {"entry": row["log_index"]})
        await LogBody.delete().where(LogBody.log_index == row["log_index"])


def find_unpublishable(record: Disclosed) -> bool:
    """Whether the text of a record holds a number of a person: no entry may hold it."""
    try:
        check_publishable(format_canonical(dict(record_body(record.row, record.row["uscc"]))).decode())
    except RefusedError:
        return True
    return False


async def _in_batches(
    office: Office,
    actor: Actor,
    action: str,
    query: str,
    settle: Callable[[Operation, dict[str, Disclosed], date], Awaitable[int]],
    most: int | None,
) -> int:
    """Settle the records that a query finds, a batch an operation; batches with nothing to settle are none.

    1. What is found without the lock says whether there is something to do at all.
    2. What is found under it is settled: another process may have been faster.
    """
    after = n_settled = n_seen = 0
    while most is None or n_seen < most:
        numbers = await _select(query, after)
        if not numbers:
            break
        today = office.today()
        due = _choose(await load_disclosed(office, numbers, today), today, query)  # 1
        if due:
            async with operation(office, actor, action, today.isoformat(), roles=None) as op:
                still = set(numbers) & set(await _select(query, after))  # 2
                found = _choose(await load_disclosed(office, still, op.office.today()), today, query)
                n_batch = await settle(op, found, today) if found else 0
                op.details["records"] = n_batch
                n_settled += n_batch
        after, n_seen = numbers[-1], n_seen + len(numbers)
    return n_settled


async def _select(query: str, after: int) -> list[int]:
    rows: list[dict[str, Any]] = await CreditRecord.raw(query, after, BATCH)
    return [row["id"] for row in rows]


def _choose(found: dict[str, Disclosed], today: date, query: str) -> dict[str, Disclosed]:
    """What there is to do with records: to publish those that are public, to end the others."""
    is_wanted = query == _UNPUBLISHED
    return {
        name: one
        for name, one in found.items()
        if one.is_public(today) is is_wanted and not (is_wanted and find_unpublishable(one))
    }


async def _publish(op: Operation, records: dict[str, Disclosed], _today: date) -> int:
    salts = {
        row["commitment"]: bytes(row["salt"])
        for row in await RecordSalt.select().where(
            RecordSalt.record.is_in([one.row["id"] for one in records.values()])
        )
    }
    entries = [_to_entry(one, salts[name]) for name, one in records.items()]
    first = await op.append_entries(entries)
    await append_rows(
        RecordPublication,
        [
            {
                "record": one.row["id"],
                "log_index": first + place,
                "published_on": one.disclosure.public_from,
                "at": op.at,
            }
            for place, one in enumerate(records.values())
        ],
    )
    return len(records)


def _to_entry(one: Disclosed, salt: bytes) -> NewEntry:
    uscc = one.row["uscc"]
    body = dict(record_body(one.row, uscc))
    return NewEntry(kind="record.published", subject=uscc, body=body, is_committed=True, salt=salt)


async def _end(op: Operation, records: dict[str, Disclosed], today: date) -> int:
    for one in records.values():
        if one.record.withdrawn_on is not None and one.record.withdrawn_on <= today:
            await withdraw_publication(op, one.row["id"], one.row["uscc"])
    for reason, indexes in _by_reason(records.values(), today).items():
        await redact_entries(op, indexes, reason)
    return len(records)


def _by_reason(records: Iterable[Disclosed], today: date) -> dict[str, list[int]]:
    """Entries by why they are redacted; those of records that were withdrawn are not."""
    found: dict[str, list[int]] = {}
    for one in records:
        if one.record.withdrawn_on is not None and one.record.withdrawn_on <= today:
            continue
        if one.record.repaired_on is not None and one.record.repaired_on <= today:
            reason = "repaired"
        else:
            reason = "period-over" if one.disclosure.is_published else "not-public"
        if one.log_index is not None:
            found.setdefault(reason, []).append(one.log_index)
    return found
