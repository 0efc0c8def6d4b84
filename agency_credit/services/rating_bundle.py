"""The files of a published rating, from which anybody recomputes it (docs/spec/rating.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.database.tables import Rating, RecordSalt
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.record import CreditRecord
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.scoring import (
    RecordBody,
    RulePack,
    fit_assessments,
    format_rated,
    ledger_answer,
    score_ledger,
    score_of,
    tier_of,
)
from agency_credit.scoring.history import steps_on
from agency_credit.services.disclosure import load_hidden
from agency_credit.services.import_work import in_chunks
from agency_credit.services.office import Office
from agency_credit.services.record_history import SECOND, leave_out_gone, load_agency_records
from agency_credit.services.record_salts import record_body
from agency_credit.services.register import load_agency_row
from agency_credit.services.rule_book import RuleBook, load_rule_book
from agency_credit.services.shown_scores import load_open_packs


async def load_rating_bundle(
    office: Office, uscc: str, practice_line: str, number: int | None = None
) -> dict[str, bytes]:
    """The files of a rating as it was published, by name.

    1. Records and rule pack as they were known when it was made; what comes out must be what was stored.
    2. A rating that rests on a record which is repaired or withdrawn by now is not shown any more; the public
       is not shown one either that rests on a record which it may not see today.
    3. Texts of records only where nothing in them has to be masked, which would break the commitment; of
       the others there is the commitment alone.
    4. They tell the score, so there are none where the rule pack does not make it public.

    Parameters
    ----------
    number
        Of the agency's ratings in this practice line, from 1; None: the latest.

    Raises
    ------
    NotFoundError
        No such agency or rating, or none that can be shown with its files.
    """
    agency = await load_agency_row(uscc)
    rating = await _load_rating(agency["id"], practice_line, number)
    if rating["pack_id"] not in await load_open_packs(office):  # 4
        raise NotFoundError(
            "rating.score-withheld",
            "the rule pack of this rating does not make scores public: the tier is shown, its files are not",
        )
    pack = find_pack(await load_rule_book(office), rating)
    if not rating["tier"]:
        raise NotFoundError(
            "rating.redacted",
            "this rating rested on a record that was repaired or erased; it is not shown any more",
        )
    known = await load_agency_records([agency["id"]], before=rating["rated_at"] + SECOND)  # 1
    on: date = rating["rated_on"]
    records = leave_out_gone(known.get(agency["id"], ()), on)
    gone, undisclosed = await load_hidden(office, agency["id"])
    is_withheld = any(record.record_id in gone | undisclosed for record in records)  # 2
    if pack is None or is_withheld:
        raise _no_bundle()
    records = fit_assessments(records, pack)
    ledger = score_ledger(records, pack, on)
    lines: Json = ledger_answer(uscc, ledger, pack)["lines"]
    score = score_of(ledger)
    stored = json.loads(rating["lines_json"]), rating["score"], rating["tier"]
    if (lines, score, tier_of(pack, score).name) != stored:
        raise _no_bundle()
    bodies = await _load_bodies(uscc, records)  # 3
    return format_rated(uscc, records, pack, ledger, bodies=bodies)


def find_pack(book: RuleBook, rating: dict[str, Any]) -> RulePack | None:
    """The rule pack of a stored rating, whatever became of its file since; None: it is not there."""
    history = book.histories.get(rating["pack_id"], ())
    readings = (book.read(steps_on(history[:n], rating["rated_on"])) for n in range(len(history), 0, -1))
    for file in (*book.overlay, *readings):
        if isinstance(file, RulePack) and file.digest == rating["pack_digest"]:
            return file
    return None


async def _load_rating(agency: int, practice_line: str, number: int | None) -> dict[str, Any]:
    rows = await (
        Rating.select()
        .where(
            (Rating.agency == agency)
            & Rating.practitioner.is_null()
            & (Rating.practice_line == practice_line)
        )
        .order_by(Rating.id)
    )
    place = len(rows) if number is None else number
    if not 1 <= place <= len(rows):
        raise NotFoundError("rating.unknown", "there is no such rating; look at the page of the agency")
    row: dict[str, Any] = rows[place - 1]
    return row


async def _load_bodies(uscc: str, records: Iterable[CreditRecord]) -> list[RecordBody]:
    bodies = []
    for chunk in in_chunks([record.record_id for record in records]):
        salts = await RecordSalt.select().where(RecordSalt.commitment.is_in(list(chunk)))
        rows = await CreditRecordRow.select().where(CreditRecordRow.id.is_in([s["record"] for s in salts]))
        texts = {row["id"]: record_body(row, uscc) for row in rows}
        for salt in salts:
            body = texts[salt["record"]]
            if all(mask_personal_numbers(text) == text for key, text in body.items() if key != "subject"):
                bodies.append(RecordBody(record_id=salt["commitment"], body=body, salt=bytes(salt["salt"])))
    return bodies


def _no_bundle() -> NotFoundError:
    return NotFoundError(
        "rating.no-bundle",
        "this rating is not shown with its files: it is older than the files, or a record behind it was "
        "repaired or withdrawn, or is not or no longer public",
    )
