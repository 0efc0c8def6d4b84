"""The guided path of a draft: a list of tasks, a page a section, then the answers to check.

Each section is saved by itself, with the version that its page showed, so that two drafters lose nothing of
each other's. Whoever may only read, and everybody once the draw is announced, sees the same pages without
their forms.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from admin.draft_form import read_section
from admin.draft_view import (
    complaints_in,
    frame_query_of,
    known_section,
    show_path,
    show_section_page,
    without_times,
)
from admin.entered import read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to
from agency_credit.domain.errors import ConflictError, FaultsError
from agency_credit.domain.role import DRAFTER, DRAW_READERS
from agency_credit.services.desk_draft import follow_frame, load_draft_desk
from agency_credit.services.draft_rehearsal import rehearse_draft
from agency_credit.services.draft_saving import SectionChange, name_own_sources, save_section
from agency_credit.services.draft_sections import SECTIONS, merge_section
from agency_credit.services.draw_draft import draft_draw, load_draft, suggest_draft
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.frame_compare import UnitChange, compare_with_last
from agency_credit.services.frame_list import find_lines


@post("/admin/draws", opt=opened_to(DRAFTER))
async def start_draft(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """A new draft from the suggestion, from the voided draw that it replaces, or from one that lapsed."""
    entered = await read_form(request)
    replaced, again = entered.text("replaces"), entered.text("again")
    if replaced or again:
        draft = without_times(await load_draft(replaced or again), replaced or None)
    else:
        draft = await suggest_draft(office)
    draw = await draft_draw(office, actor, draft)
    return lead(request, "/admin/draws/{draw}/plan", draw=draw)


@get("/admin/draws/{draw:str}/plan", opt=opened_to(DRAW_READERS))
async def show_sections(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """The list of sections: how far each is, what it still needs, who saved it last."""
    desk = await load_draft_desk(office, draw)
    missing = {section: complaints_in(desk, section) for section in SECTIONS}
    return await show_path(office, actor, desk, "draft", missing_of=missing)


@get("/admin/draws/{draw:str}/plan/{section:str}", opt=opened_to(DRAW_READERS))
async def show_section(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    section: FromPath[str],
    rehearse: FromQuery[bool] = False,
) -> Template:
    """One page of the path."""
    desk = await load_draft_desk(office, known_section(section) and draw)
    more: dict[str, Any] = {"frame_query": frame_query_of(request)}
    if rehearse and section == "teams":
        more["rehearsal"] = await rehearse_draft(desk)
    return await show_section_page(office, actor, desk, section, **more)


@post("/admin/draws/{draw:str}/plan/{section:str}", opt=opened_to(DRAFTER))
async def save(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    section: FromPath[str],
) -> Template | Redirect:
    """Save a page and go on to the next one.

    1. What cannot be read is shown again, as it was entered, and not saved.
    2. So is what would keep the draw from being announced, unless it is to be mended later.
    3. So is what somebody else saved meanwhile, beside what he saved.
    """
    entered = await read_form(request)
    before = await load_draft(draw)
    read = read_section(known_section(section), entered, before)
    draft = name_own_sources(merge_section(before, read, section))
    if section in ("frame", "strata"):
        draft = await follow_frame(office, draft)
    is_later = entered.has("later")
    version = entered.number("version") or 0
    complaints = list(entered.complaints)  # 1
    if not complaints and not is_later:
        complaints = complaints_in(await load_draft_desk(office, draw, draft), section)  # 2
    if complaints:
        desk = await load_draft_desk(office, draw, draft)
        return await show_section_page(
            office, actor, desk, section, complaints, entered=entered, version=version
        )
    change = SectionChange(section=section, draft=draft, version=version)
    try:
        await save_section(office, actor, draw, change)
    except ConflictError as error:  # 3
        saved = await load_draft_desk(office, draw)
        desk = await load_draft_desk(office, draw, draft)
        more: dict[str, Any] = {"entered": entered, "saved": saved, "conflict": error}
        return await show_section_page(office, actor, desk, section, **more)
    if is_later:
        return lead(request, "/admin/draws/{draw}/plan", draw=draw)
    following = dict(pairwise(SECTIONS)).get(section)
    path = "/admin/draws/{draw}/plan/{section}" if following else "/admin/draws/{draw}/check"
    return lead(request, path, draw=draw, section=following or "")


@get("/admin/draws/{draw:str}/check", opt=opened_to(DRAW_READERS))
async def show_check(office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Template:
    """All answers on one page, what they mean, and the button that announces."""
    return await show_path(office, actor, await load_draft_desk(office, draw), "draft_check")


@post("/admin/draws/{draw:str}/announce", opt=opened_to(DRAFTER))
async def announce(
    request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]
) -> Template | Redirect:
    """Freeze and announce, once the box was ticked that says what this means."""
    entered = await read_form(request)
    complaints: list[Complaint] = []
    if not entered.has("confirmed"):
        entered.add_fault("confirmed", "form.confirm", "tick the box to confirm that this is what you want")
        complaints = list(entered.complaints)
    else:
        try:
            await announce_draw(office, actor, draw)
        except FaultsError as error:
            complaints = [("", fault) for _, fault in complaints_of(error)]
    if complaints:
        desk = await load_draft_desk(office, draw)
        return await show_path(office, actor, desk, "draft_check", complaints)
    return lead(request, "/admin/draws/{draw}", draw=draw)


@get("/admin/draws/{draw:str}/frame.csv", opt=opened_to(DRAW_READERS))
async def download_frame(request: AnyRequest, office: TheOffice, draw: FromPath[str]) -> Template:
    """The frame as a table: every unit that fits what was looked for, with its ground and what changed."""
    desk = await load_draft_desk(office, draw)
    lines = desk.frame.lines if desk.frame else ()
    comparison = await compare_with_last(desk.draw_id, desk.draft, lines)
    changes: dict[str, list[UnitChange]] = {}
    for change in comparison.changes if comparison else ():
        changes.setdefault(change.unit, []).append(change)
    query = frame_query_of(request)
    gone = [c for found in changes.values() for c in found if c.kind == "gone"]
    return Template(
        "console/frame.csv",
        context={
            "desk": desk,
            "lines": find_lines(lines, query),
            "changes": changes,
            "gone": [] if query.stratum or query.place or query.text else gone,
        },
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="frame-{desk.draw_id}.csv"'},
    )


PAGES = (start_draft, show_sections, show_section, save, show_check, announce, download_frame)
