"""What a list does that nobody expects of one: odd names, formulas without a value, two clicks at once."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import timedelta

import openpyxl
import pytest

from agency_credit.database.tables import AgencyPractice, ImportRun, ImportUpload
from agency_credit.domain.errors import FaultsError
from agency_credit.domain.role import Role
from agency_credit.services.import_answer import make_answer
from agency_credit.services.import_columns import load_said, say_columns
from agency_credit.services.import_file import import_file
from agency_credit.services.import_format import MAX_NAME, tidy_name
from agency_credit.services.import_undo import undo_import
from agency_credit.services.import_upload import commit_upload, keep_upload, load_upload
from agency_credit.services.office import close_office, open_office
from tests.world import add_account

A, B, C = "91370303MA3C000017", "91370303MA3D00001R", "91370303MA3E00001C"
HEADER = ["机构名称", "统一社会信用代码", "业务类别", "机构代码"]


def _csv(*rows):
    return "\n".join(",".join(row) for row in (HEADER, *rows)).encode()


def _workbook(*rows, title="名录"):
    book = openpyxl.Workbook()
    book.active.title = "名录"
    for row in (HEADER, *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    whole = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(whole, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace('name="名录"'.encode(), f'name="{title}"'.encode()))
    return whole.getvalue()


async def _take(office, actor, *rows):
    report = await import_file(office, actor, "agencies", "表.csv", _csv(*rows), mode="accept-good")
    assert report.run is not None, report
    return report.run


async def test_formulas_that_no_program_worked_out_are_faults_wherever_the_values_end(office, operator):
    content = _workbook(["甲", A, "专利", "1"], ["=A2", "=B2", "=C2", "=D2"], ["=A2"])
    report = await import_file(office, operator, "agencies", "a.xlsx", content, is_dry_run=True)
    assert (report.new, [outcome.state for outcome in report.outcomes]) == (1, ["new", "faulty", "faulty"])
    for outcome in report.outcomes[1:]:
        assert "import.formula" in {fault.code for fault in outcome.faults}


@pytest.mark.parametrize("title", ["甲/乙:[1]*?", "'引'", "表" * 90])
async def test_a_sheet_with_a_name_that_no_program_takes_gets_its_answer(office, operator, title):
    content = _workbook(["甲", A, "专利", "1"], ["乙", B, "无", "2"], title=title)
    report = await import_file(office, operator, "agencies", "a.xlsx", content, mode="accept-good")
    for only_faulty in (False, True):
        answer = await make_answer(
            "a.xlsx", content, "agencies", report.outcomes, str, only_faulty=only_faulty
        )
        book = openpyxl.load_workbook(io.BytesIO(answer))
        assert len(book.sheetnames[0]) <= 31
        assert book.worksheets[0].max_row == (2 if only_faulty else 3)


async def test_an_odd_name_of_a_file_is_kept_as_far_as_it_can_be(office):
    drafter = await add_account(office, "drafter", Role.DRAFTER)
    name = "2026.11." + "长" * 240 + "\x00\udc80.csv"
    upload = await keep_upload(office, drafter, "agencies", name, _csv(["甲", A, "专利", "1"]), None)
    report = await commit_upload(office, drafter, upload, "all-or-nothing")
    run = await ImportRun.select().where(ImportRun.id == report.run).first()
    assert run["file_name"] == tidy_name(name)
    assert (len(tidy_name(name)), tidy_name(name)[-5:]) == (MAX_NAME, "长.csv")
    assert tidy_name("a\x00b\udc80.csv") == "a\ufffdb\ufffd.csv"


async def test_the_second_of_two_clicks_does_not_take_the_run_from_the_file(office):
    drafter = await add_account(office, "drafter", Role.DRAFTER)
    upload = await keep_upload(office, drafter, "agencies", "a.csv", _csv(["甲", A, "专利", "1"]), None)
    reports = await asyncio.gather(
        *(commit_upload(office, drafter, upload, "all-or-nothing") for _ in range(4))
    )
    (run,) = [report.run for report in reports if report.run]
    kept = await load_upload(office, drafter, upload)
    assert (kept.run, [outcome.state for outcome in kept.preview.outcomes]) == (run, ["new"])


async def test_undoing_gives_no_agency_a_code_that_another_has_by_now(office, operator):
    await _take(office, operator, ["甲", A, "专利", "1"])
    moved = await _take(office, operator, ["甲", A, "专利", "2"])
    later = await _take(office, operator, ["乙", B, "专利", "1"], ["丙", C, "商标", "2"])
    with pytest.raises(FaultsError) as caught:
        await undo_import(office, operator, moved, "录错了")
    assert [(fault.at, fault.code) for fault in caught.value.faults] == [(A, "import.undo-code")]
    await undo_import(office, operator, later, "录错了")
    await undo_import(office, operator, moved, "录错了")
    rows = await AgencyPractice.select(AgencyPractice.agency_code)
    assert [row["agency_code"] for row in rows] == ["1"]


async def test_what_cannot_be_seen_in_a_heading_does_not_count(office, operator):
    await say_columns(office, operator, "agencies", {"牌\x00子\u200b": "name"})
    assert await load_said("agencies") == {"牌子": "name"}


async def test_a_start_of_the_service_deletes_uploads_of_the_day_before(office, settings, clock):
    drafter = await add_account(office, "drafter", Role.DRAFTER)
    for hours in (20, 5):
        await keep_upload(office, drafter, "agencies", "a.csv", _csv(["甲", A, "专利", "1"]), None)
        clock.forward(hours=hours)
    for days, n_left in ((0, 1), (1, 0)):
        again = await open_office(settings, clock=lambda days=days: clock() + timedelta(days=days))
        assert await ImportUpload.count() == n_left
        await close_office(again)
