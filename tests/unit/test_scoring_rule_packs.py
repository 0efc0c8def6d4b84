"""Rule packs: every fault named with file and key; what ships; which is in force."""

from __future__ import annotations

import csv
import json
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agency_credit.domain.citation import Status
from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import (
    find_gaps,
    find_overlaps,
    known_record_kinds,
    parse_rule_file,
    parse_rule_pack,
    rule_pack_in_force,
)
from agency_credit.scoring.answers import rule_pack_answer
from agency_credit.services.rule_packs import lint_rule_files, load_rule_packs, read_shipped_rule_files
from agency_credit.web.i18n import load_catalogue

ROOT = Path(__file__).resolve().parents[2]
FICTIONAL = ROOT / "seeds" / "rules"
PATENT = RatingSubject.PATENT_AGENCY
TODAY = date(2026, 11, 24)
PACKS = ROOT / "tests" / "rules" / "packs"
SMALL = (PACKS / "second.toml").read_text("utf-8")

FAULTS = [
    pytest.param(book["base"], row, id=f"{path.stem}: {row['name']}")
    for path in sorted((ROOT / "tests" / "rules" / "faults").glob("*.toml"))
    for book in [tomllib.loads(path.read_text("utf-8"))]
    for row in book["faults"]
]
TOO_LARGE = {
    "nested too deeply": ("x = " + "[" * 5000, "rules.toml"),
    "an integer of 5000 digits": ("x = " + "9" * 5000, "rules.toml"),
    "hexadecimal points of 5000 digits": (
        'type = "rating"\n[base]\npoints = 0x' + "9" * 5000,
        "points.decimal",
    ),
}


def faults_of(text: str | bytes, name: str = "small.toml"):
    with pytest.raises(FaultsError) as refused:
        parse_rule_file(text if isinstance(text, bytes) else text.encode(), name)
    return refused.value.faults


def small_pack(name: str = "second"):
    return parse_rule_pack((PACKS / f"{name}.toml").read_bytes(), name)


@pytest.mark.parametrize(("base", "row"), FAULTS)
def test_fault_is_named_with_file_and_key(base, row):
    text = (PACKS / f"{base}.toml").read_text("utf-8")
    assert row["old"] in text
    faults = faults_of(text.replace(row["old"], row["new"], 1))
    at = f"small.toml: {row['key']}" if "key" in row else "small.toml"
    assert (at, row["code"]) in {(fault.at, fault.code) for fault in faults}
    assert all(load_catalogue()[fault.template].format(**fault.params) for fault in faults)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_what_is_too_large_is_a_fault_too(name):
    text, code = TOO_LARGE[name]
    assert code in {fault.code for fault in faults_of(text)}


def test_all_faults_are_reported_together():
    broken = SMALL.replace("points = -5", "points = 5.5").replace("effective_from", "effective")
    faults = faults_of(broken.replace('code = "W"', 'code = "ü"'))
    assert {fault.at for fault in faults} == {
        "small.toml: effective_from",
        "small.toml: effective",
        "small.toml: clauses[1].code",
        "small.toml: clauses[3].points",
    }


def test_a_file_in_another_encoding_is_refused():
    assert [fault.code for fault in faults_of(SMALL.encode("gb18030"))] == ["rules.encoding"]


def test_an_empty_file_names_every_missing_key():
    assert {fault.code for fault in faults_of("")} == {"rules.missing-key"}


def test_ten_thousand_clauses_are_read():
    clause = SMALL[SMALL.index('[[clauses]]\ncode = "W"') : SMALL.index('[[clauses]]\ncode = "R"')]
    clauses = [clause.replace('"W"', f'"W{n}"').replace("警告", f"警告{n}") for n in range(10_000)]
    assert len(parse_rule_pack((SMALL + "".join(clauses)).encode(), "big").clauses) == 10_003


def test_what_ships_is_real_and_without_fault():
    assert lint_rule_files(read_shipped_rule_files()) == ()
    assert not any(pack.is_fictional for pack in load_rule_packs())


def test_exactly_five_values_of_the_patent_measure_are_found():
    pack = rule_pack_in_force(load_rule_packs(), PATENT, TODAY)
    valued = {c.code: c.millipoints for c in pack.clauses if c.millipoints is not None}
    assert valued == {"PA-01": -40000, "PA-02": -60000, "PA-03": -100000, "PA-04": -100000, "PA-05": -15000}
    assert {c.code for c in pack.clauses if c.provenance.status is Status.FOUND} == set(valued)
    assert [c.code for c in pack.clauses if c.range] == ["PA-01"]


def test_the_trademark_pilot_has_no_value_and_no_repeal():
    pack = rule_pack_in_force(load_rule_packs(), RatingSubject.TRADEMARK_AGENCY, TODAY)
    assert {clause.millipoints for clause in pack.clauses} == {None}
    assert pack.repealed_on is None
    assert pack.caveats[0].from_on == date(2026, 4, 1)


def test_the_kinds_of_the_office_file_are_known_and_no_other_word_of_it():
    path = ROOT / "seeds" / "data" / "office" / "信用信息归集.csv"
    with path.open(encoding="utf-8-sig") as file:
        kinds = {row["信息类别"] for row in csv.DictReader(file)}
    assert kinds - known_record_kinds(load_rule_packs()) == {"未列明的类别"}


