"""The engine on PostgreSQL: its pool, its locks, a server that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agency_credit import database
from agency_credit.database import lock_log, transaction
from agency_credit.database.server import ServerEngine
from agency_credit.database.tables import District, Draw, DrawStep, Person
from agency_credit.domain.errors import RefusedError, UnavailableError
from tests.databases import Databases

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)


@pytest.fixture
def address(databases: Databases, tmp_path: Path) -> str:
    """Address of a fresh, migrated database."""
    address = databases.fresh("postgres", tmp_path).database
    assert address is not None
    return address


@pytest.fixture
async def engine(address: str) -> AsyncIterator[ServerEngine]:
    """An engine with two connections, that waits a fifth of a second."""
    engine = ServerEngine(address, pool_size=2, wait_seconds=0.2)
    database.bind_tables(engine)
    await engine.open()
    yield engine
    await engine.close()


async def _hold(started: asyncio.Event, end: asyncio.Event) -> None:
    async with transaction():
        await lock_log()
        started.set()
        await end.wait()


async def test_a_pool_in_use_is_a_clear_error_and_no_deadlock(engine: ServerEngine) -> None:
    holders = [await engine.take() for _ in range(2)]
    for attempt in (District.count(), _transaction()):
        with pytest.raises(UnavailableError) as caught:
            await attempt
        assert caught.value.code == "database.late"
    for connection in holders:
        await engine.release(connection)
    assert await District.count() == 0


async def test_waiting_too_long_for_a_lock_is_a_clear_error(engine: ServerEngine) -> None:
    started, end = asyncio.Event(), asyncio.Event()
    holder = asyncio.create_task(_hold(started, end))
    await started.wait()
    with pytest.raises(UnavailableError) as caught:
        await _transaction()
    assert caught.value.code == "database.locked"
    end.set()
    await holder
    await _transaction()


async def test_a_begin_that_fails_gives_its_connection_back(
    engine: ServerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncpg.transaction import Transaction

    async def fail(_self: object) -> None:
        raise ConnectionResetError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "start", fail)
        for _ in range(5):  # more often than there are connections
            with pytest.raises(UnavailableError):
                await _transaction()
    await _transaction()


async def test_a_commit_that_fails_leaves_no_transaction_behind(engine: ServerEngine) -> None:
    await engine.run_ddl(
        "ALTER TABLE agency_practice ALTER CONSTRAINT agency_practice_agency_fkey DEFERRABLE"
    )

    async def fail() -> None:
        async with transaction():
            await engine.run_ddl("SET CONSTRAINTS ALL DEFERRED")
            await engine.run_ddl("INSERT INTO agency_practice (agency, practice_line) VALUES (99, 'patent')")

    try:
        for _ in range(5):
            with pytest.raises(RefusedError):
                await fail()
        assert not engine.transaction_exists()
        await _transaction()
    finally:
        await engine.run_ddl(
            "ALTER TABLE agency_practice ALTER CONSTRAINT agency_practice_agency_fkey NOT DEFERRABLE"
        )


async def test_a_connection_cut_inside_a_transaction_is_a_clear_error(engine: ServerEngine) -> None:
    async def cut() -> None:
        async with transaction():
            await District.insert(District(code="1"))
            await engine.run_ddl("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(UnavailableError) as caught:
        await cut()
    assert caught.value.code == "database.unusable"
    assert await District.count() == 0


async def test_cancelling_many_queries_leaves_the_pool_whole(engine: ServerEngine) -> None:
    tasks = [asyncio.create_task(engine.run_ddl("SELECT pg_sleep(10)")) for _ in range(2)]
    await asyncio.sleep(0.05)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    counts = await asyncio.gather(*(District.count() for _ in range(10)))
    assert counts == [0] * 10


async def test_no_server_at_the_address_is_a_clear_error(tmp_path: Path) -> None:
    engine = ServerEngine(f"postgresql://ac@/nobody?host={tmp_path}", wait_seconds=0.5)
    with pytest.raises(UnavailableError, match="cannot be used"):
        await engine.open()


async def test_an_unknown_database_is_a_clear_error(address: str) -> None:
    engine = ServerEngine(address.replace("/migrated", "/unknown"), wait_seconds=5)
    with pytest.raises(UnavailableError, match="cannot be used"):
        await engine.open()


async def test_a_draft_cannot_change_beside_the_step_that_freezes_it(engine: ServerEngine) -> None:
    person = (await Person.insert(Person(username="a", created_at=AT)))[0]["id"]
    draw = (await Draw.insert(Draw(draw="3703-2026-001", drafted_by=person, drafted_at=AT, changed_at=AT)))[
        0
    ]["id"]
    started, end = asyncio.Event(), asyncio.Event()

    async def announce() -> None:
        async with transaction():
            await DrawStep.insert(DrawStep(draw=draw, step="announced", at=AT, by=person))
            started.set()
            await end.wait()

    announcing = asyncio.create_task(announce())
    await started.wait()
    with pytest.raises(UnavailableError):  # it waits for the step, not past it
        await Draw.update({Draw.title: "another"}).where(Draw.id == draw)
    end.set()
    await announcing
    with pytest.raises(RefusedError, match="frozen"):
        await Draw.update({Draw.title: "another"}).where(Draw.id == draw)


async def _transaction() -> None:
    async with transaction():
        await lock_log()
