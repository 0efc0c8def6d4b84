"""What an agency is told at its desk by what the office does: new records, changed records, another tier."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agency_credit.database.tables import RecordSalt
from agency_credit.services.agency_seats import load_people_at_desks
from agency_credit.services.import_work import in_chunks
from agency_credit.services.notices import NewNotice, tell_agencies, tell_agency
from agency_credit.services.operation import Operation
from agency_credit.services.rating_store import NewRating


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMove:
    """An agency, by its number, whose tier became another."""

    agency: int
    practice_line: str
    before: str
    after: str


async def tell_of_new_records(op: Operation, run: int, agencies: Collection[int]) -> None:
    """Tell those of `agencies` at whose desk somebody sits which records an import added about them.

    One message an agency: to the record where it is one, to the ledger where there are several.
    """
    seated = sorted(await load_people_at_desks(agencies))
    by_agency: dict[int, list[Mapping[str, Any]]] = {}
    record: Any = RecordSalt.record
    for chunk in in_chunks(seated):
        rows = await (
            RecordSalt.select(
                RecordSalt.commitment,
                record.agency.as_alias("agency"),
                record.kind.as_alias("kind"),
            )
            .where(
                (record.import_run == run) & record.practitioner.is_null() & record.agency.is_in(list(chunk))
            )
            .order_by(RecordSalt.record)
        )
        for row in rows:
            by_agency.setdefault(row["agency"], []).append(row)
    await tell_agencies(op, {agency: [_of_new(rows)] for agency, rows in by_agency.items()})


async def tell_of_change(op: Operation, record: Mapping[str, Any], commitment: str, event: str) -> None:
    """Tell an agency what befell a record of its file; nobody where it is one of a practitioner.

    Parameters
    ----------
    record
        Its row.
    """
    if record["practitioner"] is None:
        notice = NewNotice(kind=f"record.{event}", what=record["kind"], path=f"/records/{commitment}")
        await tell_agency(op, record["agency"], notice)


def find_tier_moves(ratings: Iterable[NewRating]) -> Iterator[TierMove]:
    """Of agencies whose tier is another than in the rating before; a first rating moves nothing."""
    for new in ratings:
        before, subject = new.before, new.subject
        if before is None or not before.tier or subject.is_practitioner:  # forgotten: it has no tier
            continue
        if before.tier != new.rating.tier:
            yield TierMove(
                agency=subject.number,
                practice_line=subject.practice_line,
                before=before.tier,
                after=new.rating.tier,
            )


async def tell_of_tiers(op: Operation, moves: Iterable[TierMove]) -> None:
    """Tell agencies at their desks that their tier is another."""
    notices: dict[int, list[NewNotice]] = {}
    for move in moves:
        what = f"{move.before} → {move.after}"
        notice = NewNotice(kind=f"tier.{move.practice_line}", what=what, path="")
        notices.setdefault(move.agency, []).append(notice)
    await tell_agencies(op, notices)


def _of_new(rows: Sequence[Mapping[str, Any]]) -> NewNotice:
    """What a record is stands only where the path names it, so that it is forgotten with the record."""
    if len(rows) > 1:
        return NewNotice(kind="records.added", what=str(len(rows)), path="/ledger")
    return NewNotice(kind="record.added", what=rows[0]["kind"], path=f"/records/{rows[0]['commitment']}")
