"""The guided path of a draft: five pages, each saved by itself, then the answers to check."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec.structs import replace

from admin.draft_form import format_percent, read_section
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, lead, opened_to, show
from agency_credit.domain.errors import Fault, NotFoundError
from agency_credit.domain.plan import EntropyForm
from agency_credit.domain.role import DRAFTER
from agency_credit.services.desk_draft import (
    SECTIONS,
    DraftDesk,
    follow_frame,
    key_of,
    load_draft_desk,
)
from agency_credit.services.draw_draft import DrawDraft, change_draft, draft_draw, load_draft, suggest_draft
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.items import load_items

_ZONE = ZoneInfo("Asia/Shanghai")
N_BLANK = 2
"""Empty rows offered for further sources; more appear after saving."""
MAX_SEATS = 5


@post("/admin/draws", opt=opened_to(DRAFTER))
async def start_draft(request: AnyRequest, office: TheOffice, actor: TheActor) -> Redirect:
    """A new draft from the suggestion, or from the voided draw that it replaces."""
    replaced = (await read_form(request)).text("replaces")
    if replaced:
        old = await load_draft(replaced)
        draft = _without_times(old, replaced)
    else:
        draft = await suggest_draft(office)
    draw = await draft_draw(office, actor, draft)
    return lead(request, "/admin/draws/{draw}/plan", draw=draw)


@get("/admin/draws/{draw:str}/plan", opt=opened_to(DRAFTER))
async def show_sections(office: TheOffice, draw: FromPath[str]) -> Template:
    """The list of sections with what each still needs."""
    desk = await load_draft_desk(office, draw)
    missing = {section: _complaints(desk, section) for section in SECTIONS}
    return show("draft", desk=desk, sections=SECTIONS, missing_of=missing)


@get("/admin/draws/{draw:str}/plan/{section:str}", opt=opened_to(DRAFTER))
async def show_section(office: TheOffice, draw: FromPath[str], section: FromPath[str]) -> Template:
    """One page of the path."""
    desk = await load_draft_desk(office, draw)
    return await _show_section(desk, _known(section), [])


@post("/admin/draws/{draw:str}/plan/{section:str}", opt=opened_to(DRAFTER))
async def save_section(
    request: AnyRequest,
    office: TheOffice,
    actor: TheActor,
    draw: FromPath[str],
    section: FromPath[str],
) -> Template | Redirect:
    """Save a page and go on to the next one.

    1. What cannot be read is shown again, as it was entered, and not saved.
    2. So is what would keep the draw from being announced, unless it is to be mended later.
    3. A changed scope brings its strata along.
    """
    entered = await read_form(request)
    draft = read_section(_known(section), entered, await load_draft(draw))
    is_later = entered.has("later")
    if section in ("frame", "strata"):
        draft = await follow_frame(office, draft)  # 3
    complaints = list(entered.complaints)  # 1
    if not complaints and not is_later:
        desk = await load_draft_desk(office, draw, draft)  # 2
        complaints = _complaints(desk, section)
    if complaints:
        desk = await load_draft_desk(office, draw, draft)
        return await _show_section(desk, section, complaints, entered)
    await change_draft(office, actor, draw, draft)
    if is_later:
        return lead(request, "/admin/draws/{draw}/plan", draw=draw)
    following = dict(pairwise(SECTIONS)).get(section)
    path = "/admin/draws/{draw}/plan/{section}" if following else "/admin/draws/{draw}/check"
    return lead(request, path, draw=draw, section=following or "")


@get("/admin/draws/{draw:str}/check", opt=opened_to(DRAFTER))
async def show_check(office: TheOffice, draw: FromPath[str]) -> Template:
    """All answers on one page, what they mean, and the button that announces."""
    desk = await load_draft_desk(office, draw)
    return show("draft_check", desk=desk, sections=SECTIONS, takes=_takes(desk.draft))


@post("/admin/draws/{draw:str}/announce", opt=opened_to(DRAFTER))
async def announce(request: AnyRequest, office: TheOffice, actor: TheActor, draw: FromPath[str]) -> Redirect:
    """Freeze and announce."""
    await announce_draw(office, actor, draw)
    return lead(request, "/admin/draws/{draw}", draw=draw)


async def _show_section(
    desk: DraftDesk, section: str, complaints: list[Complaint], entered: Entered | None = None
) -> Template:
    context: dict[str, Any] = {"desk": desk, "sections": SECTIONS, "section": section, "entered": entered}
    plan = desk.draft.plan
    if section == "what":
        context["items"] = await load_items(desk.today)
    elif section == "strata":
        context["takes"] = _entered_takes(entered) if entered and complaints else _takes(desk.draft)
    elif section == "teams":
        blank = [{"role": "", "skills": []}] * (MAX_SEATS - len(plan.seats))
        context["seats"] = [*plan.seats, *blank]
        context["skills"] = sorted({skill for person in desk.roster for skill in person["skills"]})
    elif section == "entropy":
        context |= _sources(desk.draft) | ({} if entered is None else _entered_sources(entered))
    return show(f"draft_{section}", faults=complaints, **context)


def _complaints(desk: DraftDesk, section: str) -> list[Complaint]:
    error: list[Complaint] = []
    if section == "frame" and desk.frame_error is not None:
        error = [("scope.practice_lines", desk.frame_error)]
    return error + [(_field_of(fault), fault) for fault in desk.faults[section]]


def _field_of(fault: Fault) -> str:
    """The field of the page where a fault is mended; lists have one place of their own."""
    key = key_of(fault)
    if key in ("strata", "seats", "entropy", "inspector_limit"):
        return key
    return fault.at if fault.at.startswith("scope.") else f"plan.{key}"


def _takes(draft: DrawDraft) -> dict[str, dict[str, str]]:
    takes = {}
    for item in draft.plan.strata:
        take = item["take"]
        how = "all" if "all" in take else "count" if "count" in take else "fraction"
        takes[str(item["stratum"])] = {
            "how": how,
            "count": str(take.get("count", "")),
            "fraction": format_percent(str(take["fraction"])) if "fraction" in take else "",
            "minimum": str(take.get("minimum", "")),
        }
    return takes


def _entered_takes(entered: Entered) -> dict[str, dict[str, str]]:
    return {
        name: {
            "how": entered.text(f"take-{index}"),
            "count": entered.text(f"count-{index}"),
            "fraction": entered.text(f"fraction-{index}"),
            "minimum": entered.text(f"minimum-{index}"),
        }
        for index, name in enumerate(entered.texts("stratum"))
    }


def _sources(draft: DrawDraft) -> dict[str, Any]:
    """The sources of a draft as the rows of its page."""
    entropy = draft.plan.entropy
    commitments = [s for s in entropy if s.get("kind") == "commitment"]
    events = []
    for source in entropy:
        if source.get("kind") == "public":
            at = _parse_instant(str(source.get("at", "")))
            events.append(
                {
                    "event": source.get("event", ""),
                    "form": source.get("form", ""),
                    "day": f"{at:%Y-%m-%d}" if at else "",
                    "time": f"{at:%H:%M}" if at else "",
                }
            )
    return {
        "has_own": any(not source.get("commitment") for source in commitments),
        "parties": [s for s in commitments if s.get("commitment")]
        + [{"party": "", "commitment": ""}] * N_BLANK,
        "events": events + [{"event": "", "form": "", "day": "", "time": ""}] * N_BLANK,
        "forms_of_value": [form.value for form in EntropyForm],
    }


def _entered_sources(entered: Entered) -> dict[str, Any]:
    """The rows of the page as they were sent, unreadable ones included."""
    parties = zip(entered.texts("party"), entered.texts("commitment"), strict=False)
    names = ("event", "form", "day", "time")
    events = zip(*(entered.texts(name) for name in names), strict=False)
    return {
        "has_own": entered.has("own"),
        "parties": [{"party": party, "commitment": commitment} for party, commitment in parties],
        "events": [dict(zip(names, event, strict=True)) for event in events],
    }


def _parse_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(_ZONE)
    except ValueError:
        return None


def _without_times(old: DrawDraft, replaced: str) -> DrawDraft:
    """The draft of a voided draw for its new attempt: fresh chance, so no commitment of before."""
    own = [
        {**s, "commitment": None}
        for s in old.plan.entropy
        if not s.get("commitment") and s["kind"] == "commitment"
    ]
    return replace(old, plan=replace(old.plan, entropy=own), replaces=replaced)


def _known(section: str) -> Literal["what", "frame", "strata", "teams", "entropy"]:
    if section not in SECTIONS:
        raise NotFoundError("draft.section", "there is no page {section} in a draft", section=section)
    return section  # type: ignore[return-value]
