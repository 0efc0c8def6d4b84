"""`agency-credit user`: accounts, passwords, and who did it."""

from __future__ import annotations

import io
import json
import sqlite3

import pytest

from agency_credit.cli import run

PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A fresh office on the embedded database, in English."""
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return tmp_path


def _user(monkeypatch, *arguments, password=PASSWORD):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return run(["user", *arguments, "--password-stdin"])


def _people(capsys):
    capsys.readouterr()
    assert run(["user", "list", "--format", "json"]) == 0
    return {person["username"]: person for person in json.loads(capsys.readouterr().out)}


def _audit(data):
    with sqlite3.connect(data / "agency-credit.db") as connection:
        return connection.execute("select actor, action, subject, outcome from audit_line").fetchall()


def test_an_account_is_opened_and_listed_with_its_roles(data, monkeypatch, capsys):
    arguments = "add", "liujing", "--role", "drafter", "--role", "approver", "--display-name", "刘静"
    assert _user(monkeypatch, *arguments) == 0
    person = _people(capsys)["liujing"]
    assert (person["name"], person["roles"], person["active"]) == ("刘静", "approver drafter", True)


def test_the_audit_line_names_who_did_it(data, monkeypatch):
    assert _user(monkeypatch, "add", "liujing", "--role", "drafter", "--as", "installer") == 0
    assert ("installer", "person.create", "liujing", "done") in _audit(data)


def test_whoever_is_no_administrator_is_refused(data, monkeypatch, capsys):
    assert _user(monkeypatch, "add", "liujing", "--role", "drafter") == 0
    assert _user(monkeypatch, "add", "another", "--role", "drafter", "--as", "liujing") == 3
    assert "role.missing" in capsys.readouterr().err
    assert set(_people(capsys)) == {"liujing"}


def test_a_password_that_is_too_short_opens_nothing(data, monkeypatch, capsys):
    assert _user(monkeypatch, "add", "liujing", "--role", "drafter", password="short") == 2
    assert "person.password" in capsys.readouterr().err
    assert _people(capsys) == {}


def test_a_name_is_taken_once(data, monkeypatch, capsys):
    assert _user(monkeypatch, "add", "liujing", "--role", "drafter") == 0
    assert _user(monkeypatch, "add", "liujing", "--role", "approver") == 3
    assert "person.exists" in capsys.readouterr().err


def test_an_inspector_needs_a_certificate_of_the_roster(data, monkeypatch, capsys):
    assert _user(monkeypatch, "add", "zhao", "--role", "inspector") == 2
    assert _user(monkeypatch, "add", "zhao", "--role", "inspector", "--certificate", "鲁C1") == 2
    err = capsys.readouterr().err
    assert "person.certificate" in err
    assert "inspector.unknown" in err


def test_a_new_password_takes_the_place_of_the_old(data, monkeypatch):
    def stored():
        with sqlite3.connect(data / "agency-credit.db") as connection:
            return connection.execute("select password_hash from person").fetchone()[0]

    _user(monkeypatch, "add", "liujing", "--role", "drafter")
    before = stored()
    assert _user(monkeypatch, "password", "liujing", password="another good one") == 0
    assert stored() != before
    assert _user(monkeypatch, "password", "nobody", password="another good one") == 2


def test_an_invitation_prints_a_code_that_opens_the_account(data, capsys):
    import re

    from agency_credit.cli.run_office import run_in_office
    from agency_credit.services.invitations import accept_invitation

    assert run(["user", "invite", "liujing", "--role", "drafter", "--as", "installer"]) == 0
    code = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){4}", capsys.readouterr().out)[0]

    async def work(office):
        await accept_invitation(office, "liujing", code, PASSWORD)

    run_in_office(work)
    assert run(["user", "reinvite", "liujing"]) == 0
    assert code not in capsys.readouterr().out
    assert run(["user", "reinvite", "nobody"]) == 2


def test_roles_are_set_and_accounts_closed_and_reopened(data, monkeypatch, capsys):
    _user(monkeypatch, "add", "liujing", "--role", "drafter")
    _user(monkeypatch, "add", "anquan", "--role", "security")
    assert run(["user", "roles", "liujing", "--role", "approver", "--role", "publisher"]) == 0
    assert run(["user", "close", "liujing"]) == 0
    person = _people(capsys)["liujing"]
    assert (person["roles"], person["active"]) == ("approver publisher", False)
    assert _user(monkeypatch, "add", "another", "--role", "drafter", "--as", "liujing") == 3
    assert "person.closed" in capsys.readouterr().err  # closed, he does not come back as an operator
    assert run(["user", "reopen", "liujing"]) == 0
    assert _people(capsys)["liujing"]["active"] is True
    assert run(["user", "roles", "liujing", "--role", "system", "--role", "security"]) == 2
    assert run(["user", "close", "anquan"]) == 3
    assert "person.last-security" in capsys.readouterr().err


def test_the_password_is_asked_for_twice(data, monkeypatch, capsys):
    answers = iter([PASSWORD, PASSWORD])
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: next(answers))
    assert run(["user", "add", "liujing", "--role", "drafter"]) == 0
    assert list(answers) == []
    out = capsys.readouterr()
    assert PASSWORD not in out.out + out.err
