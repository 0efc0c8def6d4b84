"""What software says about a draw beside its outcome (draw-protocol.md, sections 4 and 7 to 9).

Warnings are `Fault` of severity ``"warning"``: nothing here stops a draw.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from agency_credit.domain.assignment import Teams
from agency_credit.domain.draw import Reveal
from agency_credit.domain.errors import Fault
from agency_credit.domain.plan import DrawPlan, EntropyForm, SelectionMethod
from agency_credit.domain.roster import InspectorRoster, Recusals
from agency_credit.sampling.allocation import allocate
from agency_credit.sampling.assignment import Place, candidates
from agency_credit.sampling.entropy import ENOUGH_BITS, announced_tenths, digits_wanted, entropy_tenths
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.result import DrawFiles, DrawOutcome
from agency_credit.sampling.selection import Selection, certain_units

FEW_CANDIDATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseeable:
    """Units of a stratum that everybody knows will be drawn: `certain` of `eligible`."""

    stratum: str
    eligible: int
    certain: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatCandidates:
    """How many inspectors of the roster may sit on a seat."""

    unit: str
    seat: int
    n_candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfilledReason:
    """Why a seat stays unfilled: the inspectors who block it, sorted.

    Parameters
    ----------
    full
        Have as many targets as their limit; more room for one of them would help.
    seated
        Sit on another seat of a team that would have to change.

    Both are empty where nobody may sit on the seat at all.
    """

    unit: str
    seat: int
    full: tuple[str, ...]
    seated: tuple[str, ...]


def foreseeable(frame: Frame, plan: DrawPlan) -> tuple[Foreseeable, ...]:
    """Strata with units that are drawn whatever the lot: taken whole, or large in a Pareto draw."""
    eligible = frame.eligible()
    takes = allocate({stratum: len(rows) for stratum, rows in eligible.items()}, plan.strata, plan.rounding)
    found = []
    for rule in plan.strata:
        rows, take = eligible[rule.stratum], takes[rule.stratum]
        certain = rows if take == len(rows) else []
        if not certain and plan.selection is SelectionMethod.PARETO:
            sizes: list[int] = frame.sizes[rows].tolist()
            certain = [rows[i] for i in sorted(certain_units(sizes, take)[0])]
        if certain:
            units = tuple(frame.units[row] for row in certain)
            found.append(Foreseeable(stratum=rule.stratum, eligible=len(rows), certain=units))
    return tuple(found)


def count_candidates(
    units: Sequence[str], areas: Sequence[str], plan: DrawPlan, roster: InspectorRoster, recusals: Recusals
) -> tuple[SeatCandidates, ...]:
    """How many inspectors may sit on each seat of each unit; `units` and `areas` are columns."""
    return tuple(
        SeatCandidates(unit=unit, seat=k, n_candidates=len(seat))
        for unit, seats in zip(units, candidates(units, areas, plan, roster, recusals), strict=True)
        for k, seat in enumerate(seats)
    )


def explain_unfilled(
    selection: Selection, plan: DrawPlan, roster: InspectorRoster, recusals: Recusals, teams: Teams
) -> tuple[UnfilledReason, ...]:
    """Who blocks each unfilled seat (section 7, rule 4), in the order of `teams.unfilled`."""
    seats = candidates(selection.targets, selection.areas, plan, roster, recusals)
    names = [inspector.inspector for inspector in roster.inspectors]
    place = {name: i for i, name in enumerate(names)}
    sitting = {
        (target, k): place[name]
        for target, team in enumerate(teams.teams)
        for k, name in enumerate(team.inspectors)
        if name is not None
    }
    target_of = {unit: target for target, unit in enumerate(selection.targets)}
    reasons = []
    for unfilled in teams.unfilled:
        full, seated = _blockers((target_of[unfilled.unit], unfilled.seat), seats, sitting)
        reasons.append(
            UnfilledReason(
                unit=unfilled.unit,
                seat=unfilled.seat,
                full=tuple(sorted(names[i] for i in full)),
                seated=tuple(sorted(names[i] for i in seated - full)),
            )
        )
    return tuple(reasons)


def review_files(files: DrawFiles) -> tuple[Fault, ...]:
    """Warnings while a draw is being planned: too few bits, what can be foreseen, seats for few."""
    plan, frame = files.plan, files.frame
    warnings = _weak_sources(plan)
    for stratum in foreseeable(frame, plan):
        warnings.append(
            _fault(
                f"stratum {stratum.stratum}",
                "review.foreseeable",
                "{n} of {eligible} unit(s) are sure to be drawn: they can foresee their inspection",
                n=len(stratum.certain),
                eligible=stratum.eligible,
            )
        )
    kept = [row for row, unit in enumerate(frame.units) if unit not in frame.excluded]
    units, areas = [frame.units[row] for row in kept], [frame.areas[row] for row in kept]
    return (*warnings, *_few_candidates(units, areas, files))


def review_outcome(files: DrawFiles, reveal: Reveal, outcome: DrawOutcome) -> tuple[Fault, ...]:
    """Warnings about a draw that was made: bits, seats that few could sit on, seats left unfilled."""
    plan, selection = files.plan, outcome.selection
    tenths = entropy_tenths(plan, reveal.values)
    warnings = [_few_bits(tenths)] if tenths < ENOUGH_BITS * 10 else []
    warnings += _few_candidates(selection.targets, selection.areas, files)
    reasons = explain_unfilled(selection, plan, files.roster, files.recusals, outcome.teams)
    return (*warnings, *map(describe_unfilled, reasons))


def describe_unfilled(reason: UnfilledReason) -> Fault:
    """The reason in words."""
    at = f"{reason.unit}/{reason.seat}"
    if not reason.full and not reason.seated:
        return _fault(
            at,
            "review.nobody",
            "unfilled: nobody may sit here, all are recused, not sent to this area or without the skills",
        )
    return _fault(
        at,
        "review.unfilled",
        "unfilled: all who could sit here, or make room, are full ({full}) or in the team ({seated});"
        " announce a supplementary draw with a larger roster",
        full=", ".join(reason.full) or "—",
        seated=", ".join(reason.seated) or "—",
    )


def _weak_sources(plan: DrawPlan) -> list[Fault]:
    warnings = [
        _fault(
            source.event,
            "review.text-source",
            "a free text counts no bits: whoever writes it may choose it; name a lottery, dice or drand",
        )
        for source in plan.public_sources
        if source.form is EntropyForm.TEXT
    ]
    tenths, is_counted = announced_tenths(plan)
    wanted = digits_wanted(plan)
    if tenths < ENOUGH_BITS * 10 and (is_counted or wanted is None):
        warnings.append(_few_bits(tenths))
    elif tenths < ENOUGH_BITS * 10:
        warnings.append(
            _fault(
                "entropy",
                "review.digits-wanted",
                "the public values carry {enough} bits only with {n} digits or throws; announce how many",
                enough=ENOUGH_BITS,
                n=wanted or 0,
            )
        )
    return warnings


def _few_candidates(units: Sequence[str], areas: Sequence[str], files: DrawFiles) -> list[Fault]:
    few = Counter(
        seat.seat
        for seat in count_candidates(units, areas, files.plan, files.roster, files.recusals)
        if seat.n_candidates < FEW_CANDIDATES
    )
    return [
        _fault(
            f"seats[{k}]",
            "review.few-candidates",
            "for {n} unit(s) fewer than {few} inspectors may sit on the seat {role}; a larger roster helps",
            n=few[k],
            few=FEW_CANDIDATES,
            role=files.plan.seats[k].role,
        )
        for k in sorted(few)
    ]


def _few_bits(tenths: int) -> Fault:
    return _fault(
        "entropy",
        "review.few-bits",
        "the public values carry {bits} bits, fewer than {enough}: whoever knows all nonces may steer rare"
        " joint events, not ordinary chances; add a public source",
        bits=f"{tenths // 10}.{tenths % 10}",
        enough=ENOUGH_BITS,
    )


def _fault(at: str, code: str, template: str, /, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params, severity="warning")


def _blockers(
    start: Place, seats: list[list[list[int]]], sitting: dict[Place, int]
) -> tuple[set[int], set[int]]:
    """Inspectors opened, and those met on the same target, by a search from `start` that finds nobody."""
    seats_of: dict[int, list[Place]] = {}
    for place, inspector in sitting.items():
        seats_of.setdefault(inspector, []).append(place)
    reached, queue = {start}, deque([start])
    opened: set[int] = set()
    seated: set[int] = set()
    while queue:
        target, k = queue.popleft()
        team = {sitting[target, j]: (target, j) for j in range(len(seats[target])) if (target, j) in sitting}
        others = set(seats[target][k]) - {sitting.get((target, k), -1)}
        fresh = others - team.keys() - opened
        seated |= others & team.keys()
        opened |= fresh
        onward = [team[i] for i in others & team.keys()]
        for y in onward + [place for i in fresh for place in seats_of.get(i, ())]:
            if y not in reached:
                reached.add(y)
                queue.append(y)
    return opened, seated
