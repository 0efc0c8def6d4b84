"""One broken rule of the protocol after another, each refused by the check that is meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from agency_credit.verification import verify_draw, verify_files
from tests.draw_files import DICE, ZEROS, canonical, draw_files, inspector, plan, unit
from tests.hostile.bundles import (
    CERTIFICATES,
    PARTY,
    SEALED,
    altered,
    names_of,
    published,
    read_lines,
    valid_bundle,
    write_lines,
)

BUNDLE = valid_bundle()
REASON = {"basis": "办法", "reason": "已检查"}
Alter = Callable[[Any], object]


def put(*steps: Any) -> Alter:
    """Set the value at a path: ``put("strata", 0, "stratum", "新")``."""

    def alter(value: Any) -> None:
        for step in steps[:-2]:
            value = value[step]
        value[steps[-2]] = steps[-1]

    return alter


RULES: dict[str, tuple[str, Alter, str]] = {
    "strata not sorted": ("plan.json", lambda p: p["strata"].reverse(), "identifiers"),
    "stratum twice": ("plan.json", lambda p: p["strata"].append(p["strata"][1]), "identifiers"),
    "stratum missing": ("plan.json", lambda p: p["strata"].pop(), "strata"),
    "stratum of no unit": ("plan.json", put("strata", 0, "stratum", "0"), "strata"),
    "one seat": ("plan.json", lambda p: p["seats"].pop(), "identifiers"),
    "no seat": ("plan.json", put("seats", []), "identifiers"),
    "no seat in a supplement": ("plan.json", lambda p: p.update(seats=[], supplements="D0"), "identifiers"),
    "no source": ("plan.json", put("entropy", []), "identifiers"),
    "nothing public": ("plan.json", lambda p: p["entropy"].pop(), "identifiers"),
    "no commitment": ("plan.json", lambda p: p["entropy"].pop(0), "identifiers"),
    "skills not sorted": ("plan.json", put("seats", 0, "skills", ["b", "a"]), "identifiers"),
    "two takes": ("plan.json", put("strata", 0, "take", {"all": True, "count": 1}), "identifiers"),
    "take false": ("plan.json", put("strata", 0, "take", {"all": False}), "identifiers"),
    "take below zero": ("plan.json", put("strata", 0, "take", {"count": -1}), "identifiers"),
    "fraction alone": ("plan.json", put("strata", 0, "take", {"fraction": "1/3"}), "identifiers"),
    "half a public source": ("plan.json", lambda p: p["entropy"][1].pop("at"), "identifiers"),
    "mixed source": ("plan.json", lambda p: p["entropy"][0].update(kind="public"), "identifiers"),
    "unknown protocol": ("plan.json", put("protocol", "double-random/2"), "identifiers"),
    "unknown publication": ("plan.json", put("publication", "never"), "identifiers"),
    "upper-case commitment": ("plan.json", put("entropy", 0, "commitment", "A" * 64), "identifiers"),
    "another commitment": ("plan.json", put("entropy", 0, "commitment", "a" * 64), "commitments"),
    "another party": ("plan.json", put("entropy", 0, "party", "甲"), "commitments"),
    "another plan": ("plan.json", put("title", "别的"), "seed"),
    "excluded and mandatory": ("targets.jsonl", put(0, "excluded", REASON), "seed"),
    "unit without size": ("targets.jsonl", put(0, "size", 0), "identifiers"),
    "units not sorted": ("targets.jsonl", lambda rows: rows.reverse(), "files"),
    "unit twice": ("targets.jsonl", lambda rows: rows.insert(0, rows[0]), "files"),
    "unit of a new stratum": ("targets.jsonl", put(0, "stratum", "丙"), "strata"),
    "inspectors not sorted": ("inspectors.jsonl", lambda rows: rows.reverse(), "files"),
    "inspector twice": ("inspectors.jsonl", lambda rows: rows.append(rows[-1]), "files"),
    "empty area": ("inspectors.jsonl", put(0, "areas", [""]), "identifiers"),
    "areas not sorted": ("inspectors.jsonl", put(0, "areas", ["b", "a"]), "identifiers"),
    "area twice": ("inspectors.jsonl", put(0, "areas", ["a", "a"]), "identifiers"),
    "limit below zero": ("inspectors.jsonl", put(0, "limit", -1), "identifiers"),
    "recusal of nobody": ("recusals.jsonl", put(0, "inspector", "nobody"), "identifiers"),
    "recusal from nowhere": ("recusals.jsonl", put(0, "unit", "nowhere"), "identifiers"),
    "recusal the wrong way": (
        "recusals.jsonl",
        lambda rows: rows[0].update(unit=rows[0]["inspector"], inspector=rows[0]["unit"]),
        "identifiers",
    ),
    "recusal twice": ("recusals.jsonl", lambda rows: rows.append(rows[0]), "files"),
    "recusal left out": ("recusals.jsonl", lambda rows: rows.clear(), "seed"),
    "values of another draw": ("reveal.json", put("draw", "D2"), "identifiers"),
    "value too many": ("reveal.json", lambda r: r["values"].append("1"), "identifiers"),
    "value too few": ("reveal.json", lambda r: r["values"].pop(), "identifiers"),
    "values in another order": ("reveal.json", lambda r: r["values"].reverse(), "commitments"),
    "another nonce": ("reveal.json", put("values", 0, "1" * 64), "commitments"),
    "nonce in upper case": ("reveal.json", put("values", 0, "A" * 64), "commitments"),
    "another public value": ("reveal.json", put("values", 1, "27200638232795031254"), "seed"),
    "announced draw": ("announcement.json", put("draw", "D2"), "announcement"),
    "announced plan": ("announcement.json", put("plan", "0" * 64), "announcement"),
    "announced protocol": ("announcement.json", put("protocol", "double-random/0"), "announcement"),
    "announced root": ("announcement.json", put("targets", "root", "0" * 64), "announcement"),
    "announced size": ("announcement.json", put("recusals", "size", 2), "announcement"),
    "announced size true": ("announcement.json", put("recusals", "size", True), "announcement"),
    "announced too much": ("announcement.json", put("other", 1), "announcement"),
}


def checks(bundle: dict[str, bytes]) -> list[str]:
    return [fault.check for fault in verify_files(bundle)]


@pytest.mark.parametrize("name", RULES)
def test_a_broken_rule_is_refused_by_the_check_that_is_meant(name: str) -> None:
    file, alter, check = RULES[name]
    found = checks(altered(BUNDLE, file, alter))
    if check == "strata":  # the announcement is another one, and so is the seed
        assert found.pop(0) == "seed"
    assert found[0] == check


def test_a_unit_that_is_excluded_and_mandatory_is_refused() -> None:
    rows = read_lines(BUNDLE["targets.jsonl"])
    number = next(n for n, row in enumerate(rows) if row["mandatory"])
    assert checks(altered(BUNDLE, "targets.jsonl", put(number, "excluded", REASON)))[0] == "identifiers"


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [("0", True), ("1", True), ("0.5", True), ("0.50", True), ("0.000000001", True), ("1/3", True),
     ("0/1", True), ("1/1", True), ("2147483646/2147483647", True), ("1/2147483648", False), ("2/4", False),
     ("0/2", False), ("4/3", False), ("1/0", False), ("01/3", False), ("1/03", False), ("", False),
     ("0.", False), (".5", False), ("0.0123456789", False), ("1.0", False), ("2", False), ("-1/3", False),
     ("1 /3", False), ("1/3 ", False), ("00.5", False), ("5e-1", False), ("١/٣", False), ("½", False),
     ("nan", False), ("1_0/11", False), ("1/3\n", False)],
)  # fmt: skip
def test_fractions_have_one_spelling(text: str, is_fine: bool) -> None:
    bundle = altered(BUNDLE, "plan.json", put("strata", 0, "take", "fraction", text))
    assert ("identifiers" not in checks(bundle)) is is_fine


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [("2026-12-01T21:15:00+08:00", True), ("2026-12-01T21:15:00Z", True), ("2028-02-29T00:00:00-05:30", True),
     ("2026-12-01T21:15:00.25+08:00", True), ("2027-02-29T00:00:00Z", False),
     ("2026-02-30T00:00:00Z", False),
     ("2026-04-31T00:00:00Z", False), ("2026-13-01T00:00:00Z", False), ("2026-00-01T00:00:00Z", False),
     ("2026-12-00T00:00:00Z", False), ("2026-12-01T24:00:00Z", False), ("2026-12-01T21:60:00Z", False),
     ("2026-12-01T21:15:61Z", False), ("2026-12-01T21:15:00", False), ("2026-12-01", False),
     ("2026-12-01 21:15:00Z", False), ("2026-12-01T21:15Z", False), ("2026-12-01T21:15:00+0800", False),
     ("2026-12-01T21:15:00+24:00", False), ("2026-12-01T21:15:00+08:60", False),
     ("26-12-01T21:15:00Z", False),
     ("２026-12-01T21:15:00Z", False), ("2026-12-01T21:15:00.Z", False), ("", False)],
)  # fmt: skip
def test_times_are_of_the_calendar_and_have_an_offset(text: str, is_fine: bool) -> None:
    bundle = altered(BUNDLE, "plan.json", put("entropy", 1, "at", text))
    assert ("identifiers" not in checks(bundle)) is is_fine


VALUES: dict[str, tuple[list[str], list[str]]] = {
    "ssq": (
        ["03 07 12 18 25 31 + 09", "01 02 03 04 05 06 + 01", "28 29 30 31 32 33 + 16"],
        ["03 07 12 18 25 31 + 17", "03 07 12 18 25 31 + 00", "00 07 12 18 25 31 + 09",
         "03 07 12 18 25 34 + 09", "07 03 12 18 25 31 + 09", "03 03 12 18 25 31 + 09", "03 07 12 18 25 + 09",
         "03 07 12 18 25 31 32 + 09", "3 7 12 18 25 31 + 9", "03 07 12 18 25 31+09",
         "03,07,12,18,25,31 + 09",
         "03 07 12 18 25 31 + 09 ", "03 07 12 18 25 31 + 09 10", "03  07 12 18 25 31 + 09", ""],
    ),
    "dlt": (
        ["03 07 12 18 25 + 02 09", "31 32 33 34 35 + 11 12"],
        ["03 07 12 18 36 + 02 09", "03 07 12 18 25 + 02 13", "03 07 12 18 25 + 09 02",
         "03 07 12 18 25 + 02 02", "03 07 12 18 25 + 02", "07 03 12 18 25 + 02 09",
         "03 07 12 18 25 31 + 09", ""],
    ),
    "digits": (["0", "27200638232795031253"], ["", "1 2", "12a", "-1", "1.5", "１２", "٣"]),
    "dice": (["1", "654321"], ["", "0", "7", "1 2", "１"]),
    "drand": (
        [f"1 {'ab' * 48}", f"4294967296 {'0f' * 96}"],
        ["1", "1 ", f"0 {'ab' * 48}", f"01 {'ab' * 48}", f"1  {'ab' * 48}", f"1 {'AB' * 48}", "1 abc"],
    ),
    "text": (["任何文字", "a b"], [" a", "a ", " "]),
}  # fmt: skip


@pytest.mark.parametrize("form", VALUES)
def test_public_values_have_one_spelling(form: str) -> None:
    bundle = altered(BUNDLE, "plan.json", put("entropy", 1, "form", form))
    for is_fine, values in zip((True, False), VALUES[form], strict=True):
        for value in values:
            faults = verify_files(altered(bundle, "reveal.json", put("values", 1, value)))
            assert any(f" is no {form} of " in fault.message for fault in faults) is not is_fine, value


def test_every_form_that_is_written_right_is_verified_to_the_end() -> None:
    for form, (values, _) in VALUES.items():
        for value in values:
            announced = plan(entropy=[DICE | {"form": form}, SEALED], publication="after-inspection")
            assert verify_files(published(draw_files(announced, values=[value, ZEROS]))) == []


def test_a_supplementary_draw_may_have_one_seat() -> None:
    announced = plan(seats=[{"role": "专家", "skills": []}], supplements="D0")
    assert verify_files(published(draw_files(announced))) == []


def test_a_draw_of_nothing_is_verified() -> None:
    assert verify_files(published(draw_files(plan(strata=[]), [], []))) == []


def test_units_by_the_thousand_and_sizes_up_to_the_bound_are_verified() -> None:
    units = [unit(f"U{n:04d}", size=2**53 - 1 if n % 7 == 0 else 1 + n % 5) for n in range(1500)]
    announced = plan(selection="pareto", strata=[{"stratum": "A", "take": {"count": 300}}], reserves=2000)
    people = [inspector(f"I{n}", limit=30) for n in range(8)]
    assert verify_files(published(draw_files(announced, units, people))) == []


def test_equal_tickets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = verify_draw.H
    monkeypatch.setattr(verify_draw, "H", lambda text: real("x" if ",target," in str(text) else text))
    assert "equal tickets: target" in [fault.message for fault in verify_files(BUNDLE)]


def edit_names(alter: Alter) -> dict[str, bytes]:
    rows = read_lines(BUNDLE["names.jsonl"])
    alter(rows)
    return {**BUNDLE, "names.jsonl": write_lines(rows)}


def test_names_may_be_missing_empty_or_some() -> None:
    assert verify_files({name: data for name, data in BUNDLE.items() if name != "names.jsonl"}) == []
    assert verify_files(edit_names(lambda rows: rows.clear())) == []
    assert verify_files(edit_names(lambda rows: rows.pop())) == []


@pytest.mark.parametrize("key", ["certificate", "salt"])
def test_a_name_that_is_not_behind_the_pseudonym_is_refused(key: str) -> None:
    assert checks(edit_names(put(0, key, "0" * 64))) == ["names"]


def test_a_name_of_somebody_who_did_not_serve_is_refused() -> None:
    bundle = published(draw_files(plan(), inspectors=[inspector(i, limit=0) for i in CERTIFICATES]))
    assert verify_files(bundle) == []
    bundle["names.jsonl"] = BUNDLE["names.jsonl"]
    assert set(checks(bundle)) == {"names"}


def test_somebody_under_two_pseudonyms_is_refused() -> None:
    certificates = dict.fromkeys(CERTIFICATES, "鲁C0")
    assert checks({**BUNDLE, "names.jsonl": names_of(BUNDLE, certificates)})[-1] == "names"


def test_the_same_person_behind_two_true_pseudonyms_is_refused() -> None:
    rows = read_lines(BUNDLE["names.jsonl"])
    twin = verify_draw.H(f"double-random/1 inspector\nD1\n{'6' * 64}\n鲁C0\n")
    two = sorted([twin, *CERTIFICATES][:2])
    bundle = published(draw_files(plan(), inspectors=[inspector(i, limit=9) for i in two]))
    other = rows[0] | {"inspector": twin, "salt": "6" * 64}
    lines = sorted([rows[0], other], key=lambda row: row["inspector"])
    assert rows[0]["certificate"] == "鲁C0"
    faults = verify_files({**bundle, "names.jsonl": write_lines(lines)})
    assert [fault.message for fault in faults] == ["names.jsonl: somebody is there under two pseudonyms"]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, item in items for leaf in leaves(item, (*path, key)))]


PART = {
    "seed": "seed", "eligible": "strata", "take": "strata", "stratum": "strata", "cutoff": "selection",
    "drawn": "selection", "reserves": "selection", "mandatory": "selection", "inspectors": "teams",
    "teams": "teams", "unfilled": "teams", "seat": "teams", "draw": "result", "protocol": "result",
}  # fmt: skip
RESULT = json.loads(BUNDLE["result.json"])


@pytest.mark.parametrize("path", leaves(RESULT)[1:], ids=lambda path: ".".join(map(str, path)))
def test_every_place_of_the_result_is_recomputed(path: tuple[Any, ...]) -> None:
    named = next((PART[step] for step in reversed(path) if step in PART), None)
    for other in ("U99", 99, None, [], {}, [None], True, "0" * 64):
        bundle = altered(BUNDLE, "result.json", put(*path, other))
        if bundle != BUNDLE:
            assert checks(bundle)[0] == (named or "strata")


@pytest.mark.parametrize("key", RESULT)
def test_a_result_without_a_key_or_with_a_further_one_is_refused(key: str) -> None:
    assert checks(altered(BUNDLE, "result.json", lambda result: result.pop(key)))[-1] == "result"
    assert checks(altered(BUNDLE, "result.json", put(f"{key}s", 1))) == ["result"]


def test_files_of_two_true_draws_mixed_are_refused() -> None:
    other = valid_bundle(reserves=2)
    assert verify_files(other) == []
    for name in ("plan.json", "announcement.json", "result.json"):
        assert verify_files({**BUNDLE, name: other[name]}), name
    twin = {**other, "result.json": BUNDLE["result.json"]}
    assert checks(twin)[0] == "seed"


def test_faults_come_in_the_order_of_the_text_and_all_of_them() -> None:
    bundle = altered(BUNDLE, "plan.json", put("entropy", 0, "commitment", "a" * 64))
    bundle["result.json"] = canonical({**RESULT, "mandatory": []})
    bundle["names.jsonl"] = BUNDLE["names.jsonl"].replace(b"5" * 64, b"6" * 64)
    found = checks(bundle)
    assert found == sorted(found, key=list(verify_draw.CHECKS).index)
    assert {"commitments", "seed", "selection", "result", "names"} <= set(found)
    assert PARTY in verify_files(bundle)[0].message
