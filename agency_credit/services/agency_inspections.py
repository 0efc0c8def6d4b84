"""Inspections as the agency that is inspected may see them: none before its team told it (agency_knowledge).

What is inside the office stays there: records that are not reviewed yet, that a visit is to be repeated, who
of the office wrote what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import (
    Arrival,
    Inspection,
    Inspector,
    RecusalApplication,
    ResultStep,
    TeamChange,
)
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.role import Seat
from agency_credit.inspection.agency_knowledge import (
    STANDING,
    Knowledge,
    Signs,
    Version,
    find_knowledge,
    find_met_at,
    is_seat_known,
)
from agency_credit.inspection.follow_up_states import FollowUpStep
from agency_credit.inspection.result_states import CHANGEABLE, ResultState
from agency_credit.publication.masking import mask_personal_numbers
from agency_credit.services.calendar import count_working_days
from agency_credit.services.desk_results import DeskInspection, DeskResult, load_desk_inspections
from agency_credit.services.follow_up import FollowUpView, load_follow_ups
from agency_credit.services.frame import ANNUAL_CAP
from agency_credit.services.inspection_counts import ON_SITE_ONLY, Tally, load_visits, tally
from agency_credit.services.office import Office
from agency_credit.services.recusal_applications import ApplicationView, load_applications
from agency_credit.services.supervision import load_value

_TOLD = frozenset(
    {
        FollowUpStep.ORDERED,
        FollowUpStep.RECHECKED,
        FollowUpStep.PENALTY,
        FollowUpStep.HANDED_OVER,
        FollowUpStep.CLOSED,
    }
)
"""Steps of a follow-up that the agency is told; the rest is what the office asks itself and others."""
_RESULT: Any = ResultStep.result


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMember:
    """A member of the team.

    Parameters
    ----------
    seat
        Of the lottery, from 0; None: sent by another body, or named on a lead and no matter.
    name
        Empty: nobody sits there, or nobody may know yet who (`is_known`).
    """

    seat: int | None
    role: str
    name: str
    certificate: str
    organisation: str
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnResult:
    """A version of the result that a second person reviewed.

    Parameters
    ----------
    state
        ``reviewed``, ``published`` or ``withdrawn``; of one that was taken down no content is left.
    log_index
        Entry of the public log by which it became public; None: it is not.
    withdrawn_index
        Entry by which it was taken down.
    """

    version: int
    state: str
    inspected_on: date
    categories: tuple[str, ...]
    findings: str
    correction_reason: str
    digest: str
    at: datetime | None
    log_index: int | None
    withdrawn_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStep:
    """A step of a follow-up."""

    step: str
    on: date
    due_on: date | None
    document: str
    body: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFollowUp:
    """What is done about a problem.

    Parameters
    ----------
    due_on, days_left
        By when the agency has to put it right, and the working days until then, negative once it has
        passed; None: nothing is asked of it.
    """

    opened_at: datetime
    is_closed: bool
    due_on: date | None
    days_left: int | None
    steps: tuple[OwnStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnApplication:
    """A request of the agency that a member steps back; `verdict` is empty while it is open."""

    name: str
    reason: str
    applied_on: date
    verdict: str
    decision: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInspection:
    """An inspection, as far as the agency may know it.

    Parameters
    ----------
    draw, draw_title
        Empty: it rests on a lead.
    is_draw_public
        Whether the files of the draw can be looked at.
    team
        Empty where only the draw is known.
    papers
        Kinds of papers of which a copy can be printed.
    closed
        Why it does not take place; empty: it does.
    is_recusal_open
        Whether the agency can still ask a member to step back.
    """

    inspection: int
    knowledge: str
    draw: str
    draw_title: str
    stream: str
    is_draw_public: bool
    arrived_at: tuple[datetime, ...]
    team: tuple[OwnMember, ...]
    papers: tuple[str, ...]
    results: tuple[OwnResult, ...]
    follow_ups: tuple[OwnFollowUp, ...]
    applications: tuple[OwnApplication, ...]
    closed: str
    is_recusal_open: bool

    @property
    def is_met(self) -> bool:
        """Whether the agency had its team before it."""
        return self.knowledge == Knowledge.MET


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCount:
    """How often the agency was inspected in a year, by whomever, as far as it may know.

    Parameters
    ----------
    cap
        Most inspections in a year; None: no value is set here.
    """

    year: int
    tally: Tally
    cap: int | None
    cap_source: str


async def load_own_inspections(office: Office, seat: Seat) -> tuple[OwnInspection, ...]:
    """The inspections of the agency that it may know of, the newest first; of draws that were not voided."""
    rows = await (
        Inspection.select(Inspection.id)
        .where(Inspection.agency == seat.agency_id)
        .order_by(Inspection.id, ascending=False)
    )
    found = [await _load(office, row["id"]) for row in rows]
    return tuple(item for item in found if item is not None)


async def load_own_inspection(office: Office, seat: Seat, inspection: int) -> OwnInspection:
    """One of them.

    Raises
    ------
    NotFoundError
        It is another's, there is none, or the agency may not know of it yet: nothing tells these apart.
    """
    is_own = (Inspection.id == inspection) & (Inspection.agency == seat.agency_id)
    item = await _load(office, inspection) if await Inspection.exists().where(is_own) else None
    if item is None:
        raise NotFoundError("inspection.unknown", "there is no such inspection")
    return item


async def load_own_count(office: Office, seat: Seat, known: Sequence[OwnInspection]) -> OwnCount:
    """The inspections of this year against the annual cap, but for those that the agency may not know of."""
    year = office.today().year
    told = {(item.draw, result.inspected_on) for item in known for result in item.results}
    visits = [
        visit
        for visit in await load_visits(year=year, agency=seat.agency_id)
        if not visit.is_own or (visit.document, visit.on) in told
    ]
    on_site = await load_value(office, ON_SITE_ONLY)
    cap = await load_value(office, ANNUAL_CAP)
    counted = tally(visits, is_on_site_only=bool(on_site and on_site.value))
    return OwnCount(
        year=year,
        tally=counted.get(seat.agency_id, Tally()),
        cap=cap.value if cap else None,
        cap_source=str(cap.citation) if cap else "",
    )


async def _load(office: Office, inspection: int) -> OwnInspection | None:
    items = await load_desk_inspections(office, inspection=inspection)
    if not items:  # its draw was voided
        return None
    item = items[0]
    arrivals = await _load_arrivals(inspection)
    signs = await _load_signs(item, arrivals)
    knowledge = find_knowledge(signs)
    if knowledge is Knowledge.NOTHING:
        return None
    is_met = knowledge is Knowledge.MET
    team = await _load_team(item, find_met_at(signs)) if is_met else ()
    results = await _load_results(item)
    applications = await load_applications(inspection) if is_met else ()
    return OwnInspection(
        inspection=inspection,
        knowledge=knowledge.value,
        draw=item.draw,
        draw_title=item.draw_title,
        stream=item.stream,
        is_draw_public=bool(item.draw) and item.is_draw_published,
        arrived_at=arrivals,
        team=team,
        papers=_papers(item, team) if is_met else (),
        results=results,
        follow_ups=await _load_follow_ups(office, inspection) if results else (),
        applications=tuple(map(_application, applications)),
        closed=item.closing["reason_code"] if item.closing else "",
        is_recusal_open=is_met and item.closing is None and _is_before_review(item),
    )


def _is_before_review(item: DeskInspection) -> bool:
    return item.state == "open" or item.state in CHANGEABLE


def _application(view: ApplicationView) -> OwnApplication:
    return OwnApplication(
        name=view.inspector_name,
        reason=view.reason,
        applied_on=view.applied_on,
        verdict=view.verdict,
        decision=view.decision,
        decided_at=view.decided_at,
    )


async def _load_arrivals(inspection: int) -> tuple[datetime, ...]:
    rows = await Arrival.select(Arrival.at).where(Arrival.inspection == inspection).order_by(Arrival.id)
    return tuple(row["at"] for row in rows)


async def _load_signs(item: DeskInspection, arrivals: tuple[datetime, ...]) -> Signs:
    asked = await RecusalApplication.select(RecusalApplication.recorded_at).where(
        RecusalApplication.inspection == item.inspection
    )
    return Signs(
        is_public=bool(item.draw) and item.is_draw_published,
        arrived_at=arrivals,
        asked_at=tuple(row["recorded_at"] for row in asked),
        versions=tuple(_version(result) for result in item.results),
    )


def _version(result: DeskResult) -> Version:
    return Version(
        state=ResultState(result.state),
        entered_at=result.entered_at,
        is_advised=bool(result.details and result.details.advised_at),
    )


async def _load_team(item: DeskInspection, met_at: datetime | None) -> tuple[OwnMember, ...]:
    """The team; whoever joined it after it was last at the agency stays unnamed until he comes."""
    changes = await TeamChange.select(
        TeamChange.kind, TeamChange.seat, TeamChange.certificate, TeamChange.at
    ).where((TeamChange.inspection == item.inspection) & TeamChange.kind.is_in(["seated", "sent"]))
    joined: dict[int | str, list[datetime]] = {}
    for change in changes:
        key = change["seat"] if change["kind"] == "seated" else change["certificate"]
        joined.setdefault(key, []).append(change["at"])
    organisations = await _load_organisations(item)
    drawn = [
        _member(
            OwnMember(
                seat=number,
                role=seat.role,
                name=seat.name,
                certificate=seat.certificate,
                organisation=organisations.get(seat.inspector or 0, ""),
                is_known=is_seat_known(joined.get(number, ()), met_at),
            )
        )
        for number, seat in enumerate(item.seats)
    ]
    sent = [
        _member(
            OwnMember(
                seat=None,
                role=member.role,
                name=member.name,
                certificate=member.certificate,
                organisation=member.sent_by,
                is_known=is_seat_known(joined.get(member.certificate, ()), met_at),
            )
        )
        for member in item.sent
    ]
    return tuple(drawn + [member for member in sent if member.is_known])


def _member(member: OwnMember) -> OwnMember:
    if member.is_known:
        return member
    return OwnMember(
        seat=member.seat, role=member.role, name="", certificate="", organisation="", is_known=False
    )


async def _load_organisations(item: DeskInspection) -> Mapping[int, str]:
    ids = [seat.inspector for seat in item.seats if seat.inspector is not None]
    rows = await Inspector.select(Inspector.id, Inspector.organisation).where(Inspector.id.is_in(ids or [0]))
    return {row["id"]: row["organisation"] for row in rows}


def _papers(item: DeskInspection, team: Sequence[OwnMember]) -> tuple[str, ...]:
    """The notice with its team, where nobody on it is still to come; the notice of a result that stands."""
    papers = ("notice",) if all(member.is_known for member in team) else ()
    return (*papers, "result") if item.state in ("reviewed", "published") else papers


async def _load_results(item: DeskInspection) -> tuple[OwnResult, ...]:
    rows = await (
        ResultStep.select(ResultStep.step, ResultStep.log_index, _RESULT.version.as_alias("version"))
        .where((_RESULT.inspection == item.inspection) & ResultStep.log_index.is_not_null())
        .order_by(ResultStep.id)
    )
    indexes = {(row["version"], row["step"]): row["log_index"] for row in rows}
    return tuple(
        OwnResult(
            version=result.version,
            state=result.state,
            inspected_on=result.inspected_on,
            categories=() if result.state == "withdrawn" else result.texts,
            findings="" if result.state == "withdrawn" else mask_personal_numbers(result.findings),
            correction_reason=""
            if result.state == "withdrawn"
            else mask_personal_numbers(result.correction_reason),
            digest=result.digest,
            at=result.judged_at,
            log_index=indexes.get((result.version, "published")),
            withdrawn_index=indexes.get((result.version, "withdrawn")),
        )
        for result in reversed(item.results)
        if result.state in STANDING
    )


async def _load_follow_ups(office: Office, inspection: int) -> tuple[OwnFollowUp, ...]:
    return tuple([await _follow_up(office, view) for view in await load_follow_ups(inspection)])


async def _follow_up(office: Office, view: FollowUpView) -> OwnFollowUp:
    due_on = None if view.is_closed else view.due_on
    return OwnFollowUp(
        opened_at=view.opened_at,
        is_closed=view.is_closed,
        due_on=due_on,
        days_left=None if due_on is None else await count_working_days(office, office.today(), due_on),
        steps=tuple(
            OwnStep(
                step=step.step,
                on=step.on,
                due_on=step.due_on,
                document=step.document,
                body=step.body,
                text=mask_personal_numbers(step.text),
            )
            for step in view.steps
            if step.step in _TOLD
        ),
    )
