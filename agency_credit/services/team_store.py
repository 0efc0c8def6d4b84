"""Teams as they stand: who sits where by which draw, who was sent, which inspection was closed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import (
    Draw,
    DrawPseudonym,
    DrawStep,
    Inspection,
    InspectionSeat,
    ReserveCall,
    TeamChange,
)
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.inspection import draw_states, team_states
from agency_credit.inspection.draw_states import KEEPING
from agency_credit.inspection.result_states import ResultState
from agency_credit.services.draw_draft import DrawDraft, load_draw_row, parse_draft
from agency_credit.services.draw_store import load_files, load_history
from agency_credit.services.next_step import draft_times
from agency_credit.services.result_store import load_latest_result

# Columns behind several foreign keys, which the type checker cannot follow.
_REPLACED: Any = ReserveCall.replaced
_CALLED: Any = ReserveCall.inspection
_CHANGED: Any = TeamChange.inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMember:
    """A member sent by another body without lot; he holds no seat of the lottery.

    Parameters
    ----------
    document
        What the body sent him with, and on which basis.
    """

    inspection: int
    sent_by: str
    certificate: str
    name: str
    role: str
    document: str
    reason: str
    log_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplement:
    """A supplementary draw; `steps` holds what was made of it so far.

    Parameters
    ----------
    is_kept
        Announced, and neither drawn nor given up. After a missing nonce or event its lists are kept for the
        new attempt (section 9), so that holds until that is announced.
    """

    id: int
    draw: str
    draft: DrawDraft
    steps: frozenset[str]
    is_kept: bool

    def is_open(self, now: datetime) -> bool:
        """Whether its targets and the room on its roster are taken; one that lapsed takes nothing."""
        first = min(draft_times(self.draft.plan.entropy), default=None)
        return self.is_kept and not draw_states.has_lapsed(self.steps, first, now)

    @property
    def is_drafted(self) -> bool:
        """Whether nothing of it was announced yet."""
        return not self.steps


async def load_target(inspection: int) -> dict[str, Any]:
    """An inspection whose team may still change.

    Raises
    ------
    NotFoundError
        There is none.
    RefusedError
        Its draw is voided, a reserve was called in its place, or a result of it stands.
    """
    row: dict[str, Any] | None = await (
        Inspection.select(
            *Inspection.all_columns(),
            Inspection.agency.uscc.as_alias("uscc"),
            Inspection.draw.draw.as_alias("draw_identifier"),
        )
        .where(Inspection.id == inspection)
        .first()
    )
    if row is None:
        raise NotFoundError("inspection.unknown", "there is no such inspection")
    if row["draw"] is None:
        raise RefusedError(
            "team.no-lot", "the team of this inspection was not drawn by lot; a lead is followed without one"
        )
    draw_states.check_teams(await load_history(await load_draw_row(row["draw_identifier"])))
    await refuse_closed(inspection, row["uscc"])
    latest = await load_latest_result(inspection)
    team_states.check_unvisited(ResultState(latest["state"]) if latest else None, row["uscc"])
    return row


async def refuse_closed(inspection: int, unit: str) -> None:
    """Refuse what concerns a unit that a call of reserves has closed."""
    if await ReserveCall.exists().where(ReserveCall.replaced == inspection):
        raise RefusedError(
            "inspection.closed",
            "{unit} was found to be no more or outside the frame, and its inspection closed",
            unit=unit,
        )


async def load_calls(draw: int | None = None) -> list[dict[str, Any]]:
    """Calls of reserves in their order, with the units concerned; `draw`: of the draw of this row."""
    query = ReserveCall.select(
        *ReserveCall.all_columns(),
        _REPLACED.agency.uscc.as_alias("unit"),
        _REPLACED.stratum.as_alias("stratum"),
        _CALLED.agency.uscc.as_alias("called"),
    ).order_by(ReserveCall.id)
    rows: list[dict[str, Any]] = await (query if draw is None else query.where(ReserveCall.draw == draw))
    return rows


async def load_changes(draw: int | None = None) -> list[dict[str, Any]]:
    """Changes of teams in their order, with unit and supplementary draw; `draw`: of the draw of this row."""
    query = TeamChange.select(
        *TeamChange.all_columns(),
        _CHANGED.agency.uscc.as_alias("unit"),
        TeamChange.supplement.draw.as_alias("supplement_draw"),
        TeamChange.inspector.name.as_alias("inspector_name"),
    ).order_by(TeamChange.id)
    rows: list[dict[str, Any]] = await (query if draw is None else query.where(_CHANGED.draw == draw))
    return rows


def fold_sent(changes: Sequence[dict[str, Any]]) -> dict[int, tuple[SentMember, ...]]:
    """Members who were sent and have not left, by inspection."""
    present: dict[tuple[int, str], SentMember] = {}
    for row in changes:
        key = row["inspection"], row["certificate"]
        if row["kind"] == "sent":
            present[key] = SentMember(
                **{name: row[name] for name in SentMember.__dataclass_fields__},
            )
        elif row["kind"] == "dismissed":
            present.pop(key, None)
    members: dict[int, tuple[SentMember, ...]] = {}
    for (inspection, _), member in present.items():
        members[inspection] = (*members.get(inspection, ()), member)
    return members


async def load_sitting(draw: int) -> dict[int, list[int | None]]:
    """Who sits where, by inspection of the draw of this row that is not closed."""
    closed = {call["replaced"] for call in await load_calls(draw)}
    rows = await (
        InspectionSeat.select(InspectionSeat.inspection, InspectionSeat.inspector)
        .where(InspectionSeat.inspection.draw == draw)
        .order_by(InspectionSeat.inspection, InspectionSeat.seat)
    )
    sitting: dict[int, list[int | None]] = {}
    for row in rows:
        if row["inspection"] not in closed:
            sitting.setdefault(row["inspection"], []).append(row["inspector"])
    return sitting


async def load_origins(draw: int) -> dict[tuple[int, int], int]:
    """The draw that put somebody on a seat last, by inspection and number of the seat.

    Parameters
    ----------
    draw
        Row of the draw that opened the inspections: the origin of whatever no supplement has filled. A
        called reserve has the team, and so the origins, of the unit that it replaces.
    """
    seats = await (
        InspectionSeat.select(InspectionSeat.inspection, InspectionSeat.seat)
        .where(InspectionSeat.inspection.draw == draw)
        .order_by(InspectionSeat.inspection)
    )
    before = {call["inspection"]: call["replaced"] for call in await load_calls(draw)}
    seated = {
        (row["inspection"], row["seat"]): row["supplement"]
        for row in await load_changes(draw)
        if row["kind"] == "seated"
    }
    origins: dict[tuple[int, int], int] = {}
    for seat in seats:  # a replaced inspection has the smaller number
        key = seat["inspection"], seat["seat"]
        taken_over = origins.get((before.get(key[0], 0), key[1]), draw)
        origins[key] = seated.get(key, taken_over)
    return origins


async def load_pseudonym(draw: int, inspector: int) -> str | None:
    """The pseudonym of an inspector in the draw of this row; None: he was not on its roster."""
    row = await (
        DrawPseudonym.select(DrawPseudonym.pseudonym)
        .where((DrawPseudonym.draw == draw) & (DrawPseudonym.inspector == inspector))
        .first()
    )
    return None if row is None else str(row["pseudonym"])


async def load_supplements(draw: str) -> list[Supplement]:
    """The supplementary draws of `draw`, drafts included, the oldest first."""
    rows = await (
        Draw.select(Draw.id, Draw.draw, Draw.draft_json)
        .where(Draw.draft_json.like(f'%"supplements":"{draw}"%'))
        .order_by(Draw.id)
    )
    drafts = [(row, parse_draft(row["draft_json"].encode())) for row in rows]
    ours = [(row, draft) for row, draft in drafts if draft.plan.supplements == draw]  # LIKE knows wild cards
    steps = (
        await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.reason_code).where(
            DrawStep.draw.is_in([row["id"] for row, _ in ours])
        )
        if ours
        else []
    )
    made: dict[int, dict[str, str]] = {}
    for step in steps:
        made.setdefault(step["draw"], {})[step["step"]] = step["reason_code"]
    replaced = {draft.replaces for row, draft in ours if row["id"] in made}
    return [
        Supplement(
            id=row["id"],
            draw=row["draw"],
            draft=draft,
            steps=frozenset(made.get(row["id"], ())),
            is_kept=_is_kept(made.get(row["id"], {})) and row["draw"] not in replaced,
        )
        for row, draft in ours
    ]


async def refuse_open_supplement(draw: str, unit: str, now: datetime) -> None:
    """Refuse what a supplement under way does not know of: its frame and recusals are frozen.

    Raises
    ------
    RefusedError
        A supplement of `draw` is about to fill the team of `unit`.
    """
    for supplement in await load_supplements(draw):
        if supplement.is_open(now):
            files = await load_files(supplement.id)
            if any(json.loads(line)["unit"] == unit for line in files["targets.jsonl"].splitlines()):
                raise RefusedError(
                    "team.supplement-open",
                    "the supplementary draw {draw} is filling the team of {unit}; draw it first, or void it",
                    draw=supplement.draw,
                    unit=unit,
                )


def _is_kept(steps: dict[str, str]) -> bool:
    if "announced" not in steps or "drawn" in steps:
        return False
    return "voided" not in steps or steps["voided"] in KEEPING
