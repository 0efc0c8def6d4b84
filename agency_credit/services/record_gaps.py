"""Records of which the office must say more: no class is known, or the log cannot hold the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.database.tables import CreditRecord
from agency_credit.services.disclosure import Disclosed, load_disclosed
from agency_credit.services.office import Office
from agency_credit.services.record_publication import find_unpublishable

BATCH = 2_000
A_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGap:
    """A record that lacks something.

    Parameters
    ----------
    lacks_class
        It is public until what other tables say, or without end.
    is_held_back
        Its text holds a number of a person: pages mask it, the public log cannot take it.
    """

    disclosed: Disclosed
    lacks_class: bool
    is_held_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGaps:
    """A page of them, by number of the record; `following`: where the next begins, None: there is none."""

    gaps: Sequence[RecordGap]
    following: int | None


async def load_record_gaps(office: Office, after: int = 0) -> RecordGaps:
    """Records of agencies that are public today, with a number above `after`, and lack something."""
    today, found = office.today(), list[RecordGap]()
    while len(found) <= A_PAGE:
        rows = await (
            CreditRecord.select(CreditRecord.id)
            .where((CreditRecord.id > after) & CreditRecord.practitioner.is_null())
            .order_by(CreditRecord.id)
            .limit(BATCH)
        )
        if not rows:
            break
        numbers = [row["id"] for row in rows]
        disclosed = await load_disclosed(office, numbers, today)
        gaps = (
            RecordGap(
                disclosed=one,
                lacks_class=not one.disclosure.is_known,
                is_held_back=one.log_index is None and find_unpublishable(one),
            )
            for one in disclosed.values()
            if one.is_public(today)
        )
        found += [gap for gap in gaps if gap.lacks_class or gap.is_held_back]
        after = numbers[-1]
    shown = found[:A_PAGE]
    return RecordGaps(gaps=shown, following=shown[-1].disclosed.row["id"] if len(found) > A_PAGE else None)
