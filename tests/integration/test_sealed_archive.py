"""What was sealed: only auditors open it, for a reason, and a list does not bring it back."""

from __future__ import annotations

import io
import json
import re

import pytest
from openpyxl import load_workbook

from agency_credit.database.tables import AuditLine, CreditRecord, ImportRun, RecordSalt
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError, UnavailableError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.change_request import load_waiting_changes
from agency_credit.services.import_answer import make_answer
from agency_credit.services.import_file import import_file
from agency_credit.services.import_upload import keep_upload, load_upload
from agency_credit.services.keys import open_keys
from agency_credit.services.log_fsck import check_log
from agency_credit.services.office import Office
from agency_credit.services.rating import load_ratings
from agency_credit.services.record_desk import load_agency_desk
from agency_credit.services.sealed_archive import list_sealed, load_sealed_line, open_sealed
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.integration.records import DECIDED, A, decide, newest_record
from tests.integration.test_forgetting import DOCUMENT, EVIDENCE, SUMMARY, forget, rated_record
from tests.world import World, add_account, build_world, uscc

HEAD = "信用代码,信息类别,文书号,决定日期,决定机关,摘要,证据摘要\n"
LIST = f"{A},列入经营异常名录,{DOCUMENT},2026-01-02,市局,{SUMMARY},{EVIDENCE}\n"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    """Two agencies, rated; noon in China on 24 November 2026."""
    return await build_world(office, clock, n_agencies=2, n_inspectors=2)


@pytest.fixture
async def auditor(office: Office) -> Actor:
    """An audit administrator."""
    return await add_account(office, "auditor", Role.AUDIT)


async def test_a_list_does_not_bring_it_back_and_says_so(world: World) -> None:
    content = (HEAD + LIST).encode()
    await import_file(world.office, world.drafter, "records", "一月.csv", content)
    await forget(world, await newest_record())
    other = f"{uscc(1)},列入经营异常名录,{DOCUMENT},2026-01-02,市局,,\n"
    again = (HEAD + LIST.replace("市局", "别的机关") + other).encode()
    number = await keep_upload(world.office, world.drafter, "records", "二月.csv", again, None)
    outcomes = (await load_upload(world.office, world.drafter, number)).preview.outcomes
    assert [(row.state, row.subject, row.faults) for row in outcomes] == [
        ("forgotten", A, ()),
        ("new", f"{uscc(1)} {DOCUMENT}", ()),
    ]
    report = await import_file(world.office, world.drafter, "records", "二月.csv", again)
    assert (report.new, report.forgotten, report.n_errors) == (1, 1, 0)
    assert await CreditRecord.count().where(CreditRecord.kind != "") == 1
    book = load_workbook(io.BytesIO(await make_answer("二月.csv", again, "records", report.outcomes, str)))
    assert book.worksheets[0].cell(2, 8).value == "已修复，不再收录"
    run = await ImportRun.select().order_by(ImportRun.id, ascending=False).first()
    assert run is not None
    assert json.loads(run["counts_json"])["forgotten"] == 1


async def test_what_an_import_said_of_its_row_is_forgotten_and_of_others_is_not(world: World) -> None:
    bad = f"{uscc(1)},列入经营异常名录,他号,错的日子,市局,,\n"
    text = HEAD + LIST + bad + LIST.replace("市局", "别的机关")
    report = await import_file(
        world.office, world.drafter, "records", "一月.csv", text.encode(), mode="accept-good"
    )
    assert report.new == 1
    text = (
        HEAD + LIST.replace("市局", "别的机关") + bad + f"{uscc(1)},列入经营异常名录,又号,2026-01-03,市局,,\n"
    )
    await import_file(world.office, world.drafter, "records", "二月.csv", text.encode(), mode="accept-good")
    stored = [row["faults_json"] for row in await ImportRun.select().order_by(ImportRun.id)]
    assert DOCUMENT in stored[1]
    await forget(world, await newest_record_of(DOCUMENT))
    stored = [row["faults_json"] for row in await ImportRun.select().order_by(ImportRun.id)]
    assert [[fault["code"] for fault in json.loads(faults)] for faults in stored][1] == ["import.date"]
    assert not any(DOCUMENT in faults for faults in stored)


async def newest_record_of(document: str) -> str:
    """Commitment of the record with this document number."""
    row = (
        await RecordSalt.select(RecordSalt.commitment)
        .where(RecordSalt.record.document_number == document)
        .first()
    )
    assert row is not None
    return str(row["commitment"])


