"""An entry of the public log, and the types there are (docs/spec/log.md, items 3 and 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agency_credit.domain.canonical import Json


class EntryType(StrEnum):
    """Every type of entry; docs/spec/log.md gives the schema of each that is written today."""

    SOFTWARE = "software"
    KEY_ROTATED = "key.rotated"
    CHECKPOINT_FORSAKEN = "checkpoint.forsaken"
    RULES_IN_FORCE = "rules.in_force"
    ITEMS_IN_FORCE = "items.in_force"
    PLAN_PUBLISHED = "plan.published"
    ROSTER_IMPORTED = "roster.imported"
    ROSTER_IMPORT_UNDONE = "roster.import_undone"
    DRAW_ANNOUNCED = "draw.announced"
    DRAW_APPROVED = "draw.approved"
    DRAW_DRAWN = "draw.drawn"
    DRAW_PUBLISHED = "draw.published"
    DRAW_VOIDED = "draw.voided"
    RESERVE_CALLED = "reserve.called"
    TEAM_CHANGED = "team.changed"
    RESULT_PUBLISHED = "result.published"
    RESULT_CORRECTED = "result.corrected"
    RESULT_WITHDRAWN = "result.withdrawn"
    TIER_PUBLISHED = "tier.published"
    RECORD_PUBLISHED = "record.published"
    RECORD_WITHDRAWN = "record.withdrawn"
    OBJECTION_OPENED = "objection.opened"
    OBJECTION_CLOSED = "objection.closed"
    REPAIR_GRANTED = "repair.granted"
    REPLY_PUBLISHED = "reply.published"
    REPLY_WITHDRAWN = "reply.withdrawn"
    REDACTED = "redacted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the public log; `agency_credit.publication.entry` turns it into bytes and back.

    Parameters
    ----------
    at
        When it was written, aware, in whole seconds.
    type
        What it tells of.
    subject
        The identifier of what it is about: a draw, an agency, a key. Never a person.
    body
        The public content, or ``{"commitment": <64 hex digits>}``.
    """

    at: datetime
    type: EntryType
    subject: str
    body: Mapping[str, Json]

    @property
    def commitment(self) -> str | None:
        """The digest that stands for a hidden body; None where the body itself is public."""
        value = self.body.get("commitment") if set(self.body) == {"commitment"} else None
        return value if isinstance(value, str) else None
