"""Ratings in the store: the latest of each subject, and appending new ones with their log entries."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database import append_rows
from agency_credit.database.tables import Rating
from agency_credit.domain.canonical import Json, digest, format_canonical
from agency_credit.domain.errors import RefusedError
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import format_rated, ledger_answer
from agency_credit.services.import_work import in_chunks
from agency_credit.services.log import NewEntry
from agency_credit.services.operation import Operation
from agency_credit.services.rating import Rateable, SubjectRating
from agency_credit.services.rule_store import load_known_at
from agency_credit.services.verify import refuse_false_rating

_LATEST = (
    'SELECT r."id", r."agency", r."practitioner", r."practice_line", r."score", r."tier", r."pack_digest",'
    ' r."rated_at" FROM "rating" r JOIN (SELECT max("id") AS "id" FROM "rating" WHERE {whose}'
    ' GROUP BY "agency", "practitioner", "practice_line") n ON n."id" = r."id" ORDER BY r."id"'
)
_TOUCHED = (
    'SELECT DISTINCT "agency", "practitioner", "known_at" FROM "credit_record" WHERE "known_at" > {}',
    (
        'SELECT DISTINCT r."agency", r."practitioner", e."known_at" FROM "record_event" e'
        ' JOIN "credit_record" r ON r."id" = e."record" WHERE e."known_at" > {}'
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The latest rating of a subject in a practice line, without its lines; a redacted one has no tier."""

    id: int
    score: int
    tier: str
    pack_digest: str
    rated_at: datetime

    @property
    def standing(self) -> tuple[int, str, str]:
        """What makes a rating another one, whatever its lines say."""
        return self.score, self.tier, self.pack_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRating:
    """A rating that was worked out, the records behind it, and the one it follows."""

    subject: Rateable
    records: Sequence[CreditRecord]
    rating: SubjectRating
    before: Latest | None


async def load_latest(
    agencies: Collection[int] | None = None, practitioners: Collection[int] | None = None
) -> dict[tuple[bool, int, str], Latest]:
    """The latest rating of everybody, or of these, by `Rateable.key`."""
    rows: list[dict[str, Any]] = []
    if agencies is None and practitioners is None:
        rows = await Rating.raw(_LATEST.replace("{whose}", "1 = 1"))
    for column, ids in (("agency", agencies), ("practitioner", practitioners)):
        for chunk in in_chunks(sorted(ids or ())):
            places = ", ".join(["{}"] * len(chunk))
            whose = f'"{column}" IN ({places})' + (
                ' AND "practitioner" IS NULL' if column == "agency" else ""
            )
            rows += await Rating.raw(_LATEST.replace("{whose}", whose), *chunk)
    return {
        _key(row): Latest(
            id=row["id"],
            score=row["score"],
            tier=row["tier"],
            pack_digest=row["pack_digest"],
            rated_at=row["rated_at"],
        )
        for row in sorted(rows, key=lambda row: int(row["id"]))
    }


async def load_touched_since(since: datetime | None) -> dict[tuple[bool, int], datetime]:
    """Of whom something became known after `since` (None: nobody is asked for), and when last."""
    touched: dict[tuple[bool, int], datetime] = {}
    if since is None:
        return touched
    for query in _TOUCHED:
        for row in await Rating.raw(query, since):
            owner = _owner(row)
            touched[owner] = max(row["known_at"], touched.get(owner, row["known_at"]))
    return touched


async def refuse_clock_back(op: Operation, on: date) -> None:
    """Refuse to rate before what was rated already.

    Raises
    ------
    RefusedError
        There is a rating of a later day or instant.
    """
    newest = (
        await Rating.select(Rating.rated_on, Rating.rated_at).order_by(Rating.id, ascending=False).first()
    )
    if newest and (newest["rated_on"] > on or newest["rated_at"] > op.at):
        raise RefusedError(
            "rating.clock-back",
            "there are ratings of {newest} already, {day} lies before; set the clock of the machine right, "
            "or ask for the rating on an earlier day without storing it",
            newest=newest["rated_on"].isoformat(),
            day=on.isoformat(),
        )


async def is_rating_due() -> bool:
    """Whether the rules changed after the newest rating: a decided change rates nobody by itself."""
    newest = await Rating.select(Rating.rated_at).order_by(Rating.id, ascending=False).first()
    known_at = await load_known_at()
    return newest is not None and known_at is not None and known_at > newest["rated_at"]


