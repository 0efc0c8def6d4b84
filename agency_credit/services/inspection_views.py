"""Published inspections and results: of an agency, of a draw. What is not published is not here."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.database.tables import (
    DrawStep,
    Inspection,
    LeadInspection,
    OtherInspection,
    ReserveCall,
    ResultStep,
)
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.reference import load_categories
from agency_credit.services.register import load_agency_row

# Columns behind several foreign keys are worked out here once: doing so costs more than the query.
_INSPECTION: Any = ResultStep.result.inspection
_AGENCY, _DRAW = _INSPECTION.agency, _INSPECTION.draw
_RESULT_COLUMNS = (
    ResultStep.at,
    ResultStep.log_index,
    _INSPECTION.as_alias("inspection"),
    ResultStep.result.version.as_alias("version"),
    ResultStep.result.inspected_on.as_alias("inspected_on"),
    ResultStep.result.categories_json.as_alias("categories_json"),
    ResultStep.result.findings.as_alias("findings"),
)
_INSPECTION_COLUMNS = (
    Inspection.id,
    Inspection.stream,
    Inspection.draw.as_alias("draw_id"),
    Inspection.draw.draw.as_alias("draw"),
    Inspection.draw.title.as_alias("draw_title"),
)


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest published version of a result; `log_index` is its entry in the public log."""

    inspected_on: date
    categories: list[str]
    findings: str
    version: int
    published_at: datetime
    log_index: int | None


class OtherVisit(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection by another body, from its list; one on a lead is outside the annual cap."""

    inspected_on: date
    authority: str
    kind: str
    is_on_site: bool
    is_lead_based: bool


class InspectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection that a published draw opened, or one on a lead (`draw` empty) with a published result.

    `drawn_at`: of one on a lead when it was opened. `closed`: why it does not take place; None: it does.
    """

    draw: str
    draw_title: str
    stream: str
    drawn_at: datetime
    result: ResultView | None
    closed: str | None


async def load_agency_inspections(uscc: str) -> list[InspectionView]:
    """Inspections of an agency by draws that are published, the newest first.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    agency = (await load_agency_row(uscc))["id"]
    rows = await (
        Inspection.select(*_INSPECTION_COLUMNS)
        .where(Inspection.agency == agency)
        .order_by(Inspection.id, ascending=False)
    )
    if not rows:
        return []
    drawn = [row["draw_id"] for row in rows if row["draw_id"] is not None]
    steps = await _load_step_times(drawn) if drawn else {}
    opened = await _load_opening_times(agency)
    results = await load_published_results(agency=agency)
    calls = await ReserveCall.select(ReserveCall.replaced, ReserveCall.reason_code).where(
        ReserveCall.replaced.is_in([row["id"] for row in rows])
    )
    closed = {call["replaced"]: call["reason_code"] for call in calls}
    return [
        InspectionView(
            draw=row["draw"] or "",
            draw_title=row["draw_title"] or "",
            stream=row["stream"],
            drawn_at=opened[row["id"]] if row["draw_id"] is None else steps[row["draw_id"], "drawn"],
            result=results.get(row["id"]),
            closed=closed.get(row["id"]),
        )
        for row in rows
        if (row["draw_id"], "published") in steps or (row["id"] in opened and row["id"] in results)
    ]


async def load_other_visits(uscc: str) -> list[OtherVisit]:
    """Inspections of an agency by other bodies, the newest first.

    Raises
    ------
    NotFoundError
        No agency has this code.
    """
    agency = (await load_agency_row(uscc))["id"]
    rows = await (
        OtherInspection.select()
        .where(OtherInspection.agency == agency)
        .order_by(OtherInspection.inspected_on, OtherInspection.id, ascending=False)
    )
    return [
        OtherVisit(
            inspected_on=row["inspected_on"],
            authority=mask_personal_numbers(row["authority"]),
            kind=row["kind"],
            is_on_site=row["is_on_site"],
            is_lead_based=row["is_lead_based"],
        )
        for row in rows
    ]


async def load_published_results(
    *, agency: int | None = None, draw: int | None = None
) -> dict[int, ResultView]:
    """The newest published result of each inspection: of an agency, of a draw, or of all, by its number."""
    query = ResultStep.select(*_RESULT_COLUMNS).where(ResultStep.step == "published")
    for column, wanted in ((_AGENCY, agency), (_DRAW, draw)):
        query = query if wanted is None else query.where(column == wanted)
    rows = await query.order_by(ResultStep.id)
    texts = await load_categories()
    return {
        row["inspection"]: ResultView(
            inspected_on=row["inspected_on"],
            categories=[texts.get(code, code) for code in json.loads(row["categories_json"])],
            findings=mask_personal_numbers(row["findings"]),
            version=row["version"],
            published_at=row["at"],
            log_index=row["log_index"],
        )
        for row in rows
    }


async def _load_opening_times(agency: int) -> dict[int, datetime]:
    rows = await LeadInspection.select(LeadInspection.inspection, LeadInspection.opened_at).where(
        LeadInspection.agency == agency
    )
    return {row["inspection"]: row["opened_at"] for row in rows}


async def _load_step_times(draws: list[int]) -> dict[tuple[int, str], datetime]:
    rows = await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at).where(DrawStep.draw.is_in(draws))
    return {(row["draw"], row["step"]): row["at"] for row in rows}
