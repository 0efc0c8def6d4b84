"""A published result is a record of the credit file: one a version, corrected and withdrawn with it."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import CreditRecord, LogEntry, Rating, RecordEvent
from agency_credit.domain.role import SYSTEM, Role
from agency_credit.services.daily import run_daily
from agency_credit.services.rating import load_ratings
from agency_credit.services.record_change import load_commitment
from agency_credit.services.register import load_agency
from agency_credit.services.result_review import publish_result, review_result
from agency_credit.services.result_withdrawal import ask_withdrawal, confirm_withdrawal
from tests import world as made
from tests.field import hand_in, published_visit
from tests.integration.records import decide


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def deputy(world):
    return await made.add_account(world.office, "deputy", Role.APPROVER, Role.PUBLISHER)


@pytest.fixture
async def published(world):
    return await published_visit(world)


async def records_of(visit):
    return (
        await CreditRecord.select()
        .where((CreditRecord.agency == visit["agency"]) & (CreditRecord.category == "inspection"))
        .order_by(CreditRecord.id)
    )


async def test_a_published_result_is_a_record_without_points(world, published):
    (record,) = await records_of(published)
    assert (record["kind"], record["category"]) == ("接受检查", "inspection")
    assert record["document_number"] == published["draw_identifier"]
    assert record["summary"] == "发现问题待后续处理"
    assert "利益冲突" not in record["summary"], "findings may name persons: they stay with the result"
    view = await load_agency(world.office, published["uscc"])
    assert "接受检查" in [row.kind for row in view.records]
    before = (await load_ratings(world.office, world.office.today(), published["uscc"]))[0]
    (line,) = [line for line in before.ledger.lines if line.record_kind == "接受检查"]
    assert (line.state.value, line.millipoints) == ("unmatched", 0)


async def test_publishing_rates_nobody_where_no_clause_names_the_kind(world, published):
    n_ratings = await Rating.count()
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    assert await Rating.count() == n_ratings


async def test_a_corrected_result_brings_another_record_in_its_place(world, published):
    await run_daily(world.office, SYSTEM)
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    first, second = await records_of(published)
    assert second["corrects"] == first["id"]
    (event,) = await RecordEvent.select().where(RecordEvent.record == first["id"])
    assert event["event"] == "withdrawn"
    shown = (await load_agency(world.office, published["uscc"])).records
    assert [row.summary for row in shown if row.category == "inspection"] == [second["summary"]]
    assert await LogEntry.count().where(LogEntry.type == "record.withdrawn") == 1
    await run_daily(world.office, SYSTEM)
    assert (
        await LogEntry.count().where(
            (LogEntry.type == "record.published") & (LogEntry.subject == published["uscc"])
        )
        == 2
    )


async def test_a_result_that_is_taken_down_withdraws_its_records(world, published, deputy):
    annulled = {"annulled_on": world.office.today(), "document": "1号", "reason": "撤销"}
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    await confirm_withdrawal(world.office, deputy, published["id"])
    records = [row["id"] for row in await records_of(published)]
    assert await RecordEvent.count().where(RecordEvent.record.is_in(records)) == 2
    shown = (await load_agency(world.office, published["uscc"])).records
    assert [row for row in shown if row.category == "inspection"] == []


async def correct(world, visit, base=1):
    await hand_in(world, visit["id"], categories=["1"], reason="更正", base=base)
    await review_result(world.office, world.approver, visit["id"])
    await publish_result(world.office, world.approver, visit["id"])


async def withdrawals_of(*records):
    rows = await RecordEvent.select(RecordEvent.record).where(
        RecordEvent.record.is_in([row["id"] for row in records]) & (RecordEvent.event == "withdrawn")
    )
    return sorted(row["record"] for row in rows)


async def test_a_record_that_was_withdrawn_by_itself_is_not_withdrawn_again_by_a_correction(world, published):
    await run_daily(world.office, SYSTEM)
    (first,) = await records_of(published)
    await decide(world, await load_commitment(first["id"]), "withdrawn", on=first["decided_on"])
    await correct(world, published)
    first, second = await records_of(published)
    assert await withdrawals_of(first, second) == [first["id"]]
    assert await LogEntry.count().where(LogEntry.type == "record.withdrawn") == 1
    assert second["corrects"] == first["id"]


async def test_what_two_people_put_in_the_place_of_the_record_goes_with_the_result(world, published, deputy):
    (first,) = await records_of(published)
    texts = {"kind": "接受检查", "document": "补1号", "authority": "某局", "summary": "更正", "evidence": ""}
    record = await load_commitment(first["id"])
    await decide(world, record, "corrected", on=first["decided_on"], texts=texts)
    mended = await CreditRecord.select().where(CreditRecord.corrects == first["id"]).first()
    await correct(world, published)
    rows = await CreditRecord.select().where(CreditRecord.agency == published["agency"])
    newest = max(rows, key=lambda row: row["id"])
    assert newest["corrects"] == mended["id"], "one visit has one record that stands"
    assert await withdrawals_of(*rows) == sorted([first["id"], mended["id"]])
    texts |= {"document": "补2号"}
    record = await load_commitment(newest["id"])
    await decide(world, record, "corrected", on=newest["decided_on"], texts=texts)
    annulled = {"annulled_on": world.office.today(), "document": "1号", "reason": "撤销"}
    await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    await confirm_withdrawal(world.office, deputy, published["id"])
    shown = (await load_agency(world.office, published["uscc"])).records
    assert [row for row in shown if row.kind == "接受检查"] == []


async def test_a_record_that_was_forgotten_does_not_come_back_with_a_correction(world, published):
    (first,) = await records_of(published)
    record = await load_commitment(first["id"])
    await decide(world, record, "erased")
    await correct(world, published)
    await correct(world, published, base=2)
    assert await records_of(published) == []
