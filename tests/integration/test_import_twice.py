"""The same rows from two processes at once go in once; what a heading means holds on the command line too."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from agency_credit.database.tables import Agency, AgencyPractice, ImportRun, LogEntry
from agency_credit.domain.role import Actor, Role
from agency_credit.services.import_columns import say_columns
from agency_credit.services.import_upload import commit_upload, keep_upload
from tests.builders import add_person

PATENT = Path(__file__).parents[2] / "seeds" / "data" / "office" / "专利代理机构名录.xlsx"
IMPORT = [sys.executable, "-c", "from agency_credit.cli import main; main()", "import"]


def _environment(settings):
    named = {"AGENCY_CREDIT_DATA": str(settings.data), "LANG": "C.UTF-8"}
    if settings.database:
        named["AGENCY_CREDIT_DATABASE"] = settings.database
    return {**os.environ, **named}


def _start(settings, *arguments):
    return subprocess.Popen(
        [*IMPORT, *arguments, "--format", "json"],
        env=_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def _answers(*processes):
    done = await asyncio.gather(*(asyncio.to_thread(process.communicate) for process in processes))
    assert {process.returncode for process in processes} <= {0, 1}, done
    return [json.loads(out) for out, _ in done]


async def test_two_processes_that_import_the_same_list_at_once_store_it_once(office, settings):
    arguments = ("agencies", str(PATENT), "--on-error", "accept-good")
    answers = await _answers(*(_start(settings, *arguments) for _ in range(3)))
    assert sorted((answer["new"], answer["same"]) for answer in answers) == [(0, 27), (0, 27), (27, 0)]
    assert (await Agency.count(), await AgencyPractice.count(), await ImportRun.count()) == (27, 27, 1)
    entries = [json.loads(bytes(row["entry"]))["type"] for row in await LogEntry.select()]
    assert entries.count("roster.imported") == 1


async def test_two_clicks_on_the_same_upload_and_two_uploads_of_the_same_file_store_it_once(office):
    number = await add_person("drafter", Role.DRAFTER)
    drafter = Actor(username="drafter", roles=frozenset({Role.DRAFTER}), person_id=number)
    content = PATENT.read_bytes()
    uploads = [await keep_upload(office, drafter, "agencies", "a.xlsx", content, None) for _ in range(2)]
    reports = await asyncio.gather(
        *(commit_upload(office, drafter, upload, "accept-good") for upload in uploads * 2)
    )
    assert sorted((report.new, report.same) for report in reports) == [(0, 27)] * 3 + [(27, 0)]
    assert [report.run for report in reports if report.run] == [1]
    assert await Agency.count() == 27


async def test_what_a_person_said_of_a_heading_holds_on_the_command_line(
    office, settings, operator, tmp_path
):
    path = tmp_path / "名录.csv"
    path.write_text("企业,统一代码号,类型\n甲,913703048B12CLG4CC,专利\n", "utf-8")
    process = _start(settings, "agencies", str(path))
    _, error = await asyncio.to_thread(process.communicate)
    assert (process.returncode, "import.header-missing" in error) == (2, True), error
    await say_columns(office, operator, "agencies", {" 企业 ": "name", "统一代码号（必填）": "uscc"})
    (answer,) = await _answers(_start(settings, "agencies", str(path)))
    assert (answer["new"], answer["faults"]) == (1, [])
