"""Schemathesis against the API: made-up requests, by nobody and by somebody with every right.

Each answer must be one that the description names, in its shape, and never a fault of ours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agency_credit.domain.role import Role
from agency_credit.services.annual_plan import PlanRow, save_plan_row
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.draw_draft import draft_draw, suggest_draft
from agency_credit.services.office import Office
from agency_credit.services.plan_change import draft_plan_change
from agency_credit.services.publish_draw import publish_draw
from tests import world as worlds
from tests.conftest import Clock
from tests.site import Site

KNOWN: dict[str, list[Any]] = {
    "draw": [],
    "uscc": [worlds.uscc(0), worlds.uscc(3)],
    "unit": [worlds.uscc(0), worlds.uscc(3)],
    "practice_line": ["patent", "trademark"],
    "name": ["plan.json", "targets.jsonl", "result.json", "names.jsonl"],
    "instrument": [],
    "inspection": [1, 2, 3],
    "q": ["测试", "ce"],
    "tier": ["A", "D"],
    "area": ["3703"],
    "cursor": [""],
    "limit": [1, 50, 200],
    "state": ["", "published"],
    "year": [2026],
    "on": ["2026-11-24"],
}
"""What there is in the office, by name of the parameter: made-up names alone would find nothing.

Draws and instruments are filled in when they are made.
"""
LEAST = 2_000
"""Cases that have to be tried, over all operations."""
EXAMPLES = 50
"""Made-up requests for an operation, by nobody and by somebody each; with it come those of its examples."""

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
tried: Counter[str] = Counter()
seen: defaultdict[str, set[int]] = defaultdict(set)


async def fill(office: Office, clock: Clock) -> None:
    """An office with a published draw, one that was drawn, a draft, and a person who may do everything."""
    world = await worlds.build_world(office, clock, n_inspectors=6)
    published = await worlds.inspected(world)
    await publish_draw(office, world.approver, published)
    row = PlanRow(
        row=0,
        title="抽查",
        body="本局",
        items=("P1",),
        practice_lines=("patent",),
        months=(11,),
        fraction="0.1",
    )
    await save_plan_row(office, world.drafter, 2026, row)
    plan = await propose_change(office, world.drafter, await draft_plan_change(office, 2026, "年度计划"))
    await decide_change(office, world.approver, plan, "approved")
    drafted = await draft_draw(office, world.drafter, await suggest_draft(office))
    KNOWN["draw"] += [published, drafted]
    KNOWN["instrument"] += [instrument.id for instrument in office.shipped]
    roles = (Role.DRAFTER, Role.APPROVER, Role.PUBLISHER)
    await worlds.add_account(office, "fuzz", *roles)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("fuzz") / "data", fill)
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def schema(site: Site) -> Any:
    return schemathesis.openapi.from_url(f"{site.address}/api/v1/openapi.json")


class Person:
    """Somebody with every right; logs in again whenever a case has logged him out."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.headers: dict[str, str] = {}

    def log_in(self) -> None:
        answer = httpx.post(
            f"{self.address}/api/v1/session", json={"username": "fuzz", "password": worlds.PASSWORD}
        )
        assert answer.status_code == 201, answer.text
        token = answer.json()["csrf_token"]
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.headers = {"Cookie": cookie, "X-CSRF-Token": token}

    def call(self, case: Case) -> Any:
        if not self.headers:
            self.log_in()
        answer = case.call(headers=self.headers)
        if answer.status_code == 401:
            self.log_in()
            answer = case.call(headers=self.headers)
        return answer


def _operations(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def _try_all(schema: Any, who: str, call: Any) -> None:
    faults = []
    for operation in _operations(schema):
        try:
            _try_operation(operation, who, call)
        except BaseExceptionGroup as error:
            faults.append(f"{operation.label}: {error}")
    assert not faults, "\n\n".join(faults)


def _try_operation(operation: Any, who: str, call: Any) -> None:
    @hypothesis.given(case=operation.as_strategy(), data=st.data())
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def run(case: Case, data: st.DataObject) -> None:
        tried[who] += 1
        for given in (case.path_parameters, case.query):
            for name in sorted(set(given or ()) & set(KNOWN)):
                if data.draw(st.integers(0, 3)):
                    given[name] = data.draw(st.sampled_from(KNOWN[name]))
        answer = call(case)
        seen[operation.label].add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    run()


def test_nobody_gets_an_answer_that_is_not_described(schema):
    _try_all(schema, "nobody", lambda case: case.call())


def test_somebody_with_every_right_gets_none_either(site, schema):
    _try_all(schema, "somebody", Person(site.address).call)


def test_enough_was_tried(site):
    assert tried.total() >= LEAST, tried
    unanswered = [
        label for label, statuses in seen.items() if label.startswith("GET") and 200 not in statuses
    ]
    assert not unanswered, "no case reached anything there"
