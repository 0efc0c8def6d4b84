"""The register as the public may see it: no telephone, no head, no practitioner, no risk class.

The structures here are the answers of the API too; scores and points are decimal strings. Scores, and points
of lines, only where the rule pack makes them public (`shown_scores`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.database.tables import Agency, AgencyPractice, Rating
from agency_credit.domain.citation import Status
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.points import format_points
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.scoring import RulePack
from agency_credit.scoring.clause import Clause
from agency_credit.services.disclosure import (
    Disclosed,
    Hidden,
    find_hidden,
    load_disclosures,
    load_hidden,
)
from agency_credit.services.office import Office
from agency_credit.services.public_records import RecordView, view_records
from agency_credit.services.rating_store import find_moved
from agency_credit.services.reference import load_districts
from agency_credit.services.rule_book import RuleBook, load_rule_book
from agency_credit.services.shown_scores import load_open_packs


class PackNote(msgspec.Struct, frozen=True, kw_only=True):
    """Something about an instrument that is not verified."""

    title: str
    title_en: str
    source: str


class PackFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The instrument behind a rating; titles are empty where the pack is no longer installed."""

    pack: str
    digest: str
    title: str = ""
    title_en: str = ""
    document: str | None = None
    is_fictional: bool = False
    banner: str | None = None
    banner_en: str | None = None
    caveats: list[PackNote] = []


class StoredLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a ledger as a rating keeps it; older ratings say neither worth nor evidence."""

    clause: str | None
    points: str
    worth: str | None = None
    state: str
    counts_from: str | None = msgspec.field(name="from")
    counts_until: str | None = msgspec.field(name="until")
    citation: str | None
    record: str
    record_kind: str
    decided_on: str
    evidence: str | None = None


STORED_LINES = msgspec.json.Decoder(list[StoredLine])
_LINES_JSON = ', r."lines_json"'
_NEWEST = (
    'SELECT r."id", r."agency", r."practice_line", r."rated_on", r."rated_at", r."score", r."tier",'
    ' r."pack_id", r."pack_digest", r."is_fictional", r."log_index"{lines} FROM "rating" r'
    ' JOIN (SELECT max("id") AS "id" FROM "rating" WHERE "practitioner" IS NULL AND "agency" IN ({ids})'
    ' GROUP BY "agency", "practice_line") n ON n."id" = r."id"'
)


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a credit record does to the score.

    Parameters
    ----------
    worth
        What it is worth while it counts: caps may leave it fewer points. None: not known.
    evidence
        SHA-256 of the document behind it; None: there is none.
    """

    record_kind: str
    decided_on: str
    clause: str | None
    clause_title: str
    clause_title_en: str
    is_verified: bool
    points: str
    worth: str | None
    state: str
    counts_from: str | None
    counts_until: str | None
    citation: str | None
    evidence: str | None


class RatingView(msgspec.Struct, frozen=True, kw_only=True):
    """A rating with all that leads to it.

    Parameters
    ----------
    is_score_public
        The rule pack makes scores public; else the tier alone is: `score` is None, `lines` are empty.
    n_undisclosed
        Lines left out because the law keeps their records from the public.
    """

    practice_line: str
    agency_code: str
    filed_on: date | None
    valid_until: date | None
    tier: str | None
    score: str | None
    rated_on: date | None
    pack: PackFacts | None
    is_score_public: bool
    lines: list[LedgerRow]
    n_undisclosed: int


class AgencyName(msgspec.Struct, frozen=True, kw_only=True):
    """A pointer to an agency."""

    uscc: str
    name: str


class AgencyView(msgspec.Struct, frozen=True, kw_only=True):
    """What the public may see of an agency."""

    uscc: str
    name: str
    area: str
    area_name: str
    address: str
    status: str
    list_status: str
    list_since: date | None
    established_on: date | None
    branch_of: AgencyName | None
    branches: list[AgencyName]
    ratings: list[RatingView]
    records: list[RecordView]
    changed_at: datetime


class MovedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that a rating found other than the one before it did.

    Parameters
    ----------
    before, after
        Points; None where there was, or is, no such line.
    state
        After; None where there is no such line any more.
    """

    clause: str | None
    before: str | None
    after: str | None
    state: str | None


class StoredMove(MovedLine, frozen=True, kw_only=True):
    """As a rating keeps it; for use inside the services only."""

    record: str


class HistoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rating as it once stood; a row stands until the next one of its practice line.

    `number` counts the agency's ratings in the practice line from 1; its files are asked for by it.
    `score` is None, and `moved` empty, where the rule pack does not make scores public.
    `moved`: lines that are others than in the rating before it.
    """

    practice_line: str
    rated_on: date
    tier: str
    score: str | None
    pack: str
    is_fictional: bool
    number: int
    moved: list[MovedLine]


