"""Runs the worked cases: TOML files beside this one, written to be read by a lawyer."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agency_credit.domain.errors import InputError
from agency_credit.domain.points import parse_points
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import rule_pack_in_force, score_ledger, tier_of
from agency_credit.scoring.answers import ledger_answer
from agency_credit.services.rule_packs import load_rule_packs

HERE = Path(__file__).parent
BOOKS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.toml"))}
PACKS = {"shipped": load_rule_packs(), "packs": load_rule_packs(HERE / "packs")}

SCORES = [
    pytest.param(book, score, row["tier"], id=f"{name}: {score} is {row['tier']}")
    for name, book in BOOKS.items()
    for row in book.get("scores", [])
    for score in row["at"]
]
CASES = [
    pytest.param(book, case, id=f"{name}: {case['title']}")
    for name, book in BOOKS.items()
    for case in book["cases"]
]


def pack_on(book, on):
    is_made_up = book["packs"] != "shipped"
    packs = PACKS[book["packs"]]
    return rule_pack_in_force(packs, RatingSubject(book["subject"]), on, allow_fictional=is_made_up)


def record(place, row):
    assessed = row.pop("assessed", None)
    return CreditRecord(
        record_id=f"{place:03d}",
        subject="91370300000000000X",
        assessed_millipoints=None if assessed is None else parse_points(assessed),
        **row,
    )


def answer_of(book, case):
    pack = pack_on(book, case["on"])
    records = [record(place, dict(row)) for place, row in enumerate(case["records"])]
    ledger = score_ledger(records, pack, case["on"])
    return pack, ledger_answer("91370300000000000X", ledger, pack)


@pytest.mark.parametrize(("book", "score", "tier"), SCORES)
def test_score_falls_into_its_tier(book, score, tier):
    (pack,) = [pack for pack in PACKS[book["packs"]] if pack.subject == book["subject"]]
    assert tier_of(pack, parse_points(score)).name == tier


@pytest.mark.parametrize(("book", "case"), [case for case in CASES if "error" not in case.values[1]])
def test_case_comes_out_as_written(book, case):
    pack, answer = answer_of(book, case)
    assert (answer["score"], answer["tier"]) == (case["score"], case["tier"])
    assert len(answer["lines"]) == len(case["lines"])
    for line, expected in zip(answer["lines"], case["lines"], strict=True):
        written = {"clause": None} | {key: str(value) for key, value in expected.items()}
        assert {key: line[key] for key in written} == written
    assert case.get("pack", pack.id) == pack.id
    if "caveats" in case:
        assert [caveat.about for caveat in pack.caveats_on(case["on"])] == case["caveats"]


@pytest.mark.parametrize(("book", "case"), [case for case in CASES if "error" in case.values[1]])
def test_case_is_refused_as_written(book, case):
    with pytest.raises(InputError) as refused:
        answer_of(book, case)
    assert refused.value.code == case["error"]
