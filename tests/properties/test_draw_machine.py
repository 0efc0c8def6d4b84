"""The life of a draw, made up at random: a model of draw-protocol.md, section 9, says what must happen.

Whoever tries whatever at whatever time: each call is done or refused as the model says, a refusal leaves its
audit line and nothing else, what was frozen stays, and what is published verifies. The draws of all sequences
stand in one office, one after the other, as they would.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from agency_credit.database.tables import AuditLine, LogEntry
from agency_credit.domain.errors import (
    AgencyCreditError,
    ConflictError,
    ForbiddenError,
    InputError,
    RefusedError,
)
from agency_credit.domain.role import Actor, Role
from agency_credit.services.change_request import ChangeDraft, load_waiting_changes
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.draw_draft import draft_draw, load_draw_row
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_store import load_files, load_history
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import close_office, open_office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import return_result, review_result
from agency_credit.services.result_store import load_latest_result
from agency_credit.services.results import confirm_result, enter_result
from agency_credit.verification import verify_files
from agency_credit.verification.verify_draw import load_bundle
from tests import world as worlds
from tests.conftest import PACKS, Clock
from tests.databases import KINDS, Databases

SEQUENCES = 1_000
STEPS = 8
BEGIN = datetime(2026, 11, 24, 4, tzinfo=UTC)
GAP = timedelta(minutes=20)
GOOD = {1: "03 07 12 18 25 31 + 09", 2: "27200638232795031253"}
BAD = "03 07 12 18 25 31 + 9"
STAGES = (
    "drafted",
    "drafted",
    "announced",
    "announced",
    "approved",
    "approved",
    "valued",
    "drawn",
    "drawn",
    "inspected",
    "inspected",
    "inspected",
    "inspected",
    "published",
)
WHO = ("drafter", "approver", "deputy", "auditor")


class DrawLife(RuleBasedStateMachine):
    """One draw; `hub` and `run` belong to the office in which all of them stand."""

    hub: ClassVar[Any]
    run: ClassVar[Callable[[Awaitable[Any]], Any]]
    n_published: ClassVar[int] = 0
    n_called_ever: ClassVar[int] = 0

    @initialize(stage=st.sampled_from(STAGES), n_people=st.sampled_from((0, 0, 1, 2)))
    def begin(self, stage: str, n_people: int) -> None:
        """A draft whose events lie one and two gaps ahead, and its way to `stage`.

        Once it is drawn, `n_people` have proposed and decided the call of a reserve.
        """
        self.first_at = self.now + 2 * GAP
        self.last_at = self.now + 3 * GAP
        self.steps: dict[str, str] = {}
        self.values: set[int] = set()
        self.requests: list[tuple[str, str]] = []
        self.results: dict[int, str] = {}
        self.days: dict[int, date] = {}
        self.units: dict[int, tuple[str, str]] = {}
        self.n_called: Counter[str] = Counter()
        self.proposals: list[tuple[int, str, int, str | None]] = []
        self.frozen: dict[str, bytes] = {}
        self.draw = self.run(self._draft())
        self.log: list[str] = []
        for reached, step in (
            ("announced", lambda: self.announce("drafter")),
            ("approved", lambda: self.approve("approver")),
            ("valued", self._all_values),
            ("drawn", lambda: self.make_draw("deputy")),
            ("drawn", lambda: n_people > 0 and self.propose_reserve("drafter", 0, is_in_turn=True)),
            ("drawn", lambda: n_people > 1 and self.decide_reserve("approver")),
            ("inspected", self._all_results),
            ("published", lambda: self.publish("approver")),
        ):
            if _place(stage) >= _place(reached):
                step()

    @rule(n=st.integers(1, 2))
    def wait(self, n: int) -> None:
        """Time goes by."""
        self.hub.clock.now += n * GAP

    @rule(who=st.sampled_from(WHO))
    def announce(self, who: str) -> None:
        """Only a draft, only in time."""
        expected = _first(
            (not self._may(who, Role.DRAFTER), ForbiddenError),
            ("announced" in self.steps, ConflictError),
            (self.now >= self.first_at, AgencyCreditError),
        )
        self._try(announce_draw(self.hub.office, self._actor(who), self.draw), expected, "announced", who)

    @rule(who=st.sampled_from(WHO))
    def approve(self, who: str) -> None:
        """A second person, in time."""
        expected = _first(
            (not self._may(who, Role.APPROVER), ForbiddenError),
            ("announced" not in self.steps, RefusedError),
            ("approved" in self.steps, ConflictError),
            ("voided" in self.steps, RefusedError),
            (who in {"drafter", self.steps.get("announced")}, ForbiddenError),
            (self.now >= self.first_at, RefusedError),
        )
        self._try(approve_draw(self.hub.office, self._actor(who), self.draw), expected, "approved", who)

    @rule(
        who=st.sampled_from(WHO),
        source=st.sampled_from((0, 1, 1, 2, 2, 7)),
        is_good=st.sampled_from((True, True, False)),
    )
    def enter(self, who: str, source: int, is_good: bool) -> None:
        """Into an approved draw, not before its event, in its form; never the office's own."""
        expected = _first(
            (not self._may(who, Role.DRAFTER, Role.APPROVER), ForbiddenError),
            ("announced" not in self.steps, RefusedError),
            (source == 7, InputError),
            (source == 0, RefusedError),
            ("drawn" in self.steps, ConflictError),
            (not self._is_drawable, RefusedError),
            (self.now < (self.first_at if source == 1 else self.last_at), RefusedError),
            (not is_good, InputError),
        )
        value = GOOD.get(source, "1") if is_good else BAD[:-1]
        call = enter_value(self.hub.office, self._actor(who), self.draw, source, value)
        if self._try(call, expected):
            self.values.add(source)

    @rule(who=st.sampled_from(WHO))
    def make_draw(self, who: str) -> None:
        """Once, with every value."""
        expected = _first(
            (not self._may(who, Role.DRAFTER, Role.APPROVER), ForbiddenError),
            ("drawn" in self.steps, ConflictError),
            (not self._is_drawable or self.values != {1, 2}, RefusedError),
        )
        if self._try(run_draw(self.hub.office, self._actor(who), self.draw), expected, "drawn", who):
            rows = self.run(worlds.inspections_of(self.draw))
            self.results = {row["id"]: "none" for row in rows}
            self.units = {row["id"]: (row["uscc"], row["stratum"]) for row in rows}
            files = self.run(load_files(self.run(load_draw_row(self.draw))["id"]))
            self.strata = json.loads(files["result.json"])["strata"]
            self.days = {}

    @rule(number=st.integers(0, 3))
    def inspect(self, number: int) -> None:
        """A member of the team enters what was found."""
        if not self.results:
            return
        inspection = sorted(self.results)[number % len(self.results)]
        day, state = self.hub.office.today(), self.results[inspection]
        is_same = state in ("entered", "confirmed") and self.days.get(inspection) == day
        expected = _first(
            ("voided" in self.steps, RefusedError),
            (state not in ("none", "returned") and not is_same, RefusedError),
        )
        member = self.run(worlds.member_of(self.hub, inspection))
        call = enter_result(
            self.hub.office, member, inspection, inspected_on=day, categories=["1"], findings=""
        )
        if self._try(call, expected) and not is_same:
            self.results[inspection], self.days[inspection] = "entered", day

    @rule(number=st.integers(0, 3), is_old=st.booleans())
    def sign(self, number: int, is_old: bool) -> None:
        """Every member confirms what was entered, over its digest and no other."""
        if not self.results:
            return
        inspection = sorted(self.results)[number % len(self.results)]
        expected = _first(
            ("voided" in self.steps or self.results[inspection] != "entered" or is_old, RefusedError),
        )
        latest = self.run(load_latest_result(inspection))
        digest = latest["digest"] if latest and not is_old else "0" * 64
        for member in self.run(worlds.members_of(self.hub, inspection)):
            if not self._try(confirm_result(self.hub.office, member, inspection, digest), expected):
                return
        self.results[inspection] = "confirmed"

    @rule(who=st.sampled_from(WHO), number=st.integers(0, 3), is_returned=st.booleans())
    def judge(self, who: str, number: int, is_returned: bool) -> None:
        """Somebody else confirms it or sends it back."""
        if not self.results:
            return
        inspection = sorted(self.results)[number % len(self.results)]
        expected = _first(
            (not self._may(who, Role.APPROVER), ForbiddenError),
            ("voided" in self.steps or self.results[inspection] != "confirmed", RefusedError),
        )
        office, actor = self.hub.office, self._actor(who)
        call = (
            return_result(office, actor, inspection, "补充说明")
            if is_returned
            else review_result(office, actor, inspection)
        )
        if self._try(call, expected):
            self.results[inspection] = "returned" if is_returned else "reviewed"

    @rule(who=st.sampled_from(WHO), number=st.integers(0, 3), is_in_turn=st.sampled_from((True, True, False)))
    def propose_reserve(self, who: str, number: int, is_in_turn: bool) -> None:
        """For a unit without a result, the reserve whose turn it is, and not twice."""
        if not self.results:
            return
        inspection = sorted(self.results)[number % len(self.results)]
        unit, stratum = self.units[inspection]
        due = self._due(stratum)
        is_waiting = any(proposal[2] == inspection for proposal in self.proposals)
        expected = _first(
            (not self._may(who, Role.DRAFTER), ForbiddenError),
            *self._may_call(inspection),
            (not is_in_turn or is_waiting, ConflictError),
        )
        called = due if is_in_turn else "91370302MA99999999"
        draft = ChangeDraft(
            kind="reserve",
            subject=f"{self.draw}/{unit}",
            based_on=0,
            payload={"called": called, "draw": self.draw, "reason_code": "closed", "unit": unit},
            applies_from=self.hub.office.today(),
            is_correction=False,
            reason="登记机关已核准注销",
        )
        if self._try(propose_change(self.hub.office, self._actor(who), draft), expected):
            (waiting,) = self.run(load_waiting_changes("reserve", draft.subject))
            self.proposals.append((waiting.number, who, inspection, called))

    @rule(who=st.sampled_from(WHO))
    def decide_reserve(self, who: str) -> None:
        """Another person, as long as the unit has no result and the order has not moved on."""
        if not self.proposals:
            return
        number, proposed_by, inspection, called = self.proposals[-1]
        expected = _first(
            (not self._may(who, Role.APPROVER), ForbiddenError),
            (who == proposed_by, ForbiddenError),
            *self._may_call(inspection),
            (called != self._due(self.units[inspection][1]), ConflictError),
        )
        if self._try(decide_change(self.hub.office, self._actor(who), number, "approved"), expected):
            self.proposals.pop()
            self.log.append("reserve.called")
            del self.results[inspection]
            rows = {row["uscc"]: row["id"] for row in self.run(worlds.inspections_of(self.draw))}
            if called is not None:
                self.results[rows[called]] = "none"
                self.units[rows[called]] = called, self.units[inspection][1]
                self.n_called[self.units[inspection][1]] += 1
            DrawLife.n_called_ever += 1

    @rule(who=st.sampled_from(WHO))
    def publish(self, who: str) -> None:
        """All files, once every result was reviewed."""
        expected = _first(
            (not self._may(who, Role.PUBLISHER), ForbiddenError),
            ("published" in self.steps, ConflictError),
            ("drawn" not in self.steps or "voided" in self.steps, RefusedError),
            (bool(set(self.results.values()) - {"reviewed"}), RefusedError),
        )
        call = publish_draw(self.hub.office, self._actor(who), self.draw)
        if self._try(call, expected, "published", who):
            self.results = dict.fromkeys(self.results, "published")
            self.log += ["result.published"] * len(self.results)
            DrawLife.n_published += 1
            assert not verify_files(load_bundle(self.hub.office.settings.bundles / self.draw))

    @rule(who=st.sampled_from(WHO), code=st.sampled_from(("stated", "event-missing", "nonce-wrong", "mood")))
    def ask_void(self, who: str, code: str) -> None:
        """For any reason before the first value, for five of them after it."""
        expected = self._may_void(who, code, Role.DRAFTER, Role.APPROVER)
        call = request_void(self.hub.office, self._actor(who), self.draw, code, "开奖延期，见公告")
        if self._try(call, expected):
            self.requests.append((who, code))

    @rule(who=st.sampled_from(WHO))
    def confirm(self, who: str) -> None:
        """Another person than the one who asked; of several who did, the latest other one."""
        others = [request for request in self.requests if request[0] != who]
        asked_by, code = (others or self.requests or [("", "")])[-1]
        expected = _first(
            (not self._may(who, Role.APPROVER), ForbiddenError),
            (not self.requests, RefusedError),
            (asked_by == who, ForbiddenError),
        ) or self._may_void(who, code, Role.APPROVER)
        self._try(confirm_void(self.hub.office, self._actor(who), self.draw), expected, "voided", who)

    @invariant()
    def stands_where_the_model_says(self) -> None:
        """The steps, the log and the frozen files."""
        row = self.run(load_draw_row(self.draw))
        assert [step.value for step in self.run(load_history(row)).steps] == list(self.steps)
        assert self.run(self._logged()) == sorted(self.log)
        files = self.run(load_files(row["id"]))
        assert self.frozen.items() <= files.items(), "a frozen file changed"
        self.frozen = files
        states = {
            inspection: (latest or {"state": "none"})["state"]
            for inspection in self.results
            for latest in [self.run(load_latest_result(inspection))]
        }
        assert states == self.results

    @property
    def now(self) -> datetime:
        """The present instant of the office."""
        return self.hub.office.now()

    @property
    def _is_drawable(self) -> bool:
        return "approved" in self.steps and "voided" not in self.steps

    async def _draft(self) -> str:
        own = {"kind": "commitment", "party": "本局", "commitment": None}
        events = [
            source | {"at": at.isoformat()}
            for source, at in zip(worlds.PUBLIC, (self.first_at, self.last_at), strict=True)
        ]
        draft = await worlds.good_draft(self.hub, entropy=[own, *events])
        return await draft_draw(self.hub.office, self._actor("drafter"), draft)

    def _all_values(self) -> None:
        self.hub.clock.now = self.last_at
        for source in GOOD:
            self.enter("drafter", source, is_good=True)

    def _all_results(self) -> None:
        for number in range(len(self.results)):
            self.inspect(number)
            self.sign(number, is_old=False)
            self.judge("approver", number, is_returned=False)

    def _may_void(self, who: str, code: str, *roles: Role) -> type[Exception] | None:
        return _first(
            (not self._may(who, *roles), ForbiddenError),
            ("announced" not in self.steps, RefusedError),
            ("voided" in self.steps, ConflictError),
            (code == "mood", InputError),
            (code == "stated" and self.now >= self.first_at, RefusedError),
            (code == "nonce-wrong" and "drawn" in self.steps, RefusedError),
        )

    def _may_call(self, inspection: int) -> list[tuple[bool, type[Exception]]]:
        """What keeps a reserve from being called for a unit."""
        is_changeable = self.results.get(inspection) in ("none", "entered", "returned")
        return [("voided" in self.steps or not is_changeable, RefusedError)]

    def _due(self, stratum: str) -> str | None:
        """The reserve whose turn it is, by the frozen result; None: none is left."""
        reserves = next(item["reserves"] for item in self.strata if item["stratum"] == stratum)
        return str(reserves[self.n_called[stratum]]) if self.n_called[stratum] < len(reserves) else None

    def _actor(self, who: str) -> Actor:
        return self.hub.people[who]

    def _may(self, who: str, *roles: Role) -> bool:
        return bool(self._actor(who).roles & set(roles))

    def _try(
        self, call: Awaitable[Any], expected: type[Exception] | None, step: str = "", who: str = ""
    ) -> bool:
        """Do it; whether it was done. What it leaves is looked at by `stands_where_the_model_says`."""
        before = self.run(AuditLine.count())
        with nullcontext() if expected is None else pytest.raises(expected):
            self.run(call)
        assert self.run(AuditLine.count()) == before + 1
        if expected is None and step:
            self.steps[step] = who
            self.log.append(f"draw.{step}")
        return expected is None

    async def _logged(self) -> list[str]:
        subjects = (LogEntry.subject == self.draw) | LogEntry.subject.like(f"{self.draw}/%")
        return sorted(row["type"] for row in await LogEntry.select(LogEntry.type).where(subjects))


