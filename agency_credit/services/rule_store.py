"""The histories of rule files in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agency_credit.database.tables import RuleVersion
from agency_credit.domain.day import day_in_china
from agency_credit.scoring import Instrument
from agency_credit.scoring.history import RuleStep, StepKind

SHIPPED, OFFICE = "shipped", "office"
"""Where a step comes from: the software, or two people of this office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStep:
    """A step with what the store knows beside it: who (`origin`), when, by which change and log entry."""

    step: RuleStep
    version_id: int
    origin: str
    known_at: datetime
    change: int | None
    log_index: int | None


async def load_newest_version() -> int:
    """The number that every further step raises: whoever has read up to it knows all."""
    row = await RuleVersion.select(RuleVersion.id).order_by(RuleVersion.id, ascending=False).first()
    return 0 if row is None else int(row["id"])


async def load_steps() -> list[StoredStep]:
    """All steps of all rule files, by file and number."""
    rows = await RuleVersion.select().order_by(RuleVersion.instrument).order_by(RuleVersion.number)
    return [_stored(row) for row in rows]


def rules_entry(step: RuleStep, file: Instrument) -> dict[str, Any]:
    """The body of the log entry ``rules.in_force`` (docs/spec/log.md); `file`: as it reads after the step."""
    return {
        "applies_from": step.applies_from.isoformat(),
        "correction": step.applies_from < step.known_on,
        "digest": file.digest,
        "kind": step.kind.value,
        "number": step.number,
    }


async def append_step(
    step: RuleStep,
    origin: str,
    known_at: datetime,
    *,
    change: int | None = None,
    log_index: int | None = None,
) -> None:
    """Add a step inside the caller's transaction.

    Raises
    ------
    ConflictError
        The history has a step of this number.
    """
    await RuleVersion.insert(
        RuleVersion(
            instrument=step.instrument,
            number=step.number,
            kind=step.kind.value,
            content=step.content,
            applies_from=step.applies_from,
            origin=origin,
            known_at=known_at,
            change=change,
            log_index=log_index,
        )
    )


async def load_known_at() -> datetime | None:
    """When the newest step was decided; None while there is none."""
    row = await RuleVersion.select(RuleVersion.known_at).order_by(RuleVersion.id, ascending=False).first()
    return None if row is None else row["known_at"].astimezone(UTC)


async def load_number(instrument: str) -> int:
    """The number of the newest step of a rule file; 0: there is none."""
    row = await (
        RuleVersion.select(RuleVersion.number)
        .where(RuleVersion.instrument == instrument)
        .order_by(RuleVersion.number, ascending=False)
        .first()
    )
    return 0 if row is None else int(row["number"])


def _stored(row: dict[str, Any]) -> StoredStep:
    known_at = row["known_at"].astimezone(UTC)
    step = RuleStep(
        instrument=row["instrument"],
        number=row["number"],
        kind=StepKind(row["kind"]),
        content=row["content"],
        applies_from=row["applies_from"],
        known_on=day_in_china(known_at),
    )
    return StoredStep(
        step=step,
        version_id=row["id"],
        origin=row["origin"],
        known_at=known_at,
        change=row["change"],
        log_index=row["log_index"],
    )
