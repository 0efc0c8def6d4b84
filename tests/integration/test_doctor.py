"""`agency-credit doctor`: what it finds wrong, and that it changes nothing."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from piccolo.apps.migrations.tables import Migration

from agency_credit.cli import run
from agency_credit.database.tables import CalendarDay
from agency_credit.domain.role import OPERATOR, Actor
from agency_credit.services import doctor_machine, paper_press
from agency_credit.services.backup import make_backup, make_key_backup
from agency_credit.services.backup_box import Opener
from agency_credit.services.doctor import examine
from agency_credit.services.finding import Patient
from agency_credit.services.office import Office, close_office
from agency_credit.settings import Settings
from tests.conftest import Clock
from tests.databases import Databases
from tests.integration.test_fork_guard import publish, put_back, tamper

OWNER = Actor(username="operator", roles=OPERATOR)
OPENER = Opener(passphrase="correct horse battery")
NOWHERE = ("127.0.0.1", 1)


async def states(settings: Settings, now: datetime, **environment: str) -> dict[str, str]:
    """What each check says; the worst where it says several things."""
    patient = Patient(settings=settings, environment=environment, now=now)
    order = ("ok", "warning", "fault")
    found: dict[str, str] = {}
    for one in await examine(patient, service=NOWHERE):
        found[one.check] = max(found.get(one.check, "ok"), one.state, key=order.index)
    return found


async def test_a_sound_office_has_no_fault_and_every_check_speaks(
    office: Office, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agency_credit.services.backup_box.SCRYPT_N", 2)
    await publish(office, 2)
    await make_backup(office, OWNER, tmp_path / "o", OPENER)
    await make_key_backup(office, OWNER, tmp_path / "k", OPENER)
    await CalendarDay.insert(CalendarDay(day=datetime(2027, 1, 1, tzinfo=UTC).date(), is_workday=False))
    await close_office(office)
    found = await states(office.settings, clock())
    assert set(found) == {
        "settings", "disk", "time zone", "fonts", "keys", "database", "migrations", "log", "clock", "audit",
        "calendar", "backup", "backup of keys", "service",
    } | ({"folder"} & set(found))  # fmt: skip
    assert set(found.values()) <= {"ok", "warning"}
    assert {
        found[check] for check in ("keys", "log", "audit", "backup", "backup of keys", "calendar", "clock")
    } == {"ok"}
    later = await states(office.settings, clock() + timedelta(days=8))
    assert later["backup"] == "warning"
    earlier = await states(office.settings, clock() - timedelta(hours=1))
    assert earlier["clock"] == "fault"


async def test_what_was_never_started_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    found = await states(Settings(data=tmp_path / "none"), datetime.now(UTC), AGENCY_CREDIT_DATABSE="x")
    assert (found["settings"], found["folder"], found["database"]) == ("warning", "fault", "fault")
    assert not (tmp_path / "none").exists()


@pytest.fixture
def blank_server(databases: Databases, tmp_path: Path):  # type: ignore[no-untyped-def]
    with databases.blank("postgres", tmp_path / "blank") as settings:
        yield settings


async def test_a_server_without_a_table_waits_for_its_migrations(blank_server: Settings) -> None:
    found = await states(blank_server, datetime.now(UTC))
    assert (found["database"], found["migrations"]) == ("ok", "fault")


async def test_keys_that_are_open_missing_or_of_another_office_are_faults(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    await publish(office)
    await close_office(office)
    keys = office.keys.folder
    (keys / "log.json").chmod(0o644)
    assert (await states(office.settings, clock()))["keys"] == "fault"
    (keys / "log.json").chmod(0o600)
    kept = (keys / "log.json").read_bytes()
    value = json.loads(kept)
    value["keys"][0]["private"] = "00" * 32
    (keys / "log.json").write_text(json.dumps(value))
    assert (await states(office.settings, clock()))["keys"] == "fault"
    (keys / "log.json").write_bytes(kept)
    (keys / "secret.json").rename(tmp_path / "secret.json")
    assert (await states(office.settings, clock()))["keys"] == "fault"


async def test_an_older_database_a_lost_guard_and_a_broken_chain_are_faults(
    office: Office, clock: Clock
) -> None:
    await publish(office, 3)
    await put_back(office.settings, 2)
    assert (await states(office.settings, clock()))["log"] == "fault"
    guard = office.keys.folder / "checkpoint"
    guard.unlink()
    assert (await states(office.settings, clock()))["log"] == "fault"
    await tamper(office.settings, "UPDATE audit_line SET actor = 'another'")
    assert (await states(office.settings, clock()))["audit"] == "fault"


async def test_a_newer_schema_stops_the_checks_that_rest_on_it(office: Office, clock: Clock) -> None:
    await Migration.insert(Migration(name="agency_credit_2999", app_name="agency_credit"))
    found = await states(office.settings, clock())
    await database_again(office)
    await Migration.delete().where(Migration.name == "agency_credit_2999")
    assert found["migrations"] == "fault"
    assert "log" not in found


async def database_again(office: Office) -> None:
    """The doctor has bound the tables to an engine of his own, and closed that."""
    from agency_credit import database

    database.bind_tables(office.engine)


async def test_a_full_disk_no_font_and_a_damaged_file(
    databases: Databases, office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await close_office(office)
    usage = shutil.disk_usage(office.settings.data)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
        patch.setattr(doctor_machine, "find_chinese_font", lambda: None)
        found = await states(office.settings, clock())
        assert (found["disk"], found["fonts"]) == ("fault", "warning")
    if office.settings.database is None:
        file = office.settings.database_file
        file.write_bytes(b"no database" * 1000)
        assert (await states(office.settings, clock()))["database"] == "fault"


def test_the_service_is_asked_whether_it_is_ready() -> None:
    class NotReady(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if self.path == "/readyz" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), NotReady)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    (finding,) = doctor_machine.check_service(server.server_address[:2])
    thread.join()
    server.server_close()
    assert (finding.state, finding.says.params["status"]) == ("warning", 503)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    (finding,) = doctor_machine.check_service(("127.0.0.1", port))
    assert finding.state == "ok"


def test_the_command_ends_with_1_where_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    assert run(["doctor"]) == 1
    assert run(["user", "list"]) == 0
    capsys.readouterr()
    assert run(["doctor", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer[0]) == {"check", "state", "message", "advice"}
    assert (
        paper_press.find_chinese_font() is None
        or {"check": "fonts", "state": "ok"}.items() <= answer[3].items()
    )
