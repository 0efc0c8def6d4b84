"""Backups on both databases: online, whole, from either kind into either, and what is refused."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agency_credit import database
from agency_credit.cli import run
from agency_credit.database.snapshot import open_snapshot, tables_in_order
from agency_credit.database.tables import Agency, AuditLine, DrawStep, LogEntry, Session
from agency_credit.domain.errors import (
    FaultsError,
    ForbiddenError,
    InputError,
    RefusedError,
    UnavailableError,
)
from agency_credit.domain.role import Actor, Role
from agency_credit.services import backup, backup_box, backup_content
from agency_credit.services.backup import TRANSIENT, find_files, make_backup, make_key_backup
from agency_credit.services.backup_box import (
    BoxReader,
    BoxWriter,
    Opener,
    make_identity,
    read_identity,
    read_recipient,
)
from agency_credit.services.backup_lines import decode_row, encode_row, read_lines
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.fork_guard import read_guard
from agency_credit.services.log import load_checkpoint
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.restore import Target, restore_backup, verify_backup
from agency_credit.settings import Settings
from tests.backups import OPENER, OWNER, write_box
from tests.conftest import PACKS, Clock
from tests.databases import KINDS, Databases
from tests.world import World, build_world, good_draft, inspected


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys with the least effort: the tests lock dozens of files."""
    monkeypatch.setattr(backup_box, "SCRYPT_N", 2)


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """An empty place of either kind to restore into."""
    with databases.blank(request.param, tmp_path / "elsewhere") as settings:
        yield settings


