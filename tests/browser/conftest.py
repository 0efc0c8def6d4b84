"""A real server on a fresh data folder, with a clock that can be moved, and Chromium in front of it.

A process of its own: Playwright's loop and pytest-asyncio do not share one (Makefile, `make test`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from agency_credit.domain.role import OPERATOR, Actor, Role
from agency_credit.services.office import Office
from agency_credit.services.people import create_person
from tests.conftest import Clock
from tests.site import Site

PASSWORD = "一把足够长的钥匙2026"
SYSTEM, SECURITY = "xitong", "anquan"
WIDE, TELEPHONE = 1280, 390
Visitor = Callable[[], Page]


async def open_first_accounts(office: Office, _: Clock) -> None:
    """Two administrators, as a new office has them."""
    operator = Actor(username="operator", roles=OPERATOR)
    for username, role in ((SYSTEM, Role.SYSTEM), (SECURITY, Role.SECURITY)):
        await create_person(office, operator, username, PASSWORD, display_name="管理员", roles=[role])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service on an empty office with its first two administrators."""
    site = Site(tmp_path / "data", open_first_accounts)
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Visitor]:
    """A person with a browser of his own, so that several can be logged in at once.

    Whatever a page asks from elsewhere, and every error of a script or policy, makes the test fail.
    """
    foreign: list[str] = []
    complaints: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((site.address, "data:", "blob:")):
            foreign.append(request.url)

    def note_message(message: ConsoleMessage) -> None:
        # Piccolo Admin tries `new Function` once, is refused by our policy, and goes on without.
        is_known = "status of 4" in message.text or "/admin/reference/assets/" in message.location["url"]
        if message.type == "error" and not is_known:
            complaints.append(f"{message.text} {message.location}")

    def open_page() -> Page:
        context = browser.new_context(
            base_url=site.address, locale="zh-CN", viewport={"width": WIDE, "height": 900}
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("request", note_request)
        page.on("console", note_message)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    assert foreign == []
    assert complaints == []


@pytest.fixture
def look_at() -> Callable[[Page, str], None]:
    """See that a page fits a telephone; keep pictures, wide and narrow, in the folder SCREENSHOTS names."""
    folder = os.environ.get("SCREENSHOTS")

    def look(page: Page, name: str) -> None:
        page.wait_for_load_state()  # a click may have led here a moment ago
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{WIDE}.png", full_page=True)
        page.set_viewport_size({"width": TELEPHONE, "height": 900})
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= TELEPHONE, f"{name} is {width} wide on a telephone"
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{TELEPHONE}.png", full_page=True)
        page.set_viewport_size({"width": WIDE, "height": 900})

    return look
