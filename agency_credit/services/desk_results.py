"""Inspections as the console shows them: team, result, state, deadline."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import (
    Draw,
    DrawStep,
    Inspection,
    InspectionResult,
    InspectionSeat,
    ResultConfirmation,
)
from agency_credit.domain.errors import NotFoundError
from agency_credit.domain.record_form import FormDetails, parse_form
from agency_credit.domain.role import Actor
from agency_credit.services.calendar import add_working_days, is_in_package
from agency_credit.services.office import Office
from agency_credit.services.reference import load_categories
from agency_credit.services.result_store import STANDING, load_steps
from agency_credit.services.supervision import RESULTS_PUBLISHED, load_value
from agency_credit.services.team_store import SentMember, fold_sent, load_calls, load_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSeat:
    """A seat of a team; `inspector` is None where nobody could be drawn for it."""

    role: str
    inspector: int | None
    name: str
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskConfirmation:
    """A member who confirmed a version, and when."""

    inspector: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskResult:
    """One version of a result, and what became of it.

    Parameters
    ----------
    digest
        What its team confirms; empty where it was entered before there were confirmations.
    details
        The rest of the record; None: a program handed in the short form.
    correction_reason
        Why it corrects a published version.
    """

    version: int
    inspected_on: date
    categories: tuple[str, ...]
    texts: tuple[str, ...]
    findings: str
    entered_by: int
    entered_by_name: str
    entered_at: datetime
    state: str
    judged_by_name: str
    judged_at: datetime | None
    reason: str
    digest: str = ""
    details: FormDetails | None = None
    correction_reason: str = ""
    confirmations: tuple[DeskConfirmation, ...] = ()

    @property
    def n_bad(self) -> int:
        """How many lines of its checklist are not met."""
        lines = self.details.lines if self.details else ()
        return sum(line.answer == "not-met" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskInspection:
    """An inspection of an agency.

    Parameters
    ----------
    draw
        Empty: it rests on a lead, not on a draw.
    state
        ``"open"`` before the first result, else that of the newest version; ``"closed"`` where the agency
        is gone.
    sent
        Members whom other bodies sent without lot.
    closing
        The call of a reserve that closed it, as `team_store.load_calls` gives it; None: it takes place.
    supplements
        Supplementary draws that filled a seat of its team.
    is_provisional
        Whether the deadline rests on a year whose working days are not known yet; of one inspection only.
    """

    inspection: int
    draw: str
    draw_title: str
    is_draw_published: bool
    agency: str
    uscc: str
    area: str
    address: str
    stratum: str
    stream: str
    due_on: date | None
    is_overdue: bool
    seats: tuple[DeskSeat, ...]
    results: tuple[DeskResult, ...]
    sent: tuple[SentMember, ...] = ()
    closing: dict[str, Any] | None = None
    supplements: tuple[str, ...] = ()
    is_provisional: bool = False

    @property
    def state(self) -> str:
        """Where it stands."""
        if self.closing is not None:
            return "closed"
        return self.results[-1].state if self.results else "open"

    @property
    def entered_by(self) -> int | None:
        """Who entered the newest version."""
        return self.results[-1].entered_by if self.results else None

    @property
    def is_out(self) -> bool:
        """Whether a result of it is, or was, public: a correction on its way is not late."""
        return _is_out(list(self.results))

    @property
    def is_publishable(self) -> bool:
        """Whether its result can go out by itself: reviewed, and the draw is public already."""
        return self.state == "reviewed" and self.is_draw_published

    @property
    def is_team_short(self) -> bool:
        """Whether a seat stayed empty."""
        return any(seat.inspector is None for seat in self.seats)

    @property
    def is_waiting_for_team(self) -> bool:
        """Whether a supplementary draw has to fill a seat before the visit."""
        return self.closing is None and not self.has_standing_result and self.is_team_short

    @property
    def is_waited_for(self) -> bool:
        """Whether publication waits for it; one without a whole team waits for a supplementary draw."""
        return self.closing is None and not self.has_standing_result and not self.is_team_short

    @property
    def has_standing_result(self) -> bool:
        """Whether a second person reviewed some version; a correction of it may be on its way."""
        return any(result.state in STANDING for result in self.results)

    @property
    def version(self) -> int:
        """The number of the newest version; 0: there is none."""
        return self.results[-1].version if self.results else 0

    def has_confirmed(self, inspector: int | None) -> bool:
        """Whether this member has confirmed the newest version."""
        return bool(self.results) and any(c.inspector == inspector for c in self.results[-1].confirmations)

    def has_member(self, actor: Actor) -> bool:
        """Whether the actor sits on the team."""
        return actor.inspector_id is not None and any(s.inspector == actor.inspector_id for s in self.seats)


async def load_desk_inspections(
    office: Office, draw: int | None = None, inspection: int | None = None
) -> tuple[DeskInspection, ...]:
    """Inspections of all draws that were not voided, or of the draw of this row, in team order.

    Parameters
    ----------
    inspection
        This one alone.
    """
    query = Inspection.select(
        *Inspection.all_columns(),
        Inspection.agency.uscc.as_alias("uscc"),
        Inspection.agency.name.as_alias("agency_name"),
        Inspection.agency.area.as_alias("area"),
        Inspection.agency.address.as_alias("address"),
    ).order_by(Inspection.draw, Inspection.position)
    query = query if draw is None else query.where(Inspection.draw == draw)
    rows = await (query if inspection is None else query.where(Inspection.id == inspection))
    draws = {row["id"]: row for row in await Draw.select(Draw.id, Draw.draw, Draw.title)}
    steps = await DrawStep.select(DrawStep.draw, DrawStep.step)
    published = {step["draw"] for step in steps if step["step"] == "published"}
    voided = {step["draw"] for step in steps if step["step"] == "voided"}
    seats, results = await _load_seats(inspection), await _load_results(inspection)
    teams = await _load_teams()
    today = office.today()
    due_days = await _load_due_days(office, rows, results)
    return tuple(
        DeskInspection(
            inspection=row["id"],
            draw=draws[row["draw"]]["draw"] if row["draw"] else "",
            draw_title=draws[row["draw"]]["title"] if row["draw"] else "",
            is_draw_published=row["draw"] is None or row["draw"] in published,
            agency=row["agency_name"],
            uscc=row["uscc"],
            area=row["area"],
            address=row["address"],
            stratum=row["stratum"],
            stream=row["stream"],
            due_on=due_days.get(row["id"]),
            is_overdue=_is_overdue(due_days.get(row["id"]), results.get(row["id"], []), today),
            seats=tuple(seats.get(row["id"], [])),
            results=tuple(results.get(row["id"], [])),
            sent=teams.sent.get(row["id"], ()),
            closing=teams.closed.get(row["id"]),
            supplements=tuple(sorted(teams.supplements.get(row["id"], ()))),
        )
        for row in rows
        if draw is not None or row["draw"] not in voided
    )


async def load_desk_inspection(office: Office, inspection: int) -> DeskInspection:
    """One inspection; raises NotFoundError where there is none or its draw was voided."""
    for item in await load_desk_inspections(office, inspection=inspection):
        if not item.results:
            return item
        rule = await load_value(office, RESULTS_PUBLISHED)
        days = (rule.value if rule else None) or 0
        _, is_provisional = await add_working_days(office, item.results[-1].inspected_on, days)
        return replace(item, is_provisional=is_provisional)
    raise NotFoundError("inspection.unknown", "there is no such inspection")


async def _load_due_days(
    office: Office, rows: list[dict[str, Any]], results: dict[int, list[DeskResult]]
) -> dict[int, date | None]:
    """When results are due; of a year that only the office knows, as its calendar stands now.

    A deadline that reaches into such a year was set by its weekends alone, and follows the days off as they
    are entered.
    """
    due: dict[int, date | None] = {row["id"]: row["due_on"] for row in rows}
    rule = await load_value(office, RESULTS_PUBLISHED)
    found: dict[date, date] = {}
    for number, day in due.items():
        if day is None or is_in_package(day.year) or not results.get(number) or not (rule and rule.value):
            continue
        start = results[number][-1].inspected_on
        if start not in found:
            found[start], _ = await add_working_days(office, start, rule.value)
        if not _is_out(results[number]):
            due[number] = found[start]
    return due


def _is_out(results: list[DeskResult]) -> bool:
    return any(result.state in ("published", "withdrawn") for result in results)


def _is_overdue(due_on: date | None, results: list[DeskResult], today: date) -> bool:
    return due_on is not None and due_on < today and not _is_out(results)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teams:
    sent: dict[int, tuple[SentMember, ...]]
    closed: dict[int, dict[str, Any]]
    supplements: dict[int, set[str]]


async def _load_teams() -> _Teams:
    """What befell the teams after their draws; a reserve has its team from the inspection it replaces."""
    changes, calls = await load_changes(), await load_calls()
    supplements: dict[int, set[str]] = {}
    for change in changes:
        if change["kind"] == "seated":
            supplements.setdefault(change["inspection"], set()).add(change["supplement_draw"])
    for call in calls:
        if call["inspection"] is not None:
            taken_over = supplements.get(call["replaced"], set())
            supplements[call["inspection"]] = supplements.get(call["inspection"], set()) | taken_over
    return _Teams(
        sent=fold_sent(changes), closed={call["replaced"]: call for call in calls}, supplements=supplements
    )


async def _load_seats(inspection: int | None) -> dict[int, list[DeskSeat]]:
    query = InspectionSeat.select(
        *InspectionSeat.all_columns(),
        InspectionSeat.inspector.name.as_alias("name"),
        InspectionSeat.inspector.certificate.as_alias("certificate"),
    ).order_by(InspectionSeat.inspection, InspectionSeat.seat)
    seats: dict[int, list[DeskSeat]] = {}
    for row in await (query if inspection is None else query.where(InspectionSeat.inspection == inspection)):
        seats.setdefault(row["inspection"], []).append(
            DeskSeat(
                role=row["role"],
                inspector=row["inspector"],
                name=row["name"] or "",
                certificate=row["certificate"] or "",
            )
        )
    return seats


async def _load_results(inspection: int | None) -> dict[int, list[DeskResult]]:
    texts = await load_categories()
    query = InspectionResult.select(
        *InspectionResult.all_columns(), InspectionResult.entered_by.display_name.as_alias("name")
    ).order_by(InspectionResult.inspection, InspectionResult.version)
    rows = await (query if inspection is None else query.where(InspectionResult.inspection == inspection))
    ids = None if inspection is None else [row["id"] for row in rows]
    last = {step["result"]: step for step in await load_steps(ids)}
    confirmations = await _load_confirmations(ids)
    results: dict[int, list[DeskResult]] = {}
    for row in rows:
        version = _result(row, texts, last.get(row["id"]), confirmations.get(row["id"], []))
        if inspection is not None and row["form_json"]:
            version = replace(version, details=parse_form(row["form_json"]).details)
        results.setdefault(row["inspection"], []).append(version)
    return results


async def _load_confirmations(results: list[int] | None) -> dict[int, list[DeskConfirmation]]:
    if results == []:
        return {}
    query = ResultConfirmation.select(
        *ResultConfirmation.all_columns(), ResultConfirmation.inspector.name.as_alias("name")
    ).order_by(ResultConfirmation.id)
    rows = await (query if results is None else query.where(ResultConfirmation.result.is_in(results)))
    found: dict[int, list[DeskConfirmation]] = {}
    for row in rows:
        found.setdefault(row["result"], []).append(
            DeskConfirmation(inspector=row["inspector"], name=row["name"], at=row["at"])
        )
    return found


def _result(
    row: dict[str, Any],
    texts: dict[str, str],
    step: dict[str, Any] | None,
    confirmations: list[DeskConfirmation],
) -> DeskResult:
    codes = tuple(json.loads(row["categories_json"]))
    is_judged = step is not None and step["step"] != "confirmed"
    return DeskResult(
        version=row["version"],
        inspected_on=row["inspected_on"],
        categories=codes,
        texts=tuple(texts.get(code, code) for code in codes),
        findings=row["findings"],
        entered_by=row["entered_by"],
        entered_by_name=row["name"],
        entered_at=row["entered_at"],
        state=step["step"] if step else "entered",
        judged_by_name=step["by_name"] if step and is_judged else "",
        judged_at=step["at"] if step and is_judged else None,
        reason=step["reason"] if step else "",
        digest=row["digest"],
        correction_reason=row["reason"],
        confirmations=tuple(confirmations),
    )
