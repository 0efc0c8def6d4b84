"""Bodies behind commitments that outsiders may not see: of calls of reserves, changes of teams, tiers.

A call of a reserve is told with the draw that it belongs to; a change of a team, which may hold a name, only
after the visit: once the result is published, or once the inspection is closed and its draw public. A
tier is told while all records stand that it rests on.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from agency_credit.database.tables import (
    DrawStep,
    LogEntry,
    Rating,
    RecordEvent,
    RecordSalt,
    ReserveCall,
    ResultStep,
    TeamChange,
)

_SEALED = ["reserve.called", "team.changed"]


async def load_sealed(indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries keep their body to themselves for now."""
    if not indexes:
        return frozenset()
    rows = await LogEntry.select(LogEntry.index).where(
        LogEntry.index.is_in(list(indexes)) & LogEntry.type.is_in(_SEALED)
    )
    asked = [row["index"] for row in rows]
    fallen = await _rest_on_fallen(indexes)
    if not asked:
        return fallen
    told = await _told_calls(asked) | await _told_changes(asked)
    return frozenset(asked) - told | fallen


async def _rest_on_fallen(indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries publish a tier that rests on a record that was repaired or withdrawn."""
    ratings = await Rating.select(Rating.log_index, Rating.agency, Rating.lines_json).where(
        Rating.log_index.is_in(list(indexes)) & (Rating.lines_json != "[]")
    )
    if not ratings:
        return frozenset()
    rows = await RecordSalt.select(RecordSalt.commitment).where(
        RecordSalt.record.agency.is_in(sorted({row["agency"] for row in ratings}))
        & RecordSalt.record.is_in(_fallen())
    )
    gone = [row["commitment"] for row in rows]
    resting = (row["log_index"] for row in ratings if any(name in row["lines_json"] for name in gone))
    return frozenset(resting)


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


def _fallen() -> Any:
    return RecordEvent.select(RecordEvent.record).where(RecordEvent.event.is_in(["repaired", "withdrawn"]))


def _published() -> Any:
    return DrawStep.select(DrawStep.draw).where(DrawStep.step == "published")
