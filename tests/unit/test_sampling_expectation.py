"""Chances and expected visits of a plan, by worked cases and held against allocation and rehearsal."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.domain.frame import FrameUnit, Ground
from agency_credit.domain.plan import (
    DrawPlan,
    EntropyForm,
    PublicationTime,
    PublicSource,
    Rounding,
    Seat,
    SelectionMethod,
    StratumRule,
    TakeAll,
    TakeCount,
    TakeFraction,
)
from agency_credit.sampling import announced_count, expect, select
from agency_credit.sampling.frame import make_frame

LAW = Ground(basis="b", reason="r")


def unit(name, area="1", stratum="a", size=1, **more):
    more = {"excluded": None, "mandatory": None, **more}
    return FrameUnit(unit=name, area=area, stratum=stratum, size=size, **more)


def plan(take, selection=SelectionMethod.TICKET):
    return DrawPlan(
        draw="d", title="t", authority="a", basis=(), items=(), entrustment=None,
        publication=PublicationTime.AT_ONCE, strata=(StratumRule(stratum="a", take=take),),
        rounding=Rounding.UP, selection=selection, reserves=0, supplements=None,
        seats=(Seat(role="1", skills=()), Seat(role="2", skills=())),
        entropy=(PublicSource(event="e", form=EntropyForm.SSQ, at="2026-12-01T21:15:00+08:00"),),
    )  # fmt: skip


def frame(*units):
    return make_frame(b"", units)


def test_a_share_rounded_up_gives_the_exact_chance_of_each_unit():
    found = expect(frame(*(unit(f"{n}") for n in range(7))), plan(TakeFraction(fraction="1/3", minimum=0)))
    (stratum,) = found.strata
    assert (stratum.take, stratum.low, stratum.high) == (3, Fraction(3, 7), Fraction(3, 7))
    assert found.visits == {"1": Fraction(3)}
    assert found.targets == 3


def test_excluded_units_have_no_chance_and_mandatory_ones_are_visited_for_sure():
    units = [unit("1"), unit("2", area="2"), unit("3", area="2", mandatory=LAW), unit("4", excluded=LAW)]
    found = expect(frame(*units), plan(TakeCount(count=1)))
    (stratum,) = found.strata
    assert (stratum.n_units, stratum.eligible, stratum.mandatory, stratum.take) == (4, 2, 1, 1)
    assert found.visits == {"1": Fraction(1, 2), "2": Fraction(3, 2)}
    assert found.targets == 2


def test_a_stratum_taken_whole_is_certain():
    (stratum,) = expect(frame(unit("1"), unit("2")), plan(TakeAll())).strata
    assert (stratum.low, stratum.high, stratum.n_certain) == (1, 1, 2)


def test_nobody_in_the_lottery_has_no_chance_rather_than_a_division_by_zero():
    (stratum,) = expect(frame(unit("1", mandatory=LAW)), plan(TakeCount(count=3))).strata
    assert (stratum.take, stratum.low, stratum.high) == (0, 0, 0)


def test_large_units_of_a_pareto_draw_are_certain_and_the_others_share_the_rest():
    sizes = {"big": 10, "x": 1, "y": 2}
    found = expect(
        frame(*(unit(name, size=size) for name, size in sizes.items())),
        plan(TakeCount(count=2), SelectionMethod.PARETO),
    )
    (stratum,) = found.strata
    assert (stratum.low, stratum.high, stratum.n_certain) == (Fraction(1, 3), 1, 1)
    assert found.visits["1"] == 2


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    take=st.integers(0, 12),
    selection=st.sampled_from(SelectionMethod),
)
def test_chances_add_up_to_what_is_drawn(sizes, take, selection):
    units = frame(*(unit(f"{n:02d}", area=str(n % 3), size=size) for n, size in enumerate(sizes)))
    found = expect(units, plan(TakeCount(count=take), selection))
    assert sum(found.visits.values()) == found.targets == min(take, len(sizes))
    assert 0 <= found.strata[0].low <= found.strata[0].high <= 1


@pytest.mark.parametrize("selection", SelectionMethod)
def test_the_lot_itself_takes_as_many_as_expected(selection):
    units = frame(*(unit(f"{n:02d}", size=1 + n % 4) for n in range(20)))
    made = plan(TakeFraction(fraction="0.3", minimum=2), selection)
    drawn = select(units, made, "5" * 64)
    assert drawn.strata[0].take == len(drawn.strata[0].drawn) == expect(units, made).strata[0].take


@pytest.mark.parametrize(
    ("event", "count"),
    [
        ("局大厅公开掷十面骰24次，局网站公布", 24),
        ("公开掷骰二十次", 20),
        ("公开掷骰十二次", 12),
        ("掷两次", 2),
        ("掷一百零五次", 105),
        ("排列5第2026310期", None),
        ("3D第2026310期，开奖号码3位", 3),
        ("a die rolled 30 throws", 30),
        ("掷0次", None),
    ],
)
def test_how_many_throws_an_event_announces(event, count):
    assert announced_count(event, EntropyForm.DIGITS) == count


def test_only_digits_and_dice_are_counted():
    assert announced_count("双色球第2026138期，24次", EntropyForm.SSQ) is None
