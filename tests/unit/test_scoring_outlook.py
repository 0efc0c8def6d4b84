"""What time, repairs and a made-up record change, worked by hand, and said in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import (
    PeriodTable,
    RepairBasis,
    expiries,
    explain_expiries,
    explain_ledger,
    explain_moment,
    explain_repairs,
    explain_what_if,
    parse_rule_file,
    parse_rule_pack,
    repair_days,
    score_ledger,
    score_timeline,
    smallest_repairs,
    what_if,
)
from agency_credit.scoring.explain_outlook import TEMPLATES
from agency_credit.web.i18n import load_catalogue, translate

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"
FIRST = parse_rule_pack((PACKS / "first.toml").read_bytes(), "first.toml")
SECOND = parse_rule_pack((PACKS / "second.toml").read_bytes(), "second.toml")
ON = date(2025, 6, 1)

SOURCE = 'status = "unverified", source = "test"'
OWN = SOURCE.replace(", ", "\n")


def clause(code: str, points: int, more: str = "", kind: str = "deduction") -> str:
    """A clause whose word is its code in lower case."""
    wording = f'{{ zh = "条款{code}", en = "clause {code}" }}'
    return (
        f'[[clauses]]\ncode = "{code}"\nkind = "{kind}"\nrecords = ["{code.lower()}"]\npoints = {points}\n'
        f'{OWN}\nwording = {wording}\ncitation = {{ article = "第一条" }}\n{more}\n'
    )


def counting(rule: str, cap: int | None = None) -> str:
    limit = "" if cap is None else f", cap = {cap}"
    return f'counting = {{ rule = "{rule}"{limit}, {SOURCE} }}'


def repair(allowed: str, months: int | None = None) -> str:
    after = "" if months is None else f", after_months = {months}"
    return f"repair = {{ allowed = {allowed}{after}, {SOURCE} }}"


def group(cap: int) -> str:
    wording = 'wording = { zh = "组", en = "group" }'
    return f'[[groups]]\ncode = "G"\nkind = "deduction"\n{wording}\ncap = {cap}\n{OWN}\n'


def made_up(*parts: str):
    """A pack from 100 points: A from 90, B from 80, C below; records count twelve months."""
    text = (
        'type = "rating"\nid = "made-up"\nsubject = "patent-agency"\neffective_from = 2024-01-01\n'
        f'title = {{ zh = "虚构", en = "made up" }}\nbase = {{ points = 100, {SOURCE} }}\n'
        f'life = {{ from = "decided", months = 12, {SOURCE} }}\n{counting("per-case")}\n'
        f'[[tiers]]\nname = "A"\nfrom = 90\n{OWN}\n[[tiers]]\nname = "B"\nfrom = 80\nbelow = 90\n{OWN}\n'
        f'[[tiers]]\nname = "C"\nbelow = 80\n{OWN}\n' + "".join(parts)
    )
    return parse_rule_pack(text.encode(), "made-up.toml")


def record(record_id: str, kind: str, on: date = date(2025, 2, 10), **more):
    return CreditRecord(record_id=record_id, subject="X", kind=kind, decided_on=on, **more)


def plans(records, pack, on=ON, periods=()):
    """Tier, records to repair, score in points afterwards."""
    return [
        (plan.tier, plan.repairs and [r.record_id for r in plan.repairs], plan.score / 1000)
        for plan in smallest_repairs(records, pack, on, RepairBasis(tables=tuple(periods)))
    ]


def said(sentences, language="zh"):
    return [translate(language, sentence.template, **sentence.params) for sentence in sentences]


# --- time ---------------------------------------------------------------------------------------------


def test_each_day_on_which_time_changes_the_score_is_named_with_its_reason():
    pack = made_up(clause("A", -8, counting("once")), clause("B", -5))
    stayed = (Period(first_on=date(2025, 7, 1), last_on=date(2025, 7, 31)),)
    records = [record("1", "a"), record("2", "a", date(2025, 3, 10)), record("3", "b", suspended=stayed)]
    found = expiries(records, [pack], ON)
    assert [(moment.on.isoformat(), moment.score, moment.tier) for moment in found] == [
        ("2025-07-01", 92000, "A"),
        ("2025-08-01", 87000, "B"),
        ("2026-02-11", 92000, "A"),
        ("2026-03-11", 100000, "A"),
    ]
    moves = [(m.record_id, m.state_before, m.state_after) for moment in found for m in moment.moves]
    assert moves == [
        ("3", LineState.COUNTING, LineState.SUSPENDED),
        ("3", LineState.SUSPENDED, LineState.COUNTING),
        ("3", LineState.COUNTING, LineState.EXPIRED),  # and 1 expires too, but 2 counts longer, and counted
        ("2", LineState.COUNTING, LineState.EXPIRED),
    ]


def test_what_is_known_to_be_withdrawn_or_repaired_later_shows_on_its_day():
    pack = made_up(clause("A", -8), clause("B", -5))
    records = [
        record("1", "a", withdrawn_on=date(2025, 7, 1)),
        record("2", "b", repaired_on=date(2025, 8, 1)),
        record("3", "b", date(2025, 9, 1)),
    ]
    found = expiries(records, [pack], ON)
    assert [(moment.on.isoformat(), moment.score) for moment in found] == [
        ("2025-07-01", 95000),
        ("2025-08-01", 100000),
        ("2025-09-01", 95000),
        ("2026-09-02", 100000),
    ]


def test_a_cap_that_is_no_longer_used_up_lets_the_next_line_count():
    pack = made_up(clause("A", -8, counting("per-case", -12)))
    records = [record("1", "a"), record("2", "a", date(2025, 3, 10)), record("3", "a", date(2025, 4, 10))]
    (first, *_) = expiries(records, [pack], ON)
    assert (first.on, first.score) == (date(2026, 3, 11), 92000)  # on 2026-02-11 the cap was still reached
    timeline = score_timeline(records, [pack], date(2025, 1, 1), date(2026, 3, 11))
    assert [(m.on.isoformat(), m.score) for m in timeline] == [
        ("2025-01-01", 100000),
        ("2025-02-10", 92000),
        ("2025-03-10", 88000),
        ("2026-03-11", 92000),
    ]
    assert [(m.record_id, m.millipoints_before, m.millipoints_after) for m in timeline[-1].moves] == [
        ("2", -8000, 0),
        ("3", -4000, -8000),
    ]


def test_the_pack_changes_and_then_none_is_in_force():
    records = [record("1", "警告", date(2025, 1, 31))]
    pack_day, gone = expiries(records, [FIRST, SECOND], date(2025, 5, 1))[:2]
    assert (pack_day.on, pack_day.pack_id, pack_day.score) == (date(2025, 7, 1), "made-up-second", 89999)
    assert pack_day.has_new_pack
    assert pack_day.moves[0].millipoints_after == -10001
    assert (gone.on, gone.score, gone.tier) == (date(2025, 8, 1), 100000, "high")
    last = expiries(records, [FIRST, SECOND], date(2025, 8, 1))
    assert [(m.on, m.score, m.missing.code) for m in last] == [
        (date(2026, 7, 1), None, "rules.successor-missing")
    ]
    (text,) = said(explain_expiries(last, [FIRST, SECOND], "en"), "en")
    assert "the successor of 《虚构之二》, repealed on 2026-07-01, is missing" in text


def test_a_timeline_that_begins_before_any_pack_says_which_is_missing():
    first, second = score_timeline([], [FIRST], date(2023, 12, 1), date(2024, 1, 2))
    assert first.missing.code == "rules.predecessor-missing"
    assert (second.on, second.score, second.has_new_pack, second.moves) == (
        date(2024, 1, 1),
        100000,
        True,
        (),
    )


def test_versions_of_one_pack_follow_each_other():
    changed = replace(FIRST, base_millipoints=95000, effective_from=date(2025, 1, 1))
    versions = [replace(FIRST, repealed_on=date(2025, 1, 1)), changed]
    _, second = score_timeline([], versions, date(2024, 12, 1), date(2025, 2, 1))
    assert (second.on, second.score, second.base_move) == (date(2025, 1, 1), 95000, -5000)
    assert said(explain_moment(second, changed, "en"), "en")[2].startswith("The base moves by -5 points")


def test_what_counts_for_ever_and_to_the_end_of_the_calendar_never_expires():
    assert expiries([record("1", "警告")], [replace(FIRST, repealed_on=None)], ON) == ()
    pack = made_up(clause("A", -8, f'life = {{ from = "decided", months = 1200, {SOURCE} }}'))
    assert expiries([record("1", "a", date(9990, 1, 1))], [pack], date(9991, 1, 1)) == ()


@pytest.mark.parametrize(
    ("packs", "last_on", "code"),
    [
        ([], ON, "timeline.packs"),
        ([FIRST, made_up(clause("A", -1))], ON, "timeline.packs"),
        ([FIRST], date(2025, 5, 31), "timeline.days"),
        ([FIRST, replace(FIRST, id="other")], ON, "input.faults"),
    ],
)
def test_unusable_timelines_are_refused(packs, last_on, code):
    with pytest.raises(InputError) as refused:
        score_timeline([], packs, ON, last_on)
    assert refused.value.code == code


# --- repairs ------------------------------------------------------------------------------------------


def test_the_fewest_records_reach_a_tier_not_the_heaviest_ones_first():
    pack = made_up(clause("A", -9), clause("B", -13))
    records = [record("1", "a"), record("2", "a"), record("3", "b")]
    assert plans(records, pack) == [("B", ["3"], 82.0), ("A", ["1", "3"], 91.0)]


def test_repairing_the_heaviest_uncovers_the_next():
    pack = made_up(clause("A", -15, counting("once")))
    assert plans([record("1", "a"), record("2", "a")], pack) == [("A", ["1", "2"], 100.0)]


def test_below_a_cap_of_a_clause_some_repairs_change_nothing():
    pack = made_up(clause("A", -8, counting("per-case", -12)))
    records = [record(n, "a") for n in "1234"]
    assert plans(records, pack) == [("A", ["1", "2", "3"], 92.0)]


def test_what_a_cap_of_a_clause_holds_back_needs_no_repair():
    pack = made_up(clause("A", -8, counting("per-case", -12)), clause("B", -15))
    records = [*(record(n, "a") for n in "1234"), record("5", "b")]
    assert plans(records, pack) == [("B", ["5"], 88.0), ("A", ["1", "2", "3", "5"], 92.0)]


def test_of_cases_that_count_once_the_heaviest_is_repaired():
    within = f'within = {{ rule = "assessed", {SOURCE} }}\n' + counting("once")
    pack = made_up(clause("A", -20, within).replace("points = ", "points_up_to = "))
    records = [
        record("1", "a", assessed_millipoints=-5000),
        record("2", "a", assessed_millipoints=-15000),
        record("3", "a", assessed_millipoints=-4000),
    ]
    assert plans(records, pack) == [("A", ["2"], 95.0)]


def test_under_the_cap_of_a_group_it_is_better_to_repair_elsewhere():
    inside = 'group = "G"'
    pack = made_up(group(-16), clause("A", -8, inside), clause("B", -7, inside), clause("D", -5))
    records = [*(record(n, "a") for n in "123"), record("4", "b"), record("5", "d")]
    assert plans(records, pack) == [("B", ["5"], 84.0), ("A", ["1", "2", "3", "4"], 95.0)]


def test_what_cannot_be_repaired_stays_and_that_is_said():
    pack = made_up(clause("A", -15, repair("false")), clause("B", -10, repair("true")))
    records = [record("1", "a"), record("2", "b")]
    found = smallest_repairs(records, pack, ON)
    assert [(p.tier, p.repairs and len(p.repairs), p.score, p.tier_after) for p in found] == [
        ("B", 1, 85000, "B"),
        ("A", None, 85000, "B"),
    ]
    assert said(explain_repairs(found, pack, "zh"))[-1] == (
        "仅靠信用修复无法达到 A 级：可以修复的全部修复后为 85 分，信用等级 B。"
    )


def test_nobody_repairs_a_bonus_or_a_record_that_does_not_weigh():
    pack = made_up(clause("A", -15), clause("H", 5, kind="bonus"))
    records = [record("1", "a", date(2024, 1, 5)), record("2", "h"), record("3", "a")]
    assert plans(records, pack) == []
    assert plans([*records, record("4", "h", withdrawn_on=ON)], pack) == []
    assert said(explain_repairs((), pack, "en"), "en") == ["There is no better tier."]
    assert plans([records[2]], pack) == [("A", ["3"], 100.0)]


PERIODS = """
type = "periods"
id = "p"
series = "p"
effective_from = 2025-01-01
repealed_on = 2026-01-01
title = { zh = "期限", en = "periods" }
""" + "".join(
    f"""
