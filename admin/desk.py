"""The first page of the console; the ratings."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from admin.page import AnyRequest, TheActor, TheOffice, has_role, lead, opened_to, show
from agency_credit.domain.role import ALARM_READERS, EVERYBODY, OFFICE, RATERS
from agency_credit.services.alarms import load_alarms
from agency_credit.services.desk import load_counts, load_desk
from agency_credit.services.rating_run import rate_all
from agency_credit.services.rating_store import is_rating_due
from agency_credit.services.record_desk import load_waiting_record_changes
from agency_credit.services.rule_book import load_packs_of_today
from agency_credit.services.statistics import load_tiers


@get("/admin", opt=opened_to(EVERYBODY))
async def show_desk(request: AnyRequest, office: TheOffice, actor: TheActor) -> Template | Redirect:
    """What waits for me, the draws, what is due, the registers; an agency's person has a desk elsewhere."""
    if not has_role(actor, OFFICE):
        return lead(request, "/desk")
    alarms = await load_alarms(office) if has_role(actor, ALARM_READERS) else None
    return show("desk", desk=await load_desk(office, actor), alarms=alarms, today=office.today())


@get("/admin/rating", opt=opened_to(RATERS))
async def show_rating(
    office: TheOffice,
    n_rated: FromQuery[int | None] = None,
    n_changed: FromQuery[int | None] = None,
) -> Template:
    """Agencies by tier, the instruments they are rated by, the button that rates all."""
    return show(
        "rating",
        counts=await load_counts(),
        table=await load_tiers(),
        is_due=await is_rating_due(),
        changes=await load_waiting_record_changes(),
        packs=await load_packs_of_today(office),
        done=None if n_rated is None else {"rated": n_rated, "changed": n_changed or 0},
    )


@post("/admin/rating", opt=opened_to(RATERS))
async def rate(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """Rate every agency in force as of today."""
    run = await rate_all(office, actor)
    return lead(request, "/admin/rating", {"n_rated": run.n_rated, "n_changed": run.n_changed})
