"""Which units are drawn, and in which order (draw-protocol.md, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agency_credit.domain.plan import DrawPlan, SelectionMethod
from agency_credit.sampling.allocation import allocate
from agency_credit.sampling.frame import Frame
from agency_credit.sampling.tickets import TARGET, ticket_order, tickets

# Two different keys of Pareto selection have denominators below 2^310 (2^257 times a size), so they
# differ by more than 2^-620: scaled by this much, their whole parts differ as well.
_PARETO_SCALE = 620


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSelection:
    """What the lottery gave in a stratum: `take` of `eligible` units, and the reserves in order.

    `cutoff` is the ticket of the last drawn unit (64 hexadecimal digits) where tickets alone decide.
    """

    stratum: str
    eligible: int
    take: int
    drawn: tuple[str, ...]
    reserves: tuple[str, ...]
    cutoff: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The outcome of the first lottery.

    Parameters
    ----------
    strata
        Sorted by stratum.
    mandatory
        Units inspected without lot, by code point.
    targets, areas
        Columns: the drawn and the mandatory units in ticket order, and the area of each.
    """

    strata: tuple[StratumSelection, ...]
    mandatory: tuple[str, ...]
    targets: tuple[str, ...]
    areas: tuple[str, ...]


def select(frame: Frame, plan: DrawPlan, seed: str) -> Selection:
    """Draw the units to inspect.

    Parameters
    ----------
    frame, plan
        Fit for each other (`check_files`).
    seed
        64 hexadecimal digits, from `derive_seed`.

    Raises
    ------
    InputError
        Two tickets are equal.
    """
    drawn_tickets = tickets(seed, TARGET, frame.units)
    eligible = frame.eligible()
    takes = allocate({stratum: len(rows) for stratum, rows in eligible.items()}, plan.strata, plan.rounding)
    strata, targets = [], [row for row, unit in enumerate(frame.units) if unit in frame.mandatory]
    for rule in plan.strata:
        rows, take = np.array(eligible[rule.stratum], dtype=np.intp), takes[rule.stratum]
        ranked = rows[ticket_order(drawn_tickets[rows])]
        is_pareto = plan.selection is SelectionMethod.PARETO
        order = pareto_order(ranked, frame.sizes, drawn_tickets, take) if is_pareto else ranked
        drawn = order[:take].tolist()
        targets += drawn
        strata.append(
            StratumSelection(
                stratum=rule.stratum,
                eligible=len(rows),
                take=take,
                drawn=tuple(frame.units[row] for row in drawn),
                reserves=tuple(frame.units[row] for row in order[take : take + plan.reserves]),
                cutoff=_hexadecimal(drawn_tickets[drawn[-1]]) if drawn and not is_pareto else None,
            )
        )
    rows = np.array(targets, dtype=np.intp)
    called = rows[ticket_order(drawn_tickets[rows])].tolist()
    return Selection(
        strata=tuple(strata),
        mandatory=tuple(sorted(frame.mandatory)),
        targets=tuple(frame.units[row] for row in called),
        areas=tuple(frame.areas[row] for row in called),
    )


def pareto_order(
    ranked: NDArray[np.intp], sizes: NDArray[np.int64], drawn_tickets: NDArray[np.uint64], take: int
) -> NDArray[np.intp]:
    """Rows of a stratum in the order of Pareto selection (Rosén 1997), compared exactly.

    Parameters
    ----------
    ranked
        Rows of the stratum's eligible units, in ticket order.
    sizes, drawn_tickets
        Columns of the frame, shapes (N,) and (N, 4).
    take
        Number of units to draw.
    """
    column: list[int] = sizes[ranked].tolist()
    certain, places, total = certain_units(column, take)
    first = [i for i in range(len(column)) if i in certain]
    rest = [i for i in range(len(column)) if i not in certain]
    if places:  # with no place left the reserves stay in ticket order
        numbers = [int.from_bytes(row.tobytes(), "big") for row in drawn_tickets[ranked].astype(">u8")]
        # sorting is stable, so that equal keys go by ticket
        rest.sort(key=lambda i: pareto_key(numbers[i], column[i], places, total))
    return ranked[np.array(first + rest, dtype=np.intp)]


def certain_units(sizes: Sequence[int], take: int) -> tuple[frozenset[int], int, int]:
    """Units of a stratum that Pareto selection takes whatever the lot.

    Returns
    -------
    tuple
        Their places in `sizes`; how many of `take` are left for the others; the sum of the others' sizes.
    """
    by_size = sorted(range(len(sizes)), key=lambda i: -sizes[i])
    n_certain, places, total = 0, take, sum(sizes)
    while True:
        passed = n_certain
        left, bound = places, total
        while n_certain < len(by_size) and left * sizes[by_size[n_certain]] >= bound:
            total -= sizes[by_size[n_certain]]
            places -= 1
            n_certain += 1
        if n_certain == passed:
            return frozenset(by_size[:n_certain]), places, total


def pareto_key(number: int, size: int, places: int, total: int) -> int:
    """u(1-λ) / ((1-u)λ) scaled to an integer that orders, and is equal, exactly as the fraction.

    Parameters
    ----------
    number
        The ticket T, u = (2T + 1) / 2^257.
    size, places, total
        λ = places * size / total, below 1.
    """
    numerator = (2 * number + 1) * (total - places * size)
    denominator = (2**257 - 2 * number - 1) * size
    return (numerator << _PARETO_SCALE) // denominator


def _hexadecimal(words: NDArray[np.uint64]) -> str:
    return words.astype(">u8").tobytes().hex()
