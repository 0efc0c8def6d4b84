"""How far the annual plan has come: what of it was drawn, what is left, by when."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.database.tables import Draw, DrawStep
from agency_credit.domain.day import day_in_china
from agency_credit.inspection.draw_states import has_lapsed
from agency_credit.services.annual_plan import PlanRow
from agency_credit.services.next_step import draft_times


class PlannedDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A draw that a row of the plan led to; drafts have no `announced_at`.

    Parameters
    ----------
    state
        As in `inspection.draw_states`, or ``"lapsed"``: not approved in time, so that it never took place.
    """

    draw: str
    title: str
    state: str
    announced_at: datetime | None


class RowProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A row with its draws.

    Parameters
    ----------
    n_done
        Draws announced, neither voided nor lapsed.
    due_on
        Last day of the month in which the next one is planned; None: all are made.
    """

    row: PlanRow
    draws: tuple[PlannedDraw, ...]
    n_done: int
    due_on: date | None
    is_overdue: bool


async def load_progress(year: int, rows: Sequence[PlanRow], now: datetime) -> tuple[RowProgress, ...]:
    """The rows of a plan with the draws that name them."""
    by_row: dict[int, list[PlannedDraw]] = {}
    steps: dict[int, list[dict[str, Any]]] = {}
    for step in await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at).order_by(DrawStep.id):
        if step["step"] != "named":
            steps.setdefault(step["draw"], []).append(step)
    for draw in await Draw.select(Draw.id, Draw.draw, Draw.title, Draw.draft_json).order_by(Draw.id):
        draft = msgspec.json.decode(draw["draft_json"])
        task = draft.get("task") or {}
        if task.get("year") == year:
            made = steps.get(draw["id"], [])
            is_lapsed = _has_lapsed(draft, [step["step"] for step in made], now)
            by_row.setdefault(task["row"], []).append(
                PlannedDraw(
                    draw=draw["draw"],
                    title=draw["title"],
                    state="lapsed" if is_lapsed else made[-1]["step"] if made else "drafted",
                    announced_at=made[0]["at"] if made else None,
                )
            )
    today = day_in_china(now)
    return tuple(find_progress(year, row, by_row.get(row.row, ()), today) for row in rows)


def find_progress(year: int, row: PlanRow, draws: Sequence[PlannedDraw], today: date) -> RowProgress:
    """How far a row has come.

    Where a row is drawn more often than it names months, the last of them holds for the rest.
    """
    n_done = sum(draw.state not in ("drafted", "lapsed", "voided") for draw in draws)
    due_on = None
    if n_done < row.frequency and row.months:
        months = sorted(row.months)
        # the k-th of f draws falls into the month that lies k/f of the way through those planned
        place = (n_done + 1) * len(months) // row.frequency if row.frequency < len(months) else n_done + 1
        month = months[min(max(place, 1), len(months)) - 1]
        due_on = date(year, month, calendar.monthrange(year, month)[1])
    return RowProgress(
        row=row,
        draws=tuple(draws),
        n_done=n_done,
        due_on=due_on,
        is_overdue=due_on is not None and due_on < today,
    )


async def count_draws_by_item(year: int, now: datetime, *, besides: str = "") -> Counter[tuple[str, str]]:
    """How many draws of a year, `besides` left out, cite an item, by its body (empty: this office) and title.

    Those count that were announced in the year and neither voided nor lapsed.
    """
    rows = await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at)
    made: dict[int, set[str]] = {}
    for row in rows:
        made.setdefault(row["draw"], set()).add(row["step"])
    announced = {
        row["draw"] for row in rows if row["step"] == "announced" and day_in_china(row["at"]).year == year
    }
    counts: Counter[tuple[str, str]] = Counter()
    for draw in await Draw.select(Draw.id, Draw.draft_json).where(Draw.draw != besides):
        steps = made.get(draw["id"], set())
        if draw["id"] not in announced or "voided" in steps:
            continue
        draft = msgspec.json.decode(draw["draft_json"])
        if draft["plan"].get("supplements") is not None:  # the same inspections once more
            continue
        if not _has_lapsed(draft, steps, now):
            ours = {("", title) for title in draft["plan"]["items"]}
            theirs = {(p["name"], title) for p in draft.get("partners", ()) for title in p["items"]}
            counts.update(ours | theirs)
    return counts


def _has_lapsed(draft: dict[str, Any], steps: Collection[str], now: datetime) -> bool:
    first = min(draft_times(draft["plan"]["entropy"]), default=None)
    return has_lapsed(steps, first, now)
