"""What keeps a supplementary draw from being announced: it fills seats of teams that there are, as they are.

Its frame is not that of a draw (draw-protocol.md, section 7); with today's frame its one seat would be a way
round the two inspectors of the law (R8).
"""

from __future__ import annotations

from collections.abc import Iterator

from agency_credit.database.tables import Draw
from agency_credit.domain.errors import Fault
from agency_credit.services.draw_draft import DrawDraft, load_draft
from agency_credit.services.frame import Stratification


async def load_supplement_faults(draft: DrawDraft, stratification: Stratification) -> list[Fault]:
    """Everything about a supplement that is not as its original says.

    Parameters
    ----------
    stratification
        Its frame: the targets that lack exactly its seats.
    """
    known = await Draw.exists().where(Draw.draw == (draft.plan.supplements or ""))
    original = await load_draft(draft.plan.supplements or "") if known else None
    missing = draft.missing
    is_whole = bool(missing) and missing == sorted(set(missing)) and missing[0] >= 0
    if original is None or original.plan.supplements is not None or not is_whole:
        return [
            _fault(
                "plan.supplements",
                "draft.supplements",
                "a supplementary draw is drafted from the page of its original, for the seats that are empty",
            )
        ]
    return [*_likeness_faults(draft, original), *_draw_faults(draft, original, stratification)]


def _likeness_faults(draft: DrawDraft, original: DrawDraft) -> Iterator[Fault]:
    """The same inspections, by the same bodies: else a supplement could change them."""
    plan, other = draft.plan, original.plan
    for at, ours, theirs in (
        ("plan.authority", plan.authority, other.authority),
        ("plan.items", plan.items, other.items),
        ("plan.publication", plan.publication, other.publication),
        ("partners", draft.partners, original.partners),
    ):
        if ours != theirs:
            yield _fault(
                at,
                "draft.supplement-other",
                "in a supplementary draw this stays as in {draw}: the inspections are the same",
                draw=plan.supplements or "",
            )


def _draw_faults(draft: DrawDraft, original: DrawDraft, stratification: Stratification) -> Iterator[Fault]:
    plan, seats, draw = draft.plan, original.plan.seats, draft.plan.supplements or ""
    if [seats[n] for n in draft.missing if n < len(seats)] != plan.seats:
        yield _fault(
            "plan.seats",
            "draft.supplement-seats",
            "the seats of a supplementary draw are the missing ones of {draw}; they cannot be changed",
            draw=draw,
        )
    if plan.reserves or any(item.get("take") != {"count": 0} for item in plan.strata):
        yield _fault(
            "plan.strata",
            "draft.supplement-take",
            "a supplementary draw draws nobody to inspect: nobody is taken, and there are no reserves",
        )
    if not stratification.lines:
        yield _fault(
            "plan.supplements",
            "draft.supplement-empty",
            "no team of {draw} lacks exactly these seats any more; there is nothing to draw",
            draw=draw,
        )


def _fault(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
