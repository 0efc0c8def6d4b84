"""What the public sees of records, and what the log says of them, from day to day."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from datetime import date
from typing import Any

import pytest

from agency_credit.database.tables import (
    Agency,
    CreditRecord,
    LogBody,
    LogEntry,
    RecordEvent,
    RecordPublication,
)
from agency_credit.domain.errors import FaultsError, NotFoundError
from agency_credit.domain.role import SYSTEM
from agency_credit.publication.entry import parse_entry
from agency_credit.services.daily import run_claimed, run_daily
from agency_credit.services.disclosure import load_disclosures, load_hidden
from agency_credit.services.log import load_entries, load_proof
from agency_credit.services.office import Office
from agency_credit.services.rating import load_ratings
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from agency_credit.services.record_publication import BATCH, publish_due
from agency_credit.services.register import load_agency, load_history
from tests.builders import add_record
from tests.conftest import Clock
from tests.integration.records import A, decide, newest_record, record_of
from tests.integration.test_crash import command, run
from tests.world import World, build_world

PENALTY: dict[str, Any] = {"category": "penalty", "procedure": "ordinary"}


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """Two agencies, rated; noon in China on 24 November 2026."""
    return await build_world(office, clock, n_agencies=2, n_inspectors=2)


async def entries_of(kind: str) -> list[dict[str, Any]]:
    rows = await LogEntry.select().where(LogEntry.type == kind).order_by(LogEntry.index)
    return [
        {"index": row["index"], "subject": row["subject"], "body": parse_entry(bytes(row["entry"])).body}
        for row in rows
    ]


async def see(world: World) -> tuple[list[str], list[int | None]]:
    """Kinds of records on the public page, and the days left of each."""
    view = await load_agency(world.office, A)
    return [record.kind for record in view.records], [record.days_left for record in view.records]


def extra(proof: str) -> dict[str, Any]:
    line = next(line for line in proof.splitlines() if line.startswith("extra "))
    found: dict[str, Any] = json.loads(base64.b64decode(line.removeprefix("extra ")))
    return found


async def test_a_record_is_published_once_under_its_own_commitment_and_ends_by_its_period(
    world: World,
) -> None:
    on = date(2026, 8, 26)  # three months end with 26 November
    record = await record_of(A, "通报批评", on=on, severity="samr-light general", **PENALTY)
    assert await see(world) == (["通报批评"], [3])
    report = await run_daily(world.office, SYSTEM)
    assert (report.n_published, report.n_ended, report.faults) == (1, 0, ())
    (entry,) = await entries_of("record.published")
    assert entry["subject"] == A
    assert entry["body"] == {"commitment": record}
    (row,) = (await load_agency(world.office, A)).records
    assert (row.record, row.log_index, row.ends_on) == (record, entry["index"], date(2026, 11, 27))
    told = extra(await load_proof(world.office, entry["index"]))
    assert told["body"]["kind"] == "通报批评"
    assert (await run_daily(world.office, SYSTEM)).n_published == 0
    world.clock.forward(days=2)
    assert await see(world) == (["通报批评"], [1])
    assert (await run_daily(world.office, SYSTEM)).n_ended == 0
    world.clock.forward(days=1)
    assert await see(world) == ([], [])
    assert "body" not in extra(await load_proof(world.office, entry["index"])), "also where the job is late"
    assert [
        item.body for item in (await load_entries(world.office)).items if item.index == entry["index"]
    ] == [None]
    assert await LogBody.exists().where(LogBody.log_index == entry["index"])
    assert (await run_daily(world.office, SYSTEM)).n_ended == 1
    assert not await LogBody.exists().where(LogBody.log_index == entry["index"])
    (redacted,) = await entries_of("redacted")
    assert redacted["body"] == {"entry": entry["index"], "reason": "period-over"}
    report = await run_daily(world.office, SYSTEM)
    assert (report.n_published, report.n_ended) == (0, 0)
    proof = await load_proof(world.office, entry["index"])
    assert extra(proof)["entry"]["body"] == {"commitment": record}


async def test_the_two_clocks_are_two(world: World) -> None:
    """What is not public counts, and nothing public shows what it is."""
    hidden = await record_of(A, "警告", sanctions="warning", summary="只有警告", **PENALTY)
    shown = await record_of(A, "通报批评", document_number="9号", severity="general", **PENALTY)
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    await run_daily(world.office, SYSTEM)
    view = await load_agency(world.office, A)
    assert [one.record for one in view.records] == [shown]
    (patent,) = (rating for rating in view.ratings if rating.practice_line == "patent")
    assert [line.record_kind for line in patent.lines] == ["通报批评"]
    assert patent.n_undisclosed == 1
    inside, _ = await load_ratings(world.office, world.office.today(), A)
    assert len([line for line in inside.ledger.lines if line.state.value == "counting"]) == 2
    assert patent.score is not None
    assert float(patent.score) == inside.score / 1000
    history = await load_history(world.office, A)
    assert {row.tier for row in history}
    assert all(len(row.moved) <= 1 for row in history)
    with pytest.raises(NotFoundError, match="no longer public"):
        await load_rating_bundle(world.office, A, "patent")
    gone, undisclosed = await load_hidden(world.office, view_id := await number_of(A))
    assert (gone, undisclosed) == (frozenset(), {hidden})
    assert len(await load_disclosures(world.office, view_id, world.office.today())) == 2
    assert [entry["body"]["commitment"] for entry in await entries_of("record.published")] == [shown]


async def number_of(code: str) -> int:
    row = await Agency.select(Agency.id).where(Agency.uscc == code).first()
    assert row is not None
    return int(row["id"])


async def test_a_withdrawn_record_leaves_the_log_at_once(world: World) -> None:
    record = await record_of(A, "通报批评")
    await run_daily(world.office, SYSTEM)
    (entry,) = await entries_of("record.published")
    await decide(world, record, "withdrawn", on=world.office.today())
    (withdrawn,) = await entries_of("record.withdrawn")
    assert (withdrawn["subject"], withdrawn["body"]) == (A, {"entry": entry["index"]})
    assert "body" not in extra(await load_proof(world.office, entry["index"]))
    await run_daily(world.office, SYSTEM)
    assert len(await entries_of("record.withdrawn")) == 1
    assert await entries_of("redacted") == []


async def test_a_corrected_record_is_published_anew(world: World) -> None:
    record = await record_of(A, "通报批评", severity="general", **PENALTY)
    await run_daily(world.office, SYSTEM)
    texts = {
        "kind": "通报批评",
        "document": "淄知罚〔2026〕3号",
        "authority": "市局",
        "summary": "新",
        "evidence": "",
    }
    await decide(world, record, "corrected", on=date(2026, 3, 2), texts=texts)
    right = await newest_record()
    assert len(await entries_of("record.withdrawn")) == 1
    await run_daily(world.office, SYSTEM)
    assert [entry["body"]["commitment"] for entry in await entries_of("record.published")] == [record, right]
    row = (await load_known_record(right)).row
    assert (row["severity"], row["category"]) == ("general", "penalty"), "what it is stays what it is"


async def test_a_correction_begins_no_period_of_disclosure_anew(world: World) -> None:
    on = date(2026, 11, 2)
    record = await record_of(A, "通报批评", on=on, severity="samr-light general", **PENALTY)
    await run_daily(world.office, SYSTEM)
    kinds, days = await see(world)
    texts = {"kind": "通报批评", "document": "9号", "authority": "市局", "summary": "", "evidence": ""}
    for n in range(1, 3):  # the second one before the first was published
        world.clock.forward(days=1)
        record = await newest_record() if n > 1 else record
        await decide(world, record, "corrected", on=on, texts=texts | {"summary": f"第{n}稿"})
        assert await see(world) == (kinds, [days[0] - n])
    world.clock.forward(days=100)
    assert await see(world) == ([], [])
    await decide(world, await newest_record(), "corrected", on=on, texts=texts | {"summary": "终稿"})
    assert await see(world) == ([], []), "what is over does not come back"
    assert (await run_daily(world.office, SYSTEM)).n_published == 0


async def test_a_class_that_is_stated_later_ends_disclosure(world: World) -> None:
    record = await record_of(A, "通报批评", **PENALTY)
    await run_daily(world.office, SYSTEM)
    (entry,) = await entries_of("record.published")
    await decide(world, record, "classified", on=world.office.today(), texts={"severity": "minor"})
    assert await see(world) == ([], [])
    assert (await run_daily(world.office, SYSTEM)).n_ended == 1
    assert (await entries_of("redacted"))[0]["body"] == {"entry": entry["index"], "reason": "not-public"}
    assert (await load_known_record(record)).record.withdrawn_on is None


async def test_what_is_no_credit_item_by_what_is_stated_later_has_to_be_withdrawn(world: World) -> None:
    record = await record_of(A, "通报批评", **PENALTY)
    with pytest.raises(FaultsError) as caught:
        await decide(world, record, "classified", texts={"procedure": "summary"})
    (fault,) = caught.value.faults
    assert (fault.at, fault.code) == ("procedure", "record.not-collected")
    assert "第十三条" in str(fault.params["citation"])
    await decide(world, record, "classified", texts={"severity": "general"})


async def test_what_becomes_public_by_a_class_that_is_stated_later_counts_from_that_day(world: World) -> None:
    record = await record_of(A, "通报批评", sanctions="warning", **PENALTY)
    assert await see(world) == ([], [])
    texts = {"severity": "samr-light general"}
    await decide(world, record, "classified", on=world.office.today(), texts=texts)
    assert await see(world) == (["通报批评"], [93])
    await run_daily(world.office, SYSTEM)
    row = await RecordPublication.select().first()
    assert row is not None
    assert row["published_on"] == world.office.today()
    world.clock.forward(days=1)
    assert await see(world) == (["通报批评"], [92])


async def test_practitioners_and_numbers_of_persons_stay_out_of_the_log(world: World) -> None:
    await record_of(A, "通报批评", summary="联系人 13800138000")
    report = await run_daily(world.office, SYSTEM)
    assert report.n_published == 0
    (row,) = (await load_agency(world.office, A)).records
    assert "13800138000" not in row.summary
    assert row.log_index is None


async def test_it_is_right_after_a_month_and_with_the_clock_set_back(world: World) -> None:
    await record_of(A, "通报批评", on=date(2026, 8, 26), severity="samr-light general", **PENALTY)
    await run_daily(world.office, SYSTEM)
    world.clock.forward(days=31)
    report = await run_daily(world.office, SYSTEM)
    assert (report.n_published, report.n_ended) == (0, 1)
    world.clock.forward(days=-40)
    report = await run_daily(world.office, SYSTEM)
    assert (report.n_published, report.n_ended) == (0, 0)
    assert [fault.code for fault in report.faults] == ["rating.clock-back"]


async def test_what_the_day_moves_is_rated_anew(world: World) -> None:
    await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    before = (await load_agency(world.office, A)).ratings[0].score
    world.clock.forward(days=400)
    report = await run_daily(world.office, SYSTEM)
    assert report.n_rated > 0
    assert (await load_agency(world.office, A)).ratings[0].score != before


async def test_only_one_service_does_the_job_of_a_day(world: World) -> None:
    await record_of(A, "通报批评")
    first = await run_claimed(world.office)
    assert first is not None
    assert first.n_published == 1
    assert await run_claimed(world.office) is None
    world.clock.forward(days=1)
    assert await run_claimed(world.office) is not None


async def test_a_job_that_died_is_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(*_: object) -> None:
        raise ValueError("killed")

    monkeypatch.setattr("agency_credit.services.daily.run_daily", die)
    with pytest.raises(ValueError, match="killed"):
        await run_claimed(world.office)
    monkeypatch.undo()
    assert await run_claimed(world.office) is None
    world.clock.forward(hours=2)
    assert await run_claimed(world.office) is not None


async def test_many_records_go_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agency_credit.services.record_publication.BATCH", 3)
    assert BATCH > 3
    agency = await number_of(A)
    for n in range(8):
        await add_record(agency, "通报批评", document_number=f"{n}号", digest=f"{n}")
    assert await publish_due(world.office, SYSTEM, most=3) == 3
    assert await publish_due(world.office, SYSTEM) == 5
    assert await CreditRecord.count() == await RecordPublication.count() == 8


async def test_a_record_that_was_repaired_is_ended_too(world: World) -> None:
    record = await record_of(A, "通报批评")
    await run_daily(world.office, SYSTEM)
    known = await load_known_record(record)
    await RecordEvent.insert(
        RecordEvent(
            record=known.row["id"], event="repaired", on=world.office.today(), known_at=world.office.now()
        )
    )
    assert (await run_daily(world.office, SYSTEM)).n_ended == 1
    assert (await entries_of("redacted"))[0]["body"]["reason"] == "repaired"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_job_that_is_killed_half_way_is_finished_by_the_next(world: World, when: str) -> None:
    """Batches of two: the first is lost before its commit, or kept with its checkpoint unsigned after it."""
    agency = await number_of(A)
    for n in range(5):
        await add_record(agency, "通报批评", document_number=f"{n}号", digest=f"{n}")
    killed = await asyncio.to_thread(run, command(world, when, "daily", "-"))
    assert killed.returncode == -9, killed.stderr
    assert await RecordPublication.count() == (0 if when == "before" else 2)
    assert (await run_daily(world.office, SYSTEM)).n_published == (5 if when == "before" else 3)
    assert len(await entries_of("record.published")) == 5
    indexes = [entry["index"] for entry in await entries_of("record.published")]
    for index in indexes:
        assert "body" in extra(await load_proof(world.office, index))


async def test_two_jobs_at_once_publish_each_record_once(world: World) -> None:
    agency = await number_of(A)
    for n in range(7):
        await add_record(agency, "通报批评", document_number=f"{n}号", digest=f"{n}")
    commands = [command(world, "never", "daily", "-") for _ in range(2)]
    done = await asyncio.gather(*(asyncio.to_thread(run, words) for words in commands))
    assert [(process.returncode, process.stdout.strip()) for process in done] == [(0, "done")] * 2, done
    assert len(await entries_of("record.published")) == await RecordPublication.count() == 7


async def test_the_command_says_what_it_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await record_of(A, "通报批评")
    monkeypatch.setenv("AGENCY_CREDIT_DATA", str(world.office.settings.data))
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    if world.office.settings.database:
        monkeypatch.setenv("AGENCY_CREDIT_DATABASE", world.office.settings.database)
    words = [sys.executable, "-c", "from agency_credit.cli import main; main()", "daily"]
    told = await asyncio.to_thread(run, words)
    assert told.returncode == 0, told.stderr
    assert "列入公开日志 1 条" in told.stdout
    again = await asyncio.to_thread(run, [*words, "--format", "json"])
    assert json.loads(again.stdout)["published"] == 0
