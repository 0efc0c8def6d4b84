"""Published inspections and results: of an agency, of a draw. What is not published is not here."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.database.tables import (
    DrawStep,
    FollowUp,
    FollowUpStep,
    Inspection,
    LeadInspection,
    OtherInspection,
    ReserveCall,
    ResultStep,
)
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.reference import load_categories
from agency_credit.services.register import load_agency_row
from agency_credit.services.reply_store import ReplyNote, load_reply_notes

# Columns behind several foreign keys are worked out here once: doing so costs more than the query.
_INSPECTION: Any = ResultStep.result.inspection
_AGENCY, _DRAW = _INSPECTION.agency, _INSPECTION.draw
_RESULT_COLUMNS = (
    ResultStep.at,
    ResultStep.result,
    ResultStep.log_index,
    ResultStep.result.reason.as_alias("reason"),
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


class VersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A published version of a result.

    Parameters
    ----------
    reason
        Why it corrects the version before; empty: it is the first.
    log_index
        Its entry in the public log.
    """

    inspected_on: date
    categories: list[str]
    findings: str
    version: int
    published_at: datetime
    log_index: int | None
    reason: str = ""


class ResultView(VersionView, frozen=True, kw_only=True):
    """The newest published version of a result.

    Parameters
    ----------
    earlier
        Those that it corrects, the newest first.
    reply
        What the agency says to it; None: nothing.
    """

    earlier: list[VersionView] = msgspec.field(default_factory=list)
    reply: ReplyNote | None = None


class OtherVisit(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection by another body, from its list; one on a lead is outside the annual cap."""

    inspected_on: date
    authority: str
    kind: str
    is_on_site: bool
    is_lead_based: bool


class InspectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection that a published draw opened, or one on a lead (`draw` empty) with a published result.

    Parameters
    ----------
    drawn_at
        Of one on a lead when it was opened.
    closed
        Why it does not take place; None: it does.
    withdrawn_at
        When its result was taken down, since what it rested on was annulled; None: it was not.
    follow_up
        ``"open"`` or ``"closed"``; None: the result asked for none.
    """

    draw: str
    draw_title: str
    stream: str
    drawn_at: datetime
    result: ResultView | None
    closed: str | None
    withdrawn_at: datetime | None = None
    follow_up: str | None = None


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
    withdrawn = await _load_withdrawn(agency)
    follow_ups = await _load_follow_ups([row["id"] for row in rows])
    return [
        InspectionView(
            draw=row["draw"] or "",
            draw_title=row["draw_title"] or "",
            stream=row["stream"],
            drawn_at=opened[row["id"]] if row["draw_id"] is None else steps[row["draw_id"], "drawn"],
            result=results.get(row["id"]),
            closed=closed.get(row["id"]),
            withdrawn_at=None if row["id"] in results else withdrawn.get(row["id"]),
            follow_up=follow_ups.get(row["id"]) if row["id"] in results else None,
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
    gone = {
        row["result"]
        for row in await ResultStep.select(ResultStep.result).where(ResultStep.step == "withdrawn")
    }
    texts = await load_categories()
    versions: dict[int, list[VersionView]] = {}
    for row in rows:
        if row["result"] not in gone:
            versions.setdefault(row["inspection"], []).append(_version(row, texts))
    replies = await load_reply_notes("result", versions)
    return {
        inspection: ResultView(
            **{name: getattr(shown[-1], name) for name in VersionView.__struct_fields__},
            earlier=shown[-2::-1],
            reply=replies.get(inspection),
        )
        for inspection, shown in versions.items()
    }


def _version(row: dict[str, Any], texts: dict[str, str]) -> VersionView:
    return VersionView(
        inspected_on=row["inspected_on"],
        categories=[texts.get(code, code) for code in json.loads(row["categories_json"])],
        findings=mask_personal_numbers(row["findings"]),
        version=row["version"],
        published_at=row["at"],
        log_index=row["log_index"],
        reason=mask_personal_numbers(row["reason"]),
    )


async def _load_withdrawn(agency: int) -> dict[int, datetime]:
    rows = await (
        ResultStep.select(ResultStep.at, _INSPECTION.as_alias("inspection"))
        .where((ResultStep.step == "withdrawn") & (agency == _AGENCY))
        .order_by(ResultStep.id)
    )
    return {row["inspection"]: row["at"] for row in rows}


async def _load_follow_ups(inspections: list[int]) -> dict[int, str]:
    rows = await FollowUp.select(FollowUp.id, FollowUp.inspection).where(
        FollowUp.inspection.is_in(inspections)
    )
    if not rows:
        return {}
    closed = await FollowUpStep.select(FollowUpStep.follow_up).where(
        FollowUpStep.follow_up.is_in([row["id"] for row in rows]) & (FollowUpStep.step == "closed")
    )
    ended = {row["follow_up"] for row in closed}
    return {row["inspection"]: "closed" if row["id"] in ended else "open" for row in rows}


async def _load_opening_times(agency: int) -> dict[int, datetime]:
    rows = await LeadInspection.select(LeadInspection.inspection, LeadInspection.opened_at).where(
        LeadInspection.agency == agency
    )
    return {row["inspection"]: row["opened_at"] for row in rows}


async def _load_step_times(draws: list[int]) -> dict[tuple[int, str], datetime]:
    rows = await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at).where(DrawStep.draw.is_in(draws))
    return {(row["draw"], row["step"]): row["at"] for row in rows}
