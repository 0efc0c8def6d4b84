"""Loading and storing credit records, which are only ever appended, and what follows for the public lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from agency_credit.database.tables import Agency, CreditRecord
from agency_credit.services.import_records import (
    LIST_KINDS,
    KnownRecord,
    RecordContext,
    RecordRow,
    find_list_status,
    plan_records,
    read_records,
)
from agency_credit.services.import_register import load_agency_ids
from agency_credit.services.import_row import collect_codes
from agency_credit.services.import_work import ImportTask, ImportWork, in_chunks


async def prepare_records(task: ImportTask) -> ImportWork:
    """Credit records: read, held against the register and against what is there already."""
    ids = await load_agency_ids(collect_codes(task.tables, "uscc"))
    context = RecordContext(agencies=frozenset(ids), kinds=task.record_kinds, today=task.today)
    found = read_records(task.tables, context)
    known = await _load_known({row.value.digest for row in found.rows})
    new, n_same = plan_records(found.rows, known)
    return ImportWork(
        n_new=len(new),
        n_changed=0,
        n_same=n_same,
        n_repeated=found.n_repeated,
        faults=found.faults.ordered(),
        store=partial(_store_records, new, ids, task),
    )


async def _load_known(digests: set[str]) -> dict[str, KnownRecord]:
    known: dict[str, KnownRecord] = {}
    for chunk in in_chunks(sorted(digests)):
        rows = await CreditRecord.select(
            CreditRecord.digest, CreditRecord.authority, CreditRecord.summary
        ).where(CreditRecord.digest.is_in(list(chunk)))
        known |= {
            row["digest"]: KnownRecord(authority=row["authority"], summary=row["summary"]) for row in rows
        }
    return known


async def _store_records(new: list[RecordRow], ids: dict[str, int], task: ImportTask, run: int) -> None:
    rows = [
        CreditRecord(
            agency=ids[record.uscc],
            kind=record.kind,
            document_number=record.document_number,
            decided_on=record.decided_on,
            authority=record.authority,
            summary=record.summary,
            known_at=task.at,
            import_run=run,
            digest=record.digest,
        )
        for record in new
    ]
    for chunk in in_chunks(rows):
        await CreditRecord.insert(*chunk)
    await _store_list_status({ids[record.uscc] for record in new if record.kind in LIST_KINDS})


async def _store_list_status(agencies: Iterable[int]) -> None:
    """Where these agencies stand after all their records, whatever order the lists came in."""
    for chunk in in_chunks(sorted(agencies)):
        rows = await CreditRecord.select(
            CreditRecord.agency, CreditRecord.kind, CreditRecord.decided_on
        ).where(CreditRecord.agency.is_in(list(chunk)) & CreditRecord.kind.is_in(list(LIST_KINDS)))
        for agency in chunk:
            status, since = find_list_status(
                (row["kind"], row["decided_on"]) for row in rows if row["agency"] == agency
            )
            await Agency.update({Agency.list_status: status, Agency.list_since: since}).where(
                Agency.id == agency
            )