async def append_ratings(op: Operation, ratings: Sequence[NewRating]) -> int:
    """Verify and append those whose score, tier, pack or lines are not those before; how many they are.

    Raises
    ------
    VerificationError
        The second implementation disagrees with one of them.
    """
    lines_before = await _load_lines([rating.before.id for rating in ratings if rating.before is not None])
    rows, entries, at_entry = [], [], []
    for new in ratings:
        lines = ledger_answer(new.subject.code, new.rating.ledger, new.rating.pack)["lines"]
        assert isinstance(lines, list)
        before = [] if new.before is None else lines_before[new.before.id]
        standing = new.rating.score, new.rating.tier, new.rating.pack.digest
        if new.before is not None and new.before.standing == standing and before == lines:
            continue
        files = format_rated(new.subject.code, new.records, new.rating.pack, new.rating.ledger)
        refuse_false_rating(new.subject.code, files)
        if new.before is not None and not new.before.tier:
            before = await _load_lines_shown(new.subject)
        moved = [] if new.before is None else find_moved(before, lines)
        rows.append(_row(op, new, format_canonical(lines).decode(), format_canonical(moved).decode()))
        if not new.subject.is_practitioner:
            at_entry.append(len(rows) - 1)
            entries.append(_entry(new.rating, digest(files["rating.json"])))
    if entries:
        first = await op.append_entries(entries)
        for index, place in enumerate(at_entry, start=first):
            rows[place]["log_index"] = index
    await append_rows(Rating, rows)
    return len(rows)


def find_moved(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Lines whose points or state changed between two ratings: what moved the score, and what is new.

    Returns
    -------
    list of dict
        `record`, `clause`, `before` and `after` (points as decimal strings, None where there was no such
        line), `state` (after; None where there is no such line any more). In the order of the lines.
    """
    old = {line["record"]: line for line in before}
    moved: list[Json] = []
    for line in after:
        known = old.pop(line["record"], None)
        if known is None or (known["points"], known["state"]) != (line["points"], line["state"]):
            moved.append(_move(line, known, line))
    return [*moved, *(_move(line, line, None) for line in old.values())]


def _move(
    line: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Json]:
    return {
        "record": line["record"],
        "clause": line["clause"],
        "before": None if before is None else before["points"],
        "after": None if after is None else after["points"],
        "state": None if after is None else after["state"],
    }


async def _load_lines(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    lines: dict[int, list[dict[str, Any]]] = {}
    for chunk in in_chunks(ids):
        rows = await Rating.select(Rating.id, Rating.lines_json).where(Rating.id.is_in(list(chunk)))
        lines |= {row["id"]: json.loads(row["lines_json"]) for row in rows}
    return lines


async def _load_lines_shown(subject: Rateable) -> list[dict[str, Any]]:
    """Lines of the last rating that is not redacted; none where all are."""
    whose: Any = Rating.agency == subject.agency
    whose = whose & Rating.practitioner.is_null()
    if subject.is_practitioner:
        whose = Rating.practitioner == subject.number
    row = await (
        Rating.select(Rating.lines_json)
        .where(whose & (Rating.practice_line == subject.practice_line) & (Rating.tier != ""))
        .order_by(Rating.id, ascending=False)
        .first()
    )
    return [] if row is None else list(json.loads(row["lines_json"]))


def _row(op: Operation, new: NewRating, lines_json: str, moved_json: str) -> dict[str, Any]:
    return {
        "agency": new.subject.agency,
        "practitioner": new.subject.number if new.subject.is_practitioner else None,
        "practice_line": new.subject.practice_line,
        "rated_on": new.rating.ledger.on,
        "pack_id": new.rating.pack.id,
        "pack_digest": new.rating.pack.digest,
        "is_fictional": new.rating.pack.is_fictional,
        "score": new.rating.score,
        "tier": new.rating.tier,
        "lines_json": lines_json,
        "moved_json": moved_json,
        "log_index": None,
        "rated_at": op.at,
    }


def _entry(rating: SubjectRating, rating_digest: str) -> NewEntry:
    body: dict[str, Json] = {
        "fictional": rating.pack.is_fictional,
        "on": rating.ledger.on.isoformat(),
        "pack": rating.pack.id,
        "practice_line": rating.practice_line,
        "rating": rating_digest,
        "score": rating.score,
        "tier": rating.tier,
    }
    return NewEntry(kind="tier.published", subject=rating.subject, body=body, is_committed=True)


def _owner(row: Mapping[str, Any]) -> tuple[bool, int]:
    is_person = row["practitioner"] is not None
    return is_person, int(row["practitioner"] if is_person else row["agency"])


def _key(row: Mapping[str, Any]) -> tuple[bool, int, str]:
    return (*_owner(row), row["practice_line"])
