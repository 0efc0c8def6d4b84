"""A record that is forgotten: sealed as a whole, gone everywhere else, and nothing else is touched."""

from __future__ import annotations

import json

import pytest

from agency_credit.database.tables import (
    Agency,
    CreditRecord,
    ForgottenRecord,
    LogBody,
    Practitioner,
    Rating,
    RecordEvent,
    RecordSalt,
    SealedPlace,
    SealedRecord,
)
from agency_credit.domain.canonical import Json
from agency_credit.domain.errors import NotFoundError, RefusedError
from agency_credit.domain.role import APPROVER
from agency_credit.services.case_files import CaseUpload, clean_case_files
from agency_credit.services.case_store import add_case_files, append_case_step, load_case, open_case
from agency_credit.services.forgetting import ARCHIVE, forget_record, sealing_context
from agency_credit.services.forgetting_places import NO_DAY
from agency_credit.services.import_file import import_file
from agency_credit.services.log import load_entries
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.rating import load_ratings
from agency_credit.services.rating_bundle import load_rating_bundle
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import load_known_record
from agency_credit.services.register import load_agency, load_history
from agency_credit.services.statistics import load_public_statistics
from tests.conftest import Clock
from tests.integration.records import DECIDED, A, decide, newest_record, record_of
from tests.world import World, build_world, uscc

DOCUMENT, SUMMARY, AUTHORITY = "淄知罚〔2026〕0731号", "未经备案开展代理业务甲乙丙", "淄博市知识产权局丁戊"
EVIDENCE = "5e" * 32
TEXTS = {"document_number": DOCUMENT, "summary": SUMMARY, "authority": AUTHORITY, "evidence": EVIDENCE}


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """Two agencies, rated; noon in China on 24 November 2026."""
    return await build_world(office, clock, n_agencies=2, n_inspectors=2)


async def forget(world: World, commitment: str) -> int:
    """Forget a record in a use case of its own."""
    number = (await load_known_record(commitment)).row["id"]
    async with operation(world.office, world.approver, "record.forget", commitment, roles=APPROVER) as op:
        return await forget_record(op, number)


async def rated_record(world: World) -> str:
    """A record on which the ratings of the next day rest."""
    record = await record_of(A, "警告", **TEXTS)
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    world.clock.forward(days=1)
    return record


async def test_a_forgotten_record_leaves_score_page_history_and_bundles(world: World) -> None:
    record = await rated_record(world)
    assert [row.score for row in await load_history(world.office, A) if row.practice_line == "patent"] == [
        "88",
        "100",
    ]
    await forget(world, record)
    view = await load_agency(world.office, A)
    assert (view.records, [(r.score, r.lines) for r in view.ratings]) == ([], [("100", []), ("100", [])])
    history = [row for row in await load_history(world.office, A) if row.practice_line == "patent"]
    assert [(row.number, row.score, row.moved) for row in history] == [(3, "100", []), (1, "100", [])]
    with pytest.raises(NotFoundError, match="rested on a record that was repaired"):
        await load_rating_bundle(world.office, A, "patent", 2)
    assert b"100000" in (await load_rating_bundle(world.office, A, "patent", 3))["rating.json"]
    assert [r.ledger.lines for r in await load_ratings(world.office, world.office.today(), A)] == [(), ()]
    counts = (await load_public_statistics(world.office)).tiers
    assert sum(sum(by_tier.values()) for by_tier in counts.values()) == 3
    with pytest.raises(NotFoundError):
        await load_known_record(record)


async def test_all_of_it_lies_sealed_and_opens_again(world: World) -> None:
    record = await rated_record(world)
    number = await forget(world, record)
    row = await SealedRecord.select().where(SealedRecord.id == number).first()
    assert row is not None
    keys = world.office.keys
    content = json.loads(keys.unseal(bytes(row["sealed"]), sealing_context(row["record"]), ARCHIVE))
    found = {piece["table"]: piece["columns"] for piece in content["pieces"]}
    assert found["credit_record"]["summary"] == SUMMARY
    assert (found["record_salt"]["commitment"], len(found["record_salt"]["salt"])) == (record, 64)
    assert {"rating", "log_body", "credit_record", "record_salt"} == set(found)
    assert await SealedPlace.count() == len(content["pieces"]) == 6
    assert SUMMARY.encode() not in bytes(row["sealed"])
    assert await ForgottenRecord.count() == 1


async def test_the_log_says_what_is_gone_and_still_holds(world: World) -> None:
    record = await rated_record(world)
    rated = await Rating.select(Rating.log_index).where(Rating.lines_json.like(f"%{record}%"))
    gone = sorted(row["log_index"] for row in rated)
    await forget(world, record)
    entries = (await load_entries(world.office, limit=200)).items
    said = [(entry.subject, entry.body) for entry in entries if entry.type == "redacted"]
    assert said[::-1] == [(A, {"entry": index, "reason": "repaired"}) for index in gone]
    assert not await LogBody.exists().where(LogBody.log_index.is_in(gone))
    assert (await check_log([s.verifier for s in world.office.keys.load_log_signers()])).faults == []


