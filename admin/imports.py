"""Import: send a list once, see row by row what it would do, say what its headings mean, take it in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.entered import Entered, read_form, read_upload
from admin.import_rows import choose_rows, count_rows
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import IMPORTERS, Actor
from agency_credit.services.import_agencies import PracticeLine
from agency_credit.services.import_columns import forget_column, load_columns, say_columns
from agency_credit.services.import_file import Mode
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_upload import (
    abandon_upload,
    commit_upload,
    keep_upload,
    load_upload,
    refresh_upload,
)
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts

LARGEST_REQUEST = 11 * 1024 * 1024
"""Bytes: the largest file that is read (10 MB) and the form around it; what is longer is cut off."""
UPLOAD = "/admin/import/{upload}"


@get("/admin/import", opt=opened_to(IMPORTERS))
async def show_import() -> Template:
    """The form: which list, which file; and what was said of headings."""
    return await _form([], {})


@post("/admin/import", opt=opened_to(IMPORTERS), request_max_body_size=LARGEST_REQUEST)
async def send_file(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Keep the file and lead to what it would do; nothing goes into the register."""
    entered = await read_form(request)
    upload = await read_upload(request, "file")
    kind, line = _read_choice(entered)
    if upload is None:
        entered.add_fault("file", "import.no-file", "choose a file")
    if not entered.complaints and upload is not None:
        try:
            number = await keep_upload(office, actor, kind, *upload, line)
        except InputError as error:
            entered.complaints += complaints_of(error, "file")
        else:
            return lead(request, UPLOAD, upload=str(number))
    values = {"kind": entered.text("kind"), "practice_line": entered.text("practice_line")}
    return await _form(entered.complaints, values)


@get("/admin/import/{upload:int}", opt=opened_to(IMPORTERS))
async def show_preview(
    office: TheOffice,
    actor: TheActor,
    upload: FromPath[int],
    rows: FromQuery[str] = "all",
    page: FromQuery[int] = 1,
) -> Template:
    """What the file would do, row by row; where its headings are not known, what they are."""
    return await _preview(office, actor, upload, state=rows, page=page)


@post("/admin/import/{upload:int}/columns", opt=opened_to(IMPORTERS))
async def say(
    request: AnyRequest, office: TheOffice, actor: TheActor, upload: FromPath[int]
) -> Template | Redirect:
    """Remember what headings of the file mean, and look at it again."""
    kept = await load_upload(office, actor, upload)
    form = await request.form()
    fields = {
        heading.key: str(form.get(f"column-{number}", ""))
        for number, heading in enumerate(kept.preview.headings)
        if form.get(f"column-{number}")
    }
    try:
        if not fields:
            raise InputError("import.column-none", "choose a column for at least one heading")
        await say_columns(office, actor, kept.kind, fields)
    except InputError as error:
        return await _preview(office, actor, upload, complaints_of(error))
    await refresh_upload(office, actor, upload)
    return lead(request, UPLOAD, upload=str(upload))


@post("/admin/import/columns/{column:int}/forget", opt=opened_to(IMPORTERS))
async def forget(request: AnyRequest, office: TheOffice, actor: TheActor, column: FromPath[int]) -> Redirect:
    """Take back what was said of a heading; back to the file that showed it."""
    await forget_column(office, actor, column)
    upload = Entered(await request.form()).number("upload", maximum=2**31)
    if upload is None:
        return lead(request, "/admin/import")
    await refresh_upload(office, actor, upload)
    return lead(request, UPLOAD, upload=str(upload))


@post("/admin/import/{upload:int}/commit", opt=opened_to(IMPORTERS), status_code=200)
async def commit_import(
    request: AnyRequest, office: TheOffice, actor: TheActor, upload: FromPath[int]
) -> Template:
    """Take the file in: all of it, or the rows without error. Twice changes nothing and says so."""
    entered = await read_form(request)
    mode: Mode = "accept-good" if entered.text("mode") == "accept-good" else "all-or-nothing"
    kept = await load_upload(office, actor, upload)
    try:
        report = await commit_upload(office, actor, upload, mode)
    except InputError as error:
        return await _preview(office, actor, upload, complaints_of(error))
    return show("import_done", report=report, kind=kept.kind, name=kept.name, upload=upload)


@post("/admin/import/{upload:int}/abandon", opt=opened_to(IMPORTERS))
async def abandon(request: AnyRequest, office: TheOffice, actor: TheActor, upload: FromPath[int]) -> Redirect:
    """Forget the file at once."""
    await abandon_upload(office, actor, upload)
    return lead(request, "/admin/import")


PAGES = (show_import, send_file, show_preview, say, forget, commit_import, abandon)


async def _form(faults: Iterable[Complaint], values: dict[str, str]) -> Template:
    said = [(kind, await load_columns(kind)) for kind in KINDS]
    return show("import", faults=faults, kinds=tuple(KINDS), values=values, said=said, names=KINDS)


async def _preview(
    office: Office,
    actor: Actor,
    number: int,
    faults: Iterable[Complaint] = (),
    *,
    state: str = "all",
    page: int = 1,
) -> Template:
    upload = await load_upload(office, actor, number)
    counts = count_rows(upload.preview.outcomes)
    state = state if state in counts else "all"
    rows, page, n_pages = choose_rows(upload.preview.outcomes, state, page)
    said = {column.heading: column for column in await load_columns(upload.kind)}
    return show(
        "import_preview",
        faults=faults,
        upload=upload,
        kind=KINDS[upload.kind],
        counts=counts,
        state=state,
        rows=rows,
        page=page,
        n_pages=n_pages,
        said=said,
        districts=await load_districts(),
    )


def _read_choice(entered: Entered) -> tuple[str, PracticeLine | None]:
    kind, line = entered.text("kind"), entered.text("practice_line")
    if kind not in KINDS:
        entered.add_fault("kind", "form.choice", "choose one of the answers")
    if line not in ("", "patent", "trademark"):
        entered.add_fault("practice_line", "form.choice", "choose one of the answers")
    return kind, cast("PracticeLine | None", line or None)