[[periods]]
class = "{name}"
published = "yes"
{months}
counts_from = "{start}"
{OWN}
repair = {{ allowed = {allowed}, {SOURCE} }}
wording = {{ zh = "{name}", en = "{name}" }}
conditions = [{{ zh = "改正", en = "corrected" }}]
citation = {{ article = "第一条" }}
"""
    for name, months, start, allowed in (
        ("light", "min_months = 3", "decision", "true"),
        ("grave", "min_months = 3", "decision", "false"),
        ("ended", "min_months = 3", "conduct-end", "true"),
        ("slow", "min_months = 12", "decision", "true"),
        ("open", "", "decision", "true"),
    )
)


@pytest.mark.parametrize(
    ("more", "from_on"),
    [
        ("", None),
        (repair("true"), None),
        (repair("true", 6), date(2025, 8, 11)),
        ("light", date(2025, 5, 11)),
        (repair("true") + "\nlight", date(2025, 5, 11)),
        (repair("true", 6) + "\nlight", date(2025, 8, 11)),
        ("open", date(2025, 2, 10)),  # it names no least period
        ("ended", None),  # runs from the end of the conduct, which nobody recorded
        ("unknown", None),
        (repair("true", 11) + "\ngrave", date(2026, 1, 11)),
    ],
)
def test_the_first_day_of_repair_is_that_of_the_clause_or_of_its_class(more, from_on):
    pack = made_up(clause("A", -15, with_class(more)))
    (plan,) = smallest_repairs([record("1", "a")], pack, ON, RepairBasis(tables=(parse_periods(),)))
    assert plan.repairs[0].from_on == from_on


@pytest.mark.parametrize("more", ["grave", "slow", repair("false") + "\nlight", repair("true", 12)])
def test_forbidden_by_the_class_or_possible_only_when_it_no_longer_counts(more):
    pack = made_up(clause("A", -15, with_class(more)))
    assert plans([record("1", "a")], pack, periods=[parse_periods()]) == [("A", None, 85.0)]


def test_what_weighs_has_a_first_day_of_repair_unless_it_cannot_be_repaired():
    pack = made_up(
        clause("A", -15, with_class("grave")),
        clause("B", -5, repair("true", 6)),
        clause("D", -5, counting("once")),
        clause("H", 5, kind="bonus"),
    )
    kinds = ["a", "b", "d", "d", "h", "unknown"]
    records = [
        *(record(str(place), kind) for place, kind in enumerate(kinds)),
        record("gone", "b", withdrawn_on=ON),
    ]
    days = repair_days(score_ledger(records, pack, ON), pack, RepairBasis(tables=(parse_periods(),)))
    assert days == {"1": date(2025, 8, 11), "2": None, "3": None}


def test_a_period_table_that_is_not_in_force_says_nothing():
    pack = made_up(clause("A", -15, with_class("grave")))
    records, on = [record("1", "a", date(2025, 12, 1))], date(2026, 1, 1)
    assert plans(records, pack, on, [parse_periods()]) == [("A", ["1"], 100.0)]


def with_class(more: str) -> str:
    *lines, last = more.split("\n")
    if last and "=" not in last:
        last = f'severity = {{ class = "{last}", {SOURCE} }}'
    return "\n".join([*lines, last])


def parse_periods() -> PeriodTable:
    table = parse_rule_file(PERIODS.encode(), "p.toml")
    assert isinstance(table, PeriodTable)
    return table


def test_repair_of_a_record_of_the_last_days_of_the_calendar():
    pack = made_up(clause("A", -15, repair("true", 6) + f'\nlife = {{ from = "decided", {SOURCE} }}'))
    (plan,) = smallest_repairs([record("1", "a", date(9999, 12, 1))], pack, date(9999, 12, 31))
    assert plan.repairs[0].from_on == date.max


# --- a made-up record ---------------------------------------------------------------------------------


def test_a_made_up_record_is_marked_and_changes_nothing_else():
    pack = made_up(clause("A", -8), clause("B", -5))
    records = [record("1", "a")]
    made = what_if(records, record("", "b", date(2025, 5, 30)), pack, ON)
    assert (made.score_before, made.tier_before, made.score, made.tier) == (92000, "A", 87000, "B")
    assert (made.made_up_line.record_id, made.made_up_line.millipoints) == ("made-up", -5000)
    assert len(made.ledger.lines) == 2
    with pytest.raises(InputError, match="one subject"):
        what_if(records, replace(record("", "b"), subject="Y"), pack, ON)


# --- sentences ----------------------------------------------------------------------------------------


def test_every_template_has_its_chinese():
    assert set(TEMPLATES) <= load_catalogue().keys()


def test_moments_repairs_and_what_if_are_sentences_in_both_languages():
    pack = made_up(clause("A", -8, repair("true", 1)), clause("B", -5))
    records = [record("1", "a"), record("2", "b")]
    moments = expiries(records, [pack], ON)
    assert said(explain_expiries(moments, [pack], "zh")) == [
        "自 2026-02-11 起：100 分，信用等级 A。",
        "2025-02-10 a：计入期届满，原计的 -8 分不再计入。",
        "2025-02-10 b：计入期届满，原计的 -5 分不再计入。",
    ]
    assert said(explain_expiries((), [pack], "en"), "en") == ["Time alone changes nothing."]
    found = smallest_repairs(records, pack, ON)
    assert said(explain_repairs(found, pack, "zh")) == [
        "达到 A 级：至少须修复以下 1 条信用信息，修复后 95 分，信用等级 A。",
        "2025-02-10 a（A“条款A”，-8 分）：自 2025-03-11 起可以申请修复。",
    ]
    made = what_if(records, record("", "a", ON), pack, ON)
    assert said(explain_what_if(made, pack, "en"), "en")[0] == (
        "Made up, nothing is stored: with a of 2025-06-01 it would be 79 points, tier C, instead of 87 "
        "points, tier B."
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", [state for state in LineState if state is not LineState.COUNTING])
def test_every_reason_to_stop_is_a_sentence(state, language):
    pack = made_up(clause("A", -8))
    (moment,) = expiries([record("1", "a")], [pack], ON)
    move = replace(moment.moves[0], state_after=state, clause=None if state is LineState.UNMATCHED else "A")
    text = said(explain_moment(replace(moment, moves=(move,)), pack, language), language)[1]
    assert "2025-02-10" in text
    assert "-8" in text


def test_a_line_that_begins_or_counts_otherwise_says_how_many_points():
    pack = made_up(clause("A", -8, counting("per-case", -12)))
    records = [record("1", "a"), record("2", "a", date(2025, 3, 10))]
    moments = score_timeline(records, [pack], date(2025, 3, 1), date(2026, 2, 11))
    texts = [said(explain_moment(moment, pack, "zh")) for moment in moments]
    assert texts[1][1] == "2025-03-10 a：按 A“条款A”开始计入，计 -4 分。"
    assert texts[2][2] == "2025-03-10 a：按 A“条款A”由计 -4 分变为计 -8 分。"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([clause("A", -8, counting("per-case", -12))], "其余超出该条款的计分上限（-12 分）"),
        ([group(-12), clause("A", -8, 'group = "G"')], "其余超出所属类别“组”的计分上限（-12 分）"),
        (
            [group(-12), clause("A", -8, 'group = "G"\n' + counting("per-case", -14))],
            "其余超出该条款（-14 分）或者所属类别“组”（-12 分）的计分上限",
        ),
    ],
)
def test_a_line_that_counts_in_part_says_which_cap_takes_the_rest(parts, expected):
    pack = made_up(*parts)
    ledger = score_ledger([record("1", "a"), record("2", "a")], pack, ON)
    text = said(explain_ledger(ledger, pack, "zh"))[2]
    assert "应计 -8 分，实计 -4 分" in text
    assert expected in text
