"""Backup files that are cut, changed, foreign or made up, and places where an office is already."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agency_credit import database
from agency_credit.domain.errors import (
    FaultsError,
    InputError,
    RefusedError,
    UnavailableError,
    VerificationError,
)
from agency_credit.services import backup, backup_box
from agency_credit.services.backup import make_backup
from agency_credit.services.backup_box import (
    BoxReader,
    Opener,
)
from agency_credit.services.backup_lines import format_line, read_lines
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.restore import Target, restore_backup, verify_backup
from agency_credit.settings import Settings
from tests.backups import OPENER, OWNER, write_box
from tests.conftest import PACKS, Clock
from tests.databases import Databases
from tests.world import announced, build_world


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys with the least effort: the tests lock dozens of files."""
    monkeypatch.setattr(backup_box, "SCRYPT_N", 2)


async def restored(settings: Settings, clock: Clock) -> Office:
    return await open_office(settings, clock=clock, packs_folder=PACKS)


@pytest.fixture
def sqlite_only(databases: Databases, tmp_path: Path) -> Settings:
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def backed_up(sqlite_only: Settings, clock: Clock, tmp_path: Path) -> Path:
    """A backup of a small office that is closed again."""
    office = await open_office(sqlite_only, clock=clock, packs_folder=PACKS)
    world = await build_world(office, clock, n_agencies=4)
    await announced(world)
    (office.settings.data / "scan").write_bytes(os.urandom(200_000))
    await make_backup(office, OWNER, tmp_path / "b.acb", OPENER)
    await close_office(office)
    return tmp_path / "b.acb"


async def refusal(path: Path, opener: Opener, settings: Settings) -> str:
    with pytest.raises((InputError, VerificationError)) as caught:
        await verify_backup(path, opener, settings)
    assert not [p for p in settings.data.iterdir() if p.name.startswith(".restore")]
    return caught.value.code


async def test_every_cut_and_every_flipped_bit_is_noticed(
    backed_up: Path, sqlite_only: Settings, tmp_path: Path
) -> None:
    data = backed_up.read_bytes()
    assert len(data) > 2 * 65536  # more than two pieces
    bad = tmp_path / "bad.acb"
    header = data.index(b"\n", len(backup_box.MAGIC)) + 1
    cuts = [0, 5, header - 1, header, header + 10, header + 65552, header + 2 * 65552, len(data) - 1]
    for cut in cuts:
        bad.write_bytes(data[:cut])
        assert await refusal(bad, OPENER, sqlite_only) in ("backup.foreign", "backup.damaged"), cut
    for place in (0, 10, header - 20, header, header + 65551, header + 65552, len(data) - 1):
        bad.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        codes = ("backup.foreign", "backup.damaged", "backup.locked")
        assert await refusal(bad, OPENER, sqlite_only) in codes, place
    first, second = data[header : header + 65552], data[header + 65552 : header + 2 * 65552]
    for swapped in (second + first, first + first):
        bad.write_bytes(data[:header] + swapped + data[header + 2 * 65552 :])
        assert await refusal(bad, OPENER, sqlite_only) == "backup.damaged"
    bad.write_bytes(data + b"\0")
    assert await refusal(bad, OPENER, sqlite_only) == "backup.damaged"


async def test_what_is_no_backup_or_does_not_open_is_told_apart(
    backed_up: Path, sqlite_only: Settings, tmp_path: Path
) -> None:
    assert await refusal(backed_up, Opener(passphrase="another passphrase"), sqlite_only) == "backup.locked"
    assert await refusal(backed_up, Opener(key=bytes(31) + b"\1"), sqlite_only) == "backup.needs-passphrase"
    for content in (
        b"",
        b"PK\3\4" + bytes(100),
        os.urandom(1000),
        backup_box.MAGIC + b"{}\n",
        backup_box.MAGIC + b"[1]\n",
    ):
        (tmp_path / "other").write_bytes(content)
        assert await refusal(tmp_path / "other", OPENER, sqlite_only) == "backup.foreign"
    costly = {"kind": "scrypt", "n": 2**40, "r": 8, "p": 1, "salt": "00", "wrapped": "00"}
    (tmp_path / "costly").write_bytes(backup_box.MAGIC + json.dumps(costly).encode() + b"\n")
    assert await refusal(tmp_path / "costly", OPENER, sqlite_only) == "backup.foreign"


def opening(**changes: object) -> dict[str, object]:
    return {
        "at": "2026-11-24T04:00:00Z",
        "backup": 1,
        "kind": "office",
        "migrations": database.migration_names(),
        "software": "9.9.9",
        **changes,
    }


