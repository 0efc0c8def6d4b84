"""What waits for an agency: its open cases, what it has to put right, what the law asks of it by a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from agency_credit.domain.role import Seat
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.agency_desk import CreditFile
from agency_credit.services.agency_inspections import load_own_inspections
from agency_credit.services.alarms import Alarm, load_alarms
from agency_credit.services.calendar import count_working_days
from agency_credit.services.case_store import CaseFilter, CaseLine, load_cases
from agency_credit.services.notices import desk_path
from agency_credit.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for the agency, or that it waits for.

    Parameters
    ----------
    kind
        ``case.objection``, ``case.repair``, ``case.returned`` (an application that the agency completes),
        ``follow-up`` or ``alarm.`` and what it is about; the pages have the words.
    what
        The record or the inspection concerned.
    path
        Where it is done or can be read; empty: nowhere here.
    due_on, days_left
        By when, and the working days until then, negative once it has passed; None: no day is set.
    alarm
        What the law asks; None: it is none of these.
    """

    kind: str
    what: str
    path: str
    due_on: date | None
    is_overdue: bool
    alarm: Alarm | None = None
    days_left: int | None = None


async def load_waiting(office: Office, seat: Seat, file: CreditFile) -> tuple[Waiting, ...]:
    """What waits for the agency at whose desk somebody sits, the most urgent first.

    Parameters
    ----------
    file
        Its credit file, which names the records of its cases.
    """
    today = office.today()
    found = [
        *_alarms((await load_alarms(office, seat.uscc)).alarms),
        *await _load_follow_ups(office, seat, today),
        *await _load_cases(seat, {record.record: record.kind for record in file.records}, today),
    ]
    counted = [
        replace(one, days_left=await count_working_days(office, today, one.due_on)) if one.due_on else one
        for one in found
    ]
    return tuple(sorted(counted, key=lambda one: (not one.is_overdue, one.due_on or date.max, one.kind)))


def _alarms(alarms: Iterable[Alarm]) -> Iterable[Waiting]:
    for alarm in alarms:
        yield Waiting(
            kind=f"alarm.{alarm.kind}",
            what=alarm.law,
            path="",
            due_on=alarm.finding.due_on,
            is_overdue=alarm.finding.is_overdue,
            alarm=alarm,
        )


async def _load_follow_ups(office: Office, seat: Seat, today: date) -> list[Waiting]:
    return [
        Waiting(
            kind="follow-up",
            what=inspection.draw_title,
            path=f"{desk_path(seat.uscc)}/inspections/{inspection.inspection}",
            due_on=follow_up.due_on,
            is_overdue=follow_up.due_on is not None and follow_up.due_on < today,
        )
        for inspection in await load_own_inspections(office, seat)
        for follow_up in inspection.follow_ups
        if not follow_up.is_closed
    ]


async def _load_cases(seat: Seat, kinds: Mapping[str, str], today: date) -> list[Waiting]:
    """Open cases; their day is a promise of the office, which rests while the agency has to do something."""
    page = await load_cases(CaseFilter(agency=seat.agency_id))
    return [_to_waiting(case, seat, kinds, today) for case in page.cases]


def _to_waiting(case: CaseLine, seat: Seat, kinds: Mapping[str, str], today: date) -> Waiting:
    is_returned = case.kind == "repair" and case.step == RepairStep.RETURNED
    due_on = None if is_returned else case.due_on
    place = f"repairs/{case.number}" if is_returned else f"records/{case.commitment}"
    return Waiting(
        kind="case.returned" if is_returned else f"case.{case.kind}",
        what=kinds.get(case.commitment, ""),
        path=f"{desk_path(seat.uscc)}/{place}",
        due_on=due_on,
        is_overdue=due_on is not None and due_on < today,
    )
