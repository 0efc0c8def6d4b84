"""The sections of a draft: which fields belong to which, who saved each last, and how often.

Each section is saved by itself. Its number of saves is its version: whoever saves names the version that he
had in front of him, so that two people lose nothing of each other's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from agency_credit.database.tables import DraftSection

if TYPE_CHECKING:
    from agency_credit.services.draw_draft import DrawDraft

SECTIONS = ("what", "frame", "strata", "teams", "entropy")
"""The steps of the guided path, in order."""

_PLAN_FIELDS = {
    "strata": ("strata", "rounding", "selection", "reserves"),
    "teams": ("seats",),
    "entropy": ("entropy",),
}
_OWN_FIELDS = {"frame": ("scope",), "teams": ("inspector_limit",)}
"""Fields of the plan and of the draft by section; whatever is not named here belongs to the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSection:
    """How often a section was saved, by whom last, and when."""

    section: str
    version: int
    saved_by: str
    saved_at: datetime


def merge_section(current: DrawDraft, entered: DrawDraft, section: str) -> DrawDraft:
    """`current` with the fields of `section` as they are in `entered`."""
    plan = {name: getattr(entered.plan, name) for name in _plan_fields(current, section)}
    own = {name: getattr(entered, name) for name in _own_fields(current, section)}
    return replace(current, plan=replace(current.plan, **plan), **own)


def changed_sections(before: DrawDraft, after: DrawDraft) -> tuple[str, ...]:
    """Sections in which two drafts differ, in order."""
    return tuple(section for section in SECTIONS if merge_section(before, after, section) != before)


async def load_saved_sections(draw: int) -> dict[str, SavedSection]:
    """The sections that somebody saved, by name; those that are still as suggested are missing."""
    rows = await DraftSection.select(
        DraftSection.section,
        DraftSection.version,
        DraftSection.saved_at,
        DraftSection.saved_by.display_name.as_alias("name"),
        DraftSection.saved_by.username.as_alias("username"),
    ).where(DraftSection.draw == draw)
    return {
        row["section"]: SavedSection(
            section=row["section"],
            version=row["version"],
            saved_by=row["name"] or row["username"],
            saved_at=row["saved_at"],
        )
        for row in rows
    }


async def note_saved(draw: int, sections: tuple[str, ...], person: int, at: datetime) -> None:
    """Count a save of each of `sections`; inside the use case that saves."""
    known = await load_saved_sections(draw)
    for section in sections:
        if section in known:
            await DraftSection.update(
                {
                    DraftSection.version: known[section].version + 1,
                    DraftSection.saved_by: person,
                    DraftSection.saved_at: at,
                }
            ).where((DraftSection.draw == draw) & (DraftSection.section == section))
        else:
            await DraftSection.insert(
                DraftSection(draw=draw, section=section, version=1, saved_by=person, saved_at=at)
            )


def _plan_fields(draft: DrawDraft, section: str) -> tuple[str, ...]:
    if section != SECTIONS[0]:
        return _PLAN_FIELDS.get(section, ())
    taken = {name for names in _PLAN_FIELDS.values() for name in names}
    return tuple(name for name in draft.plan.__struct_fields__ if name not in taken)


def _own_fields(draft: DrawDraft, section: str) -> tuple[str, ...]:
    if section != SECTIONS[0]:
        return _OWN_FIELDS.get(section, ())
    taken = {"plan", *(name for names in _OWN_FIELDS.values() for name in names)}
    return tuple(name for name in draft.__struct_fields__ if name not in taken)