@pytest.fixture
def alike(settings: Settings, databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """An empty place of the kind that the office has."""
    with databases.blank("postgres" if settings.database else "sqlite", tmp_path / "blank") as blank:
        yield blank


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await build_world(office, clock)


async def rows_of(engine: database.Database) -> dict[str, list[list[object]]]:
    """Every row of every table that a backup holds, without the audit lines of the backup itself."""
    async with open_snapshot(engine) as shot:
        found = {}
        for table in tables_in_order():
            if table not in TRANSIENT:
                columns = await shot.columns(table)
                found[table] = [encode_row(row) async for row in shot.rows(table, columns)]
    found["audit_line"] = [
        row for row in found["audit_line"] if not {"backup.make", "backup.restore"} & set(map(str, row))
    ]
    return found


async def restored(settings: Settings, clock: Clock) -> Office:
    return await open_office(settings, clock=clock, packs_folder=PACKS)


async def test_everything_comes_back_in_either_database_and_the_office_goes_on(
    there: Settings, world: World, tmp_path: Path, clock: Clock
) -> None:
    draw = await inspected(world)
    office, file, keys = world.office, tmp_path / "office.acb", tmp_path / "keys.acb"
    (office.settings.data / "photographs").mkdir()
    (office.settings.data / "photographs" / "1.jpg").write_bytes(os.urandom(200_000))
    made = await make_backup(office, OWNER, file, OPENER)
    await make_key_backup(office, OWNER, keys, OPENER)
    before, head = await rows_of(office.engine), await load_checkpoint()
    assert made.manifest.n_rows >= sum(map(len, before.values()))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await close_office(office)
    target = Target(folder=there.data, database=there.database)
    await restore_backup(keys, OPENER, target, actor=OWNER, clock=clock)
    done = await restore_backup(file, OPENER, target, actor=OWNER, clock=clock, head=head)
    assert (done.behind, done.compared, done.n_files) == (None, True, 1)
    again = await restored(there, clock)
    assert again.log_state.fork is None
    assert await rows_of(again.engine) == before
    assert await load_checkpoint() == head == read_guard(there.keys)
    line = await AuditLine.select().where(AuditLine.action == "backup.restore").first()
    assert line is not None
    assert json.loads(line["details_json"])["entries"] == made.manifest.n_entries
    assert (there.data / "photographs" / "1.jpg").read_bytes() == (
        office.settings.data / "photographs" / "1.jpg"
    ).read_bytes()
    here = {p.name: p.read_bytes() for p in office.settings.keys.iterdir() if p.suffix == ".json"}
    assert {p.name: p.read_bytes() for p in there.keys.iterdir() if p.suffix == ".json"} == here
    # what comes next: ids go on, rules hold, secrets open
    await publish_draw(again, world.approver, draw)
    assert await LogEntry.count() > made.manifest.n_entries
    with pytest.raises(RefusedError, match="append-only"):
        await DrawStep.delete(force=True)
    await close_office(again)
    assert [path.name for path in there.data.iterdir() if path.name.startswith(".restore")] == []


async def test_rows_that_refer_to_later_rows_of_their_table_come_back(
    there: Settings, world: World, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch may stand in the register before the agency that it belongs to; a row goes in at a time."""
    ids = await Agency.select(Agency.id).order_by(Agency.id).output(as_list=True)
    await Agency.update({Agency.branch_of: ids[-1]}).where(Agency.id == ids[0])
    file = tmp_path / "office.acb"
    await make_backup(world.office, OWNER, file, OPENER)
    await close_office(world.office)
    monkeypatch.setattr(backup_content, "_PAGE", 1)
    target = Target(folder=there.data, database=there.database)
    await restore_backup(file, OPENER, target, actor=OWNER, clock=clock)
    engine = database.connect(there)
    await database.start(engine)
    assert await Agency.select(Agency.branch_of).where(Agency.id == ids[0]).first() == {"branch_of": ids[-1]}
    with pytest.raises(RefusedError):  # and the reference holds from here on
        await Agency.update({Agency.branch_of: 10**9}).where(Agency.id == ids[0])
    await database.stop(engine)


async def test_a_backup_is_taken_while_others_write_and_is_of_one_instant(
    world: World, tmp_path: Path, clock: Clock
) -> None:
    """A use case runs to its end in the middle of the backup: none of its rows is in it."""
    from agency_credit.services.draw_draft import draft_draw

    draw = await draft_draw(world.office, world.drafter, await good_draft(world))
    n_entries = await LogEntry.count()
    write_table, done = backup._write_table, asyncio.Event()

    async def announce_meanwhile(snapshot, table, lines, manifest):  # type: ignore[no-untyped-def]
        if table == "log_entry":
            await announce_draw(world.office, world.drafter, draw)
            done.set()
        await write_table(snapshot, table, lines, manifest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "_write_table", announce_meanwhile)
        made = await make_backup(world.office, OWNER, tmp_path / "b.acb", OPENER)
    assert done.is_set()
    assert await LogEntry.count() > n_entries == made.manifest.n_entries
    assert made.manifest.tables["draw_step"][0] == 0
    checked = await verify_backup(tmp_path / "b.acb", OPENER, world.office.settings)
    assert checked.n_entries == n_entries


async def test_backups_beside_a_draw_that_is_announced_are_all_whole(world: World, tmp_path: Path) -> None:
    from agency_credit.services.draw_draft import draft_draw

    draw = await draft_draw(world.office, world.drafter, await good_draft(world))
    files = [tmp_path / f"{n}.acb" for n in range(3)]
    await asyncio.gather(
        announce_draw(world.office, world.drafter, draw),
        *(make_backup(world.office, OWNER, file, OPENER) for file in files),
    )
    for file in files:
        await verify_backup(file, OPENER, world.office.settings)
        await database.start(world.office.engine)
        database.bind_tables(world.office.engine)


async def test_two_at_once_to_one_name_and_a_name_that_is_taken(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "b.acb"
    both = await asyncio.gather(
        *(make_backup(office, OWNER, file, OPENER) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in both) == ["Made", "RefusedError"]
    kept = file.read_bytes()
    with pytest.raises(InputError) as caught:
        await make_backup(office, OWNER, file, OPENER)
    assert caught.value.code == "backup.exists"
    assert file.read_bytes() == kept
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_a_disk_that_fills_up_leaves_no_half_file(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(self: BoxWriter) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(BoxWriter, "finish", fill_up)
    with pytest.raises(UnavailableError) as caught:
        await make_backup(office, OWNER, tmp_path / "b.acb", OPENER)
    assert caught.value.code == "backup.disk"
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == []


async def test_only_who_runs_the_machine_makes_one_and_a_short_passphrase_is_refused(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "b.acb"
    with pytest.raises(ForbiddenError):
        await make_backup(office, Actor(username="x", roles=frozenset({Role.DRAFTER})), file, OPENER)
    with pytest.raises(InputError) as caught:
        await make_backup(office, OWNER, file, Opener(passphrase="short"))
    assert caught.value.code == "backup.passphrase"
    assert not file.exists()


async def test_the_keys_are_in_no_backup_of_the_office(office: Office, tmp_path: Path) -> None:
    await make_backup(office, OWNER, tmp_path / "b.acb", OPENER)
    content = b"".join(line for line, _ in read_lines(BoxReader((tmp_path / "b.acb").open("rb"), OPENER)))
    for path in office.settings.keys.glob("*.json"):
        value = json.loads(path.read_bytes())
        secrets = [value["key"]] if "key" in value else [pair["private"] for pair in value["keys"]]
        for secret in secrets:
            assert secret.encode() not in content
    assert find_files(office.settings) == []


async def test_sessions_stay_out(world: World, tmp_path: Path) -> None:
    from agency_credit.services.sessions import open_session
    from tests.world import PASSWORD

    await open_session(world.office, "drafter", PASSWORD, address="127.0.0.1")
    assert await Session.count() == 1
    made = await make_backup(world.office, OWNER, tmp_path / "b.acb", OPENER)
    assert "session" not in made.manifest.tables


# --- yesterday's backup -------------------------------------------------------------------------------


async def test_yesterdays_backup_is_refused_then_read_only_until_a_person_decides(
    alike: Settings, office: Office, clock: Clock, tmp_path: Path
) -> None:
    from agency_credit.services.accept_fork import accept_fork
    from agency_credit.services.key_rotation import rotate_log_key

    await rotate_log_key(office, OWNER)
    file = tmp_path / "yesterday.acb"
    await make_backup(office, OWNER, file, OPENER)
    clock.forward(days=1)
    await rotate_log_key(office, OWNER)
    newest = read_guard(office.keys.folder)
    await close_office(office)
    checked = await verify_backup(file, OPENER, office.settings)
    assert checked.behind is not None  # whole, but not the newest
    target = Target(folder=office.settings.data, database=alike.database, replace=True)
    with pytest.raises(RefusedError) as caught:
        await restore_backup(file, OPENER, target, actor=OWNER, clock=clock)
    assert caught.value.code == "restore.older"
    older = Target(folder=office.settings.data, database=alike.database, replace=True, older=True)
    await restore_backup(file, OPENER, older, actor=OWNER, clock=clock)
    there = Settings(data=office.settings.data, database=alike.database)
    again = await restored(there, clock)
    assert again.log_state.fork is not None
    with pytest.raises(UnavailableError, match="older state"):
        await rotate_log_key(again, OWNER)
    assert read_guard(there.keys) == newest
    await accept_fork(again, OWNER, "the disk of the server broke on 24 November")
    await rotate_log_key(again, OWNER)
    await close_office(again)


async def test_a_head_from_elsewhere_shows_that_a_backup_is_old(
    office: Office, clock: Clock, tmp_path: Path
) -> None:
    from agency_credit.services.key_rotation import rotate_log_key

    await rotate_log_key(office, OWNER)
    await make_backup(office, OWNER, tmp_path / "b.acb", OPENER)
    await rotate_log_key(office, OWNER)
    head = await load_checkpoint()
    await close_office(office)
    elsewhere = Settings(data=tmp_path / "none")
    assert (await verify_backup(tmp_path / "b.acb", OPENER, elsewhere)).compared is False
    with pytest.raises(FaultsError) as caught:
        await verify_backup(tmp_path / "b.acb", OPENER, elsewhere, head)
    assert [fault.code for fault in caught.value.faults] == ["log.rolled-back"]
    with pytest.raises(FaultsError):
        await verify_backup(tmp_path / "b.acb", OPENER, elsewhere, "no note\n")


# --- recipients and the command line ------------------------------------------------------------------


def test_what_is_closed_for_a_recipient_opens_with_its_identity_alone(tmp_path: Path) -> None:
    public = make_identity(tmp_path / "identity")
    (tmp_path / "recipient").write_text(public + "\n")
    make_identity(tmp_path / "other")
    assert stat.S_IMODE((tmp_path / "identity").stat().st_mode) == 0o600
    write_box(tmp_path / "b.acb", [{"x": "密"}], read_recipient(tmp_path / "recipient"))
    lines = read_lines(BoxReader((tmp_path / "b.acb").open("rb"), read_identity(tmp_path / "identity")))
    assert [value for _, value in lines] == [{"x": "密"}]
    for opener, code in (
        (read_identity(tmp_path / "other"), "backup.locked"),
        (read_recipient(tmp_path / "recipient"), "backup.locked"),
        (OPENER, "backup.needs-identity"),
    ):
        with pytest.raises(InputError) as caught:
            BoxReader((tmp_path / "b.acb").open("rb"), opener)
        assert caught.value.code == code
    with pytest.raises(InputError):
        make_identity(tmp_path / "identity")
    for path in ("identity", "b.acb"):
        with pytest.raises(InputError):
            read_recipient(tmp_path / path)


def test_values_of_every_kind_come_back() -> None:
    from datetime import UTC, date, datetime
    from decimal import Decimal

    row = [
        None,
        True,
        0,
        2**63 - 1,
        "密\n\u2028",
        b"\0\xff",
        datetime(2026, 1, 1, tzinfo=UTC),
        date(2026, 1, 1),
        Decimal("1.10"),
    ]
    back = decode_row(json.loads(json.dumps(encode_row(row))))
    assert back == row
    assert list(map(type, back)) == list(map(type, row))
    with pytest.raises(TypeError):
        encode_row([object()])


def test_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("AGENCY_CREDIT_DATABASE", raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")

    def say(passphrase: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{passphrase}\n".encode())))

    office, keys = str(tmp_path / "office.acb"), str(tmp_path / "keys.acb")
    for command, file in (("make", office), ("keys", keys)):
        say("correct horse battery")
        assert run(["backup", command, file, "--passphrase-stdin"]) == 0
    say("wrong horse battery")
    assert run(["backup", "verify", office, "--passphrase-stdin"]) == 2
    say("correct horse battery")
    capsys.readouterr()
    assert run(["backup", "verify", office, "--passphrase-stdin", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "office"
    for file in (keys, office):
        say("correct horse battery")
        assert run(["backup", "restore", file, "--to", str(tmp_path / "new"), "--passphrase-stdin"]) == 0
    assert run(["backup", "recipient", str(tmp_path / "identity")]) == 0
    (tmp_path / "recipient").write_text(capsys.readouterr().out.splitlines()[-1])
    unattended = str(tmp_path / "unattended.acb")
    assert run(["backup", "make", unattended, "--recipient", str(tmp_path / "recipient")]) == 0
    assert run(["backup", "verify", unattended, "--identity", str(tmp_path / "identity")]) == 0
    data = Path(office).read_bytes()
    Path(office).write_bytes(data[:-1])
    say("correct horse battery")
    assert run(["backup", "verify", office, "--passphrase-stdin"]) == 1
    assert "backup.damaged" in capsys.readouterr().err
