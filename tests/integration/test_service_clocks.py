"""The public page of how long objections and repairs take."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.database.tables import Agency
from agency_credit.services.case_store import append_case_step, open_case
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.service_clocks import load_service_clocks
from tests.conftest import Clock
from tests.visitor import visit
from tests.world import World, build_world


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await build_world(office, clock, n_agencies=2, n_inspectors=2)


async def a_case(
    world: World, record: int, kind: str, due_on: date | None, days: int | None, last: str
) -> None:
    """A case opened now and closed so many days later (None: it stays open); the clock stays where it is."""
    row = await Agency.select(Agency.id).first()
    assert row is not None
    now = world.clock.now
    async with operation(world.office, world.drafter, "test.case", "-", roles=None) as op:
        case = await open_case(op, kind, row["id"], record, "0" * 64)
        await append_case_step(op, case, "opened", due_on=due_on, text="某公司的理由")
    if days is not None:
        world.clock.forward(days=days)
        async with operation(world.office, world.drafter, "test.case", "-", roles=None) as op:
            await append_case_step(op, case, last, closes=True)
        world.clock.now = now


async def test_without_cases_the_page_says_so_in_zeros(world: World) -> None:
    clocks = await load_service_clocks(world.office)
    assert [clock.kind for clock in clocks.clocks] == ["objection", "repair"]
    for clock in clocks.clocks:
        assert [(row.span, row.opened, row.median) for row in clock.quarters] == [("2026-Q4", 0, None)]
    assert {p.key: p.working_days for p in clocks.clocks[0].promises} == {
        "objection-own": 4,
        "objection-others": 8,
    }


async def test_an_application_that_the_agency_completes_is_not_overdue(world: World) -> None:
    due = date(2026, 11, 27)
    await a_case(world, 1, "repair", due, None, "")
    await a_case(world, 1, "objection", due, None, "")
    async with operation(world.office, world.drafter, "test.case", "-", roles=None) as op:
        for number in (1, 2):  # of an objection it is the verdict that is returned, inside the office
            await append_case_step(op, number, "returned")
    world.clock.forward(days=14)
    clocks = (await load_service_clocks(world.office)).clocks
    assert [(c.kind, c.quarters[0].open, c.quarters[0].overdue) for c in clocks] == [
        ("objection", 1, 1),
        ("repair", 1, 0),
    ]


async def test_cases_are_counted_and_nobody_is_named(world: World) -> None:
    due = date(2026, 11, 27)  # opened on Tuesday 24 November
    for record, (days, last) in enumerate(
        [(1, "decided"), (3, "decided"), (7, "decided"), (1, "withdrawn")], 1
    ):
        await a_case(world, record, "objection", due, days, last)
    await a_case(world, 9, "objection", due, None, "")
    await a_case(world, 9, "repair", None, 2, "granted")
    world.clock.forward(days=14)
    clocks = await load_service_clocks(world.office)
    row = clocks.clocks[0].quarters[0]
    assert (row.opened, row.decided, row.late, row.taken_back, row.open, row.overdue) == (5, 3, 1, 1, 1, 1)
    assert (row.median, row.ninety) == (3, 5)
    assert clocks.clocks[0].years[0].span == "2026"
    assert clocks.clocks[1].quarters[0].median == 2
    async with visit(world.office) as client:
        page = (await client.get("/service-clocks")).text
        assert "办理时限公示" in page
        assert "件数较少" in page
        assert "向上取整" in page
        json = (await client.get("/api/v1/service-clocks")).json()
        assert json == (await client.get("/service-clocks.json")).json()
        assert json["clocks"][0]["quarters"][0]["ninety"] == 5
        csv = (await client.get("/service-clocks.csv")).text
        assert "2026-Q4" in csv
        english = (await client.get("/en/service-clocks")).text
        assert "Service clocks" in english
    name = (await Agency.select(Agency.name).first())["name"]
    for text in (page, csv, english, str(json)):
        assert name not in text
        assert "某公司" not in text
