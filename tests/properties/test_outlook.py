"""The timeline is that of the ledgers of all days; the smallest repairs are those of all subsets."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import last_day_after_months
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import (
    expiries,
    rule_pack_in_force,
    score_ledger,
    score_of,
    score_timeline,
    smallest_repairs,
    tier_of,
)
from agency_credit.scoring.clause import (
    ClauseKind,
    Counting,
    CountingRule,
    Group,
    Life,
    LifeStart,
    Range,
    RangeRule,
    RepairRule,
)
from tests.strategies import MADE_UP, packs_and_days, records_for

ON = date(2025, 6, 1)


@st.composite
def versions(draw):
    """One, two or three packs of a subject one after another, perhaps with days between; same ranges."""
    pack, _ = draw(packs_and_days())
    bounds = sorted(draw(st.sets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), min_size=2, max_size=6)))
    stretches = list(zip(bounds[::2], [*bounds[1::2], None], strict=False))
    found = []
    for place, (first_on, next_on) in enumerate(stretches):
        rules, months = st.sampled_from(CountingRule), st.none() | st.integers(1, 30)
        clauses = tuple(
            replace(
                clause,
                counting=replace(clause.counting, rule=draw(rules)),
                life=replace(clause.life, months=draw(months)),
            )
            for clause in pack.clauses[draw(st.integers(0, 2)) :]
        )
        base = pack.base_millipoints + draw(st.sampled_from((0, 0, 5000)))
        found.append(
            replace(
                pack,
                id=f"version-{place}",
                effective_from=first_on,
                repealed_on=next_on,
                clauses=clauses,
                base_millipoints=base,
            )
        )
    return found


def ledger_on(records, packs, on):
    """The ledger with its pack; None where no pack is in force."""
    try:
        pack = rule_pack_in_force(packs, packs[0].subject, on, allow_fictional=True)
    except InputError:
        return None
    return score_ledger(records, pack, on), pack


def outcome(found):
    if found is None:
        return None, None, None
    ledger, pack = found
    return score_of(ledger), tier_of(pack, score_of(ledger)).name, pack.id


def moves(before, after):
    """(record, points and state before, points and state after) of each line with other points."""
    pairs = zip(before[0].lines, after[0].lines, strict=True)
    return [
        (one.record_id, one.millipoints, one.state, other.millipoints, other.state)
        for one, other in pairs
        if one.millipoints != other.millipoints
    ]


@settings(deadline=None)
@given(st.data())
def test_a_timeline_is_that_of_the_ledgers_of_all_days(data):
    packs = data.draw(versions())
    records = data.draw(records_for(packs[0]))
    first_on = data.draw(st.dates(date(2024, 1, 1), date(2027, 6, 1)))
    last_on = first_on + timedelta(data.draw(st.integers(0, 200)))
    moments = {moment.on: moment for moment in score_timeline(records, packs, first_on, last_on)}
    assert list(moments) == sorted(moments)
    before = None
    for n in range((last_on - first_on).days + 1):
        on = first_on + timedelta(n)
        after = ledger_on(records, packs, on)
        moment = moments.pop(on, None)
        if n == 0:
            assert moment.moves == ()
            assert not moment.has_new_pack
        else:
            assert (moment is None) == (outcome(before) == outcome(after))
        if moment is not None:
            assert (moment.score, moment.tier, moment.pack_id) == outcome(after)
            assert (moment.missing is None) == (after is not None)
        if moment is not None and n and before and after:
            seen = [
                (m.record_id, m.millipoints_before, m.state_before, m.millipoints_after, m.state_after)
                for m in moment.moves
            ]
            assert seen == moves(before, after)
            moved = sum(m.millipoints_after - m.millipoints_before for m in moment.moves)
            assert moment.score == score_of(before[0]) + moment.base_move + moved
            assert moment.has_new_pack == (before[1] is not after[1])
        before = after
    assert moments == {}


@settings(deadline=None)
@given(st.data())
def test_expiries_are_the_timeline_of_what_is_to_come(data):
    packs = data.draw(versions())
    records = data.draw(records_for(packs[0]))
    on = data.draw(st.dates(date(2024, 1, 1), date(2027, 6, 1)))
    found = expiries(records, packs, on)
    assert all(moment.on > on for moment in found)
    whole = score_timeline(records, packs, on, on + timedelta(5000))
    assert [(moment.on, moment.score) for moment in whole[1:]] == [(m.on, m.score) for m in found]


# --- repairs ------------------------------------------------------------------------------------------


@st.composite
def tight_packs(draw):
    """Three clauses of deductions and one of a bonus with small numbers, so that caps and keys bind."""
    pack, _ = draw(packs_and_days())
    size = st.integers(1, 6)
    kinds = (ClauseKind.DEDUCTION, ClauseKind.DEDUCTION, ClauseKind.DEDUCTION, ClauseKind.BONUS)
    groups = [
        Group(code="G", kind=kinds[0], wording=pack.title, cap=-draw(st.integers(3, 24)), provenance=MADE_UP)
    ]
    clauses = []
    for place, kind in enumerate(kinds):
        sign = 1 if kind is ClauseKind.BONUS else -1
        months = draw(st.sampled_from((None, None, 3, 15)))
        allowed = draw(st.sampled_from((True, True, True, False, None)))
        clauses.append(
            replace(
                pack.clauses[0],
                code=f"C{place}",
                kind=kind,
                record_kinds=(f"K{place}", f"K{place}-b"),
                group=draw(st.sampled_from(("G", "G", None))) if sign < 0 else None,
                millipoints=sign * 9,
                range=None,
                life=Life(
                    start=LifeStart.DECIDED,
                    months=draw(st.sampled_from((None, None, 12))),
                    provenance=MADE_UP,
                ),
                counting=Counting(
                    rule=draw(st.sampled_from(CountingRule)),
                    cap=draw(st.none() | size.map(lambda n, sign=sign: 2 * sign * n)),
                    provenance=MADE_UP,
                ),
                severity=None,
                repair=None
                if allowed is None
                else RepairRule(is_allowed=allowed, after_months=months, provenance=MADE_UP),
            )
        )
    ends = sorted(draw(st.sets(st.integers(-20, 4), min_size=3, max_size=5)), reverse=True)
    tiers = [
        replace(pack.tiers[0], name=f"T{place}", from_millipoints=low, below_millipoints=high)
        for place, (high, low) in enumerate(zip([None, *ends], [*ends, None], strict=True))
    ]
    return replace(
        pack,
        effective_from=date(2024, 1, 1),
        repealed_on=None,
        collects_from=None,
        base_millipoints=0,
        tiers=tuple(tiers),
        groups=tuple(groups),
        clauses=tuple(clauses),
    )


@st.composite
def tight_records(draw, pack):
    """Up to eight records that count on the day, most of them; worth whatever was assessed."""
    found = []
    for place in range(draw(st.integers(3, 8))):
        clause = draw(st.sampled_from(pack.clauses))
        found.append(
            CreditRecord(
                record_id=f"{place}",
                subject="X",
                kind=draw(st.sampled_from(clause.record_kinds)),
                decided_on=draw(st.dates(date(2024, 5, 20), date(2025, 6, 3))),
                repaired_on=draw(st.sampled_from((None, None, None, None, ON))),
                assessed_millipoints=draw(st.integers(0, 9)) * (1 if clause.kind is ClauseKind.BONUS else -1),
            )
        )
    return found


def with_ranges(pack):
    """Clauses whose records are worth what was assessed, so that those of one clause differ."""
    span = Range(rule=RangeRule.ASSESSED, provenance=MADE_UP)
    return replace(pack, clauses=tuple(replace(clause, range=span) for clause in pack.clauses))


def can_be_repaired(record, clause):
    if clause.kind is ClauseKind.BONUS:
        return False
    if clause.repair is None:
        return True
    first_day = date.min
    if clause.repair.after_months is not None:
        first_day = last_day_after_months(record.decided_on, clause.repair.after_months) + timedelta(1)
    months = clause.life.months
    last_day = date.max if months is None else last_day_after_months(record.decided_on, months)
    return clause.repair.is_allowed and first_day <= last_day


def best_by_brute_force(records, pack):
    """The best score that so many repairs can leave, over all subsets."""
    clauses = {kind: clause for clause in pack.clauses for kind in clause.record_kinds}
    ids = [r.record_id for r in records if can_be_repaired(r, clauses[r.kind])]
    best = []
    for n in range(len(ids) + 1):
        scores = []
        for chosen in combinations(ids, n):
            repaired = [replace(r, repaired_on=ON) if r.record_id in chosen else r for r in records]
            scores.append(score_of(score_ledger(repaired, pack, ON)))
        best.append(max(scores))
    return best


@settings(deadline=None)
@given(st.data())
def test_the_smallest_repairs_are_those_of_all_subsets(data):
    pack = data.draw(tight_packs())
    pack = with_ranges(pack) if data.draw(st.booleans()) else pack
    records = data.draw(tight_records(pack))
    plans = smallest_repairs(records, pack, ON)
    best = best_by_brute_force(records, pack)
    here = tier_of(pack, best[0])
    assert [plan.tier for plan in plans] == [t.name for t in reversed(pack.tiers[: pack.tiers.index(here)])]
    for plan in plans:
        least = next((n for n, score in enumerate(best) if score >= plan.from_millipoints), None)
        if least is None:
            assert plan.repairs is None
            assert plan.score == max(best)
            continue
        assert len(plan.repairs) == least
        chosen = {repair.record_id for repair in plan.repairs}
        repaired = [replace(r, repaired_on=ON) if r.record_id in chosen else r for r in records]
        ledger = score_ledger(repaired, pack, ON)
        assert score_of(ledger) == plan.score == best[least]
        assert plan.tier_after == tier_of(pack, plan.score).name
        states = {line.record_id: line.state for line in score_ledger(records, pack, ON).lines}
        assert all(states[name] in (LineState.COUNTING, LineState.CAPPED) for name in chosen)


@settings(deadline=None)
@given(st.data())
def test_the_order_of_the_records_does_not_change_the_plan(data):
    pack = data.draw(tight_packs())
    records = data.draw(tight_records(pack))
    shuffled = data.draw(st.permutations(records))
    assert smallest_repairs(shuffled, pack, ON) == smallest_repairs(records, pack, ON)
