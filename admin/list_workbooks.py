"""Workbooks of lists: templates to fill in, and what became of each row of one that was sent."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from admin.page import TheActor, TheOffice, TheTell, opened_to
from agency_credit.domain.role import IMPORTERS
from agency_credit.services.import_answer import make_answer
from agency_credit.services.import_template import make_template
from agency_credit.services.import_upload import load_upload

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/admin/import/templates/{name:str}", opt=opened_to(IMPORTERS))
async def load_template(office: TheOffice, name: FromPath[str]) -> Response[bytes]:
    """The template of a kind of list: `KIND.xlsx`."""
    kind = name.removesuffix(".xlsx")
    return _send(await make_template(office, kind), f"{kind}.xlsx")


@get("/admin/import/{upload:int}/answer.xlsx", opt=opened_to(IMPORTERS))
async def load_answer(
    office: TheOffice, actor: TheActor, tell: TheTell, upload: FromPath[int]
) -> Response[bytes]:
    """A file of one's own with what becomes, or became, of each row."""
    kept = await load_upload(office, actor, upload)
    content = await make_answer(kept.name, kept.content, kept.kind, kept.preview.outcomes, tell)
    return _send(content, f"{kept.kind}-{upload}-answer.xlsx")


@get("/admin/import/{upload:int}/faulty.xlsx", opt=opened_to(IMPORTERS))
async def load_faulty(
    office: TheOffice, actor: TheActor, tell: TheTell, upload: FromPath[int]
) -> Response[bytes]:
    """The rows of it that are kept out, to mend and import."""
    kept = await load_upload(office, actor, upload)
    rows = kept.preview.outcomes
    content = await make_answer(kept.name, kept.content, kept.kind, rows, tell, only_faulty=True)
    return _send(content, f"{kept.kind}-{upload}-faulty.xlsx")


PAGES = (load_template, load_answer, load_faulty)


def _send(content: bytes, name: str) -> Response[bytes]:
    disposition = f'attachment; filename="{name}"'
    return Response(content, media_type=XLSX, headers={"Content-Disposition": disposition})
