"""`agency-credit import`: answers, exit statuses, the report file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from agency_credit.cli import run

OFFICE = Path(__file__).parents[2] / "seeds" / "data" / "office"
ROSTER = str(OFFICE / "执法检查人员名录库.xlsx")
TRADEMARK = str(OFFICE / "商标代理机构备案名单.csv")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A fresh office on the embedded database, in English."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return tmp_path


def _answer(capsys, *arguments):
    status = run(["import", *arguments, "--format", "json"])
    out = capsys.readouterr()
    return status, json.loads(out.out), out.err


def test_an_error_keeps_everything_out_and_says_how_to_take_the_good_rows(data, capsys):
    status, answer, error = _answer(capsys, "inspectors", ROSTER)
    assert status == 1
    assert {key: answer[key] for key in ("new", "changed", "same", "repeated")} == {
        "new": 18,
        "changed": 0,
        "same": 0,
        "repeated": 0,
    }
    assert [(fault["at"], fault["severity"]) for fault in answer["faults"]] == [("Sheet!B20", "error")]
    assert "--on-error accept-good" in error
    assert _answer(capsys, "inspectors", ROSTER)[1] == answer


def test_the_good_rows_are_taken_once(data, capsys):
    arguments = "inspectors", ROSTER, "--on-error", "accept-good"
    assert _answer(capsys, *arguments)[1]["new"] == 18
    status, answer, error = _answer(capsys, *arguments)
    assert (status, answer["new"], answer["same"]) == (1, 0, 18)
    assert "Nothing changed" in error


def test_a_csv_is_faulted_by_line_number(data, capsys):
    status, answer, _ = _answer(capsys, "agencies", TRADEMARK, "--practice-line", "trademark", "--dry-run")
    assert (status, answer["new"]) == (1, 69)
    assert [fault["at"] for fault in answer["faults"]] == [71]


def test_the_report_file_holds_the_faults_and_no_formula(data, capsys):
    source = data / "=x.csv"
    source.write_text("=姓名,执法证号,姓名\nx,,=1+1\n", "utf-8")
    report = data / "report.csv"
    assert run(["import", "inspectors", str(source), "--report", str(report)]) == 1
    lines = report.read_text("utf-8-sig").splitlines()
    assert lines[0] == "at,code,severity,message"
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["2", "import.cell-missing"],
        ["2", "import.formula"],
    ]
    assert not [cell for line in lines for cell in line.split(",") if cell.startswith(("=", "+", "-", "@"))]


def test_a_clean_list_from_standard_input_ends_with_zero(data, capsys, monkeypatch):
    content = "姓名,执法证号\n张三,鲁C1\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert run(["import", "inspectors", "-"]) == 0
    out = capsys.readouterr()
    assert "New: 1." in out.out
    assert "Stored." in out.err


def test_an_unusable_file_ends_with_two_and_its_code(data, capsys):
    broken = data / "x.xlsx"
    broken.write_bytes(b"PK\x03\x04")
    assert run(["import", "agencies", str(broken)]) == 2
    assert "import.damaged" in capsys.readouterr().err


def test_an_unknown_kind_or_a_missing_file_ends_with_two(data, capsys):
    assert run(["import", "inspections", ROSTER]) == 2
    assert run(["import", "agencies", str(data / "none.csv")]) == 2


def test_messages_are_chinese_unless_the_locale_says_otherwise(data, capsys, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, answer, error = _answer(capsys, "inspectors", ROSTER)
    assert answer["faults"][0]["message"] == "“执法证号”为空，每行必填。请补填。"
    assert "未存入任何数据" in error


def test_a_report_that_cannot_be_written_stops_before_anything_is_stored(data, capsys):
    report = str(data / "missing" / "faults.csv")
    arguments = "inspectors", ROSTER, "--on-error", "accept-good"
    assert run(["import", *arguments, "--report", report]) == 2
    assert "import.report" in capsys.readouterr().err
    assert _answer(capsys, *arguments)[1]["new"] == 18
