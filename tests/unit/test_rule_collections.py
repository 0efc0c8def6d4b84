"""Rule files taken together: lines, references between files, and the canonical form of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agency_credit.domain.citation import Status
from agency_credit.scoring import (
    Duties,
    RulePack,
    check_collection,
    find_gaps,
    find_overlaps,
    in_force_on,
    parse_rule_file,
)
from agency_credit.services.rule_packs import lint_rule_files, load_rule_files

ROOT = Path(__file__).resolve().parents[2]
PACKS = ROOT / "tests" / "rules" / "packs"
SHIPPED = load_rule_files()
FICTIONAL = [file for file in load_rule_files(ROOT / "seeds" / "rules") if file.is_fictional]
MADE_UP = [parse_rule_file(path.read_bytes(), path.name) for path in sorted(PACKS.glob("*.toml"))]
DUTIES, PERIODS, PROFILE = (
    parse_rule_file((PACKS / f"{name}.toml").read_bytes(), name) for name in ("duties", "periods", "profile")
)


def text_of(name):
    return (PACKS / f"{name}.toml").read_text("utf-8")


def codes(faults):
    return [fault.code for fault in faults]


def test_what_ships_the_sample_data_and_the_test_packs_have_no_fault():
    assert check_collection(SHIPPED) == ()
    assert check_collection([*SHIPPED, *FICTIONAL]) == ()
    assert check_collection([*SHIPPED, *MADE_UP]) == ()


@pytest.mark.parametrize("file", [pytest.param(f, id=f.id) for f in (*SHIPPED, *FICTIONAL, *MADE_UP)])
def test_the_canonical_form_is_the_same_file(file):
    again = parse_rule_file(file.content, "pack.json")
    assert again == file
    assert again.digest == file.digest


def test_comments_and_layout_do_not_change_the_digest():
    text = text_of("profile").replace("\n[[values]]", "\n# a comment\n\n\n[[values]]", 1)
    assert parse_rule_file(text.encode(), "other.toml").digest == PROFILE.digest
    changed = parse_rule_file(text.replace('fraction = "1/20"', 'fraction = "1/21"').encode(), "other.toml")
    assert changed.digest != PROFILE.digest


def test_a_class_that_no_period_table_has_is_a_fault_of_pack_and_duties():
    faults = lint_rule_files([(f"{name}.toml", text_of(name).encode()) for name in ("caps", "duties")])
    assert codes(faults) == ["rules.class-unknown"] * 2
    assert {fault.at for fault in faults} == {
        "made-up-caps: clauses.P1.severity.class",
        "made-up-duties: clauses.D-1.severity.class",
    }


def test_a_tier_that_no_pack_of_the_line_has_is_a_fault_of_the_profile():
    text = text_of("profile").replace(
        'tier = "A"', 'tier = "A+"'
    )  # the pilot has none, the patent measure has
    faults = lint_rule_files([("profile.toml", text.encode())])
    assert [(fault.at, fault.code) for fault in faults] == [
        ("made-up-profile: supervision.trademark.A+", "rules.tier-unknown")
    ]


@pytest.mark.parametrize("file", [DUTIES, PERIODS, PROFILE], ids=lambda file: file.id)
def test_two_files_of_a_line_that_share_a_day_are_refused(file):
    first = replace(file, repealed_on=date(2025, 1, 2))
    second = replace(file, id="second", effective_from=date(2025, 1, 1))
    assert codes(find_overlaps([first, second])) == ["rules.overlap"]
    meeting = replace(first, repealed_on=date(2025, 1, 1))
    assert find_overlaps([meeting, second]) == ()
    assert find_gaps([meeting, second]) == ()
    assert codes(find_gaps([replace(first, repealed_on=date(2024, 12, 31)), second])) == ["rules.gap"]


@pytest.mark.parametrize(
    "other",
    [
        replace(DUTIES, id="other", series="another-law"),
        replace(PERIODS, id="other", series="other-periods"),
        replace(PROFILE, id="other", area="9901"),
        replace(PROFILE, id="other", banner=None, area="99"),
    ],
    ids=["series of duties", "series of periods", "area", "real beside fictional"],
)
def test_files_of_other_lines_may_share_days(other):
    assert find_overlaps([DUTIES, PERIODS, PROFILE, other]) == ()


def test_an_id_is_unique_among_all_types():
    assert codes(find_overlaps([DUTIES, replace(PERIODS, id=DUTIES.id)])) == ["rules.duplicate-id"]


def test_one_file_of_each_line_holds_on_a_day_a_fictional_one_only_where_asked():
    today = date(2026, 11, 24)
    held = in_force_on([*SHIPPED, *FICTIONAL], today)
    assert not any(file.is_fictional for file in held)
    with_demo = in_force_on([*SHIPPED, *FICTIONAL], today, allow_fictional=True)
    assert [file.line for file in with_demo] == [file.line for file in held]
    assert {file.id for file in with_demo if file.is_fictional} == {file.id for file in FICTIONAL}


def test_the_law_of_2019_is_unverified_and_that_of_2026_found_to_the_last_fine():
    for file in SHIPPED:
        if isinstance(file, Duties):
            expected = Status.UNVERIFIED if file.repealed_on else Status.FOUND
            told = [c.provenance for c in file.clauses] + [
                p.provenance for c in file.clauses for p in c.penalties
            ]
            assert {provenance.status for provenance in told} == {expected}


def test_points_ship_only_where_they_were_found():
    for pack in SHIPPED:
        if isinstance(pack, RulePack):
            valued = [clause for clause in pack.clauses if clause.millipoints is not None]
            assert all(clause.provenance.status is Status.FOUND for clause in valued)
            assert not valued or pack.id == "cnipa-2023-10-agency"
            assert {group.cap for group in pack.groups} | {c.counting.cap for c in pack.clauses} == {None}


def test_sample_data_says_of_every_value_that_it_is_made_up():
    for file in FICTIONAL:
        text = file.content.decode()
        assert text.count('"source":"演示用虚构内容"') == text.count('"source":')
