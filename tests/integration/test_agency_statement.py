"""Statements of credit: what they hold, that they come out again byte for byte, what their check tells."""

from __future__ import annotations

import hashlib
import io
import json
import re
from datetime import date

import pypdf
import pytest

from agency_credit.database.tables import CreditRecord, RecordEvent, Statement
from agency_credit.domain.errors import InputError, NotFoundError, RefusedError
from agency_credit.domain.role import SYSTEM, DeskRight
from agency_credit.services.agency_statement import (
    check_statement,
    issue_statement,
    load_stated_records,
    load_statement,
    load_statements,
)
from agency_credit.services.forgetting import forget_record
from agency_credit.services.operation import operation
from agency_credit.services.rating_run import rate_all
from agency_credit.services.statement_paper import print_statement
from tests import world as made
from tests.builders import add_record
from tests.integration.console import desk_of
from tests.visitor import visit

BASE = "http://10.1.2.3:8000"
UNIT = made.uscc(0)


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def reader(world):
    return await made.add_agency_person(world.office, "reader", UNIT, DeskRight.READER)


async def add_rated_record(world, actor, kind="警告", **columns):
    """A record of the agency that the newest rating counts."""
    await add_record(actor.seats[0].agency_id, kind, on=date(2026, 9, 1), **columns)
    await rate_all(world.office, world.drafter)


async def repair(world):
    """The agency's record is repaired, and the rating follows."""
    row = await CreditRecord.select(CreditRecord.id).order_by(CreditRecord.id, ascending=False).first()
    await RecordEvent.insert(
        RecordEvent(record=row["id"], event="repaired", on=world.office.today(), known_at=world.clock.now)
    )
    world.clock.forward(minutes=1)
    await rate_all(world.office, world.drafter)


async def issue(world, actor, extent="public"):
    code = await issue_statement(world.office, actor, UNIT, extent)
    return await load_statement(world.office, actor.seats[0], code)


def read(content):
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


async def test_a_reader_issues_a_statement_that_says_tier_record_and_document(world, reader):
    await add_rated_record(world, reader)
    statement = await issue(world, reader)
    said = json.loads(statement.content)
    assert hashlib.sha256(statement.content).hexdigest() == statement.digest
    assert [rating["practice_line"] for rating in said["ratings"]] == ["patent", "trademark"]
    assert all(rating["tier"] for rating in said["ratings"])
    assert [record["document"] for record in said["records"]] == ["淄知罚〔2026〕3号"]
    text = read((await print_statement(statement, "zh", BASE)).content)
    for words in ("信用情况证明", UNIT, "淄知罚〔2026〕3号", statement.digest, statement.code, "虚构"):
        assert words in text
    assert f"{BASE}/statements/{statement.code}" in text


async def test_the_same_statement_is_the_same_bytes_later_and_in_each_language(world, reader):
    await add_rated_record(world, reader)
    statement = await issue(world, reader)
    papers = {}
    for language in ("zh", "en"):
        papers[language] = (await print_statement(statement, language, BASE)).content
    world.clock.forward(days=3)
    again = await load_statement(world.office, reader.seats[0], statement.code)
    assert again == statement
    for language, content in papers.items():
        assert (await print_statement(again, language, BASE)).content == content
    text = read(papers["en"])
    assert "Statementofcredit" in text
    assert f"/en/statements/{statement.code}" in text


async def test_one_that_holds_is_issued_once_a_day_and_anew_on_the_next(world, reader):
    first = await issue(world, reader)
    assert (await issue(world, reader)).code == first.code
    assert (await issue(world, reader, "full")).code != first.code
    world.clock.forward(days=1)
    assert (await issue(world, reader)).code != first.code
    assert await Statement.count() == 3


async def test_after_a_repair_its_check_says_that_something_changed_and_not_what(world, reader):
    await add_rated_record(world, reader, summary="警告一次")
    statement = await issue(world, reader)
    before = await check_statement(world.office, statement.code)
    assert before.is_current
    assert [rating.practice_line for rating in before.ratings] == ["patent", "trademark"]
    await repair(world)
    after = await check_statement(world.office, statement.code)
    assert (after.is_current, after.digest) == (False, statement.digest)
    with pytest.raises(RefusedError):
        await load_statement(world.office, reader.seats[0], statement.code)
    async with visit(world.office) as client:
        page = (await client.get(f"/statements/{statement.code}")).text
    assert "以后有变化，请以当前公示为准" in page
    for words in ("警告", "淄知罚", "修复"):
        assert words not in page
    counted = {line for line in before.ratings if line not in after.ratings}
    assert counted, "the tier that rested on the repaired record is told no more"


