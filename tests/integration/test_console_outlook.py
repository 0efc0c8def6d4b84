"""The console's page of an agency: what moved its score, what would, and how often it asks the store."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from agency_credit.database.embedded import EmbeddedEngine
from agency_credit.database.server import ServerEngine
from agency_credit.database.tables import Agency, CreditRecord, RecordEvent
from tests import builders
from tests.integration.console import desk_of
from tests.integration.test_two_times import A
from tests.world import World, build_world

PAGE = f"/admin/agencies/{A}"


@pytest.fixture
async def world(office, clock) -> World:
    return await build_world(office, clock, n_agencies=4, n_inspectors=2)


@pytest.fixture
def statements(monkeypatch) -> list[str]:
    """Every statement that an engine is handed from now on."""
    seen: list[str] = []

    def watched(run):
        def watch(engine, query, arguments):
            seen.append(query)
            return run(engine, query, arguments)

        return watch

    for engine in (EmbeddedEngine, ServerEngine):
        monkeypatch.setattr(engine, "_run", watched(engine._run))
    return seen


async def add_stayed_records(numbers: range) -> None:
    """Records of the agency A, one a day, each stayed once."""
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    for n in numbers:
        on = date(2026, 1, 1) + timedelta(days=n)
        await builders.add_record(agency["id"], "警告", on=on, document_number=f"{n}号")
    for row in await CreditRecord.select(CreditRecord.id).where(
        CreditRecord.document_number.is_in([f"{n}号" for n in numbers])
    ):
        stay = {"on": date(2026, 9, 1), "until": date(2026, 9, 30)}
        await RecordEvent.insert(
            RecordEvent(record=row["id"], event="suspended", known_at=builders.NOON, **stay)
        )


@pytest.mark.parametrize("query", ["", "?on=2026-10-01&known=2026-11-24"])
async def test_two_hundred_records_ask_the_store_no_oftener_than_two(world, statements, query):
    async with desk_of(world.office, "drafter") as desk:
        counts = []
        for numbers in (range(2), range(2, 200)):
            await add_stayed_records(numbers)
            statements.clear()
            page = await desk.open(PAGE + query)
            counts.append(len(statements))
        assert page.text.count("暂停执行 2026年9月1日") == 200
    assert counts[0] == counts[1] > 5
