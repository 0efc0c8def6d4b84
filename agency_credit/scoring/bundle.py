"""The files of a rating, from which anybody recomputes it (docs/spec/rating.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.canonical import Json, digest, format_canonical, root
from agency_credit.domain.ledger import Ledger, LedgerLine
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.ledger import score_ledger
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import score_of, tier_of

PROTOCOL = "rating/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBody:
    """The text behind a record's commitment: `record_id` is the digest of `salt` and `body`."""

    record_id: str
    body: Mapping[str, str]
    salt: bytes


def format_rating_bundle(
    subject: str,
    records: Iterable[CreditRecord],
    pack: RulePack,
    on: date,
    *,
    bodies: Sequence[RecordBody] = (),
) -> dict[str, bytes]:
    """The files of a rating by name; ``bodies.jsonl`` only where there are bodies.

    Parameters
    ----------
    records
        All of the subject's, repaired ones left out; their ids are commitments, 64 hexadecimal digits.
    bodies
        Of those records whose text is public.

    Raises
    ------
    InputError
        As `score_ledger`.
    """
    records = tuple(records)
    return format_rated(subject, records, pack, score_ledger(records, pack, on), bodies=bodies)


def format_rated(
    subject: str,
    records: Iterable[CreditRecord],
    pack: RulePack,
    ledger: Ledger,
    *,
    bodies: Sequence[RecordBody] = (),
) -> dict[str, bytes]:
    """The same files where the ledger of the records is there already."""
    records = sorted(records, key=lambda record: record.record_id)
    files = {
        "pack.json": pack.content,
        "records.jsonl": _join(format_canonical(_record(record)) for record in records),
        "ledger.jsonl": format_ledger(ledger),
    }
    score, records_root = score_of(ledger), root(files["records.jsonl"])
    files["rating.json"] = format_canonical(
        {
            "ledger": digest(files["ledger.jsonl"]),
            "on": ledger.on.isoformat(),
            "pack": pack.digest,
            "protocol": PROTOCOL,
            "records": {"root": records_root.root, "size": records_root.size},
            "score": score,
            "subject": subject,
            "tier": tier_of(pack, score).name,
        }
    )
    if bodies:
        ordered = sorted(bodies, key=lambda body: body.record_id)
        files["bodies.jsonl"] = _join(format_canonical(_body(body)) for body in ordered)
    return files


def format_ledger(ledger: Ledger) -> bytes:
    """`ledger.jsonl`."""
    return _join(format_canonical(_line(line)) for line in ledger.lines)


def _record(record: CreditRecord) -> dict[str, Json]:
    return {
        "assessed": record.assessed_millipoints,
        "decided_on": record.decided_on.isoformat(),
        "entered_on": _day(record.entered_on),
        "evidence": record.evidence,
        "kind": record.kind,
        "record": record.record_id,
        "repaired_on": _day(record.repaired_on),
        "suspended": [_stay(period) for period in record.suspended],
        "withdrawn_on": _day(record.withdrawn_on),
    }


def _stay(period: Period) -> dict[str, Json]:
    return {"from": period.first_on.isoformat(), "until": _day(period.last_on)}


def _line(line: LedgerLine) -> dict[str, Json]:
    return {
        "citation": None if line.citation is None else str(line.citation),
        "clause": line.clause,
        "decided_on": line.decided_on.isoformat(),
        "evidence": line.evidence,
        "from": None if line.period is None else line.period.first_on.isoformat(),
        "kind": line.record_kind,
        "points": line.millipoints,
        "record": line.record_id,
        "state": line.state.value,
        "until": None if line.period is None else _day(line.period.last_on),
        "worth": line.worth_millipoints,
    }


def _body(body: RecordBody) -> dict[str, Json]:
    return {"body": dict(body.body), "record": body.record_id, "salt": body.salt.hex()}


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _join(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
