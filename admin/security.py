"""How strict logins are: the settings, each with its source, changed by the security administrator."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR
from agency_credit.services.security_settings import change_settings, load_setting_rows


@get("/admin/security", opt=opened_to(SECURITY_ADMINISTRATOR))
async def show_security(n_changed: FromQuery[int | None] = None) -> Template:
    """All settings with their sources."""
    return await _show([], {}, n_changed)


@post("/admin/security", opt=opened_to(SECURITY_ADMINISTRATOR, fresh=True))
async def save_security(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """Change what differs; it holds from the next request on."""
    entered = await read_form(request)
    known = [row["key"] for row in await load_setting_rows()]
    wanted = {key: entered.text(key) for key in known if entered.has(key)}
    try:
        n_changed = await change_settings(office, actor, wanted)
    except FaultsError as error:
        return await _show(complaints_of(error), wanted, None)
    return lead(request, "/admin/security", {"n_changed": n_changed})


PAGES = (show_security, save_security)


async def _show(complaints: list[Complaint], wanted: dict[str, str], n_changed: int | None) -> Template:
    rows = await load_setting_rows()
    return show("security", faults=complaints, rows=rows, values=wanted, n_changed=n_changed)
