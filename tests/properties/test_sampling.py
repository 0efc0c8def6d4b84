"""What holds for every draw: the lottery, and the order and form of its files."""

from __future__ import annotations

import unicodedata
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import FaultsError
from agency_credit.domain.frame import FrameUnit
from agency_credit.domain.plan import Rounding, StratumRule, TakeCount, TakeFraction
from agency_credit.sampling import (
    Frame,
    Selection,
    allocate,
    format_frame,
    format_plan,
    format_recusals,
    format_reveal,
    format_roster,
    line_files,
    parse_frame,
    parse_plan,
    parse_recusals,
    parse_reveal,
    parse_roster,
    select,
    ticket,
)
from agency_credit.sampling.selection import certain_units, pareto_key, pareto_order
from tests.draw_files import DICE, ZEROS, canonical, lines, plan, unit

quick = settings(deadline=None, max_examples=60)
seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)
sane_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8).map(
    lambda text: unicodedata.normalize("NFC", text)
)
identifiers = sane_text.filter(
    lambda name: 1 <= len(name) <= 64 and name == name.strip(" ") and not set(name) & {",", "/"}
)
grounds = st.none() | st.fixed_dictionaries({"basis": sane_text, "reason": sane_text})
sizes = st.integers(1, 2**53 - 1) | st.integers(1, 9)


@st.composite
def unit_rows(draw: st.DrawFn, min_size: int = 0) -> list[dict[str, Any]]:
    names = draw(st.lists(identifiers, min_size=min_size, max_size=12, unique=True))
    rows = []
    for name in names:
        ground, is_excluded = draw(grounds), draw(st.booleans())
        rows.append(
            unit(
                name,
                area=draw(sane_text),
                size=draw(sizes),
                stratum=draw(st.sampled_from(["A", "𠮷", "Ｂ"])),
                excluded=ground if is_excluded else None,
                mandatory=None if is_excluded else ground,
            )
        )
    return rows


takes = st.one_of(
    st.just({"all": True}),
    st.builds(lambda n: {"count": n}, st.integers(0, 6)),
    st.builds(
        lambda f, m: {"fraction": f, "minimum": m},
        st.sampled_from(["0", "1", "0.07", "1/2", "2/3"]),
        st.integers(0, 3),
    ),
)


@st.composite
def plans_for(draw: st.DrawFn, rows: list[dict[str, Any]], selection: str) -> dict[str, Any]:
    names = sorted({row["stratum"] for row in rows})
    return plan(
        strata=[{"stratum": name, "take": draw(takes)} for name in names],
        rounding=draw(st.sampled_from(["up", "down", "nearest"])),
        reserves=draw(st.integers(0, 3)),
        selection=selection,
    )


def drawn_of(selection: Selection) -> dict[str, tuple[str, ...]]:
    return {stratum.stratum: stratum.drawn for stratum in selection.strata}


def frame_of(rows: list[dict[str, Any]]) -> Frame:
    return parse_frame(lines(rows, "unit"))


@quick
@given(st.data(), seeds)
def test_order_of_the_input_never_matters(data: st.DataObject, seed: str) -> None:
    rows = data.draw(unit_rows(min_size=1))
    shuffled = data.draw(st.permutations(list(frame_of(rows))))
    assert format_frame(shuffled) == lines(rows, "unit")
    draw_plan = parse_plan(canonical(data.draw(plans_for(rows, "ticket"))))
    assert select(parse_frame(format_frame(shuffled)), draw_plan, seed) == select(
        frame_of(rows), draw_plan, seed
    )


@quick
@given(st.lists(identifiers, min_size=2, max_size=15, unique=True), st.integers(0, 8), seeds, st.data())
def test_removing_an_undrawn_unit_changes_nobody_drawn(
    names: list[str], count: int, seed: str, data: st.DataObject
) -> None:
    rows = [unit(name) for name in names]
    draw_plan = parse_plan(canonical(plan(strata=[{"stratum": "A", "take": {"count": count}}])))
    before = drawn_of(select(frame_of(rows), draw_plan, seed))["A"]
    undrawn = sorted(set(names) - set(before))
    if undrawn:
        gone = data.draw(st.sampled_from(undrawn))
        fewer = frame_of([row for row in rows if row["unit"] != gone])
        assert drawn_of(select(fewer, draw_plan, seed))["A"] == before


