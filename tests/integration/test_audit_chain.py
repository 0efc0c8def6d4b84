"""The chain of the audit lines: what breaks it, what does not, and that processes together make no fork."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from agency_credit.database import Database
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.tables import AuditLine
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.audit_chain import GENESIS, ChainHead, parse_head, verify_chain
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit, operation
from tests.integration.test_portable import append

SOMEBODY = Actor(username="wang", roles=frozenset({Role.DRAFTER}))


async def write(office: Office, n: int) -> None:
    """`n` lines: one by itself, then one of a use case, and so on."""
    for number in range(n):
        if number % 2:
            async with operation(office, SOMEBODY, "test", f"{number}", roles=None) as op:
                op.details["number"] = number
        else:
            await append_audit(office, SOMEBODY, "test", f"第{number}行", "done")


async def tamper(engine: Database, statement: str) -> None:
    """Somebody with the rights of the owner of the database, who switches the triggers off."""
    if isinstance(engine, EmbeddedEngine):
        for event in ("update", "delete"):
            await engine.run_ddl(f'DROP TRIGGER "audit_line_append_only_{event}"')
        await engine.run_ddl(statement)
        for event in ("update", "delete"):
            await engine.run_ddl(
                f'CREATE TRIGGER "audit_line_append_only_{event}" BEFORE {event} ON "audit_line" '
                "BEGIN SELECT RAISE(ABORT, 'audit_line is append-only'); END"
            )
        return
    await engine.run_ddl('ALTER TABLE "audit_line" DISABLE TRIGGER USER')
    await engine.run_ddl(statement)
    await engine.run_ddl('ALTER TABLE "audit_line" ENABLE TRIGGER USER')


async def ids() -> list[int]:
    return await AuditLine.select(AuditLine.id).order_by(AuditLine.id).output(as_list=True)


async def test_lines_follow_each_other(office: Office) -> None:
    await write(office, 6)
    report = await verify_chain()
    assert report.is_whole
    assert report.head.n_lines == await AuditLine.count()
    assert await AuditLine.count().where(AuditLine.chain == report.head.digest) == 1


async def test_a_refused_use_case_is_linked_too(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        async with operation(office, SOMEBODY, "test", "x", roles=frozenset({Role.AUDIT})):
            pass
    await write(office, 1)
    assert (await verify_chain()).is_whole


@pytest.mark.parametrize(
    "change",
    ["\"actor\" = 'li'", "\"subject\" = 'x'", "\"outcome\" = 'failed'", "\"action\" = 'y'",
     "\"details_json\" = '{\"a\":1}'", "\"at\" = '2020-01-01 00:00:00+00:00'", "\"chain\" = ''"],
)  # fmt: skip
async def test_a_changed_line_is_named(office: Office, change: str) -> None:
    await write(office, 5)
    victim = (await ids())[-3]
    await tamper(office.engine, f'UPDATE "audit_line" SET {change} WHERE "id" = {victim}')
    assert (await verify_chain()).broken_id == victim


async def test_a_line_put_in_before_the_first_is_named(office: Office) -> None:
    await write(office, 3)
    columns = '"at", "actor", "action", "subject", "outcome", "details_json", "chain"'
    values = "'2020-01-01 00:00:00+00:00', 'li', 'test', 'x', 'done', '{}', ''"
    await office.engine.run_ddl(f'INSERT INTO "audit_line" ("id", {columns}) VALUES (-7, {values})')
    assert not (await verify_chain()).is_whole


async def test_the_line_after_one_that_was_taken_out_is_named(office: Office) -> None:
    await write(office, 5)
    *_, victim, following = await ids()
    await write(office, 1)
    await tamper(office.engine, f'DELETE FROM "audit_line" WHERE "id" = {victim}')
    assert (await verify_chain()).broken_id == following


async def test_a_cut_at_the_end_shows_against_a_head_that_was_kept(office: Office) -> None:
    await write(office, 5)
    kept = (await verify_chain()).head
    await write(office, 2)
    assert (await verify_chain(kept)).is_whole
    last = (await ids())[-4:]
    await tamper(office.engine, f'DELETE FROM "audit_line" WHERE "id" >= {last[0]}')
    assert (await verify_chain()).is_whole, "by itself a shorter chain looks like a chain"
    report = await verify_chain(kept)
    assert (report.is_cut, report.broken_id) == (True, None)
    await write(office, 4)  # as many lines again, but others
    assert (await verify_chain(kept)).is_cut


async def test_lines_of_before_the_chain_are_covered_by_its_first_link(engine: Database) -> None:
    for n in range(3):
        await append(AuditLine, actor=f"before{n}")
    assert (await verify_chain()).is_whole
    from agency_credit.services import operation as frame

    office: Office = _Clockwork()  # type: ignore[assignment]
    await frame.append_audit(office, SOMEBODY, "test", "first", "done")
    await frame.append_audit(office, SOMEBODY, "test", "second", "done")
    assert (await verify_chain()).is_whole
    assert [bool(row["chain"]) for row in await AuditLine.select().order_by(AuditLine.id)] == [
        *(False, False, False),
        *(True, True),
    ]
    await tamper(engine, 'UPDATE "audit_line" SET "actor" = \'li\' WHERE "actor" = \'before1\'')
    first_link = (await ids())[3]
    assert (await verify_chain()).broken_id == first_link


class _Clockwork:
    """As much of an office as an audit line asks for."""

    def now(self) -> object:
        from tests.integration.test_portable import AT

        return AT


async def test_nothing_is_a_chain_too(engine: Database) -> None:
    report = await verify_chain(ChainHead(n_lines=0, digest=GENESIS))
    assert (report.is_whole, str(report.head)) == (True, f"0:{GENESIS}")


@pytest.mark.parametrize("text", ["", "5", "5:xyz", f"-1:{GENESIS}", f"5:{GENESIS}0", f"５:{GENESIS}"])
def test_a_head_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_head(text)
    assert parse_head(f" 7:{GENESIS}\n") == ChainHead(n_lines=7, digest=GENESIS)


WRITER = """
import asyncio, sys
from pathlib import Path
from agency_credit.domain.role import Actor
from agency_credit.services.office import close_office, open_office
from agency_credit.services.operation import append_audit
from agency_credit.settings import Settings

async def main():
    office = await open_office(Settings(data=Path(sys.argv[1]), database=sys.argv[2] or None))
    for number in range(10):
        await asyncio.gather(*(
            append_audit(office, Actor(username=sys.argv[3], roles=frozenset()), "test", str(number), "done")
            for _ in range(3)
        ))
    await close_office(office)

asyncio.run(main())
"""


async def test_three_processes_and_tasks_at_once_make_no_fork(office: Office) -> None:
    place = [str(office.settings.data), office.settings.database or ""]
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, *place, name, stderr=subprocess.PIPE
        )
        for name in ("one", "two", "three")
    ]
    await write(office, 10)
    outcomes = [(await writer.communicate(), writer.returncode) for writer in writers]
    assert [code for _, code in outcomes] == [0, 0, 0], outcomes
    assert await AuditLine.count().where(AuditLine.action == "test") == 100
    assert (await verify_chain()).is_whole
