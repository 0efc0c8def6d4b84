"""The text of a record and the commitment to it, by which ratings name it (docs/spec/rating.md)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from agency_credit.database import append_rows
from agency_credit.database.tables import RecordSalt
from agency_credit.domain.canonical import digest, format_canonical

SALT_BYTES = 32


def record_body(row: Mapping[str, Any], subject: str) -> dict[str, str]:
    """The text that a record's commitment commits to.

    Parameters
    ----------
    row
        Columns of the record.
    subject
        Unified social credit code, or certificate number for a record of a practitioner.
    """
    return {
        "authority": row["authority"],
        "decided_on": row["decided_on"].isoformat(),
        "document": row["document_number"],
        "kind": row["kind"],
        "subject": subject,
        "summary": row["summary"],
    }


def commit_record(body: Mapping[str, str], salt: bytes) -> str:
    """SHA-256 of the raw salt and the canonical body."""
    return digest(salt + format_canonical(dict(body)))


async def append_salts(bodies: Iterable[tuple[int, Mapping[str, str]]]) -> None:
    """A fresh salt and the commitment for each record (number, text), inside the caller's transaction."""
    rows = []
    for record, body in bodies:
        salt = secrets.token_bytes(SALT_BYTES)
        rows.append({"record": record, "salt": salt, "commitment": commit_record(body, salt)})
    await append_rows(RecordSalt, rows)
