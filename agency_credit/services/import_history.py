"""Loading and storing credit records, which are only ever appended, and what follows for the public lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from agency_credit.database import append_rows
from agency_credit.database.tables import Agency, CreditRecord, Practitioner, RecordEvent
from agency_credit.services.forgotten_tags import find_forgotten
from agency_credit.services.import_facts import FACT_COLUMNS, read_facts
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
from agency_credit.services.import_work import ImportTask, ImportWork, Touched, in_chunks
from agency_credit.services.record_history import refuse_older_knowledge
from agency_credit.services.record_salts import append_salts, record_body


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subjects:
    """Numbers of the agencies and practitioners that a list names, and where the latter practise."""

    agencies: Mapping[str, int]
    practitioners: Mapping[str, int]
    practises_at: Mapping[str, str]


async def prepare_records(task: ImportTask) -> ImportWork:
    """Credit records: read, held against the register and against what is there already."""
    subjects = await _load_subjects(task)
    context = RecordContext(
        agencies=frozenset(subjects.agencies),
        kinds=task.record_kinds,
        today=task.today,
        practitioners=subjects.practises_at,
        rules=task.fact_rules,
    )
    found = read_records(task.tables, context)
    digests = {row.value.digest for row in found.rows}
    known, forgotten = await _load_known(digests), await find_forgotten(task.keys, digests)
    new = plan_records(found.rows, known, forgotten)
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(_store_records, new, subjects, task),
    )


async def _load_subjects(task: ImportTask) -> _Subjects:
    practitioners: dict[str, int] = {}
    practises_at: dict[str, str] = {}
    for chunk in in_chunks(collect_codes(task.tables, "certificate")):
        rows = await Practitioner.select(
            Practitioner.id, Practitioner.certificate, Practitioner.agency.uscc.as_alias("uscc")
        ).where(Practitioner.certificate.is_in(list(chunk)))
        practitioners |= {row["certificate"]: row["id"] for row in rows}
        practises_at |= {row["certificate"]: row["uscc"] or "" for row in rows}
    codes = {*collect_codes(task.tables, "uscc"), *practises_at.values()} - {""}
    return _Subjects(
        agencies=await load_agency_ids(codes), practitioners=practitioners, practises_at=practises_at
    )


async def _load_known(digests: set[str]) -> dict[str, KnownRecord]:
    """Records that are there already, each as its last correction has it that changed only its text."""
    known: dict[str, KnownRecord] = {}
    for chunk in in_chunks(sorted(digests)):
        rows = await CreditRecord.select().where(CreditRecord.digest.is_in(list(chunk)))
        latest = {row["id"]: row for row in rows}
        open_ids = {row["id"]: row["id"] for row in rows}
        while open_ids:
            corrections = await CreditRecord.select().where(CreditRecord.corrects.is_in(list(open_ids)))
            following: dict[int, int] = {}
            for row in corrections:
                origin = open_ids[row["corrects"]]
                if all(row[key] == latest[origin][key] for key in _IDENTITY):
                    latest[origin] = row
                    following[row["id"]] = origin
            open_ids = following
        known |= {
            row["digest"]: KnownRecord(
                authority=latest[row["id"]]["authority"],
                summary=latest[row["id"]]["summary"],
                evidence=latest[row["id"]]["evidence"],
                facts=read_facts(latest[row["id"]]),
            )
            for row in rows
        }
    return known


_IDENTITY = ("agency", "practitioner", "kind", "document_number", "decided_on")


async def _store_records(new: list[RecordRow], subjects: _Subjects, task: ImportTask, run: int) -> Touched:
    await refuse_older_knowledge(task.at)
    rows = [
        {
            "agency": subjects.agencies[record.uscc],
            "practitioner": subjects.practitioners.get(record.certificate),
            "kind": record.kind,
            "document_number": record.document_number,
            "decided_on": record.decided_on,
            "authority": record.authority,
            "summary": record.summary,
            "known_at": task.at,
            "import_run": run,
            "digest": record.digest,
            "evidence": record.evidence,
            **{name: getattr(record.facts, name) for name in FACT_COLUMNS},
            "category": record.category,
        }
        for record in new
    ]
    await append_rows(CreditRecord, rows)
    ids: dict[str, int] = {}
    for chunk in in_chunks([record.digest for record in new]):
        stored = await CreditRecord.select(CreditRecord.id, CreditRecord.digest).where(
            CreditRecord.digest.is_in(list(chunk))
        )
        ids |= {row["digest"]: row["id"] for row in stored}
    await append_salts(
        (ids[row.digest], record_body(columns, row.subject)) for row, columns in zip(new, rows, strict=True)
    )
    await refresh_list_status(
        {
            subjects.agencies[record.uscc]
            for record in new
            if record.kind in LIST_KINDS and not record.certificate
        }
    )
    certificates = {record.certificate for record in new} - {""}
    return Touched(
        agencies=frozenset(subjects.agencies[row.uscc] for row in new if not row.certificate),
        practitioners=frozenset(subjects.practitioners[certificate] for certificate in certificates),
    )


async def refresh_list_status(agencies: Iterable[int]) -> None:
    """Where these agencies stand after all their records, whatever order the lists came in.

    A record that was withdrawn neither lists nor removes.
    """
    for chunk in in_chunks(sorted(agencies)):
        rows = await CreditRecord.select(
            CreditRecord.id, CreditRecord.agency, CreditRecord.kind, CreditRecord.decided_on
        ).where(
            CreditRecord.agency.is_in(list(chunk))
            & CreditRecord.practitioner.is_null()
            & CreditRecord.kind.is_in(list(LIST_KINDS))
        )
        withdrawn = await RecordEvent.select(RecordEvent.record).where(
            (RecordEvent.event == "withdrawn") & RecordEvent.record.agency.is_in(list(chunk))
        )
        gone = {row["record"] for row in withdrawn}
        for agency in chunk:
            status, since = find_list_status(
                (row["kind"], row["decided_on"])
                for row in rows
                if row["agency"] == agency and row["id"] not in gone
            )
            await Agency.update({Agency.list_status: status, Agency.list_since: since}).where(
                Agency.id == agency
            )
