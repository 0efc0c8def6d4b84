"""The whole file of an agency to take away: what the pages show, in tables; harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date

import pytest

from agency_credit.database.tables import AuditLine
from agency_credit.domain.role import DeskRight
from agency_credit.services.agency_file import load_agency_file
from agency_credit.services.agency_statement import issue_statement
from agency_credit.services.rating_run import rate_all
from agency_credit.web.labels import LABELS
from tests import world as made
from tests.builders import add_record
from tests.field import published_visit
from tests.integration.console import desk_of


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def visit(world):
    """An agency with a published result, a record and a statement; two people at its desk."""
    inspection = await published_visit(world)
    boss = await made.add_agency_person(world.office, "boss", inspection["uscc"])
    await made.add_agency_person(world.office, "reader", inspection["uscc"], DeskRight.READER)
    columns = {"authority": "=cmd()", "summary": "电话13812345678"}
    await add_record(boss.seats[0].agency_id, "警告", on=date(2026, 9, 1), **columns)
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    await issue_statement(world.office, boss, inspection["uscc"], "public")
    return inspection


async def read(world, username, uscc):
    async with desk_of(world.office, username) as desk:
        said = await desk.open(f"/desk/{uscc}/file.json")
        archive = await desk.open(f"/desk/{uscc}/file.zip")
    assert (said.status_code, archive.status_code) == (200, 200)
    tables = {}
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        for name in files.namelist():
            content = files.read(name)
            assert content.startswith("\ufeff".encode())
            tables[name] = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return json.loads(said.content), tables


async def test_a_reader_takes_every_table_away_in_both_forms(world, visit):
    said, tables = await read(world, "reader", visit["uscc"])
    assert said["form"] == "credit-file/1"
    assert [row["uscc"] for row in said["agency"]] == [visit["uscc"]]
    assert [row["kind"] for row in said["records"]] == ["接受检查", "警告"]  # the published result is one too
    assert [row["inspection"] for row in said["inspections"]] == [visit["id"]]
    assert [row["findings"] for row in said["results"]] == ["未建立利益冲突审查制度"]
    assert [row["draw"] for row in said["draws"]] == [visit["draw_identifier"]]
    assert said["ratings"][-1]["tier"]
    assert len(said["statements"]) == 1
    rows = [value for value in said.values() if isinstance(value, list)]
    assert len(tables) == len(rows)
    for (name, table), expected in zip(tables.items(), rows, strict=True):
        assert len(table) == len(expected) + 1, name
        assert all(len(row) == len(table[0]) for row in table), name
    header, place = tables_of(tables, "抽取位置")
    assert place[header.index("结果")] == "被抽中"


def tables_of(tables, name):
    (table,) = [rows for title, rows in tables.items() if title.endswith(f"{name}.csv")]
    return table[0], table[1]


async def test_a_cell_is_no_formula_and_no_number_of_a_person_leaves(world, visit):
    said, tables = await read(world, "boss", visit["uscc"])
    assert "13812345678" not in json.dumps(said, ensure_ascii=False) + str(tables)
    (rows,) = [table for title, table in tables.items() if title.endswith("信用信息.csv")]
    assert "'=cmd()" in rows[2]
    assert {len(row) for row in rows} == {len(rows[0])}


async def test_a_reader_reads_of_his_own_seat_alone(world, visit):
    mine, _ = await read(world, "reader", visit["uscc"])
    all_of_them, _ = await read(world, "boss", visit["uscc"])
    assert [row["name"] for row in mine["seats"]] == ["reader"]
    assert [row["name"] for row in all_of_them["seats"]] == ["boss", "reader"]


async def test_an_inspection_that_is_secret_is_in_no_table(world):
    visit = (await made.inspections_of(await made.drawn(world)))[0]
    await made.add_agency_person(world.office, "boss", visit["uscc"])
    said, tables = await read(world, "boss", visit["uscc"])
    assert (said["inspections"], said["results"], said["draws"]) == ([], [], [])
    assert visit["draw_identifier"] not in json.dumps(said) + str(tables)


async def test_each_column_and_table_has_its_name(world, visit):
    boss = await made.load_actor("boss")
    tables = await load_agency_file(world.office, boss, visit["uscc"])
    assert set(tables) <= set(LABELS["file_table"])
    assert {name for rows in tables.values() for row in rows for name in row} <= set(LABELS["file_column"])
    lines = await AuditLine.select().where(AuditLine.action == "file.export")
    assert [(line["actor"], line["subject"]) for line in lines] == [("boss", visit["uscc"])]


async def test_nobody_takes_the_file_of_another_agency(world, visit):
    stranger = made.uscc(next(n for n in range(12) if made.uscc(n) != visit["uscc"]))
    await made.add_agency_person(world.office, "stranger", stranger)
    async with desk_of(world.office, "stranger") as desk:
        for name in ("file", "file.json", "file.zip"):
            assert (await desk.open(f"/desk/{visit['uscc']}/{name}")).status_code == 404
            assert (await desk.open(f"/desk/{stranger}/{name}")).status_code == 200
