"""Everything that stands on the papers of an inspection, in one answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import Agency, AgencyPractice, Draw, DrawFile, InspectionResult
from agency_credit.domain.errors import ForbiddenError
from agency_credit.domain.record_form import FormLine, RecordForm, parse_form
from agency_credit.domain.role import DRAW_READERS, Actor
from agency_credit.services.checklist import load_checklist
from agency_credit.services.desk_results import (
    DeskConfirmation,
    DeskInspection,
    DeskSeat,
    load_desk_inspection,
)
from agency_credit.services.office import Office
from agency_credit.services.reference import load_parameter
from agency_credit.services.team_store import SentMember


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetAgency:
    """The agency that is inspected."""

    uscc: str
    name: str
    area: str
    address: str
    practice_lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionSheet:
    """An inspection as its papers need it.

    Parameters
    ----------
    authority, basis, entrustment
        As in the plan of the draw; without a draw, those of this office.
    office
        Name of this office.
    sent
        Members whom other bodies sent without lot.
    lines
        The checklist: as answered where there is a form, else as it would be printed today, unanswered.
    form
        The newest version, None before the first; `form_version` is its number, `form_digest` its SHA-256.
    confirmations
        Of that version.
    texts
        What the categories of the form are called.
    published_on
        When the newest published version became public.
    """

    inspection: int
    draw: str
    draw_title: str
    stream: str
    stratum: str
    office: str
    authority: str
    basis: tuple[str, ...]
    entrustment: str
    agency: SheetAgency
    team: tuple[DeskSeat, ...]
    sent: tuple[SentMember, ...]
    lines: tuple[FormLine, ...]
    state: str
    form: RecordForm | None
    form_version: int
    form_digest: str
    entered_at: datetime | None
    confirmations: tuple[DeskConfirmation, ...]
    texts: tuple[str, ...]
    due_on: date | None
    published_on: datetime | None


async def load_sheet(office: Office, actor: Actor, inspection: int) -> InspectionSheet:
    """What the papers of an inspection say; for its team and for those who read draws.

    Raises
    ------
    NotFoundError
        There is no such inspection, or its draw was voided.
    ForbiddenError
        The actor neither sits on the team nor reads draws.
    """
    item = await load_desk_inspection(office, inspection)
    refuse_outsider(actor, item)
    return await make_sheet(office, item)


async def make_sheet(office: Office, item: DeskInspection) -> InspectionSheet:
    """What the papers of an inspection say; who may read that is for the caller to ask."""
    inspection = item.inspection
    plan = await _load_plan(item.draw)
    result = item.results[-1] if item.results else None
    published = [one.judged_at for one in item.results if one.state == "published"]
    form = await _load_form(inspection)
    return InspectionSheet(
        inspection=inspection,
        draw=item.draw,
        draw_title=item.draw_title,
        stream=item.stream,
        stratum=item.stratum,
        office=(await load_parameter("office_name")).value,
        authority=plan.get("authority") or (await load_parameter("office_name")).value,
        basis=tuple(plan.get("basis", ())),
        entrustment=plan.get("entrustment") or "",
        agency=await _load_agency(item.uscc),
        team=item.seats,
        sent=item.sent,
        lines=form.details.lines
        if form and form.details
        else await load_checklist(inspection, office.today()),
        state=item.state,
        form=form,
        form_version=item.version,
        form_digest=result.digest if result else "",
        entered_at=result.entered_at if result else None,
        confirmations=result.confirmations if result else (),
        texts=result.texts if result else (),
        due_on=item.due_on,
        published_on=published[-1] if published else None,
    )


def refuse_outsider(actor: Actor, item: DeskInspection) -> None:
    """An inspection is for its team and for those who read draws.

    Raises
    ------
    ForbiddenError
        The actor is neither.
    """
    if not actor.roles & DRAW_READERS and not item.has_member(actor):
        raise ForbiddenError("inspection.not-yours", "this inspection is for another team")


async def _load_form(inspection: int) -> RecordForm | None:
    row = await (
        InspectionResult.select()
        .where(InspectionResult.inspection == inspection)
        .order_by(InspectionResult.version, ascending=False)
        .first()
    )
    if row is None:
        return None
    if row["form_json"]:
        return parse_form(row["form_json"])
    return RecordForm(  # from before there were whole forms
        inspected_on=row["inspected_on"],
        categories=tuple(json.loads(row["categories_json"])),
        findings=row["findings"],
    )


async def _load_plan(draw: str) -> dict[str, Any]:
    rows = Draw.select(Draw.id).where(Draw.draw == draw)
    file = await (
        DrawFile.select(DrawFile.content)
        .where(DrawFile.draw.is_in(rows) & (DrawFile.name == "plan.json"))
        .first()
    )
    return dict(json.loads(file["content"])) if file else {}


async def _load_agency(uscc: str) -> SheetAgency:
    row = await (
        Agency.select(Agency.id, Agency.name, Agency.area, Agency.address).where(Agency.uscc == uscc).first()
    )
    assert row is not None, "an inspection is of an agency"
    lines = await AgencyPractice.select(AgencyPractice.practice_line).where(
        AgencyPractice.agency == row["id"]
    )
    return SheetAgency(
        uscc=uscc,
        name=row["name"],
        area=row["area"],
        address=row["address"],
        practice_lines=tuple(sorted(line["practice_line"] for line in lines)),
    )
