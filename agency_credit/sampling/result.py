"""A whole draw: from its files to `result.json` (draw-protocol.md, sections 4 to 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from agency_credit.domain.assignment import Teams
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.draw import Reveal
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.domain.plan import PROTOCOL, DrawPlan
from agency_credit.domain.roster import InspectorRoster, Recusals
from agency_credit.sampling.announcement import announce, check_files, format_announcement
from agency_credit.sampling.assignment import assign
from agency_credit.sampling.entropy import check_reveal, parse_reveal
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.line_files import parse_frame, parse_recusals, parse_roster
from agency_credit.sampling.plan_file import parse_plan
from agency_credit.sampling.seed import derive_seed
from agency_credit.sampling.selection import Selection, StratumSelection, select

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawFiles:
    """The files that are announced, read, and fit for each other."""

    plan: DrawPlan
    frame: Frame
    roster: InspectorRoster
    recusals: Recusals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawOutcome:
    """What a draw gives: the bytes of its two files, and what stands in them."""

    announcement: bytes
    seed: str
    selection: Selection
    teams: Teams
    result: bytes


def parse_files(contents: Mapping[str, bytes]) -> DrawFiles:
    """Read the four files that are announced.

    Parameters
    ----------
    contents
        Bytes of `plan.json`, `targets.jsonl`, `inspectors.jsonl`, `recusals.jsonl`, by name.

    Raises
    ------
    FaultsError
        Every fault of every file; only where each file is sound by itself, those between them.
    """
    faults: list[Fault] = []

    def parse(name: str, read: Callable[[bytes], _T]) -> _T | None:
        try:
            return read(contents[name])
        except FaultsError as error:
            faults.extend(error.faults)
            return None

    plan = parse("plan.json", parse_plan)
    frame = parse("targets.jsonl", parse_frame)
    roster = parse("inspectors.jsonl", parse_roster)
    recusals = parse("recusals.jsonl", parse_recusals)
    if plan is None or frame is None or roster is None or recusals is None:
        raise FaultsError("draw", tuple(faults))
    check_files(plan, frame, roster, recusals)
    return DrawFiles(plan=plan, frame=frame, roster=roster, recusals=recusals)


def compute_draw(files: DrawFiles, reveal: Reveal) -> DrawOutcome:
    """Draw.

    Raises
    ------
    FaultsError
        The values do not belong to the plan (`check_reveal`).
    InputError
        Two tickets are equal.
    """
    check_reveal(files.plan, reveal)
    announcement = format_announcement(announce(files.plan, files.frame, files.roster, files.recusals))
    seed = derive_seed(announcement, reveal.values)
    selection = select(files.frame, files.plan, seed)
    teams = assign(selection, files.plan, files.roster, files.recusals, seed)
    return DrawOutcome(
        announcement=announcement,
        seed=seed,
        selection=selection,
        teams=teams,
        result=format_result(files.plan, seed, selection, teams),
    )


def compute_result(contents: Mapping[str, bytes]) -> bytes:
    """`result.json` of the five files of a draw, `reveal.json` among them; raises as the parts do."""
    return compute_draw(parse_files(contents), parse_reveal(contents["reveal.json"])).result


def format_result(plan: DrawPlan, seed: str, selection: Selection, teams: Teams) -> bytes:
    """The bytes of `result.json`."""
    return format_canonical(
        {
            "draw": plan.draw,
            "mandatory": selection.mandatory,
            "protocol": PROTOCOL,
            "seed": seed,
            "strata": [_stratum_object(stratum) for stratum in selection.strata],
            "teams": [{"inspectors": team.inspectors, "unit": team.unit} for team in teams.teams],
            "unfilled": [{"seat": seat.seat, "unit": seat.unit} for seat in teams.unfilled],
        }
    )


def _stratum_object(stratum: StratumSelection) -> dict[str, str | int | tuple[str, ...] | None]:
    return {
        "cutoff": stratum.cutoff,
        "drawn": stratum.drawn,
        "eligible": stratum.eligible,
        "reserves": stratum.reserves,
        "stratum": stratum.stratum,
        "take": stratum.take,
    }
