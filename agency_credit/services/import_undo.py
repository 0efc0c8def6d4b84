"""Taking an import back, as long as nothing rests on what it did (ADR 0025)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agency_credit.database.tables import ImportRow, ImportRun, ImportUndo
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import Fault, FaultsError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.import_restore import UNDOABLE, Undoable
from agency_credit.services.import_work import in_chunks
from agency_credit.services.office import Office
from agency_credit.services.operation import operation

MAX_REASON = 500
_N_SHOWN = 50


async def undo_import(office: Office, actor: Actor, run: int, reason: str) -> None:
    """Put back what a run changed and remove what it brought.

    1. Every subject must still be as the run left it, and nothing may refer to one that was new; whatever
       stands in the way is named, all of it before anything is changed.
    2. The register is put back; the undoing is a row of its own and an entry of the public log.

    Raises
    ------
    NotFoundError
        No such run.
    InputError
        No reason; as `FaultsError`: what rests on the rows.
    RefusedError
        A list of credit records or of a kind that only ever grows; a run that was undone, or from before
        runs kept what they did.
    """
    async with operation(office, actor, "import.undo", str(run), roles=IMPORTERS) as op:
        found = await ImportRun.select().where(ImportRun.id == run).first()
        if found is None:
            raise NotFoundError("import.run-unknown", "there is no import with this number")
        _check_reason(reason)
        kind = await _check_undoable(found)
        before, after = await _load_changes(run, kind)
        faults = await _find_faults(run, kind, before, after)  # 1
        if faults:
            raise FaultsError(str(run), tuple(faults[:_N_SHOWN]))
        await kind.restore(before, op.at)  # 2
        n_removed = sum(state is None for state in before.values())
        counts: dict[str, Json] = {"removed": n_removed, "restored": len(before) - n_removed}
        body: dict[str, Json] = {"import": found["log_index"], "kind": found["kind"], **counts}
        index = await op.append_entry("roster.import_undone", found["kind"], body)
        await ImportUndo(
            run=run,
            at=op.at,
            by=actor.username,
            reason=reason.strip(),
            counts_json=format_canonical(counts).decode(),
            log_index=index,
        ).save()
        op.details.update(counts)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InputError("import.undo-reason", "say why the import is undone; the reason is kept with it")
    if len(reason) > MAX_REASON:
        raise InputError("import.undo-reason", "write at most {n} characters", n=MAX_REASON)


async def _check_undoable(run: Mapping[str, Any]) -> Undoable:
    if run["kind"] not in UNDOABLE:
        raise RefusedError(
            "import.undo-kind",
            "what this list brought is only ever added to; withdraw a credit record on its own page, where "
            "a second person decides",
        )
    if await ImportUndo.exists().where(ImportUndo.run == run["id"]):
        raise RefusedError("import.undone", "this import was undone already")
    if not await ImportRow.exists().where(ImportRow.run == run["id"]):
        raise RefusedError(
            "import.undo-unknown",
            "this import is from before imports kept what they did; correct the list and import it",
        )
    return UNDOABLE[run["kind"]]


async def _load_changes(run: int, kind: Undoable) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = {}, {}
    for row in await ImportRow.select().where(ImportRow.run == run):
        subject, former = row["subject"], row["before_json"]
        before[subject] = msgspec.json.decode(former, type=kind.state) if former else None
        after[subject] = msgspec.json.decode(row["after_json"], type=kind.state)
    return before, after


async def _find_faults(
    run: int, kind: Undoable, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Fault]:
    now = await kind.load(list(after))
    moved = [subject for subject in after if now.get(subject) != after[subject]]
    undone = {row["run"] for row in await ImportUndo.select(ImportUndo.run).where(ImportUndo.run > run)}
    later: dict[str, int] = {}
    for chunk in in_chunks(moved):
        rows = await ImportRow.select(ImportRow.subject, ImportRow.run).where(
            ImportRow.subject.is_in(list(chunk)) & (ImportRow.run > run)
        )
        later |= {row["subject"]: row["run"] for row in rows if row["run"] not in undone}
    faults = [_fault_of_later(subject, later.get(subject)) for subject in moved]
    return faults + await kind.find_faults(before, after)


def _fault_of_later(subject: str, run: int | None) -> Fault:
    if run is None:
        return Fault(at=subject, code="import.undo-changed", template="it was changed or approved since")
    return Fault(
        at=subject,
        code="import.undo-later",
        template="the import number {run} changed it again; undo that one first",
        params={"run": run},
    )
