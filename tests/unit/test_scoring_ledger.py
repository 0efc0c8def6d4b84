"""Ledgers: what is refused, what is explained, and the commands over them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agency_credit.cli import run
from agency_credit.domain.errors import InputError
from agency_credit.domain.ledger import LineState
from agency_credit.domain.period import Period, last_day_after_months
from agency_credit.domain.points import format_points, parse_points
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import explain_ledger, parse_rule_pack, score_ledger
from agency_credit.scoring.answers import ledger_answer
from agency_credit.scoring.clause import RangeRule
from agency_credit.scoring.explain import TEMPLATES
from agency_credit.web.i18n import load_catalogue, translate

PACKS = Path(__file__).resolve().parents[1] / "rules" / "packs"
SECOND = parse_rule_pack((PACKS / "second.toml").read_bytes(), "second.toml")
ON = date(2025, 10, 1)


def record(record_id="1", kind="警告", decided_on=date(2025, 9, 1), **more):
    return CreditRecord(record_id=record_id, subject="X", kind=kind, decided_on=decided_on, **more)


def refused_code(records, on=ON):
    with pytest.raises(InputError) as refused:
        score_ledger(records, SECOND, on)
    assert load_catalogue()[refused.value.template].format(**refused.value.params)
    return refused.value.code


@pytest.mark.parametrize("on", [date(2025, 6, 30), date(2026, 7, 1)])
def test_a_pack_that_is_not_in_force_is_refused(on):
    assert refused_code([], on) == "rules.not-in-force"


def test_records_of_two_subjects_are_refused():
    assert refused_code([record(), replace(record("2"), subject="Y")]) == "ledger.subjects"


def test_one_record_twice_is_refused():
    assert refused_code([record(), record(decided_on=date(2025, 8, 1))]) == "ledger.repeated-record"


def test_lines_come_by_date_of_decision_then_record():
    records = [record("2"), record("1"), record("3", decided_on=date(2025, 8, 1))]
    assert [line.record_id for line in score_ledger(records, SECOND, ON).lines] == ["3", "1", "2"]


def test_only_counting_lines_carry_points():
    kinds = ["警告", "投诉", "投诉", "无此类别"]
    records = [record(str(place), kind) for place, kind in enumerate(kinds)]
    lines = score_ledger([*records, record("9", decided_on=date(2025, 12, 1))], SECOND, ON).lines
    assert {line.state for line in lines if line.millipoints} == {LineState.COUNTING}
    assert [line.worth_millipoints for line in lines] == [-10001, -20000, -20000, None, -10001]


def test_the_answer_has_the_shape_that_outsiders_rely_on():
    answer = ledger_answer("X", score_ledger([record()], SECOND, ON), SECOND)
    line = answer.pop("lines")[0]
    assert answer == {
        "subject": "X",
        "on": "2025-10-01",
        "pack": "made-up-second",
        "base": "100",
        "score": "89.999",
        "tier": "low",
    }
    assert {key: line[key] for key in ("clause", "points", "state", "from", "until", "citation")} == {
        "clause": "W",
        "points": "-10.001",
        "state": "counting",
        "from": "2025-09-01",
        "until": "2026-03-01",
        "citation": "《虚构之二》 第一条",
    }


def test_every_sentence_has_its_chinese():
    assert set(TEMPLATES) <= load_catalogue().keys()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, ("89.999", "自 2025-09-01 起计入，至 2026-03-01 止", "until 2026-03-01")),
        ({"kind": "无此类别"}, ("无此类别", "没有对应的条款", "no clause")),
        ({"decided_on": date(2025, 11, 1)}, ("2025-11-01", "尚未开始计入", "does not count yet")),
        ({"decided_on": date(2025, 1, 1)}, ("2025-07-01", "届满", "no longer counts")),
        ({"withdrawn_on": ON}, ("警告", "已撤销", "withdrawn")),
        ({"repaired_on": ON}, ("警告", "信用修复", "repaired")),
    ],
)
def test_each_line_is_a_sentence_in_both_languages(made, said, language):
    sentences = explain_ledger(score_ledger([record(**made)], SECOND, ON), SECOND, language)
    text = "\n".join(translate(language, sentence.template, **sentence.params) for sentence in sentences)
    assert said[0] in text
    assert said[1 if language == "zh" else 2] in text


def test_a_case_that_nobody_set_says_so():
    clauses = tuple(
        replace(c, range=replace(c.range, rule=RangeRule.ASSESSED)) if c.range else c for c in SECOND.clauses
    )
    pack = replace(SECOND, clauses=clauses)
    sentences = explain_ledger(score_ledger([record(kind="投诉")], pack, ON), pack, "zh")
    assert "最多计 -20 分" in translate("zh", sentences[1].template, **sentences[1].params)


@pytest.mark.parametrize(
    ("start_on", "months", "last_on"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2025, 12, 1), 1, date(2026, 1, 1)),
        (date(2025, 11, 30), 1, date(2025, 12, 30)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(9999, 12, 31), 1, date(9999, 12, 31)),
    ],
)
def test_months_end_with_the_corresponding_day(start_on, months, last_on):
    assert last_day_after_months(start_on, months) == last_on


def test_periods_overlap_when_they_share_a_day():
    march = Period(first_on=date(2025, 3, 1), last_on=date(2025, 3, 31))
    assert march.overlaps(Period(first_on=date(2025, 3, 31)))
    assert Period(first_on=date(2025, 3, 31)).overlaps(march)
    assert not march.overlaps(Period(first_on=date(2025, 4, 1)))
    assert not Period(first_on=date(2025, 4, 1)).overlaps(march)


@pytest.mark.parametrize(
    "text", ["", "-", "1.", ".5", "1e3", "１", " 1", "1 ", "1.0000", "1000000000", "nan", "--1"]
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(InputError, match="no number of points"):
        parse_points(text)


@pytest.mark.parametrize(
    ("text", "shown"), [("-0", "0"), ("+5", "5"), ("-0.5", "-0.5"), ("100.010", "100.01")]
)
def test_points_are_shown_as_the_shortest_decimal(text, shown):
    assert format_points(parse_points(text)) == shown


def test_rules_show_answers_in_json(capsys):
    assert run(["rules", "show", "patent-agency", "--on", "2026-11-24", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "cnipa-2023-10-agency"


def test_rules_show_answers_in_csv(capsys):
    assert run(["rules", "show", "patent-agency", "--on", "2026-11-24", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["points"] for row in rows if row["points"]] == ["-40", "-60", "-100", "-100", "-15"]


def test_rules_show_says_what_is_not_valued_and_not_verified(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run(["rules", "show", "trademark-agency", "--on", "2026-04-01"]) == 0
    shown = capsys.readouterr().out
    assert "尚未赋值" in shown
    assert "试点期至2026年3月31日" in shown


def test_rules_show_names_the_missing_instrument(capsys):
    assert run(["rules", "show", "trademark-agency", "--on", "2025-03-31"]) == 2
    assert "rules.predecessor-missing" in capsys.readouterr().err


def test_rules_show_of_a_fictional_pack_says_so(capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    arguments = ["rules", "show", "patent-practitioner", "--on", "2025-06-30", "--rules", str(PACKS)]
    assert run(arguments) == 0
    assert capsys.readouterr().out.startswith("虚构\n")


def test_rules_lint_of_what_ships_finds_nothing(capsys):
    assert run(["rules", "lint"]) == 0
    assert run(["rules", "lint", "--format", "json"]) == 0
    assert capsys.readouterr().out.endswith("[]\n")


def test_rules_lint_exits_1_with_file_key_and_reason(tmp_path, capsys):
    file = tmp_path / "broken.toml"
    file.write_text(
        (PACKS / "second.toml").read_text("utf-8").replace("points = -5", "points = -5.5"), "utf-8"
    )
    assert run(["rules", "lint", str(file), "--format", "json"]) == 1
    (fault,) = json.loads(capsys.readouterr().out)
    assert fault["at"].endswith("broken.toml: clauses[3].points")
    assert fault["code"] == "rules.float"


def test_rules_lint_of_a_missing_file_exits_2():
    assert run(["rules", "lint", "no-such-file.toml"]) == 2
