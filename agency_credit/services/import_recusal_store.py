"""Loading and storing recusals, in bulk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial

from agency_credit.database import upsert_rows
from agency_credit.database.tables import Inspector, Recusal
from agency_credit.services.import_recusals import KnownRecusal, RecusalRow, plan_recusals, read_recusals
from agency_credit.services.import_register import load_agency_ids
from agency_credit.services.import_row import collect_codes
from agency_credit.services.import_work import KEYS, ImportTask, ImportWork, StoredChange, in_chunks


async def prepare_recusals(task: ImportTask) -> ImportWork:
    """Recusals: read; new ones wait for the approval of a second person."""
    agencies = await load_agency_ids(collect_codes(task.tables, "uscc"))
    inspectors = await load_inspector_ids(collect_codes(task.tables, "certificate"))
    found = read_recusals(task.tables, frozenset(inspectors), frozenset(agencies))
    known = await _load_recusals(inspectors.values())
    rows = plan_recusals(found.rows, known)
    return ImportWork(
        outcomes=found.outcomes(),
        store=partial(_store_recusals, rows, inspectors, agencies, task),
        list_stored=partial(_list_stored, rows, known, task),
    )


def _list_stored(
    rows: Sequence[RecusalRow], known: Mapping[tuple[str, str], KnownRecusal], task: ImportTask
) -> list[StoredChange]:
    return [
        StoredChange(
            subject=f"{row.certificate} {row.uscc}",
            before=known.get((row.certificate, row.uscc)),
            after=KnownRecusal(
                category=row.category,
                reason=row.reason,
                is_approved=False,
                proposed_by=task.person_id,
                proposed_at=task.at,
            ),
        )
        for row in rows
    ]


async def load_inspector_ids(certificates: Iterable[str]) -> dict[str, int]:
    """Ids of those inspectors that the roster has, by certificate."""
    ids: dict[str, int] = {}
    for chunk in in_chunks(sorted(set(certificates)), KEYS):
        rows = await Inspector.select(Inspector.id, Inspector.certificate).where(
            Inspector.certificate.is_in(list(chunk))
        )
        ids |= {row["certificate"]: row["id"] for row in rows}
    return ids


async def load_recusal_states(subjects: Collection[str]) -> dict[str, KnownRecusal]:
    """What is known of these recusals (certificate, blank, credit code); others are left out."""
    ids = await load_inspector_ids(subject.split()[0] for subject in subjects)
    known = await _load_recusals(ids.values())
    return {subject: known[pair] for subject in subjects if (pair := _pair(subject)) in known}


def _pair(subject: str) -> tuple[str, str]:
    certificate, uscc = subject.split()
    return certificate, uscc


async def _load_recusals(inspectors: Iterable[int]) -> dict[tuple[str, str], KnownRecusal]:
    known: dict[tuple[str, str], KnownRecusal] = {}
    for chunk in in_chunks(sorted(set(inspectors)), KEYS):
        rows = await Recusal.select(
            Recusal.category,
            Recusal.reason,
            Recusal.proposed_by,
            Recusal.proposed_at,
            Recusal.approved_at,
            Recusal.inspector.certificate.as_alias("certificate"),
            Recusal.agency.uscc.as_alias("uscc"),
        ).where(Recusal.inspector.is_in(list(chunk)))
        known |= {
            (row["certificate"], row["uscc"]): KnownRecusal(
                category=row["category"],
                reason=row["reason"],
                is_approved=row["approved_at"] is not None,
                proposed_by=row["proposed_by"],
                proposed_at=row["proposed_at"],
            )
            for row in rows
        }
    return known


async def _store_recusals(
    rows: Sequence[RecusalRow],
    inspectors: Mapping[str, int],
    agencies: Mapping[str, int],
    task: ImportTask,
    _run: int,
) -> None:
    stored = [
        {
            "inspector": inspectors[row.certificate],
            "agency": agencies[row.uscc],
            "category": row.category,
            "reason": row.reason,
            "proposed_by": task.person_id,
            "proposed_at": task.at,
        }
        for row in rows
    ]
    changing = ("category", "reason", "proposed_by", "proposed_at")
    await upsert_rows(Recusal, stored, ("inspector", "agency"), changing)


async def restore_recusals(states: Mapping[str, KnownRecusal | None]) -> None:
    """Put recusals back as they were, with who proposed them; remove those that were not there."""
    inspectors = await load_inspector_ids(subject.split()[0] for subject in states)
    agencies = await load_agency_ids(subject.split()[1] for subject in states)
    for subject, state in states.items():
        certificate, uscc = _pair(subject)
        here = (Recusal.inspector == inspectors[certificate]) & (Recusal.agency == agencies[uscc])
        if state is None:
            await Recusal.delete().where(here)
            continue
        await Recusal.update(
            {
                Recusal.category: state.category,
                Recusal.reason: state.reason,
                Recusal.proposed_by: state.proposed_by,
                Recusal.proposed_at: state.proposed_at,
            }
        ).where(here)
