"""A draft as its guided path shows it: today's frame, what is missing by section, warnings in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from agency_credit.database.tables import DrawStep
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError, RefusedError
from agency_credit.sampling import entropy_tenths, parse_files, parse_plan, review_files
from agency_credit.scoring import Profile
from agency_credit.services.draft_faults import load_draft_faults
from agency_credit.services.draft_strata import (
    SupervisedStratum,
    find_rule,
    load_supervised,
    review_strata,
    suggest_take,
)
from agency_credit.services.draw_draft import (
    NO_COMMITMENT,
    DrawDraft,
    format_plan_of,
    load_draw_row,
    own_sources,
    parse_draft,
)
from agency_credit.services.draw_lists import DrawLists, load_draw_lists
from agency_credit.services.frame import (
    Stratification,
    format_inspectors,
    format_targets,
    load_roster,
)
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.supervision import load_profile

SECTIONS = ("what", "frame", "strata", "teams", "entropy")
"""The steps of the guided path, in order."""

_SECTION_OF = {
    "scope": "frame",
    "strata": "strata",
    "rounding": "strata",
    "selection": "strata",
    "reserves": "strata",
    "seats": "teams",
    "inspector_limit": "teams",
    "entropy": "entropy",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDesk:
    """A draft, and what there is to say about it today.

    Parameters
    ----------
    frame
        Today's frame; None where it cannot be built, `frame_error` says why.
    strata
        Its strata beside what the profile says of them, those to be inspected first in front.
    profile
        The profile that holds here; None: there is none.
    faults
        What keeps the draft from being announced, by section.
    warnings
        What the drafter should know; nothing here stops a draw.
    tenths
        Tenths of a bit that the public sources carry together, digits and dice not counted.
    """

    draw: str
    draft: DrawDraft
    frame: Stratification | None
    frame_error: AgencyCreditError | None
    strata: tuple[SupervisedStratum, ...]
    profile: Profile | None
    faults: dict[str, tuple[Fault, ...]]
    warnings: tuple[Fault, ...]
    tenths: int
    districts: dict[str, str]
    roster: list[dict[str, Any]]
    n_recusals: int
    today: date

    @property
    def n_faults(self) -> int:
        """How many faults there are in all sections."""
        return sum(map(len, self.faults.values())) + (self.frame_error is not None)


async def load_draft_desk(office: Office, draw: str, changed: DrawDraft | None = None) -> DraftDesk:
    """The guided path of a draft; `changed`: as it would be with what was just entered.

    Raises
    ------
    RefusedError
        The draw was announced; its plan can no longer be changed.
    """
    row = await load_draw_row(draw)
    if await DrawStep.exists().where(DrawStep.draw == row["id"]):
        raise RefusedError(
            "draw.frozen",
            "the plan of {draw} was announced and can no longer be changed; void it and draft a new one",
            draw=draw,
            link=f"/admin/draws/{draw}",
        )
    draft = changed or parse_draft(row["draft_json"].encode())
    districts = await load_districts()
    lists, error = await _try_lists(office, draft)
    frame = lists.frame if lists else None
    faults = await load_draft_faults(office, draw, draft, frame) if frame else ()
    roster = lists.roster if lists else await load_roster(draft.inspector_limit)
    warnings, tenths, n_recusals, more = await _review(draw, draft, lists)
    strata = await load_supervised(office, frame) if frame else ()
    by_section: dict[str, tuple[Fault, ...]] = dict.fromkeys(SECTIONS, ())
    for fault in (*faults, *(more if not faults else ())):
        section = section_of(fault)
        by_section[section] = (*by_section[section], fault)
    return DraftDesk(
        draw=draw,
        draft=draft,
        frame=frame,
        frame_error=error,
        strata=strata,
        profile=await load_profile(office),
        faults=by_section,
        warnings=(*warnings, *review_strata(strata, draft.plan.strata, draft.plan.basis)),
        tenths=tenths,
        districts=districts,
        roster=roster,
        n_recusals=n_recusals,
        today=office.today(),
    )


def key_of(fault: Fault) -> str:
    """The key of the draft at which a fault stands: ``plan.json:strata[2].take`` is ``strata``."""
    file, colon, place = fault.at.rpartition(":")
    if colon and file != "plan.json":
        return "scope" if file == "targets.jsonl" else "seats"
    return place.removeprefix("plan.").split(".")[0].split("[")[0]


def section_of(fault: Fault) -> str:
    """The section of the guided path where a fault is mended."""
    return _SECTION_OF.get(key_of(fault), "what")


async def follow_frame(office: Office, draft: DrawDraft) -> DrawDraft:
    """`draft` with the strata of today's frame: numbers kept where there are some, else those suggested."""
    lists, _ = await _try_lists(office, draft)
    if lists is None:
        return draft
    profile = await load_profile(office)
    known = {item["stratum"]: item for item in draft.plan.strata}
    names = [size.stratum for size in lists.frame.strata]
    strata = [
        known.get(name, {"stratum": name, "take": suggest_take(find_rule(profile, name))}) for name in names
    ]
    return msgspec.structs.replace(draft, plan=msgspec.structs.replace(draft.plan, strata=strata))


async def _try_lists(office: Office, draft: DrawDraft) -> tuple[DrawLists | None, AgencyCreditError | None]:
    try:
        return await load_draw_lists(office, draft), None
    except AgencyCreditError as error:
        return None, error


async def _review(
    draw: str, draft: DrawDraft, lists: DrawLists | None
) -> tuple[tuple[Fault, ...], int, int, tuple[Fault, ...]]:
    """Warnings, tenths of bits, recusals that count, faults between the files; with made-up pseudonyms."""
    plan_file = format_plan_of(draw, draft, dict.fromkeys(own_sources(draft), NO_COMMITMENT))
    try:
        plan = parse_plan(plan_file)
    except AgencyCreditError:
        return (), 0, 0, ()
    tenths = entropy_tenths(plan, [""] * len(plan.entropy))
    if lists is None:
        return (), tenths, 0, ()
    pseudonyms = {person["id"]: digest(str(person["id"]).encode()) for person in lists.roster}
    try:
        recusals = await lists.format_recusals(pseudonyms)
    except RefusedError as error:
        fault = Fault(at="seats", code=error.code, template=error.template, params=error.params)
        return (), tenths, 0, (fault,)
    contents = {
        "plan.json": plan_file,
        "targets.jsonl": format_targets(lists.frame.lines),
        "inspectors.jsonl": format_inspectors(lists.roster, pseudonyms),
        "recusals.jsonl": recusals,
    }
    try:
        return review_files(parse_files(contents)), tenths, recusals.count(b"\n"), ()
    except FaultsError as error:
        return (), tenths, recusals.count(b"\n"), error.faults
