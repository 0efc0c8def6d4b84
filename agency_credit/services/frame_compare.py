"""The frame of a draw beside that of the last draw of the same scope: who is new, gone, moved, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from agency_credit.database.tables import Agency, Draw, DrawStep
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault
from agency_credit.services.draw_draft import DrawDraft, parse_draft
from agency_credit.services.draw_store import load_files
from agency_credit.services.frame import FrameLine, FrameScope

KINDS = ("new", "gone", "stratum", "ground")
"""How a unit may differ: new, gone, in another stratum, with another ground for taking no part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """A unit that is not as it was in the last draw.

    Parameters
    ----------
    before, now
        Its stratum, or its ground; empty where it had none or was not there.
    why
        The reason in words, for the pages.
    """

    unit: str
    name: str
    kind: str
    before: str
    now: str
    why: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameComparison:
    """What changed since the last draw of the same scope, and how much did not."""

    draw: str
    title: str
    announced_at: datetime
    changes: tuple[UnitChange, ...]
    n_same: int

    def count(self, kind: str) -> int:
        """How many changes are of `kind`."""
        return sum(change.kind == kind for change in self.changes)


async def compare_with_last(
    draw_id: int, draft: DrawDraft, lines: Iterable[FrameLine]
) -> FrameComparison | None:
    """Hold a frame against the last draw that was made of the same scope, whatever its annual cap was.

    A supplement is compared with nothing: its frame is a few targets of its original.

    Parameters
    ----------
    draw_id
        The row of the draw itself; only draws announced before it count.

    Returns
    -------
    FrameComparison | None
        None: no such draw was made before.
    """
    if draft.plan.supplements is not None:
        return None
    last = await _find_last(draw_id, draft)
    if last is None:
        return None
    content = (await load_files(last["id"]))["targets.jsonl"]
    before = {line["unit"]: line for line in map(json.loads, content.splitlines())}
    now = {line.unit: line for line in lines}
    rows = await _load_agencies(before.keys() ^ now.keys())
    changes = tuple(_tell_changes(before, now, rows, last["at"]))
    changed = {change.unit for change in changes}
    return FrameComparison(
        draw=last["draw"],
        title=last["title"],
        announced_at=last["at"],
        changes=changes,
        n_same=len(now.keys() - changed),
    )


async def _find_last(draw_id: int, draft: DrawDraft) -> dict[str, Any] | None:
    steps = await DrawStep.select(
        DrawStep.id, DrawStep.step, DrawStep.at, DrawStep.draw.as_alias("draw_id")
    ).order_by(DrawStep.id, ascending=False)
    voided = {step["draw_id"] for step in steps if step["step"] == "voided"}
    drawn = {step["draw_id"] for step in steps if step["step"] == "drawn"} - voided
    own = next((s["id"] for s in steps if s["draw_id"] == draw_id and s["step"] == "announced"), None)
    for step in steps:
        is_earlier = step["draw_id"] != draw_id and (own is None or step["id"] < own)
        if step["step"] == "announced" and step["draw_id"] in drawn and is_earlier:
            row = await Draw.select().where(Draw.id == step["draw_id"]).first()
            assert row is not None
            other = parse_draft(row["draft_json"].encode())
            is_alike = _without_cap(other.scope) == _without_cap(draft.scope)
            if is_alike and other.plan.supplements is None:
                return {"id": row["id"], "draw": row["draw"], "title": row["title"], "at": step["at"]}
    return None


def _without_cap(scope: FrameScope) -> FrameScope:
    return replace(scope, practice_lines=sorted(scope.practice_lines), annual_cap=None)


async def _load_agencies(units: Iterable[str]) -> dict[str, dict[str, Any]]:
    wanted = set(units)
    columns = (Agency.uscc, Agency.name, Agency.status, Agency.established_on, Agency.created_at, Agency.area)
    if len(wanted) > 1000:  # a frame that is all new: one reading of the register is cheaper
        rows = await Agency.select(*columns)
    else:
        rows = await Agency.select(*columns).where(Agency.uscc.is_in(sorted(wanted))) if wanted else []
    return {row["uscc"]: row for row in rows if row["uscc"] in wanted}


