"""Defects of Piccolo that our engines work around; a test that fails here says that a detour can go.

Each runs the stock engine in a process of its own, since it may leave threads and locks behind.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

PRELUDE = """
import asyncio, os, sqlite3, sys, threading
from piccolo.columns import Integer
from piccolo.constraints import Unique
from piccolo.engine.sqlite import SQLiteEngine, TransactionType
from piccolo.table import Table
DB = SQLiteEngine(sys.argv[1], timeout=0.1)
class Row(Table, db=DB):
    n = Integer()
"""


def run(tmp_path: Path, program: str) -> str:
    """Output of a program on Piccolo's own engine; it leaves without waiting for its threads."""
    source = PRELUDE + textwrap.dedent(program) + "\nsys.stdout.flush()\nos._exit(0)\n"
    done = subprocess.run(
        [sys.executable, "-c", source, str(tmp_path / "stock.db")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_begin_that_fails_leaks_a_thread(tmp_path: Path) -> None:
    program = """
        async def main():
            await Row.create_table()
            other = sqlite3.connect(sys.argv[1], isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            while threading.active_count() > 1:  # the thread of create_table is still on its way out
                await asyncio.sleep(0.01)
            try:
                async with DB.transaction(TransactionType.immediate):
                    pass
            except sqlite3.OperationalError:
                await asyncio.sleep(0.5)
                print(threading.active_count() - 1)
        asyncio.run(main())
    """
    assert run(tmp_path, program) == "1"


def test_a_commit_that_fails_leaves_a_dead_transaction_current(tmp_path: Path) -> None:
    program = """
        async def main():
            await Row.create_table()
            await Row.raw("CREATE TABLE child (p INTEGER REFERENCES row DEFERRABLE INITIALLY DEFERRED)")
            try:
                async with DB.transaction():
                    await Row.raw("INSERT INTO child VALUES (99)")
            except sqlite3.IntegrityError:
                print(DB.transaction_exists())
        asyncio.run(main())
    """
    assert run(tmp_path, program) == "True"


def test_transactions_are_deferred_by_default(tmp_path: Path) -> None:
    assert run(tmp_path, "print(DB.transaction().transaction_type.value)") == "DEFERRED"


def test_a_unique_rule_over_columns_cannot_be_created_on_sqlite(tmp_path: Path) -> None:
    program = """
        class Pair(Table, db=DB):
            n = Integer()
            m = Integer()
            only = Unique([n, m])
        async def main():
            try:
                await Pair.create_table()
            except sqlite3.OperationalError as error:
                print(error)
        asyncio.run(main())
    """
    assert "syntax error" in run(tmp_path, program)


def test_a_batch_swallows_the_errors_of_its_body(tmp_path: Path) -> None:
    program = """
        async def main():
            await Row.create_table()
            async with await Row.select().batch() as batch:
                raise ZeroDivisionError
            print("swallowed")
        asyncio.run(main())
    """
    assert run(tmp_path, program) == "swallowed"


def test_an_inner_transaction_is_no_transaction(tmp_path: Path) -> None:
    program = """
        async def main():
            await Row.create_table()
            async with DB.transaction():
                try:
                    async with DB.transaction():
                        await Row.insert(Row(n=1))
                        raise ZeroDivisionError
                except ZeroDivisionError:
                    pass
            print(await Row.count())
        asyncio.run(main())
    """
    assert run(tmp_path, program) == "1"