_MOVES = msgspec.json.Decoder(list[StoredMove])
_HISTORY_COLUMNS = (
    *(Rating.practice_line, Rating.rated_on, Rating.tier, Rating.score, Rating.pack_id),
    *(Rating.is_fictional, Rating.moved_json),
)


async def load_agency(office: Office, uscc: str) -> AgencyView:
    """An agency with its ratings, the ledger lines behind them and its credit records.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    row = await load_agency_row(uscc)
    disclosed = await load_disclosures(office, row["id"], office.today())
    return await _view_agency(office, row, disclosed, find_hidden(disclosed, office.today()))


async def load_agency_page(office: Office, uscc: str) -> tuple[AgencyView, list[HistoryRow]]:
    """An agency and its history, as `load_agency` and `load_history`: what is public is asked once.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    row, today = await load_agency_row(uscc), office.today()
    disclosed = await load_disclosures(office, row["id"], today)
    hidden = find_hidden(disclosed, today)
    history = await _load_history(office, row["id"], hidden)
    return await _view_agency(office, row, disclosed, hidden), history


async def _view_agency(
    office: Office, row: Mapping[str, Any], disclosed: Mapping[str, Disclosed], hidden: Hidden
) -> AgencyView:
    parent = None
    if row["branch_of"] is not None:
        parent = await Agency.select(Agency.uscc, Agency.name).where(Agency.id == row["branch_of"]).first()
    branches = await (
        Agency.select(Agency.uscc, Agency.name).where(Agency.branch_of == row["id"]).order_by(Agency.uscc)
    )
    return AgencyView(
        uscc=row["uscc"],
        name=row["name"],
        area=row["area"],
        area_name=(await load_districts()).get(row["area"], ""),
        address=mask_personal_numbers(row["address"]),
        status=row["status"],
        list_status=row["list_status"],
        list_since=row["list_since"],
        established_on=row["established_on"],
        branch_of=AgencyName(**parent) if parent else None,
        branches=[AgencyName(**branch) for branch in branches],
        ratings=await _load_ratings(office, row["id"], hidden),
        records=await view_records(row["id"], disclosed, hidden, office.today()),
        changed_at=row["changed_at"],
    )


async def load_history(office: Office, uscc: str) -> list[HistoryRow]:
    """All ratings of an agency, the newest first.

    Those that rest on a record which was repaired or withdrawn since are left out.
    What moved a score after one that is left out is told against the last that is shown; what concerns a
    record that the public may not see today is not told.
    """
    row = await load_agency_row(uscc)
    return await _load_history(office, row["id"], await load_hidden(office, row["id"]))


async def _load_history(office: Office, agency: int, hidden: Hidden) -> list[HistoryRow]:
    (gone, undisclosed), open_packs = hidden, await load_open_packs(office)
    whose = (Rating.agency == agency) & Rating.practitioner.is_null()
    has_left_out = bool(gone) or await Rating.exists().where(whose & (Rating.tier == ""))
    columns = [*_HISTORY_COLUMNS, Rating.lines_json] if has_left_out else _HISTORY_COLUMNS
    ratings = await Rating.select(*columns).where(whose).order_by(Rating.id)
    numbers: Counter[str] = Counter()
    last: dict[str, dict[str, Any]] = {}
    left_out: set[str] = set()
    history: list[HistoryRow] = []
    for rating in ratings:
        practice_line = rating["practice_line"]
        numbers[practice_line] += 1
        if not rating["tier"] or (gone and _rests_on(rating, gone)):
            left_out.add(practice_line)
            continue
        moves = _MOVES.decode(rating["moved_json"])
        if practice_line in left_out:
            moves = _find_moves(last.get(practice_line), rating)
        left_out.discard(practice_line)
        last[practice_line] = rating
        is_told = rating["pack_id"] in open_packs
        shown = HistoryRow(
            practice_line=practice_line,
            rated_on=rating["rated_on"],
            tier=rating["tier"],
            score=format_points(rating["score"]) if is_told else None,
            pack=rating["pack_id"],
            is_fictional=rating["is_fictional"],
            number=numbers[practice_line],
            moved=[
                MovedLine(clause=move.clause, before=move.before, after=move.after, state=move.state)
                for move in moves
                if is_told and move.record not in gone | undisclosed
            ],
        )
        history.append(shown)
    history.reverse()
    history.sort(key=lambda row: row.rated_on, reverse=True)
    return history


def _rests_on(rating: Mapping[str, Any], records: frozenset[str]) -> bool:
    return any(line.record in records for line in STORED_LINES.decode(rating["lines_json"]))


