"""Migrations: from nothing, again, and by several processes at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.new import AutoMigrationManager
from piccolo.apps.migrations.tables import Migration

from agency_credit import database
from agency_credit.database import Database, transaction
from agency_credit.database.migrate import migration_names
from agency_credit.database.piccolo_app import APP_CONFIG
from agency_credit.database.tables import APPEND_ONLY, TABLES, Agency, District, PersonRole, PractitionerPost
from agency_credit.domain.errors import RefusedError
from agency_credit.settings import Settings
from tests.databases import KINDS, Databases

PROGRAM = """
import asyncio, sys
from pathlib import Path
from agency_credit import database
from agency_credit.settings import Settings

async def main():
    engine = database.connect(Settings(data=Path(sys.argv[1]), database=sys.argv[2] or None))
    await database.start(engine)
    print(await database.migrate(engine))
    await database.stop(engine)

asyncio.run(main())
"""


@pytest.fixture(params=KINDS)
def blank(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a database without a table."""
    with databases.blank(request.param, tmp_path) as settings:
        yield settings


@pytest.fixture
async def blank_engine(blank: Settings) -> AsyncIterator[Database]:
    """A started engine on a database without a table."""
    engine = database.connect(blank)
    await database.start(engine)
    yield engine
    await database.stop(engine)


async def test_migrating_makes_every_table_and_again_changes_nothing(blank_engine: Database) -> None:
    n_migrations = await database.migrate(blank_engine)
    assert n_migrations >= 2
    assert [await table.count() for table in TABLES] == [0] * len(TABLES)
    assert await database.migrate(blank_engine) == 0
    assert await Migration.count() == n_migrations


async def test_migrating_prints_nothing(blank_engine: Database, capsys: pytest.CaptureFixture[str]) -> None:
    await database.migrate(blank_engine)
    assert capsys.readouterr() == ("", "")


async def test_a_migration_that_fails_leaves_no_trace(
    blank_engine: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = MigrationManager.run

    async def fail_late(self: MigrationManager, backwards: bool = False) -> None:
        await run(self, backwards)
        if self.description == "constraints":
            raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(MigrationManager, "run", fail_late)
        with pytest.raises(ZeroDivisionError):
            await database.migrate(blank_engine)
    assert not await District.table_exists()
    assert await database.migrate(blank_engine) >= 2


async def test_a_database_of_a_newer_version_is_refused(engine: Database) -> None:
    await Migration.insert(Migration(name="agency_credit_2999", app_name="agency_credit"))
    try:
        with pytest.raises(RefusedError, match="agency_credit_2999"):
            await database.migrate(engine)
    finally:
        await Migration.delete().where(Migration.name == "agency_credit_2999")


def test_three_processes_migrate_at_once_and_all_go_on(blank: Settings) -> None:
    command = [sys.executable, "-c", PROGRAM, str(blank.data), blank.database or ""]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    results = [process.communicate(timeout=120) for process in processes]
    assert [
        (process.returncode, errors) for process, (_, errors) in zip(processes, results, strict=True)
    ] == [(0, "")] * 3
    counts = sorted(int(output) for output, _ in results)
    assert counts[:2] == [0, 0]
    assert counts[2] >= 2


async def test_the_migrations_make_exactly_the_tables_of_the_code(engine: Database) -> None:
    statements = await AutoMigrationManager(auto_input="y").get_alter_statements(app_config=APP_CONFIG)
    assert [statement.statements for statement in statements if statement.statements] == []


async def test_what_is_declared_append_only_is_so_in_the_migration(engine: Database) -> None:
    from importlib import import_module

    names: set[str] = set()
    for path in Path(APP_CONFIG.resolved_migrations_folder_path).glob("agency_credit_*.py"):
        module = import_module(f"agency_credit.database.piccolo_migrations.{path.stem}")
        names |= set(getattr(module, "APPEND_ONLY", ()))
    assert names == {table._meta.tablename for table in APPEND_ONLY}


async def test_a_transaction_after_migrating_is_an_ordinary_one(blank_engine: Database) -> None:
    await database.migrate(blank_engine)
    async with transaction():
        await District.insert(District(code="1"))
    assert await District.count() == 1


ROLES = "agency_credit_2026_11_27t11_40_00_000000"
POSTS = "agency_credit_2026_11_27t12_10_03_000000"


async def test_roles_of_before_become_those_of_today(blank_engine: Database) -> None:
    """Who opened accounts is security administrator, who audits holds nothing else, approvers publish."""
    names = migration_names()
    await database.migrate(blank_engine, until=names[: names.index(ROLES)])
    held = {
        1: ["administrator"],
        2: ["auditor", "approver", "drafter"],
        3: ["approver", "drafter"],
        4: ["administrator", "approver", "inspector"],
        5: ["auditor", "administrator"],
    }
    at = "'2026-11-24 04:00:00+00:00'"
    for person, roles in held.items():
        await blank_engine.run_ddl(
            'INSERT INTO "person" '
            '("id", "username", "display_name", "password_hash", "is_active", "created_at") '
            f"VALUES ({person}, 'p{person}', '', '-', true, {at})"
        )
        for role in roles:
            await blank_engine.run_ddl(
                f'INSERT INTO "person_role" ("person", "role") VALUES ({person}, \'{role}\')'
            )
    await database.migrate(blank_engine)
    rows = await PersonRole.select(PersonRole.person, PersonRole.role).order_by(PersonRole.role)
    after = {person: [row["role"] for row in rows if row["person"] == person] for person in held}
    assert after == {
        1: ["security"],
        2: ["audit"],
        3: ["approver", "drafter", "publisher"],
        4: ["approver", "inspector", "publisher", "security"],
        5: ["audit"],
    }
    with pytest.raises(RefusedError):
        await PersonRole.insert(PersonRole(person=1, role="administrator"))


async def test_whoever_practises_somewhere_has_a_post_there(blank_engine: Database) -> None:
    names = migration_names()
    await database.migrate(blank_engine, until=names[: names.index(POSTS)])
    at = "'2026-11-24 04:00:00+00:00'"
    await blank_engine.run_ddl(
        'INSERT INTO "agency" ("id", "uscc", "name", "search_text", "area", "address", "head", "telephone", '
        '"status", "list_status", "flags_json", "created_at", "changed_at") '
        f"VALUES (1, 'u', '', '', '', '', '', '', 'in_force', 'none', '[]', {at}, {at})"
    )
    people = ((1, "1", "active"), (2, "1", "left"), (3, "NULL", "active"))
    for number, agency, status in people:
        await blank_engine.run_ddl(
            'INSERT INTO "practitioner" ("id", "certificate", "name", "agency", "practice_line", "status") '
            f"VALUES ({number}, 'c{number}', '', {agency}, 'patent', '{status}')"
        )
    await database.migrate(blank_engine)
    posts = await PractitionerPost.select(
        PractitionerPost.practitioner, PractitionerPost.agency, PractitionerPost.claimed_at
    )
    assert posts == [{"practitioner": 1, "agency": 1, "claimed_at": None}]
    agency = await Agency.select(Agency.legal_form).first()
    assert agency == {"legal_form": "unknown"}
