"""The tiers of a rule pack: bands that hold every score exactly once."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from agency_credit.domain.points import format_points
from agency_credit.domain.tier import Tier
from agency_credit.scoring.clause_table import parse_code, parse_provenance
from agency_credit.scoring.toml_table import TomlTable


def parse_tier(table: TomlTable) -> Tier:
    """One of the tables `tiers`: `from` or `above` below, `below` or `up_to` above, or open at one end."""
    for first, second in (("from", "above"), ("below", "up_to")):
        if table.has(first) and table.has(second):
            template = "give {first} or {second}, not both"
            table.fault(second, "rules.band-end-twice", template, first=first, second=second)
    above, up_to = table.optional_points("above"), table.optional_points("up_to")
    start, below = table.optional_points("from"), table.optional_points("below")
    tier = Tier(
        name=parse_code(table, "name"),
        from_millipoints=start if above is None else above + 1,
        below_millipoints=below if up_to is None else up_to + 1,
        provenance=parse_provenance(table),
    )
    table.close()
    return tier


def check_bands(table: TomlTable, tiers: tuple[Tier, ...]) -> None:
    """Note every way in which `tiers`, highest first, fail to hold each score exactly once."""
    for name, n in Counter(tier.name for tier in tiers).items():
        if n > 1:
            table.fault("tiers", "rules.duplicate-tier", "{n} tiers are called {name}", name=name, n=n)
    if not tiers:
        table.fault("tiers", "rules.band-none", "no score falls into a tier; write at least one")
        return
    if tiers[0].below_millipoints is not None:
        table.fault("tiers", "rules.band-top", "the first tier must be open at the top")
    if tiers[-1].from_millipoints is not None:
        table.fault("tiers", "rules.band-bottom", "the last tier must be open at the bottom")
    for upper, lower in pairwise(tiers):
        _check_seam(table, upper, lower)
    for tier in tiers:
        low, high = tier.from_millipoints, tier.below_millipoints
        if low is not None and high is not None and low >= high:
            table.fault("tiers", "rules.band-empty", "no score falls into the tier {name}", name=tier.name)


def _check_seam(table: TomlTable, upper: Tier, lower: Tier) -> None:
    bottom, top = upper.from_millipoints, lower.below_millipoints
    if bottom is None or top is None:
        table.fault(
            "tiers",
            "rules.band-order",
            "between {upper} and {lower} an end is missing; tiers go from the highest down",
            upper=upper.name,
            lower=lower.name,
        )
    elif bottom > top:
        table.fault(
            "tiers",
            "rules.band-gap",
            "scores from {low} to below {high} fall into no tier (between {lower} and {upper})",
            low=format_points(top),
            high=format_points(bottom),
            upper=upper.name,
            lower=lower.name,
        )
    elif bottom < top:
        table.fault(
            "tiers",
            "rules.band-overlap",
            "scores from {low} to below {high} fall into both {lower} and {upper}",
            low=format_points(bottom),
            high=format_points(top),
            upper=upper.name,
            lower=lower.name,
        )
