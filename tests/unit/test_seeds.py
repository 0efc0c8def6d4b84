"""The sample data: the same bytes every time, messy, and every fault of it known."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from stdnum.cn import uscc

from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import known_record_kinds
from agency_credit.services.import_agencies import AgencyContext, read_agencies
from agency_credit.services.import_format import read_sheets
from agency_credit.services.import_header import find_tables
from agency_credit.services.import_inspectors import read_inspectors
from agency_credit.services.import_kinds import KINDS
from agency_credit.services.import_practitioners import PractitionerContext, read_practitioners
from agency_credit.services.import_records import LIST_KINDS, RecordContext, read_records
from agency_credit.services.import_recusals import read_recusals
from agency_credit.services.rule_packs import load_rule_packs
from seeds.generate import RULES, SCALES, SEED, generate, make_files
from seeds.places import DISTRICTS, PROVINCES
from seeds.population import LAST_DAY, Scale

TODAY = date(2026, 10, 8)
SMALL_NATION = Scale(
    n_patent=54,
    n_branches=15,
    n_trademark=357,
    n_both=10,
    n_practitioners=340,
    n_inspectors=0,
    n_recusals=0,
    n_records=5_000,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    made = generate(tmp_path_factory.mktemp("sample"))
    return {file.kind if file.practice_line != "trademark" else "trademark": file for file in made}


@pytest.fixture(scope="module")
def agencies(files):
    return {row.value.uscc for kind in ("agencies", "trademark") for row in _read(files[kind]).rows}


@pytest.fixture(scope="module")
def nation():
    return {
        file.kind if file.practice_line != "trademark" else "trademark": file
        for file in make_files("nation", SMALL_NATION, SEED)
    }


def _read(file, agencies=frozenset(), inspectors=frozenset(), districts=DISTRICTS, practitioners=None):
    tables = find_tables(file.name, KINDS[file.kind], read_sheets(file.name, file.content))
    known = frozenset(agencies)
    line = file.practice_line
    packs = load_rule_packs(RULES)
    return {
        "agencies": lambda: read_agencies(
            tables, AgencyContext(districts=districts, practice_line=line, today=TODAY, codes={})
        ),
        "practitioners": lambda: read_practitioners(
            tables, PractitionerContext(agencies=known, codes={}, practice_line=line)
        ),
        "inspectors": lambda: read_inspectors(tables, DISTRICTS),
        "recusals": lambda: read_recusals(tables, frozenset(inspectors), known),
        "records": lambda: read_records(
            tables,
            RecordContext(
                agencies=known,
                kinds=known_record_kinds(packs),
                today=TODAY,
                practitioners=practitioners or {},
            ),
        ),
    }[file.kind]()


def test_two_runs_give_the_same_bytes(tmp_path):
    first, second = generate(tmp_path / "a"), generate(tmp_path / "b")
    assert first == second
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_another_seed_gives_other_agencies_with_as_many_rows(tmp_path):
    first, second = generate(tmp_path / "a"), generate(tmp_path / "b", seed=7)
    for file, other in zip(first[:5], second[:5], strict=True):
        assert file.content != other.content
        assert (file.n_good, file.name) == (other.n_good, other.name)


@pytest.mark.parametrize(
    "kind", ["agencies", "trademark", "practitioners", "inspectors", "recusals", "records"]
)
def test_an_import_says_of_each_file_what_the_truth_says(files, agencies, kind):
    inspectors = {row.value.certificate for row in _read(files["inspectors"]).rows}
    read = _read(files[kind], agencies, inspectors)
    assert len(read.rows) == files[kind].n_good
    assert tuple((fault.at, fault.code) for fault in read.faults()) == files[kind].faults


def test_every_kind_of_fault_of_a_list_occurs(files):
    codes = [code for _, code in files["agencies"].faults]
    assert codes == ["import.repeated", "import.uscc-check-digit", "import.uscc-damaged", "import.date"]


def test_the_size_is_that_of_a_city(files):
    city = SCALES["city"]
    patent, trademark = _read(files["agencies"]).rows, _read(files["trademark"]).rows
    both = {row.value.uscc for row in patent} & {row.value.uscc for row in trademark}
    assert (len(patent), len(trademark), len(both)) == (city.n_patent + 1, city.n_trademark, city.n_both)
    assert sum(bool(row.value.parent_code) for row in patent) == city.n_branches
    assert {row.value.status for row in patent} == {"in_force", "cancelled"}


def test_codes_are_of_districts_of_the_city_and_only_the_damaged_one_is_wrong(agencies):
    assert {code[2:8] for code in agencies} <= set(DISTRICTS)
    assert sum(not uscc.is_valid(code) for code in agencies) == 1


def test_records_are_of_two_years_and_of_kinds_that_a_rule_knows(files, agencies):
    records = [row.value for row in _read(files["records"], agencies).rows]
    known = known_record_kinds(load_rule_packs(RULES)) | set(LIST_KINDS)
    assert {record.kind for record in records} <= known
    days = sorted(record.decided_on for record in records)
    assert days[-1] <= LAST_DAY
    assert 600 < (days[-1] - days[0]).days <= 730


def test_the_lists_are_in_the_encodings_of_offices(files):
    assert files["records"].content.startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        files["trademark"].content.decode()
    rows = list(csv.reader(io.StringIO(files["trademark"].content.decode("gb18030"))))
    assert rows[0][0] == "代理机构"


def test_dates_are_typed_in_four_ways(files):
    (sheet,) = read_sheets(files["agencies"].name, files["agencies"].content)
    cells = [row[9] for row in sheet.rows[4:] if len(row) > 9 and row[9] != ""]
    kinds = {(type(cell).__name__, "年" in str(cell), "." in str(cell)[:5]) for cell in cells}
    assert len(kinds) == 4


def test_truth_is_written_beside_the_files(tmp_path):
    made = generate(tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    assert {name: entry["good"] for name, entry in truth.items()} == {f.name: f.n_good for f in made}


def test_the_packs_of_the_sample_data_say_that_they_are_fictional():
    packs = [pack for pack in load_rule_packs(RULES) if pack.is_fictional]
    assert {pack.subject for pack in packs} == set(RatingSubject)
    assert all(pack.banner for pack in packs)


def test_the_lists_of_a_nation_have_their_size_and_no_faults(nation):
    patent, trademark = (_read(nation[kind], districts=PROVINCES) for kind in ("agencies", "trademark"))
    known = {row.value.uscc for read in (patent, trademark) for row in read.rows}
    practitioners = _read(nation["practitioners"], known)
    scale = SMALL_NATION
    assert [len(read.rows) for read in (patent, trademark, practitioners)] == [
        *(scale.n_patent, scale.n_trademark, scale.n_practitioners)
    ]
    assert len(known) == scale.n_patent + scale.n_trademark - scale.n_both
    assert not any(read.faults() for read in (patent, trademark, practitioners))
    assert {row.value.area for row in trademark.rows} == set(PROVINCES)
    assert all(file.n_good == len(file.content.splitlines()) - 1 for file in nation.values())


def test_records_of_a_nation_are_of_known_agencies_or_practitioners(nation):
    agencies = {
        row.value.uscc
        for kind in ("agencies", "trademark")
        for row in _read(nation[kind], districts=PROVINCES).rows
    }
    practitioners = {
        row.value.certificate: row.value.uscc for row in _read(nation["practitioners"], agencies).rows
    }
    read = _read(nation["records"], agencies, practitioners=practitioners)
    assert len(read.rows) == SMALL_NATION.n_records
    assert not read.faults()
    n_of_practitioners = sum(bool(row.value.certificate) for row in read.rows)
    assert 0.4 < n_of_practitioners / len(read.rows) < 0.5


def test_another_seed_makes_another_nation(nation):
    assert make_files("nation", SMALL_NATION, SEED) == tuple(nation.values())
    assert make_files("nation", SMALL_NATION, 7) != tuple(nation.values())
