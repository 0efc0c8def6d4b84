"""A real PostgreSQL for the session, and fresh databases: a copied file, an emptied database."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from agency_credit import database
from agency_credit.settings import Settings

KINDS = ("sqlite", "postgres")

# Twenty times as fast as copying a template. A replica's session passes by the triggers that refuse it.
EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE name text; filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> 'migration_id_seq' LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', name);
    END LOOP;
END $$;
"""


@dataclass(slots=True)
class Databases:
    """Where fresh databases come from; each kind is migrated once."""

    folder: Path
    _stack: ExitStack = field(default_factory=ExitStack)
    _file: Path | None = None
    _server: str | None = None

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def fresh(self, kind: str, folder: Path) -> Settings:
        """Settings of a migrated database without a row; on the server one for all, emptied now."""
        if kind == "sqlite":
            return self._copy_file(folder)
        address = _address(self.server, "migrated")
        _execute(address, EMPTY)
        return Settings(data=folder / "data", database=address)

    @contextmanager
    def blank(self, kind: str, folder: Path) -> Iterator[Settings]:
        """Settings of a database without a table, gone afterwards."""
        if kind == "sqlite":
            yield Settings(data=folder / "data")
            return
        name = f"t_{uuid.uuid4().hex[:12]}"
        _execute(self.server, f"CREATE DATABASE {name}")
        yield Settings(data=folder / "data", database=_address(self.server, name))
        _execute(self.server, f"DROP DATABASE {name} WITH (FORCE)")

    @property
    def server(self) -> str:
        """Address of the server, started at the first use, with a migrated database on it."""
        if self._server is None:
            self._server = self._stack.enter_context(postgres_server())
            _execute(self._server, "CREATE DATABASE migrated")
            settings = Settings(data=self.folder, database=_address(self._server, "migrated"))
            asyncio.run(_migrate(settings))
        return self._server

    def _copy_file(self, folder: Path) -> Settings:
        if self._file is None:
            template = Settings(data=self.folder / "template")
            asyncio.run(_migrate(template))
            self._file = template.database_file
        settings = Settings(data=folder / "data")
        settings.data.mkdir(parents=True)
        shutil.copy(self._file, settings.database_file)
        return settings


@contextmanager
def postgres_server() -> Iterator[str]:
    """Address of a running server: Debian's where it is installed, else the one of the wheel pgserver.

    Where there is neither, the test is skipped; with ``CI=true`` it fails.
    """
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    folder = Path(tempfile.mkdtemp(prefix="ac-pg-"))
    try:
        with _debian_server(binaries[-1].parent, folder) if binaries else _wheel_server(folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _debian_server(binaries: Path, folder: Path) -> Iterator[str]:
    prefix = _hand_over(folder)
    data = folder / "data"
    _run([*prefix, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "ac", "--no-sync",
          "--locale=C.UTF-8", "-E", "UTF8"])  # fmt: skip
    # Nothing listens on the network, and nothing needs to survive: no fsync, WAL as small as it gets.
    options = (
        f"-c fsync=off -c full_page_writes=off -c listen_addresses='' -c unix_socket_directories={folder} "
        "-c max_connections=60"
    )
    control = [*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    _run([*control, "-o", options, "-l", str(folder / "log"), "start"])
    try:
        yield f"postgresql://ac@/postgres?host={folder}"
    finally:
        _run([*control, "-m", "immediate", "stop"])


@contextmanager
def _wheel_server(folder: Path) -> Iterator[str]:
    try:
        from pgserver.postgres_server import get_server
    except ImportError:
        message = "there is no PostgreSQL: install postgresql through apt, or the wheel pgserver"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    server = get_server(folder / "wheel")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _hand_over(folder: Path) -> list[str]:
    """What to put before a command so that it does not run as root, which initdb refuses."""
    if os.geteuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--"]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        pytest.fail(
            f"PostgreSQL for the tests did not start: {' '.join(command)}\n{done.stdout}{done.stderr}"
        )


def _address(server: str, name: str) -> str:
    head, _, tail = server.partition("/postgres?")
    return f"{head}/{name}?{tail}"


def _execute(address: str, statement: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(address)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(execute())


async def _migrate(settings: Settings) -> None:
    engine = database.connect(settings)
    await database.start(engine)
    await database.migrate(engine)
    await database.stop(engine)