def _tell_changes(
    before: Mapping[str, dict[str, Any]],
    now: Mapping[str, FrameLine],
    rows: Mapping[str, dict[str, Any]],
    since: datetime,
) -> Iterator[UnitChange]:
    for unit in sorted(now.keys() - before.keys()):
        yield UnitChange(
            unit=unit,
            name=now[unit].name,
            kind="new",
            before="",
            now=now[unit].stratum,
            why=_why_new(rows.get(unit), since),
        )
    for unit in sorted(before.keys() - now.keys()):
        yield UnitChange(
            unit=unit,
            name=rows[unit]["name"] if unit in rows else unit,
            kind="gone",
            before=before[unit]["stratum"],
            now="",
            why=_why_gone(rows.get(unit)),
        )
    for unit in sorted(before.keys() & now.keys()):
        yield from _tell_moves(before[unit], now[unit])


def _tell_moves(old: Mapping[str, Any], line: FrameLine) -> Iterator[UnitChange]:
    if old["stratum"] != line.stratum:
        yield UnitChange(
            unit=line.unit,
            name=line.name,
            kind="stratum",
            before=old["stratum"],
            now=line.stratum,
            why=_why_moved(old["stratum"], line.stratum),
        )
    grounds = [(old[key] or {}).get("reason", "") for key in ("mandatory", "excluded")]
    mine = [ground.reason if ground else "" for ground in (line.mandatory, line.excluded)]
    if grounds != mine:
        yield UnitChange(
            unit=line.unit,
            name=line.name,
            kind="ground",
            before="".join(grounds),
            now="".join(mine),
            why=_why_grounds(grounds, mine),
        )


def _why_new(row: Mapping[str, Any] | None, since: datetime) -> Fault:
    if row is None or row["created_at"] <= since:
        return _note_fault(
            "compare.into-scope", "in force again, or its practice line or district came into the scope"
        )
    if row["established_on"] is not None and row["established_on"] >= day_in_china(since):
        return _note_fault(
            "compare.established", "established since, on {on}", on=row["established_on"].isoformat()
        )
    return _note_fault(
        "compare.registered",
        "entered in the register since, on {on}",
        on=day_in_china(row["created_at"]).isoformat(),
    )


def _why_gone(row: Mapping[str, Any] | None) -> Fault:
    if row is None:
        return _note_fault("compare.unknown", "no longer in the register")
    if row["status"] == "cancelled":
        return _note_fault("compare.cancelled", "the agency was cancelled")
    if row["status"] == "revoked":
        return _note_fault("compare.revoked", "its licence was revoked")
    if row["status"] == "suspended":
        return _note_fault("compare.suspended", "the agency is suspended")
    return _note_fault("compare.out-of-scope", "in force, but no longer of this practice line or district")


def _why_moved(before: str, now: str) -> Fault:
    old_line, _, old_tier = before.rpartition("-")
    line, _, tier = now.rpartition("-")
    if old_line == line:
        return _note_fault(
            "compare.tier", "credit tier changed from {before} to {now}", before=old_tier, now=tier
        )
    return _note_fault(
        "compare.line", "the worse tier is now that of another practice line: {before}, now {now}",
        before=before, now=now,
    )  # fmt: skip


def _why_grounds(before: list[str], now: list[str]) -> Fault:
    (was_mandatory, was_excluded), (mandatory, excluded) = before, now
    if mandatory and not was_mandatory:
        return _note_fault("compare.listed", "entered a list since")
    if was_mandatory and not mandatory:
        return _note_fault("compare.delisted", "taken off the list since")
    if excluded and not was_excluded:
        return _note_fault("compare.capped", "the annual cap is reached")
    if was_excluded and not excluded:
        return _note_fault("compare.uncapped", "below the annual cap again")
    return _note_fault("compare.ground", "the ground reads otherwise now")


def _note_fault(code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at="", code=code, template=template, params=params, severity="warning")
