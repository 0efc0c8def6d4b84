"""The lists that a draw freezes: today's, or those of the voided draw that it repeats.

After `nonce-…` and `event-missing` a new attempt keeps what the voided draw had frozen (draw-protocol.md,
section 9): else a nonce withheld would be a way to a more welcome frame, roster or recusal. Units,
inspectors and recusals are then the same, and with them the root of the targets; the roots of the two
other files still change, because pseudonyms are made for one draw alone (section 8).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from agency_credit.database.tables import Agency, DrawPseudonym, DrawStep
from agency_credit.domain.canonical import Json
from agency_credit.domain.day import day_in_china
from agency_credit.inspection.draw_states import KEEPING
from agency_credit.services.draw_draft import DrawDraft
from agency_credit.services.draw_store import load_files
from agency_credit.services.frame import (
    FrameLine,
    Reason,
    Stratification,
    count_strata,
    format_lines,
    format_recusals,
    load_roster,
    load_stratification,
)
from agency_credit.services.next_step import draft_times
from agency_credit.services.office import Office
from agency_credit.services.supplements import load_supplement_lists


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawLists:
    """Frame and roster of a draft.

    Parameters
    ----------
    roster
        As `frame.load_roster` gives it.
    recused
        Pairs of inspector and unit, of the voided draw or of a supplement; None: those approved by now.
    """

    frame: Stratification
    roster: list[dict[str, Any]]
    recused: frozenset[tuple[int, str]] | None

    async def format_recusals(self, pseudonyms: dict[int, str]) -> bytes:
        """`recusals.jsonl` under the pseudonyms of a draw, by inspector id.

        Raises
        ------
        RefusedError
            A recusal is waiting for its second person.
        """
        if self.recused is None:
            return await format_recusals(pseudonyms, {line.unit for line in self.frame.lines})
        pairs: list[dict[str, Json]] = [
            {"inspector": pseudonyms[inspector], "unit": unit} for inspector, unit in self.recused
        ]
        return format_lines(pairs, "unit", "inspector")


async def load_draw_lists(office: Office, draft: DrawDraft) -> DrawLists:
    """The lists that `draft` would freeze now; raises as `frame.load_stratification` does."""
    kept = await _load_kept_draw(draft.replaces)
    if kept is None and draft.plan.supplements is not None:
        lists = await load_supplement_lists(draft, office.now())
        return DrawLists(frame=lists.frame, roster=lists.roster, recused=lists.recused)
    if kept is None:
        by_size = draft.plan.selection == "pareto"
        year = _first_visit_year(office, draft)
        frame = await load_stratification(office, draft.scope, by_size=by_size, year=year)
        roster = await load_roster(draft.inspector_limit, draft.plan.authority, draft.partners)
        return DrawLists(frame=frame, roster=roster, recused=None)
    return await load_frozen_lists(kept)


def _first_visit_year(office: Office, draft: DrawDraft) -> int:
    """The calendar year before which nobody can be visited: the draw waits for its last public value."""
    last = max(draft_times(draft.plan.entropy), default=None)
    return max(office.today(), day_in_china(last) if last else office.today()).year


async def load_frozen_lists(draw: int) -> DrawLists:
    """The lists that the draw of this row froze, with the names that stay inside."""
    files = {
        name: _read_lines(content) for name, content in (await load_files(draw)).items() if "jsonl" in name
    }
    people = await _load_people(draw)
    return DrawLists(
        frame=await _read_frame(files["targets.jsonl"]),
        roster=[
            people[line.pop("inspector")] | line
            for line in sorted(
                files["inspectors.jsonl"], key=lambda line: people[line["inspector"]]["certificate"]
            )
        ],
        recused=frozenset(
            (people[line["inspector"]]["id"], line["unit"]) for line in files["recusals.jsonl"]
        ),
    )


async def _load_kept_draw(replaced: str | None) -> int | None:
    step = await (
        DrawStep.select(DrawStep.draw)
        .where((DrawStep.draw.draw == (replaced or "")) & (DrawStep.step == "voided"))
        .where(DrawStep.reason_code.is_in(sorted(KEEPING)))
        .first()
    )
    return None if step is None else int(step["draw"])


async def _load_people(draw: int) -> dict[str, dict[str, Any]]:
    rows = await DrawPseudonym.select(
        DrawPseudonym.pseudonym,
        DrawPseudonym.inspector.as_alias("id"),
        DrawPseudonym.inspector.certificate.as_alias("certificate"),
        DrawPseudonym.inspector.name.as_alias("name"),
    ).where(DrawPseudonym.draw == draw)
    return {row.pop("pseudonym"): row for row in rows}


async def _read_frame(lines: list[dict[str, Any]]) -> Stratification:
    units = [line["unit"] for line in lines]
    rows = await Agency.select(Agency.uscc, Agency.name).where(Agency.uscc.is_in(units)) if units else []
    names = {row["uscc"]: row["name"] for row in rows}
    frozen = tuple(
        FrameLine(
            unit=line["unit"],
            name=names[line["unit"]],
            area=line["area"],
            stratum=line["stratum"],
            size=line["size"],
            excluded=Reason(**line["excluded"]) if line["excluded"] else None,
            mandatory=Reason(**line["mandatory"]) if line["mandatory"] else None,
        )
        for line in lines
    )
    return Stratification(lines=frozen, strata=count_strata(frozen))


def _read_lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]