def _find_moves(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[StoredMove]:
    """What moved between two stored ratings; nothing where there is none before."""
    if before is None:
        return []
    moved = find_moved(json.loads(before["lines_json"]), json.loads(after["lines_json"]))
    return msgspec.convert(moved, list[StoredMove])


async def load_agency_row(uscc: str) -> dict[str, Any]:
    """The stored row of an agency; for use inside the services only."""
    row: dict[str, Any] | None = await Agency.select().where(Agency.uscc == uscc).first()
    if row is None:
        raise NotFoundError("agency.unknown", "there is no agency {uscc}; search by name", uscc=uscc[:40])
    return row


async def is_fictional_now() -> bool:
    """Whether the newest rating here rests on a made-up rule pack; every page says so then."""
    newest = await Rating.select(Rating.is_fictional).order_by(Rating.id, ascending=False).first()
    return newest is not None and bool(newest["is_fictional"])


async def load_latest_ratings(
    ids: Sequence[int], *, with_lines: bool = False
) -> dict[tuple[int, str], dict[str, Any]]:
    """The newest rating of each of these agencies in each practice line; its lines only where asked for.

    One that is redacted is none.
    """
    places = ", ".join(["{}"] * len(ids))
    query = _NEWEST.replace("{ids}", places).replace("{lines}", _LINES_JSON if with_lines else "")
    rows = await Rating.raw(query, *ids) if ids else []
    return {(row["agency"], row["practice_line"]): row for row in rows if row["tier"]}


async def _load_ratings(office: Office, agency: int, hidden: Hidden) -> list[RatingView]:
    practices = await (
        AgencyPractice.select().where(AgencyPractice.agency == agency).order_by(AgencyPractice.practice_line)
    )
    latest = await load_latest_ratings([agency], with_lines=True)
    book = await load_rule_book(office)
    open_packs = await load_open_packs(office)
    views = []
    for row in practices:
        rating = latest.get((agency, row["practice_line"]))
        is_told = rating is not None and rating["pack_id"] in open_packs
        views.append(_view_rating(book, row, rating, hidden, is_told=is_told))
    return views


def _view_rating(
    book: RuleBook,
    practice: dict[str, Any],
    rating: dict[str, Any] | None,
    hidden: Hidden,
    *,
    is_told: bool,
) -> RatingView:
    pack = pack_of_rating(book, rating) if rating else None
    clauses = {clause.code: clause for clause in pack.clauses} if pack else {}
    gone, undisclosed = hidden
    lines = STORED_LINES.decode(rating["lines_json"]) if rating and is_told else []
    lines = [line for line in lines if line.record not in gone]
    return RatingView(
        practice_line=practice["practice_line"],
        agency_code=practice["agency_code"],
        filed_on=practice["filed_on"],
        valid_until=practice["valid_until"],
        tier=rating["tier"] if rating else None,
        score=format_points(rating["score"]) if rating and is_told else None,
        rated_on=rating["rated_on"] if rating else None,
        pack=pack_facts(pack, rating) if rating else None,
        is_score_public=is_told,
        lines=[_ledger_row(line, clauses) for line in lines if line.record not in undisclosed],
        n_undisclosed=sum(line.record in undisclosed for line in lines),
    )


def pack_of_rating(book: RuleBook, rating: Mapping[str, Any]) -> RulePack | None:
    """The pack as it read when a stored rating was made; None: it is no longer installed."""
    found = book.file_on(rating["pack_id"], rating["rated_on"], day_in_china(rating["rated_at"]))
    return found if isinstance(found, RulePack) else None


def pack_facts(pack: RulePack | None, rating: Mapping[str, Any]) -> PackFacts:
    """The instrument behind a stored rating, with what is not verified on its day."""
    known: dict[str, Any] = {}
    if pack is not None:
        caveats = pack.caveats_on(rating["rated_on"])
        known = {
            "title": pack.title.zh,
            "title_en": pack.title.en,
            "document": pack.document,
            "banner": pack.banner.zh if pack.banner else None,
            "banner_en": pack.banner.en if pack.banner else None,
            "caveats": [
                PackNote(title=c.wording.zh, title_en=c.wording.en, source=c.source) for c in caveats
            ],
        }
    return PackFacts(
        pack=rating["pack_id"], digest=rating["pack_digest"], is_fictional=rating["is_fictional"], **known
    )


def _ledger_row(line: StoredLine, clauses: Mapping[str, Clause]) -> LedgerRow:
    clause = clauses.get(line.clause) if line.clause else None
    return LedgerRow(
        record_kind=line.record_kind,
        decided_on=line.decided_on,
        clause=line.clause,
        clause_title=clause.wording.zh if clause else "",
        clause_title_en=clause.wording.en if clause else "",
        is_verified=clause is None or clause.provenance.status is not Status.UNVERIFIED,
        points=line.points,
        worth=line.worth,
        state=line.state,
        counts_from=line.counts_from,
        counts_until=line.counts_until,
        citation=line.citation,
        evidence=line.evidence,
    )
