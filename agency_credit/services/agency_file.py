"""Everything that the desk of an agency shows, as flat tables: for programs as JSON, for people as CSV.

The same reads as the pages, so that nothing is here that a page would not show: no inspection before its
time, no name of a person of the office, numbers of persons masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from agency_credit.database.tables import Agency, AgencyPractice, AgencySeat, Rating, RecordPublication
from agency_credit.domain.points import format_points
from agency_credit.domain.role import Actor, DeskRight, Seat
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.agency_desk import CreditFile, load_credit_file
from agency_credit.services.agency_draws import load_own_places
from agency_credit.services.agency_inspections import OwnInspection, load_own_inspections
from agency_credit.services.agency_seats import seat_of
from agency_credit.services.agency_statement import load_statements
from agency_credit.services.case_store import CaseFilter, load_case, load_cases
from agency_credit.services.inspection_views import load_other_visits
from agency_credit.services.notices import load_notices
from agency_credit.services.objection_desk import told_steps as told_of_objection
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit
from agency_credit.services.repair_desk import told_steps as told_of_repair

Cell: TypeAlias = "str | int | bool | date | datetime | None"
Row: TypeAlias = dict[str, Cell]
FORM = "credit-file/1"
_MOST = 10_000
_AGENCY = (
    *(Agency.uscc, Agency.name, Agency.area, Agency.address, Agency.status, Agency.list_status),
    *(Agency.list_since, Agency.established_on, Agency.legal_form, Agency.n_partners),
    Agency.n_certified_partners,
)
_PRACTICE = (
    *(AgencyPractice.practice_line, AgencyPractice.agency_code, AgencyPractice.filed_on),
    *(AgencyPractice.valid_until, AgencyPractice.report_year, AgencyPractice.reported_on),
)


async def load_agency_file(office: Office, actor: Actor, uscc: str) -> dict[str, list[Row]]:
    """The tables of the file, by name; each row of a table has the same keys.

    Raises
    ------
    NotFoundError
        The actor has no seat at this desk.
    """
    seat = seat_of(actor, uscc)
    file = await load_credit_file(office, seat)
    inspections = await load_own_inspections(office, seat)
    tables = {
        "agency": await Agency.select(*_AGENCY).where(Agency.id == seat.agency_id),
        "practices": await AgencyPractice.select(*_PRACTICE)
        .where(AgencyPractice.agency == seat.agency_id)
        .order_by(AgencyPractice.practice_line),
        "ratings": await _load_ratings(seat),
        "ledger": _ledger(file),
        "records": await _load_records(file),
        "events": _events(file),
        "cases": await _load_cases(seat),
        "inspections": [_inspection(item) for item in inspections],
        "results": _results(inspections),
        "follow_ups": _follow_ups(inspections),
        "other_inspections": [
            {name: getattr(visit, name) for name in visit.__struct_fields__}
            for visit in await load_other_visits(uscc)
        ],
        "draws": await _load_draws(seat),
        "statements": [
            {
                "code": one.code,
                "issued_at": one.issued_at,
                "extent": one.extent.value,
                "digest": one.digest,
                "is_current": one.is_current,
            }
            for one in await load_statements(office, seat, limit=_MOST)
        ],
        "messages": [
            {name: row[name] for name in ("kind", "what", "path", "due_on", "at", "read_at")}
            for row in await load_notices(office, actor, _MOST, desk=uscc)
        ],
        "seats": await _load_seats(actor, seat),
    }
    await append_audit(office, actor, "file.export", uscc, "done")
    return tables


async def _load_ratings(seat: Seat) -> list[Row]:
    """All ratings, the oldest first; one that was emptied with a record that was forgotten is left out."""
    rows = await (
        Rating.select(
            *(Rating.practice_line, Rating.rated_on, Rating.tier, Rating.score, Rating.pack_id),
            *(Rating.pack_digest, Rating.is_fictional, Rating.log_index),
        )
        .where((Rating.agency == seat.agency_id) & Rating.practitioner.is_null())
        .order_by(Rating.id)
    )
    return [
        {
            "practice_line": row["practice_line"],
            "rated_on": row["rated_on"],
            "tier": row["tier"],
            "score": format_points(row["score"]),
            "pack": row["pack_id"],
            "pack_digest": row["pack_digest"],
            "is_fictional": row["is_fictional"],
            "log_index": row["log_index"],
        }
        for row in rows
        if row["tier"]
    ]


def _ledger(file: CreditFile) -> list[Row]:
    """What each record does to the score today."""
    return [
        {
            "practice_line": rating.practice_line,
            "record": line.record.record,
            "kind": line.record.kind,
            "clause": line.line.clause,
            "clause_title": line.clause.wording.zh if line.clause else "",
            "points": format_points(line.line.millipoints),
            "state": line.line.state.value,
            "counts_from": line.line.period.first_on if line.line.period else None,
            "counts_until": line.line.period.last_on if line.line.period else None,
            "days_left": line.days_left,
            "repair_from": line.repair_from,
        }
        for rating in file.ratings
        for line in rating.lines
    ]


async def _load_records(file: CreditFile) -> list[Row]:
    numbers = [record.known.row["id"] for record in file.records]
    published = {
        row["record"]: row["log_index"]
        for row in await RecordPublication.select(
            RecordPublication.record, RecordPublication.log_index
        ).where(RecordPublication.record.is_in(numbers or [0]))
    }
    return [
        {
            "record": record.record,
            "kind": record.kind,
            "category": record.known.row["category"],
            "decided_on": record.decided_on,
            "served_on": record.known.row["served_on"],
            "authority": record.authority,
            "document_number": record.document_number,
            "summary": record.summary,
            "evidence": record.evidence,
            "is_public": record.is_public,
            "known_at": record.known_at,
            "log_index": published.get(record.known.row["id"]),
        }
        for record in file.records
    ]


def _events(file: CreditFile) -> list[Row]:
    return [
        {
            "record": record.record,
            "event": event["event"],
            "on": event["on"],
            "until": event["until"],
            "points": None if event["millipoints"] is None else format_points(event["millipoints"]),
            "known_at": event["known_at"],
        }
        for record in file.records
        for event in record.known.events
    ]


async def _load_cases(seat: Seat) -> list[Row]:
    """A row a step; who of the office took it is not said, nor what officers propose to each other."""
    pages = [
        await load_cases(CaseFilter(agency=seat.agency_id, is_open=is_open, limit=_MOST))
        for is_open in (True, False)
    ]
    cases = [await load_case(line.number) for page in pages for line in page.cases]
    return [
        {
            "number": case.number,
            "kind": case.kind,
            "record": case.commitment,
            "is_open": case.is_open,
            "step": step.step,
            "at": step.at,
            "due_on": step.due_on,
            "text": mask_personal_numbers(step.text),
            "log_index": step.log_index,
        }
        for case in cases
        for step in (told_of_objection(case) if case.kind == "objection" else told_of_repair(case))
    ]


def _inspection(item: OwnInspection) -> Row:
    return {
        "inspection": item.inspection,
        "draw": item.draw,
        "draw_title": item.draw_title,
        "stream": item.stream,
        "knowledge": item.knowledge,
        "arrived_at": item.arrived_at[0] if item.arrived_at else None,
        "team": "、".join(f"{one.role} {one.name}" for one in item.team if one.name),
        "closed": item.closed,
    }


def _results(inspections: Sequence[OwnInspection]) -> list[Row]:
    return [
        {
            "inspection": item.inspection,
            "version": result.version,
            "state": result.state,
            "inspected_on": result.inspected_on,
            "categories": "；".join(result.categories),
            "findings": result.findings,
            "correction_reason": result.correction_reason,
            "digest": result.digest,
            "at": result.at,
            "log_index": result.log_index,
            "withdrawn_index": result.withdrawn_index,
        }
        for item in inspections
        for result in item.results
    ]


def _follow_ups(inspections: Sequence[OwnInspection]) -> list[Row]:
    return [
        {
            "inspection": item.inspection,
            "is_closed": follow_up.is_closed,
            "step": step.step,
            "on": step.on,
            "due_on": step.due_on,
            "document": step.document,
            "body": step.body,
            "text": step.text,
        }
        for item in inspections
        for follow_up in item.follow_ups
        for step in follow_up.steps
    ]


async def _load_draws(seat: Seat) -> list[Row]:
    names = (
        *("draw", "title", "authority", "published_at", "log_index", "stratum", "place", "position"),
        *("basis", "reason", "take", "eligible", "chance", "seed", "ticket", "cutoff", "check"),
    )
    return [{name: getattr(place, name) for name in names} for place in await load_own_places(seat)]


async def _load_seats(actor: Actor, seat: Seat) -> list[Row]:
    """Who sits, or sat, at the desk; whoever does not manage it reads of his own seat alone."""
    person: Any = AgencySeat.person
    query = AgencySeat.select(
        person.display_name.as_alias("name"),
        AgencySeat.right,
        AgencySeat.given_at,
        AgencySeat.ended_at,
    ).where(AgencySeat.agency == seat.agency_id)
    if not seat.right.covers(DeskRight.MANAGER):
        query = query.where(AgencySeat.person == actor.person_id)
    rows: list[Row] = await query.order_by(AgencySeat.id)
    return rows
