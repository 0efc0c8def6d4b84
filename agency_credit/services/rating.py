"""Rate agencies: records + rule pack + day -> ledger, score, tier; for one and for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.database.tables import Agency, AgencyPractice, Rating
from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.ledger import Ledger
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.role import RATERS, Actor
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import (
    RulePack,
    ledger_answer,
    score_ledger,
    score_of,
    tier_of,
)
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.rule_book import load_rule_book

SUBJECTS = {
    "patent": RatingSubject.PATENT_AGENCY,
    "trademark": RatingSubject.TRADEMARK_AGENCY,
}
"""Which instrument rates which practice line; a firm with both is rated under both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRating:
    """An agency's rating in one practice line on one day, with the lines behind it."""

    uscc: str
    name: str
    practice_line: str
    pack: RulePack
    ledger: Ledger
    score: int
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRun:
    """What rating everybody did: how many were rated, how many tiers are new or changed."""

    on: date
    n_rated: int
    n_changed: int
    tiers: dict[str, dict[str, int]]


async def rate_all(office: Office, actor: Actor, on: date | None = None) -> RatingRun:
    """Rate every agency in force and keep what changed; each new tier is an entry of the log.

    Parameters
    ----------
    on
        The day; today if None, never in the future.

    Raises
    ------
    InputError
        The day lies in the future, or no instrument is in force on it.
    """
    day = on or office.today()
    if day > office.today():
        raise InputError(
            "rating.future", "nobody can be rated on {day}: it lies in the future", day=day.isoformat()
        )
    async with operation(office, actor, "rating.all", day.isoformat(), roles=RATERS) as op:
        ratings = await load_ratings(office, day)
        known = await _load_latest()
        n_changed = 0
        for rating in ratings:
            agency, latest = known[rating.uscc, rating.practice_line]
            if latest is None or _identity(rating) != latest:
                n_changed += 1
                await _append_rating(
                    op, agency, rating, is_new_tier=latest is None or latest[0] != rating.tier
                )
        op.details.update(rated=len(ratings), changed=n_changed)
    tiers = {
        line: dict(Counter(r.tier for r in ratings if r.practice_line == line)) for line in sorted(SUBJECTS)
    }
    return RatingRun(on=day, n_rated=len(ratings), n_changed=n_changed, tiers=tiers)


async def load_ratings(office: Office, on: date, uscc: str | None = None) -> list[AgencyRating]:
    """Rate without storing: all agencies in force, or the one with this code, in each practice line.

    Raises
    ------
    NotFoundError
        No agency has the code.
    """
    agencies = await _load_practices(uscc)
    if uscc is not None and not agencies:
        raise NotFoundError("agency.unknown", "there is no agency with the code {uscc}", uscc=uscc)
    book = await load_rule_book(office)
    packs = {
        line: book.pack_on(subject, on)
        for line, subject in SUBJECTS.items()
        if any(row["practice_line"] == line for row in agencies)
    }
    records = await _load_records([row["agency_id"] for row in agencies])
    return [
        _rate(row, records.get(row["agency_id"], []), packs[row["practice_line"]], on) for row in agencies
    ]


def _rate(row: dict[str, Any], records: Iterable[CreditRecord], pack: RulePack, on: date) -> AgencyRating:
    ledger = score_ledger(records, pack, on)
    score = score_of(ledger)
    return AgencyRating(
        uscc=row["uscc"],
        name=row["name"],
        practice_line=row["practice_line"],
        pack=pack,
        ledger=ledger,
        score=score,
        tier=tier_of(pack, score).name,
    )


def _identity(rating: AgencyRating) -> tuple[str, int, str, str]:
    return rating.tier, rating.score, rating.pack.digest, _format_lines(rating)


def _format_lines(rating: AgencyRating) -> str:
    lines = ledger_answer(rating.uscc, rating.ledger, rating.pack)["lines"]
    return format_canonical(lines).decode()


async def _append_rating(op: Operation, agency: int, rating: AgencyRating, *, is_new_tier: bool) -> None:
    await Rating.insert(
        Rating(
            agency=agency,
            practice_line=rating.practice_line,
            rated_on=rating.ledger.on,
            pack_id=rating.pack.id,
            pack_digest=rating.pack.digest,
            is_fictional=rating.pack.is_fictional,
            score=rating.score,
            tier=rating.tier,
            lines_json=_format_lines(rating),
            rated_at=op.at,
        )
    )
    if is_new_tier:
        body: dict[str, Json] = {
            "fictional": rating.pack.is_fictional,
            "on": rating.ledger.on.isoformat(),
            "pack": rating.pack.id,
            "practice_line": rating.practice_line,
            "score": rating.score,
            "tier": rating.tier,
        }
        await op.append_entry("tier.published", rating.uscc, body, is_committed=True)


async def _load_practices(uscc: str | None) -> list[dict[str, Any]]:
    agency = Agency.uscc == uscc if uscc is not None else Agency.status == "in_force"
    agencies = {
        row["id"]: row for row in await Agency.select(Agency.id, Agency.uscc, Agency.name).where(agency)
    }
    practices = await AgencyPractice.select(AgencyPractice.agency, AgencyPractice.practice_line)
    rows = [
        {
            "agency_id": row["agency"],
            "uscc": agencies[row["agency"]]["uscc"],
            "name": agencies[row["agency"]]["name"],
            "practice_line": row["practice_line"],
        }
        for row in practices
        if row["agency"] in agencies
    ]
    return sorted(rows, key=lambda row: (row["uscc"], row["practice_line"]))


async def _load_records(agencies: list[int]) -> dict[int, list[CreditRecord]]:
    query = CreditRecordRow.select(
        *CreditRecordRow.all_columns(), CreditRecordRow.agency.uscc.as_alias("uscc")
    )
    if len(set(agencies)) == 1:
        query = query.where(CreditRecordRow.agency == agencies[0])
    records: dict[int, list[CreditRecord]] = {}
    for row in await query:
        records.setdefault(row["agency"], []).append(
            CreditRecord(
                record_id=row["digest"],
                subject=row["uscc"],
                kind=row["kind"],
                decided_on=row["decided_on"],
                document=row["document_number"],
                authority=row["authority"],
                summary=row["summary"],
            )
        )
    return records


async def _load_latest() -> dict[tuple[str, str], tuple[int, tuple[str, int, str, str] | None]]:
    latest: dict[tuple[str, str], tuple[int, tuple[str, int, str, str] | None]] = {
        (row["uscc"], row["practice_line"]): (row["agency_id"], None) for row in await _load_practices(None)
    }
    rows = await Rating.select(*Rating.all_columns(), Rating.agency.uscc.as_alias("uscc")).order_by(
        Rating.rated_on, Rating.id
    )
    for row in rows:
        identity = (row["tier"], row["score"], row["pack_digest"], row["lines_json"])
        latest[row["uscc"], row["practice_line"]] = (row["agency"], identity)
    return latest