async def test_a_correction_and_what_it_replaced_go_together(world: World) -> None:
    await rated_record(world)
    texts = {"kind": "警告", "document": DOCUMENT, "authority": "市局", "summary": "新", "evidence": ""}
    await decide(world, await newest_record(), "corrected", on=DECIDED, texts=texts)
    await forget(world, await newest_record())
    rows = await CreditRecord.select()
    kept = {"id", "agency", "practitioner", "known_at", "import_run", "corrects"}
    told = {"decided_on": NO_DAY, "digest": "forgotten {id}"}
    for row in rows:
        for column, value in row.items():
            expected = told.get(column, "" if value is not None else None)
            if isinstance(expected, str):
                expected = expected.format(id=row["id"])
            assert column in kept or value == expected, column
    assert (len(rows), await RecordSalt.count(), await RecordEvent.count()) == (2, 0, 0)


async def test_what_was_said_and_sent_in_cases_goes_and_that_they_were_stays(world: World) -> None:
    known = await load_known_record(await rated_record(world))
    content = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
    files = await clean_case_files(
        world.office, [CaseUpload(name=f"{DOCUMENT}.pdf", media_type="", content=content)]
    )
    async with operation(world.office, world.approver, "case.open", "", roles=APPROVER) as op:
        agency, number = known.row["agency"], known.row["id"]
        case = await open_case(op, "objection", agency, number, known.record.record_id)
        body: dict[str, Json] = {"attempt": 1}
        index = await op.append_entry("objection.opened", A, body, is_committed=True)
        step = await append_case_step(op, case, "opened", text=SUMMARY, log_index=index)
        await add_case_files(case, step, files)
    await forget(world, known.record.record_id)
    (shown,) = (await load_case(case)).steps
    assert (shown.step, shown.text, shown.files) == ("opened", "", ())
    assert not await LogBody.exists().where(LogBody.log_index == index)
    assert (await load_entries(world.office, limit=1)).items[0].type == "tier.published"


async def test_a_record_of_a_practitioner_leaves_his_ratings_alone_and_no_agency_is_touched(
    world: World,
) -> None:
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    assert agency is not None
    person = Practitioner(
        certificate="3712345", name="甲", agency=agency["id"], practice_line="patent", status="active"
    )
    await person.save()
    await rate_all(world.office, world.drafter)
    world.clock.forward(hours=1)
    row = f"{A},3712345,警告,{DOCUMENT},2026-03-02,{AUTHORITY},{SUMMARY}\n"
    text = f"信用代码,资格证号,信息类别,文书号,决定日期,决定机关,摘要\n{row}"
    await import_file(world.office, world.drafter, "records", "一月.csv", text.encode())
    of_agency = (Rating.agency == agency["id"]) & Rating.practitioner.is_null()
    before = await Rating.select().where(of_agency).order_by(Rating.id)
    await forget(world, await newest_record())
    assert await Rating.select().where(of_agency).order_by(Rating.id) == before
    ratings = await Rating.select().where(Rating.practitioner == person.id).order_by(Rating.id)
    assert [rating["tier"] == "" for rating in ratings] == [False, True, False]
    assert DOCUMENT not in str(ratings)
    report = await import_file(world.office, world.drafter, "records", "一月.csv", text.encode())
    assert (report.new, report.forgotten) == (0, 1)


async def test_it_is_forgotten_once(world: World) -> None:
    record = await rated_record(world)
    number = (await load_known_record(record)).row["id"]
    await forget(world, record)
    with pytest.raises(NotFoundError, match="forgotten already"):
        async with operation(world.office, world.approver, "record.forget", "", roles=APPROVER) as op:
            await forget_record(op, number)


ATTEMPTS = (
    "UPDATE credit_record SET summary = ''",
    "DELETE FROM credit_record",
    "DELETE FROM record_event",
    "DELETE FROM record_salt",
    "UPDATE rating SET score = 0, tier = '', lines_json = '[]', moved_json = '[]'",
    "UPDATE change_request SET payload_json = '{}', reason = '', applies_from = NULL",
    "UPDATE change_decision SET reason = ''",
)
SEALED_ATTEMPTS = (
    "UPDATE credit_record SET summary = 'x' WHERE id IN (SELECT record FROM sealed_record)",
    "DELETE FROM credit_record WHERE id IN (SELECT record FROM sealed_record)",
    "UPDATE rating SET moved_json = '[]', score = 1 WHERE tier = ''",
    "UPDATE sealed_record SET sealed = ''",
    "DELETE FROM sealed_record",
    "DELETE FROM sealed_place",
    "UPDATE forgotten_record SET tag = ''",
)


async def test_the_database_lets_go_of_nothing_that_was_not_sealed(world: World) -> None:
    record = await rated_record(world)
    await record_of(uscc(1), "警告", document_number="2号", summary="别的")
    await decide(world, await newest_record(), "entered", on=DECIDED)
    for attempt in ATTEMPTS:
        with pytest.raises(RefusedError):
            await world.office.engine.run_ddl(attempt)
    await forget(world, record)
    for attempt in (*ATTEMPTS, *SEALED_ATTEMPTS):
        with pytest.raises(RefusedError):
            await world.office.engine.run_ddl(attempt)
