"""Two times of records: what is learnt later changes no answer about what was known earlier.

What is known of a record is a list of items in the order in which they became known: the record, then what
befell it. Items of several records become known in any order between each other. Each example of the store
has a store of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit import database
from agency_credit.database.tables import CreditRecord as CreditRecordRow
from agency_credit.database.tables import RecordEvent, RecordSalt
from agency_credit.domain.canonical import digest
from agency_credit.domain.day import day_in_china
from agency_credit.domain.record import CreditRecord
from agency_credit.services.record_history import end_of_day, fold_events, load_agency_records
from agency_credit.settings import Settings
from tests.builders import add_agency
from tests.databases import KINDS, Databases

A = "91370303MA3CXXXX01"
FIRST_AT = datetime(2026, 3, 1, 15, 30, tzinfo=UTC)
"""Half an hour before midnight in China: days of knowledge are not those of UTC."""
GAPS = (timedelta(0), timedelta(minutes=30), timedelta(hours=7), timedelta(days=1))
UNRELATED = ("withdrawn", "repaired", "entered", "assessed", "suspended")
"""What says nothing of what another says."""
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
Item = tuple[int, CreditRecord | dict[str, Any]]
Answer = dict[str, CreditRecord]


def an_event(name):
    """Something of this name that befell a record."""
    return st.fixed_dictionaries(
        {
            "event": st.just(name),
            "on": st.none() if name == "assessed" else DAYS,
            "until": st.none(),
            "millipoints": st.integers(-30_000, -5_000) if name == "assessed" else st.none(),
        }
    )


@st.composite
def known_items(draw):
    """For each of two or three records the items about it, in their order."""
    found = []
    for number in range(draw(st.integers(2, 3))):
        record = CreditRecord(
            record_id=digest(f"{number}".encode()), subject=A, kind="警告", decided_on=draw(DAYS)
        )
        names = draw(st.lists(st.sampled_from((*UNRELATED, "resumed")), unique=True, max_size=4))
        found.append([(number, record), *((number, draw(an_event(name))) for name in names)])
    return found


def in_any_order(items):
    """All items in one order, which keeps that of each record."""

    def merge(turns):
        waiting = [iter(own) for own in items]
        return [next(waiting[number]) for number in turns]

    return st.permutations([number for number, own in enumerate(items) for _ in own]).map(merge)


@given(st.data())
def test_unrelated_events_of_one_record_come_to_the_same_in_any_order(data):
    record = CreditRecord(record_id="r", subject=A, kind="警告", decided_on=data.draw(DAYS))
    names = data.draw(st.lists(st.sampled_from(UNRELATED), unique=True))
    events = [data.draw(an_event(name)) for name in names]
    assert fold_events(record, events) == fold_events(record, data.draw(st.permutations(events)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_later_knowledge_changes_no_earlier_answer(kind, databases, data):
    items = data.draw(known_items().flatmap(in_any_order))
    instants = _instants(data.draw(st.lists(st.sampled_from(GAPS), min_size=len(items), max_size=len(items))))
    days = sorted({day_in_china(at) for at in instants})

    async def work(agency: int) -> None:
        answers: dict[date, Answer] = {}
        for n, (item, at) in enumerate(zip(items, instants, strict=True), start=1):
            await _learn(agency, item, at)
            for known in days:
                answer = await _ask(agency, end_of_day(known))
                assert answer == _answer_by_hand(items[:n], instants[:n], known)
                if known < day_in_china(at):
                    assert answer == answers[known]
                answers[known] = answer

    _in_a_store(databases, kind, work)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_order_in_which_unrelated_knowledge_arrives_does_not_matter(kind, databases, data):
    items = data.draw(known_items())
    answers: list[Answer] = []

    for _ in range(2):
        ordered = data.draw(in_any_order(items))

        async def work(agency: int, ordered: list[Item] = ordered) -> None:
            for n, item in enumerate(ordered):
                await _learn(agency, item, FIRST_AT + timedelta(minutes=n))
            answers.append(await _ask(agency, None))

        _in_a_store(databases, kind, work)
    assert answers[0] == answers[1]


def _instants(gaps: list[timedelta]) -> list[datetime]:
    instants = [FIRST_AT]
    for gap in gaps[1:]:
        instants.append(instants[-1] + gap)
    return instants


def _answer_by_hand(items: list[Item], instants: list[datetime], known: date) -> Answer:
    """What is known at the end of a day, folded item by item."""
    records: dict[int, CreditRecord] = {}
    for (number, what), at in zip(items, instants, strict=True):
        if day_in_china(at) <= known:
            is_new = isinstance(what, CreditRecord)
            records[number] = what if is_new else fold_events(records[number], [what])
    return {record.record_id: record for record in records.values()}


async def _learn(agency: int, item: Item, at: datetime) -> None:
    number, what = item
    if isinstance(what, CreditRecord):
        row = CreditRecordRow(
            agency=agency, kind=what.kind, document_number=f"{number}号", decided_on=what.decided_on,
            authority="", summary="", known_at=at, digest=what.record_id,
        )  # fmt: skip
        await row.save()
        await RecordSalt.insert(RecordSalt(record=row.id, salt=bytes(32), commitment=what.record_id))
    else:
        named = CreditRecordRow.digest == digest(f"{number}".encode())
        found = await CreditRecordRow.select(CreditRecordRow.id).where(named).first()
        await RecordEvent.insert(RecordEvent(record=found["id"], known_at=at, **what))


async def _ask(agency: int, before: datetime | None) -> Answer:
    records = await load_agency_records([agency], before=before)
    return {record.record_id: record for record in records.get(agency, ())}


def _in_a_store(databases: Databases, kind: str, work: Callable[[int], Awaitable[None]]) -> None:
    """Do `work` with the number of an agency in a fresh store."""

    async def run(settings: Settings) -> None:
        engine = database.connect(settings)
        await database.start(engine)
        try:
            await work(await add_agency(A, "淄博中科专利事务所"))
        finally:
            await database.stop(engine)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(databases.fresh(kind, Path(folder))))
