"""One record of an agency's file as its own desk shows it, with all that it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.role import Seat
from agency_credit.services.agency_desk import CreditFile, DeskLine, DeskRating, DeskRecord, load_credit_file
from agency_credit.services.case_store import CaseLine
from agency_credit.services.objection_desk import load_open_objection
from agency_credit.services.objection_notes import ObjectionNote, load_objection_notes
from agency_credit.services.office import Office
from agency_credit.services.rating import SubjectRating, rate


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEffect:
    """What a record does in one practice line today.

    Parameters
    ----------
    without
        The rating if the record were not there; None: it moves nothing.
    """

    rating: DeskRating
    line: DeskLine
    without: SubjectRating | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """A record with all that it does.

    Parameters
    ----------
    corrects, corrected_by
        The record that it replaces, and the one that replaces it.
    objection
        The agency's open objection to it.
    objection_note
        What the public is told of the last objection to it.
    """

    file: CreditFile
    record: DeskRecord
    effects: Sequence[RecordEffect]
    corrects: DeskRecord | None
    corrected_by: DeskRecord | None
    objection: CaseLine | None
    objection_note: ObjectionNote | None


async def load_record_page(office: Office, seat: Seat, record: str) -> RecordPage:
    """One record of the file of the agency at whose desk somebody sits.

    Raises
    ------
    NotFoundError
        No record of this agency has this commitment, whether or not one of another agency has.
    """
    file = await load_credit_file(office, seat)
    found = next((one for one in file.records if one.record == record), None)
    if found is None:
        raise NotFoundError(
            "record.unknown", "there is no record {record}; look for it again", record=record[:64]
        )
    row = found.known.row
    return RecordPage(
        file=file,
        record=found,
        effects=[
            RecordEffect(rating=rating, line=line, without=_without(file, rating, line))
            for rating in file.ratings
            for line in rating.lines
            if line.record is found
        ],
        corrects=_find(file, lambda other: other["id"] == row["corrects"]),
        corrected_by=_find(file, lambda other: other["corrects"] == row["id"]),
        objection=await load_open_objection(seat.agency_id, row["id"]),
        objection_note=(await load_objection_notes(seat.agency_id, [row["id"]])).get(row["id"]),
    )


def _find(file: CreditFile, is_meant: Callable[[Mapping[str, Any]], bool]) -> DeskRecord | None:
    return next((record for record in file.records if is_meant(record.known.row)), None)


def _without(file: CreditFile, rating: DeskRating, line: DeskLine) -> SubjectRating | None:
    if rating.today is None or not line.line.millipoints:
        return None
    others = (record.known.record for record in file.records if record is not line.record)
    return rate(rating.subject, others, rating.today.pack, file.on)
