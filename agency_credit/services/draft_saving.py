"""Saving one section of a draft, while somebody else may be saving another."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from agency_credit.domain.errors import ConflictError
from agency_credit.domain.role import DRAFTER, Actor
from agency_credit.services.desk_draft import follow_frame
from agency_credit.services.draft_sections import (
    changed_sections,
    load_saved_sections,
    merge_section,
    note_saved,
)
from agency_credit.services.draw_draft import (
    DrawDraft,
    load_draw_row,
    own_sources,
    parse_draft,
    refuse_frozen,
    write_draft,
)
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionChange:
    """What somebody entered on the page of a section.

    Parameters
    ----------
    draft
        A draft of which only the fields of `section` count.
    version
        How often the section had been saved when its page was opened.
    """

    section: str
    draft: DrawDraft
    version: int


async def save_section(office: Office, actor: Actor, draw: str, change: SectionChange) -> DrawDraft:
    """Put the fields of one section into the draft as it is now; what others saved elsewhere stays.

    1. The section is still the one that was in front of the person.
    2. Its fields go into today's draft; strata follow the frame, this office's number its name.
    3. Every section that changed is one version further, the saved one in any case.

    Returns
    -------
    DrawDraft
        The draft as it now is.

    Raises
    ------
    ConflictError
        Somebody saved the same section meanwhile.
    RefusedError
        The draw was announced.
    """
    async with operation(office, actor, "draw.change", draw, roles=DRAFTER) as op:
        row = await load_draw_row(draw)
        await refuse_frozen(row)
        known = (await load_saved_sections(row["id"])).get(change.section)
        if known is not None and known.version != change.version:  # 1
            raise ConflictError(
                "draft.section-saved",
                "{name} saved this page while you had it open, and nothing of yours was stored; compare"
                " below, then save again to put yours in its place",
                name=known.saved_by,
            )
        before = parse_draft(row["draft_json"].encode())
        after = name_own_sources(merge_section(before, change.draft, change.section))  # 2
        if change.section in ("frame", "strata"):
            after = await follow_frame(office, after)
        others = tuple(name for name in changed_sections(before, after) if name != change.section)
        await write_draft(row["id"], after, op.at)
        await note_saved(row["id"], (change.section, *others), person_of(actor), op.at)  # 3
        op.details["section"] = change.section
    return after


def name_own_sources(draft: DrawDraft) -> DrawDraft:
    """`draft` with this office's own number under the name of the implementing body."""
    own = set(own_sources(draft))
    entropy = [
        {**source, "party": draft.plan.authority} if index in own else source
        for index, source in enumerate(draft.plan.entropy)
    ]
    return replace(draft, plan=replace(draft.plan, entropy=entropy))
