"""Caps by hand: what each line keeps, in the order of the ledger."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import parse_rule_pack, score_ledger, score_of

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"
FIRST = (PACKS / "first.toml").read_text("utf-8")
ON = date(2025, 3, 1)


def made_up(*, group: str = "", cap: str = "", rule: str = "per-case"):
    """The first made-up pack; its warnings have this cap and rule, and with the late reports this group."""
    text = FIRST
    if group:
        table = (
            '[[groups]]\ncode = "G"\nkind = "deduction"\nwording = { zh = "组", en = "group" }\n'
            f'cap = {group}\nstatus = "unverified"\nsource = "test"\n\n'
        )
        text = text.replace("[[clauses]]", table + "[[clauses]]", 1)
        for code in ("W", "L"):
            text = text.replace(f'code = "{code}"\n', f'code = "{code}"\ngroup = "G"\n')
    limit = f", cap = {cap}" if cap else ""
    own = f'counting = {{ rule = "{rule}"{limit}, status = "unverified", source = "test" }}\n'
    text = text.replace('citation = { article = "第一条" }', f'citation = {{ article = "第一条" }}\n{own}')
    return parse_rule_pack(text.encode(), "made-up.toml")


def record(record_id: str, kind: str, on: date = date(2025, 2, 1), **more):
    return CreditRecord(record_id=record_id, subject="X", kind=kind, decided_on=on, **more)


def outcome(records, pack, on: date = ON):
    ledger = score_ledger(records, pack, on)
    return [(line.millipoints, line.state.value) for line in ledger.lines], score_of(ledger)


@pytest.mark.parametrize(
    ("cap", "expected"),
    [
        ("-30", [(-10000, "counting")] * 3),
        ('"-29.999"', [(-10000, "counting"), (-10000, "counting"), (-9999, "counting")]),
        ("-20", [(-10000, "counting"), (-10000, "counting"), (0, "capped")]),
        ('"-19.999"', [(-10000, "counting"), (-9999, "counting"), (0, "capped")]),
        ('"-0.001"', [(-1, "counting"), (0, "capped"), (0, "capped")]),
    ],
)
def test_a_clause_never_costs_more_than_its_cap(cap, expected):
    lines, score = outcome([record(n, "警告") for n in "123"], made_up(cap=cap))
    assert lines == expected
    assert score == 100_000 + sum(points for points, _ in expected)


def test_a_line_that_gets_a_part_still_says_what_it_is_worth():
    ledger = score_ledger([record(n, "警告") for n in "12"], made_up(cap="-15"), ON)
    assert [line.worth_millipoints for line in ledger.lines] == [-10000, -10000]
    assert [line.millipoints for line in ledger.lines] == [-10000, -5000]


def test_the_cap_of_a_group_holds_for_its_clauses_together_in_the_order_of_the_ledger():
    records = [
        record("1", "警告", date(2025, 1, 5)),
        record("2", "逾期", date(2025, 1, 6)),
        record("3", "警告", date(2025, 1, 7)),
        record("4", "表彰", date(2025, 1, 8)),
    ]
    lines, score = outcome(records, made_up(group="-12"))
    assert lines == [(-10000, "counting"), (-2000, "counting"), (0, "capped"), (2500, "counting")]
    assert score == 90_500


def test_a_clauses_cap_comes_before_that_of_its_group():
    records = [record("1", "警告"), record("2", "警告"), record("3", "逾期")]
    lines, _ = outcome(records, made_up(group="-12", cap="-11"))
    assert lines == [(-10000, "counting"), (-1000, "counting"), (-1000, "counting")]


def test_a_group_without_room_left_caps_the_rest():
    lines, score = outcome([record("1", "警告"), record("2", "逾期")], made_up(group="-10"))
    assert lines == [(-10000, "counting"), (0, "capped")]
    assert score == 90_000


def test_when_the_first_no_longer_stands_the_next_moves_up():
    pack = made_up(cap="-10")
    records = [record("1", "警告", withdrawn_on=ON), record("2", "警告")]
    assert outcome(records, pack)[0] == [(0, "withdrawn"), (-10000, "counting")]


def test_of_a_clause_that_counts_once_the_heaviest_stays_and_caps_apply_to_it():
    lines, _ = outcome([record("1", "警告"), record("2", "警告")], made_up(rule="once", cap="-4"))
    assert lines == [(-4000, "counting"), (0, "capped")]


def test_per_year_keeps_one_for_each_calendar_year():
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 2)]
    records = [record(str(n), "警告", day) for n, day in enumerate(days)]
    lines, _ = outcome(records, made_up(rule="per-year"))
    assert lines == [(-10000, "counting"), (-10000, "counting"), (0, "capped")]


def test_of_equally_heavy_lines_that_which_counts_longest_stays_then_the_first():
    second = parse_rule_pack((PACKS / "second.toml").read_bytes(), "second.toml")
    records = [record("1", "投诉", date(2025, 8, 1)), record("2", "投诉", date(2025, 9, 1))]
    assert outcome(records, second, date(2025, 10, 1))[0] == [(0, "capped"), (-20000, "counting")]
    same_day = [record("1", "投诉", date(2025, 9, 1)), record("2", "投诉", date(2025, 9, 1))]
    assert outcome(same_day, second, date(2025, 10, 1))[0] == [(-20000, "counting"), (0, "capped")]


def test_a_line_assessed_at_nothing_counts_and_takes_nothing():
    text = (PACKS / "second.toml").read_text("utf-8").replace('rule = "once"', 'rule = "per-case", cap = -5')
    pack = parse_rule_pack(text.encode(), "second.toml")
    day = date(2025, 9, 1)
    records = [record("1", "投诉", day), record("2", "投诉", day, assessed_millipoints=0)]
    assert outcome(records, pack, date(2025, 10, 1))[0] == [(-5000, "counting"), (0, "counting")]


STAY = Period(first_on=date(2025, 2, 10), last_on=date(2025, 2, 20))
STATES = {
    date(2025, 2, 9): "counting",
    date(2025, 2, 10): "suspended",
    date(2025, 2, 20): "suspended",
    date(2025, 2, 21): "counting",
}


@pytest.mark.parametrize("on", STATES)
def test_a_suspended_record_costs_nothing_on_the_days_of_its_stay(on):
    lines, score = outcome([record("1", "警告", suspended=(STAY,))], made_up(), on)
    assert lines == [(-10000 if STATES[on] == "counting" else 0, STATES[on])]
    assert score == (90_000 if STATES[on] == "counting" else 100_000)


def test_a_stay_without_end_goes_on():
    stay = Period(first_on=date(2025, 2, 10))
    assert outcome([record("1", "警告", suspended=(STAY, stay))], made_up(), date(2025, 6, 30))[0] == [
        (0, "suspended")
    ]


def test_a_suspended_record_leaves_its_cap_to_others():
    records = [record("1", "警告", suspended=(STAY,)), record("2", "警告")]
    assert outcome(records, made_up(cap="-10"), date(2025, 2, 15))[0] == [
        (0, LineState.SUSPENDED.value),
        (-10000, "counting"),
    ]


def test_points_within_a_range_lie_between_its_ends():
    text = (
        (PACKS / "second.toml")
        .read_text("utf-8")
        .replace("points_up_to = -20", "points_up_to = -20\npoints_from = -5")
    )
    pack = parse_rule_pack(text.encode(), "second.toml")
    day = date(2025, 9, 1)
    for assessed in (-20000, -5000):
        got = outcome([record("1", "投诉", day, assessed_millipoints=assessed)], pack, date(2025, 10, 1))[0]
        assert got == [(assessed, "counting")]
    for assessed in (-20001, -4999, 0, 5000):
        with pytest.raises(Exception, match="outside the range"):
            outcome([record("1", "投诉", day, assessed_millipoints=assessed)], pack, date(2025, 10, 1))
