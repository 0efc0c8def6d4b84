"""How many units are drawn of each stratum (draw-protocol.md, section 6, rule 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from agency_credit.domain.plan import Rounding, StratumRule, Take, TakeAll, TakeCount


def allocate(sizes: Mapping[str, int], strata: Sequence[StratumRule], rounding: Rounding) -> dict[str, int]:
    """Number of units to draw of each stratum, 0 <= n <= N.

    Parameters
    ----------
    sizes
        N, the number of eligible units, of every stratum of `strata`.
    """
    return {rule.stratum: _take(sizes[rule.stratum], rule.take, rounding) for rule in strata}


def _take(size: int, take: Take, rounding: Rounding) -> int:
    if isinstance(take, TakeAll):
        return size
    if isinstance(take, TakeCount):
        return min(take.count, size)
    return min(size, max(_round(take.value * size, rounding), take.minimum))


def _round(share: Fraction, rounding: Rounding) -> int:
    p, q = share.as_integer_ratio()
    if rounding is Rounding.UP:
        return -(-p // q)
    if rounding is Rounding.DOWN:
        return p // q
    return (2 * p + q) // (2 * q)  # halves up
