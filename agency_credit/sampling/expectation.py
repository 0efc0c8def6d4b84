"""What a plan lets everybody expect before chance is known: chances, visits by district, certain units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from agency_credit.domain.plan import DrawPlan, SelectionMethod
from agency_credit.sampling.allocation import allocate
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.selection import certain_units


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumExpectation:
    """A stratum under a plan.

    Parameters
    ----------
    n_units, eligible, mandatory
        All units; those in the lottery; those inspected without lot.
    take
        How many are drawn.
    low, high
        Smallest and largest inclusion probability of a unit in the lottery, exact; with Pareto selection
        that which the draw aims at. Both 0 where nobody is in the lottery.
    n_certain
        Units that are drawn whatever the lot.
    """

    stratum: str
    n_units: int
    eligible: int
    mandatory: int
    take: int
    low: Fraction
    high: Fraction
    n_certain: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What to expect of a draw.

    Parameters
    ----------
    strata
        Sorted by stratum.
    visits
        Expected number of inspected units by area, mandatory ones included, exact.
    targets
        Units that will be inspected: drawn and mandatory ones.
    """

    strata: tuple[StratumExpectation, ...]
    visits: Mapping[str, Fraction]
    targets: int


def expect(frame: Frame, plan: DrawPlan) -> Expectation:
    """Chances and visits of `plan` over `frame`, which fit each other (`check_files`)."""
    eligible = frame.eligible()
    takes = allocate({stratum: len(rows) for stratum, rows in eligible.items()}, plan.strata, plan.rounding)
    n_units = Counter(frame.strata)
    place = {unit: row for row, unit in enumerate(frame.units)}
    mandatory = Counter(frame.strata[place[unit]] for unit in frame.mandatory)
    visits: dict[str, Fraction] = {area: Fraction(0) for area in sorted(set(frame.areas))}
    for unit in frame.mandatory:
        visits[frame.areas[place[unit]]] += 1
    strata = []
    for stratum, rows in eligible.items():
        sizes = [int(frame.sizes[row]) for row in rows]
        chances = inclusion_probabilities(sizes, takes[stratum], plan.selection)
        for chance, times in Counter(zip((frame.areas[row] for row in rows), chances, strict=True)).items():
            visits[chance[0]] += chance[1] * times
        strata.append(
            StratumExpectation(
                stratum=stratum,
                n_units=n_units[stratum],
                eligible=len(rows),
                mandatory=mandatory[stratum],
                take=takes[stratum],
                low=min(chances, default=Fraction(0)),
                high=max(chances, default=Fraction(0)),
                n_certain=sum(chance == 1 for chance in chances),
            )
        )
    targets = sum(takes.values()) + len(frame.mandatory)
    return Expectation(strata=tuple(strata), visits=visits, targets=targets)


def inclusion_probabilities(sizes: list[int], take: int, selection: SelectionMethod) -> list[Fraction]:
    """The inclusion probability of each unit in the lottery of a stratum, exact.

    With Pareto selection that which the draw aims at.
    """
    if selection is SelectionMethod.TICKET:
        return [Fraction(take, max(len(sizes), 1))] * len(sizes)
    certain, places, total = certain_units(sizes, take)
    return [Fraction(1) if i in certain else Fraction(places * size, total) for i, size in enumerate(sizes)]
