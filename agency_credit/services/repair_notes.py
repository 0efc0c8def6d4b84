"""What the public is told of applications for repair that are open, beside the record that they are about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from agency_credit.database.tables import CaseStep, CaseText
from agency_credit.domain.day import day_in_china
from agency_credit.inspection.repair_states import CLOSING, RepairStep
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.import_work import in_chunks
from agency_credit.services.repair_texts import parse_texts


class RepairNote(msgspec.Struct, frozen=True, kw_only=True):
    """An application for repair that is not decided.

    Parameters
    ----------
    on
        The day on which it was handed in first.
    pledge
        The agency's public pledge, as it reads now; empty: no condition asks for one.
    """

    on: date
    pledge: str


async def load_repair_notes(records: Collection[int]) -> dict[int, RepairNote]:
    """The open applications about these records, by the number of the record.

    One that is decided or taken back is told of no more: a repaired record is gone, and that a repair was
    refused is between the agency and the office.
    """
    notes: dict[int, RepairNote] = {}
    for chunk in in_chunks(sorted(records)):
        rows = await (
            CaseStep.select(CaseStep.id, CaseStep.step, CaseStep.at, CaseStep.case.record.as_alias("record"))
            .where(CaseStep.case.record.is_in(list(chunk)) & (CaseStep.case.kind == "repair"))
            .order_by(CaseStep.case, CaseStep.sequence)
        )
        said = [row["id"] for row in rows if row["step"] in (RepairStep.APPLIED, RepairStep.AMENDED)]
        texts = {
            row["step"]: mask_personal_numbers(parse_texts(row["text"]).pledge)
            for row in await CaseText.select().where(CaseText.step.is_in(said or [0]))
        }
        for row in rows:
            step, number = RepairStep(row["step"]), row["record"]
            if step is RepairStep.APPLIED:
                notes[number] = RepairNote(on=day_in_china(row["at"]), pledge=texts.get(row["id"], ""))
            elif step is RepairStep.AMENDED:
                notes[number] = RepairNote(on=notes[number].on, pledge=texts.get(row["id"], ""))
            elif step in CLOSING:
                notes.pop(number)
    return notes
