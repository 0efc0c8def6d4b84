"""Every page of the application, as the demonstration fills it: wide and narrow, no complaint of axe.

The router says which pages there are; one with a place that `Places` cannot fill fails, so that a new page
is looked at too.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from litestar import Litestar
from playwright.sync_api import Browser, BrowserContext, Page

from agency_credit.domain.role import Role
from agency_credit.services.import_upload import keep_upload
from agency_credit.services.office import Office
from agency_credit.services.people import load_actor
from agency_credit.settings import Settings
from tests.browser.conftest import TELEPHONE, WIDE
from tests.conftest import Clock
from tests.site import Site
from tests.visitor import shared_app

ACCOUNTS = {
    Role.DRAFTER: "drafter",
    Role.APPROVER: "approver",
    Role.PUBLISHER: "publisher",
    Role.SYSTEM: "admin",
    Role.SECURITY: "security",
    Role.AUDIT: "auditor",
    Role.INSPECTOR: "inspector01",
}
NOT_LOOKED_AT = ("/static", "/api", "/log", "/healthz", "/readyz", "/metrics", "/admin/reference")
"""Files, answers for programs, and the tables of Piccolo Admin, which is not ours."""
_DEMO = "from agency_credit.cli import main; main()"
PLACE = re.compile(r"\{(\w+):\w+\}")


class Places:
    """What a place in a path can be filled with, from the store of the demonstration."""

    def __init__(self, file: Path) -> None:
        with sqlite3.connect(file) as store:
            self._store = store
            self.unfilled: set[str] = set()
            self.values: dict[str, list[str]] = {
                "draw": self._all("SELECT draw FROM draw"),
                "uscc": self._all(
                    "SELECT a.uscc FROM agency a JOIN credit_record r ON r.agency = a.id LIMIT 1"
                ),
                "practice_line": ["patent", "trademark"],
                "unit": self._all("SELECT a.uscc FROM inspection i JOIN agency a ON a.id = i.agency LIMIT 1"),
                "inspection": self._all("SELECT min(id) FROM inspection"),
                "instrument": self._all("SELECT instrument FROM rule_version GROUP BY instrument LIMIT 3"),
                "record": self._all("SELECT commitment FROM record_salt LIMIT 1"),
                "number": self._all("SELECT min(id) FROM change_request"),
                "username": ["drafter"],
                "sealed": self._all("SELECT min(id) FROM sealed_record"),
                "section": ["what", "frame", "strata", "teams", "entropy"],
                "name": ["plan.json", "agencies.xlsx"],
                "kind": ["notice"],
                "upload": self._all("SELECT id FROM import_upload"),
                "run": self._all("SELECT min(id) FROM import_run"),
                "code": self._all("SELECT min(code) FROM inspection_item"),
                "year": ["2026"],
                "row": ["1"],
                "digest": ["0" * 64],
                "file": ["1"],
            }

    def fill(self, path: str) -> Iterator[str]:
        """`path` with everything there is in its places."""
        names = PLACE.findall(path)
        self.unfilled |= {f"{path}: {name}" for name in names if not self.values.get(name)}
        for values in product(*(self.values.get(name, ()) for name in names)):
            filled = path
            for value in values:
                filled = PLACE.sub(value, filled, count=1)
            yield filled

    def _all(self, query: str) -> list[str]:
        return [str(value) for (value,) in self._store.execute(query) if value is not None]


def pages(app: Litestar) -> Iterator[tuple[str, frozenset[Role]]]:
    """Paths of pages, and who may open them; nobody in particular: everybody."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "GET" in handler.http_methods and not route.path.startswith(NOT_LOOKED_AT):
                yield route.path, frozenset(handler.opt.get("roles") or ())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demonstration, served."""
    folder = tmp_path_factory.mktemp("every") / "demo"
    command = [sys.executable, "-c", _DEMO, "demo", "--no-serve", "--data", str(folder)]
    played = subprocess.run(command, check=False, capture_output=True, text=True)
    assert played.returncode == 0, played.stderr
    site = Site(folder, leave_upload)
    site.start()
    yield site
    site.stop()


async def leave_upload(office: Office, _: Clock) -> None:
    """What the demonstration does not leave behind: a list that waits, with a row of each kind."""
    drafter = await load_actor("drafter")
    assert drafter is not None
    rows = (
        "机构名称,统一社会信用代码,区县,联系电话",
        "新设知识产权代理有限公司,91370303MA3CXXXX11,张店区,",
        "无码机构,,张店区,",
    )
    content = "\n".join(rows).encode("utf-8-sig")
    await keep_upload(office, drafter, "agencies", "名单.csv", content, "patent")


class Looker:
    """Opens pages as whoever may, and writes down what is wrong with them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.axe = Axe()
        self.faults: list[str] = []
        self.n_looked = 0
        self._open: dict[str, Page] = {}

    def look(self, path: str, roles: frozenset[Role]) -> None:
        """At one page, in both widths."""
        role = next((role for role in ACCOUNTS if role in roles), None)
        page = self._page_of(ACCOUNTS[role] if role else "")
        answer = page.request.get(path)
        if answer.status >= 500:
            self.faults.append(f"{path}: {answer.status}")
        if "text/html" not in answer.headers.get("content-type", ""):
            return
        self.n_looked += 1
        page.goto(path)
        for width in (WIDE, TELEPHONE):
            page.set_viewport_size({"width": width, "height": 900})
            actual = page.evaluate("document.documentElement.scrollWidth")
            if actual > width:
                self.faults.append(f"{path}: {actual} wide at {width}")
            for violation in self.axe.run(page).response["violations"]:
                nodes = "; ".join(node["html"][:150] for node in violation["nodes"][:3])
                self.faults.append(f"{path} at {width}: {violation['id']}: {nodes}")

    def _page_of(self, username: str) -> Page:
        if username not in self._open:
            context: BrowserContext = self.browser.new_context(base_url=self.address, locale="zh-CN")
            page = self._open[username] = context.new_page()
            page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))
            if username:
                page.goto("/admin/login")
                page.get_by_label("用户名").fill(username)
                page.get_by_label("密码").fill(f"demo-{username}-2026")
                page.get_by_role("button", name="登录").click()
                page.wait_for_url("**/admin")
        return self._open[username]


def test_no_page_has_a_fault_that_a_machine_can_see(browser: Browser, shown: Site) -> None:
    places = Places(Settings(data=shown.data).database_file)
    looker = Looker(browser, shown.address)
    for path, roles in pages(shared_app(Settings(data=shown.data))):
        for address in places.fill(path):
            looker.look(address, roles)
    assert not looker.faults, f"{len(looker.faults)} faults\n" + "\n".join(sorted(set(looker.faults)))
    assert not places.unfilled, "tell Places what these can be"
    assert looker.n_looked > 60
