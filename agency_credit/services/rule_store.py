"""The histories of rule files in the store; the files that ship begin them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import RuleVersion
from agency_credit.domain.day import day_in_china
from agency_credit.scoring import Instrument
from agency_credit.scoring.history import RuleStep, StepKind
from agency_credit.services.log import append_log_entry

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


async def append_shipped(files: Iterable[Instrument], now: datetime) -> None:
    """Begin the history of every file that is new here, and continue that of one that ships changed.

    A changed file takes the place of the one before from its first day in force on; values that the office
    entered before end there. Every such step after the first start has an entry in the public log.
    """
    async with transaction():
        await lock_log()
        newest = await _load_newest_shipped()
        known_at = max(now, await load_known_at() or now)  # a clock that was set back rewrites nothing
        is_first_start = not newest
        for file in files:
            number, content = newest.get(file.id, (0, ""))
            if content == file.content.decode():
                continue
            step = RuleStep(
                instrument=file.id,
                number=1 + max(number, await load_number(file.id)),
                kind=StepKind.FILE,
                content=file.content.decode(),
                applies_from=file.effective_from,
                known_on=day_in_china(known_at),
            )
            index = None
            if not is_first_start:
                body = rules_entry(step, file)
                index = await append_log_entry(
                    "rules.in_force", file.id, body, at=known_at, is_committed=False
                )
            await append_step(step, SHIPPED, known_at, log_index=index)


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


async def _load_newest_shipped() -> dict[str, tuple[int, str]]:
    rows = await (
        RuleVersion.select(RuleVersion.instrument, RuleVersion.number, RuleVersion.content)
        .where(RuleVersion.origin == SHIPPED)
        .order_by(RuleVersion.number)
    )
    return {row["instrument"]: (row["number"], row["content"]) for row in rows}


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
