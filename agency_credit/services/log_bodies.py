"""Bodies behind commitments that outsiders may not see: of calls of reserves, changes of teams, objections.

A call of a reserve is told with the draw that it belongs to; a change of a team, which may hold a name, only
after the visit: once the result is published, or once the inspection is closed and its draw public. An
objection is told while the record that it is about stands.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from agency_credit.database.tables import (
    CaseStep,
    CreditRecord,
    DrawStep,
    LogEntry,
    RecordEvent,
    ReserveCall,
    ResultStep,
    TeamChange,
)

_SEALED = ["reserve.called", "team.changed", "objection.opened", "objection.closed"]


async def load_sealed(indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries keep their body to themselves for now."""
    if not indexes:
        return frozenset()
    rows = await LogEntry.select(LogEntry.index).where(
        LogEntry.index.is_in(list(indexes)) & LogEntry.type.is_in(_SEALED)
    )
    asked = [row["index"] for row in rows]
    if not asked:
        return frozenset()
    told = await _told_calls(asked) | await _told_changes(asked) | await _told_objections(asked)
    return frozenset(asked) - told


async def _told_calls(asked: list[int]) -> set[int]:
    calls = await ReserveCall.select(ReserveCall.log_index).where(
        ReserveCall.log_index.is_in(asked) & ReserveCall.draw.is_in(_published())
    )
    return {row["log_index"] for row in calls}


async def _told_changes(asked: list[int]) -> set[int]:
    visited = ResultStep.select(ResultStep.result.inspection).where(ResultStep.step == "published")
    closed = ReserveCall.select(ReserveCall.replaced).where(ReserveCall.draw.is_in(_published()))
    changes = await TeamChange.select(TeamChange.log_index).where(
        TeamChange.log_index.is_in(asked)
        & (TeamChange.inspection.is_in(visited) | TeamChange.inspection.is_in(closed))
        & TeamChange.kind.is_in(["emptied", "sent", "dismissed"])
    )
    return {row["log_index"] for row in changes}


async def _told_objections(asked: list[int]) -> set[int]:
    fallen = RecordEvent.select(RecordEvent.record).where(RecordEvent.event.is_in(["repaired", "withdrawn"]))
    steps = await CaseStep.select(CaseStep.log_index).where(
        CaseStep.log_index.is_in(asked)
        & CaseStep.case.record.is_in(CreditRecord.select(CreditRecord.id))
        & CaseStep.case.record.not_in(fallen)
    )
    return {row["log_index"] for row in steps}


def _published() -> Any:
    return DrawStep.select(DrawStep.draw).where(DrawStep.step == "published")
