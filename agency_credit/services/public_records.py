"""Credit records as the public may see them today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from agency_credit.database.tables import CreditCase, Reply
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.disclosure import Disclosed, Hidden
from agency_credit.services.objection_notes import ObjectionNote, load_objection_notes
from agency_credit.services.repair_notes import RepairNote, load_repair_notes
from agency_credit.services.reply_store import ReplyNote, load_reply_notes


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """A credit record that the public may see today; numbers of persons in its texts are masked.

    Parameters
    ----------
    record
        Its commitment, by which ratings and the public log name it.
    category
        Sort of information; empty: nobody stated it.
    state
        ``standing``, or ``suspended`` while its effect is stayed.
    ends_on
        First day on which it is disclosed no more, of all periods that apply the earliest; None: none is
        known.
    disclosed_until, days_left
        The last day of disclosure, and how many days that is, today included.
    log_index
        Of the entry of the public log that published it; None: it is not there yet.
    objection
        The last objection of the agency to it; None: there is none to tell of.
    repair
        Its application for repair; None: none is open.
    reply
        What the agency says to it; None: nothing.
    """

    record: str
    kind: str
    category: str
    decided_on: date
    served_on: date | None
    state: str
    ends_on: date | None
    disclosed_until: date | None
    days_left: int | None
    log_index: int | None
    authority: str
    document_number: str
    summary: str
    objection: ObjectionNote | None = None
    repair: RepairNote | None = None
    reply: ReplyNote | None = None


async def view_records(
    agency: int, disclosed: Mapping[str, Disclosed], hidden: Hidden, on: date
) -> list[RecordView]:
    """Records of an agency itself that the public may see on the day `on`: no practitioner's among them."""
    gone, undisclosed = hidden
    shown = [one for name, one in disclosed.items() if name not in gone and name not in undisclosed]
    records = [one.row["id"] for one in shown]  # most agencies never objected, applied or replied
    asked = records if await CreditCase.exists().where(CreditCase.agency == agency) else []
    said = records if await Reply.exists().where(Reply.agency == agency) else []
    notes, repairs = await load_objection_notes(agency, asked), await load_repair_notes(asked)
    replies = await load_reply_notes("record", said)
    return [
        _view_record(one, on, notes.get(number), repairs.get(number), replies.get(number))
        for number, one in zip(records, shown, strict=True)
    ]


def _view_record(
    one: Disclosed,
    on: date,
    objection: ObjectionNote | None,
    repair: RepairNote | None,
    reply: ReplyNote | None,
) -> RecordView:
    row = one.row
    return RecordView(
        record=row["commitment"],
        kind=row["kind"],
        category=one.facts.category,
        decided_on=row["decided_on"],
        served_on=one.facts.served_on,
        state="suspended" if one.is_suspended(on) else "standing",
        ends_on=one.disclosure.ends_on,
        disclosed_until=one.disclosure.last_on,
        days_left=one.disclosure.days_left(on),
        log_index=one.log_index,
        authority=mask_personal_numbers(row["authority"]),
        document_number=mask_personal_numbers(row["document_number"]),
        summary=mask_personal_numbers(row["summary"]),
        objection=objection,
        repair=repair,
        reply=reply,
    )
