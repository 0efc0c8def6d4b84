"""The sealed archive of forgotten records: listed without content, opened for a reason, by auditors alone."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from admin.entered import read_form
from admin.page import AnyRequest, TheActor, TheOffice, complaints_of, opened_to, show
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import AUDIT_ADMINISTRATOR
from agency_credit.services.sealed_archive import OpenedRecord, list_sealed, load_sealed_line, open_sealed


@get("/admin/archive", opt=opened_to(AUDIT_ADMINISTRATOR, fresh=True))
async def show_archive(request: AnyRequest, before: FromQuery[int | None] = None) -> Template:  # noqa: ARG001
    """What was sealed, when, why and by whom; nothing of the records themselves."""
    lines, following = await list_sealed(before)
    return show("archive", lines=lines, before=before, following=following)


@get("/admin/archive/{sealed:int}", opt=opened_to(AUDIT_ADMINISTRATOR, fresh=True))
async def show_sealed(request: AnyRequest, sealed: FromPath[int]) -> Template:  # noqa: ARG001
    """That a record was sealed, and the form that opens it."""
    return show("archive_record", line=await load_sealed_line(sealed), opened=None, reason="")


@post("/admin/archive/{sealed:int}", opt=opened_to(AUDIT_ADMINISTRATOR, fresh=True), status_code=200)
async def open_record(
    request: AnyRequest, office: TheOffice, actor: TheActor, sealed: FromPath[int]
) -> Template:
    """What was sealed, after the audit line is written; shown this once."""
    entered = await read_form(request)
    reason = entered.text("reason", max_length=1000)
    opened: OpenedRecord | None = None
    if not entered.complaints:
        try:
            opened = await open_sealed(office, actor, sealed, reason)
        except InputError as error:
            entered.complaints += complaints_of(error, "reason")
    line = opened or await load_sealed_line(sealed)
    return show("archive_record", faults=entered.complaints, line=line, opened=opened, reason=reason)


PAGES = (show_archive, show_sealed, open_record)
