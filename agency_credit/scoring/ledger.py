"""Records, a rule pack and a day make a ledger: a line a record, nothing hidden, nothing else read.

The state of a line is the first of these that holds (the numbers come back in `_line`):

1. no clause is matched by the record: unmatched;
2. it is decided or starts to count after the day: not yet;
3. it starts to count before the instrument collects records: not collected;
4. its decision no longer stands on the day: withdrawn;
5. it is repaired on the day: repaired;
6. its period is over: expired;
7. the clause gives it no points: not valued;
8. otherwise it counts, unless the clause counts only once and a heavier record of it does: capped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import Ledger, LedgerLine, LineState
from agency_credit.domain.period import Period, last_day_after_months
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.clause import Clause, CountingRule, Life, LifeStart, RangeRule
from agency_credit.scoring.rulepack import RulePack


def score_ledger(records: Iterable[CreditRecord], pack: RulePack, on: date) -> Ledger:
    """The ledger of one subject under `pack` on the day `on`.

    Parameters
    ----------
    records
        All of one subject, in any order: the ledger does not depend on it.
    pack
        In force on `on`.
    on
        The day; what happened later does not count.

    Raises
    ------
    InputError
        The pack is not in force on the day; records of two subjects; two records with one
        `record_id`; an assessment outside the range of its clause.
    """
    ordered = sorted(records, key=lambda record: (record.decided_on, record.record_id))
    _check_in_force(pack, on)
    _check_records(ordered)
    clauses = {kind: clause for clause in pack.clauses for kind in clause.record_kinds}
    lines = [_line(record, clauses.get(record.kind), pack.collects_from, on) for record in ordered]
    return Ledger(
        on=on,
        pack_id=pack.id,
        base_millipoints=pack.base_millipoints,
        lines=tuple(_cap(lines, {clause.code: clause.counting.rule for clause in pack.clauses})),
    )


def _check_in_force(pack: RulePack, on: date) -> None:
    if not pack.in_force.contains(on):
        raise InputError(
            "rules.not-in-force",
            "the rule pack {pack} is not in force on {on}; take the one that is",
            pack=pack.id,
            on=on.isoformat(),
        )


def _check_records(records: Sequence[CreditRecord]) -> None:
    if len({record.subject for record in records}) > 1:
        raise InputError(
            "ledger.subjects", "a ledger is of one subject; hand in the records of one at a time"
        )
    seen: set[str] = set()
    for record in records:
        if record.record_id in seen:
            raise InputError(
                "ledger.repeated-record",
                "two records have the id {record}; hand in each once",
                record=record.record_id,
            )
        seen.add(record.record_id)


def _line(record: CreditRecord, clause: Clause | None, collects_from: date | None, on: date) -> LedgerLine:
    if clause is None:  # 1
        return _state_line(record, LineState.UNMATCHED)
    period = _counting_period(record, clause.life)
    worth = _worth(record, clause)
    if max(record.decided_on, period.first_on) > on:  # 2
        state = LineState.NOT_YET
    elif collects_from is not None and period.first_on < collects_from:  # 3
        state = LineState.NOT_COLLECTED
    elif record.withdrawn_on is not None and record.withdrawn_on <= on:  # 4
        state = LineState.WITHDRAWN
    elif record.repaired_on is not None and record.repaired_on <= on:  # 5
        state = LineState.REPAIRED
    elif not period.contains(on):  # 6
        state = LineState.EXPIRED
    elif worth is None:  # 7
        state = LineState.NOT_VALUED
    else:  # 8
        state = LineState.COUNTING
    line = replace(
        _state_line(record, state),
        clause=clause.code,
        period=period,
        worth_millipoints=worth,
        citation=clause.citation,
    )
    return replace(line, millipoints=worth or 0) if state is LineState.COUNTING else line


def _state_line(record: CreditRecord, state: LineState) -> LedgerLine:
    return LedgerLine(
        record_id=record.record_id,
        record_kind=record.kind,
        decided_on=record.decided_on,
        clause=None,
        millipoints=0,
        worth_millipoints=None,
        period=None,
        state=state,
        citation=None,
    )


def _counting_period(record: CreditRecord, life: Life) -> Period:
    first_on = record.decided_on
    if life.start is LifeStart.ENTERED and record.entered_on is not None:
        first_on = record.entered_on
    if life.months is None:
        return Period(first_on=first_on)
    return Period(first_on=first_on, last_on=last_day_after_months(first_on, life.months))


def _worth(record: CreditRecord, clause: Clause) -> int | None:
    """What the record is worth while it counts; None where clause or authority give no number."""
    if clause.range is None or clause.millipoints is None:
        return clause.millipoints
    if record.assessed_millipoints is None:
        return clause.millipoints if clause.range.rule is RangeRule.CEILING else None
    low, high = sorted((0, clause.millipoints))
    if not low <= record.assessed_millipoints <= high:
        raise InputError(
            "ledger.assessment",
            "the points set for the record {record} are outside the range of {clause}; correct them",
            record=record.record_id,
            clause=clause.code,
        )
    return record.assessed_millipoints


def _cap(lines: Sequence[LedgerLine], rules: dict[str, CountingRule]) -> list[LedgerLine]:
    """`lines` with every counting line but the heaviest of its clause, or clause and year, capped.

    Of equally heavy lines the one that counts longest stays, then the one that comes first.
    """
    heaviest: dict[tuple[str, int], int] = {}
    for place, line in enumerate(lines):
        key = _cap_key(line, rules)
        if key is not None and (key not in heaviest or _weight(line) > _weight(lines[heaviest[key]])):
            heaviest[key] = place
    kept = set(heaviest.values())
    return [
        line
        if _cap_key(line, rules) is None or place in kept
        else replace(line, state=LineState.CAPPED, millipoints=0)
        for place, line in enumerate(lines)
    ]


def _cap_key(line: LedgerLine, rules: dict[str, CountingRule]) -> tuple[str, int] | None:
    """What at most one counting line may have in common; None for a line that is never capped."""
    if line.state is not LineState.COUNTING or line.clause is None or line.period is None:
        return None
    rule = rules[line.clause]
    if rule is CountingRule.PER_CASE:
        return None
    return line.clause, line.period.first_on.year if rule is CountingRule.PER_YEAR else 0


def _weight(line: LedgerLine) -> tuple[int, date]:
    last_on = None if line.period is None else line.period.last_on
    return abs(line.millipoints), last_on or date.max