CLOSING = {"checkpoint": None, "entries": 0, "files": {}, "keys": [], "manifest": 1, "tables": {}}


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "backup.form"),
        ([[1]], "backup.form"),
        ([opening(backup=2), CLOSING], "backup.form"),
        ([opening()], "backup.form"),
        ([opening(), CLOSING, CLOSING], "backup.form"),
        ([opening(), {**CLOSING, "tables": {"agency": [1, "0" * 64]}}], "backup.form"),
        ([opening(), {"table": "agency", "columns": ["id"]}, [1], CLOSING], "database.rule"),
        ([opening(), {"table": "agency", "columns": ["id"]}, [1, 2], CLOSING], "backup.form"),
        ([opening(), {"table": "sqlite_master", "columns": ["name"]}, ["x"], CLOSING], "backup.form"),
        ([opening(), {"table": "agency", "columns": ['id") --']}, [1], CLOSING], "backup.form"),
        ([opening(), {"table": "agency", "columns": ["id"]}, [{"b": "?"}], CLOSING], "backup.form"),
        ([opening(), {"file": "../../etc/cron.d/x"}, "eA==", CLOSING], "backup.form"),
        ([opening(), {"file": "/etc/cron.d/x"}, "eA==", CLOSING], "backup.form"),
        ([opening(), [1], CLOSING], "backup.form"),
        ([opening(), "eA==", CLOSING], "backup.form"),
        ([opening(), 7, CLOSING], "backup.form"),
        ([opening(migrations=["agency_credit_2999"]), CLOSING], "backup.newer"),
    ],
)
async def test_what_opens_but_is_no_backup_changes_nothing(
    sqlite_only: Settings, tmp_path: Path, clock: Clock, lines: list[object], code: str
) -> None:
    write_box(tmp_path / "b.acb", lines)
    target = Target(folder=tmp_path / "there")
    with pytest.raises((VerificationError, RefusedError)) as caught:
        await restore_backup(tmp_path / "b.acb", OPENER, target, actor=OWNER, clock=clock)
    assert caught.value.code == code
    assert not target.folder.exists() or list(target.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [("log_entry", "subject", "log.columns"), ("audit_line", "actor", "backup.audit")],
)
async def test_a_row_that_was_changed_before_it_was_packed_is_found(
    backed_up: Path, sqlite_only: Settings, tmp_path: Path, table: str, column: str, code: str
) -> None:
    """Whoever knows the passphrase can pack what he likes; the log and the chain of audit lines he cannot."""
    with backed_up.open("rb") as file:
        lines = [value for _, value in read_lines(BoxReader(file, OPENER))]
    place = next(n for n, line in enumerate(lines) if isinstance(line, dict) and line.get("table") == table)
    lines[place + 1][lines[place]["columns"].index(column)] = "another"
    tally = backup.Tally()
    for line in lines[place + 1 :]:
        if not isinstance(line, list):
            break
        tally.add(format_line(line))
    lines[-1]["tables"][table] = [tally.n, tally.digest]
    write_box(tmp_path / "bad.acb", lines)
    with pytest.raises(FaultsError) as caught:
        await verify_backup(tmp_path / "bad.acb", OPENER, sqlite_only)
    assert [fault.code for fault in caught.value.faults] == [code]


async def test_an_office_that_is_there_is_put_aside_only_when_asked_and_never_while_in_use(
    backed_up: Path, sqlite_only: Settings, clock: Clock
) -> None:
    target = Target(folder=sqlite_only.data)
    before = sqlite_only.database_file.read_bytes()
    with pytest.raises(RefusedError) as caught:
        await restore_backup(backed_up, OPENER, target, actor=OWNER, clock=clock)
    assert caught.value.code == "restore.exists"
    assert sqlite_only.database_file.read_bytes() == before
    program = (
        "import asyncio, sys, time\nfrom pathlib import Path\n"
        "from agency_credit.services.office import open_office\nfrom agency_credit.settings import Settings\n"
        "async def main():\n    await open_office(Settings(data=Path(sys.argv[1])))\n"
        "    print('open', flush=True)\n    sys.stdin.read()\nasyncio.run(main())\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program, str(sqlite_only.data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "open\n"
    replacing = Target(folder=sqlite_only.data, replace=True, older=True)
    with pytest.raises(UnavailableError) as used:
        await restore_backup(backed_up, OPENER, replacing, actor=OWNER, clock=clock)
    assert used.value.code == "restore.running"
    running.communicate("", timeout=60)
    done = await restore_backup(backed_up, OPENER, replacing, actor=OWNER, clock=clock)
    assert all(Path(name).exists() for name in done.aside)
    assert {Path(name).name.partition(".before-")[0] for name in done.aside} == {"agency-credit.db", "scan"}
    assert not sqlite_only.database_file.with_name(sqlite_only.database_file.name + "-wal").exists()
    again = await restored(sqlite_only, clock)
    await close_office(again)


@pytest.fixture
def server(databases: Databases, tmp_path: Path) -> Settings:
    return databases.fresh("postgres", tmp_path / "server")


async def test_a_filled_server_is_never_restored_into(
    server: Settings, backed_up: Path, tmp_path: Path, clock: Clock
) -> None:
    settings = server
    office = await open_office(settings, clock=clock, packs_folder=PACKS)
    await close_office(office)
    target = Target(folder=tmp_path / "new", database=settings.database, replace=True)
    with pytest.raises(RefusedError) as caught:
        await restore_backup(backed_up, OPENER, target, actor=OWNER, clock=clock)
    assert caught.value.code == "restore.filled"
