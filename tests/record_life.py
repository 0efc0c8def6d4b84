"""The records of one agency beside their model: what must hold, and what each step does to both."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
)

from agency_credit.database.tables import (
    AuditLine,
    CaseStep,
    LogEntry,
    RecordSalt,
)
from agency_credit.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.ledger import Ledger, LineState
from agency_credit.domain.role import Actor
from agency_credit.scoring import score_ledger, score_of, tier_of
from agency_credit.services import import_file as importing
from agency_credit.services.log import load_entries
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.record_change import RecordChange
from agency_credit.services.register import load_agency, load_history
from tests.record_model import (
    DAY,
    Change,
    Known,
    Objection,
    Proposed,
    Rated,
    Repair,
    Said,
)
from tests.record_office import RecordOffices
from tests.repairs import complete

HEADER = "统一社会信用代码,信息类别,决定书文号,决定日期,决定机关,摘要,大类,处罚程序,处罚种类,公示分类"
DESK = (*("clerk",) * 8, "reader", "other", "drafter")
OFFICE = (*("drafter",) * 6, "deputy", "approver", "auditor", "clerk")
SECOND = (*("approver",) * 6, "deputy", "drafter", "clerk")
DRAFTERS, APPROVERS = frozenset({"drafter", "deputy"}), frozenset({"approver", "deputy"})
"""Who tries something, those who may more often than others."""


class Life(RuleBasedStateMachine):
    """What all rules rest on; `hub` and `run` belong to the office in which the agency stands."""

    hub: ClassVar[RecordOffices]
    run: ClassVar[Callable[[Awaitable[Any]], Any]]
    ends: ClassVar[Counter[str]]

    def start(self) -> None:
        """An agency that was rated, without records."""
        self.numbers = itertools.count(1)
        self.objections: list[Objection] = []
        self.repairs: list[Repair] = []
        self.proposals: list[Proposed] = []
        self.replies: list[Said] = []
        self.records: list[Known] = []
        self.originals: list[Known] = []
        self.ratings: list[Rated] = []
        self.log: list[str] = []
        self.cases: list[dict[str, Any]] = []
        self.is_changed = True
        self.known_at = datetime.min.replace(tzinfo=UTC)
        self.uscc, self.agency = self.run(self.hub.begin_sequence())
        self._rate()

    # --- what must hold after each step

    @invariant()
    def the_public_reads_what_the_model_says(self) -> None:
        """Looked at after whatever was done, and at the end, so that nothing hides behind a refusal."""
        if self.is_changed:
            self._look_as_the_public()
            self.is_changed = False

    def _look_as_the_public(self) -> None:
        """Records with their states, score and tier, the history of ratings; nothing that was forgotten."""
        view = self.run(load_agency(self.hub.office, self.uscc))
        shown = {
            row.record: (
                row.document_number,
                row.summary,
                row.state,
                row.ends_on,
                row.log_index is not None,
                row.objection and (row.objection.state, row.objection.on),
                row.repair and row.repair.on,
                row.reply and row.reply.text,
            )
            for row in view.records
        }
        assert shown == {
            one.commitment: self._shown(one) for one in self.records if one.is_public(self.today)
        }
        (rating,) = view.ratings
        latest = self.ratings[-1]
        assert (round(float(rating.score or "nan") * 1000), rating.tier) == latest.standing
        standing = {one.commitment: one.is_public(self.today) for one in self.records if one.stands()}
        told = [standing[name] for name in latest.rests_on if name in standing]
        assert (len(rating.lines), rating.n_undisclosed) == (sum(told), len(told) - sum(told))
        history = self.run(load_history(self.hub.office, self.uscc))
        kept = [one for one in self.ratings if not one.is_empty and one.rests_on <= standing.keys()]
        assert [row.tier for row in history] == [one.standing[1] for one in reversed(kept)]
        self.run(self._refuse_forgotten(msgspec.json.encode((view, history)).decode()))

    @invariant()
    def log_and_cases_only_grow_as_the_model_says(self) -> None:
        """The entries about the agency in their order; the cases with their steps."""
        rows = self.run(
            LogEntry.select(LogEntry.type).where(LogEntry.subject == self.uscc).order_by(LogEntry.index)
        )
        assert [row["type"] for row in rows] == self.log
        cases = self.run(self._load_cases())
        assert cases[: len(self.cases)] == self.cases
        self.cases = cases
        states = {row["number"]: row["step"] for row in cases}
        model = {case.number: case.state for case in (*self.objections, *self.repairs)}
        said = {"open": ("opened", "extended", "returned")}
        assert states.keys() == model.keys()
        assert all(states[number] in said.get(state, (state,)) for number, state in model.items())

    def teardown(self) -> None:
        """What the public reads; proofs of two entries, those of all at the end of an office."""
        if getattr(self, "log", None):
            self._look_as_the_public()
            self.run(self.hub.check_proofs(self.uscc))

    # --- the model

    @property
    def today(self) -> date:
        """In the office."""
        return self.hub.office.today()

    def _is_reworded(self, record: Known) -> bool:
        return any(one.corrects is record and one.document == record.document for one in self.records)

    def _record(self, place: int) -> Known:
        return self.records[place % len(self.records)]

    def _objection(self, place: int) -> Objection:
        return self.objections[-1 - place % len(self.objections)]

    def _repair(self, place: int) -> Repair:
        return self.repairs[-1 - place % len(self.repairs)]

    def _open_objection(self, record: Known) -> Objection | None:
        open_ones = (case for case in self.objections if case.state in ("open", "proposed"))
        return next((case for case in open_ones if case.record is record), None)

    def _days_of_change(self) -> Iterator[date]:
        """When disclosure ends, repair begins, a promised day is, a refusal is over, a suspension ends."""
        for record in self.records:
            if record.stands():
                yield from (day for day in (record.ends_on(), record.repair_on()) if day is not None)
                yield from (last + DAY for _, last in record.stays if last is not None)
                yield from (first for first, _ in record.stays)
        yield from (case.due_on + DAY for case in self.objections if case.state == "open")
        yield from (case.next_on for case in self.repairs if case.state == "refused" and case.next_on)

    def _is_unmet(self, record: Known) -> bool:
        """Whether record or registers stand against its repair today.

        What is disclosed no more and weighs nothing has nothing left to repair.
        """
        repair_on = record.repair_on()
        return (
            record.withdrawn_on is not None
            or (record.is_over(self.today) and not self._weighs(record))
            or repair_on is None
            or self.today < repair_on
            or self._open_objection(record) is not None
        )

    def _is_barred(self, record: Known) -> bool:
        """Whether other applications stand against a new one."""
        cases = [case for case in self.repairs if case.record is record]
        closed = [case for case in cases if case.is_closed]
        is_refused = bool(closed) and closed[-1].state == "refused"
        next_on = closed[-1].next_on if is_refused else None
        return len(closed) < len(cases) or (next_on is not None and self.today < next_on)

    def _at_desk(self, who: str) -> list[tuple[bool, type[Exception]]]:
        """What keeps people from acting for the agency."""
        return [
            (who in DRAFTERS | APPROVERS, ForbiddenError),
            (who == "other", NotFoundError),
            (who == "reader", ForbiddenError),
        ]

    def _change(self, record: Known, event: str) -> Change:
        n = next(self.numbers)
        today, n_events = self.today, record.n_events
        match event:
            case "withdrawn" | "resumed":
                return Change(event=event, on=today, n_events=n_events)
            case "suspended":
                return Change(event=event, on=today, n_events=n_events)
            case "suspended-later":
                first = today + 3 * DAY
                return Change(event="suspended", on=first, until=first + 20 * DAY, n_events=n_events)
            case "corrected":
                document = record.document if n % 2 else f"淄知罚第{self.agency}-更{n}号"
                summary = f"事由{self.agency}更正{n}之一"
                return Change(
                    event=event, on=record.decided_on, document=document, summary=summary, n_events=n_events
                )
            case _:
                points = -999_000 if event == "assessed-wild" else -10_000
                return Change(event="assessed", points=points, n_events=n_events)

    def _said(self, record: Known, change: Change) -> RecordChange:
        """The change as the service takes it."""
        texts = None
        if change.event == "corrected":
            texts = {
                "kind": record.sort.kind,
                "document": change.document,
                "authority": "淄博市知识产权局",
                "summary": change.summary,
                "evidence": "",
            }
        return RecordChange(
            event=change.event, on=change.on, until=change.until, millipoints=change.points, texts=texts
        )

    def _apply(self, record: Known, change: Change) -> None:
        """What a decided change does."""
        match change.event:
            case "suspended":
                assert change.on is not None
                record.stays.append((change.on, change.until))
            case "resumed":
                assert change.on is not None
                held = record.stay_on(change.on)
                assert held is not None
                first, _ = record.stays.pop(held)
                if first < change.on:
                    record.stays.append((first, change.on - DAY))
            case "assessed":
                record.assessed = change.points
            case "corrected":
                self.records.append(
                    successor(
                        record,
                        document=change.document,
                        summary=change.summary,
                        commitment=self.run(self._commitments())[-1],
                        corrects=record,
                        is_served=None,
                        note=None,
                    )
                )
        record.n_events += 1
        if change.event in ("withdrawn", "corrected"):
            record.withdrawn_on = record.decided_on if change.event == "corrected" else change.on
            if record.is_served is not None:
                self.log.append("record.withdrawn")
                record.is_served = False
        self._learn()

    def _forget(self, record: Known) -> None:
        """The log says of every text that it served that it does so no more; the agency is rated anew."""
        self.log.append("repair.granted")
        chain = list(record.versions())
        names = {one.commitment for one in chain}
        rested = [rating for rating in self.ratings if rating.rests_on & names and not rating.is_empty]
        spoken = [case for case in self.objections if any(case.record is one for one in chain)]
        n_texts = sum(bool(one.is_served) for one in chain) + len(rested)
        n_texts += sum(case.n_entries for case in spoken) + 1
        replies = [said for said in self.replies if any(said.record is one for one in chain)]
        n_texts += sum(said.is_told for said in replies)
        self.hub.forgotten += [said.text for said in replies]
        self.log += ["redacted"] * n_texts
        for case in spoken:
            case.n_entries = 0
        for rating in rested:
            rating.is_empty = True
        for one in chain:
            one.is_forgotten, one.is_served = True, None
            self.hub.forgotten += [one.document, one.summary]
        self._learn()

    def _close(self, case: Objection) -> None:
        self.log.append("objection.closed")
        case.n_entries += 1

    def _learn(self) -> None:
        self.known_at = self.hub.clock.now
        self._rate()

    def _score(self) -> Ledger:
        records = [one.to_scoring(self.uscc) for one in self.records if one.stands()]
        return score_ledger(records, self.hub.pack, self.today)

    def _weighs(self, record: Known) -> bool:
        """Whether it takes points off today, or would but for others."""
        states = (LineState.COUNTING, LineState.CAPPED)
        lines = {line.record_id: line.state for line in self._score().lines}
        return lines.get(record.commitment) in states

    def _rate(self, *, is_daily: bool = False) -> None:
        """A rating is stored when it says something else than the last one.

        By the day alone only when score or tier are others.
        """
        ledger = self._score()
        score = score_of(ledger)
        standing = score, tier_of(self.hub.pack, score).name
        last = self.ratings[-1] if self.ratings else None
        is_same = last is not None and not last.is_empty and last.standing == standing
        is_touched = not is_daily or self.known_at > self.rated_at
        if is_same and last is not None and (not is_touched or last.lines == ledger.lines):
            return
        self.ratings.append(
            Rated(
                rests_on=frozenset(line.record_id for line in ledger.lines),
                standing=standing,
                lines=ledger.lines,
            )
        )
        self.rated_at = self.hub.clock.now
        self.log.append("tier.published")

    def _publish_due(self) -> None:
        for record in self.records:
            if record.is_served is None and record.is_public(self.today):
                record.is_served = True
                self.log.append("record.published")

    def _shown(self, one: Known) -> tuple[Any, ...]:
        open_ones = (case for case in self.repairs if case.record is one and not case.is_closed)
        asked = next(open_ones, None)
        return (
            one.document,
            one.summary,
            "standing" if one.stay_on(self.today) is None else "suspended",
            one.ends_on(),
            one.is_served is not None,
            one.shown_note(),
            asked and asked.opened_on,
            self._reply_to(one),
        )

    def _reply_to(self, record: Known) -> str | None:
        """The newest that was published, unless it was taken back."""
        told = [said for said in self.replies if said.record is record and said.is_told]
        return told[-1].text if told and told[-1].state == "published" else None

    # --- the office

    def _actor(self, who: str) -> Actor:
        return self.hub.people[who]

    def _try(self, call: Awaitable[Any], expected: type[Exception] | None) -> bool:
        """Do it; whether it was done. Its answer stays in `answer`."""
        before = self.run(AuditLine.count())
        with nullcontext() if expected is None else pytest.raises(expected) as error:
            self.answer = self.run(call)
        assert expected is None or type(error.value) is expected
        assert self.run(AuditLine.count()) == before + 1
        self.is_changed |= expected is None
        return expected is None

    async def _import(self) -> Any:
        lines = [
            ",".join(
                (
                    self.uscc,
                    one.sort.kind,
                    one.document,
                    one.decided_on.isoformat(),
                    "淄博市知识产权局",
                    one.summary,
                    *one.sort.cells,
                )
            )
            for one in self.originals
        ]
        content = "\n".join((HEADER, *lines)).encode()
        return await importing.import_file(
            self.hub.office, self.hub.people["drafter"], "records", "list.csv", content
        )

    async def _form(self, record: Known, how: str) -> Any:
        if record.is_forgotten:
            return self.hub.empty_form
        form = await complete(self.hub.office, self.uscc, record.commitment)
        if how == "undeclared":
            form = replace(form, declared=frozenset())
        return replace(form, statement="请联系13800138000") if how == "personal" else form

    async def _commitments(self) -> list[str]:
        rows = await (
            RecordSalt.select(RecordSalt.commitment)
            .where(RecordSalt.record.agency == self.agency)
            .order_by(RecordSalt.record)
        )
        return [row["commitment"] for row in rows]

    async def _load_cases(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await (
            CaseStep.select(
                CaseStep.id,
                CaseStep.case.id.as_alias("number"),
                CaseStep.case.kind.as_alias("kind"),
                CaseStep.case.record.as_alias("record"),
                CaseStep.sequence,
                CaseStep.step,
                CaseStep.by,
                CaseStep.at,
                CaseStep.due_on,
                CaseStep.closes,
            )
            .where(CaseStep.case.agency == self.agency)
            .order_by(CaseStep.id)
        )
        return rows

    async def _refuse_forgotten(self, text: str) -> None:
        forgotten = [one for one in self.records if one.is_forgotten]
        if not forgotten:
            return
        entries = await load_entries(self.hub.office, limit=100)
        text += msgspec.json.encode(entries).decode()
        with suppress(NotFoundError):
            files = await load_rating_bundle(self.hub.office, self.uscc, "patent")
            text += b"".join(files.values()).decode()
        for one in forgotten:
            assert one.document not in text
            assert one.summary not in text


def successor(record: Known, **changes: Any) -> Known:
    """The version that takes its place; what befell it befell this one too."""
    return replace(record, stays=list(record.stays), **changes)


def is_elsewhere(case: Repair) -> list[tuple[bool, type[Exception]]]:
    """Why the office does nothing with an application now."""
    return [
        (case.is_closed, ConflictError),
        (case.state not in ("applied", "amended", "sent-back"), RefusedError),
    ]


def first_of(*refusals: tuple[bool, type[Exception]]) -> type[Exception] | None:
    """The first error whose reason is there, in the order of the service; None: it is done."""
    return next((error for is_so, error in refusals if is_so), None)
