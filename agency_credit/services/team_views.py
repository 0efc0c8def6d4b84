"""What the public may see of what happened after a draw: calls of reserves, changes of teams, supplements.

Before the draw is published only that something happened, and its entry in the log; then which unit and
seat; who was sent by another body only after the visit (`log_bodies` knows when).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from agency_credit.database.tables import Draw
from agency_credit.services.log_bodies import load_sealed
from agency_credit.services.team_store import load_calls, load_changes, load_supplements


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a reserve; all but time and entry is None before the draw is published.

    Parameters
    ----------
    called
        The reserve; None also where none was left.
    number
        Its place among the reserves of the stratum, from 1; 0: none was left.
    """

    at: datetime
    log_index: int
    replaced: str | None
    called: str | None
    stratum: str | None
    number: int | None
    reason_code: str | None
    reason: str | None


class SentView(msgspec.Struct, frozen=True, kw_only=True):
    """A member sent by another body without lot, told after the visit."""

    name: str
    certificate: str
    role: str
    sent_by: str
    document: str
    reason: str


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a team; unit, seat and reason are None before the draw is published.

    Parameters
    ----------
    change
        ``emptied``, ``seated``, ``unseated``, ``sent`` or ``dismissed``.
    seat
        From 0; None for members who were sent.
    supplement
        The draw that filled the seat, or left it when voided.
    """

    at: datetime
    log_index: int
    change: str
    unit: str | None
    seat: int | None
    reason_code: str | None
    supplement: str | None
    member: SentView | None


class AfterDraw(msgspec.Struct, frozen=True, kw_only=True):
    """What happened after a draw, and how it hangs together with others."""

    supplements: str | None
    supplemented_by: list[str]
    reserve_calls: list[CallView]
    team_changes: list[ChangeView]


async def load_after_draw(row: dict[str, Any], supplements: str | None, *, is_published: bool) -> AfterDraw:
    """What the public may see of what happened after the draw of this row; `supplements`: as in its plan."""
    calls, changes = await load_calls(row["id"]), await load_changes(row["id"])
    sealed = await load_sealed([change["log_index"] for change in changes if change["kind"] == "sent"])
    return AfterDraw(
        supplements=supplements,
        supplemented_by=[item.draw for item in await load_supplements(row["draw"]) if not item.is_drafted],
        reserve_calls=[_call(call, is_published=is_published) for call in calls],
        team_changes=[
            _change(change, is_published=is_published, is_told=change["log_index"] not in sealed)
            for change in changes
        ],
    )


async def load_unit_calls(draw: str, unit: str) -> list[CallView]:
    """The calls of a published draw by which a unit came in, or went out; in their order."""
    row = await Draw.select(Draw.id).where(Draw.draw == draw).first()
    calls = await load_calls(row["id"]) if row else []
    return [_call(call, is_published=True) for call in calls if unit in (call["unit"], call["called"])]


def _call(row: dict[str, Any], *, is_published: bool) -> CallView:
    return CallView(
        at=row["at"],
        log_index=row["log_index"],
        replaced=row["unit"] if is_published else None,
        called=row["called"] if is_published else None,
        stratum=row["stratum"] if is_published else None,
        number=row["number"] if is_published else None,
        reason_code=row["reason_code"] if is_published else None,
        reason=row["reason"] if is_published else None,
    )


def _change(row: dict[str, Any], *, is_published: bool, is_told: bool) -> ChangeView:
    member = None
    if row["kind"] == "sent" and is_published and is_told:
        member = SentView(**{name: row[name] for name in SentView.__struct_fields__})
    return ChangeView(
        at=row["at"],
        log_index=row["log_index"],
        change=row["kind"],
        unit=row["unit"] if is_published else None,
        seat=row["seat"] if is_published else None,
        reason_code=row["reason_code"] or None if is_published else None,
        supplement=row["supplement_draw"] if is_published else None,
        member=member,
    )
