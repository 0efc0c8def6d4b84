"""`agency-credit audit verify`: yes, no, and what it names."""

from __future__ import annotations

import io
import json
import sqlite3

import pytest

from agency_credit.cli import run


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An office on the embedded database, in English, in which somebody did something."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    for name in ("wang", "liu", "zhao"):
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
        assert run(["user", "add", name, "--role", "drafter", "--password-stdin", "--as", "installer"]) == 0
    return tmp_path


def _tamper(data, statement):
    with sqlite3.connect(data / "agency-credit.db") as connection:
        connection.execute("DROP TRIGGER IF EXISTS audit_line_append_only_update")
        connection.execute("DROP TRIGGER IF EXISTS audit_line_append_only_delete")
        connection.execute(statement)


def _verify(capsys, *arguments):
    capsys.readouterr()
    status = run(["audit", "verify", "--format", "json", *arguments])
    out = capsys.readouterr()
    return status, json.loads(out.out)[0] if out.out else None, out.err


def test_a_whole_chain_says_yes_and_prints_its_head(data, capsys):
    status, answer, err = _verify(capsys)
    assert (status, answer["whole"], answer["broken_line"], err) == (0, True, None, "")
    assert answer["head"].startswith("3:")
    assert _verify(capsys, "--head", answer["head"])[0] == 0


def test_a_changed_line_is_named(data, capsys):
    _tamper(data, "UPDATE audit_line SET actor = 'somebody else' WHERE id = 2")
    status, answer, err = _verify(capsys)
    assert (status, answer["broken_line"]) == (1, 2)
    assert "audit line 2" in err


def test_a_cut_chain_does_not_go_through_the_head_that_was_kept(data, capsys):
    kept = _verify(capsys)[1]["head"]
    _tamper(data, "DELETE FROM audit_line WHERE id = 3")
    assert _verify(capsys)[0] == 0
    status, answer, err = _verify(capsys, "--head", kept)
    assert (status, answer["cut"]) == (1, True)
    assert "cut off" in err


def test_a_head_that_is_none_is_unusable_input(data, capsys):
    status, _, err = _verify(capsys, "--head", "3")
    assert status == 2
    assert "audit.head" in err


def test_the_lines_tell_the_user_of_the_operating_system_where_another_name_was_given(data):
    import getpass

    with sqlite3.connect(data / "agency-credit.db") as connection:
        actor, details = connection.execute("select actor, details_json from audit_line limit 1").fetchone()
    assert (actor, json.loads(details)) == ("installer", {"os_user": getpass.getuser()})
