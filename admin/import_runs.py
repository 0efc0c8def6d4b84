"""Imports that were carried out: the list, each with what came of it, and undoing one."""

from __future__ import annotations

from collections.abc import Iterable

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.import_runs import list_runs, load_run
from agency_credit.services.import_undo import MAX_REASON, undo_import
from agency_credit.services.import_upload import find_upload

RUN = "/admin/imports/{run}"


@get("/admin/imports", opt=opened_to(IMPORTERS))
async def show_runs(before: FromQuery[int | None] = None) -> Template:
    """All imports, the newest first."""
    runs, following = await list_runs(before)
    return show("import_runs", runs=runs, following=following, before=before)


@get("/admin/imports/{run:int}", opt=opened_to(IMPORTERS))
async def show_run(actor: TheActor, run: FromPath[int]) -> Template:
    """One import: who, when, which file, what it did, its entry in the public log."""
    return await _show_run(actor, run, [])


@post("/admin/imports/{run:int}/undo", opt=opened_to(IMPORTERS))
async def undo(
    request: AnyRequest, office: TheOffice, actor: TheActor, run: FromPath[int]
) -> Template | Redirect:
    """Take an import back, where nothing rests on it."""
    entered = await read_form(request)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    complaints = list(entered.complaints)
    if not complaints:
        try:
            await undo_import(office, actor, run, reason)
        except (InputError, RefusedError) as error:
            complaints = complaints_of(error, "reason" if error.code == "import.undo-reason" else "")
    if complaints:
        return await _show_run(actor, run, complaints, reason)
    return lead(request, RUN, run=str(run))


PAGES = (show_runs, show_run, undo)


async def _show_run(actor: Actor, number: int, complaints: Iterable[Complaint], reason: str = "") -> Template:
    complaints = list(complaints)
    in_the_way = [(field, fault) for field, fault in complaints if field not in ("", "reason")]
    return show(
        "import_run",
        faults=[pair for pair in complaints if pair not in in_the_way],
        in_the_way=in_the_way,
        status_code=422 if in_the_way else 200,
        run=await load_run(number),
        upload=await find_upload(actor, number),
        reason=reason,
    )
