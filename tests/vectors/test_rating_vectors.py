"""Both implementations of scoring on the vectors of `rating/1`; the second one also by itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agency_credit.cli import run
from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import RecordBody, format_rating_bundle, parse_rule_pack
from agency_credit.verification import verify_rating, verify_rating_files

FOLDER = Path(__file__).parent / "rating-1"
CASES = sorted(FOLDER.glob("case-*"))
SCRIPT = Path(verify_rating.__file__)
SCORES = [(100_000, "A"), (83_000, "B"), (65_000, "C"), (27_875, "D"), (60_000, "C"), (50_000, "D")]
# The check that names each false bundle first.
FALSE = {
    "band_gap": "pack",
    "body": "commitments",
    "day_after": "ledger",
    "expired": "ledger",
    "left_out": "digests",
    "score": "score",
    "tier": "tier",
    "uncapped": "ledger",
    "unknown_key": "values",
    "unsorted": "files",
}
STANDARD_LIBRARY = {
    "argparse", "calendar", "collections", "functools", "hashlib", "itertools", "json", "pathlib", "re",
    "sys", "typing", "unicodedata", "zipfile",
}  # fmt: skip


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def record_of(row: Mapping[str, Any], subject: str) -> CreditRecord:
    stays = ((date.fromisoformat(stay["from"]), day(stay["until"])) for stay in row["suspended"])
    return CreditRecord(
        record_id=row["record"],
        subject=subject,
        kind=row["kind"],
        decided_on=date.fromisoformat(row["decided_on"]),
        entered_on=day(row["entered_on"]),
        assessed_millipoints=row["assessed"],
        withdrawn_on=day(row["withdrawn_on"]),
        repaired_on=day(row["repaired_on"]),
        suspended=tuple(Period(first_on=first, last_on=last) for first, last in stays),
        evidence=row["evidence"],
    )


def score_again(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What `scoring` makes of pack, records and bodies."""
    rating = json.loads(files["rating.json"])
    rows = [json.loads(line) for line in files["records.jsonl"].splitlines()]
    bodies = [json.loads(line) for line in files.get("bodies.jsonl", b"").splitlines()]
    return format_rating_bundle(
        rating["subject"],
        [record_of(row, rating["subject"]) for row in rows],
        parse_rule_pack(files["pack.json"], "pack.json"),
        date.fromisoformat(rating["on"]),
        bodies=[
            RecordBody(record_id=b["record"], body=b["body"], salt=bytes.fromhex(b["salt"])) for b in bodies
        ],
    )


def run_alone(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, cwd="/")


def test_all_vectors_are_there_with_their_scores() -> None:
    ratings = [json.loads((case / "rating.json").read_bytes()) for case in CASES]
    assert [(rating["score"], rating["tier"]) for rating in ratings] == SCORES
    assert {path.name for path in (FOLDER / "false").iterdir()} == set(FALSE)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_scoring_gives_a_true_rating_byte_for_byte_and_it_is_verified(case: Path) -> None:
    files = read(case)
    assert score_again(files) == files
    assert verify_rating_files(files) == []


@pytest.mark.parametrize("name", FALSE)
def test_a_false_rating_is_refused_with_the_right_check(name: str) -> None:
    faults = verify_rating_files(read(FOLDER / "false" / name))
    assert faults[0].check == FALSE[name]
    assert {fault.status for fault in faults} == {1}


@pytest.mark.parametrize("name", sorted(set(FALSE) - {"body"}))
def test_scoring_does_not_give_a_false_rating(name: str) -> None:
    files = read(FOLDER / "false" / name)
    try:
        again = score_again(files)
    except (FaultsError, InputError):
        assert FALSE[name] in ("pack", "values")
    else:
        assert again != files


def test_alone_it_verifies_a_folder_and_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        for path in CASES[4].iterdir():
            archive.write(path, path.name)
    for bundle in (*CASES, tmp_path / "bundle.zip"):
        done = run_alone(bundle)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"verified\n", b"")


def test_alone_it_names_the_first_fault_or_all() -> None:
    for name, check in FALSE.items():
        first, every = run_alone(FOLDER / "false" / name), run_alone(FOLDER / "false" / name, "--all")
        assert (first.returncode, every.returncode, first.stderr, every.stderr) == (1, 1, b"", b"")
        assert first.stdout.startswith(f"{check}: ".encode())
        assert every.stdout.startswith(first.stdout)


def test_alone_it_says_2_where_a_file_is_missing_or_no_json(tmp_path: Path) -> None:
    assert run_alone(tmp_path / "nowhere").returncode == 2
    assert run_alone(tmp_path).returncode == 2
    for name, content in read(CASES[1]).items():
        (tmp_path / name).write_bytes(content)
    assert run_alone(tmp_path).returncode == 0
    (tmp_path / "ledger.jsonl").write_bytes(b"\xff")
    assert run_alone(tmp_path).returncode == 2


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_alone_it_prints_chinese_where_the_locale_has_none(locale: str) -> None:
    command = [sys.executable, "-S", "-X", "utf8=0", str(SCRIPT), str(FOLDER / "false" / "uncapped")]
    environment = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (1, b"")
    assert "罚款".encode() in done.stdout


def test_the_command_gives_the_same_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(CASES[0])]) == 0
    assert capsys.readouterr().out == "Verified.\n"
    for name in FALSE:
        assert run(["verify", str(FOLDER / "false" / name), "--all", "--format", "json"]) == 1
        answer = json.loads(capsys.readouterr().out)
        alone = run_alone(FOLDER / "false" / name, "--all").stdout.decode().splitlines()
        assert [f"{fault['check']}: {fault['message']}" for fault in answer["faults"]] == alone


def test_it_imports_nothing_but_the_standard_library() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported <= STANDARD_LIBRARY
