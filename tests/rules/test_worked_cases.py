"""Runs the worked cases: TOML files beside this one, written to be read by a lawyer (README.md)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agency_credit.domain.errors import InputError
from agency_credit.domain.period import Period
from agency_credit.domain.points import parse_points
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import (
    RulePack,
    ledger_answer,
    parse_rule_file,
    rule_pack_in_force,
    score_ledger,
    tier_of,
)
from agency_credit.services.rule_packs import load_rule_files

HERE = Path(__file__).parent
BOOKS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.toml"))}
FILES = {
    "shipped": load_rule_files(),
    "packs": tuple(parse_rule_file(path.read_bytes(), path.name) for path in (HERE / "packs").glob("*.toml")),
}
SUBJECT = "91370300000000000X"


def cases_of(*types):
    return [
        pytest.param(book, case, id=f"{name}: {case['title']}")
        for name, book in BOOKS.items()
        if book.get("type", "rating") in types
        for case in book["cases"]
    ]


SCORES = [
    pytest.param(book, score, row["tier"], id=f"{name}: {score} is {row['tier']}")
    for name, book in BOOKS.items()
    for row in book.get("scores", [])
    for score in row["at"]
]
RATED = [case for case in cases_of("rating") if "error" not in case.values[1]]
REFUSED = [case for case in cases_of("rating") if "error" in case.values[1]]


def packs_of(book):
    return [file for file in FILES[book["packs"]] if isinstance(file, RulePack)]


def pack_on(book, on):
    is_made_up = book["packs"] != "shipped"
    return rule_pack_in_force(packs_of(book), RatingSubject(book["subject"]), on, allow_fictional=is_made_up)


def record(place, row):
    assessed = row.pop("assessed", None)
    stays = tuple(
        Period(first_on=stay["from"], last_on=stay.get("until")) for stay in row.pop("suspended", [])
    )
    return CreditRecord(
        record_id=f"{place:03d}",
        subject=SUBJECT,
        assessed_millipoints=None if assessed is None else parse_points(assessed),
        suspended=stays,
        **row,
    )


def answer_of(book, case):
    pack = pack_on(book, case["on"])
    records = [record(place, dict(row)) for place, row in enumerate(case["records"])]
    ledger = score_ledger(records, pack, case["on"])
    return pack, ledger_answer(SUBJECT, ledger, pack)


def check_caveats(file, case):
    if "caveats" in case:
        assert [caveat.about for caveat in file.caveats_on(case["on"])] == case["caveats"]


@pytest.mark.parametrize(("book", "score", "tier"), SCORES)
def test_score_falls_into_its_tier(book, score, tier):
    (pack,) = [pack for pack in packs_of(book) if pack.subject == book["subject"]]
    assert tier_of(pack, parse_points(score)).name == tier


@pytest.mark.parametrize(("book", "case"), RATED)
def test_case_comes_out_as_written(book, case):
    pack, answer = answer_of(book, case)
    assert (answer["score"], answer["tier"]) == (case["score"], case["tier"])
    assert len(answer["lines"]) == len(case["lines"])
    for line, expected in zip(answer["lines"], case["lines"], strict=True):
        written = {"clause": None} | {key: str(value) for key, value in expected.items()}
        assert {key: line[key] for key in written} == written
    assert case.get("pack", pack.id) == pack.id
    check_caveats(pack, case)


@pytest.mark.parametrize(("book", "case"), REFUSED)
def test_case_is_refused_as_written(book, case):
    with pytest.raises(InputError) as refused:
        answer_of(book, case)
    assert refused.value.code == case["error"]
    for name in case.get("names", []):
        assert name in str(refused.value)
