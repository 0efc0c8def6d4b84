"""From the pages of the guided path to a draft: one reader a section, one section a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from admin.entered import Entered
from agency_credit.domain.plan import EntropyForm
from agency_credit.services.draw_draft import DrawDraft
from agency_credit.services.draw_task import Partner, PlannedTask, Unplanned
from agency_credit.services.frame import LINE_NAMES, TIERS

_ZONE = ZoneInfo("Asia/Shanghai")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_TASK = re.compile(r"[0-9]{4}-[0-9]{1,6}", re.ASCII)
_LISTS = ("abnormal", "serious")
_LEVELS = ("county", "city", "province", "nation")
MAX_SEATS = 5


def read_section(section: str, entered: Entered, draft: DrawDraft) -> DrawDraft:
    """`draft` with what was entered on the page of `section`; faults are noted in `entered`."""
    return _READERS[section](entered, draft)


def format_percent(fraction: str) -> str:
    """A fraction of the plan as a clerk writes it: ``0.05`` is ``5``; what is no decimal stays ``1/3``."""
    if "/" in fraction:
        return fraction
    return _plain(Decimal(fraction) * 100)


def _read_what(entered: Entered, draft: DrawDraft) -> DrawDraft:
    level = entered.text("authority_level")
    if level not in _LEVELS:
        entered.add_fault("authority_level", "form.choice", "choose one of the answers")
    plan = replace(
        draft.plan,
        title=entered.text("plan.title", is_required=True, max_length=120),
        authority=entered.text("plan.authority", max_length=120),
        basis=entered.lines("plan.basis"),
        items=[text for text in entered.texts("plan.items") if text],
        entrustment=entered.text("plan.entrustment") or None,
        publication=cast(
            "Literal['at-once', 'after-inspection']",
            _choice(entered, "plan.publication", ("after-inspection", "at-once")),
        ),
    )
    task, unplanned = _read_task(entered)
    return replace(
        draft,
        plan=plan,
        authority_level=cast("Any", level or draft.authority_level),
        task=task,
        unplanned=unplanned,
        partners=_read_partners(entered),
    )


def _read_task(entered: Entered) -> tuple[PlannedTask | None, Unplanned | None]:
    """A row as ``2026-3``, or the kind of draw that has none, with its reason."""
    choice = entered.text("task")
    year, _, row = choice.partition("-")
    if _TASK.fullmatch(choice):
        return PlannedTask(year=int(year), row=int(row)), None
    if choice in ("lead", "ad-hoc"):
        reason = entered.text("unplanned_reason", max_length=400)
        return None, Unplanned(kind=cast("Any", choice), reason=reason)
    return None, None


def _read_partners(entered: Entered) -> list[Partner]:
    """Items of other bodies are ticked as ``body：title``; a body without an item is in no draw."""
    partners: dict[str, list[str]] = {}
    for text in entered.texts("partner_items", max_length=300):
        body, _, title = text.partition("：")
        if body and title:
            partners.setdefault(body, []).append(title)
    return [Partner(name=name, items=titles) for name, titles in partners.items()]


def _read_frame(entered: Entered, draft: DrawDraft) -> DrawDraft:
    lines = [line for line in LINE_NAMES if line in entered.texts("scope.practice_lines")]
    if not lines:
        entered.add_fault(
            "scope.practice_lines", "scope.lines", "choose patent agencies, trademark agencies or both"
        )
    scope = replace(
        draft.scope,
        practice_lines=lines,
        areas=sorted({area for area in entered.texts("scope.areas") if area}),
        annual_cap=entered.number("scope.annual_cap", minimum=1, maximum=366),
        directed=entered.text("scope.directed") == "yes",
        tiers=[tier for tier in TIERS if tier in entered.texts("scope.tiers")],
        list_status=cast("Any", [s for s in _LISTS if s in entered.texts("scope.list_status")]),
        record_kinds=sorted({kind for kind in entered.texts("scope.record_kinds") if kind}),
        records_since=entered.day("scope.records_since") if entered.text("scope.records_since") else None,
    )
    return replace(draft, scope=scope)


def _read_strata(entered: Entered, draft: DrawDraft) -> DrawDraft:
    strata = [
        {"stratum": name, "take": _read_take(entered, index)}
        for index, name in enumerate(entered.texts("stratum"))
        if name
    ]
    reserves = entered.number("plan.reserves", maximum=1000)
    plan = replace(
        draft.plan,
        strata=strata,
        rounding=cast("Any", _choice(entered, "plan.rounding", ("up", "down", "nearest"))),
        selection=cast("Any", _choice(entered, "plan.selection", ("ticket", "pareto"))),
        reserves=0 if reserves is None else reserves,
    )
    return replace(draft, plan=plan)


def _read_take(entered: Entered, index: int) -> dict[str, Any]:
    how = entered.text(f"take-{index}")
    if how == "all":
        return {"all": True}
    if how == "fraction":
        minimum = entered.number(f"minimum-{index}")
        return {"fraction": _read_fraction(entered, f"fraction-{index}"), "minimum": minimum or 0}
    count = entered.number(f"count-{index}")
    if count is None and not any(field == f"count-{index}" for field, _ in entered.complaints):
        entered.add_fault(f"count-{index}", "draft.count", "say how many to take; 0 takes none")
    return {"count": count or 0}


def _read_fraction(entered: Entered, field: str) -> str:
    """A percentage or a fraction, written as the protocol wants it (section 0)."""
    text = entered.text(field).removesuffix("%").removesuffix("％").strip()
    try:
        if "/" in text:
            exact = Fraction(text)
            written = str(exact) if exact.denominator != 1 else str(exact.numerator)
        else:
            share = Decimal(text) / 100
            exact = Fraction(share)
            written = _plain(share)
        is_good = 0 <= exact <= 1 and len(written) <= 21 and text.isascii()
        if "." in written:
            is_good = is_good and len(written.partition(".")[2]) <= 9
    except (ValueError, ZeroDivisionError, InvalidOperation):
        is_good, written = False, "0"
    if not is_good:
        entered.add_fault(
            field,
            "draft.fraction",
            "write a percentage from 0 to 100, such as 5 or 2.5, or a fraction like 1/3",
        )
        return "0"
    return written


def _read_teams(entered: Entered, draft: DrawDraft) -> DrawDraft:
    seats = []
    for index, role in enumerate(entered.texts("role", max_length=64)):
        skills = sorted({skill for skill in entered.texts(f"skills-{index}", max_length=64) if skill})
        if role:
            seats.append({"role": role, "skills": skills})
        elif skills:
            entered.add_fault(
                f"role-{index}", "draft.role", "name this seat, such as 检查员, or clear its skills"
            )
    if len(seats) < 2 and not draft.missing:  # a supplement has the seats that are missing, maybe one
        entered.add_fault("seats", "draft.seats", "a team has at least two seats; name them")
    limit = entered.number("inspector_limit", minimum=1, maximum=1000)
    if limit is None and not entered.complaints:
        entered.add_fault(
            "inspector_limit", "draft.limit", "an inspector must be allowed at least one target"
        )
    return replace(draft, plan=replace(draft.plan, seats=seats), inspector_limit=limit or 1)


def _read_entropy(entered: Entered, draft: DrawDraft) -> DrawDraft:
    sources: list[dict[str, Any]] = []
    if entered.has("own"):
        sources.append({"kind": "commitment", "party": draft.plan.authority, "commitment": None})
    parties, commitments = entered.texts("party"), entered.texts("commitment")
    for index, (party, commitment) in enumerate(zip(parties, commitments, strict=False)):
        if party or commitment:
            sources.append(_read_commitment(entered, index, party, commitment))
    columns = [entered.texts(name) for name in ("event", "form", "day", "time")]
    for index, (event, form, day, time) in enumerate(zip(*columns, strict=False)):
        if event or day:
            sources.append(
                _read_event(entered, index, {"event": event, "form": form, "day": day, "time": time})
            )
    return replace(draft, plan=replace(draft.plan, entropy=sources))


def _read_commitment(entered: Entered, index: int, party: str, commitment: str) -> dict[str, Any]:
    digits = "".join(commitment.split()).lower()
    if not party:
        entered.add_fault(f"party-{index}", "draft.party", "name the body that made this commitment")
    if not _HEX64.fullmatch(digits):
        entered.add_fault(
            f"commitment-{index}",
            "draft.commitment",
            "paste the 64 digits 0-9 a-f that the body handed over",
        )
    return {"kind": "commitment", "party": party, "commitment": digits or "?"}


def _read_event(entered: Entered, index: int, event: Mapping[str, str]) -> dict[str, Any]:
    if not event["event"]:
        entered.add_fault(
            f"event-{index}", "draft.event", "say which event exactly, and where its outcome is published"
        )
    if event["form"] not in set(EntropyForm):
        entered.add_fault(f"form-{index}", "form.choice", "choose one of the answers")
    try:
        at = datetime.fromisoformat(f"{event['day']}T{event['time']}").replace(tzinfo=_ZONE).isoformat()
    except ValueError:
        entered.add_fault(f"day-{index}", "draft.at", "give day and time of the event, Beijing time")
        at = ""
    return {"kind": "public", "event": event["event"], "form": event["form"], "at": at}


def _choice(entered: Entered, field: str, answers: tuple[str, ...]) -> str:
    answer = entered.text(field)
    if answer not in answers:
        entered.add_fault(field, "form.choice", "choose one of the answers")
        return answers[0]
    return answer


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_READERS: dict[str, Callable[[Entered, DrawDraft], DrawDraft]] = {
    "what": _read_what,
    "frame": _read_frame,
    "strata": _read_strata,
    "teams": _read_teams,
    "entropy": _read_entropy,
}
