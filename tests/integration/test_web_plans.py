"""Pages and JSON of items, plans and leads: what each shows, and the way of a change through the console."""

from __future__ import annotations

import csv
import io
from datetime import date

import msgspec
import pytest
from openpyxl import load_workbook

from agency_credit.database.tables import Agency, OtherInspection
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.services.annual_plan import load_plan, load_plan_draft, save_plan_row
from agency_credit.services.draw_draft import draft_draw, load_draft
from agency_credit.services.items import load_items
from agency_credit.services.leads import load_leads
from tests import world as worlds
from tests.integration.console import desk_of
from tests.integration.test_plans import P8, ROW, TODAY, change_items, publish_plan
from tests.visitor import visit


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


async def test_the_list_is_public_as_page_csv_and_json_and_its_digest_can_be_checked(world):
    await change_items(world, P8)
    async with visit(world.office) as client:
        page = await client.get("/items")
        old = await client.get("/items?on=2026-11-01")
        table = await client.get("/items.csv")
        answer = (await client.get("/api/v1/items?on=2026-11-24&number=2")).json()
        none = await client.get("/api/v1/items?number=7")
    assert "网络平台宣传" in page.text
    assert "每次最多5%" in page.text
    assert "网络平台宣传" not in old.text
    assert len(list(csv.reader(io.StringIO(table.text)))) == 12
    assert answer["digest"] == digest(format_canonical(answer["items"]))
    assert none.status_code == 422


async def test_the_plan_is_public_as_page_table_and_bytes_of_its_digest(world):
    await save_plan_row(world.office, world.drafter, 2026, msgspec.structs.replace(ROW, title="=1+1"))
    await publish_plan(world)
    async with visit(world.office) as client:
        page = await client.get("/plans/2026")
        listed = (await client.get("/api/v1/plans")).json()
        shown = (await client.get("/api/v1/plans/2026")).json()
        table = await client.get("/plans/2026/plan.csv")
        version = await client.get("/plans/2026/versions/1")
        absent = [await client.get(f"/plans/{year}") for year in ("2025", "99999", "1")]
    assert "2026年度抽查计划" in page.text
    assert [plan["year"] for plan in listed] == [2026]
    assert digest(version.content) == shown["digest"]
    assert shown["progress"][0]["n_done"] == 0
    assert "'=1+1" in table.text
    assert [answer.status_code for answer in absent] == [404, 422, 422]


async def test_an_item_is_proposed_by_one_and_approved_by_another_in_the_console(world):
    fields = {
        "based_on": "1", "code": "P8", "title": "网络宣传", "practice_line": "patent",
        "item_weight": "general",
        "basis": "第四十一条", "methods": ["online"], "source": "公告", "status": "entered", "body": "",
        "fraction": "5%", "frequency": "2", "limit_status": "entered", "limit_source": "公告",
        "checklist": "甲\n乙", "applies_from": TODAY.isoformat(), "reason": "公告",
    }  # fmt: skip
    async with desk_of(world.office, "drafter") as desk:
        await desk.open("/admin/items/new")
        wrong = await desk.send("/admin/items/new", fields | {"title": "", "methods": []})
        past = await desk.send("/admin/items/new", fields | {"applies_from": "2026-11-01"})
        sent = await desk.send("/admin/items/new", fields)
        own = await desk.open(sent.headers["location"])
    assert wrong.status_code == past.status_code == 422
    assert "请填写事项名称" in wrong.text
    assert "另一人" in own.text or "他人" in own.text
    assert 'value="approve"' not in own.text
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(sent.headers["location"])
        assert "网络宣传" in page.text
        await desk.send(sent.headers["location"] + "/decide", {"verdict": "approve"})
    item = next(item for item in await load_items(TODAY) if item.code == "P8")
    assert (item.fraction, item.frequency, item.checklist) == ("0.05", 2, ("甲", "乙"))