async def test_only_an_auditor_opens_it_for_a_reason_that_stands_in_an_audit_line(
    world: World, auditor: Actor
) -> None:
    number = await forget(world, await rated_record(world))
    lines, following = await list_sealed()
    assert ([(line.uscc, line.reason, line.by) for line in lines], following) == (
        [(A, "repaired", "approver")],
        None,
    )
    assert DOCUMENT not in repr(lines)
    assert SUMMARY not in repr(lines)
    for actor in (world.drafter, world.approver, world.inspectors[0]):
        with pytest.raises(ForbiddenError):
            await open_sealed(world.office, actor, number, "复核修复决定")
    with pytest.raises(InputError, match="why the record is opened"):
        await open_sealed(world.office, auditor, number, "  x ")
    with pytest.raises(NotFoundError):
        await open_sealed(world.office, auditor, 99, "复核修复决定")
    opened = await open_sealed(world.office, auditor, number, " 复核修复决定 ")
    pieces = [piece.columns for piece in opened.pieces if piece.table == "credit_record"]
    assert [(row["document_number"], row["summary"], row["evidence"]) for row in pieces] == [
        (DOCUMENT, SUMMARY, EVIDENCE)
    ]
    audit = await AuditLine.select().where(AuditLine.action == "archive.open").order_by(AuditLine.id)
    assert [row["outcome"] for row in audit] == ["refused"] * 5 + ["done"]
    assert json.loads(audit[-1]["details_json"])["reason"] == "复核修复决定"
    assert (await load_sealed_line(number)).entries == lines[0].entries != ()


async def test_the_page_shows_it_once_and_is_kept_nowhere(world: World, auditor: Actor) -> None:
    number = await forget(world, await rated_record(world))
    async with desk_of(world.office, auditor.username) as desk:
        page = await desk.open("/admin/archive")
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert DOCUMENT not in page.text
        page = await desk.open(f"/admin/archive/{number}")
        assert (page.status_code, DOCUMENT in page.text) == (200, False)
        page = await desk.send(f"/admin/archive/{number}", {"reason": ""})
        assert (page.status_code, DOCUMENT in page.text) == (422, False)
        page = await desk.send(f"/admin/archive/{number}", {"reason": "复核修复决定"})
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert all(text in page.text for text in (DOCUMENT, SUMMARY, EVIDENCE, "复核修复决定"))
        assert (await desk.open("/admin/archive/99")).status_code == 404


async def test_without_the_key_it_does_not_open_and_the_office_does_not_start(
    world: World, auditor: Actor
) -> None:
    number = await forget(world, await rated_record(world))
    secret = world.office.keys.folder / "secret.json"
    kept = secret.read_bytes()
    secret.unlink()
    with pytest.raises(UnavailableError, match=r"secret\.json is missing"):
        await open_keys(world.office.settings)
    secret.write_bytes(kept)
    secret.chmod(0o600)
    assert (await open_sealed(world.office, auditor, number, "复核修复决定")).pieces


async def test_a_question_about_an_earlier_day_says_that_something_was_sealed(world: World) -> None:
    record = await rated_record(world)
    day = world.office.today()
    desk = await load_agency_desk(world.office, world.drafter, A, day, day)
    assert (desk.n_sealed, [rating.score for rating in desk.ratings]) == (0, [88_000, 85_000])
    world.clock.forward(days=1)
    await forget(world, record)
    desk = await load_agency_desk(world.office, world.drafter, A, day, day)
    assert (desk.n_sealed, [rating.score for rating in desk.ratings]) == (1, [100_000, 100_000])
    assert (await load_agency_desk(world.office, world.drafter, uscc(1), day, day)).n_sealed == 0
    assert [rating.score for rating in await load_ratings(world.office, day, A, day)] == [100_000, 100_000]
    assert (await check_log([s.verifier for s in world.office.keys.load_log_signers()])).faults == []


async def test_two_people_erase_a_record_even_one_that_does_not_stand(world: World) -> None:
    record = await rated_record(world)
    await decide(world, record, "withdrawn", on=DECIDED)
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open(f"/admin/records/{record}")
        based_on = re.search(r'name="based_on" value="(\d+)"', page.text)
        assert based_on is not None
        form = {"event": "erased", "based_on": based_on[1], "reason": "当事人申请删除"}
        assert (await desk.send(f"/admin/records/{record}", form)).status_code == 303
    number = (await load_waiting_changes("record"))[0].number
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(f"/admin/records/changes/{number}")
        erases = re.search(r'name="erases" value="(\w+)"', page.text)
        assert erases is not None
        form = {"verdict": "approve", "erases": erases[1], "reason": ""}
        answer = await desk.send(f"/admin/records/changes/{number}/decide", form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/agencies/{A}")
        assert (await desk.open(answer.headers["location"])).status_code == 200
        assert (await desk.open(f"/admin/records/changes/{number}")).status_code == 404
    (line,), _ = await list_sealed()
    assert (line.reason, line.by) == ("erased", "approver")
    assert await CreditRecord.count().where(CreditRecord.kind != "") == 0
