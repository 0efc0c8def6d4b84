"""A real PostgreSQL for the session, and fresh databases made by copying one that is migrated."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest

from agency_credit import database
from agency_credit.settings import Settings

KINDS = ("sqlite", "postgres")


@dataclass(slots=True)
class Databases:
    """Where fresh databases come from; the first of each kind is migrated, the others are copies."""

    folder: Path
    server: str | None = None
    templates: set[str] = field(default_factory=set)

    def fresh(self, kind: str, folder: Path) -> Settings:
        """Settings of a migrated, empty database of its own."""
        return self._fresh_file(folder) if kind == "sqlite" else self._fresh_on_server(folder)

    def _fresh_file(self, folder: Path) -> Settings:
        template = Settings(data=self.folder / "template")
        if "sqlite" not in self.templates:
            asyncio.run(_migrate(template))
            self.templates.add("sqlite")
        settings = Settings(data=folder / "data")
        settings.data.mkdir(parents=True)
        shutil.copy(template.database_file, settings.database_file)
        return settings

    def _fresh_on_server(self, folder: Path) -> Settings:
        assert self.server is not None
        if "postgres" not in self.templates:
            asyncio.run(_execute(self.server, "CREATE DATABASE template_ac"))
            asyncio.run(_migrate(Settings(data=self.folder, database=_address(self.server, "template_ac"))))
            self.templates.add("postgres")
        name = f"t_{uuid.uuid4().hex[:12]}"
        asyncio.run(_execute(self.server, f"CREATE DATABASE {name} TEMPLATE template_ac"))
        return Settings(data=folder / "data", database=_address(self.server, name))


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """Address of a running server: Debian's where it is installed, else the one of the wheel pgserver."""
    folder = Path(tempfile.mkdtemp(prefix="ac-pg-"))
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    try:
        if binaries:
            with _debian_server(binaries[-1], folder) as address:
                yield address
            return
        import pgserver

        server = pgserver.get_server(folder / "wheel")
        yield server.get_uri()
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _debian_server(binaries: Path, folder: Path) -> Iterator[str]:
    # initdb refuses root, so root hands the work to the user whom Debian's package makes.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder.chmod(0o777)
    data = folder / "data"
    _run([*prefix, str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "ac", "--no-sync",
          "--locale=C.UTF-8", "-E", "UTF8"])  # fmt: skip
    options = f"-c fsync=off -c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=60"
    control = [*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-w"]
    _run([*control, "-o", options, "-l", str(folder / "log"), "start"])
    try:
        yield f"postgresql://ac@/postgres?host={folder}"
    finally:
        _run([*control, "-m", "immediate", "stop"])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        pytest.fail(
            f"PostgreSQL for the tests did not start: {' '.join(command)}\n{done.stdout}{done.stderr}"
        )


def _address(server: str, name: str) -> str:
    head, _, tail = server.partition("/postgres?")
    return f"{head}/{name}?{tail}"


async def _execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(statement)
    await connection.close()


async def _migrate(settings: Settings) -> None:
    engine = database.connect(settings)
    await database.start(engine)
    await database.migrate(engine)
    await database.stop(engine)
