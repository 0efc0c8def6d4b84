"""Changes of records that two people make: what befell a record, and a record that replaces a wrong one.

Nothing is rewritten: an approved change adds an event, or a record that corrects another. It is known from
the instant of its approval on, and true from the day that it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database import append_rows
from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.database.tables import RecordEvent, RecordSalt
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.record import CreditRecord
from agency_credit.services.agency_messages import tell_of_change
from agency_credit.services.change_request import Change, ChangeDraft
from agency_credit.services.forgetting import forget_record
from agency_credit.services.import_facts import FACT_COLUMNS
from agency_credit.services.import_history import refresh_list_status
from agency_credit.services.import_records import LIST_KINDS, record_digest
from agency_credit.services.operation import Operation
from agency_credit.services.rating_run import rate_touched
from agency_credit.services.record_history import fold_events
from agency_credit.services.record_publication import withdraw_publication
from agency_credit.services.record_salts import append_salts, record_body

EVENTS = ("withdrawn", "suspended", "resumed", "assessed", "entered", "classified", "corrected", "erased")
"""What can be proposed; that a record is repaired is decided elsewhere."""
TEXTS = {"kind": 100, "document": 120, "authority": 200, "summary": 2000, "evidence": 64}
"""Texts of a record that a correction may change, and how long each may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """A record with its events, as known now.

    Parameters
    ----------
    row
        Its columns, with `commitment`, `uscc` and `certificate` (None: the agency's own).
    record
        As scoring sees it.
    events
        What befell it, in the order in which it became known.
    """

    row: Mapping[str, Any]
    record: CreditRecord
    events: Sequence[Mapping[str, Any]]

    @property
    def n_events(self) -> int:
        """How many events it has: what a proposal is based on."""
        return len(self.events)

    @property
    def subject(self) -> str:
        """Certificate number, or unified social credit code."""
        return str(self.row["certificate"] or self.row["uscc"])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What somebody says of a record.

    Parameters
    ----------
    event
        One of `EVENTS`.
    on
        The day: from which it no longer stands, is suspended, counts again, or on which it entered the
        evaluation; for a correction the day of decision.
    until
        Last day of a suspension; None: without end.
    millipoints
        What an authority set for the case.
    texts
        Of the record that replaces it, by the keys of `TEXTS`; of one that is classified, what is stated of
        it, by names of `import_facts.FACT_COLUMNS`, as the store has it.
    """

    event: str
    on: date | None = None
    until: date | None = None
    millipoints: int | None = None
    texts: Mapping[str, str] | None = None


async def load_known_record(commitment: str) -> KnownRecord:
    """The record with this commitment.

    Raises
    ------
    NotFoundError
        There is none.
    """
    salt = await RecordSalt.select(RecordSalt.record).where(RecordSalt.commitment == commitment).first()
    found: list[KnownRecord] = []
    if salt is not None:
        number = salt["record"]
        found = await _load(CreditRecordRow.id == number, RecordEvent.record == number, {number: commitment})
    if not found:
        raise NotFoundError(
            "record.unknown", "there is no record {record}; look for it again", record=commitment[:64]
        )
    return found[0]


async def load_known_records(agency: int) -> list[KnownRecord]:
    """All records of the agency with this number, those of its practitioners left out, the newest first."""
    salts = await RecordSalt.select(RecordSalt.record, RecordSalt.commitment).where(
        (RecordSalt.record.agency == agency) & RecordSalt.record.practitioner.is_null()
    )
    return await _load(
        (CreditRecordRow.agency == agency) & CreditRecordRow.practitioner.is_null(),
        (RecordEvent.record.agency == agency) & RecordEvent.record.practitioner.is_null(),
        {salt["record"]: salt["commitment"] for salt in salts},
    )


async def _load(records: Any, events: Any, commitments: Mapping[int, str]) -> list[KnownRecord]:
    """Records under a condition, with events under the same; a record whose salt is gone is forgotten."""
    rows = await (
        CreditRecordRow.select(
            *CreditRecordRow.all_columns(),
            CreditRecordRow.agency.uscc.as_alias("uscc"),
            CreditRecordRow.practitioner.certificate.as_alias("certificate"),
        )
        .where(records)
        .order_by(CreditRecordRow.decided_on, CreditRecordRow.id, ascending=False)
    )
    befell: dict[int, list[Mapping[str, Any]]] = {}
    for event in await RecordEvent.select().where(events).order_by(RecordEvent.id):
        befell.setdefault(event["record"], []).append(event)
    return [
        _known(row, commitments[row["id"]], befell.get(row["id"], []))
        for row in rows
        if row["id"] in commitments
    ]


def _known(row: Mapping[str, Any], commitment: str, events: Sequence[Mapping[str, Any]]) -> KnownRecord:
    record = CreditRecord(
        record_id=commitment,
        subject=row["certificate"] or row["uscc"],
        kind=row["kind"],
        decided_on=row["decided_on"],
        document=row["document_number"],
        authority=row["authority"],
        summary=row["summary"],
        evidence=row["evidence"] or None,
    )
    return KnownRecord(row=row, record=fold_events(record, events), events=events)


async def load_newest_record(kind: str) -> KnownRecord:
    """The record of an agency of this kind that was decided last.

    Raises
    ------
    NotFoundError
        There is none.
    """
    row = await (
        RecordSalt.select(RecordSalt.commitment)
        .where((RecordSalt.record.kind == kind) & RecordSalt.record.practitioner.is_null())
        .order_by(RecordSalt.record.decided_on, RecordSalt.record.id, ascending=False)
        .first()
    )
    return await load_known_record("" if row is None else row["commitment"])


async def load_commitment(record: int) -> str | None:
    """Commitment of the record with this number; None: its salt is gone."""
    salt = await RecordSalt.select(RecordSalt.commitment).where(RecordSalt.record == record).first()
    return None if salt is None else str(salt["commitment"])


async def load_event_number(commitment: str) -> int:
    """How many events the record has."""
    return (await load_known_record(commitment)).n_events


def draft_record_change(
    commitment: str, based_on: int, change: RecordChange, *, today: date, reason: str
) -> ChangeDraft:
    """The proposal of a change; a day in the past is a correction by its nature."""
    applies_from = change.on or today
    return ChangeDraft(
        kind="record",
        subject=commitment,
        based_on=based_on,
        payload={
            "event": change.event,
            "on": None if change.on is None else change.on.isoformat(),
            "until": None if change.until is None else change.until.isoformat(),
            "millipoints": change.millipoints,
            "texts": None if change.texts is None else dict(change.texts),
        },
        applies_from=applies_from,
        is_correction=applies_from < today,
        reason=reason,
    )


def read_record_change(payload: Mapping[str, Any]) -> RecordChange:
    """The change in a stored proposal."""
    on, until = (date.fromisoformat(payload[key]) if payload[key] else None for key in ("on", "until"))
    return RecordChange(
        event=payload["event"],
        on=on,
        until=until,
        millipoints=payload["millipoints"],
        texts=payload["texts"],
    )


async def apply_record_change(op: Operation, change: Change) -> None:
    """Write an approved change, rate anew whom it touches, and tell the agency at its desk.

    A record that is erased is forgotten, the proposal included; nobody is told by its name.
    """
    known, wanted = await load_known_record(change.subject), read_record_change(change.payload)
    row = known.row
    if wanted.event == "erased":
        await forget_record(op, row["id"], "erased")
        return
    kinds = {row["kind"], (wanted.texts or {}).get("kind")}
    await tell_of_change(op, row, known.record.record_id, wanted.event)
    if wanted.event == "corrected":
        await _append_correction(op, known, wanted, change.number)
        wanted = RecordChange(event="withdrawn", on=known.record.decided_on)
    await RecordEvent.insert(
        RecordEvent(
            record=row["id"],
            event=wanted.event,
            on=wanted.on,
            until=wanted.until,
            millipoints=wanted.millipoints,
            facts_json=format_canonical(dict(wanted.texts)).decode() if wanted.texts else "",
            known_at=op.at,
            change=change.number,
        )
    )
    if wanted.event == "withdrawn":
        await withdraw_publication(op, row["id"], row["uscc"])
    if row["practitioner"] is not None:
        await rate_touched(op, (), [row["practitioner"]])
        return
    if kinds & set(LIST_KINDS):
        await refresh_list_status([row["agency"]])
    await rate_touched(op, [row["agency"]])


def corrected_row(change: RecordChange) -> dict[str, Any]:
    """Columns of the record that replaces another."""
    texts = change.texts or {}
    return {
        "kind": texts.get("kind", ""),
        "document_number": texts.get("document", ""),
        "decided_on": change.on,
        "authority": texts.get("authority", ""),
        "summary": texts.get("summary", ""),
        "evidence": texts.get("evidence", ""),
    }


def keeps_identity(known: KnownRecord, row: Mapping[str, Any]) -> bool:
    """Whether the record that replaces `known` is by kind, document and day the same."""
    return all(row[name] == known.row[name] for name in ("kind", "document_number", "decided_on"))


def corrected_digest(known: KnownRecord, row: Mapping[str, Any]) -> str:
    """What identifies the record that replaces `known`; an import of the corrected row finds it again."""
    identity = record_digest(
        known.row["uscc"],
        known.row["certificate"] or "",
        row["kind"],
        row["document_number"],
        row["decided_on"],
    )
    if not keeps_identity(known, row):
        return identity
    return digest(format_canonical({"corrects": known.record.record_id, "identity": identity}))


async def _append_correction(op: Operation, known: KnownRecord, wanted: RecordChange, number: int) -> None:
    """The record that replaces another; what befell that one befell this one."""
    columns = corrected_row(wanted)
    row = CreditRecordRow(
        **columns,
        **{name: known.row[name] for name in FACT_COLUMNS},
        agency=known.row["agency"],
        practitioner=known.row["practitioner"],
        known_at=op.at,
        digest=corrected_digest(known, columns),
        corrects=known.row["id"],
    )
    await row.save()
    await append_salts([(int(row.id), record_body(columns, known.subject))])
    copied = ("event", "on", "until", "millipoints", "facts_json")
    await append_rows(
        RecordEvent,
        [
            {**{name: event[name] for name in copied}, "record": row.id, "known_at": op.at, "change": number}
            for event in known.events
        ],
    )
