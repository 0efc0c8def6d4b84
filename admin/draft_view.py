"""The pages of the guided path: what each shows of a draft, or of what was announced."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from litestar.response import Template
from msgspec.structs import replace

from admin.draft_form import format_percent
from admin.entered import Entered
from admin.page import AnyRequest, Complaint, has_role, show
from agency_credit.domain.errors import Fault, NotFoundError
from agency_credit.domain.plan import EntropyForm
from agency_credit.domain.role import DRAFTER, Actor
from agency_credit.services.annual_plan import load_plan
from agency_credit.services.desk_draft import DraftDesk, key_of
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.draft_sections import SECTIONS
from agency_credit.services.draw_draft import DrawDraft
from agency_credit.services.frame import TIERS, load_record_kinds
from agency_credit.services.frame_compare import KINDS, compare_with_last
from agency_credit.services.frame_list import PLACES, FrameQuery, count_places, find_lines, page_of
from agency_credit.services.items import load_items
from agency_credit.services.office import Office

_ZONE = ZoneInfo("Asia/Shanghai")
N_BLANK = 2
"""Empty rows offered for further sources; more appear after saving."""
MAX_SEATS = 5
N_SHOWN = 50
"""Most differences of a kind that the page of the frame shows; the file has all of them."""


async def show_path(
    office: Office,
    actor: Actor,
    desk: DraftDesk,
    name: str,
    complaints: list[Complaint] | None = None,
    **context: Any,
) -> Template:
    """A page of the path with the block that says where the draw stands."""
    return show(
        name,
        faults=complaints or (),
        desk=desk,
        sections=SECTIONS,
        takes=_takes(desk.draft),
        head=await load_draw_desk(office, actor, desk.draw),
        may_edit=not desk.is_frozen and has_role(actor, DRAFTER),
        **context,
    )


async def show_section_page(
    office: Office,
    actor: Actor,
    desk: DraftDesk,
    section: str,
    complaints: list[Complaint] | None = None,
    **more: Any,
) -> Template:
    entered: Entered | None = more.pop("entered", None)
    context: dict[str, Any] = {
        "section": section,
        "entered": entered,
        "version": desk.version_of(section),
        "conflict": None,
        "rehearsal": None,
        **more,
    }
    plan = desk.draft.plan
    if section == "what":
        context |= await _what_context(desk)
    elif section == "frame":
        context |= await _frame_context(desk, context.pop("frame_query", FrameQuery()))
    elif section == "strata":
        context["entered_takes"] = _entered_takes(entered) if entered and complaints else _takes(desk.draft)
    elif section == "teams":
        blank = [{"role": "", "skills": []}] * (MAX_SEATS - len(plan.seats))
        context["seats"] = [*plan.seats, *blank]
        context["skills"] = sorted({skill for person in desk.roster for skill in person["skills"]})
    elif section == "entropy":
        context |= _sources(desk.draft) | ({} if entered is None else _entered_sources(entered))
    may_edit = not desk.is_frozen and has_role(actor, DRAFTER)
    name = f"draft_{section}" if may_edit else "draft_read"
    page = await show_path(office, actor, desk, name, complaints, **context)
    if context["conflict"] is not None:
        page.status_code = 409
    return page


async def _what_context(desk: DraftDesk) -> dict[str, Any]:
    items = await load_items(desk.today)
    draft = desk.draft
    plan = await load_plan(draft.task.year if draft.task else desk.today.year)
    task = f"{draft.task.year}-{draft.task.row}" if draft.task else ""
    return {
        "items": [item for item in items if not item.body],
        "partner_items": [item for item in items if item.body],
        "chosen_partner_items": [f"{p.name}：{title}" for p in draft.partners for title in p.items],
        "annual": plan,
        "task": task or (draft.unplanned.kind if draft.unplanned else ""),
        "unplanned_reason": draft.unplanned.reason if draft.unplanned else "",
    }


async def _frame_context(desk: DraftDesk, query: FrameQuery) -> dict[str, Any]:
    lines = desk.frame.lines if desk.frame else ()
    return {
        "query": query,
        "found": page_of(find_lines(lines, query), query.page),
        "counts": count_places(lines),
        "places": PLACES,
        "record_kinds": await load_record_kinds(),
        "tiers": TIERS,
        "comparison": await compare_with_last(desk.draw_id, desk.draft, lines),
        "kinds": KINDS,
        "n_shown": N_SHOWN,
    }


def frame_query_of(request: AnyRequest) -> FrameQuery:
    """What is looked for, as the address says; what cannot be read asks for nothing."""
    asked = request.query_params
    page = asked.get("page", "1")
    return FrameQuery(
        text=asked.get("q", "")[:200],
        stratum=asked.get("stratum", "")[:64],
        place=asked.get("place", "") if asked.get("place") in PLACES else "",
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1,
    )


def complaints_in(desk: DraftDesk, section: str) -> list[Complaint]:
    error: list[Complaint] = []
    if section == "frame" and desk.frame_error is not None:
        error = [("scope.practice_lines", desk.frame_error)]
    return error + [(_field_of(fault), fault) for fault in desk.faults[section]]


def _field_of(fault: Fault) -> str:
    """The field of the page where a fault is mended; lists have one place of their own."""
    key = key_of(fault)
    if fault.at in ("task", "partners"):
        return fault.at
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


def without_times(old: DrawDraft, replaced: str | None) -> DrawDraft:
    """The draft of a draw for another one: fresh chance, so no commitment of before.

    `replaced`: the voided draw whose new attempt it is; None: it lapsed, and is not replaced but left.
    """
    own = [
        {**s, "commitment": None}
        for s in old.plan.entropy
        if not s.get("commitment") and s["kind"] == "commitment"
    ]
    return replace(old, plan=replace(old.plan, entropy=own), replaces=replaced)


def known_section(section: str) -> Literal["what", "frame", "strata", "teams", "entropy"]:
    if section not in SECTIONS:
        raise NotFoundError("draft.section", "there is no page {section} in a draft", section=section)
    return section  # type: ignore[return-value]
