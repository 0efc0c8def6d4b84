"""Template workbooks of the lists, to download and fill in."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath

from admin.page import TheOffice, opened_to
from agency_credit.domain.role import IMPORTERS
from agency_credit.services.import_template import make_template

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/admin/import/templates/{name:str}", opt=opened_to(IMPORTERS))
async def load_template(office: TheOffice, name: FromPath[str]) -> Response[bytes]:
    """The template of a kind of list: `KIND.xlsx`."""
    kind = name.removesuffix(".xlsx")
    content = await make_template(office, kind)
    return Response(
        content, media_type=XLSX, headers={"Content-Disposition": f'attachment; filename="{kind}.xlsx"'}
    )


PAGES = (load_template,)
