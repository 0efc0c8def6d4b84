"""The list of draws in the console: each with what comes next, so that nobody needs to open it to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from agency_credit.database.tables import Draw, DrawStep, DrawVoidRequest
from agency_credit.domain.role import Actor
from agency_credit.services.desk_results import DeskInspection
from agency_credit.services.draw_draft import own_sources, parse_draft
from agency_credit.services.draw_store import load_history, load_values
from agency_credit.services.next_step import Course, NextStep, draft_times, find_next, load_authors
from agency_credit.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskDraw:
    """A draw in a list.

    Parameters
    ----------
    state
        As in `inspection.draw_states`.
    void_asked_by
        Who asked last to void it; None: nobody.
    """

    draw: str
    title: str
    state: str
    void_asked_by: int | None
    next: NextStep


async def load_desk_draws(
    office: Office, actor: Actor, inspections: Iterable[DeskInspection]
) -> tuple[DeskDraw, ...]:
    """All draws, the newest first, as `actor` sees them; `inspections`: those of all draws."""
    rows = await Draw.select().order_by(Draw.id, ascending=False)
    steps = await DrawStep.select(DrawStep.draw, DrawStep.step).order_by(DrawStep.id)
    states = {step["draw"]: step["step"] for step in steps if step["step"] != "named"}
    named = {step["draw"] for step in steps if step["step"] == "named"}
    asked = {
        row["draw"]: row["requested_by"]
        for row in await DrawVoidRequest.select(DrawVoidRequest.draw, DrawVoidRequest.requested_by).order_by(
            DrawVoidRequest.id
        )
    }
    inspections = tuple(inspections)
    waiting = [item for item in inspections if item.is_waited_for]
    n_open = Counter(draw for item in waiting for draw in (item.draw, *item.supplements))
    published = {row["draw"] for row in rows if states.get(row["id"]) == "published"}
    due_on = first_due_days(inspections)
    draws = []
    for row in rows:
        state = states.get(row["id"], "drafted")
        course = await _load_course(row, state, n_open[row["draw"]], is_named=row["id"] in named)
        is_original_open = _original_of(row) not in (None, *published)
        course = replace(course, due_on=due_on.get(row["draw"]), is_original_open=is_original_open)
        draws.append(
            DeskDraw(
                draw=row["draw"],
                title=row["title"],
                state=state,
                void_asked_by=asked.get(row["id"]),
                next=find_next(course, actor, office.now()),
            )
        )
    return tuple(draws)


def first_due_days(inspections: Iterable[DeskInspection]) -> dict[str, date]:
    """When the first result that is not public yet is due, by draw."""
    days: dict[str, date] = {}
    for item in inspections:
        if item.due_on is not None and not item.is_out and item.closing is None:
            days[item.draw] = min(item.due_on, days.get(item.draw, item.due_on))
    return days


def _original_of(row: dict[str, Any]) -> str | None:
    return parse_draft(row["draft_json"].encode()).plan.supplements


async def _load_course(row: dict[str, Any], state: str, n_open: int, *, is_named: bool) -> Course:
    """People and values are read only for the few draws whose next step hangs on them."""
    draft = parse_draft(row["draft_json"].encode())
    authors = (await load_history(row)).authors if state == "announced" else frozenset[int]()
    known = {*own_sources(draft), *(await load_values(row["id"]) if state == "approved" else ())}
    return Course(
        state=state,
        publication=draft.plan.publication,
        value_times=draft_times(draft.plan.entropy),
        has_all_values=len(known) == len(draft.plan.entropy),
        n_open=n_open,
        is_named=is_named,
        authors=await load_authors(authors) if authors else {},
    )
