"""Imports that were carried out, as the console shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from agency_credit.database.tables import ImportRow, ImportRun, ImportUndo
from agency_credit.domain.errors import Fault, NotFoundError
from agency_credit.services.import_restore import UNDOABLE

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoView:
    """That a run was taken back."""

    at: datetime
    by: str
    reason: str
    removed: int
    restored: int
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """An import.

    Parameters
    ----------
    counts
        Rows that were new, changed, the same, repeated.
    faults
        Errors, whose rows stayed out, and warnings.
    log_index
        Of its entry in the public log; None: from before it was kept.
    can_be_undone
        Whether it is of a kind that can be, and was not yet.
    """

    number: int
    kind: str
    name: str
    digest: str
    mode: str
    at: datetime
    by: str
    counts: Mapping[str, int]
    faults: tuple[Fault, ...]
    log_index: int | None
    undo: UndoView | None
    can_be_undone: bool = False

    @property
    def n_errors(self) -> int:
        """Faults that kept a row out."""
        return sum(fault.severity == "error" for fault in self.faults)


async def list_runs(before: int | None = None) -> tuple[list[RunView], int | None]:
    """The newest runs before that number, and the number to go on from, None at the end."""
    query = ImportRun.select().order_by(ImportRun.id, ascending=False).limit(PAGE + 1)
    rows = await (query.where(ImportRun.id < before) if before else query)
    undone = await _load_undone([row["id"] for row in rows])
    shown = [_to_view(row, undone.get(row["id"])) for row in rows[:PAGE]]
    return shown, shown[-1].number if len(rows) > PAGE else None


async def load_run(number: int) -> RunView:
    """One run.

    Raises
    ------
    NotFoundError
        There is none.
    """
    row = await ImportRun.select().where(ImportRun.id == number).first()
    if row is None:
        raise NotFoundError("import.run-unknown", "there is no import with this number")
    undo = (await _load_undone([number])).get(number)
    is_kept = await ImportRow.exists().where(ImportRow.run == number)
    can = undo is None and row["kind"] in UNDOABLE and is_kept
    return _to_view(row, undo, can_be_undone=can)


async def _load_undone(runs: list[int]) -> dict[int, UndoView]:
    if not runs:
        return {}
    rows = await ImportUndo.select().where(ImportUndo.run.is_in(runs))
    return {
        row["run"]: UndoView(
            at=row["at"],
            by=row["by"],
            reason=row["reason"],
            log_index=row["log_index"],
            **msgspec.json.decode(row["counts_json"]),
        )
        for row in rows
    }


def _to_view(row: Mapping[str, Any], undo: UndoView | None, *, can_be_undone: bool = False) -> RunView:
    faults = msgspec.json.decode(row["faults_json"])
    return RunView(
        number=row["id"],
        kind=row["kind"],
        name=row["file_name"],
        digest=row["file_digest"],
        mode=row["mode"],
        at=row["at"],
        by=row["by"],
        counts=msgspec.json.decode(row["counts_json"]),
        faults=tuple(Fault(**{"template": fault["code"], **fault}) for fault in faults),
        log_index=row["log_index"],
        undo=undo,
        can_be_undone=can_be_undone,
    )
