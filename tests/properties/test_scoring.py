"""What holds for every score, every set of records and every pack."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import FaultsError
from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import last_day_after_months
from agency_credit.domain.points import format_points, parse_points
from agency_credit.scoring import parse_rule_pack, score_ledger, score_of, tier_of
from agency_credit.scoring.clause import ClauseKind
from tests.strategies import TEST_PACKS, UNKNOWN_KIND, a_record, packs, packs_and_days, records_for

SECOND = parse_rule_pack((TEST_PACKS / "second.toml").read_bytes(), "second.toml")

millipoints = st.integers(-(10**12) + 1, 10**12 - 1)


@settings(deadline=None)
@given(packs, millipoints)
def test_every_score_has_exactly_one_tier(pack, score):
    assert [tier for tier in pack.tiers if tier.contains(score)] == [tier_of(pack, score)]


@settings(deadline=None)
@given(packs, millipoints, millipoints)
def test_a_higher_score_never_has_a_lower_tier(pack, one, other):
    low, high = sorted((one, other))
    assert pack.tiers.index(tier_of(pack, high)) <= pack.tiers.index(tier_of(pack, low))


@settings(deadline=None)
@given(st.data())
def test_a_further_deduction_never_raises_a_score(data):
    pack, on = data.draw(packs_and_days())
    records = data.draw(records_for(pack))
    kinds = [k for c in pack.clauses if c.kind is ClauseKind.DEDUCTION for k in c.record_kinds] or [
        UNKNOWN_KIND
    ]
    further = data.draw(a_record(pack, "further", kinds))
    before, after = (score_of(score_ledger(r, pack, on)) for r in (records, [*records, further]))
    assert after <= before


@settings(deadline=None)
@given(st.data())
def test_a_further_bonus_never_lowers_a_score(data):
    pack, on = data.draw(packs_and_days())
    records = data.draw(records_for(pack))
    kinds = [k for c in pack.clauses if c.kind is ClauseKind.BONUS for k in c.record_kinds] or [UNKNOWN_KIND]
    further = data.draw(a_record(pack, "further", kinds))
    before, after = (score_of(score_ledger(r, pack, on)) for r in (records, [*records, further]))
    assert after >= before


@settings(deadline=None)
@given(st.data())
def test_order_never_matters(data):
    pack, on = data.draw(packs_and_days())
    records = data.draw(records_for(pack))
    shuffled = data.draw(st.permutations(records))
    assert score_ledger(shuffled, pack, on) == score_ledger(records, pack, on)


@settings(deadline=None)
@given(st.data())
def test_a_line_a_record_and_the_score_follows_from_the_counting_lines(data):
    pack, on = data.draw(packs_and_days())
    records = data.draw(records_for(pack))
    ledger = score_ledger(records, pack, on)
    assert {line.record_id for line in ledger.lines} == {record.record_id for record in records}
    counting = [line for line in ledger.lines if line.state is LineState.COUNTING]
    assert score_of(ledger) == pack.base_millipoints + sum(line.millipoints for line in counting)
    assert all(abs(line.millipoints) <= abs(line.worth_millipoints) for line in counting)
    assert all(line.period.contains(on) and line.decided_on <= on for line in counting)


@settings(deadline=None)
@given(st.data())
def test_what_is_decided_later_does_not_move_the_score(data):
    pack, on = data.draw(packs_and_days())
    records = data.draw(records_for(pack))
    known = [record for record in records if record.decided_on <= on]
    assert score_of(score_ledger(known, pack, on)) == score_of(score_ledger(records, pack, on))


@settings(deadline=None)
@given(millipoints)
def test_points_come_back_from_their_decimal(points):
    assert parse_points(format_points(points)) == points


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(1, 1200))
def test_months_end_with_the_same_day_or_the_end_of_the_month(start_on, months):
    last_on = last_day_after_months(start_on, months)
    assert (last_on.year - start_on.year) * 12 + last_on.month - start_on.month == months
    is_last_of_month = (last_on + timedelta(days=1)).day == 1
    assert last_on.day == start_on.day or (is_last_of_month and last_on.day < start_on.day)


@settings(deadline=None)
@given(millipoints, st.integers(1, 1200))
def test_numbers_of_a_pack_come_back_as_they_were_written(points, months):
    text = (TEST_PACKS / "second.toml").read_text("utf-8")
    text = text.replace('points = "100"', f'points = "{format_points(points)}"')
    text = text.replace('from = "entered", months = 6', f'from = "entered", months = {months}')
    pack = parse_rule_pack(text.encode(), "written")
    assert (pack.base_millipoints, pack.clause("E").life.months) == (points, months)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_short_bytes_are_named_faults(data):
    with pytest.raises(FaultsError) as refused:
        parse_rule_pack(data, "any")
    assert refused.value.faults


@settings(deadline=None)
@given(st.data())
def test_a_line_cut_out_of_a_pack_is_harmless_or_a_fault(data):
    lines = (TEST_PACKS / "second.toml").read_text("utf-8").splitlines()
    cut = data.draw(st.integers(0, len(lines) - 1))
    text = "\n".join(line for place, line in enumerate(lines) if place != cut)
    with suppress(FaultsError):
        assert parse_rule_pack(text.encode(), "cut").subject is SECOND.subject
