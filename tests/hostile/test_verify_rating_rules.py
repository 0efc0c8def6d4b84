"""Every rule of a pack, a ledger and a rating, broken one at a time: refused, by the check that is meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agency_credit.verification import verify_rating_files
from tests.draw_files import canonical
from tests.hostile.bundles import set_at
from tests.rating_files import (
    FOUND,
    SCORE,
    changed,
    read_value,
    sealed,
    sha256,
    true_rating,
    value_at,
    write_lines,
)

TRUE = true_rating()
Change = Callable[[Any], object]


def pack_with(*path: Any, value: object = None, drop: bool = False) -> dict[str, bytes]:
    def change(pack: Any) -> None:
        if drop:
            del value_at(pack, path[:-1])[path[-1]]
        else:
            set_at(pack, path, value)

    return changed(TRUE, "pack.json", change)


def pack_and(change: Change) -> dict[str, bytes]:
    return changed(TRUE, "pack.json", change)


# Each with the check that names it, and what is said.
BROKEN_PACKS: dict[str, tuple[dict[str, bytes], str]] = {
    "a gap": (pack_with("tiers", 1, "from", value=91), "bands"),
    "an overlap": (pack_with("tiers", 1, "from", value="89.999"), "bands"),
    "a gap of a thousandth": (pack_with("tiers", 0, "above", value="100.001"), "bands"),
    "an overlap of a thousandth": (
        pack_and(lambda pack: pack["tiers"].__setitem__(0, {"from": 100, "name": "A+", **FOUND})), "bands"),
    "closed above": (pack_with("tiers", 0, "up_to", value=200), "bands"),
    "closed below": (pack_with("tiers", 3, "from", value=-500), "bands"),
    "two ends that meet two": (
        pack_and(lambda p: (p["tiers"][1].update(above=90), p["tiers"][2].update(up_to=90))), "bands"),
    "two ends": (pack_with("tiers", 1, "above", value=90), "bands"),
    "no end": (pack_with("tiers", 1, "from", drop=True), "bands"),
    "no tiers": (pack_with("tiers", value=[]), "bands"),
    "upside down": (pack_and(lambda pack: pack["tiers"].reverse()), "bands"),
    "an empty band": (
        pack_and(lambda p: p["tiers"].insert(2, {"below": 90, "from": 90, "name": "N", **FOUND})), "bands"),
    "a band that runs backwards": (
        pack_and(lambda p: p["tiers"].insert(2, {"below": 90, "from": 95, "name": "N", **FOUND})), "bands"),
    "a repeated code": (pack_with("clauses", 1, "code", value="P1"), "'P1' is there once"),
    "a repeated group": (pack_with("groups", 1, "code", value="G1"), "'G1' is there once"),
    "a repeated word": (pack_with("clauses", 5, "records", value=["甲"]), "'甲' is there once"),
    "a word twice at one clause": (pack_with("clauses", 5, "records", value=["空", "空"]), "is there once"),
    "an unknown group": (pack_with("clauses", 2, "group", value="G9"), "group"),
    "a group of the other kind": (pack_with("clauses", 4, "group", value="G1"), "group"),
    "a group named like the clause": (
        pack_and(lambda p: p["groups"].append({**p["groups"][0], "cap": 1, "code": "P3"})), "'P3': signs"
    ),
    "points of the other sign": (pack_with("clauses", 0, "points", value=30), "'P1': signs"),
    "points of nothing": (pack_with("clauses", 0, "points", value="-0.000"), "'P1': signs"),
    "a bonus below nothing": (pack_with("clauses", 4, "points", value=-3), "'B1': signs"),
    "a cap of the other sign": (pack_with("clauses", 1, "counting", "cap", value=10), "'P2': signs"),
    "a cap of nothing": (pack_with("groups", 1, "cap", value=0), "'G2': signs"),
    "a range and points": (pack_with("clauses", 2, "points", value=-1), "points or a range"),
    "a range that nothing decides": (pack_with("clauses", 3, "within", drop=True), "within"),
    "something decides no range": (pack_with("clauses", 2, "points_up_to", drop=True), "within"),
    "a least of the other sign": (pack_with("clauses", 2, "points_from", value=10), "'P3': signs"),
    "a least that is the most": (pack_with("clauses", 2, "points_from", value=-40), "points_from"),
    "a least without a most": (pack_with("clauses", 0, "points_from", value=-1), "points_from"),
    "not yet in force": (pack_with("effective_from", value="2025-07-01"), "in force"),
    "repealed on the day": (pack_with("repealed_on", value="2025-06-30"), "in force"),
    "a banner alone": (pack_with("fictional", drop=True), "banner"),
    "fictional alone": (pack_with("banner", drop=True), "banner"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN_PACKS)
def test_a_broken_pack_is_named(name: str) -> None:
    files, says = BROKEN_PACKS[name]
    first = verify_rating_files(files)[0]
    assert (first.check, first.status) == ("pack", 1)
    assert says in first.message


def test_the_first_and_the_last_day_in_force_are_in_force() -> None:
    assert verify_rating_files(pack_with("effective_from", value="2025-06-30")) == []
    assert verify_rating_files(pack_with("repealed_on", value="2025-07-01")) == []
    assert verify_rating_files(pack_with("repealed_on", drop=True)) == []


@pytest.mark.parametrize("keys", [
    ("base",), ("life",), ("counting",), ("tiers", 2), ("groups", 0), ("clauses", 1), ("clauses", 1, "life"),
    ("clauses", 1, "counting"), ("clauses", 2, "within"), ("clauses", 0, "severity"),
    ("clauses", 5, "repair"),
])  # fmt: skip
def test_an_entered_value_says_by_whom_and_when_and_no_other_does(keys: tuple[Any, ...]) -> None:
    for change in (
        {"status": "entered"}, {"entered_on": "2025-01-01", "status": "entered"}, {"status": "guessed"},
        {"entered_by": "x", "entered_on": "2025-01-01", "status": "found"},
        {"entered_by": "x", "status": "found"},
    ):  # fmt: skip
        files = pack_and(lambda pack, change=change: value_at(pack, keys).update(change))
        assert verify_rating_files(files)[0].check == "values"
    whole = {"entered_by": "x", "entered_on": "2025-01-01", "status": "entered"}
    assert verify_rating_files(pack_and(lambda pack: value_at(pack, keys).update(whole))) == []


LEDGER = read_value(TRUE, "ledger.jsonl")


@pytest.mark.parametrize("number", range(len(LEDGER)))
@pytest.mark.parametrize("key", sorted(LEDGER[0]))
def test_every_value_of_every_line_of_the_ledger_is_bound(number: int, key: str) -> None:
    others: dict[str, list[Any]] = {
        "decided_on": ["2025-01-02"], "evidence": ["f" * 64, None], "kind": ["别"], "points": [-1, 0, 7],
        "record": ["f" * 64], "state": ["counting", "capped", "expired", "unmatched", "made-up"],
        "citation": ["另法", "", None], "clause": ["P4", None], "from": ["2025-01-02", None],
        "until": ["2025-01-02", None], "worth": [-1, 0, None],
    }  # fmt: skip
    for other in others[key]:
        if other != LEDGER[number][key]:
            files = changed(
                TRUE, "ledger.jsonl", lambda rows, other=other: set_at(rows, (number, key), other)
            )
            faults = verify_rating_files(files)
            assert [fault.check for fault in faults] == ["ledger"]
            assert f"line {number + 1} " in faults[0].message


@pytest.mark.parametrize("change", [
    list.reverse, list.clear, list.pop, lambda rows: rows.insert(0, rows.pop()),
    lambda rows: rows.append(rows[-1]), lambda rows: rows.insert(0, rows[0]),
])  # fmt: skip
def test_a_ledger_out_of_order_short_or_long_is_refused(change: Change) -> None:
    assert {fault.check for fault in verify_rating_files(changed(TRUE, "ledger.jsonl", change))} == {"ledger"}


@pytest.mark.parametrize(("key", "value", "check"), [
    ("score", 25376, "score"), ("score", 25, "score"), ("tier", "A", "tier"), ("tier", "c", "tier"),
    ("subject", "别人", "commitments"), ("ledger", "0" * 64, "digests"), ("pack", "0" * 64, "digests"),
    ("records", {"root": "0" * 64, "size": 19}, "digests"), ("on", "2025-06-29", "ledger"),
    ("on", "2025-07-01", "pack"),
])  # fmt: skip
def test_every_value_of_the_rating_is_bound(key: str, value: object, check: str) -> None:
    files = {**TRUE, "rating.json": canonical({**json.loads(TRUE["rating.json"]), key: value})}
    assert verify_rating_files(files)[0].check == check


def test_the_number_of_records_is_bound_by_itself() -> None:
    files = changed(TRUE, "rating.json", lambda rating: rating["records"].update(size=18))
    assert [fault.check for fault in verify_rating_files(files)] == ["digests"]


RECORDS = read_value(TRUE, "records.jsonl")
ASSESSED = next(n for n, record in enumerate(RECORDS) if record["assessed"] == -12500)
STAYED = next(n for n, record in enumerate(RECORDS) if record["suspended"])


def test_a_record_that_is_worth_nothing_counts_below_a_cap_that_is_used_up() -> None:
    """It takes nothing and lacks nothing: it is not capped."""

    def change(pack: Any) -> None:
        pack["clauses"][2].pop("points_from")
        pack["clauses"][2]["group"] = "G1"  # used up by the records before it

    files = changed(TRUE, "records.jsonl", lambda rows: rows[ASSESSED].update(assessed=0))
    files = changed(files, "pack.json", change)
    line = next(n for n, row in enumerate(LEDGER) if row["worth"] == -12500)
    for state, checks in (("counting", []), ("capped", ["ledger"])):
        row = {"points": 0, "state": state, "worth": 0}
        made = changed(files, "ledger.jsonl", lambda rows, row=row: rows[line].update(row))
        made = changed(made, "rating.json", lambda rating: rating.update(score=SCORE + 12500))
        assert [fault.check for fault in verify_rating_files(made)] == checks


Stays = list[tuple[str, str | None]]


@pytest.mark.parametrize("worth", [-9999, -40001, 12500, 0])
def test_an_assessment_outside_the_range_is_refused(worth: int) -> None:
    faults = verify_rating_files(
        changed(TRUE, "records.jsonl", lambda rows: rows[ASSESSED].update(assessed=worth))
    )
    assert faults[0].check == "ledger"
    assert "outside" in faults[0].message


@pytest.mark.parametrize("stays", [
    [("2025-06-30", "2025-06-29")], [("2025-06-01", None), ("2025-06-30", None)],
    [("2025-06-29", "2025-06-30"), ("2025-01-01", "2025-01-02")],
    [("2025-01-01", "2025-06-30"), ("2025-06-30", None)],
    [("2025-06-30", None), ("2025-01-01", "2025-01-02")],
])  # fmt: skip
def test_stretches_out_of_order_or_that_share_a_day_are_refused(stays: Stays) -> None:
    rows = [{"from": first, "until": last} for first, last in stays]
    faults = verify_rating_files(
        changed(TRUE, "records.jsonl", lambda records: records[STAYED].update(suspended=rows))
    )
    assert faults[0].check == "values"
    assert "suspended" in faults[0].message


@pytest.mark.parametrize("file", ["records.jsonl", "bodies.jsonl"])
@pytest.mark.parametrize(
    "change", [lambda rows: rows.append(rows[0]), lambda rows: rows.append(rows[0] | {"record": "0" * 64})]
)
def test_records_out_of_order_or_twice_are_refused(file: str, change: Change) -> None:
    assert verify_rating_files(changed(TRUE, file, change))[0].check == "files"


@pytest.mark.parametrize("change", [
    lambda row: row.update(salt="6" * 64), lambda row: row.update(record=RECORDS[0]["record"]),
    lambda row: row["body"].update(summary="改 正"), lambda row: row["body"].update(decided_on="2024-07-02"),
    lambda row: row["body"].update(kind="乙"), lambda row: row["body"].update(subject="别人"),
])  # fmt: skip
def test_a_body_that_is_not_that_of_its_record_is_refused(change: Change) -> None:
    faults = verify_rating_files(changed(TRUE, "bodies.jsonl", lambda rows: change(rows[0])))
    assert [fault.check for fault in faults] == ["commitments"]


@pytest.mark.parametrize("key", ["kind", "decided_on", "subject"])
def test_a_body_that_opens_the_commitment_but_says_something_else_is_refused(key: str) -> None:
    """The record's number fits the body, and the ledger the record: only the statement about it is false."""
    body = {**read_value(TRUE, "bodies.jsonl")[0]["body"], key: "别"}
    record = sha256(bytes.fromhex("5" * 64) + canonical(body))
    old = read_value(TRUE, "bodies.jsonl")[0]["record"]
    files = {name: data.replace(old.encode(), record.encode()) for name, data in TRUE.items()}
    rows = sorted(read_value(files, "records.jsonl"), key=lambda row: str(row["record"]))
    files |= {"bodies.jsonl": write_lines([{"body": body, "record": record, "salt": "5" * 64}])}
    files["records.jsonl"] = write_lines(rows)
    assert [fault.check for fault in verify_rating_files(sealed(files))] == ["commitments"]


def test_a_body_of_no_record_is_refused() -> None:
    rows = [row for row in RECORDS if row["record"] != read_value(TRUE, "bodies.jsonl")[0]["record"]]
    checks = {
        fault.check for fault in verify_rating_files(sealed({**TRUE, "records.jsonl": write_lines(rows)}))
    }
    assert "commitments" in checks


def test_with_all_every_fault_is_named_in_the_order_of_the_text() -> None:
    files = changed(TRUE, "pack.json", lambda pack: pack["groups"][1].update(cap=-5))
    files = changed(files, "bodies.jsonl", lambda rows: rows[0].update(salt="6" * 64))
    files = changed(files, "rating.json", lambda rating: rating.update(pack="0" * 64, tier="A", score=1))
    checks = list(dict.fromkeys(fault.check for fault in verify_rating_files(files)))
    assert checks == ["digests", "pack", "ledger", "score", "tier", "commitments"]
