"""Every value of a rating, given every wrong kind of value: refused, by the check that is meant.

The digests are made again after each change, so that it is the value that is refused.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from agency_credit.verification import verify_rating, verify_rating_files
from tests.hostile.bundles import JUNK, set_at
from tests.rating_files import LINES, all_places, changed, name_of, read_value, true_rating, value_at

TRUE = true_rating()
FILES = sorted(TRUE)
PLACES = all_places(TRUE)

WORDS = {"text", "comma", "slash", "outer-space", "long", "control", "delete", "c1"}
TEXT, INTEGER, NULL = WORDS | {"empty-text"}, {"zero", "one", "minus"}, {"null"}
# The JUNK that is of the form that stands under a key; under a key that is not listed nothing is.
FORMS: list[tuple[set[str], str, str]] = [
    (
        WORDS,
        "pack.json",
        "about annex article class code document en entered_by group instrument name source zh",
    ),
    (WORDS, "rating.json", "subject tier"),
    (TEXT, "bodies.jsonl", "authority decided_on document kind subject summary"),
    (TEXT, "records.jsonl", "kind"),
    (TEXT, "ledger.jsonl", "kind"),
    (TEXT | NULL, "ledger.jsonl", "citation clause"),
    (INTEGER, "pack.json", "above below cap points points_from points_up_to up_to"),
    (INTEGER, "ledger.jsonl", "points"),
    (INTEGER, "rating.json", "score"),
    (INTEGER | NULL, "records.jsonl", "assessed"),
    (INTEGER | NULL, "ledger.jsonl", "worth"),
    (NULL, "records.jsonl", "entered_on evidence repaired_on until withdrawn_on"),
    (NULL, "ledger.jsonl", "evidence from until"),
    ({"zero", "one"}, "rating.json", "size"),
    ({"one"}, "pack.json", "after_months months"),
    ({"true", "false"}, "pack.json", "allowed"),
    ({"true"}, "pack.json", "fictional"),
    ({"long"}, "pack.json", "id"),
    ({"long"}, "ledger.jsonl", "state"),
    ({"object"}, "pack.json", "citation"),
    ({"empty-list", "texts", "unsorted", "twice"}, "pack.json", "records"),
    ({"empty-list"}, "pack.json", "caveats clauses groups tiers"),
    ({"empty-list"}, "records.jsonl", "suspended"),
]
FORM_OF = {(file, key): forms for forms, file, keys in FORMS for key in keys.split()}
OPTIONAL = {
    "above", "after_months", "annex", "article", "banner", "below", "cap", "caveats", "collects_from",
    "counting", "document", "fictional", "from_on",
    "group", "groups", "instrument", "life", "months", "points",
    "points_from", "points_up_to", "promulgated_on", "repair", "repealed_on", "severity", "up_to", "within",
}  # fmt: skip
REQUIRED = {
    ("life",),
    ("counting",),
    ("base", "points"),
}  # at the top of the pack, though optional at clauses


def form_at(file: str, path: tuple[Any, ...]) -> set[str]:
    """Names of the JUNK that is of the form that stands there."""
    if path[:1] == ("tiers",) and path[-1] == "from":
        return INTEGER
    if isinstance(path[-1], int):
        return WORDS if path[-2:-1] == ("records",) else set()
    return FORM_OF.get((file, path[-1]), set())


def may_be_missing(file: str, path: tuple[Any, ...]) -> bool:
    is_tier = path[:1] == ("tiers",) and path[-1] == "from"
    return file == "pack.json" and path not in REQUIRED and (path[-1] in OPTIONAL or is_tier)


def test_the_rating_is_true_before_it_is_changed() -> None:
    assert verify_rating_files(TRUE) == []
    assert all(changed(TRUE, file, lambda value: value) == TRUE for file in FILES)
    states = {line["state"] for line in read_value(TRUE, "ledger.jsonl")}
    assert len(states) == 10
    assert verify_rating_files({name: data for name, data in TRUE.items() if name != "bodies.jsonl"}) == []


@pytest.mark.parametrize("place", PLACES, ids=name_of)
def test_a_value_of_a_wrong_kind_is_refused(place: tuple[str, tuple[Any, ...]]) -> None:
    file, path = place
    for name, junk in JUNK.items():
        placed = "SURROGATE" if name == "surrogate" else junk
        files = changed(TRUE, file, lambda value, new=placed: set_at(value, path, new))
        files = {one: data.replace(b"SURROGATE", b"\\ud800") for one, data in files.items()}
        checks = [fault.check for fault in verify_rating_files(files)]
        if name not in form_at(file, path) and files != TRUE:
            assert checks[:1] in (["values"], ["files"]), name
            assert "values" in checks or name == "not-nfc", name


@pytest.mark.parametrize("place", [place for place in PLACES if isinstance(place[1][-1], str)], ids=name_of)
def test_a_key_that_is_missing_or_more_is_refused(place: tuple[str, tuple[Any, ...]]) -> None:
    file, path = place
    files = changed(TRUE, file, lambda value: value_at(value, path[:-1]).pop(path[-1]))
    if not may_be_missing(file, path):
        assert verify_rating_files(files)[0].check == "values"
    for other in ("other", f"{path[-1]}?", ""):
        files = changed(TRUE, file, lambda value, key=other: set_at(value, (*path[:-1], key), 1))
        assert verify_rating_files(files)[0].check == "values"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("value", [b"[]", b'"x"', b"1", b"null", b"true", b"{}"])
def test_another_kind_of_value_as_file_or_line_is_refused(file: str, value: bytes) -> None:
    content = value + b"\n" + TRUE[file] if file in LINES else value
    assert verify_rating_files({**TRUE, file: content})[0].check == "values"


@pytest.mark.parametrize(
    "text",
    ["", "7.5.0", "1e3", "7.", ".5", "--7", "7.1234", "٣", " 7", "7\n", "0x1", "1_000", "7" * 5000, "NaN"],
)
def test_a_text_that_is_no_number_of_points_is_refused(text: str) -> None:
    files = changed(TRUE, "pack.json", lambda pack: set_at(pack, ("base", "points"), text))
    assert verify_rating_files(files)[0].check == "values"


@pytest.mark.parametrize("blank", [" ", "\u3000 ", "\n", "\t\u00a0", "\u001f"])
def test_a_blank_text_is_refused_where_the_pack_says_something(blank: str) -> None:
    for path in (("title", "zh"), ("clauses", 0, "records", 0), ("base", "source"), ("document",)):
        files = changed(TRUE, "pack.json", lambda pack, path=path: set_at(pack, path, blank))
        assert verify_rating_files(files)[0].check == "values"


def test_a_day_is_one_of_the_calendar() -> None:
    is_day = verify_rating.re.compile(verify_rating.DAY, verify_rating.re.ASCII).fullmatch
    day, days = date(1, 1, 1), set()
    while day < date(9999, 12, 1):
        days.add(day.isoformat())
        day += timedelta(days=1 if day.month in (2, 3) and day.day > 26 else 13)
    assert all(is_day(f'"{text}"') for text in days)
    for text in (
        "2025-02-29", "1900-02-29", "2025-04-31", "2025-13-01", "2025-00-01", "2025-01-00", "2025-01-32",
        "0000-01-01", "20250101", "2025-W01-1", "2025-1-1", "２０２５-01-01", "2025-01-01T00:00",
        "10000-01-01",
    ):  # fmt: skip
        assert not is_day(f'"{text}"'), text
