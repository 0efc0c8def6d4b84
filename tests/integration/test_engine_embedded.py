"""The engine on SQLite: locks, full disks, other processes, and a clean way out."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agency_credit import database
from agency_credit.database import transaction
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import District, LegalParameter
from agency_credit.domain.errors import RefusedError, UnavailableError
from agency_credit.settings import Settings
from tests.databases import Databases

PRELUDE = """
import asyncio, os, signal, sys
from pathlib import Path
from agency_credit import database
from agency_credit.database import transaction
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import AuditLine, District, LegalParameter
engine = EmbeddedEngine(Path(sys.argv[1]), busy_seconds=float(sys.argv[2]))
database.bind_tables(engine)
"""


@pytest.fixture
def path(databases: Databases, tmp_path: Path) -> Path:
    """File of a fresh, migrated database."""
    return databases.fresh("sqlite", tmp_path).database_file


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[EmbeddedEngine]:
    """An engine that waits a tenth of a second for other processes."""
    engine = EmbeddedEngine(path, busy_seconds=0.1)
    database.bind_tables(engine)
    yield engine
    engine.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Somebody else holds the write lock of the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def start_process(path: Path, program: str, *, busy_seconds: float = 20) -> subprocess.Popen[str]:
    """Another process that works on the same file."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program), str(path), str(busy_seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_a_locked_database_is_a_clear_error_and_leaves_nothing_behind(engine: EmbeddedEngine) -> None:
    n_threads = threading.active_count()
    with locked(Path(engine.path)):
        for _ in range(3):
            with pytest.raises(UnavailableError) as caught:
                await District.insert(District(code="1"))
            assert caught.value.code == "database.locked"
    assert threading.active_count() == n_threads
    await District.insert(District(code="1"))


async def test_a_locked_database_can_still_be_read(engine: EmbeddedEngine) -> None:
    await District.insert(District(code="1"))
    with locked(Path(engine.path)):
        assert await District.count() == 1


async def test_a_process_that_met_a_locked_database_exits(path: Path) -> None:
    program = """
        async def main():
            try:
                async with transaction():
                    pass
            except Exception as error:
                print(error.code)
        asyncio.run(main())
    """
    with locked(path):
        process = start_process(path, program, busy_seconds=0.1)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "database.locked\n", "")


async def test_waiting_for_another_process_holds_up_nobody(engine: EmbeddedEngine) -> None:
    engine.busy_seconds = 30
    other = sqlite3.connect(engine.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(_append("1"))
    await asyncio.sleep(0.02)
    assert await District.count() == 0  # the loop goes on, reads are answered
    assert not waiting.done()
    other.close()
    await waiting
    assert await District.count() == 1


async def test_a_commit_that_fails_takes_everything_back_and_frees_the_lock(engine: EmbeddedEngine) -> None:
    engine.writer.execute(
        "CREATE TABLE child (parent INTEGER REFERENCES district DEFERRABLE INITIALLY DEFERRED)"
    )

    async def fail() -> None:
        async with transaction():
            await District.insert(District(code="1"))
            await engine.run_ddl("INSERT INTO child VALUES (99)")

    with pytest.raises(RefusedError) as caught:
        await fail()
    assert caught.value.code == "database.rule"
    assert not engine.transaction_exists()
    with closing(sqlite3.connect(engine.path, timeout=0)) as other:  # the lock is free for others, too
        other.execute("BEGIN IMMEDIATE")
    assert await District.count() == 0


async def test_a_full_disk_is_a_clear_error_and_changes_nothing(engine: EmbeddedEngine) -> None:
    pages = engine.writer.execute("PRAGMA page_count").fetchone()["page_count"]
    engine.writer.execute(f"PRAGMA max_page_count={pages + 2}")

    async def fill() -> None:
        async with transaction():
            for number in range(50):
                await LegalParameter.insert(LegalParameter(key=str(number), value="x" * 4000, status="found"))

    with pytest.raises(UnavailableError) as caught:
        await fill()
    assert caught.value.code == "database.full"
    assert await LegalParameter.count() == 0
    await District.insert(District(code="1"))


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "agency-credit.db").write_bytes(b"PK\x03\x04 a workbook, not a database " * 40)
    with pytest.raises(UnavailableError, match="cannot be used"):
        await database.start(database.connect(Settings(data=tmp_path)))


async def test_a_folder_in_the_place_of_the_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "agency-credit.db").mkdir()
    with pytest.raises(UnavailableError, match="cannot be used"):
        await database.start(database.connect(Settings(data=tmp_path)))


async def test_two_processes_count_up_and_no_step_is_lost(engine: EmbeddedEngine, path: Path) -> None:
    await LegalParameter.insert(LegalParameter(key="n", value="0", status="entered"))
    program = """
        async def count_up():
            async with transaction():
                row = await LegalParameter.select(LegalParameter.value).first()
                await LegalParameter.update({LegalParameter.value: str(int(row["value"]) + 1)}, force=True)
        async def main():
            await asyncio.gather(*(count_up() for _ in range(100)))
        asyncio.run(main())
    """
    processes = [start_process(path, program) for _ in range(2)]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    assert await LegalParameter.select(LegalParameter.value) == [{"value": "200"}]


async def test_what_was_not_committed_when_the_process_was_killed_is_gone(path: Path) -> None:
    program = """
        async def main():
            await District.insert(District(code="committed"))
            async with transaction():
                await District.insert(District(code="half done"))
                os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
    """
    assert start_process(path, program).wait(timeout=60) == -9
    engine = EmbeddedEngine(path)
    database.bind_tables(engine)
    assert await District.select(District.code) == [{"code": "committed"}]
    engine.close()


async def test_a_process_with_an_open_engine_ends_on_sigterm(path: Path) -> None:
    program = """
        async def main():
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
            await District.insert(District(code="1"))
            async with transaction():
                print("ready", flush=True)
                await asyncio.Event().wait()
        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            print("ended")
    """
    process = start_process(path, program)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.communicate(timeout=60) == ("ended\n", "")
    assert process.returncode == 0


async def test_the_engine_starts_no_thread(engine: EmbeddedEngine) -> None:
    n_threads = threading.active_count()
    await asyncio.gather(*(_append(str(number)) for number in range(20)))
    await asyncio.gather(*(District.count() for _ in range(20)))
    assert threading.active_count() == n_threads


async def test_durable_and_strict_settings_hold_on_both_connections(engine: EmbeddedEngine) -> None:
    wanted = {"synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "journal_mode": "wal"}
    engine.open()
    for connection in (engine._reader, engine._writer):
        assert connection is not None
        assert {name: connection.execute(f"PRAGMA {name}").fetchone()[name] for name in wanted} == wanted


async def _append(code: str) -> None:
    async with transaction():
        await District.insert(District(code=code))
