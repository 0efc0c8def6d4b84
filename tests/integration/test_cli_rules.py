"""`agency-credit rules import|changes|decide`."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agency_credit.cli import run
from tests.conftest import PACKS

PASSWORD = "correct horse battery"
NAME = "fictional-patent-agency"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh office on the embedded database, in English, with a drafter and an approver."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    for name, role in (("wang", "drafter"), ("li", "approver")):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert run(["user", "add", name, "--role", role, "--password-stdin"]) == 0
    return tmp_path


def propose(*options: str, name: str = "patent-agency-fictional.toml") -> int:
    """Propose one of the fictional packs."""
    return run(["rules", "import", str(PACKS / name), "--reason", "demonstration", "--as", "wang", *options])


@pytest.mark.usefixtures("data")
def test_a_file_is_proposed_listed_and_decided(capsys: pytest.CaptureFixture[str]) -> None:
    assert propose("--correction") == 0
    assert "Proposed as change 1" in capsys.readouterr().out
    assert run(["rules", "changes", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["change"], row["file"], row["correction"]) for row in rows] == [(1, NAME, True)]
    assert run(["rules", "decide", "1", "approve", "--as", "li"]) == 0
    assert "Change 1 is approved" in capsys.readouterr().out
    assert run(["rules", "changes"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["rules", "decide", "1", "approve", "--as", "li"]) == 3
    assert "change.decided" in capsys.readouterr().err


@pytest.mark.usefixtures("data")
def test_the_past_without_correction_roles_and_reasons_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert propose() == 2
    assert "change.past" in capsys.readouterr().err
    assert run(["rules", "import", str(PACKS / "profile-fictional.toml"), "--reason", "x", "--as", "li"]) == 3
    assert "role.missing" in capsys.readouterr().err
    assert propose("--correction") == 0
    assert run(["rules", "decide", "1", "reject", "--as", "li"]) == 2
    assert "change.reason" in capsys.readouterr().err
    assert run(["rules", "decide", "1", "reject", "--reason", "no", "--as", "li"]) == 0
    assert run(["rules", "decide", "2", "approve", "--as", "li"]) == 2


@pytest.mark.usefixtures("data")
def test_an_overlay_of_a_look_is_not_stored(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "--rules", str(PACKS), "--on", "2026-11-24"]) == 0
    assert propose("--correction") == 0, "it is still new here"
    assert "Proposed" in capsys.readouterr().out


def test_a_question_as_known_then_says_in_its_audit_line_who_asked(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "wang")
    assert run(["score", "--on", "2025-06-01", "--known", "2025-06-01"]) == 0
    with closing(sqlite3.connect(data / "agency-credit.db")) as store:
        lines = store.execute("SELECT actor FROM audit_line WHERE action = 'rating.as-known'").fetchall()
    assert lines == [("wang",)]
