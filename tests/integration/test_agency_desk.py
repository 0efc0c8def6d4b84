"""The desk of an agency: its tier, its ledger and its records, and nothing of anybody else."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from agency_credit.database.tables import Agency, AgencyPractice, CreditRecord, Practitioner, RecordSalt
from agency_credit.domain.role import DeskRight
from agency_credit.services.case_store import append_case_step, open_case
from agency_credit.services.operation import operation
from agency_credit.services.rating_run import rate_all
from tests.builders import add_agency
from tests.integration.console import desk_of
from tests.integration.records import decide, record_of
from tests.world import World, add_agency_person, build_world, uscc

A, B = uscc(0), uscc(1)
"""A has both practice lines, B the one of trademarks."""
MOBILE, IDENTITY = "13805331234", "11010519491231002X"


@pytest.fixture
async def world(office, clock) -> World:
    made = await build_world(office, clock, n_agencies=4, n_inspectors=2)
    await add_agency_person(office, "clerk", A, DeskRight.CLERK)
    await add_agency_person(office, "reader", A, DeskRight.READER)
    await add_agency_person(office, "other", B)
    return made


def text_of(page: str) -> str:
    """What a reader sees, blanks left out."""
    return "".join(re.sub(r"<[^>]*>", " ", html.unescape(page)).split())


async def page_of(world: World, path: str, who: str = "reader", status: int = 200) -> str:
    async with desk_of(world.office, who) as desk:
        answer = await desk.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


# --- the first page -----------------------------------------------------------------------------------


async def test_the_first_page_says_tier_and_score_and_since_when(world):
    text = text_of(await page_of(world, f"/desk/{A}"))
    assert text.count("A100分（截至2026年11月24日）") == 2
    assert "自2026年11月24日起为A级。" in text
    assert "虚构" in text


async def test_it_says_what_moved_the_score_last_and_leads_to_that_record(world):
    record = await record_of(A, "警告")
    world.clock.forward(days=1)
    await rate_all(world.office, world.drafter)
    page = await page_of(world, f"/desk/{A}")
    text = text_of(page)
    assert "最近一次分值变化2026年11月25日：100→88分·A→B警告2026年3月2日：0→−12计入" in text
    assert f'href="/desk/{A}/records/{record}"' in page
    assert "自2026年11月25日起为B级。" in text


async def test_the_tier_holds_since_the_first_rating_that_gave_it_without_a_break(world):
    for kind, tier in (("警告", "B"), ("列入经营异常名录", "C")):
        world.clock.forward(days=1)
        await record_of(A, kind)
        await rate_all(world.office, world.drafter)
        assert f"自2026年11月{world.office.today().day}日起为{tier}级" in text_of(
            await page_of(world, f"/desk/{A}")
        )
    world.clock.forward(days=1)
    await record_of(A, "不存在的类别")
    await rate_all(world.office, world.drafter)
    text = text_of(await page_of(world, f"/desk/{A}"))
    assert "自2026年11月26日起为C级。" in text
    assert "最近一次分值变化2026年11月26日" in text, "a record without points moves nothing"


async def test_what_is_known_but_not_yet_rated_is_told_beside_the_published_tier(world):
    await record_of(A, "警告")
    text = text_of(await page_of(world, f"/desk/{A}"))
    assert "按目前掌握的全部信息计算，今日应为88分，B级。" in text
    assert "自2026年11月24日起为A级。" in text


async def test_a_cancelled_agency_still_reads_its_file(world):
    await Agency.update({Agency.status: "cancelled"}).where(Agency.uscc == A)
    assert "A100分" in text_of(await page_of(world, f"/desk/{A}"))


async def test_an_agency_that_nobody_rated_or_that_is_in_no_practice_line_has_a_desk(world):
    for number, lines, said in ((50, {"patent": "37050"}, "尚未评级"), (51, {}, "没有登记业务类别")):
        await add_agency(uscc(number), "新设代理", lines=lines)
        await add_agency_person(world.office, f"new{number}", uscc(number))
        for page in ("", "/ledger"):
            text = text_of(await page_of(world, f"/desk/{uscc(number)}{page}", f"new{number}"))
            assert page or said in text


# --- what waits ---------------------------------------------------------------------------------------


async def test_nothing_waits_where_nothing_does(world):
    assert "目前没有需要您办理的事项" in text_of(await page_of(world, f"/desk/{B}", "other"))


async def test_what_the_law_asks_by_a_day_waits_at_the_desk_of_that_agency_alone(world):
    await AgencyPractice.update({AgencyPractice.valid_until: date(2026, 12, 20)}).where(
        (AgencyPractice.agency.uscc == A) & (AgencyPractice.practice_line == "trademark")
    )
    text = text_of(await page_of(world, f"/desk/{A}"))
    assert "办理商标代理备案续展" in text
    assert "2026年12月20日" in text
    assert "续展" not in text_of(await page_of(world, f"/desk/{B}", "other"))


async def test_an_open_case_waits_and_leads_to_its_record(world):
    record = await record_of(A, "警告")
    row = await CreditRecord.select(CreditRecord.id, CreditRecord.agency).first()
    for kind, closes in (("objection", False), ("repair", True)):
        async with operation(world.office, world.drafter, "case.open", record, roles=None) as op:
            case = await open_case(op, kind, row["agency"], row["id"], record)
            await append_case_step(op, case, "opened", due_on=date(2026, 11, 27))
            if closes:
                await append_case_step(op, case, "granted", closes=True)
    page = await page_of(world, f"/desk/{A}")
    assert f'<a href="/desk/{A}/records/{record}">异议正在办理</a><span class="hint">警告</span>' in page
    assert "信用修复申请正在办理" not in page


# --- the ledger ---------------------------------------------------------------------------------------


async def test_the_ledger_shows_each_record_with_clause_document_days_and_what_is_left(world):
    record = await record_of(A, "警告", document_number="淄知罚〔2026〕7号", authority="淄博市市场监督管理局")
    page = await page_of(world, f"/desk/{A}/ledger")
    text = text_of(page)
    assert "警告淄知罚〔2026〕7号淄博市市场监督管理局2026年3月2日作出F-PA-04受到警告" in text
    assert "−12计入2026年3月2日至2027年9月2日·还剩282天公开中" in text
    assert "F-TM-02受到警告" in text, "one record, two practice lines"
    assert text.count("淄知罚〔2026〕7号") == 2
    assert f'href="/desk/{A}/records/{record}"' in page


async def test_records_that_are_not_public_are_in_the_ledger_and_marked(world):
    record = await record_of(A, "警告")
    await decide(world, record, "withdrawn", on=world.office.today())
    text = text_of(await page_of(world, f"/desk/{A}/ledger"))
    assert "不公开" in text
    assert "公开中" not in text


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2027, 8, 31), "还剩2天"),
        (date(2027, 9, 1), "还剩1天"),
        (date(2027, 9, 2), "今天是最后一天"),
        (date(2027, 9, 3), None),
    ],
)
async def test_days_that_are_left_run_down_to_the_last_and_are_not_told_after_it(world, day, said):
    await record_of(A, "警告")
    world.clock.forward(days=(day - world.office.today()).days)
    text = text_of(await page_of(world, f"/desk/{A}/ledger"))
    counts = re.findall(r"2027年9月2日(?:·(还剩\d+天|今天是最后一天))?", text)
    assert counts == [said or ""] * 2


async def test_what_was_stated_of_a_record_and_how_long_it_is_public_stand_beside_it(world):
    facts = {"category": "penalty", "procedure": "ordinary", "sanctions": "fine"}
    days = {"served_on": date(2026, 3, 5), "conduct_ended_on": date(2026, 2, 1)}
    record = await record_of(A, "警告", **facts, **days)
    ledger = text_of(await page_of(world, f"/desk/{A}/ledger"))
    assert "2026年3月2日作出2026年3月5日送达" in ledger
    assert "公开中至2031年2月1日·还剩1530天" in ledger, "Shandong: five years after the conduct ended"
    page = text_of(await page_of(world, f"/desk/{A}/records/{record}"))
    assert "送达日期2026年3月5日行为终止日期2026年2月1日信息大类行政处罚·普通程序·罚款" in page
    assert "公开中至2031年2月1日·还剩1530天" in page
    assert "《山东省社会信用条例》第三十八条" in page


async def test_a_record_that_the_law_keeps_from_the_public_is_marked_so(world):
    facts = {"category": "penalty", "procedure": "summary", "sanctions": "warning"}
    record = await record_of(A, "警告", **facts)
    for path in ("/ledger", f"/records/{record}"):
        text = text_of(await page_of(world, f"/desk/{A}{path}"))
        assert "不公开" in text
        assert "公开中" not in text


# --- one record ---------------------------------------------------------------------------------------


async def test_the_page_of_a_record_says_all_about_it(world):
    record = await record_of(A, "警告", document_number="淄知罚〔2026〕7号", evidence="ab" * 32)
    text = text_of(await page_of(world, f"/desk/{A}/records/{record}"))
    for said in ("淄知罚〔2026〕7号", "ab" * 32, record, "2026-03-02警告：按F-PA-04", "受到警告"):
        assert said in text
    assert "假如没有这一条100分，A级；目前88分，B级" in text
    assert text.count("没有条款涉及") == 0


async def test_what_befell_a_record_stands_on_its_page(world):
    record = await record_of(A, "警告")
    await decide(world, record, "suspended", on=date(2026, 11, 1), until=None)
    text = text_of(await page_of(world, f"/desk/{A}/records/{record}"))
    assert "暂停执行2026年11月1日至长期" in text
    assert "假如没有这一条" not in text, "a record that is stayed moves nothing"


async def test_a_record_that_was_replaced_leads_to_the_one_that_replaces_it_and_back(world):
    old = await record_of(A, "警告")
    await decide(world, old, "corrected", texts={"kind": "通报批评"}, on=date(2026, 3, 2))
    salt = await RecordSalt.select(RecordSalt.commitment).order_by(RecordSalt.id, ascending=False).first()
    new = salt["commitment"]
    assert f"/desk/{A}/records/{new}" in await page_of(world, f"/desk/{A}/records/{old}")
    assert f"/desk/{A}/records/{old}" in await page_of(world, f"/desk/{A}/records/{new}")


# --- what would change the tier -------------------------------------------------------------------------


async def test_the_outlook_says_what_time_and_repairs_would_change(world):
    await record_of(A, "警告", on=date(2026, 11, 2))
    page = await page_of(world, f"/desk/{A}/outlook")
    text = text_of(page)
    assert 'class="chart-line chart-forecast"' in page
    assert "达到A级：至少须修复以下1条信用信息，修复后100分" in text
    assert "自2027-02-03起可以申请修复" in text
    assert "2026-11-02警告：计入期届满" in text


async def test_a_made_up_record_is_tried_at_the_desk_and_stored_nowhere(world):
    asked = "?patent-kind=警告&patent-decided_on=2026-11-01&patent-points="
    before = await CreditRecord.count()
    page = await page_of(world, f"/desk/{A}/outlook{asked}")
    assert "得分为88分，信用等级B；目前为100分，信用等级A。" in text_of(page)
    assert f'action="/desk/{A}/outlook#what-if-patent"' in page
    assert "/admin/records" not in page
    assert await CreditRecord.count() == before


async def test_a_made_up_record_with_faults_is_answered_at_its_fields(world):
    asked = "?patent-kind=无此类别&patent-decided_on=2026-02-30&patent-points=many"
    page = await page_of(world, f"/desk/{A}/outlook{asked}", status=422)
    assert len(re.findall(r'class="error" id="error-patent-(kind|decided_on|points)"', page)) == 3


# --- nothing of others, no numbers of persons ----------------------------------------------------------


@pytest.mark.parametrize("page", ["", "/ledger", "/outlook", "/records/{record}"])
async def test_the_desk_of_another_agency_is_not_there(world, page):
    record = await record_of(A, "警告")
    path = page.format(record=record)
    assert A not in text_of(await page_of(world, f"/desk/{A}{path}", "other", 404)).replace(
        f"工作台：{A}", ""
    )
    await page_of(world, f"/desk/{uscc(999)}{path}", "other", 404)


async def test_a_record_of_another_agency_is_not_there_even_at_the_own_desk(world):
    theirs = await record_of(A, "警告", document_number="淄知罚〔2026〕7号")
    answer = await page_of(world, f"/desk/{B}/records/{theirs}", "other", 404)
    assert "淄知罚" not in answer
    made_up = await page_of(world, f"/desk/{B}/records/{'0' * 64}", "other", 404)
    assert text_of(answer).replace(theirs, "") == text_of(made_up).replace("0" * 64, "")


async def test_a_record_of_a_practitioner_is_none_of_the_agencys_file(world):
    row = await Agency.select(Agency.id).where(Agency.uscc == A).first()
    person = Practitioner(
        certificate="37001", name="甲", agency=row["id"], practice_line="patent", status="active"
    )
    await person.save()
    record = await record_of(A, "警告", practitioner=person.id, document_number="人员一号")
    assert "人员一号" not in await page_of(world, f"/desk/{A}/ledger")
    await page_of(world, f"/desk/{A}/records/{record}", status=404)


@pytest.mark.parametrize("page", ["/ledger", "/records/{record}"])
async def test_numbers_of_persons_are_masked_at_the_desk_too(world, page):
    texts = {
        "summary": f"联系人电话{MOBILE}，身份证{IDENTITY}",
        "authority": f"张某{MOBILE}",
        "document_number": f"字{IDENTITY}号",
    }
    record = await record_of(A, "警告", **texts)
    shown = await page_of(world, f"/desk/{A}" + page.format(record=record))
    assert MOBILE not in shown
    assert IDENTITY not in shown
    assert "138****1234" in shown
    assert await CreditRecord.exists().where(CreditRecord.summary == texts["summary"])


async def test_the_pages_speak_english(world):
    record = await record_of(A, "警告")
    for path in ("", "/ledger", "/outlook", "/messages", f"/records/{record}"):
        page = await page_of(world, f"/en/desk/{A}{path}")
        assert 'lang="en"' in page
    assert "Without it" in page
