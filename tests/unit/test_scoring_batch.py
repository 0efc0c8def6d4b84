"""Rating a population: what is refused, and what is easily got wrong with large numbers."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.period import Period, earliest_start, last_day_after_months
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import (
    PopulationRecords,
    encode_population,
    parse_rule_pack,
    score_ledger,
    score_of,
    score_population,
)
from agency_credit.scoring.clause import ClauseKind, CountingRule, Group, RangeRule
from agency_credit.scoring.population import NEVER, NOT_ASSESSED, UNMATCHED
from agency_credit.web.i18n import load_catalogue

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"
SECOND = parse_rule_pack((PACKS / "second.toml").read_bytes(), "second.toml")
WARNING = 0
ON = date(2025, 10, 1)
DAY = ON.toordinal() - date(1970, 1, 1).toordinal()


def record(record_id="1", subject="X", kind="警告", decided_on=date(2025, 9, 1), **more):
    return CreditRecord(record_id=record_id, subject=subject, kind=kind, decided_on=decided_on, **more)


def scores(subjects, records, pack=SECOND, on=ON):
    return score_population(
        encode_population(subjects, records, pack), len(subjects), pack, on
    ).score.tolist()


def columns(subject, clause, /, **changed):
    """Hand-made columns: records of these subjects and clauses that count on the day."""
    n = len(subject)
    none = np.zeros(0, np.int32)
    made = PopulationRecords(
        pack_digest=SECOND.digest,
        subject=np.asarray(subject, np.int32),
        clause=np.asarray(clause, np.int32),
        decided_on=np.full(n, DAY, np.int32),
        first_on=np.full(n, DAY, np.int32),
        withdrawn_on=np.full(n, NEVER, np.int32),
        repaired_on=np.full(n, NEVER, np.int32),
        assessed=np.full(n, NOT_ASSESSED, np.int64),
        suspended_row=none,
        suspended_from=none,
        suspended_until=none,
    )
    return replace(made, **{name: np.asarray(column, np.int64) for name, column in changed.items()})


def faults_of(subjects, records):
    with pytest.raises(FaultsError) as refused:
        encode_population(subjects, records, SECOND)
    chinese = load_catalogue()
    assert all(chinese[fault.template].format(**fault.params) for fault in refused.value.faults)
    return [(fault.at, fault.code) for fault in refused.value.faults]


def refused_code(made, n_subjects=2, pack=SECOND, on=ON):
    with pytest.raises(InputError) as refused:
        score_population(made, n_subjects, pack, on)
    assert load_catalogue()[refused.value.template].format(**refused.value.params)
    return refused.value.code


def test_subjects_without_records_have_the_base_and_its_tier():
    found = score_population(encode_population(["X", "Y"], [], SECOND), 2, SECOND, ON)
    assert found.score.tolist() == [SECOND.base_millipoints] * 2
    assert [SECOND.tiers[place].name for place in found.tier] == ["high", "high"]


def test_nobody_has_no_scores():
    assert scores([], []) == []


def test_scores_stand_in_the_order_of_the_subjects():
    assert scores(["Y", "X", "Z"], [record(), record("2")]) == [100_000, 79_998, 100_000]


def test_two_subjects_may_have_records_of_one_identifier():
    assert scores(["X", "Y"], [record(subject="X"), record(subject="Y")]) == [89_999, 89_999]


def test_a_record_that_no_clause_speaks_of_is_kept_and_costs_nothing():
    encoded = encode_population(["X"], [record(kind="无此类别"), record("2")], SECOND)
    assert encoded.clause.tolist() == [UNMATCHED, WARNING]
    assert score_population(encoded, 1, SECOND, ON).score.tolist() == [89_999]


def test_all_bad_records_are_named_together():
    bad = [
        record("stranger", subject="Q"),
        record("twice"),
        record("twice", decided_on=date(2025, 8, 1)),
        record("good"),
        record("much", kind="投诉", assessed_millipoints=-20_001),
        record("wrong sign", kind="投诉", assessed_millipoints=1),
        record("backwards", suspended=(Period(first_on=ON, last_on=ON - timedelta(1)),)),
        record("both", subject="Q", kind="投诉", assessed_millipoints=1),
    ]
    assert faults_of(["X"], bad) == [
        ("stranger", "population.subject-unknown"),
        ("twice", "ledger.repeated-record"),
        ("much", "ledger.assessment"),
        ("wrong sign", "ledger.assessment"),
        ("backwards", "population.suspended"),
        ("both", "population.subject-unknown"),
        ("both", "ledger.assessment"),
    ]


def test_a_subject_may_not_be_there_twice():
    with pytest.raises(InputError) as refused:
        encode_population(["X", "Y", "X"], [], SECOND)
    assert refused.value.code == "population.subject-twice"
    assert refused.value.template in load_catalogue()


@pytest.mark.parametrize("on", [date(2025, 6, 30), date(2026, 7, 1)])
def test_a_pack_that_is_not_in_force_is_refused(on):
    assert refused_code(columns([0], [WARNING]), on=on) == "rules.not-in-force"


def test_columns_for_another_pack_are_refused():
    assert refused_code(columns([0], [WARNING]), pack=replace(SECOND, digest="0" * 64)) == "population.pack"


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": [2]},
        {"subject": [-1]},
        {"clause": [3]},
        {"clause": [-2]},
        {"decided_on": [date.max.toordinal()]},
        {"first_on": [-(2**31)]},
        {"suspended_row": [1], "suspended_from": [0], "suspended_until": [1]},
        {"suspended_row": [-1], "suspended_from": [0], "suspended_until": [1]},
    ],
)
def test_a_number_that_means_nothing_is_refused(changed):
    assert refused_code(columns([0], [WARNING], **changed)) == "population.code"


@pytest.mark.parametrize(
    "changed",
    [
        {"assessed": [1, 2]},
        {"repaired_on": []},
        {"clause": [[0]]},
        {"suspended_row": [0]},
        {"subject": [0, 1]},
    ],
)
def test_columns_of_different_lengths_are_refused(changed):
    assert refused_code(columns([0], [WARNING], **changed)) == "population.lengths"


def test_no_point_is_lost_in_numbers_beyond_those_of_floats():
    huge = -(10**12 - 1)
    clauses = (replace(SECOND.clauses[WARNING], millipoints=huge), *SECOND.clauses[1:])
    pack = replace(SECOND, clauses=clauses)
    found = score_population(columns([0] * 90_001, [WARNING] * 90_001), 1, pack, ON)
    assert found.score.tolist() == [pack.base_millipoints + 90_001 * huge]


def test_ten_thousand_clauses_and_many_subjects_stay_small():
    clauses = tuple(replace(SECOND.clauses[WARNING], code=f"W{n}") for n in range(10_000))
    pack = replace(SECOND, clauses=clauses)
    n_rows, n_subjects = 200_000, 75_000
    chance = np.random.default_rng(1)
    made = columns(chance.integers(0, n_subjects, n_rows), chance.integers(0, 10_000, n_rows))
    tracemalloc.start()
    found = score_population(made, n_subjects, pack, ON)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    n_each = np.bincount(made.subject, minlength=n_subjects)
    assert found.score.tolist() == (100_000 - 10_001 * n_each).tolist()
    assert peak < 100 * 2**20


@pytest.mark.parametrize(
    ("last_on", "months", "start_on"),
    [
        (date(2025, 3, 31), 1, date(2025, 3, 1)),
        (date(2025, 2, 28), 12, date(2024, 2, 28)),
        (date(2024, 2, 29), 12, date(2023, 3, 1)),
        (date(2024, 2, 29), 48, date(2020, 2, 29)),
        (date(2025, 1, 31), 2, date(2024, 12, 1)),
        (date(2025, 12, 15), 12, date(2024, 12, 15)),
        (date(3, 5, 5), 1200, date.min),
        (date(1, 12, 31), 11, date(1, 1, 31)),
        (date.max, 18, date(9998, 7, 1)),
    ],
)
def test_the_earliest_start_is_the_first_whose_period_still_holds_the_day(last_on, months, start_on):
    assert earliest_start(last_on, months) == start_on
    assert last_day_after_months(start_on, months) >= last_on
    if start_on > date.min:
        assert last_day_after_months(start_on - timedelta(1), months) < last_on


def test_the_day_of_entry_decides_where_the_clause_says_so():
    records = [
        record("1", kind="补录", decided_on=date(2025, 5, 1), entered_on=date(2025, 9, 30)),
        record("2", kind="补录", decided_on=date(2025, 9, 1), entered_on=date(2025, 10, 2)),
        record("3", kind="补录", decided_on=date(2025, 9, 1)),
    ]
    assert scores(["X"], records) == [score_of(score_ledger(records, SECOND, ON))] == [90_000]


def test_the_clauses_of_a_group_need_not_stand_together():
    capped = Group(
        code="G",
        kind=ClauseKind.DEDUCTION,
        wording=SECOND.title,
        cap=-12_000,
        provenance=SECOND.base_provenance,
    )
    first, between, last = SECOND.clauses
    clauses = (replace(first, group="G"), between, replace(last, group="G"))
    pack = replace(SECOND, groups=(capped,), clauses=clauses)
    records = [record("1"), record("2", kind="投诉"), record("3", kind="补录")]
    assert scores(["X"], records, pack) == [score_of(score_ledger(records, pack, ON))] == [68_000]


@pytest.mark.parametrize("cap", [None, -12_000])
@pytest.mark.parametrize(
    ("rule", "lost"),
    [(CountingRule.PER_CASE, 24_000), (CountingRule.PER_YEAR, 15_000), (CountingRule.ONCE, 8_000)],
)
def test_how_often_a_clause_counts_and_its_cap(rule, lost, cap):
    clause = SECOND.clauses[1]
    clause = replace(clause, counting=replace(clause.counting, rule=rule, cap=cap))
    pack = replace(SECOND, clauses=(clause,))
    records = [
        record("1", kind="投诉", decided_on=date(2025, 9, 2), assessed_millipoints=-3_000),
        record("2", kind="投诉", decided_on=date(2025, 12, 31), assessed_millipoints=-7_000),
        record("3", kind="投诉", decided_on=date(2026, 1, 1), assessed_millipoints=-6_000),
        record("4", kind="投诉", decided_on=date(2026, 2, 1), assessed_millipoints=-8_000),
    ]
    score = 100_000 - min(lost, abs(cap or lost))
    on = date(2026, 2, 1)
    assert scores(["X"], records, pack, on) == [score_of(score_ledger(records, pack, on))] == [score]


@pytest.mark.parametrize(("rule", "lost"), [(RangeRule.ASSESSED, 0), (RangeRule.CEILING, 20_000)])
def test_a_case_that_nobody_has_set(rule, lost):
    clause = SECOND.clauses[1]
    pack = replace(SECOND, clauses=(replace(clause, range=replace(clause.range, rule=rule)),))
    assert scores(["X"], [record(kind="投诉")], pack) == [100_000 - lost]


DECIDED = date(2025, 9, 15)


@pytest.mark.parametrize(
    ("turn", "changed"),
    [
        (DECIDED, {}),
        (last_day_after_months(DECIDED, 6), {}),
        (date(2025, 9, 20), {"kind": "补录", "entered_on": date(2025, 9, 20)}),
        (DECIDED, {"kind": "补录", "entered_on": date(2025, 9, 10)}),
        (date(2025, 10, 1), {"withdrawn_on": date(2025, 10, 1)}),
        (date(2025, 10, 1), {"repaired_on": date(2025, 10, 1)}),
        (date(2025, 10, 1), {"suspended": (Period(first_on=date(2025, 10, 1)),)}),
        (
            date(2025, 11, 1),
            {"suspended": (Period(first_on=date(2025, 10, 1), last_on=date(2025, 11, 1)),)},
        ),
    ],
)
@pytest.mark.parametrize("n_days", [-1, 0, 1])
def test_the_day_before_of_and_after_a_turn(turn, changed, n_days):
    on = turn + timedelta(n_days)
    records = [record(decided_on=DECIDED, **changed)]
    assert scores(["X"], records, on=on) == [score_of(score_ledger(records, SECOND, on))]


@pytest.mark.parametrize("collects_from", [DECIDED - timedelta(1), DECIDED, DECIDED + timedelta(1)])
def test_the_day_before_of_and_after_the_first_that_is_collected(collects_from):
    pack, records = replace(SECOND, collects_from=collects_from), [record(decided_on=DECIDED)]
    assert scores(["X"], records, pack) == [score_of(score_ledger(records, pack, ON))]


@pytest.mark.parametrize(("score", "tier"), [(90_000, "high"), (89_999, "low"), (90_001, "high")])
def test_the_tier_at_below_and_above_its_bound(score, tier):
    clauses = (replace(SECOND.clauses[WARNING], millipoints=score - 100_000), *SECOND.clauses[1:])
    pack = replace(SECOND, clauses=clauses)
    found = score_population(encode_population(["X"], [record()], pack), 1, pack, ON)
    assert (found.score.tolist(), pack.tiers[found.tier[0]].name) == ([score], tier)
