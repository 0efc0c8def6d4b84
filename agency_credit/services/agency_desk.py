"""The credit file of an agency as its own desk shows it: all of it, also what is not public.

Whoever asks has a seat at the desk (`seat_of`); everything here is about the agency of that seat alone.
Texts that people typed are shown with the numbers of persons masked, here and nowhere else (`_to_record`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.database.tables import Rating
from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import LedgerLine, LineState
from agency_credit.domain.role import Seat
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.scoring import RepairBasis, RulePack, repair_days
from agency_credit.scoring.clause import Clause
from agency_credit.services.disclosure import Disclosed, load_disclosures
from agency_credit.services.office import Office
from agency_credit.services.rating import Rateable, SubjectRating, find_packs, load_agency_subjects, rate
from agency_credit.services.record_change import KnownRecord, load_known_records
from agency_credit.services.register import PackFacts, StoredMove, pack_facts, pack_of_rating
from agency_credit.services.repair_basis import load_repair_basis
from agency_credit.services.rule_book import RuleBook, load_rule_book

_MOVES = msgspec.json.Decoder(list[StoredMove])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRecord:
    """A record of the agency's own file.

    Parameters
    ----------
    record
        Commitment, which names it.
    authority, document_number, summary
        With the numbers of persons masked.
    known
        The record with what befell it.
    is_public
        Whether the public may see it today.
    disclosed
        What was stated of it, what of it the public may see, and its entry in the public log.
    disclosure_days_left
        After today, the last day on which the public may see it included; None: no end is known, or it is
        not public.
    """

    record: str
    kind: str
    decided_on: date
    authority: str
    document_number: str
    summary: str
    evidence: str
    known_at: datetime
    known: KnownRecord
    disclosed: Disclosed
    is_public: bool
    disclosure_days_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLine:
    """What a record does to the score today.

    Parameters
    ----------
    clause
        None: no clause speaks of such a record.
    days_left
        After today, the last day on which it counts included; 0: today is the last. None: over, or without
        end.
    is_repairable, repair_from
        Whether it weighs and can be repaired, and the first day of it; None: the day is not known.
    """

    record: DeskRecord
    line: LedgerLine
    clause: Clause | None
    days_left: int | None
    is_repairable: bool
    repair_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTier:
    """The newest rating that was published.

    Parameters
    ----------
    since
        Day of the rating from which on the tier was this one, without a break.
    log_index
        Of its entry in the public log.
    """

    tier: str
    score: int
    rated_on: date
    since: date
    pack: PackFacts
    log_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMove:
    """A line that the latest move of the score changed; `record` None: it is forgotten.

    `before`, `after`: points as decimal strings; None: there was, or is, no such line. `state`: after.
    """

    record: DeskRecord | None
    clause: Clause | None
    before: str | None
    after: str | None
    state: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastMove:
    """The rating that last gave other points than the one before it."""

    rated_on: date
    tier_before: str
    tier: str
    score_before: int
    score: int
    moves: Sequence[DeskMove]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRating:
    """A practice line of the agency.

    Parameters
    ----------
    published
        None: it was never rated.
    today
        Worked out for today with all that is known now; None: no instrument holds today (`missing`).
    lines
        Of `today`, the newest decision first: every record, also the repaired and withdrawn.
    """

    subject: Rateable
    published: PublishedTier | None
    last_move: LastMove | None
    today: SubjectRating | None
    lines: Sequence[DeskLine]
    missing: InputError | None

    @property
    def practice_line(self) -> str:
        """In which it is rated."""
        return self.subject.practice_line

    @property
    def is_moving(self) -> bool:
        """Whether today's score or tier is another than the published: the next rating publishes it."""
        if self.today is None or self.published is None:
            return False
        return (self.today.score, self.today.tier) != (self.published.score, self.published.tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditFile:
    """The credit file of one agency on a day; records the newest decision first."""

    uscc: str
    name: str
    on: date
    ratings: Sequence[DeskRating]
    records: Sequence[DeskRecord]


async def load_credit_file(office: Office, seat: Seat) -> CreditFile:
    """The whole file of the agency at whose desk somebody sits."""
    on = office.today()
    subjects = await load_agency_subjects(seat.uscc)
    book = await load_rule_book(office)
    packs, missing = find_packs(book, subjects, on)
    records = await load_desk_records(office, seat.agency_id, on)
    ratings = await _load_ratings(seat.agency_id)
    basis = await load_repair_basis(office, {one.record: one.disclosed for one in records}, on)
    return CreditFile(
        uscc=seat.uscc,
        name=seat.name,
        on=on,
        ratings=[
            _to_rating(
                book,
                subject,
                packs.get(subject.instrument) or missing[subject.instrument],
                records,
                ratings.get(subject.practice_line, []),
                basis,
                on,
            )
            for subject in subjects
        ],
        records=records,
    )


async def load_desk_records(office: Office, agency: int, on: date) -> list[DeskRecord]:
    """The records of the file alone, the newest decision first; `agency`: its number in the register."""
    known = await load_known_records(agency)
    disclosures = await load_disclosures(office, agency, on)
    return [
        _to_record(one, disclosures[one.record.record_id], on)
        for one in known
        if one.record.record_id in disclosures  # not forgotten in between
    ]


def _to_record(known: KnownRecord, disclosed: Disclosed, on: date) -> DeskRecord:
    row, is_public, last_on = known.row, disclosed.is_public(on), disclosed.disclosure.last_on
    return DeskRecord(
        record=known.record.record_id,
        kind=row["kind"],
        decided_on=row["decided_on"],
        authority=mask_personal_numbers(row["authority"]),
        document_number=mask_personal_numbers(row["document_number"]),
        summary=mask_personal_numbers(row["summary"]),
        evidence=row["evidence"],
        known_at=row["known_at"],
        known=known,
        disclosed=disclosed,
        is_public=is_public,
        disclosure_days_left=(last_on - on).days if is_public and last_on is not None else None,
    )


async def _load_ratings(agency: int) -> dict[str, list[dict[str, Any]]]:
    """All ratings of the agency itself, without their lines, the oldest first, by practice line.

    One that rested on a record that was forgotten has no tier any more.
    """
    rows = await (
        Rating.select(
            Rating.practice_line,
            Rating.rated_on,
            Rating.rated_at,
            Rating.pack_id,
            Rating.pack_digest,
            Rating.is_fictional,
            Rating.score,
            Rating.tier,
            Rating.moved_json,
            Rating.log_index,
        )
        .where((Rating.agency == agency) & Rating.practitioner.is_null() & (Rating.tier != ""))
        .order_by(Rating.id)
    )
    by_line: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_line.setdefault(row["practice_line"], []).append(row)
    return by_line


def _to_rating(
    book: RuleBook,
    subject: Rateable,
    pack: RulePack | InputError,
    records: Sequence[DeskRecord],
    ratings: Sequence[Mapping[str, Any]],
    basis: RepairBasis,
    on: date,
) -> DeskRating:
    known = {record.record: record for record in records}
    today, lines = None, list[DeskLine]()
    if isinstance(pack, RulePack):
        today = rate(subject, [record.known.record for record in records], pack, on)
        lines = _to_lines(today, known, basis)
    return DeskRating(
        subject=subject,
        published=_published(book, ratings) if ratings and ratings[-1]["tier"] else None,
        last_move=_last_move(book, ratings, known),
        today=today,
        lines=lines,
        missing=None if isinstance(pack, RulePack) else pack,
    )


def _to_lines(rating: SubjectRating, known: Mapping[str, DeskRecord], basis: RepairBasis) -> list[DeskLine]:
    clauses = {clause.code: clause for clause in rating.pack.clauses}
    days = repair_days(rating.ledger, rating.pack, basis)
    return [
        DeskLine(
            record=known[line.record_id],
            line=line,
            clause=clauses.get(line.clause or ""),
            days_left=_days_left(line, rating.ledger.on),
            is_repairable=line.record_id in days,
            repair_from=days.get(line.record_id),
        )
        for line in reversed(rating.ledger.lines)
    ]


_OVER = frozenset({LineState.EXPIRED, LineState.NOT_COLLECTED, LineState.REPAIRED, LineState.WITHDRAWN})
"""States out of which a record does not count again."""


def _days_left(line: LedgerLine, on: date) -> int | None:
    if line.period is None or line.period.last_on is None or line.state in _OVER:
        return None
    return (line.period.last_on - on).days


def _published(book: RuleBook, ratings: Sequence[Mapping[str, Any]]) -> PublishedTier:
    newest = since = ratings[-1]
    for rating in reversed(ratings):
        if rating["tier"] != newest["tier"]:
            break
        since = rating
    return PublishedTier(
        tier=newest["tier"],
        score=newest["score"],
        rated_on=newest["rated_on"],
        since=since["rated_on"],
        pack=pack_facts(pack_of_rating(book, newest), newest),
        log_index=newest["log_index"],
    )


def _last_move(
    book: RuleBook, ratings: Sequence[Mapping[str, Any]], known: Mapping[str, DeskRecord]
) -> LastMove | None:
    for before, rating in zip(reversed(ratings[:-1]), reversed(ratings), strict=False):
        if not (before["tier"] and rating["tier"]):
            return None
        moves = [move for move in _MOVES.decode(rating["moved_json"]) if _moves(move)]
        if not moves and before["score"] == rating["score"]:
            continue
        pack = pack_of_rating(book, rating)
        return LastMove(
            rated_on=rating["rated_on"],
            tier_before=before["tier"],
            tier=rating["tier"],
            score_before=before["score"],
            score=rating["score"],
            moves=list(_to_moves(moves, known, pack.clauses if pack else ())),
        )
    return None


def _moves(move: StoredMove) -> bool:
    """Whether other points came of it: a line that is not there adds nothing."""
    return (move.before or "0") != (move.after or "0")


def _to_moves(
    moves: Iterable[StoredMove], known: Mapping[str, DeskRecord], clauses: Iterable[Clause]
) -> Iterable[DeskMove]:
    by_code = {clause.code: clause for clause in clauses}
    for move in moves:
        yield DeskMove(
            record=known.get(move.record),
            clause=by_code.get(move.clause or ""),
            before=move.before,
            after=move.after,
            state=move.state,
        )
