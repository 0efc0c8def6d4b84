"""The published vectors of `double-random/1`, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from agency_credit.domain.errors import FaultsError
from agency_credit.sampling import (
    commitment,
    compute_draw,
    format_frame,
    format_plan,
    format_recusals,
    format_reveal,
    format_roster,
    parse_files,
    parse_reveal,
    pseudonym,
    root,
)

FOLDER = Path(__file__).parent / "double-random-1"
CASES = sorted(FOLDER.glob("case-*"))
FALSE = {path.name: path for path in (FOLDER / "false").iterdir()}
# Files that no honest software can have written: not canonical, or a nonce that was not committed to.
UNREADABLE = {
    "bom": "file.bom",
    "dupkey": "json.duplicate-key",
    "nonce": "reveal.nonce-wrong",
    "unsorted": "line.unsorted",
}


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_vectors_are_there() -> None:
    assert len(CASES) == 18
    assert len(FALSE) == 10


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_draw_gives_the_published_bytes(folder: Path) -> None:
    files = read(folder)
    outcome = compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))
    assert outcome.announcement == files["announcement.json"]
    assert outcome.result == files["result.json"]


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_every_file_formats_back_to_its_bytes(folder: Path) -> None:
    files = read(folder)
    parsed = parse_files(files)
    assert format_plan(parsed.plan) == files["plan.json"]
    assert format_frame(parsed.frame) == files["targets.jsonl"]
    assert format_roster(parsed.roster) == files["inspectors.jsonl"]
    assert format_recusals(parsed.recusals) == files["recusals.jsonl"]
    assert format_reveal(parse_reveal(files["reveal.json"])) == files["reveal.json"]


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_files_against_the_protocol_are_refused(name: str) -> None:
    files = read(FALSE[name])
    with pytest.raises(FaultsError) as caught:
        compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))
    assert UNREADABLE[name] in {fault.code for fault in caught.value.faults}


@pytest.mark.parametrize("name", sorted(set(FALSE) - set(UNREADABLE)))
def test_false_outcomes_are_not_what_the_files_give(name: str) -> None:
    files = read(FALSE[name])
    outcome = compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))
    published = (files["announcement.json"], files["result.json"])
    assert (outcome.announcement, outcome.result) != published


def test_single_values() -> None:
    zeros = "0" * 64
    assert commitment("D1", "甲", zeros) == "48220bd795f45673427c63b9a591c19964430e2d984093ff6befa35067c1c3e6"
    assert (
        pseudonym("D1", zeros, "鲁C12345")
        == "6f170615558987116d417df269e1ba075d9adb152910bd59516adc6275725925"
    )
    assert root(b"").root == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
