"""The worked cases beside this file, and the rule files they are held against."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from agency_credit.scoring import in_force_on, parse_rule_file
from agency_credit.services.rule_packs import load_rule_files

HERE = Path(__file__).parent
BOOKS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.toml"))}
FILES = {
    "shipped": load_rule_files(),
    "packs": tuple(parse_rule_file(path.read_bytes(), path.name) for path in (HERE / "packs").glob("*.toml")),
}


def cases_of(kind, key="cases"):
    """Every case of the books about a type of rule file, as parameters: the book, the case."""
    return [
        pytest.param(book, case, id=f"{name}: {case['title']}")
        for name, book in BOOKS.items()
        if book.get("type", "rating") == kind
        for case in book.get(key, [])
    ]


def file_on(book, on):
    """The file of the book's line on a day; None where none is in force."""
    is_made_up = book["packs"] != "shipped"
    held = in_force_on(FILES[book["packs"]], on, allow_fictional=is_made_up)
    return next((file for file in held if list(file.line) == book["line"]), None)


def check_caveats(file, case):
    """What a case says is not known of the file on its day."""
    if "caveats" in case:
        assert [caveat.about for caveat in file.caveats_on(case["on"])] == case["caveats"]
