"""Records as they were known at an instant: two times, when a thing was true and since when it is known.

Nothing in the store is ever rewritten. What is known at an instant are the records known by then, with
those of their events that were known by then folded in, in the order in which they became known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.database.tables import RecordEvent
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.publication.entry import format_instant
from agency_credit.services.import_work import in_chunks

SECOND = timedelta(seconds=1)
_RECORDS = (
    'SELECT r."id", r."{owner}" AS "owner", r."kind", r."decided_on", r."evidence", s."commitment",'
    ' o."{code}" AS "subject" FROM "credit_record" r JOIN "record_salt" s ON s."record" = r."id"'
    ' JOIN "{owner}" o ON o."id" = r."{owner}" WHERE {whose}'
)
_EVENTS = (
    'SELECT e."record", e."event", e."on", e."until", e."millipoints", e."known_at", r."{owner}" AS "owner"'
    ' FROM "record_event" e JOIN "credit_record" r ON r."id" = e."record" WHERE {whose}'
)
_GONE = (
    'SELECT DISTINCT s."commitment" FROM "credit_record" r JOIN "record_event" e ON e."record" = r."id"'
    ' JOIN "record_salt" s ON s."record" = r."id"'
    ' WHERE r."agency" = {} AND r."practitioner" IS NULL'
    " AND e.\"event\" IN ('repaired', 'withdrawn') AND e.\"on\" <= {}"
)


def end_of_day(known: date) -> datetime:
    """The first instant after the day `known` in China: what became known before it, was known on the day."""
    return datetime.combine(known, time.min, OFFICE_ZONE) + timedelta(days=1)


async def refuse_older_knowledge(at: datetime) -> None:
    """Refuse to learn something at an instant before the newest at which something was learnt.

    Raises
    ------
    RefusedError
        The clock was set back: what is learnt now would change what was known in the past.
    """
    for table in (CreditRecordRow, RecordEvent):
        newest = await table.select(table.known_at).order_by(table.known_at, ascending=False).first()
        if newest is not None and newest["known_at"] > at:
            raise RefusedError(
                "records.clock-back",
                "records became known at {newest} already, now it is {now}; set the clock of the machine "
                "right",
                newest=format_instant(newest["known_at"]),
                now=format_instant(at),
            )


async def load_agency_records(
    agencies: Collection[int] | None = None, *, before: datetime | None = None
) -> dict[int, list[CreditRecord]]:
    """Records of agencies by the number of the agency, those of their practitioners left out.

    A record whose salt was deleted is forgotten: nothing can name it.

    Parameters
    ----------
    agencies
        Their numbers; None: all.
    before
        What became known from this instant on is left out; None: nothing is.
    """
    return await _load("agency", "uscc", agencies, before)


async def load_practitioner_records(
    practitioners: Collection[int] | None = None, *, before: datetime | None = None
) -> dict[int, list[CreditRecord]]:
    """Records of practitioners by the number of the practitioner; otherwise as `load_agency_records`."""
    return await _load("practitioner", "certificate", practitioners, before)


async def _load(
    owner: str, code: str, ids: Collection[int] | None, before: datetime | None
) -> dict[int, list[CreditRecord]]:
    whose = 'r."practitioner" IS NULL' if owner == "agency" else 'r."practitioner" IS NOT NULL'
    records: dict[int, list[CreditRecord]] = {}
    for chunk in [None] if ids is None else in_chunks(sorted(ids)):
        rows = await _select(_RECORDS, (owner, code, whose), "r", chunk, before)
        events: dict[int, list[Mapping[str, Any]]] = {}
        for event in await _select(_EVENTS, (owner, code, whose), "e", chunk, before):
            events.setdefault(event["record"], []).append(event)
        for row in rows:
            record = CreditRecord(
                record_id=row["commitment"],
                subject=row["subject"],
                kind=row["kind"],
                decided_on=row["decided_on"],
                evidence=row["evidence"] or None,
            )
            if row["id"] in events:
                record = fold_events(record, events[row["id"]])
            records.setdefault(row["owner"], []).append(record)
    return records


async def _select(
    template: str,
    names: tuple[str, str, str],
    known: str,
    chunk: Collection[int] | None,
    before: datetime | None,
) -> list[dict[str, Any]]:
    """Rows of a query whose pieces are constants of this module."""
    owner, code, whose = names
    values: list[object] = []
    if before is not None:
        whose += f' AND {known}."known_at" < {{}}'
        values.append(before.astimezone(UTC))
    if chunk is not None:
        whose += f' AND r."{owner}" IN ({", ".join(["{}"] * len(chunk))})'
        values += chunk
    query = template.replace("{owner}", owner).replace("{code}", code).replace("{whose}", whose)
    if known == "e":
        query += ' ORDER BY e."known_at", e."id"'
    rows: list[dict[str, Any]] = await CreditRecordRow.raw(query, *values)
    return rows


def fold_events(record: CreditRecord, events: Iterable[Mapping[str, Any]]) -> CreditRecord:
    """The record after what befell it, in the order in which it became known."""
    for event in events:
        kind, on = event["event"], event["on"]
        if kind == "withdrawn":
            record = replace(record, withdrawn_on=on)
        elif kind == "repaired":
            record = replace(record, repaired_on=on)
        elif kind == "entered":
            record = replace(record, entered_on=on)
        elif kind == "assessed":
            record = replace(record, assessed_millipoints=event["millipoints"])
        elif kind == "suspended":
            stays = (*record.suspended, Period(first_on=on, last_on=event["until"]))
            record = replace(record, suspended=tuple(sorted(stays, key=lambda stay: stay.first_on)))
        elif kind == "resumed":
            record = replace(record, suspended=tuple(_resume(record.suspended, on)))
    return record


def _resume(stays: Iterable[Period], on: date) -> Iterable[Period]:
    """The stays without the days from `on` on of the one that holds it."""
    for stay in stays:
        if not stay.contains(on):
            yield stay
        elif stay.first_on < on:
            yield replace(stay, last_on=on - timedelta(days=1))


async def load_gone(agency: int, on: date) -> frozenset[str]:
    """Commitments of an agency's own records that are repaired or withdrawn by the day `on`, as known now."""
    rows = await RecordEvent.raw(_GONE, agency, on)
    return frozenset(row["commitment"] for row in rows)


def leave_out_gone(records: Iterable[CreditRecord], on: date) -> list[CreditRecord]:
    """The records without those that are repaired or withdrawn by the day `on`."""
    return [
        record
        for record in records
        if not any(day is not None and day <= on for day in (record.repaired_on, record.withdrawn_on))
    ]
