"""What the public is told of objections, beside the record that they are about: open, or how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal

import msgspec

from agency_credit.database.tables import CaseStep, CreditRecord
from agency_credit.domain.day import day_in_china
from agency_credit.services.import_work import in_chunks


class ObjectionNote(msgspec.Struct, frozen=True, kw_only=True):
    """The last objection to a record that stands.

    Parameters
    ----------
    state
        ``"open"``: it is being examined; else how it was decided. Where it was upheld, the record is gone.
    on
        The day on which it was opened or decided.
    """

    state: Literal["open", "partly", "rejected"]
    on: date


async def load_objection_notes(agency: int, records: Collection[int]) -> dict[int, ObjectionNote]:
    """What is said beside records; one that the agency took back leaves the one before it, or nothing.

    An objection that was upheld in part stands beside the record that came of it.

    Parameters
    ----------
    agency, records
        Numbers of the agency and of records of its own.
    """
    if not records:
        return {}
    replaced = await CreditRecord.select(CreditRecord.id, CreditRecord.corrects).where(
        (CreditRecord.agency == agency) & CreditRecord.corrects.is_not_null()
    )
    before = {row["id"]: row["corrects"] for row in replaced}
    notes = await _load_notes({*records, *before, *before.values()})
    return {number: note for number in records if (note := _find(notes, before, number)) is not None}


async def _load_notes(records: Collection[int]) -> dict[int, ObjectionNote]:
    """The last objection to each of these records."""
    notes: dict[int, ObjectionNote] = {}
    for chunk in in_chunks(sorted(records)):
        rows = await (
            CaseStep.select(
                CaseStep.step,
                CaseStep.at,
                CaseStep.details_json,
                CaseStep.case,
                CaseStep.case.record.as_alias("record"),
            )
            .where(
                CaseStep.case.record.is_in(list(chunk))
                & (CaseStep.case.kind == "objection")
                & CaseStep.step.is_in(["opened", "decided", "withdrawn"])
            )
            .order_by(CaseStep.case, CaseStep.sequence)
        )
        earlier: dict[int, ObjectionNote | None] = {}
        for row in rows:
            number, day = row["record"], day_in_china(row["at"])
            if row["step"] == "opened":
                earlier[number] = notes.get(number)
                notes[number] = ObjectionNote(state="open", on=day)
            elif row["step"] == "decided":
                verdict = msgspec.json.decode(row["details_json"])["verdict"]
                if verdict == "upheld":
                    notes.pop(number)
                else:
                    notes[number] = ObjectionNote(state=verdict, on=day)
            elif (last := earlier[number]) is None:
                notes.pop(number)
            else:
                notes[number] = last
    return notes


def _find(
    notes: Mapping[int, ObjectionNote], records: Mapping[int, int], number: int
) -> ObjectionNote | None:
    """The note of a record, else of the nearest that it replaces; an open one of those is not about it."""
    seen: int | None = number
    while seen is not None:
        note = notes.get(seen)
        if note is not None and (seen == number or note.state != "open"):
            return note
        seen = records.get(seen)
    return None
