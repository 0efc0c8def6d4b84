"""The second implementation on the published vectors, imported and by itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agency_credit.cli import run
from agency_credit.verification import verify_draw, verify_files

FOLDER = Path(__file__).parent / "double-random-1"
CASES = sorted(FOLDER.glob("case-*"))
SCRIPT = Path(verify_draw.__file__)
# The check that names each false bundle first.
FALSE = {
    "bom": "files",
    "cutoff": "selection",
    "dupkey": "files",
    "extra": "result",
    "limit": "announcement",
    "nonce": "commitments",
    "rate": "announcement",
    "swap_drawn": "selection",
    "team": "teams",
    "unsorted": "files",
}
STANDARD_LIBRARY = {
    "argparse", "calendar", "collections", "fractions", "hashlib", "json", "pathlib", "re", "sys", "typing",
    "unicodedata", "zipfile",
}  # fmt: skip


def read(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run_alone(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, cwd="/")


def zip_of(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return target


def test_all_vectors_are_there() -> None:
    assert len(CASES) == 18
    assert {path.name for path in (FOLDER / "false").iterdir()} == set(FALSE)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_true_draw_is_verified(case: Path) -> None:
    assert verify_files(read(case)) == []


@pytest.mark.parametrize("name", FALSE)
def test_a_false_draw_is_refused_with_the_right_check(name: str) -> None:
    faults = verify_files(read(FOLDER / "false" / name))
    assert faults[0].check == FALSE[name]
    assert {fault.status for fault in faults} == {1}


def test_root_of_no_lines_and_of_seven() -> None:
    assert verify_draw.merkle_root([]).hex() == verify_draw.H("")
    announcement = json.loads((CASES[2] / "announcement.json").read_bytes())
    lines = (CASES[2] / "targets.jsonl").read_bytes().split(b"\n")[:-1]
    assert len(lines) == 7
    assert verify_draw.merkle_root(lines).hex() == announcement["targets"]["root"]


def test_alone_it_verifies_a_folder_and_a_zip(tmp_path: Path) -> None:
    for bundle in (CASES[0], zip_of(CASES[0], tmp_path / "bundle.zip")):
        done = run_alone(bundle)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"verified\n", b"")
    done = run_alone(CASES[1], "--format", "json")
    assert json.loads(done.stdout) == {"verified": True, "faults": []}


def test_alone_it_names_the_first_fault_or_all(tmp_path: Path) -> None:
    false = zip_of(FOLDER / "false" / "nonce", tmp_path / "bundle.zip")
    first, every = run_alone(false, "--format", "json"), run_alone(false, "--all", "--format", "json")
    assert (first.returncode, every.returncode) == (1, 1)
    one, all_ = json.loads(first.stdout), json.loads(every.stdout)
    assert [fault["check"] for fault in one["faults"]] == ["commitments"]
    assert all_["faults"][0] == one["faults"][0]
    assert {"seed", "selection", "teams"} <= {fault["check"] for fault in all_["faults"]}


def test_alone_it_says_2_where_a_file_is_missing_or_no_json(tmp_path: Path) -> None:
    assert run_alone(tmp_path / "nowhere").returncode == 2
    assert run_alone(tmp_path).returncode == 2
    for name, content in read(CASES[1]).items():
        (tmp_path / name).write_bytes(content)
    assert run_alone(tmp_path).returncode == 0
    (tmp_path / "result.json").write_bytes(b"\xff")
    assert run_alone(tmp_path).returncode == 2


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_alone_it_prints_chinese_where_the_locale_has_none(locale: str) -> None:
    command = [sys.executable, "-S", "-X", "utf8=0", str(SCRIPT), str(FOLDER / "false" / "nonce")]
    environment = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (1, b"")
    assert "淄博市".encode() in done.stdout


def test_the_command_gives_the_same_answers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["verify", str(CASES[0])]) == 0
    assert run(["verify", str(tmp_path)]) == 2
    capsys.readouterr()
    false = FOLDER / "false" / "team"
    assert run(["verify", str(false), "--all", "--format", "json"]) == 1
    alone = run_alone(false, "--all", "--format", "json")
    assert json.loads(capsys.readouterr().out) == json.loads(alone.stdout)


def test_the_command_speaks_chinese_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run(["verify", str(CASES[0])]) == 0
    assert capsys.readouterr().out == "验算通过。\n"


def test_it_is_short_and_imports_nothing_but_the_standard_library() -> None:
    source = SCRIPT.read_text("utf-8")
    assert source.count("\n") <= 300
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).split(".")[0])
    assert imported <= STANDARD_LIBRARY
