"""Forgetting a credit record: it leaves everything served, and what is kept lies sealed (docs/adr/0041)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date
from typing import Any, Literal

from agency_credit.database import append_rows
from agency_credit.database.tables import (
    Agency,
    CreditRecord,
    ForgottenRecord,
    Practitioner,
    SealedPlace,
    SealedRecord,
)
from agency_credit.domain.errors import NotFoundError
from agency_credit.services.forgetting_places import Chain, Piece, find_bodies, find_pieces, load_chain
from agency_credit.services.import_history import refresh_list_status
from agency_credit.services.import_records import LIST_KINDS, record_digest
from agency_credit.services.import_work import KEYS, in_chunks
from agency_credit.services.keys import Keys
from agency_credit.services.operation import Operation
from agency_credit.services.rating_run import rate_touched
from agency_credit.services.record_history import end_of_day
from agency_credit.services.redaction import redact_entries

Reason = Literal["repaired", "erased"]
ARCHIVE, KNOWN_AGAIN = "archive", "forgotten"
"""Purposes of the keys that seal, and that tell a record that comes again."""


async def forget_record(op: Operation, record: int, reason: Reason = "repaired") -> int:
    """Forget a record inside the caller's use case; the number of what was sealed.

    1. Everything that the store holds of it, and of the versions that corrections replaced, is collected.
    2. Bodies and salts of the log go, an entry ``redacted`` for each.
    3. It is sealed under a key outside the database, with a list of the rows that it came from.
    4. These rows are emptied or deleted; the database lets go of no others.
    5. A keyed digest of its identity stays, so that the next list does not bring it back.
    6. Whoever it was about is rated anew, where he was rated before.

    Parameters
    ----------
    record
        Its number. Whatever else befell it is written before.
    reason
        Goes into the public log.

    Raises
    ------
    NotFoundError
        There is no such record, or it is forgotten already.
    """
    chain = await load_chain(record)
    if record not in chain.ids:
        raise NotFoundError("record.forgotten", "there is no such record, or it is forgotten already")
    found = await find_pieces(chain)  # 1
    pieces = [*found, *await find_bodies(chain, found)]
    concerned = await redact_entries(
        op, (p.row["log_index"] for p in pieces if p.place == "log_body"), reason
    )
    number = await _seal(op, chain, pieces, reason, concerned)  # 2, 3
    for piece in pieces:  # 4
        await piece.remove()
    tags = {op.office.keys.tag(digest.encode(), KNOWN_AGAIN) for digest in await _identities(chain)}
    await append_rows(ForgottenRecord, [{"sealed": number, "tag": tag} for tag in sorted(tags)])  # 5
    await _rate(op, chain)  # 6
    op.details["sealed"] = number
    op.is_shredding = True
    return number


async def find_forgotten(keys: Keys, digests: Iterable[str]) -> frozenset[str]:
    """Those of these identities of records that are forgotten."""
    if not await ForgottenRecord.exists():
        return frozenset()
    by_tag = {keys.tag(digest.encode(), KNOWN_AGAIN): digest for digest in digests}
    found: set[str] = set()
    for chunk in in_chunks(sorted(by_tag), KEYS):
        rows = await ForgottenRecord.select(ForgottenRecord.tag).where(ForgottenRecord.tag.is_in(list(chunk)))
        found |= {by_tag[row["tag"]] for row in rows}
    return frozenset(found)


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


async def _seal(
    op: Operation, chain: Chain, pieces: list[Piece], reason: Reason, concerned: dict[int, int]
) -> int:
    newest = max(chain.ids)
    content = {
        "pieces": [
            {"columns": {name: _encode(value) for name, value in piece.row.items()}, "table": piece.place}
            for piece in pieces
        ],
        "v": 1,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    sealed = SealedRecord(
        agency=chain.owner["agency"],
        record=newest,
        reason=reason,
        sealed=op.office.keys.seal(text.encode(), sealing_context(newest), ARCHIVE),
        at=op.at,
        by=op.actor.username,
        entries_json=json.dumps(sorted(concerned), separators=(",", ":")),
        log_index=min(concerned.values(), default=None),
    )
    await sealed.save()
    number = int(sealed.id)
    places = [{"sealed": number, "place": piece.place, "row": piece.row["id"]} for piece in pieces]
    await append_rows(SealedPlace, places)
    return number


async def _identities(chain: Chain) -> set[str]:
    """By what an import finds each version again."""
    owner = chain.owner
    agency = await Agency.select(Agency.uscc).where(Agency.id == owner["agency"]).first()
    person = None
    if owner["practitioner"] is not None:
        person = (
            await Practitioner.select(Practitioner.certificate)
            .where(Practitioner.id == owner["practitioner"])
            .first()
        )
    uscc, certificate = (agency or {}).get("uscc", ""), (person or {}).get("certificate", "")
    return {
        record_digest(uscc, certificate, row["kind"], row["document_number"], row["decided_on"])
        for row in chain.records
    }


async def _rate(op: Operation, chain: Chain) -> None:
    owner = chain.owner
    if owner["practitioner"] is not None:
        await rate_touched(op, (), [owner["practitioner"]])
        return
    if any(row["kind"] in LIST_KINDS for row in chain.records):
        await refresh_list_status([owner["agency"]])
    await rate_touched(op, [owner["agency"]])


def _encode(value: Any) -> Any:
    """As JSON can hold it: bytes in hexadecimal, instants and days as ISO 8601 writes them."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return value.isoformat() if isinstance(value, date) else value
