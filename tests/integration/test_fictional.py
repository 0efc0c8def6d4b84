"""An office that rates by the made-up points of the demo says so on every page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agency_credit.services.office import Office, close_office, open_office
from agency_credit.settings import Settings
from tests import builders
from tests.conftest import Clock
from tests.visitor import visit

BANNER = 'class="fictional"'
PAGES = ("/", "/agencies", "/draws", "/verify", "/open-data", "/admin/login", "/no-such-page", "/en/draws")


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_carries_the_banner(office: Office, page: str) -> None:
    async with visit(office) as visitor:
        answer = await visitor.get(page)
    assert BANNER in answer.text


@pytest.fixture
async def lawful(settings: Settings, clock: Clock) -> AsyncIterator[Office]:
    """An office with the shipped packs alone."""
    office = await open_office(settings, clock=clock)
    yield office
    await close_office(office)


async def test_an_office_with_the_law_alone_carries_none(lawful: Office) -> None:
    async with visit(lawful) as visitor:
        assert BANNER not in (await visitor.get("/")).text


async def test_ratings_left_by_a_fictional_pack_are_told_until_new_ones_are_made(lawful: Office) -> None:
    agency = await builders.add_agency("91370303MA3CXXXX01", "淄博中科专利事务所")
    await builders.add_rating(agency, "A", 95_000)
    async with visit(lawful) as visitor:
        assert BANNER in (await visitor.get("/agencies")).text
        await builders.add_rating(agency, "A", 95_000, pack="real", is_fictional=False)
        assert BANNER not in (await visitor.get("/agencies")).text
