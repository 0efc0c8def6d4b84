"""How often a clause counts, and the most that a clause or a group can move the score.

1. `once` and `per-year`: of the counting lines of a clause, or of a clause in one calendar year, the
   heaviest stays; of equally heavy ones that which counts longest, then the first.
2. The cap of a clause, then 3. that of its group: line by line, in the order of the ledger, each takes what
   is left.

What is left without points is capped; a line that gets only a part goes on counting, with that part.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from agency_credit.domain.ledger import LedgerLine, LineState
from agency_credit.scoring.clause import Clause, CountingRule
from agency_credit.scoring.rulepack import RulePack


def apply_caps(lines: Sequence[LedgerLine], pack: RulePack) -> tuple[LedgerLine, ...]:
    """`lines` of one subject, in the order of the ledger, after rules and caps of `pack`."""
    clauses = {clause.code: clause for clause in pack.clauses}
    by_clause = {code: c.counting.cap for code, c in clauses.items() if c.counting.cap is not None}
    by_group = {group.code: group.cap for group in pack.groups if group.cap is not None}
    kept = _keep_heaviest(lines, clauses)  # 1
    capped = _take(kept, by_clause, lambda line: line.clause)  # 2
    groups = {code: clause.group for code, clause in clauses.items()}
    return tuple(_take(capped, by_group, lambda line: groups.get(line.clause or "")))  # 3


def _keep_heaviest(lines: Sequence[LedgerLine], clauses: Mapping[str, Clause]) -> list[LedgerLine]:
    heaviest: dict[Hashable, int] = {}
    for place, line in enumerate(lines):
        key = _key(line, clauses)
        if key is not None and (key not in heaviest or _weight(line) > _weight(lines[heaviest[key]])):
            heaviest[key] = place
    kept = set(heaviest.values())
    return [
        line if _key(line, clauses) is None or place in kept else _cap(line)
        for place, line in enumerate(lines)
    ]


def _key(line: LedgerLine, clauses: Mapping[str, Clause]) -> Hashable:
    """What at most one counting line may have in common; None for a line that is never capped."""
    if line.state is not LineState.COUNTING or line.clause is None or line.period is None:
        return None
    rule = clauses[line.clause].counting.rule
    if rule is CountingRule.PER_CASE:
        return None
    return line.clause, line.period.first_on.year if rule is CountingRule.PER_YEAR else None


def _weight(line: LedgerLine) -> tuple[int, date]:
    last_on = None if line.period is None else line.period.last_on
    return abs(line.millipoints), last_on or date.max


def _take(
    lines: Sequence[LedgerLine], caps: Mapping[str, int], place_of: Callable[[LedgerLine], str | None]
) -> list[LedgerLine]:
    left = dict(caps)
    taken = []
    for line in lines:
        place = place_of(line)
        if line.state is not LineState.COUNTING or place not in left:
            taken.append(line)
            continue
        points = min(line.millipoints, left[place], key=abs)
        left[place] -= points
        # A line that is worth nothing by itself (assessed at 0) takes nothing from anybody, and counts.
        taken.append(_cap(line) if points == 0 != line.millipoints else replace(line, millipoints=points))
    return taken


def _cap(line: LedgerLine) -> LedgerLine:
    return replace(line, millipoints=0, state=LineState.CAPPED)
