"""Fixtures for everything that needs a store: each test runs on both databases, on a fresh one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from agency_credit import database
from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.server import ServerEngine
from agency_credit.domain.role import OPERATOR, Actor
from agency_credit.settings import Settings
from tests.databases import KINDS, Databases

if TYPE_CHECKING:
    from agency_credit.services.office import Office

# What `make mutate` loads: few examples, the same for every mutant, no search for the smallest that fails.
hypothesis.settings.register_profile(
    "mutation",
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)

PACKS = Path(__file__).parents[1] / "seeds" / "rules"


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        """Move on by a span, such as ``hours=2``."""
        self.now += timedelta(**span)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash passwords with the least effort: the tests make hundreds of accounts."""
    from argon2 import PasswordHasher

    from agency_credit.services import passwords

    dear, passwords._hasher = passwords._hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield
    passwords._hasher = dear


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Where fresh databases come from; one PostgreSQL server for the whole session, once it is needed."""
    with Databases(folder=tmp_path_factory.mktemp("templates")) as databases:
        yield databases


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Settings:
    """Settings of a fresh, migrated database: the test runs once on SQLite, once on PostgreSQL."""
    return databases.fresh(request.param, tmp_path)


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[database.Database]:
    """A started engine on a fresh database."""
    engine = database.connect(settings)
    await database.start(engine)
    yield engine
    await database.stop(engine)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at noon in China on 24 November 2026."""
    return Clock(datetime(2026, 11, 24, 4, tzinfo=UTC))


@pytest.fixture
async def office(settings: Settings, clock: Clock) -> AsyncIterator[Office]:
    """An open office on a fresh database, with the fictional rule packs of the demo."""
    from agency_credit.services.office import close_office, open_office

    office = await open_office(settings, clock=clock, packs_folder=PACKS)
    yield office
    await close_office(office)


@pytest.fixture
def operator() -> Actor:
    """Whoever works on the command line of the machine."""
    return Actor(username="operator", roles=OPERATOR)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that an engine is handed from now on, but of the fork guard, which asks by time."""
    seen: list[str] = []

    def watched(run: Any) -> Any:
        def watch(engine: Any, query: str, arguments: Any) -> Any:
            if "checkpoint" not in query:
                seen.append(query)
            return run(engine, query, arguments)

        return watch

    for engine in (EmbeddedEngine, ServerEngine):
        monkeypatch.setattr(engine, "_run", watched(engine._run))
    return seen
