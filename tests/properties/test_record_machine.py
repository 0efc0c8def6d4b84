"""The life of records, made up at random: a model of objections, repairs and changes says what must happen.

Whoever tries whatever at whatever time: each call is done or refused as the model says and leaves its audit
line; what the public reads, the score and tier, the public log and the cases are those of the model; what was
forgotten is nowhere; every proof verifies. An agency a sequence, some dozens of them in an office.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import SYSTEM
from agency_credit.services import import_file as importing
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.daily import run_daily
from agency_credit.services.import_format import read_sheets
from agency_credit.services.record_change import draft_record_change
from agency_credit.services.record_publication import publish_new
from agency_credit.services.replies import (
    ReplyTarget,
    publish_reply,
    return_reply,
    submit_reply,
    withdraw_reply,
)
from tests.databases import KINDS, Databases
from tests.record_cases import Cases
from tests.record_life import APPROVERS, DESK, DRAFTERS, OFFICE, SECOND, first_of
from tests.record_model import (
    DAY,
    SORTS,
    Known,
    Proposed,
    Said,
    can_be,
)
from tests.record_office import RecordOffices

SEQUENCES = 1_000
STEPS = 8
OF_OBJECTION = (
    "objected",
    "extended",
    "proposed",
    "upheld",
    "corrected",
    "assessed",
    "rejected",
    "again",
    "overtaken",
)
OF_REPAIR = ("applied", "returned", "examined", "granted", "refused")
OF_CHANGE = ("said", "withdrawn", "suspended", "suspended-later")
OF_REPLY = ("replied", "heard", "heard-twice")
JOBS = ("", "", "", "daily", "daily", "import")
STAGES = ("imported", *OF_OBJECTION, *OF_REPAIR, *OF_CHANGE, *OF_REPLY)
EVENTS = ("withdrawn", "suspended", "suspended-later", "resumed", "assessed", "assessed-wild", "corrected")


class RecordLife(Cases):
    """The records of one agency from their import on."""

    stage: ClassVar[str] = STAGES[0]
    """To which the first record of a sequence is brought, so that as many begin at each."""

    @initialize(
        sorts=st.lists(st.integers(0, len(SORTS) - 1), min_size=1, max_size=3),
        age=st.sampled_from((1, 40, 200)),
    )
    def begin(self, sorts: list[int], age: int) -> None:
        """An agency that was rated and has records, and the way of the first one to the stage of now."""
        if self.stage in OF_REPAIR:
            sorts, age = [sorts[0] % 3, *sorts[1:]], 200
        elif self.stage == "assessed" or self.stage in OF_REPLY:
            sorts, age = [0, *sorts[1:]], 40
        self.start()
        decided = self.today - age * DAY
        for place, sort in enumerate(sorts):
            number = f"{self.agency}-{place}"
            self.records.append(
                Known(
                    sort=SORTS[sort],
                    decided_on=decided,
                    first_on=self.today,
                    document=f"淄知罚第{number}号",
                    summary=f"事由{number}之一",
                )
            )
        self.originals = list(self.records)
        report = self.run(self._import())
        assert (report.new, report.n_errors) == (len(self.originals), 0), report.faults
        commitments = self.run(self._commitments())
        for record, commitment in zip(self.records, commitments, strict=True):
            record.commitment = commitment
        self._learn()
        self.run(publish_new(self.hub.office, SYSTEM))
        self._publish_due()
        self._bring_to(self.stage)

    def _bring_to(self, stage: str) -> None:
        """By steps of rules, each held against the model."""
        for step in self._way_to(stage):
            step()

    def _way_to(self, stage: str) -> list[Callable[[], None]]:
        """The steps that lead the first record there."""
        verdict = {
            "corrected": "partly",
            "assessed": "partly",
            "rejected": "rejected",
            "again": "rejected",
        }.get(stage, "upheld")
        proposed = "refused" if stage == "refused" else "granted"
        event = "withdrawn" if stage == "said" else stage
        ways: list[tuple[tuple[str, ...], Callable[[], None]]] = [
            (OF_OBJECTION, lambda: self.object("clerk", 0, is_good=True)),
            (("extended",), lambda: self.extend("drafter", 0)),
            (OF_OBJECTION[2:], lambda: self.propose("drafter", 0, verdict, stage)),
            (("overtaken",), lambda: self.say("drafter", 0, "suspended")),
            (("overtaken",), lambda: self.agree("approver", 0)),
            (OF_OBJECTION[3:], lambda: self.decide("approver", 0)),
            (("again",), lambda: self.object("clerk", 0, is_good=True)),
            (("granted",), self._say_and_object),
            (OF_REPAIR, lambda: self.apply("clerk", 0, "complete")),
            (("returned",), lambda: self.return_it("drafter", 0)),
            (OF_REPAIR[2:], lambda: self.examine("drafter", 0, proposed, is_good=True)),
            (OF_REPAIR[3:], lambda: self.settle("approver", 0, "as-proposed")),
            (OF_CHANGE, lambda: self.say("drafter", 0, event)),
            (OF_CHANGE[1:], lambda: self.agree("approver", 0)),
            (OF_REPLY, lambda: self.reply("clerk", 0, "")),
            (OF_REPLY[1:], lambda: self.look_at_reply("approver", 0, "published")),
            (OF_REPLY[2:], lambda: self.reply("clerk", 0, "")),
            (("heard-twice",), lambda: self.look_at_reply("approver", 0, "published")),
        ]
        return [step for stages, step in ways if stage in stages]

    def _say_and_object(self) -> None:
        """A published reply, where there is something public, and an objection in vain; both go with it."""
        self.reply("clerk", 0, "")
        if self.replies:
            self.look_at_reply("approver", 0, "published")
        self.object("clerk", 0, is_good=True)
        self.propose("drafter", 0, "rejected", "")
        self.decide("approver", 0)

    # --- time

    @rule(days=st.sampled_from((1, 2, 5, 31, 100, 200)), job=st.sampled_from(JOBS))
    def wait(self, days: int, job: str) -> None:
        """Time goes by, and the daily job runs or does not."""
        self._wait_until(self.today + days * DAY, job)

    @rule(place=st.integers(0, 7), days=st.sampled_from((-1, 0, 0, 1)), job=st.sampled_from(JOBS))
    def wait_for(self, place: int, days: int, job: str) -> None:
        """Until a day on which something changes, the one before it or after it."""
        coming = sorted({day for day in self._days_of_change() if day + days * DAY > self.today})
        if coming:
            self._wait_until(coming[place % len(coming)] + days * DAY, job)

    def _wait_until(self, day: date, job: str) -> None:
        self.hub.clock.now += day - self.today
        self.is_changed = True
        if job == "daily":
            self._run_daily_job()
        elif job == "import":
            self._import_again()

    def _run_daily_job(self) -> None:
        """It ends what is over, publishes what is not there yet, rates whom the day moves."""
        assert self.run(run_daily(self.hub.office, SYSTEM)).faults == ()
        for record in self.records:
            if record.is_served and not record.is_public(self.today):
                record.is_served = False
                self.log.append("redacted")
        self._publish_due()
        self._rate(is_daily=True)

    def _import_again(self) -> None:
        """The same list once more: nothing is new, what was forgotten does not come back.

        A row with the text from before a correction of the text alone is refused.
        """
        report = self.run(self._import())
        n_forgotten = sum(one.is_forgotten for one in self.originals)
        n_old = sum(not one.is_forgotten and self._is_reworded(one) for one in self.originals)
        expected = (0, 0, len(self.originals) - n_forgotten - n_old, n_forgotten, n_old)
        assert (report.new, report.changed, report.same, report.forgotten, report.n_errors) == expected
        self.run(publish_new(self.hub.office, SYSTEM))
        self._publish_due()

    # --- changes by two people

    @rule(who=st.sampled_from(OFFICE), place=st.integers(0, 3), event=st.sampled_from(EVENTS))
    def say(self, who: str, place: int, event: str) -> None:
        """Propose what befell a record."""
        record = self._record(place)
        change = self._change(record, event)
        expected = first_of(
            (who not in DRAFTERS, ForbiddenError),
            (record.is_forgotten, NotFoundError),
            (not can_be(record, change, self.today), FaultsError),
        )
        draft = draft_record_change(
            record.commitment,
            record.n_events,
            self._said(record, change),
            today=self.today,
            reason="依据法院判决",
        )
        if self._try(propose_change(self.hub.office, self._actor(who), draft), expected):
            self.proposals.append(
                Proposed(number=self.answer, record=record, by=who, on=self.today, change=change)
            )

    @precondition(lambda self: self.proposals)
    @rule(who=st.sampled_from(SECOND), place=st.integers(0, 3))
    def agree(self, who: str, place: int) -> None:
        """Another person approves, while it still rests on what is known."""
        proposed = self.proposals[-1 - place % len(self.proposals)]
        record, change = proposed.record, proposed.change
        expected = first_of(
            (who not in APPROVERS, ForbiddenError),
            (proposed.by == who, ForbiddenError),
            (record.is_forgotten, NotFoundError),
            (change.n_events != record.n_events, ConflictError),
            (not can_be(record, change, self.today), FaultsError),
        )
        call = decide_change(self.hub.office, self._actor(who), proposed.number, "approved")
        if self._try(call, expected):
            self.proposals.remove(proposed)
            self._apply(record, change)
            self.ends[change.event] += 1

    # --- replies

    @rule(
        who=st.sampled_from(DESK), place=st.integers(0, 3), text=st.sampled_from(("", "", "long", "personal"))
    )
    def reply(self, who: str, place: int, text: str) -> None:
        """To what the public reads, one at a time, without a number of a person."""
        record = self._record(place)
        waiting = (one for one in self.replies if one.record is record and one.state == "submitted")
        expected = first_of(
            *self._at_desk(who),
            (text == "long", InputError),
            (text == "personal", RefusedError),
            (not record.is_public(self.today), NotFoundError),
            (next(waiting, None) is not None, ConflictError),
        )
        said = {"long": "长" * 501, "personal": "请联系13800138000"}.get(
            text, f"答复{self.agency}第{next(self.numbers)}次"
        )
        target = ReplyTarget(kind="record", key=record.commitment)
        if self._try(submit_reply(self.hub.office, self._actor(who), self.uscc, target, said), expected):
            self.replies.append(Said(number=self.answer, record=record, text=said))

    @precondition(lambda self: self.replies)
    @rule(
        who=st.sampled_from(("approver", "approver", "approver", "drafter", "clerk")),
        place=st.integers(0, 3),
        how=st.sampled_from(("published", "published", "returned", "disliked")),
    )
    def look_at_reply(self, who: str, place: int, how: str) -> None:
        """Publish it, or return it for personal data and nothing else."""
        said = self.replies[-1 - place % len(self.replies)]
        expected = first_of(
            (who != "approver", ForbiddenError),
            (how == "disliked", InputError),
            (said.state != "submitted", RefusedError),
            (how == "published" and not said.record.is_public(self.today), NotFoundError),
        )
        office, actor = self.hub.office, self._actor(who)
        reasons = ["name"] if how == "returned" else ["untrue"]
        call = (
            publish_reply(office, actor, said.number)
            if how == "published"
            else return_reply(office, actor, said.number, reasons)
        )
        if self._try(call, expected):
            said.state = how
            self.ends[f"reply {how}"] += 1
            if how == "published":
                said.is_told = True
                self.log.append("reply.published")

    @precondition(lambda self: self.replies)
    @rule(who=st.sampled_from(DESK), place=st.integers(0, 3))
    def take_reply_back(self, who: str, place: int) -> None:
        """Before or after it was published; none comes back in its place."""
        said = self.replies[-1 - place % len(self.replies)]
        expected = first_of(*self._at_desk(who), (said.state not in ("submitted", "published"), RefusedError))
        call = withdraw_reply(self.hub.office, self._actor(who), self.uscc, said.number)
        if self._try(call, expected):
            if said.state == "published":
                self.log.append("reply.withdrawn")
            said.state = "withdrawn"


async def _await(call: Awaitable[Any]) -> Any:
    """Queries can be awaited without being coroutines."""
    return await call


@pytest.fixture(params=KINDS)
def machine(
    request: pytest.FixtureRequest,
    databases: Databases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[type[RecordLife]]:
    # a process of its own for each of a thousand lists would take longer than all the rest
    monkeypatch.setattr(importing, "read_apart", read_sheets)
    with asyncio.Runner() as runner:
        RecordLife.hub = RecordOffices(databases, request.param, tmp_path)
        RecordLife.ends = Counter()
        RecordLife.run = staticmethod(lambda call: runner.run(_await(call)))
        yield RecordLife
        runner.run(RecordLife.hub.end())


def test_records_objections_and_repairs_go_as_the_model_says(machine):
    for number, stage in enumerate(STAGES):
        machine.stage = stage
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=SEQUENCES // len(STAGES) + 1,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert machine.hub.n_sequences >= SEQUENCES
    for end in (
        "upheld",
        "partly",
        "rejected",
        "granted",
        "refused",
        "withdrawn",
        "suspended",
        "reply published",
    ):
        assert machine.ends[end] > SEQUENCES // 50, (end, machine.ends)
