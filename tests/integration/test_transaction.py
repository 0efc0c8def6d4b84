"""One behaviour of transactions on both databases, above all when something goes wrong."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database import Database, lock_log, transaction
from agency_credit.database.tables import AgencyPractice, District, Inspector, LegalParameter
from agency_credit.domain.errors import ConflictError, RefusedError


async def codes() -> list[str]:
    """What is committed."""
    return [row["code"] for row in await District.select(District.code).order_by(District.code)]


async def append(code: str) -> None:
    """A row whose code is unique."""
    await District.insert(District(code=code, name="张店区"))


async def test_what_was_written_is_there_afterwards(engine: Database) -> None:
    async with transaction():
        await append("370303")
    assert await codes() == ["370303"]


async def test_a_failure_takes_everything_back(engine: Database) -> None:
    async def fail() -> None:
        async with transaction():
            await append("370303")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await codes() == []


async def test_the_next_transaction_works_after_a_failure(engine: Database) -> None:
    async def fail() -> None:
        async with transaction():
            await append("1")
            await append("1")

    for _ in range(30):  # more often than there are connections
        with pytest.raises(ConflictError):
            await fail()
    async with transaction():
        await append("2")
    assert await codes() == ["2"]


async def test_nothing_of_an_open_transaction_is_seen_from_outside(engine: Database) -> None:
    written, read = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with transaction():
            await append("1")
            written.set()
            await read.wait()

    task = asyncio.create_task(write())
    await written.wait()
    assert await codes() == []
    read.set()
    await task
    assert await codes() == ["1"]


async def test_transactions_do_not_nest(engine: Database) -> None:
    async with transaction():
        await append("1")
        with pytest.raises(RuntimeError, match="do not nest"):
            async with transaction():
                await append("2")
    assert await codes() == ["1"]


async def test_a_task_started_inside_may_not_write_beside_its_owner(engine: Database) -> None:
    async with transaction():
        with pytest.raises(RuntimeError, match="belongs to one task"):
            await asyncio.create_task(append("1"))
        await append("2")
    assert await codes() == ["2"]


async def test_a_task_started_inside_may_not_write_after_the_end(engine: Database) -> None:
    ended = asyncio.Event()

    async def late() -> None:
        await ended.wait()
        await append("1")

    async with transaction():
        task = asyncio.create_task(late())
    ended.set()
    with pytest.raises(RuntimeError, match="has ended"):
        await task
    assert await codes() == []


async def test_gathered_queries_inside_are_refused_alike(engine: Database) -> None:
    with pytest.raises(RuntimeError, match="one after another"):
        async with transaction():
            await asyncio.gather(append("1"), append("2"))
    assert await codes() == []


async def test_gathered_queries_outside_are_fine(engine: Database) -> None:
    await asyncio.gather(*(append(f"{number:02}") for number in range(40)))
    assert len(await codes()) == 40


async def test_cancellation_takes_everything_back_and_frees_the_lock(engine: Database) -> None:
    written = asyncio.Event()

    async def write() -> None:
        async with transaction():
            await append("1")
            await lock_log()
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with transaction():
        await lock_log()
        await append("2")
    assert await codes() == ["2"]


async def test_whoever_waits_for_its_turn_can_be_cancelled(engine: Database) -> None:
    async def wait() -> None:
        async with transaction():
            await lock_log()

    async with transaction():
        await lock_log()
    holder = asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await lock_log()
            holder.set()
            await asyncio.sleep(0.2)

    holding = asyncio.create_task(hold())
    await holder.wait()
    waiting = [asyncio.create_task(wait()) for _ in range(5)]
    await asyncio.sleep(0.02)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert all(task.cancelled() for task in waiting)
    await holding
    await wait()


async def test_twenty_read_and_write_at_once_and_none_is_lost(engine: Database) -> None:
    await LegalParameter.insert(LegalParameter(key="n", value="0", status="entered"))

    async def count_up() -> None:
        async with transaction():
            await lock_log()  # what makes a read and a write one step on both databases
            row = await LegalParameter.select(LegalParameter.value).where(LegalParameter.key == "n").first()
            assert row is not None
            await LegalParameter.update({LegalParameter.value: str(int(row["value"]) + 1)}).where(
                LegalParameter.key == "n"
            )

    await asyncio.gather(*(count_up() for _ in range(20) for _ in range(5)))
    rows = await LegalParameter.select(LegalParameter.value)
    assert rows == [{"value": "100"}]


async def test_of_two_who_do_the_same_one_gets_a_conflict(engine: Database) -> None:
    async def write() -> None:
        async with transaction():
            await append("1")

    results = await asyncio.gather(write(), write(), write(), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == [
        "ConflictError",
        "ConflictError",
        "NoneType",
    ]


async def test_a_row_that_refers_to_nobody_is_refused(engine: Database) -> None:
    with pytest.raises(RefusedError) as caught:
        await AgencyPractice.insert(AgencyPractice(agency=99, practice_line="patent"))
    assert caught.value.code == "database.rule"


async def test_an_unknown_word_is_refused_on_insert_and_on_change(engine: Database) -> None:
    with pytest.raises(RefusedError, match="inspector"):
        await Inspector.insert(Inspector(certificate="1", status="retired"))
    await Inspector.insert(Inspector(certificate="1", status="active"))
    with pytest.raises(RefusedError, match="inspector"):
        await Inspector.update({Inspector.status: "retired"}, force=True)


async def test_batches_are_refused_since_they_swallow_errors(engine: Database) -> None:
    with pytest.raises(NotImplementedError, match="swallow"):
        await District.select().batch(batch_size=10)
