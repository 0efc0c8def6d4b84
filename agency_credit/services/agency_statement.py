"""A statement of credit (信用情况证明): issued to an agency, to show to others, who can check it by its code.

What a statement says is a function of the store, its code and the instant of its issue, so that its content
need not be kept: while nothing has changed, it comes out again byte for byte, and the digest that is kept
says whether it does. What must be forgotten is forgotten with the records.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from agency_credit.database.tables import Agency, AgencyPractice, Rating, Statement
from agency_credit.domain.canonical import Json, digest, format_canonical
from agency_credit.domain.citation import Status
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import InputError, NotFoundError, RefusedError
from agency_credit.domain.points import format_points
from agency_credit.domain.role import AGENCY, Actor, Seat
from agency_credit.publication.entry import format_instant
from agency_credit.scoring.clause import Clause
from agency_credit.services.agency_desk import DeskRecord, load_desk_records
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.record_history import load_gone
from agency_credit.services.reference import load_parameter
from agency_credit.services.register import (
    STORED_LINES,
    StoredLine,
    load_latest_ratings,
    pack_facts,
    pack_of_rating,
)
from agency_credit.services.rule_book import RuleBook, load_rule_book
from agency_credit.services.shown_scores import load_open_packs

FORM = "credit-statement/1"
_N_BYTES = 15
"""Of chance in a code: nobody finds a statement by trying."""


class Extent(StrEnum):
    """What a statement holds: what everybody can read anyway, or all that stands in the file."""

    PUBLIC = "public"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedStatement:
    """A statement as the desk lists it.

    Parameters
    ----------
    content
        Its canonical JSON; None: the file has changed since, and it cannot be made again.
    """

    code: str
    extent: Extent
    digest: str
    issued_at: datetime
    content: bytes | None

    @property
    def is_current(self) -> bool:
        """Whether a statement issued now would say the same."""
        return self.content is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedRating:
    """A rating that a statement rests on, as far as everybody may read it."""

    practice_line: str
    tier: str
    rated_on: date
    log_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """What whoever was shown a statement may learn of it; never a record.

    Parameters
    ----------
    ratings
        None of a rating that rests on what was repaired or withdrawn since.
    """

    code: str
    office: str
    uscc: str
    name: str
    extent: str
    digest: str
    issued_at: datetime
    is_current: bool
    ratings: tuple[StatedRating, ...]


async def issue_statement(office: Office, actor: Actor, uscc: str, extent: str) -> str:
    """Issue a statement; its code. One that was issued today and still holds is not issued again.

    Raises
    ------
    NotFoundError
        The actor has no seat at this desk.
    InputError
        `extent` is none.
    """
    async with operation(office, actor, "statement.issue", uscc, roles=AGENCY) as op:
        seat = seat_of(actor, uscc)
        if extent not in set(Extent):
            raise InputError("statement.extent", "choose what the statement holds")
        for known in await load_statements(office, seat, limit=5):
            is_of_today = day_in_china(known.issued_at) == day_in_china(op.at)
            if known.extent == extent and known.is_current and is_of_today:
                return known.code
        code = secrets.token_urlsafe(_N_BYTES)
        content = _format(await _load_body(office, seat.agency_id, Extent(extent)), code, op.at)
        latest = await load_latest_ratings([seat.agency_id])
        await Statement.insert(
            Statement(
                code=code,
                agency=seat.agency_id,
                extent=extent,
                digest=digest(content),
                ratings_json=json.dumps(sorted(row["id"] for row in latest.values())),
                issued_by=person_of(actor),
                issued_at=op.at,
            )
        )
        op.details["extent"] = extent
    return code


async def load_statements(office: Office, seat: Seat, limit: int = 20) -> tuple[IssuedStatement, ...]:
    """The statements of an agency that were issued last, the newest first."""
    rows = await (
        Statement.select()
        .where(Statement.agency == seat.agency_id)
        .order_by(Statement.id, ascending=False)
        .limit(limit)
    )
    extents = sorted({Extent(row["extent"]) for row in rows})
    bodies = {extent: await _load_body(office, seat.agency_id, extent) for extent in extents}
    return tuple(_remake(row, bodies[Extent(row["extent"])]) for row in rows)


async def load_statement(office: Office, seat: Seat, code: str) -> IssuedStatement:
    """A statement of the agency, with its content.

    Raises
    ------
    NotFoundError
        It has none under this code.
    RefusedError
        The file has changed since: what the statement said is not kept.
    """
    row = await (
        Statement.select().where((Statement.agency == seat.agency_id) & (Statement.code == code)).first()
    )
    if row is None:
        raise _unknown()
    statement = _remake(row, await _load_body(office, seat.agency_id, Extent(row["extent"])))
    if not statement.is_current:
        raise RefusedError(
            "statement.changed",
            "the credit file has changed since this statement was issued, and what it said is not kept;"
            " issue a new one",
        )
    return statement


async def check_statement(office: Office, code: str) -> StatementCheck:
    """What the public may learn of a statement from its code.

    Raises
    ------
    NotFoundError
        None was issued under this code.
    """
    row = await Statement.select().where(Statement.code == code[:40]).first()
    if row is None:
        raise _unknown()
    agency = await Agency.select(Agency.uscc, Agency.name).where(Agency.id == row["agency"]).first()
    assert agency is not None, "a statement is of an agency"
    body = await _load_body(office, row["agency"], Extent(row["extent"]))
    return StatementCheck(
        code=row["code"],
        office=(await load_parameter("office_name")).value,
        uscc=agency["uscc"],
        name=agency["name"],
        extent=row["extent"],
        digest=row["digest"],
        issued_at=row["issued_at"],
        is_current=_remake(row, body).is_current,
        ratings=await _load_stated(office, row),
    )


async def load_stated_records(office: Office, seat: Seat) -> Mapping[Extent, int]:
    """How many records a statement of each extent would tell of."""
    on = office.today()
    records = await load_desk_records(office, seat.agency_id, on)
    return {extent: sum(_is_told(record, extent, on) for record in records) for extent in Extent}


def _remake(row: Mapping[str, Any], body: Mapping[str, Json]) -> IssuedStatement:
    """A stored statement, with its content where that still comes out as it was."""
    content = _format(body, row["code"], row["issued_at"])
    return IssuedStatement(
        code=row["code"],
        extent=Extent(row["extent"]),
        digest=row["digest"],
        issued_at=row["issued_at"],
        content=content if digest(content) == row["digest"] else None,
    )


def _format(body: Mapping[str, Json], code: str, issued_at: datetime) -> bytes:
    """The canonical JSON of a statement: what the file says, under the code and instant of its issue."""
    return format_canonical({**body, "code": code, "issued_at": format_instant(issued_at)})


async def _load_stated(office: Office, row: Mapping[str, Any]) -> tuple[StatedRating, ...]:
    numbers = json.loads(row["ratings_json"])
    ratings = await Rating.select().where(Rating.id.is_in(numbers or [0])).order_by(Rating.practice_line)
    gone = await load_gone(row["agency"], office.today())
    return tuple(
        StatedRating(
            practice_line=rating["practice_line"],
            tier=rating["tier"],
            rated_on=rating["rated_on"],
            log_index=rating["log_index"],
        )
        for rating in ratings
        if rating["tier"] and not any(line.record in gone for line in _lines_of(rating))
    )


async def _load_body(office: Office, agency: int, extent: Extent) -> dict[str, Json]:
    """What a statement of this extent says now."""
    row = await (
        Agency.select(Agency.uscc, Agency.name, Agency.status, Agency.list_status)
        .where(Agency.id == agency)
        .first()
    )
    assert row is not None, "a statement is of an agency"
    on = office.today()
    records = [one for one in await load_desk_records(office, agency, on) if _is_told(one, extent, on)]
    return {
        "form": FORM,
        "office": (await load_parameter("office_name")).value,
        "agency": dict(row),
        "extent": extent.value,
        "ratings": await _format_ratings(office, agency, extent, records),
        "records": [_format_record(record) for record in records],
    }


def _is_told(record: DeskRecord, extent: Extent, on: date) -> bool:
    """What was repaired or withdrawn is in no statement, whatever its extent."""
    known = record.known.record
    is_gone = any(day is not None and day <= on for day in (known.repaired_on, known.withdrawn_on))
    return not is_gone and (record.is_public or extent is Extent.FULL)


def _format_record(record: DeskRecord) -> dict[str, Json]:
    return {
        "authority": record.authority,
        "decided_on": record.decided_on.isoformat(),
        "document": record.document_number,
        "is_public": record.is_public,
        "kind": record.kind,
    }


async def _format_ratings(
    office: Office, agency: int, extent: Extent, records: Sequence[DeskRecord]
) -> list[Json]:
    practices = await AgencyPractice.select(AgencyPractice.practice_line).where(
        AgencyPractice.agency == agency
    )
    latest = await load_latest_ratings([agency], with_lines=True)
    book, open_packs = await load_rule_book(office), await load_open_packs(office)
    known = {record.record: record for record in records}
    ratings: list[Json] = []
    for line in sorted({row["practice_line"] for row in practices}):
        rating = latest.get((agency, line))
        if rating is None:
            ratings.append({"practice_line": line, "tier": None})
        else:
            is_told = extent is Extent.FULL or rating["pack_id"] in open_packs
            ratings.append(_format_rating(book, rating, known, is_told=is_told))
    return ratings


def _format_rating(
    book: RuleBook, rating: Mapping[str, Any], known: Mapping[str, DeskRecord], *, is_told: bool
) -> dict[str, Json]:
    """A rating; score and lines where they may be told, lines of records that are told alone."""
    pack = pack_of_rating(book, rating)
    facts = pack_facts(pack, rating)
    clauses = {clause.code: clause for clause in pack.clauses} if pack else {}
    lines: list[Json] = [
        _format_line(line, known[line.record], clauses.get(line.clause or ""))
        for line in (_lines_of(rating) if is_told else ())
        if line.record in known
    ]
    return {
        "is_fictional": facts.is_fictional,
        "lines": lines,
        "log_index": rating["log_index"],
        "n_unverified": len(facts.caveats),
        "pack": facts.pack,
        "pack_digest": facts.digest,
        "pack_title": facts.title,
        "pack_title_en": facts.title_en,
        "practice_line": rating["practice_line"],
        "rated_on": rating["rated_on"].isoformat(),
        "score": format_points(rating["score"]) if is_told else None,
        "tier": rating["tier"],
    }


def _format_line(line: StoredLine, record: DeskRecord, clause: Clause | None) -> dict[str, Json]:
    return {
        "clause": line.clause,
        "counts_from": line.counts_from,
        "counts_until": line.counts_until,
        "decided_on": line.decided_on,
        "document": record.document_number,
        "is_verified": clause is None or clause.provenance.status is not Status.UNVERIFIED,
        "kind": line.record_kind,
        "points": line.points,
        "state": line.state,
        "title": clause.wording.zh if clause else "",
        "title_en": clause.wording.en if clause else "",
    }


def _lines_of(rating: Mapping[str, Any]) -> list[StoredLine]:
    return STORED_LINES.decode(rating["lines_json"])


def _unknown() -> NotFoundError:
    return NotFoundError("statement.unknown", "no statement was issued under this code")
