"""The scores of a population are those of its ledgers, one by one."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.period import earliest_start, last_day_after_months
from agency_credit.scoring import encode_population, score_ledger, score_of, score_population, tier_of
from tests.strategies import packs_and_days, populations


def by_ledger(subjects, records, pack, on):
    """Score and place of the tier of each subject, by the ledger alone."""
    scores = [
        score_of(score_ledger([record for record in records if record.subject == subject], pack, on))
        for subject in subjects
    ]
    return scores, [pack.tiers.index(tier_of(pack, score)) for score in scores]


def in_batch(subjects, records, pack, on):
    return score_population(
        encode_population(subjects, records, pack), len(subjects), pack, on
    ).score.tolist()


@settings(deadline=None)
@given(st.data())
def test_every_population_has_the_scores_and_tiers_of_its_ledgers(data):
    pack, on = data.draw(packs_and_days())
    subjects, records = data.draw(populations(pack))
    columns = encode_population(subjects, records, pack)
    turns = sorted({day + timedelta(n) for record in records for day in _days(record, pack) for n in (-1, 0)})
    turns = [day for day in turns if pack.in_force.contains(day)]
    for day in (on, *data.draw(st.lists(st.sampled_from(turns), max_size=12) if turns else st.just([]))):
        scores = score_population(columns, len(subjects), pack, day)
        expected = by_ledger(subjects, records, pack, day)
        assert (scores.score.tolist(), scores.tier.tolist()) == expected


def _days(record, pack):
    """Days on which the record may begin or cease to count, or the day before."""
    months = {clause.life.months for clause in pack.clauses if record.kind in clause.record_kinds} - {None}
    starts = [day for day in (record.decided_on, record.entered_on) if day is not None]
    yield from starts
    yield from (last_day_after_months(day, n) for day in starts for n in months)
    yield from (day for day in (record.withdrawn_on, record.repaired_on) if day is not None)
    for period in record.suspended:
        yield period.first_on
        if period.last_on is not None:
            yield period.last_on


@settings(deadline=None)
@given(st.data())
def test_order_never_matters(data):
    pack, on = data.draw(packs_and_days())
    subjects, records = data.draw(populations(pack))
    columns = encode_population(subjects, records, pack)
    places = np.array(data.draw(st.permutations(range(len(records)))), np.int64)
    shuffled = encode_population(subjects, [records[place] for place in places], pack)
    names = ("subject", "clause", "decided_on", "first_on", "withdrawn_on", "repaired_on", "assessed")
    for name in names:
        assert getattr(shuffled, name).tolist() == getattr(columns, name)[places].tolist()
    first, other = (score_population(found, len(subjects), pack, on) for found in (columns, shuffled))
    assert first.score.tolist() == other.score.tolist()
    assert first.tier.tolist() == other.tier.tolist()


@settings(deadline=None)
@given(st.data())
def test_what_befalls_one_subject_moves_no_other(data):
    pack, on = data.draw(packs_and_days())
    subjects, records = data.draw(populations(pack))
    rest = [record for record in records if record.subject != subjects[0]]
    before, after = (in_batch(subjects, found, pack, on) for found in (rest, records))
    assert after[1:] == before[1:]


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(1, 1200))
def test_a_period_holds_a_day_exactly_when_it_starts_late_enough(on, months):
    start = earliest_start(on, months)
    assert last_day_after_months(start, months) >= on > last_day_after_months(start - timedelta(1), months)
