"""The sealed archive of forgotten records: auditors alone open it, each opening an audit line."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import CreditRecord, SealedRecord
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import AUDIT_ADMINISTRATOR, Actor
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.record_history import end_of_day

ARCHIVE = "archive"
"""Purpose of the key that seals."""
PAGE = 50
MIN_REASON, MAX_REASON = 4, 200
"""Characters of a reason: fewer say nothing, and it stands in an audit line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedLine:
    """That a record was sealed, without anything of it.

    Parameters
    ----------
    entries
        Indexes of the entries of the public log whose body went with it.
    log_index
        Of the first entry ``redacted`` that says so; None: no entry had a body.
    """

    number: int
    uscc: str
    agency_name: str
    reason: str
    at: datetime
    by: str
    entries: tuple[int, ...]
    log_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPiece:
    """A row as it stood before it was emptied or deleted: table and columns."""

    table: str
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRecord(SealedLine):
    """A sealed record with all its rows."""

    pieces: tuple[SealedPiece, ...]


async def list_sealed(before: int | None = None) -> tuple[list[SealedLine], int | None]:
    """What was sealed, the newest first, and the number to go on from, None at the end."""
    query = _select().order_by(SealedRecord.id, ascending=False).limit(PAGE + 1)
    rows = await (query.where(SealedRecord.id < before) if before else query)
    lines = [SealedLine(**_fields(row)) for row in rows[:PAGE]]
    return lines, lines[-1].number if len(rows) > PAGE else None


async def load_sealed_line(number: int) -> SealedLine:
    """That a record was sealed.

    Raises
    ------
    NotFoundError
        Nothing was sealed under this number.
    """
    return SealedLine(**_fields(await _load(number)))


async def open_sealed(office: Office, actor: Actor, number: int, reason: str) -> OpenedRecord:
    """What was sealed, once the line that says who opened it and why is written.

    Raises
    ------
    InputError
        No reason in words.
    NotFoundError
        Nothing was sealed under this number.
    ForbiddenError
        The actor is no audit administrator.
    UnavailableError
        The key file is not the one under which it was sealed.
    """
    async with operation(office, actor, "archive.open", str(number), roles=AUDIT_ADMINISTRATOR) as op:
        if not MIN_REASON <= len(reason.strip()) <= MAX_REASON:
            raise InputError(
                "archive.reason",
                "say in {least} to {most} characters why the record is opened; it goes into the audit line",
                least=MIN_REASON,
                most=MAX_REASON,
            )
        row = await _load(number)
        op.details["reason"] = reason.strip()
    text = office.keys.unseal(bytes(row["sealed"]), sealing_context(row["record"]), ARCHIVE)
    pieces: Sequence[Mapping[str, Any]] = json.loads(text)["pieces"]
    return OpenedRecord(**_fields(row), pieces=tuple(SealedPiece(**piece) for piece in pieces))


async def count_sealed(known: date, agencies: Collection[int] | None = None) -> int:
    """How many records known on a day are sealed now: of these agencies themselves, None: of all."""
    where = CreditRecord.digest.like("forgotten %") & CreditRecord.practitioner.is_null()
    where = where & CreditRecord.corrects.is_null()  # of versions the first
    where = where & (CreditRecord.known_at < end_of_day(known))
    if agencies is not None:
        where = where & CreditRecord.agency.is_in(sorted(agencies) or [0])
    return int(await CreditRecord.count().where(where))


def sealing_context(record: int) -> str:
    """What the sealed bytes of a record are bound to."""
    return f"record {record}"


def _select() -> Any:
    agency: Any = SealedRecord.agency
    names = agency.uscc.as_alias("uscc"), agency.name.as_alias("agency_name")
    return SealedRecord.select(*SealedRecord.all_columns(), *names)


async def _load(number: int) -> Mapping[str, Any]:
    row: Mapping[str, Any] | None = await _select().where(SealedRecord.id == number).first()
    if row is None:
        raise NotFoundError("archive.unknown", "nothing was sealed under the number {n}", n=number)
    return row


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    columns = ("uscc", "agency_name", "reason", "at", "by", "log_index")
    entries = tuple(json.loads(row["entries_json"]))
    return {"number": row["id"], "entries": entries, **{name: row[name] for name in columns}}
