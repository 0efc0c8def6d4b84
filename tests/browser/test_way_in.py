"""An agency gets in with the code of its letter, and stands before its ledger after three clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from agency_credit.domain.role import Role
from agency_credit.services.agency_access import issue_codes
from agency_credit.services.office import Office
from agency_credit.services.people import load_actor
from tests import world as made
from tests.browser.conftest import TELEPHONE
from tests.browser.people import come_by_letter
from tests.conftest import Clock
from tests.site import Site

LETTERS: list[str] = []
"""Where the code on the letter leads, without the host; filled before the service starts."""


async def prepare(office: Office, clock: Clock) -> None:
    """The agencies of the world of the other tests, and a letter to the first."""
    await made.build_world(office, clock)
    await made.add_account(office, "anquan", Role.SECURITY)
    security = await load_actor("anquan")
    assert security is not None
    (code,) = await issue_codes(office, security, [made.uscc(0)])
    LETTERS.append(f"/activate?uscc={code.uscc}&code={code.code}")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The service over a world whose first agency was sent a letter."""
    LETTERS.clear()
    site = Site(tmp_path / "data", prepare)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def phone(browser: Browser, site: Site) -> Iterator[Page]:
    """A telephone that has never been here."""
    context = browser.new_context(
        base_url=site.address, locale="zh-CN", viewport={"width": TELEPHONE, "height": 800}
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def test_from_the_letter_to_the_ledger_in_three_clicks(
    site: Site, phone: Page, look_at: Callable[[Page, str], None]
) -> None:
    def look(page: Page, name: str) -> None:
        assert Axe().run(page).response["violations"] == [], name
        look_at(page, name)

    come_by_letter(phone, LETTERS[0], "jigou", site.clock, look)
    expect(phone).to_have_url(f"{site.address}/desk/{made.uscc(0)}/ledger")
    expect(phone.get_by_text("淄博测试0号").first).to_be_visible()
    phone.goto(f"/desk/{made.uscc(0)}/people")
    look(phone, "desk-people")
