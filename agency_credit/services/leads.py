"""Inspections that a lead gives rise to: entered apart from every draw, approved by a second person, marked.

A complaint, a transferred case or a finding in data leads to one agency. The team is named, not drawn, and
the approver answers for it; recusals hold as in a draw. From the approval on it is an inspection like any
other: results are entered, reviewed and published the same way, always marked as on a lead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from agency_credit.database.tables import (
    Agency,
    AgencyPractice,
    Inspection,
    InspectionSeat,
    Inspector,
    LeadInspection,
    Recusal,
    RecusalDecision,
)
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.publication.masking import check_publishable
from agency_credit.services.change_request import Change, ChangeDraft
from agency_credit.services.items import load_items
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation
from agency_credit.services.register import load_agency_row

LeadKind = Literal["complaint", "transferred", "monitoring"]
LEAD_KINDS: tuple[LeadKind, ...] = ("complaint", "transferred", "monitoring")
LEAST_TEAM = 2
"""行政处罚法 article 42 (docs/legal-sources.md, R8)."""
ROLES = ("组长", "检查员")
"""What seats are called, the first and all others, as in a draw."""


class Lead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is proposed.

    Parameters
    ----------
    agency
        Unified social credit code.
    document
        Number of the complaint, of the letter of transfer, of the report on the data.
    items
        Codes of the item list.
    team
        Certificates of the inspectors, the lead first.
    """

    agency: str
    lead_kind: LeadKind
    document: str
    received_on: date
    items: tuple[str, ...]
    team: tuple[str, ...]


class LeadView(msgspec.Struct, frozen=True, kw_only=True):
    """An approved lead and its inspection."""

    inspection: int
    agency: str
    uscc: str
    lead_kind: str
    document: str
    received_on: date
    items: tuple[str, ...]
    opened_at: datetime


def draft_lead(office: Office, lead: Lead, based_on: int, reason: str) -> ChangeDraft:
    """The proposal of an inspection; `based_on`: how many leads about this agency there were."""
    return ChangeDraft(
        kind="lead",
        subject=lead.agency,
        based_on=based_on,
        payload={"lead": msgspec.to_builtins(lead)},
        applies_from=office.today(),
        is_correction=True,  # it is opened by its approval, which may come a day later
        reason=reason,
    )


async def load_lead_number(subject: str) -> int:
    """How many leads about an agency were approved."""
    row = await load_agency_row(subject)
    return int(await LeadInspection.count().where(LeadInspection.agency == row["id"]))


def read_lead(change: ChangeDraft) -> Lead:
    """The lead of a proposal.

    Raises
    ------
    InputError
        A payload of another form, or about another agency.
    """
    try:
        lead = msgspec.convert(change.payload["lead"], Lead)
    except (KeyError, msgspec.ValidationError) as error:
        raise InputError("lead.form", "the lead cannot be read: {error}", error=str(error)) from error
    if lead.agency != change.subject:
        raise InputError("lead.agency", "the lead is about another agency; begin anew")
    return lead


async def check_lead(op: Operation, draft: ChangeDraft) -> None:
    """Refuse what cannot be inspected; raises FaultsError with everything that is wrong."""
    lead, today = read_lead(draft), day_in_china(op.at)
    check_publishable(lead.document)
    faults = [
        *_text_faults(lead, today),
        *await _item_faults(lead, today),
        *await _team_faults(lead),
    ]
    if faults:
        raise FaultsError(lead.agency, tuple(faults))


async def apply_lead(op: Operation, change: Change) -> None:
    """Open the inspection with its team."""
    lead = read_lead(change)
    agency = await load_agency_row(lead.agency)
    inspection = Inspection(draw=None, agency=agency["id"], stratum="", stream="lead", position=0)
    await inspection.save()
    people = await _load_team(lead)
    await InspectionSeat.insert(
        *(
            InspectionSeat(
                inspection=inspection.id,
                seat=seat,
                role=ROLES[min(seat, 1)],
                inspector=people[certificate]["id"],
            )
            for seat, certificate in enumerate(lead.team)
        )
    )
    await LeadInspection.insert(
        LeadInspection(
            inspection=inspection.id,
            agency=agency["id"],
            lead_kind=lead.lead_kind,
            document_number=lead.document.strip(),
            received_on=lead.received_on,
            items_json=format_canonical(list(lead.items)).decode(),
            change=change.number,
            opened_at=op.at,
        )
    )
    op.details["inspection"] = int(inspection.id)


