"""Import: choose a list, see what it would do and every fault of it, then take it in."""

from __future__ import annotations

import base64
import binascii
from typing import cast

from litestar import get, post
from litestar.response import Template

from admin.entered import Entered, read_form, read_upload
from admin.page import AnyRequest, TheActor, TheOffice, complaints_of, opened_to, show
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import IMPORTERS
from agency_credit.services.import_agencies import PracticeLine
from agency_credit.services.import_file import Mode, import_file

KINDS = ("agencies", "practitioners", "records", "inspectors", "recusals", "inspections")
LARGEST_REQUEST = 16 * 1024 * 1024
"""Bytes: the largest file that is read (10 MB), carried along as base64, and the form around it."""


@get("/admin/import", opt=opened_to(IMPORTERS))
async def show_import() -> Template:
    """The form: which list, which file."""
    return show("import", kinds=KINDS, values={})


@post(
    "/admin/import/preview", opt=opened_to(IMPORTERS), request_max_body_size=LARGEST_REQUEST, status_code=200
)
async def preview_import(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template:
    """What the file would do. Nothing is stored; the page carries the file along to the next step."""
    entered = await read_form(request)
    upload = await read_upload(request, "file")
    kind, line = _read_choice(entered)
    if upload is None:
        entered.add_fault("file", "import.no-file", "choose a file")
    if entered.complaints or upload is None:
        return _again(entered)
    name, content = upload
    try:
        report = await import_file(office, actor, kind, name, content, practice_line=line, is_dry_run=True)
    except InputError as error:
        entered.complaints += complaints_of(error, "file")
        return _again(entered)
    carried = base64.b64encode(content).decode()
    return show("import_preview", report=report, kind=kind, line=line or "", name=name, carried=carried)


@post("/admin/import", opt=opened_to(IMPORTERS), request_max_body_size=LARGEST_REQUEST, status_code=200)
async def commit_import(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template:
    """Take the file in: all of it, or the rows without error. Twice changes nothing and says so."""
    entered = await read_form(request)
    kind, line = _read_choice(entered)
    mode: Mode = "accept-good" if entered.text("mode") == "accept-good" else "all-or-nothing"
    try:
        content = base64.b64decode(str((await request.form()).get("carried", "")), validate=True)
    except binascii.Error:
        entered.add_fault("file", "import.no-file", "choose a file")
    if entered.complaints:
        return _again(entered)
    name = entered.text("name")
    report = await import_file(office, actor, kind, name, content, practice_line=line, mode=mode)
    return show("import_done", report=report, kind=kind, name=name)


def _read_choice(entered: Entered) -> tuple[str, PracticeLine | None]:
    kind, line = entered.text("kind"), entered.text("practice_line")
    if kind not in KINDS:
        entered.add_fault("kind", "form.choice", "choose one of the answers")
    if line not in ("", "patent", "trademark"):
        entered.add_fault("practice_line", "form.choice", "choose one of the answers")
    return kind, cast("PracticeLine | None", line or None)


def _again(entered: Entered) -> Template:
    values = {"kind": entered.text("kind"), "practice_line": entered.text("practice_line")}
    return show("import", faults=entered.complaints, kinds=KINDS, values=values)
