"""Runs the worked cases about ratings: TOML files beside this one, written to be read by a lawyer."""

from __future__ import annotations

import pytest

from agency_credit.domain.errors import InputError
from agency_credit.domain.period import Period
from agency_credit.domain.points import parse_points
from agency_credit.domain.record import CreditRecord
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import RulePack, ledger_answer, rule_pack_in_force, score_ledger, tier_of
from tests.rules.books import BOOKS, FILES, cases_of, check_caveats

SUBJECT = "91370300000000000X"
SCORES = [
    pytest.param(book, score, row["tier"], id=f"{name}: {score} is {row['tier']}")
    for name, book in BOOKS.items()
    for row in book.get("scores", [])
    for score in row["at"]
]
CASES = cases_of("rating")


def packs_of(book):
    return [file for file in FILES[book["packs"]] if isinstance(file, RulePack)]


def pack_on(book, on):
    is_made_up = book["packs"] != "shipped"
    return rule_pack_in_force(packs_of(book), RatingSubject(book["subject"]), on, allow_fictional=is_made_up)


def record(place, row):
    assessed, stays = row.pop("assessed", None), row.pop("suspended", [])
    return CreditRecord(
        record_id=f"{place:03d}",
        subject=SUBJECT,
        assessed_millipoints=None if assessed is None else parse_points(assessed),
        suspended=tuple(Period(first_on=stay["from"], last_on=stay.get("until")) for stay in stays),
        **row,
    )


def answer_of(book, case):
    pack = pack_on(book, case["on"])
    records = [record(place, dict(row)) for place, row in enumerate(case["records"])]
    ledger = score_ledger(reversed(records), pack, case["on"])
    return pack, ledger_answer(SUBJECT, ledger, pack)


@pytest.mark.parametrize(("book", "score", "tier"), SCORES)
def test_score_falls_into_its_tier(book, score, tier):
    packs = [pack for pack in packs_of(book) if pack.subject == book["subject"]]
    assert len(packs) == 1
    assert tier_of(packs[0], parse_points(score)).name == tier


@pytest.mark.parametrize(("book", "case"), [case for case in CASES if "error" not in case.values[1]])
def test_case_comes_out_as_written(book, case):
    pack, answer = answer_of(book, case)
    assert (answer["score"], answer["tier"]) == (case["score"], case["tier"])
    assert len(answer["lines"]) == len(case["lines"])
    for line, expected in zip(answer["lines"], case["lines"], strict=True):
        written = {"clause": None} | {key: str(value) for key, value in expected.items()}
        assert {key: line[key] for key in written} == written
    assert case.get("pack", pack.id) == pack.id
    check_caveats(pack, case)


@pytest.mark.parametrize(("book", "case"), [case for case in CASES if "error" in case.values[1]])
def test_case_is_refused_as_written(book, case):
    with pytest.raises(InputError) as refused:
        answer_of(book, case)
    assert refused.value.code == case["error"]
    assert all(name in str(refused.value) for name in case.get("names", []))


def test_every_clause_that_ships_stands_in_a_case():
    told = {
        (book["subject"], line.get("clause"))
        for book, case in (parameter.values for parameter in CASES)
        if book["packs"] == "shipped"
        for line in case.get("lines", [])
    }
    shipped = [file for file in FILES["shipped"] if isinstance(file, RulePack)]
    assert {(pack.subject.value, clause.code) for pack in shipped for clause in pack.clauses} <= told


def test_titles_tell_the_cases_of_a_book_apart():
    for name, book in BOOKS.items():
        titles = [case["title"] for case in book["cases"]]
        assert len(set(titles)) == len(titles), name
