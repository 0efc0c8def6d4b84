"""How often a clause counts, and the most that a clause or a group can move the score.

1. `once` and `per-year`: of the counting lines of a clause, or of a clause in one calendar year, the
   heaviest stays; of equally heavy ones that which counts longest, then the first.
2. The cap of a clause, then 3. that of its group: line by line, in the order of the ledger, each takes what
   is left.

What is left without points is capped; a line that gets only a part goes on counting, with that part.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import date

from agency_credit.domain.ledger import LedgerLine, LineState
from agency_credit.scoring.clause import Clause, CountingRule
from agency_credit.scoring.rulepack import RulePack


class Caps:
    """Rules and caps of a pack over the lines of one subject, to be asked for any set of them that counts.

    Parameters
    ----------
    lines
        In the order of the ledger. What they are worth, their clauses and periods are read, not their state.
    pack
        The one that made them.
    """

    def __init__(self, lines: Sequence[LedgerLine], pack: RulePack) -> None:
        clauses = {clause.code: clause for clause in pack.clauses}
        limits: dict[tuple[str, str], int] = {
            ("clause", code): clause.counting.cap
            for code, clause in clauses.items()
            if clause.counting.cap is not None
        }
        limits |= {("group", group.code): group.cap for group in pack.groups if group.cap is not None}
        places = {name: place for place, name in enumerate(limits)}
        self._most = list(limits.values())
        self._worths = [line.worth_millipoints or 0 for line in lines]
        self._weights = [_weight(line) for line in lines]
        self._keys: list[Hashable] = []
        self._limits: list[tuple[int, ...]] = []
        for line in lines:
            clause = clauses.get(line.clause or "")
            self._keys.append(None if clause is None else counting_key(line, clause))
            names = () if clause is None else (("clause", clause.code), ("group", clause.group or ""))
            self._limits.append(tuple(places[name] for name in names if name in places))

    def points(self, counting: Sequence[int]) -> dict[int, int]:
        """What each line adds when those at the places `counting`, in order, count; without capped ones."""
        left, points = self._most.copy(), {}
        for place in self._keep_heaviest(counting):  # 1
            worth = taken = self._worths[place]
            for limit in self._limits[place]:  # 2, 3
                taken = min(taken, left[limit], key=abs)
                left[limit] -= taken
            # A line that is worth nothing by itself (assessed at 0) takes nothing from anybody, and counts.
            if taken or not worth:
                points[place] = taken
        return points

    def _keep_heaviest(self, counting: Sequence[int]) -> Sequence[int]:
        heaviest: dict[Hashable, int] = {}
        for place in counting:
            key = self._keys[place]
            if key is not None and self._weights[place] > self._weights[heaviest.setdefault(key, place)]:
                heaviest[key] = place
        return [place for place in counting if heaviest.get(self._keys[place], place) == place]


def apply_caps(lines: Sequence[LedgerLine], pack: RulePack) -> tuple[LedgerLine, ...]:
    """`lines` of one subject, in the order of the ledger, after rules and caps of `pack`."""
    counting = [place for place, line in enumerate(lines) if line.state is LineState.COUNTING]
    points = Caps(lines, pack).points(counting)
    after = list(lines)
    for place in counting:
        if place not in points:
            after[place] = replace(lines[place], millipoints=0, state=LineState.CAPPED)
        elif points[place] != lines[place].millipoints:
            after[place] = replace(lines[place], millipoints=points[place])
    return tuple(after)


def counting_key(line: LedgerLine, clause: Clause) -> Hashable:
    """What at most one counting line of `clause` may have in common; None: each counts."""
    if clause.counting.rule is CountingRule.PER_CASE or line.period is None:
        return None
    per_year = clause.counting.rule is CountingRule.PER_YEAR
    return clause.code, line.period.first_on.year if per_year else None


def _weight(line: LedgerLine) -> tuple[int, date]:
    last_on = None if line.period is None else line.period.last_on
    return abs(line.worth_millipoints or 0), last_on or date.max