def test_a_fictional_pack_is_passed_over_unless_it_is_asked_for():
    packs = load_rule_packs(FICTIONAL)
    assert rule_pack_in_force(packs, PATENT, TODAY).id == "cnipa-2023-10-agency"
    fictional = rule_pack_in_force(packs, PATENT, TODAY, allow_fictional=True)
    assert fictional.is_fictional
    assert "虚构" in fictional.banner.zh


def test_only_a_fictional_pack_is_none():
    with pytest.raises(InputError) as refused:
        rule_pack_in_force([small_pack()], RatingSubject.PATENT_PRACTITIONER, date(2025, 7, 1))
    assert refused.value.code == "rules.subject-missing"


def test_a_real_pack_is_used_where_no_fictional_one_is_in_force():
    real = replace(small_pack("first"), banner=None)
    packs = [real, small_pack("second")]
    subject = RatingSubject.PATENT_PRACTITIONER
    assert rule_pack_in_force(packs, subject, date(2025, 6, 30), allow_fictional=True) == real


@pytest.mark.parametrize("on", [date(2025, 6, 30), date(2025, 7, 1), date(2030, 1, 1)])
def test_overlapping_packs_are_refused_on_every_day(on):
    packs = [replace(small_pack("first"), repealed_on=date(2025, 7, 2)), small_pack("second")]
    with pytest.raises(FaultsError) as refused:
        rule_pack_in_force(packs, RatingSubject.PATENT_PRACTITIONER, on, allow_fictional=True)
    assert [fault.code for fault in refused.value.faults] == ["rules.overlap"]


def test_packs_that_meet_neither_overlap_nor_leave_a_gap():
    packs = [small_pack("second"), small_pack("first")]
    assert find_overlaps(packs) == ()
    assert find_gaps(packs) == ()


def test_a_day_without_a_pack_between_two_is_a_warning():
    packs = [replace(small_pack("first"), repealed_on=date(2025, 6, 30)), small_pack("second")]
    (gap,) = find_gaps(packs)
    assert (gap.code, gap.severity) == ("rules.gap", "warning")
    assert load_catalogue()[gap.template]


def test_two_packs_with_one_id_are_a_fault():
    packs = [small_pack("first"), replace(small_pack("second"), id="made-up-first")]
    assert [fault.code for fault in find_overlaps(packs)] == ["rules.duplicate-id"]


def test_a_pack_of_the_office_takes_the_place_of_the_shipped_one(tmp_path):
    name, data = next(file for file in read_shipped_rule_files() if file[0].startswith("patent-agency"))
    own = data.decode().replace("points = -60", "points = -61")
    (tmp_path / "own.toml").write_text(own, "utf-8")
    packs = load_rule_packs(tmp_path)
    assert len(packs) == len(load_rule_packs()), name
    assert rule_pack_in_force(packs, PATENT, TODAY).clause("PA-02").millipoints == -61000


def test_faults_of_all_files_of_the_folder_are_reported(tmp_path):
    (tmp_path / "a.toml").write_text("x = 1", "utf-8")
    (tmp_path / "b.toml").write_text("[", "utf-8")
    with pytest.raises(FaultsError) as refused:
        load_rule_packs(tmp_path)
    assert {fault.at.partition(":")[0] for fault in refused.value.faults} == {"a.toml", "b.toml"}


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        load_rule_packs(tmp_path / "none")


def test_the_answer_has_the_shape_that_outsiders_rely_on():
    answer = rule_pack_answer(rule_pack_in_force(load_rule_packs(), PATENT, TODAY))
    keys = {"id", "subject", "title", "document", "effective_from", "repealed_on", "base", "bands", "clauses"}
    assert keys <= answer.keys()
    ends = [(band["tier"], band["from"], band["below"]) for band in answer["bands"]]
    assert ends[:2] == [("A+", "100.001", None), ("A", "90", "100.001")]
    assert ends[-1] == ("D", None, "60")
    assert {"code", "title", "points", "status", "citation"} <= answer["clauses"][0].keys()
    assert [clause["points"] for clause in answer["clauses"][:6]] == [
        "-40",
        "-60",
        "-100",
        "-100",
        "-15",
        None,
    ]


def test_a_day_in_canonical_form_has_one_form():
    pack = small_pack()
    assert parse_rule_pack(pack.content, "pack.json").content == pack.content
    day = f'"effective_from":"{pack.effective_from.isoformat()}"'.encode()
    assert day in pack.content
    for other in (pack.effective_from.strftime("%Y%m%d"), pack.effective_from.strftime("%G-W%V-%u")):
        faults = faults_of(pack.content.replace(day, f'"effective_from":"{other}"'.encode()), "pack.json")
        assert ("pack.json: effective_from", "rules.type") in {(fault.at, fault.code) for fault in faults}


def test_a_pack_without_a_tier_is_refused():
    document = json.loads(small_pack().content) | {"tiers": []}
    faults = faults_of(json.dumps(document), "pack.json")
    assert [(fault.at, fault.code) for fault in faults] == [("pack.json: tiers", "rules.band-none")]
