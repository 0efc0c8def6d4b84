"""Every field of every file, given every wrong kind of value: refused, and by the check that is meant.

The announcement is made again after each alteration, so that it is the field that is refused.
"""

from __future__ import annotations

from typing import Any

import pytest

from agency_credit.verification import verify_files
from tests.hostile.bundles import JUNK, altered, set_at, valid_bundle

BUNDLE = valid_bundle()
# What is well formed under a key; everything else is no identifier, text, list … and stops at check 2.
IDENTIFIER = {"text"}
TEXT = {"empty-text", "text", "comma", "slash", "outer-space", "long"}
TEXTS = {"empty-list", "texts", "unsorted", "twice", "empty-texts"}
SORTED_IDENTIFIERS = {"empty-list", "texts"}
COUNT = {"zero", "one"}
WELL_FORMED: dict[str, dict[str, set[str]]] = {
    "plan.json": {
        "authority": TEXT, "basis": TEXTS, "draw": set(), "entropy": set(), "entrustment": TEXT | {"null"},
        "items": TEXTS, "protocol": set(), "publication": set(), "reserves": COUNT, "rounding": set(),
        "seats": set(), "selection": set(), "strata": {"empty-list"}, "supplements": IDENTIFIER | {"null"},
        "title": TEXT,
    },
    "targets.jsonl": {
        "area": TEXT, "excluded": {"null"}, "mandatory": {"null"}, "size": {"one"}, "stratum": IDENTIFIER,
        "unit": IDENTIFIER,
    },
    "inspectors.jsonl": {
        "areas": {"empty-list", "texts"}, "inspector": IDENTIFIER, "limit": COUNT,
        "skills": SORTED_IDENTIFIERS,
    },
    "recusals.jsonl": {"inspector": set(), "unit": set()},
    "reveal.json": {"draw": set(), "values": {"texts", "unsorted", "twice"}},
    "names.jsonl": {"certificate": TEXT, "inspector": IDENTIFIER, "name": TEXT, "salt": set()},
}  # fmt: skip
INNER: list[tuple[str, tuple[Any, ...], set[str]]] = [
    ("plan.json", ("strata", 0, "stratum"), IDENTIFIER),
    ("plan.json", ("strata", 0, "take"), set()),
    ("plan.json", ("strata", 0, "take", "fraction"), set()),
    ("plan.json", ("strata", 0, "take", "minimum"), COUNT),
    ("plan.json", ("strata", 1, "take", "all"), {"true"}),
    ("plan.json", ("seats", 0, "role"), IDENTIFIER),
    ("plan.json", ("seats", 0, "skills"), SORTED_IDENTIFIERS),
    ("plan.json", ("entropy", 0, "commitment"), set()),
    ("plan.json", ("entropy", 0, "kind"), set()),
    ("plan.json", ("entropy", 0, "party"), TEXT),
    ("plan.json", ("entropy", 1, "at"), set()),
    ("plan.json", ("entropy", 1, "event"), TEXT),
    ("plan.json", ("entropy", 1, "form"), set()),
    ("plan.json", ("entropy", 1, "kind"), set()),
    ("targets.jsonl", (9, "excluded", "basis"), TEXT),
    ("targets.jsonl", (10, "mandatory", "reason"), TEXT),
    ("reveal.json", ("values", 0), TEXT),
    ("reveal.json", ("values", 1), TEXT),
]
TOP = [
    (file, (key,) if file.endswith(".json") else (0, key), fine)
    for file, keys in WELL_FORMED.items()
    for key, fine in keys.items()
]


def name_of(case: tuple[str, tuple[Any, ...], set[str]]) -> str:
    return f"{case[0]}:{'.'.join(map(str, case[1]))}"


def test_the_bundle_is_true_before_it_is_altered_and_no_key_is_forgotten() -> None:
    assert verify_files(BUNDLE) == []
    for file, keys in WELL_FORMED.items():
        assert altered(BUNDLE, file, lambda value: value) == BUNDLE
        assert f'"{next(iter(keys))}"'.encode() in BUNDLE[file]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("case", [*TOP, *INNER], ids=name_of)
def test_a_wrong_value_is_refused(case: tuple[str, tuple[Any, ...], set[str]], junk: str) -> None:
    file, path, fine = case
    if junk == "surrogate":
        bundle = altered(BUNDLE, file, lambda value: set_at(value, path, "SURROGATE"))
        bundle = {name: data.replace(b"SURROGATE", b"\\ud800") for name, data in bundle.items()}
    else:
        bundle = altered(BUNDLE, file, lambda value: set_at(value, path, JUNK[junk]))
    if bundle == BUNDLE or (path == (0, "name") and junk in fine):  # the name itself is not bound
        return
    checks = [fault.check for fault in verify_files(bundle)]
    assert checks
    if junk not in fine:
        assert "identifiers" in checks or checks[0] == "files"


@pytest.mark.parametrize("case", [*TOP, *INNER], ids=name_of)
def test_a_missing_key_is_refused(case: tuple[str, tuple[Any, ...], set[str]]) -> None:
    file, path, _ = case

    def drop(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        del value[path[-1]]

    assert "identifiers" in {fault.check for fault in verify_files(altered(BUNDLE, file, drop))}


@pytest.mark.parametrize(
    "case", [case for case in [*TOP, *INNER] if isinstance(case[1][-1], str)], ids=name_of
)
def test_a_further_key_is_refused(case: tuple[str, tuple[Any, ...], set[str]]) -> None:
    file, path, _ = case
    bundle = altered(BUNDLE, file, lambda value: set_at(value, (*path[:-1], "other"), 1))
    assert verify_files(bundle)[0].check == "identifiers"


@pytest.mark.parametrize("file", ["plan.json", "reveal.json"])
@pytest.mark.parametrize("value", [b"[]", b'"x"', b"1", b"null", b"true", b"{}"])
def test_another_kind_of_value_as_the_whole_file_is_refused(file: str, value: bytes) -> None:
    assert verify_files({**BUNDLE, file: value})[0].check == "identifiers"


@pytest.mark.parametrize("file", [name for name in BUNDLE if name.endswith(".jsonl")])
@pytest.mark.parametrize("value", [b"[]", b'"x"', b"1", b"null", b"{}"])
def test_another_kind_of_value_as_a_line_is_refused(file: str, value: bytes) -> None:
    assert verify_files({**BUNDLE, file: value + b"\n" + BUNDLE[file]})[0].check == "identifiers"
