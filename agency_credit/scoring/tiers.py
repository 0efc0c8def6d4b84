"""Score and tier of a ledger."""

from __future__ import annotations

from agency_credit.domain.ledger import Ledger
from agency_credit.domain.tier import Tier
from agency_credit.scoring.rulepack import RulePack


def score_of(ledger: Ledger) -> int:
    """Score of a ledger in thousandths: the base and what its lines add, nothing else.

    Not clipped at 0 or anywhere: no instrument that we found says so.
    """
    return ledger.base_millipoints + sum(line.millipoints for line in ledger.lines)


def tier_of(pack: RulePack, millipoints: int) -> Tier:
    """The one tier of `pack` whose band holds a score of `millipoints` thousandths."""
    (tier,) = (tier for tier in pack.tiers if tier.contains(millipoints))
    return tier