def _first(*refusals: tuple[bool, type[Exception]]) -> type[Exception] | None:
    """The first error whose reason is there, in the order of the service; None: it is done."""
    return next((error for is_so, error in refusals if is_so), None)


def _place(stage: str) -> int:
    return ("drafted", "announced", "approved", "valued", "drawn", "inspected", "published").index(stage)


async def _await(call: Awaitable[Any]) -> Any:
    """Queries can be awaited without being coroutines."""
    return await call


class Hub:
    """The office of all sequences, with the people who try things."""

    def __init__(self, world: worlds.World, deputy: Actor, auditor: Actor) -> None:
        self.office, self.clock, self.inspectors = world.office, world.clock, world.inspectors
        self.people = {
            "drafter": world.drafter,
            "approver": world.approver,
            "deputy": deputy,
            "auditor": auditor,
        }


@pytest.fixture(params=KINDS)
def machine(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[type[DrawLife]]:
    with asyncio.Runner() as runner:
        clock = Clock(BEGIN)
        office = runner.run(
            open_office(databases.fresh(request.param, tmp_path), clock=clock, packs_folder=PACKS)
        )
        world = runner.run(worlds.build_world(office, clock, n_agencies=3, n_inspectors=4))
        # with the cap that ships, the first few draws would leave nobody for all others to inspect
        runner.run(worlds.enter_value_of_profile(world, "annual-cap", 100_000))
        roles = (Role.DRAFTER, Role.APPROVER, Role.PUBLISHER)
        deputy = runner.run(worlds.add_account(office, "deputy", *roles))
        auditor = runner.run(worlds.add_account(office, "auditor", Role.AUDIT))
        DrawLife.hub = Hub(world, deputy, auditor)
        DrawLife.run = staticmethod(lambda call: runner.run(_await(call)))
        DrawLife.n_published = DrawLife.n_called_ever = 0
        yield DrawLife
        runner.run(close_office(office))


def test_every_life_of_a_draw_is_the_one_that_the_protocol_allows(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert machine.n_published > SEQUENCES // 50, "hardly any draw lived to its end"
    assert machine.n_called_ever > SEQUENCES // 50, "hardly any reserve was called"