@quick
@given(st.data(), seeds)
def test_a_ticket_draw_takes_the_smallest_tickets(data: st.DataObject, seed: str) -> None:
    rows = data.draw(unit_rows(min_size=1))
    selection = select(frame_of(rows), parse_plan(canonical(data.draw(plans_for(rows, "ticket")))), seed)
    for stratum in selection.strata:
        eligible = [
            r["unit"]
            for r in rows
            if r["stratum"] == stratum.stratum and not r["excluded"] and not r["mandatory"]
        ]
        ranked = sorted(eligible, key=lambda name: ticket(seed, "target", name))
        assert stratum.eligible == len(eligible)
        assert stratum.drawn == tuple(ranked[: stratum.take])
        assert stratum.reserves == tuple(ranked[stratum.take :][: len(stratum.reserves)])
        assert stratum.cutoff == (ticket(seed, "target", stratum.drawn[-1]) if stratum.drawn else None)


@quick
@given(st.data(), seeds, st.sampled_from(["ticket", "pareto"]))
def test_targets_are_the_drawn_and_the_mandatory_in_ticket_order(
    data: st.DataObject, seed: str, method: str
) -> None:
    rows = data.draw(unit_rows(min_size=1))
    selection = select(frame_of(rows), parse_plan(canonical(data.draw(plans_for(rows, method)))), seed)
    drawn = [name for stratum in selection.strata for name in stratum.drawn]
    mandatory = sorted(row["unit"] for row in rows if row["mandatory"])
    assert selection.mandatory == tuple(mandatory)
    assert not {row["unit"] for row in rows if row["excluded"]} & set(drawn)
    assert selection.targets == tuple(sorted(drawn + mandatory, key=lambda n: ticket(seed, "target", n)))


@given(
    st.integers(0, 10**6),
    st.integers(0, 2**31 - 1),
    st.integers(1, 2**31 - 1),
    st.integers(0, 50),
    st.sampled_from(Rounding),
)
@quick
def test_allocation_stays_within_its_bounds(n: int, p: int, q: int, minimum: int, rounding: Rounding) -> None:
    share = Fraction(min(p, q), q)
    take = TakeFraction(fraction=f"{share.numerator}/{share.denominator}", minimum=minimum)
    taken = allocate({"A": n}, [StratumRule(stratum="A", take=take)], rounding)["A"]
    assert min(n, minimum) <= taken <= n
    assert taken == min(n, minimum) or abs(taken - share * n) < 1
    if rounding is Rounding.UP:
        assert taken >= share * n
    counted = allocate({"A": n}, [StratumRule(stratum="A", take=TakeCount(count=minimum))], rounding)
    assert counted == {"A": min(n, minimum)}


def pareto_by_fractions(numbers: list[int], column: list[int], take: int) -> list[int]:
    """Section 6, rule 3, written down a second time with fractions, slowly."""
    by_ticket = sorted(range(len(column)), key=numbers.__getitem__)
    left, places, certain = list(by_ticket), take, []
    while True:
        total = sum(column[i] for i in left)
        taken = [i for i in left if places * column[i] >= total]
        if not taken:
            break
        certain += taken
        left = [i for i in left if i not in taken]
        places -= len(taken)
    certain.sort(key=numbers.__getitem__)
    if places == 0:
        return certain + left

    def key(i: int) -> tuple[Fraction, int]:
        u, chance = Fraction(2 * numbers[i] + 1, 2**257), Fraction(places * column[i], total)
        return u * (1 - chance) / ((1 - u) * chance), numbers[i]

    return certain + sorted(left, key=key)


