"""What the law asks of the agencies by a day: the page, and the same for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from admin.page import TheLabel, TheOffice, opened_to, show
from agency_credit.domain.role import ALARM_READERS
from agency_credit.domain.spreadsheet import format_harmless_cell
from agency_credit.inspection.alarms import ALARM_KINDS
from agency_credit.services.alarms import Alarm, Alarms, load_alarms

A_PAGE = 100
URGENCIES = ("overdue", "due")


@get("/admin/alarms", opt=opened_to(ALARM_READERS))
async def show_alarms(
    office: TheOffice, kind: FromQuery[str] = "", urgency: FromQuery[str] = "", after: FromQuery[int] = 0
) -> Template:
    """Alarms, the most urgent first; of one kind, overdue or due, where it is asked."""
    alarms = await load_alarms(office)
    chosen = _choose(alarms, kind, urgency)
    start = max(after, 0)
    return show(
        "alarms",
        alarms=alarms,
        shown=chosen[start : start + A_PAGE],
        n_chosen=len(chosen),
        start=start,
        following=start + A_PAGE if len(chosen) > start + A_PAGE else None,
        kinds=ALARM_KINDS,
        urgencies=URGENCIES,
        kind=kind if kind in ALARM_KINDS else "",
        urgency=urgency if urgency in URGENCIES else "",
    )


@get("/admin/alarms.json", opt=opened_to(ALARM_READERS))
async def list_alarms(
    office: TheOffice, kind: FromQuery[str] = "", urgency: FromQuery[str] = ""
) -> dict[str, Any]:
    """The same for programs."""
    alarms = await load_alarms(office)
    rows = [_to_row(alarm) for alarm in _choose(alarms, kind, urgency)]
    return {"on": alarms.on.isoformat(), "not_known": dict(alarms.not_known), "alarms": rows}


@get("/admin/alarms.csv", opt=opened_to(ALARM_READERS))
async def save_alarms(
    office: TheOffice, label: TheLabel, kind: FromQuery[str] = "", urgency: FromQuery[str] = ""
) -> Response[bytes]:
    """The same for spreadsheets."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([label("alarm_column", name) for name in _COLUMNS])
    for alarm in _choose(await load_alarms(office), kind, urgency):
        row = _to_row(alarm)
        words = {
            "kind": label("alarm", alarm.kind),
            "state": label("alarm_state", _state_of(alarm)),
            "practice_line": label("practice_line", alarm.practice_line),
            "others": "、".join(alarm.others),
            "numbers": "；".join(
                f"{label('alarm_number', name)} {value}" for name, value in alarm.finding.numbers.items()
            ),
            "task": label("alarm_task", alarm.kind),
        }
        writer.writerow([format_harmless_cell((row | words)[name]) for name in _COLUMNS])
    return Response(
        "\ufeff".encode() + text.getvalue().encode(),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="alarms.csv"'},
    )


PAGES = (show_alarms, list_alarms, save_alarms)

_COLUMNS = (
    *("kind", "state", "name", "uscc", "practice_line", "since", "due_on", "numbers", "person", "others"),
    *("law", "task"),
)


def _choose(alarms: Alarms, kind: str, urgency: str) -> tuple[Alarm, ...]:
    """Those of a kind and an urgency; what is neither is as if nothing was asked."""
    is_overdue = {"overdue": True, "due": False}.get(urgency)
    return alarms.select(kind if kind in ALARM_KINDS else "", is_overdue=is_overdue)


def _state_of(alarm: Alarm) -> str:
    if not alarm.finding.is_overdue:
        return "due"
    return "late" if alarm.finding.due_on else "unmet"


def _to_row(alarm: Alarm) -> dict[str, Any]:
    found = alarm.finding
    return {
        "kind": alarm.kind,
        "is_overdue": found.is_overdue,
        "name": alarm.name,
        "uscc": alarm.uscc,
        "practice_line": alarm.practice_line,
        "since": found.since.isoformat() if found.since else None,
        "due_on": found.due_on.isoformat() if found.due_on else None,
        "is_derived": found.is_derived,
        "numbers": dict(found.numbers),
        "person": alarm.person,
        "others": list(alarm.others),
        "law": alarm.law,
    }
