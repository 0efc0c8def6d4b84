"""The whole file of the agency to take away: JSON for programs, a zip of CSV tables for people."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Template

from admin.agency.page import AT_DESK, open_desk, show_desk
from admin.page import AnyRequest, TheActor, TheLabel, TheOffice
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.spreadsheet import format_harmless_cell
from agency_credit.services.agency_file import FORM, Cell, Row, load_agency_file

_WORDS = {
    "practice_line": "practice_line",
    "status": "agency_status",
    "list_status": "list_status",
    "place": "own_place",
    "stream": "stream",
    "extent": "statement_extent",
    "right": "desk_right",
    "ledger.state": "line_state",
    "results.state": "result_state",
    "events.event": "record_event",
    "follow_ups.step": "follow_up_step",
    "other_inspections.kind": "visit_kind",
    "messages.kind": "notice",
}
"""Columns whose words have names of their own, by the kind of label; some of one table alone."""
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@get("/desk/{uscc:str}/file", opt=AT_DESK)
async def show_file(request: AnyRequest, actor: TheActor, uscc: FromPath[str]) -> Template:
    """What can be taken away, and in which forms."""
    open_desk(request, actor, uscc)
    return show_desk("file", uscc=uscc)


@get("/desk/{uscc:str}/file.json", opt=AT_DESK)
async def save_file_json(
    request: AnyRequest, office: TheOffice, actor: TheActor, uscc: FromPath[str]
) -> Response[dict[str, Any]]:
    """All tables for programs."""
    open_desk(request, actor, uscc)
    tables = await load_agency_file(office, actor, uscc)
    return Response(
        {"form": FORM, "made_at": office.now(), **tables},
        headers={"Content-Disposition": f'attachment; filename="{uscc}.json"'},
    )


@get("/desk/{uscc:str}/file.zip", opt=AT_DESK)
async def save_file_csv(
    request: AnyRequest, office: TheOffice, actor: TheActor, label: TheLabel, uscc: FromPath[str]
) -> Response[bytes]:
    """A CSV file a table, in one zip."""
    open_desk(request, actor, uscc)
    tables = await load_agency_file(office, actor, uscc)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for number, (name, rows) in enumerate(tables.items(), start=1):
            entry = zipfile.ZipInfo(f"{number:02d}-{label('file_table', name)}.csv", _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            writer.writestr(entry, _format_table(name, rows, label))
    return Response(
        archive.getvalue(),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{uscc}.zip"'},
    )


PAGES = (show_file, save_file_json, save_file_csv)


def _format_table(table: str, rows: Sequence[Row], label: Callable[[str, str], str]) -> bytes:
    """A table for spreadsheets; one without rows says so, since nothing names its columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if rows:
        writer.writerow([label("file_column", name) for name in rows[0]])
    else:
        writer.writerow([label("file_table", "none")])
    for row in rows:
        writer.writerow(
            [format_harmless_cell(_cell(table, name, value, label)) for name, value in row.items()]
        )
    return "\ufeff".encode() + text.getvalue().encode()


def _cell(table: str, name: str, value: Cell, label: Callable[[str, str], str]) -> object:
    if isinstance(value, bool):
        return label("yes_no", "yes" if value else "no")
    if isinstance(value, datetime):
        return f"{value.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M:%S}"
    kind = _WORDS.get(f"{table}.{name}", _WORDS.get(name))
    return label(kind, value) if kind and isinstance(value, str) and value else value