@quick
@given(
    st.lists(st.tuples(st.integers(0, 2**256 - 1), sizes), max_size=12, unique_by=lambda pair: pair[0]),
    st.data(),
)
def test_pareto_order_agrees_with_fractions(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    take = data.draw(st.integers(0, len(pairs)))
    numbers, column = [number for number, _ in pairs], [size for _, size in pairs]
    words = np.array(
        [[number >> shift & (2**64 - 1) for shift in (192, 128, 64, 0)] for number in numbers], np.uint64
    )
    ranked = np.array(sorted(range(len(pairs)), key=numbers.__getitem__), dtype=np.intp)
    order = pareto_order(ranked, np.array(column, np.int64), words.reshape(-1, 4), take)
    assert order.tolist() == pareto_by_fractions(numbers, column, take)


tickets_ = st.sampled_from([0, 1, 2**255 - 1, 2**255, 2**256 - 2, 2**256 - 1]) | st.integers(0, 2**256 - 1)


@quick
@given(tickets_, sizes, tickets_, sizes, sizes, st.integers(1, 5))
@example(0, 2**53 - 1, 0, 2**53 - 2, 2**53 - 1, 1)
def test_pareto_keys_order_as_their_fractions(
    t: int, size: int, other_t: int, other: int, rest: int, places: int
) -> None:
    total = places * (size + other) + rest  # every unit below certainty

    def exact(number: int, of: int) -> Fraction:
        return Fraction((2 * number + 1) * (total - places * of), (2**257 - 2 * number - 1) * of)

    one, two = exact(t, size), exact(other_t, other)
    mine, yours = pareto_key(t, size, places, total), pareto_key(other_t, other, places, total)
    assert (one < two, one == two) == (mine < yours, mine == yours)


@quick
@given(st.lists(sizes, max_size=12), st.data())
def test_certain_units_never_exceed_the_places(column: list[int], data: st.DataObject) -> None:
    take = data.draw(st.integers(0, len(column)))
    certain, places, total = certain_units(column, take)
    assert places == take - len(certain) >= 0
    assert total == sum(size for i, size in enumerate(column) if i not in certain)
    assert all(places * size < total for i, size in enumerate(column) if i not in certain)


@quick
@given(unit_rows())
def test_frames_come_back_from_their_bytes(rows: list[dict[str, Any]]) -> None:
    data = lines(rows, "unit")
    assert format_frame(parse_frame(data)) == data


@quick
@given(st.data())
def test_plans_come_back_from_their_bytes(data: st.DataObject) -> None:
    sealed = {"commitment": ZEROS, "kind": "commitment", "party": data.draw(sane_text)}
    rows = data.draw(unit_rows())
    value = data.draw(plans_for(rows, data.draw(st.sampled_from(["ticket", "pareto"])))) | {
        "basis": data.draw(st.lists(sane_text)),
        "draw": data.draw(identifiers.filter(lambda name: name != "D0")),
        "entropy": data.draw(st.permutations([DICE, sealed, DICE | {"form": "drand"}])),
        "publication": "after-inspection",
        "supplements": data.draw(st.none() | st.just("D0")),
        "title": data.draw(sane_text),
    }
    assert format_plan(parse_plan(canonical(value))) == canonical(value)


@quick
@given(st.data())
def test_rosters_recusals_and_reveals_come_back_from_their_bytes(data: st.DataObject) -> None:
    names = st.lists(identifiers, max_size=4, unique=True)
    texts = st.lists(sane_text.filter(bool), max_size=3, unique=True).map(sorted)
    roster = lines(
        [
            {"areas": data.draw(texts), "inspector": name, "limit": 3, "skills": sorted(data.draw(names))}
            for name in data.draw(names)
        ],
        "inspector",
    )
    assert format_roster(parse_roster(roster)) == roster
    pairs = data.draw(st.lists(st.tuples(identifiers, identifiers), unique=True, max_size=5))
    recusals = lines([{"inspector": who, "unit": where} for who, where in pairs], "unit", "inspector")
    assert format_recusals(parse_recusals(recusals)) == recusals
    reveal = canonical({"draw": data.draw(identifiers), "values": data.draw(st.lists(sane_text))})
    assert format_reveal(parse_reveal(reveal)) == reveal


def slow_frame(data: bytes) -> list[FrameUnit] | None:
    """The reader that names every fault, alone."""
    try:
        return line_files._read_frame(data)
    except FaultsError:
        return None


HOSTILE = [b"", b" ", b"\r", b"0", b"\\", b'"', b"\xc3", b"\xcc\x81", b"-", b"\n"]
any_text = st.text(st.sampled_from('aeZ,/ "\\\n\u0001\u007f\u0085\u00e9\u0301甲𠮷'), max_size=5)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(any_text, any_text, any_text, st.integers(-1, 2)), max_size=4), st.booleans())
def test_the_quick_reader_accepts_exactly_what_the_slow_one_does(
    rows: list[tuple[str, str, str, int]], is_sorted: bool
) -> None:
    if is_sorted:
        rows = sorted(rows)
    units = [unit(name, area=area, stratum=stratum, size=size) for name, area, stratum, size in rows]
    data = b"".join(canonical(row) + b"\n" for row in units)
    slow = slow_frame(data)
    quick_ = line_files._decode_canonical(data, line_files._frame_decoder)
    is_quick = quick_ is not None and line_files._are_frame_units(quick_)
    assert is_quick == (slow is not None)
    assert not is_quick or quick_ == slow


@settings(deadline=None, max_examples=300)
@given(unit_rows(min_size=1), st.data())
def test_no_changed_byte_passes_the_quick_reader_alone(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    content = bytearray(lines(rows, "unit"))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(0, 1))] = data.draw(st.sampled_from(HOSTILE))
    quick_ = line_files._decode_canonical(bytes(content), line_files._frame_decoder)
    is_quick = quick_ is not None and line_files._are_frame_units(quick_)
    slow = slow_frame(bytes(content))
    assert is_quick == (slow is not None)
    assert not is_quick or quick_ == slow
