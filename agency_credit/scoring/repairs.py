"""The smallest set of records whose repair lifts a subject to a better tier. Exact.

The score is a tree: lines that share a counting key (once, once a year; else each line alone), the clause
with its cap, the group with its cap, the base. A node is a list: at place k the best total that repairing at
most k of its lines can leave, and one choice of lines that leaves it.

1. Lines of one key: only the heaviest counts, so the k heaviest are repaired, as far as they can be; the next
   one is uncovered.
2. Nodes side by side: for every k the best way to divide k among them.
3. A cap: each total is cut. A cut never turns a better total into a worse one, so the best stays the best.

The answer for a tier is the first k of the root that reaches it. Of several smallest sets it is one that
leaves the highest score; among those the order of the ledger decides, never the order in which records are
handed in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.ledger import Ledger, LedgerLine, LineState
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.caps import counting_key
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.ledger import score_ledger
from agency_credit.scoring.repair_terms import RepairBasis
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import score_of, tier_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """A record to repair.

    Parameters
    ----------
    record_id, record_kind, decided_on, clause
        The record, and the code of its clause.
    worth_millipoints
        What it is worth while it counts, before caps.
    from_on
        First day on which it can be repaired; None: not known.
    """

    record_id: str
    record_kind: str
    decided_on: date
    clause: str
    worth_millipoints: int
    from_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPlan:
    """How a better tier is reached.

    Parameters
    ----------
    tier, from_millipoints
        The tier, and the least score of it.
    repairs
        The smallest set that reaches it, in the order of the ledger; None: no set of repairs does.
    score, tier_after
        With these records repaired; where no set reaches the tier, the best that repairs can do.
    """

    tier: str
    from_millipoints: int
    repairs: tuple[Repair, ...] | None
    score: int
    tier_after: str


_Choice = LedgerLine | tuple["_Choice", "_Choice"] | None
"""Lines to repair: one, those of two choices together, or none."""

_Node = list[tuple[int, _Choice]]
"""Total and choice at place k: what repairing at most k lines can leave."""


def smallest_repairs(
    records: Iterable[CreditRecord], pack: RulePack, on: date, basis: RepairBasis | None = None
) -> tuple[RepairPlan, ...]:
    """For every better tier, from the next one up, the fewest repairs that reach it on the day `on`.

    Only deductions that weigh on the day are repaired. A record whose clause, or the row of its class of
    severity, forbids repair cannot be; nor one whose first day of repair comes after it has stopped to count.

    Parameters
    ----------
    records
        All of one subject, in any order.
    pack
        In force on `on`.
    basis
        Says when a record can be repaired where its clause does not; None: nothing does.

    Returns
    -------
    tuple of RepairPlan
        Empty in the best tier. What reaches a tier is worked out for the day `on`, as if repaired on it;
        `Repair.from_on` says from when each is possible.

    Raises
    ------
    InputError
        As `score_ledger`.
    """
    ledger = score_ledger(records, pack, on)
    lines = _weighing(ledger)
    days = repair_days(ledger, pack, basis)
    root = _root(lines, pack, frozenset(days))
    here = pack.tiers.index(tier_of(pack, score_of(ledger)))
    plans = []
    for tier in reversed(pack.tiers[:here]):
        least = tier.from_millipoints
        if least is None:  # only the lowest tier is open at the bottom, and none is worse than it
            continue
        reached = next(((total, choice) for total, choice in root if total >= least), None)
        total, choice = reached or root[-1]
        chosen = {line.record_id for line in _lines(choice)}
        plans.append(
            RepairPlan(
                tier=tier.name,
                from_millipoints=least,
                repairs=None
                if reached is None
                else tuple(_repair(line, days) for line in lines if line.record_id in chosen),
                score=total,
                tier_after=tier_of(pack, total).name,
            )
        )
    return tuple(plans)


def repair_days(ledger: Ledger, pack: RulePack, basis: RepairBasis | None = None) -> dict[str, date | None]:
    """The records that weigh on the ledger's day and can be repaired while they count, by identifier.

    Parameters
    ----------
    ledger, pack
        The pack that made the ledger.
    basis
        As in `smallest_repairs`.

    Returns
    -------
    dict of str to date or None
        The first day of repair; None where that is not known.
    """
    known = basis or RepairBasis()
    days: dict[str, date | None] = {}
    for line in _weighing(ledger):
        terms = known.terms(_clause_of(line, pack), line.record_id, line.decided_on, ledger.on)
        if terms.is_allowed and (terms.not_before is None or _counts_on(line, terms.not_before)):
            days[line.record_id] = terms.from_on
    return days


def _weighing(ledger: Ledger) -> list[LedgerLine]:
    return [line for line in ledger.lines if line.state in (LineState.COUNTING, LineState.CAPPED)]


def _clause_of(line: LedgerLine, pack: RulePack) -> Clause:
    return pack.clause(line.clause or "")


def _counts_on(line: LedgerLine, on: date) -> bool:
    return line.period is not None and (line.period.last_on is None or on <= line.period.last_on)


def _root(lines: Sequence[LedgerLine], pack: RulePack, can_be: frozenset[str]) -> _Node:
    """The whole tree over `lines`; at place 0 stands the score as it is."""
    keys: dict[tuple[str, Hashable], list[LedgerLine]] = {}
    for line in lines:
        clause = _clause_of(line, pack)
        key = counting_key(line, clause) or line.record_id
        keys.setdefault((clause.code, key), []).append(line)
    clauses: dict[str, _Node] = {}
    for (code, _), own in keys.items():
        clauses[code] = _together(clauses.get(code, [(0, None)]), _heaviest(own, can_be))  # 1
    groups: dict[str | None, _Node] = {}
    for code, node in clauses.items():
        clause = pack.clause(code)
        capped = _cut(node, clause.counting.cap)  # 3
        groups[clause.group] = _together(groups.get(clause.group, [(0, None)]), capped)  # 2
    caps = {group.code: group.cap for group in pack.groups}
    root: _Node = [(pack.base_millipoints, None)]
    for name, node in groups.items():
        root = _together(root, _cut(node, caps.get(name or "")))
    return root


def _heaviest(lines: Sequence[LedgerLine], can_be: frozenset[str]) -> _Node:
    """Lines of which one counts: below the heaviest that stays there is nothing to gain."""
    by_weight = sorted(lines, key=lambda line: -abs(_worth(line)))
    node: _Node = [(_worth(by_weight[0]), None)]
    for place, line in enumerate(by_weight, start=1):
        if line.record_id not in can_be:
            break
        uncovered = _worth(by_weight[place]) if place < len(by_weight) else 0
        node.append((uncovered, (node[-1][1], line)))
    return node


def _worth(line: LedgerLine) -> int:
    return line.worth_millipoints or 0


def _together(one: _Node, other: _Node) -> _Node:
    """Two nodes side by side; of equal totals the one that repairs more in `one`."""
    if len(other) == 1:
        return [(total + other[0][0], choice) for total, choice in one]
    node: _Node = []
    for k in range(len(one) + len(other) - 1):
        most = min(k, len(one) - 1)
        least = max(0, k - len(other) + 1)
        split = max(range(most, least - 1, -1), key=lambda i: one[i][0] + other[k - i][0])
        node.append((one[split][0] + other[k - split][0], (one[split][1], other[k - split][1])))
    return node


def _cut(node: _Node, cap: int | None) -> _Node:
    if cap is None:
        return node
    return [(min(total, cap, key=abs), choice) for total, choice in node]


def _lines(choice: _Choice) -> list[LedgerLine]:
    found, waiting = [], [choice]
    while waiting:
        part = waiting.pop()
        if isinstance(part, LedgerLine):
            found.append(part)
        elif part is not None:
            waiting += part
    return found


def _repair(line: LedgerLine, days: dict[str, date | None]) -> Repair:
    return Repair(
        record_id=line.record_id,
        record_kind=line.record_kind,
        decided_on=line.decided_on,
        clause=line.clause or "",
        worth_millipoints=_worth(line),
        from_on=days[line.record_id],
    )
