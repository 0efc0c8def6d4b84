"""Entries of the public log as bytes (docs/spec/log.md, item 3)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.domain.errors import InputError, VerificationError
from agency_credit.publication.masking import IN_ENTRIES, check_publishable

MAX_ENTRY = 65_535
"""Bytes of an entry; C2SP tlog-tiles counts them in 16 bits."""

SALT_BYTES = 32
MAX_SUBJECT = 128

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def format_instant(at: datetime) -> str:
    """RFC 3339 in UTC, whole seconds: ``2026-11-24T01:02:03Z``."""
    if at.tzinfo is None or at.microsecond:
        raise InputError("entry.at", "the time {at} has no zone or parts of a second", at=at.isoformat())
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(text: str) -> datetime:
    """The instant that `format_instant` writes as `text`."""
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError(text)
        return datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            "entry.at-form", "{text} is no time such as 2026-11-24T01:02:03Z", text=text[:40]
        ) from None


def commit_body(body: Mapping[str, Json], salt: bytes) -> dict[str, Json]:
    """The body that stands in an entry for a hidden one: SHA-256 of 32 raw salt bytes, then the body.

    Parameters
    ----------
    body
        The hidden content; it is shown beside the proof while it is public, so it may hold no
        identity or telephone number either.
    salt
        32 random bytes of this entry alone; without them the body cannot be guessed from the digest.
    """
    if len(salt) != SALT_BYTES:
        raise InputError("entry.salt", "a salt has {n} bytes", n=SALT_BYTES)
    content = format_canonical(body)
    check_publishable(content.decode(), IN_ENTRIES)
    return {"commitment": hashlib.sha256(salt + content).hexdigest()}


def format_entry(entry: LogEntry) -> bytes:
    """Canonical JSON of an entry: the bytes of a leaf of the log.

    Raises
    ------
    InputError
        A time with parts of a second, a subject or body of another form, more than 65,535 bytes.
    RefusedError
        An identity number or a mobile telephone number in it.
    """
    data = _format_entry(entry)
    check_publishable(data.decode(), IN_ENTRIES)
    return data


def _format_entry(entry: LogEntry) -> bytes:
    """As `format_entry`, of what was written already: a rule that grew since must not make it unreadable."""
    if not 1 <= len(entry.subject) <= MAX_SUBJECT or not entry.subject.isprintable():
        raise InputError("entry.subject", "the subject of an entry has 1 to {n} characters", n=MAX_SUBJECT)
    if "commitment" in entry.body and not (entry.commitment and _DIGEST.fullmatch(entry.commitment)):
        raise InputError(
            "entry.commitment", "commitment is the only key of a hidden body and holds 64 hexadecimal digits"
        )
    data = format_canonical(
        {
            "at": format_instant(entry.at),
            "body": entry.body,
            "subject": entry.subject,
            "type": entry.type.value,
            "v": 1,
        }
    )
    if len(data) > MAX_ENTRY:
        raise InputError("entry.size", "the entry has {n} bytes; at most {most}", n=len(data), most=MAX_ENTRY)
    return data


def parse_entry(data: bytes) -> LogEntry:
    """The entry that `format_entry` writes as `data`; anything else is refused.

    Raises
    ------
    InputError
        Not canonical JSON, other keys, an unknown type, another version.
    """
    try:
        value = json.loads(data.decode(), parse_float=_refuse_number, parse_constant=_refuse_number)
        if set(value) != {"at", "body", "subject", "type", "v"} or value["v"] != 1:
            raise ValueError("keys")
        entry = LogEntry(
            at=parse_instant(value["at"]),
            type=EntryType(value["type"]),
            subject=value["subject"],
            body=dict(value["body"]),
        )
        is_canonical = _format_entry(entry) == data
    except (ValueError, TypeError, AttributeError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise InputError("entry.form", "these bytes are no entry of a log in canonical JSON")
    return entry


def verify_commitment(entry: LogEntry, body: Mapping[str, Json], salt: bytes) -> None:
    """Check that `body` and `salt` are what the entry committed to.

    Raises
    ------
    VerificationError
        They are not, or the entry has a public body.
    """
    expected = hashlib.sha256(salt + format_canonical(body)).hexdigest()
    if len(salt) != SALT_BYTES or not hmac.compare_digest(entry.commitment or "", expected):
        raise VerificationError("entry.opened", "the body and salt shown are not those of the commitment")


def _refuse_number(text: str) -> int:
    raise ValueError(text)