async def load_leads() -> tuple[LeadView, ...]:
    """All approved leads, the newest first."""
    return tuple(_view(row) for row in await _select().order_by(LeadInspection.id, ascending=False))


async def load_lead(inspection: int) -> LeadView | None:
    """The lead behind an inspection; None: it came from a draw."""
    row = await _select().where(LeadInspection.inspection == inspection).first()
    return None if row is None else _view(row)


def _select() -> Any:
    return LeadInspection.select(
        *LeadInspection.all_columns(),
        LeadInspection.agency.name.as_alias("name"),
        LeadInspection.agency.uscc.as_alias("uscc"),
    )


def _view(row: dict[str, Any]) -> LeadView:
    return LeadView(
        inspection=row["inspection"],
        agency=row["name"],
        uscc=row["uscc"],
        lead_kind=row["lead_kind"],
        document=row["document_number"],
        received_on=row["received_on"],
        items=tuple(json.loads(row["items_json"])),
        opened_at=row["opened_at"],
    )


def _text_faults(lead: Lead, today: date) -> Iterator[Fault]:
    if not 1 <= len(lead.document.strip()) <= 120:
        yield _fault(
            "document", "lead.document", "name the document the lead stands in, in at most 120 characters"
        )
    if lead.received_on > today:
        yield _fault("received_on", "lead.received", "the lead cannot have been received after today")


async def _item_faults(lead: Lead, today: date) -> list[Fault]:
    """What is on no list is not inspected on a lead either; items of other lines are not for this agency."""
    if not lead.items:
        return [_fault("items", "lead.items", "choose at least one item of the published list")]
    lines = await AgencyPractice.select(AgencyPractice.practice_line).where(
        AgencyPractice.agency.uscc == lead.agency
    )
    held = {row["practice_line"] for row in lines}
    known = {item.code: item for item in await load_items(today) if not item.body}
    return [
        _fault(
            "items",
            "lead.item",
            "{item} is not on the list in force, or not for the practice lines of this agency",
            item=code,
        )
        for code in lead.items
        if code not in known or known[code].practice_line not in held
    ]


async def _team_faults(lead: Lead) -> list[Fault]:
    people = await _load_team(lead)
    faults = []
    if len(set(lead.team)) != len(lead.team) or len(lead.team) < LEAST_TEAM:
        faults.append(
            _fault(
                "team",
                "lead.team",
                "name at least two different inspectors (行政处罚法 art. 42)",
            )
        )
    faults += [
        _fault("team", "lead.inspector", "no inspector on duty has {certificate}", certificate=certificate)
        for certificate in lead.team
        if certificate not in people
    ]
    recused = await Recusal.select(Recusal.inspector).where(
        (Recusal.agency.uscc == lead.agency) & Recusal.approved_at.is_not_null()
    )
    barred = {row["inspector"] for row in recused} | await _load_stepped_back(lead.agency)
    faults += [
        _fault("team", "lead.recused", "{certificate} is recused from this agency", certificate=certificate)
        for certificate, person in people.items()
        if person["id"] in barred
    ]
    return faults


async def _load_stepped_back(agency: str) -> set[int]:
    """Inspectors who had to step back from this agency when it asked for it."""
    application: Any = RecusalDecision.application
    rows = await RecusalDecision.select(application.inspector.as_alias("inspector")).where(
        (application.inspection.agency.uscc == agency) & (RecusalDecision.verdict == "granted")
    )
    return {row["inspector"] for row in rows}


async def _load_team(lead: Lead) -> dict[str, dict[str, Any]]:
    rows = await Inspector.select(Inspector.id, Inspector.certificate, Inspector.name).where(
        Inspector.certificate.is_in(list(lead.team) or [""]) & (Inspector.status == "active")
    )
    return {row["certificate"]: row for row in rows}


async def load_inspector_names() -> dict[str, str]:
    """Inspectors on duty for a choice: certificate to name and organisation."""
    rows = await (
        Inspector.select(Inspector.certificate, Inspector.name, Inspector.organisation)
        .where(Inspector.status == "active")
        .order_by(Inspector.certificate)
    )
    return {row["certificate"]: " · ".join(filter(None, (row["name"], row["organisation"]))) for row in rows}


async def load_agency_name(uscc: str) -> str:
    """The name of an agency, the code itself where there is none."""
    row = await Agency.select(Agency.name).where(Agency.uscc == uscc).first()
    return row["name"] if row else uscc


def _fault(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
