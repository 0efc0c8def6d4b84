"""What keeps a draft from being announced: the protocol's rules, those of the law, and today's registers.

The protocol's own rules are checked by `sampling.parse_plan`; here stand those of the law
(docs/legal-sources.md, R8, R10, R11, R20) and those that tie the plan to what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator

from agency_credit.database.tables import DrawStep
from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.publication.masking import find_personal_number
from agency_credit.sampling import parse_plan
from agency_credit.services.draft_chances import find_vague_events, find_zero_chances
from agency_credit.services.draft_task import load_limit_faults, load_task_faults
from agency_credit.services.draw_draft import (
    NO_COMMITMENT,
    DrawDraft,
    format_plan_of,
    own_sources,
)
from agency_credit.services.draw_lists import DrawLists
from agency_credit.services.frame import ANNUAL_CAP, Stratification
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts, load_parameter
from agency_credit.services.supervision import load_value
from agency_credit.services.supplement_faults import load_supplement_faults


async def load_draft_faults(
    office: Office, draw: str, draft: DrawDraft, lists: DrawLists
) -> tuple[Fault, ...]:
    """Everything that keeps a draft from being announced, all at once.

    Parameters
    ----------
    lists
        Today's frame and roster of the draft.
    """
    stratification = lists.frame
    return (
        *_plan_faults(draw, draft),
        *_legal_faults(draft),
        *_text_faults(draft),
        *_strata_faults(draft, stratification),
        *find_zero_chances(draw, draft, stratification),
        *find_vague_events(draft),
        *await _task_faults(office, draw, draft, lists),
        *await _office_faults(draft),
        *await _scope_faults(office, draft),
        *await _attempt_faults(draft),
    )


async def _task_faults(office: Office, draw: str, draft: DrawDraft, lists: DrawLists) -> list[Fault]:
    """A supplement carries out no task of its own: it draws nobody to inspect."""
    if draft.plan.supplements is not None:
        return await load_supplement_faults(draft, lists.frame)
    return [
        *await load_task_faults(office, draft),
        *(await load_limit_faults(office, draw, draft, lists.frame))[0],
        *_nobody_faults(draft, lists),
    ]


def _nobody_faults(draft: DrawDraft, lists: DrawLists) -> Iterator[Fault]:
    """Nobody to inspect, or a seat for nobody: a team without it could never visit (R8)."""
    if not lists.frame.lines:
        yield _fault(
            "scope", "draft.frame-empty", "no agency fits this scope; there is nobody to draw, so widen it"
        )
    skills = [set(person["skills"]) for person in lists.roster if person["limit"] > 0]
    for seat in draft.plan.seats if lists.roster else ():
        if not any(set(seat.get("skills", ())) <= known for known in skills):
            yield _fault(
                "plan.seats",
                "draft.seat-nobody",
                "no inspector on the roster may take the seat {role}, so no team could ever visit; enter"
                " such inspectors first, or ask less of the seat",
                role=str(seat.get("role")),
            )


def _plan_faults(draw: str, draft: DrawDraft) -> tuple[Fault, ...]:
    placeholder = dict.fromkeys(own_sources(draft), NO_COMMITMENT)
    try:
        parse_plan(format_plan_of(draw, draft, placeholder))
    except FaultsError as error:
        return error.faults
    except InputError as error:
        return (Fault(at="plan", code=error.code, template=error.template, params=error.params),)
    return ()


def _legal_faults(draft: DrawDraft) -> Iterator[Fault]:
    plan = draft.plan
    if not any(text.strip() for text in plan.basis):
        yield _fault(
            "plan.basis", "draft.basis", "name the legal basis; without one nothing may be inspected"
        )
    if not plan.authority.strip():
        yield _fault("plan.authority", "draft.authority", "name the implementing body")
    below_province = draft.authority_level in ("county", "city")
    if "patent" in draft.scope.practice_lines and below_province and not (plan.entrustment or "").strip():
        yield _fault(
            "plan.entrustment",
            "draft.entrustment",
            "a city or county inspects patent agencies only when the province entrusts it; "
            "give the entrustment document, or leave patent agencies out",
        )


def _text_faults(draft: DrawDraft) -> Iterator[Fault]:
    """The plan is public from its announcement on, and says who commits to what, and which event counts."""
    plan = draft.plan
    sources = [source.get(key) for source in plan.entropy for key in ("party", "event") if key in source]
    if any(isinstance(text, str) and not text.strip() for text in sources):
        yield _fault(
            "plan.entropy",
            "draft.source-unnamed",
            "name the body behind each commitment and each public event, and where its outcome is published",
        )
    texts = {
        "plan.title": [plan.title],
        "plan.authority": [plan.authority],
        "plan.basis": plan.basis,
        "plan.items": plan.items,
        "plan.entrustment": [plan.entrustment or ""],
        "plan.seats": [str(seat.get("role")) for seat in plan.seats],
        "plan.entropy": [text for text in sources if isinstance(text, str)],
    }
    for at, values in texts.items():
        if any(find_personal_number(text) for text in values):
            yield _fault(
                at,
                "draft.personal-number",
                "the plan will be public; take out the identity or telephone number",
            )


def _strata_faults(draft: DrawDraft, stratification: Stratification) -> Iterator[Fault]:
    planned = [str(item.get("stratum")) for item in draft.plan.strata]
    known = [stratum.stratum for stratum in stratification.strata]
    for stratum in planned:
        if stratum not in known:
            yield _fault(
                "plan.strata",
                "draft.stratum-empty",
                "the stratum {stratum} has no unit in today's frame; take it out of the plan",
                stratum=stratum,
            )
    for stratum in known:
        if stratum not in planned:
            yield _fault(
                "plan.strata",
                "draft.stratum-missing",
                "the stratum {stratum} is in today's frame but not in the plan; say how many to take",
                stratum=stratum,
            )


async def _office_faults(draft: DrawDraft) -> list[Fault]:
    """A city stays a city, else the entrustment could be avoided (R20); nobody here knows our number."""
    name, level = await load_parameter("office_name"), await load_parameter("office_level")
    faults = []
    if draft.plan.authority.strip() == name.value and draft.authority_level != level.value:
        faults.append(
            _fault(
                "authority_level",
                "draft.level",
                "this is not the level of {authority}; correct it, or name the body that really inspects",
                authority=name.value,
            )
        )
    ours = (name.value, draft.plan.authority.strip())
    given = [source.get("party") for source in draft.plan.entropy if source.get("commitment")]
    if any(isinstance(party, str) and party.strip() in ours for party in given):
        faults.append(
            _fault(
                "plan.entropy",
                "draft.own-commitment",
                "this office's own number is made by the server, so that nobody knows it; leave its"
                " commitment empty",
            )
        )
    return faults


async def _scope_faults(office: Office, draft: DrawDraft) -> list[Fault]:
    districts = await load_districts()
    faults = [
        _fault("scope.areas", "area.unknown", "there is no district {area}", area=area)
        for area in draft.scope.areas
        if area not in districts
    ]
    # R10: the cap is published; a draft may not be looser.
    rule = await load_value(office, ANNUAL_CAP)
    cap, published = draft.scope.annual_cap, rule.value if rule else None
    if cap is not None and cap < 1:
        faults.append(
            _fault("scope.annual_cap", "draft.cap", "an annual cap is 1 or more; empty: no cap is known")
        )
    elif published is not None and (cap is None or cap > published):
        faults.append(
            _fault(
                "scope.annual_cap",
                "draft.cap-exceeded",
                "the published cap is {cap} inspections a year; a draw cannot go above it",
                cap=published,
            )
        )
    if draft.inspector_limit < 1:
        faults.append(
            _fault("inspector_limit", "draft.limit", "an inspector must be allowed at least one target")
        )
    return faults


async def _attempt_faults(draft: DrawDraft) -> list[Fault]:
    """What a draw says of other draws is true."""
    faults = []
    if draft.missing and draft.plan.supplements is None:
        faults.append(
            _fault(
                "plan.seats",
                "draft.missing",
                "only a supplementary draw fills missing seats; take them out of the draft",
            )
        )
    if draft.replaces is not None and not await _is_voided(draft.replaces):
        faults.append(
            _fault(
                "replaces",
                "draft.replaces",
                "{draw} is no voided draw; only a voided draw is replaced",
                draw=draft.replaces,
            )
        )
    return faults


async def _is_voided(draw: str) -> bool:
    found: bool = await DrawStep.exists().where((DrawStep.draw.draw == draw) & (DrawStep.step == "voided"))
    return found


def _fault(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
