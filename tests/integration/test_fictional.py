"""An office that rates by the made-up points of the demo says so on every page."""

from __future__ import annotations

import pytest

from agency_credit.services.office import Office, close_office, open_office
from agency_credit.settings import Settings
from tests.conftest import Clock
from tests.visitor import visit

PAGES = ("/", "/agencies", "/draws", "/verify", "/open-data", "/admin/login", "/no-such-page", "/en/draws")


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_carries_the_banner(office: Office, page: str) -> None:
    async with visit(office) as visitor:
        answer = await visitor.get(page)
    assert 'class="fictional"' in answer.text


async def test_an_office_with_the_law_alone_carries_none(settings: Settings, clock: Clock) -> None:
    office = await open_office(settings, clock=clock)
    async with visit(office) as visitor:
        assert 'class="fictional"' not in (await visitor.get("/")).text
    await close_office(office)
