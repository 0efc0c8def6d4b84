"""A draft as its guided path shows it: today's frame, what is missing by section, warnings in words.

Once the draw is announced the same pages show what was announced, from the frozen files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from agency_credit.database.tables import DrawStep
from agency_credit.domain.errors import AgencyCreditError, Fault
from agency_credit.scoring import Profile
from agency_credit.services.draft_faults import load_draft_faults
from agency_credit.services.draft_review import (
    DraftReview,
    SourceOutlook,
    look_at_sources,
    review_announced,
    review_draft,
)
from agency_credit.services.draft_sections import SECTIONS, SavedSection, load_saved_sections
from agency_credit.services.draft_strata import (
    SupervisedStratum,
    find_rule,
    load_supervised,
    review_strata,
    suggest_take,
)
from agency_credit.services.draft_task import load_limit_faults
from agency_credit.services.draw_draft import DrawDraft, load_draw_row, parse_draft
from agency_credit.services.draw_lists import DrawLists, load_draw_lists, load_frozen_lists
from agency_credit.services.draw_store import load_files
from agency_credit.services.frame import Stratification, load_roster
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.supervision import load_profile

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
    """A draft and what there is to say about it today, or an announced draw and what was said.

    Parameters
    ----------
    draw_id
        The row of the draw.
    is_frozen
        Whether it was announced; everything is then as announced, and nothing can be changed.
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
    saved
        The sections that somebody saved; the others stand as suggested.
    review
        Chances, seats and warnings that follow.
    """

    draw: str
    draw_id: int
    is_frozen: bool
    draft: DrawDraft
    frame: Stratification | None
    frame_error: AgencyCreditError | None
    strata: tuple[SupervisedStratum, ...]
    profile: Profile | None
    faults: dict[str, tuple[Fault, ...]]
    warnings: tuple[Fault, ...]
    saved: dict[str, SavedSection]
    review: DraftReview
    sources: tuple[SourceOutlook, ...]
    districts: dict[str, str]
    roster: list[dict[str, Any]]
    today: date

    @property
    def n_faults(self) -> int:
        """How many faults there are in all sections."""
        return sum(map(len, self.faults.values())) + (self.frame_error is not None)

    @property
    def tenths(self) -> int:
        """Tenths of a bit that the public sources carry together, as far as they say how many digits."""
        return sum(source.tenths for source in self.sources)

    @property
    def states(self) -> dict[str, str]:
        """How far each section is: done, started, untouched, or blocked by what comes before it."""
        return {section: self._state_of(section) for section in SECTIONS}

    def version_of(self, section: str) -> int:
        """How often a section was saved."""
        return self.saved[section].version if section in self.saved else 0

    def _state_of(self, section: str) -> str:
        if section == "strata" and (self.frame_error is not None or not self.strata):
            return "blocked"
        has_faults = bool(self.faults[section]) or (section == "frame" and self.frame_error is not None)
        if section not in self.saved and not self.is_frozen:
            return "untouched"
        return "started" if has_faults else "done"


async def load_draft_desk(office: Office, draw: str, changed: DrawDraft | None = None) -> DraftDesk:
    """The guided path of a draft; `changed`: as it would be with what was just entered."""
    row = await load_draw_row(draw)
    if await DrawStep.exists().where(DrawStep.draw == row["id"]):
        return await _load_announced(office, row)
    draft = changed or parse_draft(row["draft_json"].encode())
    is_drawing = draft.plan.supplements is None
    lists, error = await _try_lists(office, draft)
    frame = lists.frame if lists else None
    faults = await _load_faults(office, draw, draft, lists)
    review = await review_draft(draw, draft, lists)
    strata = await load_supervised(office, frame) if frame else ()
    return DraftDesk(
        draw=draw,
        draw_id=row["id"],
        is_frozen=False,
        draft=draft,
        frame=frame,
        frame_error=error,
        strata=strata,
        profile=await load_profile(office),
        faults=_sort_faults(faults, review.faults),
        warnings=(
            *review.warnings,
            *review_strata(strata, draft.plan.strata, draft.plan.basis),
            *(await load_limit_faults(office, draw, draft, frame) if is_drawing and frame else ([], []))[1],
        ),
        saved=await load_saved_sections(row["id"]),
        review=review,
        sources=look_at_sources(draft.plan.entropy),
        districts=await load_districts(),
        roster=lists.roster
        if lists
        else await load_roster(draft.inspector_limit, draft.plan.authority, draft.partners),
        today=office.today(),
    )


async def _load_faults(
    office: Office, draw: str, draft: DrawDraft, lists: DrawLists | None
) -> tuple[Fault, ...]:
    if lists is not None:
        return await load_draft_faults(office, draw, draft, lists)
    nobody = Stratification(lines=(), strata=())  # what follows from it is no fault while there is no frame
    faults = await load_draft_faults(office, draw, draft, DrawLists(frame=nobody, roster=[], recused=None))
    return tuple(fault for fault in faults if fault.code not in ("draft.stratum-empty", "draft.frame-empty"))


def _sort_faults(faults: tuple[Fault, ...], between: tuple[Fault, ...]) -> dict[str, tuple[Fault, ...]]:
    """Faults by section; those between the files are told where a section has none of its own."""
    sections = {section: tuple(f for f in faults if section_of(f) == section) for section in SECTIONS}
    return {
        section: own or tuple(f for f in between if section_of(f) == section)
        for section, own in sections.items()
    }


async def _load_announced(office: Office, row: dict[str, Any]) -> DraftDesk:
    """The pages of a draw whose files are frozen; the profile is that of today."""
    draft = parse_draft(row["draft_json"].encode())
    contents = await load_files(row["id"])
    lists = await load_frozen_lists(row["id"])
    review = review_announced(contents)
    return DraftDesk(
        draw=row["draw"],
        draw_id=row["id"],
        is_frozen=True,
        draft=draft,
        frame=lists.frame,
        frame_error=None,
        strata=await load_supervised(office, lists.frame),
        profile=await load_profile(office),
        faults=dict.fromkeys(SECTIONS, ()),
        warnings=review.warnings,
        saved=await load_saved_sections(row["id"]),
        review=review,
        sources=look_at_sources(msgspec.json.decode(contents["plan.json"])["entropy"]),
        districts=await load_districts(),
        roster=lists.roster,
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
