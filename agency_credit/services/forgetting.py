"""Forgetting a credit record: it leaves everything served, and what is kept lies sealed (docs/adr/0041)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Literal

from agency_credit.database import append_rows
from agency_credit.database.tables import (
    Agency,
    ForgottenRecord,
    Practitioner,
    SealedPlace,
    SealedRecord,
)
from agency_credit.domain.errors import NotFoundError
from agency_credit.services.forgetting_places import Chain, Piece, find_bodies, find_pieces, load_chain
from agency_credit.services.forgotten_tags import tag_identity
from agency_credit.services.import_history import refresh_list_status
from agency_credit.services.import_records import LIST_KINDS, record_digest
from agency_credit.services.operation import Operation
from agency_credit.services.rating_run import rate_touched
from agency_credit.services.redaction import redact_entries
from agency_credit.services.sealed_archive import ARCHIVE, sealing_context

Reason = Literal["repaired", "erased"]


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
    tags = {tag_identity(op.office.keys, identity) for identity in await _identities(chain)}
    await append_rows(ForgottenRecord, [{"sealed": number, "tag": tag} for tag in sorted(tags)])  # 5
    await _rate(op, chain)  # 6
    op.details["sealed"] = number
    op.is_shredding = True
    return number


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
