"""The console's page of an agency: what moved its score, what would, and how often it asks the store."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import httpx
import pytest

from agency_credit.database.tables import (
    Agency,
    AuditLine,
    ChangeRequest,
    CreditRecord,
    LogEntry,
    Rating,
    RecordEvent,
    RecordSalt,
)
from agency_credit.domain.errors import InputError
from tests import builders
from tests.integration.console import desk_of
from tests.integration.test_two_times import A
from tests.world import World, build_world

PAGE = f"/admin/agencies/{A}"


@pytest.fixture
async def world(office, clock) -> World:
    return await build_world(office, clock, n_agencies=4, n_inspectors=2)


async def add_stayed_records(numbers: range) -> None:
    """Records of the agency A, one a day, each stayed once."""
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    for n in numbers:
        on = date(2026, 1, 1) + timedelta(days=n)
        await builders.add_record(agency["id"], "警告", on=on, document_number=f"{n}号")
    for row in await CreditRecord.select(CreditRecord.id).where(
        CreditRecord.document_number.is_in([f"{n}号" for n in numbers])
    ):
        stay = {"on": date(2026, 9, 1), "until": date(2026, 9, 30)}
        await RecordEvent.insert(
            RecordEvent(record=row["id"], event="suspended", known_at=builders.NOON, **stay)
        )


@pytest.mark.parametrize("query", ["", "?on=2026-10-01&known=2026-11-24"])
async def test_two_hundred_records_ask_the_store_no_oftener_than_two(world, statements, query):
    async with desk_of(world.office, "drafter") as desk:
        counts = []
        for numbers in (range(2), range(2, 200)):
            await add_stayed_records(numbers)
            statements.clear()
            page = await desk.open(PAGE + query)
            counts.append(len(statements))
        assert page.text.count("暂停执行 2026年9月1日") == 200
    assert counts[0] == counts[1] > 5


# --- what would change the tier -----------------------------------------------------------------------


@pytest.fixture
async def rated(world) -> World:
    """The agency A, of both practice lines, with three records."""
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    await builders.add_record(agency["id"], "警告", on=date(2026, 3, 2))
    await builders.add_record(agency["id"], "通报批评", on=date(2026, 8, 3))
    await builders.add_record(agency["id"], "责令停止承接新的专利代理业务", on=date(2026, 9, 1))
    return world


async def ask(world: World, query: dict[str, str], who: str = "drafter", prefix: str = "") -> httpx.Response:
    async with desk_of(world.office, who) as desk:
        return await desk.client.get(prefix + PAGE, params=query)


def text_of(page: str) -> str:
    """What a reader sees, blanks left out."""
    return "".join(re.sub(r"<[^>]*>", " ", html.unescape(page)).split())


async def test_the_page_shows_the_course_and_what_would_change_each_tier(rated):
    page = await ask(rated, {})
    assert page.status_code == 200
    patent, trademark = map(text_of, page.text.split("<h2>商标代理</h2>"))
    assert 'class="chart-line chart-forecast"' in page.text
    assert 'class="chart-today"' in page.text
    assert "2026-03-02警告：按F-PA-04“受到警告”开始计入，计-12分。" in patent
    assert "自2027-09-03起：47.5分，信用等级D。2026-03-02警告：计入期届满" in patent
    assert "自2028-02-04起：55分，信用等级D。" in patent
    assert "自2028-03-02起：100分，信用等级A。" in patent
    assert "仅靠信用修复无法达到C级" in patent
    assert "自2026-06-03起可修复" in patent
    assert "计入期间不可修复" in patent
    assert "至少须修复以下1条信用信息" in trademark


async def test_repairs_are_told_with_their_earliest_day(world):
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    await builders.add_record(agency["id"], "警告", on=date(2026, 11, 2))
    text = text_of((await ask(world, {})).text)
    assert "达到A级：至少须修复以下1条信用信息，修复后100分" in text
    assert "2026-11-02警告（F-PA-04“受到警告”，-12分）：自2027-02-03起可以申请修复。" in text


async def test_a_made_up_record_is_answered_and_stored_nowhere(rated):
    asked = {"patent-kind": "代理非正常专利申请", "patent-decided_on": "2026-11-01", "patent-points": "−7.5"}
    tables = (CreditRecord, RecordEvent, RecordSalt, Rating, ChangeRequest, AuditLine, LogEntry)
    async with desk_of(rated.office, "approver") as desk:
        counts = [await table.count() for table in tables]
        page = await desk.client.get(PAGE, params=asked)
        assert [await table.count() for table in tables] == counts
    assert page.status_code == 200
    text = text_of(page.text)
    assert "假设的信用信息，不作任何保存D28" in text
    assert "得分为28分，信用等级D；目前为35.5分，信用等级D。" in text
    assert "代理非正常专利申请假设2026年11月1日F-PA-01" in text
    assert text.count("不作任何保存") == 1, "the form of the other practice line was not sent"
    english = text_of((await ask(rated, asked, prefix="/en")).text)
    assert "Amade-uprecord:itisstorednowhere" in english


async def test_a_made_up_record_counts_on_the_day_that_is_asked_about(rated):
    asked = {"on": "2026-03-02", "patent-kind": "警告", "patent-decided_on": "2026-03-01"}
    page = await ask(rated, asked)
    assert "得分为76分，信用等级C；目前为88分，信用等级B。" in text_of(page.text)
    assert 'name="on" value="2026-03-02"' in page.text


async def test_lines_that_a_made_up_record_moves_are_shown_too(world):
    agency = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    await builders.add_record(agency["id"], "列入经营异常名录", on=date(2026, 3, 2))
    asked = {"patent-kind": "列入经营异常名录", "patent-decided_on": "2026-11-01"}
    page = await ask(world, asked)
    assert "−15 → 0" in page.text, "the clause counts once: the later record takes its place"
    assert "得分为85分，信用等级B；目前为85分，信用等级B。" in text_of(page.text)


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"patent-kind": ""}, "patent-kind", "此项不能为空"),
        ({"patent-kind": "无此类别"}, "patent-kind", "没有条款涉及“无此类别”"),
        ({"patent-kind": "x" * 500}, "patent-kind", "最多"),
        ({"patent-decided_on": "2026-02-30"}, "patent-decided_on", "请选择日期"),
        ({"patent-decided_on": ""}, "patent-decided_on", "请选择日期"),
        ({"patent-decided_on": "2026-11-25"}, "patent-decided_on", "2026-11-25 晚于所查询的日期 2026-11-24"),
        ({"patent-points": "-30.001"}, "patent-points", "F-PA-01"),
        ({"patent-points": "-4.999"}, "patent-points", "F-PA-01"),
        ({"patent-points": "5"}, "patent-points", "F-PA-01"),
        ({"patent-points": "many"}, "patent-points", "不是有效的分值"),
        ({"patent-points": "NaN"}, "patent-points", "不是有效的分值"),
        ({"patent-kind": "警告", "patent-points": "-12"}, "patent-points", "F-PA-04 的分值是固定的"),
    ],
)
async def test_what_is_wrong_with_a_made_up_record_stands_at_its_field(rated, asked, field, said):
    good = {"patent-kind": "代理非正常专利申请", "patent-decided_on": "2026-11-01", "patent-points": "-10"}
    page = await ask(rated, good | asked)
    assert page.status_code == 422
    (at_field,) = re.findall(f'id="error-{field}">([^<]*)<', page.text)
    assert said in html.unescape(at_field)
    assert page.text.count('class="error" id=') == 1
    assert "不作任何保存" not in page.text


@pytest.mark.parametrize(("points", "score"), [("-30", "5.5"), ("-5", "30.5"), ("", "5.5")])
async def test_the_bounds_of_a_range_are_within_it(rated, points, score):
    asked = {"patent-kind": "代理非正常专利申请", "patent-decided_on": "2026-11-24", "patent-points": points}
    assert f"得分为{score}分" in text_of((await ask(rated, asked)).text)


async def test_all_that_is_wrong_is_told_at_once(rated):
    asked = {"patent-kind": "x", "patent-decided_on": "2026-02-30", "patent-points": "q"}
    page = await ask(rated, asked)
    assert len(re.findall(r'class="error" id="error-patent-(kind|decided_on|points)"', page.text)) == 3


async def test_a_question_about_earlier_knowledge_has_no_outlook(rated):
    asked = {"on": "2026-11-01", "known": "2026-11-24", "patent-kind": "警告"}
    page = await ask(rated, asked)
    assert page.status_code == 200
    assert "怎样才会改变信用等级”按目前所知的全部信息推算" in text_of(page.text)
    assert "what-if-patent" not in page.text


async def test_the_ledger_is_shown_where_there_is_no_outlook(rated, monkeypatch):
    async def fail(*_: object) -> None:
        raise InputError("rules.two", "two instruments hold on {on}", on="2027-01-01")

    monkeypatch.setattr("agency_credit.services.record_desk.load_outlooks", fail)
    page = await ask(rated, {})
    assert page.status_code == 422
    assert "two instruments hold on 2027-01-01" in page.text
    assert "F-PA-04" in page.text
    assert "what-if-patent" not in page.text
