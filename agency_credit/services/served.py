"""Who served by which draw, and whether the visits that its publication waits for are over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agency_credit.database.tables import DrawStep
from agency_credit.domain.errors import RefusedError
from agency_credit.services.draw_draft import load_draw_row
from agency_credit.services.result_store import has_standing, load_inspections, load_seats, load_versions
from agency_credit.services.team_store import load_calls, load_origins, load_supplements

Visit = tuple[dict[str, Any], set[int]]
"""An inspection, and whom the draw in question put on its team."""


async def load_served(row: dict[str, Any], supplements: str | None) -> list[Visit]:
    """The inspections of a draw that are not closed, or those whose seats a supplement filled.

    Parameters
    ----------
    row
        Of the draw.
    supplements
        As in its plan; None: it has inspections of its own.
    """
    original = row["id"] if supplements is None else (await load_draw_row(supplements))["id"]
    origins = await load_origins(original)
    closed = {call["replaced"] for call in await load_calls(original)}
    visits = []
    for inspection in await load_inspections(original):
        members = {
            seat["inspector"]
            for seat in await load_seats(inspection["id"])
            if seat["inspector"] is not None and origins[inspection["id"], seat["seat"]] == row["id"]
        }
        if inspection["id"] not in closed and (members or supplements is None):
            visits.append((inspection, members))
    return visits


async def check_results(
    row: dict[str, Any], visits: list[Visit], supplements: str | None, now: datetime
) -> None:
    """Refuse to publish before the visits are over; what has no whole team is not waited for.

    Raises
    ------
    RefusedError
        A result is missing, or a supplement is under way.
    """
    if supplements is None:
        for item in await load_supplements(row["draw"]):
            if item.is_open(now) and "voided" not in item.steps:
                raise RefusedError(
                    "draw.supplement-open",
                    "the supplementary draw {supplement} is under way: its teams have not inspected yet;"
                    " draw it first, or void it",
                    supplement=item.draw,
                )
    open_units = []
    for inspection, _ in visits:
        seats = await load_seats(inspection["id"])
        is_done = has_standing(await load_versions(inspection["id"]))
        if not is_done and all(seat["inspector"] is not None for seat in seats):
            open_units.append(inspection["agency_name"])
    if open_units:
        raise RefusedError(
            "draw.results-missing",
            "{n} inspections have no reviewed result yet, the first is {name}",
            n=len(open_units),
            name=open_units[0],
        )


async def check_original(row: dict[str, Any], supplements: str | None) -> None:
    """Refuse to publish a supplement before its original; raises RefusedError."""
    if supplements is not None and not await DrawStep.exists().where(
        (DrawStep.draw.draw == supplements) & (DrawStep.step == "published")
    ):
        raise RefusedError(
            "draw.original-unpublished",
            "{draw} names agencies that {original} drew; publish {original} first",
            draw=row["draw"],
            original=supplements,
        )
