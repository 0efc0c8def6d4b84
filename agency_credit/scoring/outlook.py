"""What would change a tier: the mere passing of time, or a further record. Repairs: `repairs.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from agency_credit.domain.ledger import Ledger, LedgerLine
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.ledger import score_ledger
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import score_of, tier_of
from agency_credit.scoring.timeline import Moment, score_timeline

MADE_UP = "made-up"
"""Identifier of a made-up record; those of real ones are digests, or whatever the caller names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What a made-up record would do: score and tier without it, and the ledger, score and tier with it."""

    score_before: int
    tier_before: str
    ledger: Ledger
    score: int
    tier: str

    @property
    def made_up_line(self) -> LedgerLine:
        """The line of the made-up record."""
        return next(line for line in self.ledger.lines if line.record_id == MADE_UP)


def expiries(records: Iterable[CreditRecord], packs: Iterable[RulePack], on: date) -> tuple[Moment, ...]:
    """The days after `on` on which time alone changes the score, the tier or the pack, with what holds then.

    Periods end, stays begin and end, records begin to count, packs come and go; where no pack is in force the
    moment says which is missing. What nobody has decided by now is not foreseen.

    Raises
    ------
    InputError, FaultsError
        As `score_timeline`.
    """
    return score_timeline(records, packs, on, None)[1:]


def what_if(records: Iterable[CreditRecord], made_up: CreditRecord, pack: RulePack, on: date) -> WhatIf:
    """The ledger of `records` with one more, which gets the identifier `MADE_UP`; nothing is stored.

    Raises
    ------
    InputError
        As `score_ledger`; also where `made_up` is of another subject.
    """
    known = tuple(records)
    score_before = score_of(score_ledger(known, pack, on))
    ledger = score_ledger([*known, replace(made_up, record_id=MADE_UP)], pack, on)
    score = score_of(ledger)
    return WhatIf(
        score_before=score_before,
        tier_before=tier_of(pack, score_before).name,
        ledger=ledger,
        score=score,
        tier=tier_of(pack, score).name,
    )