@pytest.mark.parametrize("extent", ["public", "full"])
async def test_what_was_repaired_is_in_no_statement(world, reader, extent):
    await add_rated_record(world, reader)
    await repair(world)
    said = json.loads((await issue(world, reader, extent)).content)
    assert said["records"] == []
    assert all(rating["lines"] == [] for rating in said["ratings"])
    assert await load_stated_records(world.office, reader.seats[0]) == {"public": 0, "full": 0}


async def test_after_a_record_was_forgotten_its_statement_is_known_and_nothing_of_it(world, reader):
    await add_rated_record(world, reader)
    statement = await issue(world, reader)
    record = await CreditRecord.select(CreditRecord.id).first()
    await repair(world)
    async with operation(world.office, SYSTEM, "record.forget", UNIT, roles=None) as op:
        await forget_record(op, record["id"])
    (row,) = await Statement.select()
    assert "警告" not in str(row)
    check = await check_statement(world.office, statement.code)
    assert (check.is_current, check.digest) == (False, statement.digest)
    assert [rating.practice_line for rating in check.ratings if not rating.tier] == []
    again = await issue(world, reader)
    assert json.loads(again.content)["records"] == []


async def test_the_check_page_shows_no_record_and_a_made_up_code_is_unknown(world, reader):
    await add_rated_record(world, reader)
    statement = await issue(world, reader)
    async with visit(world.office) as client:
        page = await client.get(f"/statements/{statement.code}")
        english = await client.get(f"/en/statements/{statement.code}")
        unknown = [await client.get(f"/statements/{code}") for code in ("made-up", "x" * 300, "%00")]
    assert "目前仍为最新" in page.text
    assert "it still holds" in english.text
    for words in (statement.digest, UNIT, "/log/proof/"):
        assert words in page.text
    assert "警告" not in page.text
    assert {answer.status_code for answer in unknown} == {404}


async def test_pages_lead_from_the_form_to_both_files(world, reader):
    root = f"/desk/{UNIT}/statements"
    async with desk_of(world.office, "reader") as desk:
        await desk.open(root)
        assert (await desk.send(root, {"extent": "all"})).status_code == 422
        assert (await desk.send(root, {"extent": "full"})).status_code == 303
        (statement,) = await load_statements(world.office, reader.seats[0])
        page = (await desk.open(root)).text
        pdf = await desk.open(f"{root}/{statement.code}/statement.pdf")
        english = await desk.open(f"/en{root}/{statement.code}/statement.pdf")
        said = await desk.open(f"{root}/{statement.code}/statement.json")
    assert f"{root}/{statement.code}/statement.pdf" in page
    assert pdf.content.startswith(b"%PDF-")
    assert english.content != pdf.content
    assert hashlib.sha256(said.content).hexdigest() == statement.digest


async def test_nobody_prints_or_issues_the_statement_of_another_agency(world, reader):
    statement = await issue(world, reader)
    other = made.uscc(1)
    stranger = await made.add_agency_person(world.office, "stranger", other)
    with pytest.raises(NotFoundError):
        await issue_statement(world.office, stranger, UNIT, "public")
    with pytest.raises(InputError):
        await issue_statement(world.office, stranger, other, "")
    async with desk_of(world.office, "stranger") as desk:
        await desk.open(f"/desk/{other}/statements")
        for uscc in (UNIT, other):
            for name in ("statement.pdf", "statement.json"):
                answer = await desk.open(f"/desk/{uscc}/statements/{statement.code}/{name}")
                assert answer.status_code == 404
        assert (await desk.open(f"/desk/{UNIT}/statements")).status_code == 404
        assert (await desk.send(f"/desk/{UNIT}/statements", {"extent": "full"})).status_code == 404
    assert await Statement.count() == 1
