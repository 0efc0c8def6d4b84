"""The fork guard: an older or another database under the same keys is seen, said, and changes nothing."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import asyncpg
import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import AuditLine, Checkpoint, District, LogEntry
from agency_credit.domain.errors import (
    ForbiddenError,
    InputError,
    RefusedError,
    UnavailableError,
    VerificationError,
)
from agency_credit.domain.role import OPERATOR, SYSTEM_ADMINISTRATOR, Actor, Role
from agency_credit.publication.checkpoint import parse_checkpoint
from agency_credit.publication.entry import parse_entry
from agency_credit.publication.note import parse_note
from agency_credit.services import log
from agency_credit.services.accept_fork import accept_fork
from agency_credit.services.fork_guard import read_guard
from agency_credit.services.key_rotation import rotate_log_key
from agency_credit.services.log import append_log_entry, load_checkpoint, sign_checkpoint
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.operation import operation
from agency_credit.settings import Settings
from tests.conftest import PACKS, Clock
from tests.integration.console import desk_of
from tests.visitor import visit
from tests.world import add_account

OWNER = Actor(username="operator", roles=OPERATOR)


async def publish(office: Office, n: int = 1) -> None:
    """Grow the log by `n` entries, each in a use case of its own."""
    for _ in range(n):
        async with operation(office, OWNER, "test.entry", "D1", roles=SYSTEM_ADMINISTRATOR) as op:
            await op.append_entry("draw.announced", "D1", {"announcement": "a" * 64})


async def put_back(settings: Settings, size: int) -> None:
    """Make the database what it was when the log had `size` entries, past every rule of it."""
    statements = [
        f'DELETE FROM log_entry WHERE "index" >= {size}',
        f"DELETE FROM checkpoint WHERE size > {size}",
    ]
    if settings.database:
        connection = await asyncpg.connect(settings.database)
        await connection.execute("; ".join(["SET session_replication_role = replica", *statements]))
        await connection.close()
        return
    with closing(sqlite3.connect(settings.database_file)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in [*statements, *(sql for _, sql in triggers)]:
            connection.execute(statement)
        connection.commit()


async def reopened(office: Office, clock: Clock) -> Office:
    """The office as another process opens it."""
    return await open_office(office.settings, clock=clock, packs_folder=PACKS)


async def test_the_head_is_outside_the_database_as_soon_as_it_is_served(office: Office) -> None:
    assert read_guard(office.keys.folder) is None
    for _ in range(3):
        await publish(office)
        assert read_guard(office.keys.folder) == await load_checkpoint()
    assert stat.S_IMODE((office.keys.folder / "checkpoint").stat().st_mode) == 0o600


async def test_a_head_that_cannot_be_written_outside_is_not_stored(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UnavailableError("log.guard-disk", "full")

    monkeypatch.setattr(log, "write_guard", fail)
    with pytest.raises(UnavailableError):
        await publish(office)
    assert await load_checkpoint() is None
    monkeypatch.undo()
    assert parse_checkpoint(parse_note(await sign_checkpoint(office) or "").text).size == 1


async def test_a_process_that_ended_after_the_file_and_before_the_commit_goes_on(
    office: Office, clock: Clock
) -> None:
    await publish(office, 2)
    await put_back(office.settings, 2)
    async with transaction():
        await append_log_entry("draw.announced", "D1", {}, at=office.now(), is_committed=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "insert", None)
        with pytest.raises(TypeError):
            await sign_checkpoint(office)
    again = await reopened(office, clock)
    assert again.log_state.fork is None
    assert parse_checkpoint(parse_note(await load_checkpoint() or "").text).size == 3


async def test_yesterdays_database_is_read_only_signs_nothing_and_says_why(
    office: Office, clock: Clock
) -> None:
    await add_account(office, "drafter", Role.DRAFTER)
    await publish(office, 5)
    newest = read_guard(office.keys.folder)
    await put_back(office.settings, 3)
    again = await reopened(office, clock)
    assert again.log_state.fork is not None
    assert again.log_state.fork.code == "log.rolled-back"
    assert again.log_state.fork.params == {"n": 5, "found": 3}
    for _ in range(2):
        with pytest.raises(UnavailableError) as caught:
            await publish(again)
        assert caught.value.code == "log.rolled-back"
    assert await LogEntry.count() == 3
    assert await Checkpoint.count() == 3
    assert read_guard(office.keys.folder) == newest
    line = await AuditLine.select().order_by(AuditLine.id, ascending=False).first()
    assert line is not None
    assert (line["action"], line["outcome"], "log.rolled-back" in line["details_json"]) == (
        "test.entry",
        "refused",
        True,
    )
    async with visit(again) as client:
        for path in ("/", "/agencies", "/draws", "/nothing", "/admin/login"):
            page = (await client.get(path)).text
            assert "最近签名的检查点覆盖公开日志 5 条" in page
            assert 'class="read-only" role="alert"' in page
        assert "covers 5 entries" in (await client.get("/en/")).text
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "log.rolled-back")
        assert (await client.get("/healthz")).status_code == 200
    async with desk_of(again, "drafter") as desk:
        assert "最近签名的检查点" in (await desk.open("/admin")).text
        answer = await desk.send_json("/api/v1/draws", {})
        assert answer.status_code in (422, 503)
    await close_office(again)


async def test_a_start_on_yesterdays_database_fills_in_and_tidies_up_nothing(
    office: Office, clock: Clock
) -> None:
    await publish(office, 2)
    await put_back(office.settings, 1)
    await District.delete(force=True)
    folder = office.settings.bundles / "unknown-draw"
    folder.mkdir(parents=True)
    again = await reopened(office, clock)
    assert await District.count() == 0
    assert folder.exists()
    await close_office(again)


async def test_a_running_service_sees_it_at_the_next_use_case_and_page(office: Office) -> None:
    await publish(office, 3)
    await put_back(office.settings, 2)
    with pytest.raises(UnavailableError):
        await publish(office)
    office.log_state.fork, office.log_state.looked_at = None, float("-inf")
    async with visit(office) as client:
        assert 'class="read-only"' in (await client.get("/")).text


async def test_another_history_of_the_same_length_is_seen(office: Office) -> None:
    await publish(office, 3)
    await put_back(office.settings, 2)
    async with transaction():
        await append_log_entry("draw.announced", "D2", {}, at=office.now(), is_committed=False)
    with pytest.raises(UnavailableError) as refused:
        await publish(office)
    assert refused.value.code == "log.forked"
    with pytest.raises(VerificationError) as caught:
        await sign_checkpoint(office)
    assert caught.value.code == "log.forked"
    assert await Checkpoint.count() == 2


@pytest.mark.parametrize(
    ("content", "code"), [(None, "log.guard-missing"), (b"no note\n", "log.guard-foreign")]
)
async def test_without_its_guard_file_a_signed_log_is_read_only(
    office: Office, clock: Clock, content: bytes | None, code: str
) -> None:
    await publish(office, 2)
    path = office.keys.folder / "checkpoint"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    again = await reopened(office, clock)
    with pytest.raises(UnavailableError) as caught:
        await publish(again)
    assert caught.value.code == code
    assert await accept_fork(again, OWNER, "restored by hand, nothing newer was ever served") == code
    await publish(again)
    await close_office(again)


async def test_a_person_decides_once_and_the_log_says_so_for_ever(office: Office, clock: Clock) -> None:
    await publish(office, 5)
    lost = read_guard(office.keys.folder)
    await put_back(office.settings, 3)
    again = await reopened(office, clock)
    with pytest.raises(InputError):
        await accept_fork(again, OWNER, " ")
    with pytest.raises(ForbiddenError):
        await accept_fork(again, Actor(username="x", roles=frozenset({Role.SECURITY})), "because")
    assert (
        await accept_fork(again, OWNER, "the disk broke; the backup of the night before is the newest")
        == "log.rolled-back"
    )
    row = await LogEntry.select().order_by(LogEntry.index, ascending=False).first()
    assert row is not None
    entry = parse_entry(bytes(row["entry"]))
    assert (row["index"], entry.type.value) == (3, "checkpoint.forsaken")
    assert dict(entry.body) == {
        "checkpoint": lost,
        "reason": "the disk broke; the backup of the night before is the newest",
        "size": 5,
    }
    assert read_guard(office.keys.folder) == await load_checkpoint()
    await publish(again, 2)
    with pytest.raises(RefusedError) as caught:
        await accept_fork(again, OWNER, "once more")
    assert caught.value.code == "log.no-fork"
    assert (
        await AuditLine.count().where((AuditLine.action == "log.accept-fork") & (AuditLine.outcome == "done"))
        == 1
    )
    third = await reopened(office, clock)
    assert third.log_state.fork is None
    await close_office(third)


async def test_no_decision_mends_a_database_that_contradicts_itself(office: Office) -> None:
    await publish(office, 3)
    await put_back(office.settings, 3)
    await Checkpoint.insert(Checkpoint(size=9, root="0" * 64, note="", signed_at=office.now()))
    with pytest.raises(RefusedError) as caught:
        await accept_fork(office, OWNER, "never mind")
    assert caught.value.code == "log.forked"
    assert await LogEntry.count() == 3


# --- fsck ---------------------------------------------------------------------------------------------


async def verdict(office: Office) -> set[str]:
    """Codes of the faults that the log check finds."""
    keys = [signer.verifier for signer in office.keys.load_log_signers()]
    guard = read_guard(office.keys.folder)
    return {fault.code for fault in (await check_log(keys, [guard] if guard else [])).faults}


async def test_a_sound_log_has_no_faults_and_is_counted(office: Office) -> None:
    await publish(office, 3)
    await rotate_log_key(office, OWNER)
    async with operation(office, OWNER, "test.entry", "D1", roles=None) as op:
        await op.append_entry("result.published", "D1", {"findings": "无"}, is_committed=True)
    keys = [signer.verifier for signer in office.keys.load_log_signers()]
    report = await check_log(keys, [read_guard(office.keys.folder) or ""])
    assert report.faults == []
    assert (report.n_entries, report.n_bodies, report.n_checkpoints) == (5, 1, 5)
    assert report.root == parse_checkpoint(parse_note(await load_checkpoint() or "").text).root.hex()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE log_entry SET subject = 'D9' WHERE \"index\" = 1", "log.columns"),
        ('UPDATE log_entry SET leaf_hash = entry WHERE "index" = 1', "log.leaf"),
        ('UPDATE log_entry SET entry = leaf_hash WHERE "index" = 1', "log.forked"),
        ('DELETE FROM log_entry WHERE "index" = 1', "log.gap"),
        ('DELETE FROM log_entry WHERE "index" = 2', "log.rolled-back"),
        ("UPDATE checkpoint SET root = repeat_zero WHERE size = 2", "log.forked"),
        ("UPDATE checkpoint SET note = 'x' WHERE size = 2", "note.form"),
        ("UPDATE log_body SET body_json = '{}'", "log.body"),
        ("UPDATE log_body SET log_index = 1", "log.stray"),
    ],
)
async def test_whatever_was_changed_past_the_rules_is_found(
    office: Office, statement: str, code: str
) -> None:
    await publish(office, 2)
    async with operation(office, OWNER, "test.entry", "D1", roles=None) as op:
        await op.append_entry("result.published", "D1", {"findings": "无"}, is_committed=True)
    assert await verdict(office) == set()
    await tamper(office.settings, statement.replace("repeat_zero", f"'{'0' * 64}'"))
    assert code in await verdict(office)


async def tamper(settings: Settings, statement: str) -> None:
    """Run `statement` past the triggers, as somebody with the database in his hands would."""
    if settings.database:
        connection = await asyncpg.connect(settings.database)
        await connection.execute(f"SET session_replication_role = replica; {statement}")
        await connection.close()
        return
    with closing(sqlite3.connect(settings.database_file)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement)
        connection.commit()
