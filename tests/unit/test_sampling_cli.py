"""`agency-credit draw compute` and `draw rehearse`: files in, files out, exit statuses."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest

from agency_credit.cli import run
from tests.draw_files import canonical, draw_files, inspector, plan

ANNOUNCED = ("plan", "targets", "inspectors", "recusals")
VECTORS = Path(__file__).parents[1] / "vectors" / "double-random-1"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def arguments(folder: Path, *names: str) -> list[str]:
    found = {path.stem: str(path) for path in folder.iterdir()}
    return [argument for name in names for argument in (f"--{name}", found[name])]


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_compute_writes_the_two_files_of_the_vector(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = VECTORS / "case-008"
    out = tmp_path / "new" / "folder"
    assert run(["draw", "compute", *arguments(case, *ANNOUNCED, "reveal"), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for name in ("announcement.json", "result.json"):
        content = (case / name).read_bytes()
        assert (out / name).read_bytes() == content
        assert f"{sha256(content).hexdigest()}  {out / name}" in said


def test_compute_warns_without_stopping(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, draw_files(inspectors=[inspector("I1")], values=["1"]))
    assert run(["draw", "compute", *arguments(folder, *ANNOUNCED, "reveal"), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "review.few-bits: the public values carry 3.3 bits" in said
    assert "review.unfilled" in said


def test_unusable_files_write_nothing_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, draw_files(plan(rounding="even")))
    out = tmp_path / "out"
    assert run(["draw", "compute", *arguments(folder, *ANNOUNCED, "reveal"), "--out", str(out)]) == 2
    assert (
        "plan.json:rounding: value.not-a-choice: write one of: up, down, nearest" in capsys.readouterr().err
    )
    assert not out.exists()


def test_a_wrong_value_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path, draw_files(values=["twelve"]))
    assert run(["draw", "compute", *arguments(folder, *ANNOUNCED, "reveal"), "--out", str(tmp_path)]) == 2
    assert "reveal.json:values[0]: reveal.form" in capsys.readouterr().err


def test_a_missing_file_or_a_folder_that_cannot_be_written_exits_2(tmp_path: Path) -> None:
    folder = written(tmp_path, draw_files())
    given = arguments(folder, *ANNOUNCED, "reveal")
    assert run(["draw", "compute", *given]) == 2
    assert run(["draw", "compute", *given[:-1], str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert run(["draw", "compute", *given, "--out", str(tmp_path / "plan.json" / "x")]) == 2


def test_rehearse_says_what_it_is_and_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(written(tmp_path, draw_files()), *ANNOUNCED)
    assert run(["draw", "rehearse", *given, "--times", "7", "--format", "json"]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer.keys() == {"times", "drawn", "loads", "unfilled"}
    assert (answer["times"], answer["drawn"], answer["unfilled"]) == (7, {"2": 7}, {"0": 7})
    assert sum(answer["loads"].values()) == 7 * 4
    assert said.err.startswith("REHEARSAL")


def test_rehearse_writes_tables_and_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(written(tmp_path, draw_files()), *ANNOUNCED)
    assert run(["draw", "rehearse", *given, "--times", "3"]) == 0
    assert capsys.readouterr().out.startswith("REHEARSAL with 3 made-up seeds")
    assert run(["draw", "rehearse", *given, "--times", "3", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"of": "drawn", "value": "2", "times": "3"} in rows


def test_a_plan_can_come_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments(written(tmp_path, draw_files()), *ANNOUNCED[1:])
    stdin = io.TextIOWrapper(io.BytesIO(canonical(plan())), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stdin)
    assert run(["draw", "rehearse", "--plan", "-", *given, "--times", "1", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["drawn"] == {"2": 1}
