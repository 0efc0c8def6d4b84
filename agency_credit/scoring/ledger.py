"""Records, a rule pack and a day make a ledger: a line a record, nothing hidden, nothing else read.

The state of a line is the first of these that holds (the numbers come back in `state_on`):

1. no clause is matched by the record: unmatched;
2. it is decided or starts to count after the day: not yet;
3. it starts to count before the instrument collects records: not collected;
4. its decision no longer stands on the day: withdrawn;
5. it is repaired on the day: repaired;
6. its period is over: expired;
7. its effect is stayed on the day: suspended;
8. the clause gives it no points: not valued;
9. otherwise it counts, unless `scoring/caps.py` finds that others use up its clause or group: capped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import Ledger, LedgerLine, LineState
from agency_credit.domain.period import Period, last_day_after_months
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.caps import apply_caps
from agency_credit.scoring.clause import Clause, Life, LifeStart, RangeRule
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
    check_in_force(pack, on)
    ordered = order_records(records)
    return Ledger(
        on=on,
        pack_id=pack.id,
        base_millipoints=pack.base_millipoints,
        lines=apply_caps(draft_lines(ordered, pack, on), pack),
    )


def check_in_force(pack: RulePack, on: date) -> None:
    """Refuse a day on which `pack` is not in force."""
    if not pack.in_force.contains(on):
        raise InputError(
            "rules.not-in-force",
            "the rule pack {pack} is not in force on {on}; take the one that is",
            pack=pack.id,
            on=on.isoformat(),
        )


def order_records(records: Iterable[CreditRecord]) -> list[CreditRecord]:
    """Records of one subject in the order of the ledger: of decision, then of the identifier.

    Raises
    ------
    InputError
        Records of two subjects; two records with one `record_id`.
    """
    ordered = sorted(records, key=lambda record: (record.decided_on, record.record_id))
    if len({record.subject for record in ordered}) > 1:
        raise InputError(
            "ledger.subjects", "a ledger is of one subject; hand in the records of one at a time"
        )
    seen: set[str] = set()
    for record in ordered:
        if record.record_id in seen:
            raise repeated_record(record)
        seen.add(record.record_id)
    return ordered


def draft_lines(ordered: Sequence[CreditRecord], pack: RulePack, on: date) -> list[LedgerLine]:
    """A line each of `ordered`, before anything is capped; the caller knows that the pack is in force."""
    clauses = {kind: clause for clause in pack.clauses for kind in clause.record_kinds}
    return [_line(record, clauses.get(record.kind), pack.collects_from, on) for record in ordered]


def repeated_record(record: CreditRecord) -> InputError:
    """What is said of a record whose identifier its subject has twice."""
    return InputError(
        "ledger.repeated-record",
        "two records have the id {record}; hand in each once",
        record=record.record_id,
    )


def _line(record: CreditRecord, clause: Clause | None, collects_from: date | None, on: date) -> LedgerLine:
    period = None if clause is None else _counting_period(record, clause.life)
    worth = None if clause is None else worth_of(record, clause)
    state = state_on(record, period, worth, collects_from, on)
    return LedgerLine(
        record_id=record.record_id,
        record_kind=record.kind,
        decided_on=record.decided_on,
        clause=None if clause is None else clause.code,
        millipoints=worth if worth is not None and state is LineState.COUNTING else 0,
        worth_millipoints=worth,
        period=period,
        state=state,
        citation=None if clause is None else clause.citation,
        evidence=record.evidence,
    )


def state_on(
    record: CreditRecord, period: Period | None, worth: int | None, collects_from: date | None, on: date
) -> LineState:
    """State of a record's line on the day `on`, before anything is capped."""
    if period is None:
        return LineState.UNMATCHED  # 1
    states = (
        (max(record.decided_on, period.first_on) > on, LineState.NOT_YET),  # 2
        (collects_from is not None and period.first_on < collects_from, LineState.NOT_COLLECTED),  # 3
        (_is_reached(record.withdrawn_on, on), LineState.WITHDRAWN),  # 4
        (_is_reached(record.repaired_on, on), LineState.REPAIRED),  # 5
        (not period.contains(on), LineState.EXPIRED),  # 6
        (any(stay.contains(on) for stay in record.suspended), LineState.SUSPENDED),  # 7
        (worth is None, LineState.NOT_VALUED),  # 8
    )
    return next((state for holds, state in states if holds), LineState.COUNTING)  # 9


def _is_reached(day: date | None, on: date) -> bool:
    return day is not None and day <= on


def _counting_period(record: CreditRecord, life: Life) -> Period:
    first_on = counts_from(record, life)
    if life.months is None:
        return Period(first_on=first_on)
    return Period(first_on=first_on, last_on=last_day_after_months(first_on, life.months))


def counts_from(record: CreditRecord, life: Life) -> date:
    """First day on which a record counts under a clause with this life."""
    if life.start is LifeStart.ENTERED:
        return record.entered_on or record.decided_on
    return record.decided_on


def fit_assessments(records: Iterable[CreditRecord], pack: RulePack) -> list[CreditRecord]:
    """The records without points that were set for a case under another range than that of `pack`.

    A range changes with the law or by a decision; what was set under the one before says nothing under the
    new one, and the case waits until the authority sets it again.
    """
    clauses = {kind: clause for clause in pack.clauses for kind in clause.record_kinds}
    fitted = []
    for record in records:
        clause = clauses.get(record.kind)
        bounds, assessed = None if clause is None else clause.bounds, record.assessed_millipoints
        fits = bounds is None or assessed is None or bounds[0] <= assessed <= bounds[1]
        fitted.append(record if fits else replace(record, assessed_millipoints=None))
    return fitted


def worth_of(record: CreditRecord, clause: Clause) -> int | None:
    """What the record is worth while it counts; None where clause or authority give no number.

    Raises
    ------
    InputError
        What was assessed is outside the range.
    """
    if clause.range is None or clause.bounds is None:
        return clause.millipoints
    if record.assessed_millipoints is None:
        return clause.millipoints if clause.range.rule is RangeRule.CEILING else None
    low, high = clause.bounds
    if not low <= record.assessed_millipoints <= high:
        raise InputError(
            "ledger.assessment",
            "the points set for the record {record} are outside the range of {clause}; correct them",
            record=record.record_id,
            clause=clause.code,
        )
    return record.assessed_millipoints
