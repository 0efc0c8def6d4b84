"""Every page of the application, as the demonstration fills it: wide and narrow, no complaint of axe.

The router says which pages there are; one with a place that `Places` cannot fill fails, so that a new page
is looked at too.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
    Role.AGENCY: "agency01",
}
NOT_LOOKED_AT = ("/static", "/api", "/log", "/healthz", "/readyz", "/metrics", "/admin/reference")
"""Files, answers for programs, and the tables of Piccolo Admin, which is not ours."""
NOT_THERE = {
    "/admin/agencies",  # leads to the agency that is asked for
    "/admin/inspections/{inspection:int}/photographs/{digest:str}",
    "/admin/rules/changes/{number:int}",
    "/admin/rules/shipped/{instrument:str}",
}
"""Pages of which the demonstration has none."""
_DEMO = "from agency_credit.cli import main; main()"
PLACE = re.compile(r"\{(\w+):\w+\}")
CODES = re.compile(r"^ +(agency[0-9]+)  ((?:[0-9A-Z]{4}-){3}[0-9A-Z]{4})  ", re.MULTILINE)
"""The first recovery code of each account that has an authenticator, as the demonstration prints them."""


class Places:
    """What a place in a path can be filled with, from the store of the demonstration.

    One that stands for several things is told apart by the part of the path before it.
    """

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
                "reply": self._all("SELECT id FROM reply"),
                "record": self._all("SELECT commitment FROM record_salt LIMIT 1"),
                "number": self._all("SELECT min(id) FROM change_request"),
                "username": ["drafter"],
                "section": ["what", "frame", "strata", "teams", "entropy"],
                "name": ["plan.json", "agencies.xlsx", "1.json"],
                "kind": ["notice"],
                "upload": self._all("SELECT id FROM import_upload"),
                "run": self._all("SELECT min(id) FROM import_run"),
                "code": self._all("SELECT min(code) FROM inspection_item"),
                "year": ["2026"],
                "row": ["1"],
                "digest": ["0" * 64],
                "sealed": self._all("SELECT min(id) FROM sealed_record"),
                "file": self._all('SELECT min(id) FROM case_file GROUP BY "case"'),
                "objections/number": self._all("SELECT id FROM credit_case WHERE kind = 'objection'"),
                "replies/number": self._all("SELECT id FROM reply"),
                "repairs/number": self._all("SELECT id FROM credit_case WHERE kind = 'repair'"),
                "changes/number": self._all("SELECT min(id) FROM change_request GROUP BY kind"),
                "team-changes/number": self._all("SELECT min(id) FROM change_request GROUP BY kind"),
                "statements/code": self._all("SELECT code FROM statement"),
            }
            self.desk: dict[str, list[str]] = {
                "uscc": self._all(
                    "SELECT DISTINCT a.uscc FROM agency_seat s JOIN agency a ON a.id = s.agency"
                ),
                "inspection": self._all(
                    "SELECT i.id FROM inspection i JOIN agency_seat s ON s.agency = i.agency"
                ),
                "record": self._all(
                    "SELECT DISTINCT r.commitment FROM record_salt r JOIN credit_record c ON c.id = r.record"
                    " JOIN agency_seat s ON s.agency = c.agency WHERE c.practitioner IS NULL"
                ),
            }

    def fill(self, path: str) -> Iterator[str]:
        """`path` with everything there is in its places."""
        choices = [self._values_at(path, place) for place in PLACE.finditer(path)]
        if not all(choices):
            self.unfilled.add(path)
        for values in product(*choices):
            filled = path
            for value in values:
                filled = PLACE.sub(value, filled, count=1)
            yield filled

    def _values_at(self, path: str, place: re.Match[str]) -> list[str]:
        name, before = place[1], path[: place.start()].rsplit("/", 2)[-2]
        known = self.values | self.desk if path.startswith("/desk/") else self.values
        return known.get(f"{before}/{name}") or known.get(name, [])

    def _all(self, query: str) -> list[str]:
        return [str(value) for (value,) in self._store.execute(query) if value is not None]


def pages(app: Litestar) -> Iterator[tuple[str, frozenset[Role]]]:
    """Paths of pages, and who may open them; nobody in particular: everybody."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "GET" in handler.http_methods and not route.path.startswith(NOT_LOOKED_AT):
                yield route.path, frozenset(handler.opt.get("roles") or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The demonstration as it is served, and a code for each account that gives one at its login."""

    site: Site
    codes: Mapping[str, str]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The demonstration, served."""
    folder = tmp_path_factory.mktemp("every") / "demo"
    command = [sys.executable, "-c", _DEMO, "demo", "--no-serve", "--data", str(folder)]
    played = subprocess.run(command, check=False, capture_output=True, text=True)
    assert played.returncode == 0, played.stderr
    site = Site(folder, leave_upload)
    site.start()
    yield Shown(site=site, codes=dict(CODES.findall(played.stdout)))
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

    def __init__(self, browser: Browser, shown: Shown) -> None:
        self.browser, self.address, self.codes = browser, shown.site.address, shown.codes
        self.axe = Axe()
        self.faults: list[str] = []
        self.n_looked = 0
        self._open: dict[str, Page] = {}

    def look(self, path: str, roles: frozenset[Role]) -> bool:
        """At one page, in both widths; whether it is there: an agency has no inspection of another."""
        role = next((role for role in ACCOUNTS if role in roles), None)
        page = self._page_of(ACCOUNTS[role] if role else "")
        answer = page.request.get(path)
        if answer.status >= 500:
            self.faults.append(f"{path}: {answer.status}")
        if answer.status == 404:
            return False
        if "text/html" not in answer.headers.get("content-type", ""):
            return True
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
        return True

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
                if username in self.codes:
                    page.get_by_label("动态口令").fill(self.codes[username])
                    page.get_by_role("button", name="登录").click()
                page.wait_for_url(re.compile("/(admin|desk.*)$"))
        return self._open[username]


def test_no_page_has_a_fault_that_a_machine_can_see(browser: Browser, shown: Shown) -> None:
    settings = Settings(data=shown.site.data)
    places, looker = Places(settings.database_file), Looker(browser, shown)
    missing = set()
    for path, roles in pages(shared_app(settings)):
        seen = [looker.look(address, roles) for address in places.fill(path)]
        if not any(seen):
            missing.add(path)
    assert not looker.faults, f"{len(looker.faults)} faults\n" + "\n".join(sorted(set(looker.faults)))
    assert not places.unfilled, "tell Places what these can be"
    assert missing <= NOT_THERE
    assert looker.n_looked > 110
