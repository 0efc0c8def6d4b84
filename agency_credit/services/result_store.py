"""Results over their tables: inspections, teams, versions, what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agency_credit.database.tables import (
    DrawStep,
    Inspection,
    InspectionResult,
    InspectionSeat,
    Person,
    ReserveCall,
    ResultConfirmation,
    ResultStep,
)
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.inspection.result_states import ResultState
from agency_credit.services.draw_store import person_of
from agency_credit.services.operation import Operation

STANDING = frozenset({ResultState.REVIEWED, ResultState.PUBLISHED})
"""A second person reviewed it, and nothing took it back."""


def path_of(inspection: int) -> str:
    """Where an inspection is worked on."""
    return f"/admin/inspections/{inspection}"


def subject_of(inspection: Mapping[str, Any]) -> str:
    """What entries of the public log call the result of an inspection."""
    return f"{inspection['draw_identifier'] or inspection['id']}/{inspection['uscc']}"


async def load_inspection(inspection: int) -> dict[str, Any]:
    """One inspection with its agency and draw.

    Raises
    ------
    NotFoundError
        There is none.
    RefusedError
        Its draw was voided, or a call of reserves closed it.
    """
    row: dict[str, Any] | None = await _select_inspections().where(Inspection.id == inspection).first()
    if row is None:
        raise NotFoundError("inspection.unknown", "there is no such inspection")
    if await DrawStep.exists().where((DrawStep.draw == row["draw"]) & (DrawStep.step == "voided")):
        raise RefusedError("draw.voided", "the draw {draw} was voided", draw=row["draw_identifier"])
    if await ReserveCall.exists().where(ReserveCall.replaced == inspection):
        raise RefusedError(
            "inspection.closed",
            "{unit} was found to be no more or outside the frame, and its inspection closed",
            unit=row["uscc"],
        )
    return row


async def load_inspections(draw: int) -> list[dict[str, Any]]:
    """The inspections of a draw, in the order of the teams."""
    rows: list[dict[str, Any]] = (
        await _select_inspections().where(Inspection.draw == draw).order_by(Inspection.position)
    )
    return rows


async def load_seats(inspection: int) -> list[dict[str, Any]]:
    """The seats of a team in order: role, and the inspector's id and name or None."""
    return await (
        InspectionSeat.select(
            InspectionSeat.seat,
            InspectionSeat.role,
            InspectionSeat.inspector,
            InspectionSeat.inspector.name.as_alias("inspector_name"),
        )
        .where(InspectionSeat.inspection == inspection)
        .order_by(InspectionSeat.seat)
    )


async def load_members(inspection: int) -> set[int | None]:
    """The inspectors of a team; None among them: a seat is empty."""
    return {seat["inspector"] for seat in await load_seats(inspection)}


async def load_accounts(inspectors: Iterable[int | None]) -> set[int]:
    """The active accounts of inspectors."""
    known = [inspector for inspector in inspectors if inspector is not None]
    if not known:
        return set()
    rows = await Person.select(Person.id).where(
        Person.inspector.is_in(known) & (Person.is_active == True)  # noqa: E712
    )
    return {row["id"] for row in rows}


async def load_versions(inspection: int) -> list[dict[str, Any]]:
    """All versions of a result, the first one first, each with its steps and its `state`."""
    rows: list[dict[str, Any]] = await (
        InspectionResult.select(
            *InspectionResult.all_columns(),
            InspectionResult.entered_by.display_name.as_alias("entered_by_name"),
        )
        .where(InspectionResult.inspection == inspection)
        .order_by(InspectionResult.version)
    )
    steps: dict[int, list[dict[str, Any]]] = {}
    for step in await load_steps([row["id"] for row in rows]):
        steps.setdefault(step["result"], []).append(step)
    return [with_steps(row, steps.get(row["id"], [])) for row in rows]


async def load_latest_result(inspection: int) -> dict[str, Any] | None:
    """The newest version of a result with its state; None before the first."""
    versions = await load_versions(inspection)
    return versions[-1] if versions else None


async def load_steps(results: list[int] | None) -> list[dict[str, Any]]:
    """What became of versions (None: of all there are), in order; `by_name` is who did it."""
    if results == []:
        return []
    query = ResultStep.select(
        *ResultStep.all_columns(), ResultStep.by.display_name.as_alias("by_name")
    ).order_by(ResultStep.id)
    rows: list[dict[str, Any]] = await (
        query if results is None else query.where(ResultStep.result.is_in(results))
    )
    return rows


def with_steps(row: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    """A version with its `steps`, the `last_step` of them, and the `state` that they lead to."""
    last = steps[-1] if steps else None
    return {**row, "steps": steps, "last_step": last, "state": last["step"] if last else "entered"}


async def load_confirmed_by(result: int) -> set[int]:
    """The inspectors who confirmed a version."""
    rows = await ResultConfirmation.select(ResultConfirmation.inspector).where(
        ResultConfirmation.result == result
    )
    return {row["inspector"] for row in rows}


async def append_result_step(
    op: Operation, result: int, step: ResultState, reason: str = "", index: int | None = None
) -> None:
    """Write down what became of a version."""
    await ResultStep.insert(
        ResultStep(
            result=result, step=step.value, by=person_of(op.actor), at=op.at, reason=reason, log_index=index
        )
    )


def state_of(latest: dict[str, Any] | None) -> ResultState | None:
    """The state of a version; None where there is none."""
    return ResultState(latest["state"]) if latest else None


def has_standing(versions: Iterable[dict[str, Any]]) -> bool:
    """Whether some version holds, even while a correction of it is on its way."""
    return any(version["state"] in STANDING for version in versions)


def _select_inspections() -> Any:
    return Inspection.select(
        *Inspection.all_columns(),
        Inspection.agency.uscc.as_alias("uscc"),
        Inspection.agency.name.as_alias("agency_name"),
        Inspection.draw.draw.as_alias("draw_identifier"),
    )
