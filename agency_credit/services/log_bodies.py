"""Bodies behind commitments that outsiders may not see yet: of calls of reserves, of changes of teams.

A call of a reserve is told with the draw that it belongs to; a change of a team, which may hold a name, only
after the visit: once the result is published, or once the inspection is closed and its draw public.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from agency_credit.database.tables import DrawStep, LogEntry, ReserveCall, ResultStep, TeamChange


async def load_sealed(indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries keep their body to themselves for now."""
    if not indexes:
        return frozenset()
    rows = await LogEntry.select(LogEntry.index).where(
        LogEntry.index.is_in(list(indexes)) & LogEntry.type.is_in(["reserve.called", "team.changed"])
    )
    asked = [row["index"] for row in rows]
    return frozenset(asked) - await _told_calls(asked) - await _told_changes(asked) if asked else frozenset()


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


def _published() -> Any:
    return DrawStep.select(DrawStep.draw).where(DrawStep.step == "published")