async def test_a_plan_goes_from_its_draft_to_a_draw_through_the_console(world):
    fields = {
        "title": "专利代理机构抽查", "body": "淄博市市场监督管理局（知识产权局）",
        "practice_lines": ["patent"],
        "items": ["P1", "P4"], "directed": "no", "fraction": "10", "frequency": "1", "months": ["11"],
    }  # fmt: skip
    async with desk_of(world.office, "drafter") as desk:
        await desk.open("/admin/plans/2026/rows/0")
        wrong = await desk.send("/admin/plans/2026/rows/0", fields | {"months": [], "count": "3"})
        assert (await desk.send("/admin/plans/2026/rows/0", fields)).status_code == 303
        sent = await desk.send("/admin/plans/2026/propose", {"reason": "局务会通过"})
    assert wrong.status_code == 422
    assert "请选择抽查月份" in wrong.text
    async with desk_of(world.office, "approver") as desk:
        assert "专利代理机构抽查" in (await desk.open(sent.headers["location"])).text
        await desk.send(sent.headers["location"] + "/decide", {"verdict": "approve"})
    plan = await load_plan(2026)
    assert plan is not None
    async with desk_of(world.office, "drafter") as desk:
        await desk.open("/admin/plans/2026")
        book = await desk.client.get("/admin/plans/2026/plan.xlsx")
        led = await desk.send("/admin/plans/2026/rows/1/draw")
        what = await desk.open(led.headers["location"] + "/what")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet["C3"].value == "专利代理机构抽查"
    draft = await load_draft(led.headers["location"].split("/")[3])
    assert draft.task is not None
    assert draft.plan.strata[0]["take"] == {"fraction": "0.1", "minimum": 0}
    assert 'value="2026-1" selected' in what.text
    async with desk_of(world.office, "drafter") as desk:
        await desk.open("/admin/plans/2026/rows/1")
        await desk.send("/admin/plans/2026/rows/1/remove")
    assert (await load_plan_draft(2026)).rows == ()


async def test_a_lead_is_proposed_in_the_console_and_its_faults_are_told(world):
    fields = {
        "agency": worlds.uscc(0), "lead_kind": "complaint", "document": "投诉1号",
        "received_on": "2026-11-20",
        "items": ["P1"], "lead": "鲁C00000", "team": ["鲁C00001"], "reason": "投诉",
    }  # fmt: skip
    async with desk_of(world.office, "drafter") as desk:
        await desk.open("/admin/leads")
        unknown = await desk.send("/admin/leads", fields | {"agency": "91370302MA99999999"})
        alone = await desk.send("/admin/leads", fields | {"team": []})
        sent = await desk.send("/admin/leads", fields)
    assert unknown.status_code == alone.status_code == 422
    assert "请至少指定两名" in alone.text
    async with desk_of(world.office, "approver") as desk:
        await desk.open(sent.headers["location"])
        await desk.send(sent.headers["location"] + "/decide", {"verdict": "approve"})
        (lead,) = await load_leads()
        assert "线索检查" in (await desk.open("/admin/results")).text
        assert (await desk.open(f"/admin/inspections/{lead.inspection}")).status_code == 200


async def test_an_agency_shows_who_inspected_it(world):
    row = await Agency.select(Agency.id).where(Agency.uscc == worlds.uscc(0)).first()
    for number, is_lead_based in enumerate((False, True)):
        await OtherInspection.insert(
            OtherInspection(
                agency=row["id"], inspected_on=date(2026, 5, 1 + number), authority="淄博市税务局",
                kind="routine", is_on_site=True, is_lead_based=is_lead_based, document_number=f"税{number}号",
                known_at=world.office.now(),
            )
        )  # fmt: skip
    async with visit(world.office) as client:
        public = (await client.get(f"/agencies/{worlds.uscc(0)}")).text
    async with desk_of(world.office, "approver") as desk:
        console = (await desk.open(f"/admin/agencies/{worlds.uscc(0)}")).text
    assert public.count("淄博市税务局") == 2
    assert "线索检查" in public
    assert "税0号" not in public
    assert "计入年度上限1次" in console
    assert "线索检查1次，不计入" in console


async def test_a_draft_says_in_the_console_why_it_is_outside_the_plan_and_whom_it_is_about(world):
    draw = await _draft(world)
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open(f"/admin/draws/{draw}/plan/what")
        assert "计划外抽查的理由" in page.text
        page = await desk.open(f"/admin/draws/{draw}/plan/frame")
        data = {"scope.practice_lines": "patent", "scope.directed": "yes", "scope.areas": "370302"}
        data |= {"scope.annual_cap": "2", "version": "0"}
        assert (await desk.send(f"/admin/draws/{draw}/plan/frame", data)).status_code == 303
        check = await desk.open(f"/admin/draws/{draw}/check")
    assert "上级临时部署" in check.text
    draft = await load_draft(draw)
    assert (draft.scope.directed, draft.scope.areas) == (True, ["370302"])


async def _draft(world):
    return await draft_draw(world.office, world.drafter, await worlds.good_draft(world))
