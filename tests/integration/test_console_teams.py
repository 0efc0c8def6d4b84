"""The console after a draw: reserves, supplementary draws, members who leave or are sent, by two people."""

from __future__ import annotations

import io
import re

import pypdf
import pytest

from agency_credit.database.tables import Inspector, ReserveCall, TeamChange
from agency_credit.domain.errors import ConflictError, RefusedError
from agency_credit.services.changes import decide_change
from agency_credit.services.draw_draft import load_draft
from agency_credit.services.inspection_sheet import load_sheet
from agency_credit.services.office import Office
from agency_credit.services.papers import PaperKind, print_paper, print_papers
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import call_reserve, send_member
from agency_credit.services.team_store import load_calls
from tests import world as made
from tests.conftest import Clock
from tests.integration.console import desk_of
from tests.supplements import drawn, emptied, inspect, supplemented
from tests.visitor import visit
from tests.world import World

MEMBER = {
    "sent-sent_by": "桓台县市场监督管理局",
    "sent-certificate": "鲁C90001",
    "sent-name": "王协查",
    "sent-role": "属地检查员",
    "sent-document": "淄知发〔2026〕9号第三条",
    "sent-reason": "方案规定由属地派员参加",
}


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def test_a_reserve_is_proposed_on_one_page_and_approved_on_another(world: World) -> None:
    draw = await drawn(world)
    gone = (await made.inspections_of(draw))[0]
    path = f"/admin/draws/{draw}/reserves/{gone['uscc']}"
    async with desk_of(world.office, "drafter") as drafter:
        page = await drafter.open(f"/admin/draws/{draw}")
        assert path in page.text
        page = await drafter.open(path)
        assert (page.status_code, "递补" in page.text) == (200, True)
        refused = await drafter.send(path, {"reason_code": "unreachable", "reason": "电话无人接听"})
        assert refused.status_code == 422
        assert "联系不上属于检查发现的情形" in refused.text
        sent = await drafter.send(path, {"reason_code": "closed", "reason": "已核准注销"})
        assert sent.status_code == 303
        change = sent.headers["location"]
        own = await drafter.open(change)
        assert f"{change}/decide" not in own.text
        assert (await drafter.send(f"{change}/decide", {"verdict": "approve"})).status_code == 403
    async with desk_of(world.office, "approver") as approver:
        desk = await approver.open("/admin")
        assert change in desk.text
        page = await approver.open(change)
        assert f"{change}/decide" in page.text
        assert (await approver.send(f"{change}/decide", {"verdict": "approve"})).status_code == 303
        page = await approver.open(f"/admin/draws/{draw}")
    assert await ReserveCall.count() == 1
    assert "机构已不存在" in page.text


async def test_one_button_drafts_the_supplementary_draw(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    await emptied(world, first["id"], 1)
    async with desk_of(world.office, "drafter") as drafter:
        page = await drafter.open(f"/admin/draws/{draw}")
        assert "有 1 个席位空缺" in page.text
        answer = await drafter.send(f"/admin/draws/{draw}/supplements")
        assert answer.status_code == 303
        draft = await drafter.open(answer.headers["location"])
        assert draw in draft.text
        page = await drafter.open(f"/admin/draws/{draw}")
        assert f"/admin/draws/{draw}/supplements" not in page.text
        name = answer.headers["location"].split("/")[3]
        assert (await load_draft(name)).plan.supplements == draw
        for section in ("what", "frame", "strata", "teams", "entropy"):
            assert (await drafter.open(f"/admin/draws/{name}/plan/{section}")).status_code == 200


async def test_a_member_is_sent_beside_the_lottery_and_shown_everywhere(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    path = f"/admin/inspections/{first['id']}/team"
    async with desk_of(world.office, "drafter") as drafter:
        assert (await drafter.open(path)).status_code == 200
        refused = await drafter.send(path, {"action": "sent", **MEMBER, "sent-document": ""})
        assert refused.status_code == 422
        assert MEMBER["sent-name"] in refused.text
        sent = await drafter.send(path, {"action": "sent", **MEMBER})
        assert sent.status_code == 303, sent.text
        change = sent.headers["location"]
    async with desk_of(world.office, "approver") as approver:
        await approver.open(change)
        await approver.send(f"{change}/decide", {"verdict": "approve"})
        for page in (path, f"/admin/draws/{draw}", f"/admin/inspections/{first['id']}"):
            assert "王协查" in (await approver.open(page)).text
    (row,) = await TeamChange.select()
    assert (row["kind"], row["seat"], row["inspector"]) == ("sent", None, None)


async def test_a_seat_is_emptied_on_the_page_of_its_team(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    path = f"/admin/inspections/{first['id']}/team"
    async with desk_of(world.office, "drafter") as drafter:
        await drafter.open(path)
        for form in ({}, {"seat": "0"}, {"seat": "0", "emptied-reason_code": "absence"}):
            assert (await drafter.send(path, {"action": "emptied", **form})).status_code == 422
        whole = {"seat": "0", "emptied-reason_code": "recusal", "emptied-reason": "当事人申请回避成立"}
        answer = await drafter.send(path, {"action": "emptied", **whole})
        assert answer.status_code == 303
        page = await drafter.open(answer.headers["location"])
    assert "当事人申请回避成立" in page.text


async def test_the_public_page_tells_more_as_the_draw_goes_on(world: World) -> None:
    draw = await drawn(world)
    inspections = await made.inspections_of(draw)
    await emptied(world, inspections[0]["id"], 1)
    (supplement,) = await supplemented(world, draw)
    async with visit(world.office) as client:
        before = await client.get(f"/draws/{draw}")
        linked = await client.get(f"/draws/{supplement}")
    assert "检查组人员有调整" in before.text
    assert inspections[0]["uscc"] not in before.text
    assert f"/draws/{draw}" in linked.text
    assert f"/draws/{supplement}" in before.text
    for inspection in inspections:
        await inspect(world, inspection["id"])
    await publish_draw(world.office, world.approver, draw)
    async with visit(world.office) as client:
        after = await client.get(f"/draws/{draw}")
        data = (await client.get(f"/api/v1/draws/{draw}")).json()
    assert "补充抽取填补了席位" in after.text
    assert [item["change"] for item in data["after"]["team_changes"]] == ["emptied", "seated"]
    assert data["after"]["supplemented_by"] == [supplement]


async def test_papers_name_who_was_sent_and_of_closed_inspections_there_are_none(world: World) -> None:
    draw = await drawn(world)
    first, second, *_ = await made.inspections_of(draw)
    member = {key.removeprefix("sent-"): value for key, value in MEMBER.items() if key != "sent-reason"}
    number = await send_member(world.office, world.drafter, first["id"], member, "方案规定由属地派员参加")
    await decide_change(world.office, world.approver, number, "approved")
    number = await call_reserve(world.office, world.drafter, draw, second["uscc"], "closed", "已核准注销")
    await decide_change(world.office, world.approver, number, "approved")
    sheet = await load_sheet(world.office, world.approver, first["id"])
    assert [one.name for one in sheet.sent] == ["王协查"]
    paper = await print_papers(world.office, world.approver, draw, PaperKind.NOTICE, "http://10.1.2.3")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    assert "王协查" in text
    assert second["agency_name"] not in re.sub(r"\s+", "", text)
    paper = await print_paper(world.office, world.approver, first["id"], PaperKind.RECORD, "http://10.1.2.3")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    assert "指派人员没有系统账号" in re.sub(r"\s+", "", text)
    member = await made.member_of(world, first["id"])
    async with desk_of(world.office, member.username) as desk:
        page = (await desk.open(f"/admin/inspections/{first['id']}")).text
    assert "指派人员没有系统账号" in page
    assert page.count("王协查") == 2  # among the team, and beside the photographs of signatures


async def test_the_public_page_of_a_unit_says_that_a_reserve_was_called(world: World) -> None:
    draw = await drawn(world, publication="at-once")
    (gone, *_) = await made.inspections_of(draw)
    number = await call_reserve(world.office, world.drafter, draw, gone["uscc"], "closed", "已核准注销")
    await decide_change(world.office, world.approver, number, "approved")
    await publish_draw(world.office, world.approver, draw)
    (call,) = await load_calls()
    async with visit(world.office) as client:
        out = await client.get(f"/draws/{draw}/units/{gone['uscc']}")
        came = await client.get(f"/draws/{draw}/units/{call['called']}")
        data = (await client.get(f"/api/v1/draws/{draw}/units/{call['called']}")).json()
        english = await client.get(f"/en/draws/{draw}/units/{gone['uscc']}")
    assert "已由第 1 顺位递补" in out.text
    assert f"接替{gone['uscc']}" in came.text
    assert [item["replaced"] for item in data["calls"]] == [gone["uscc"]]
    assert "Not inspected: reserve 1" in english.text


async def test_every_page_after_a_draw_says_where_it_stands_and_who_is_next(world: World) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    number = await call_reserve(world.office, world.drafter, draw, first["uscc"], "closed", "已核准注销")
    second = (await made.inspections_of(draw))[1]
    async with desk_of(world.office, "drafter") as drafter:
        for path in (
            f"/admin/draws/{draw}/reserves/{second['uscc']}",
            f"/admin/inspections/{first['id']}/team",
            f"/admin/team-changes/{number}",
        ):
            page = await drafter.open(path)
            assert all(word in page.text for word in ("已抽取", "下一步", "人员", "截止")), path


@pytest.mark.parametrize("written", ["鲁Ｃ０９９９９", "鲁c09999", "鲁C 09999"])
async def test_a_certificate_is_the_same_however_it_is_typed(world: World, written: str) -> None:
    draw = await drawn(world)
    first = (await made.inspections_of(draw))[0]
    drawn_one = (await made.members_of(world, first["id"]))[0]
    await Inspector.update({Inspector.certificate: "鲁C09999"}).where(Inspector.id == drawn_one.inspector_id)
    member = {key.removeprefix("sent-"): value for key, value in MEMBER.items()} | {"certificate": written}
    with pytest.raises(ConflictError) as caught:
        await send_member(world.office, world.drafter, first["id"], member, "方案规定")
    assert caught.value.code == "team.twice"
    await emptied(world, first["id"], 0)
    await emptied(world, first["id"], 1)
    with pytest.raises(RefusedError) as refused:
        await send_member(world.office, world.drafter, first["id"], member, "方案规定")
    assert refused.value.code == "team.barred"


async def test_a_supplement_of_one_seat_can_be_saved_page_by_page(world: World) -> None:
    draw = await drawn(world)
    await emptied(world, (await made.inspections_of(draw))[0]["id"], 1)
    (supplement,) = await draft_supplements(world.office, world.drafter, draw)
    async with desk_of(world.office, "drafter") as drafter:
        page = await drafter.open(f"/admin/draws/{supplement}/plan/teams")
        form = {"version": "0", "role": ["检查员"], "inspector_limit": "6"}
        answer = await drafter.send(f"/admin/draws/{supplement}/plan/teams", form)
        assert (page.status_code, answer.status_code) == (200, 303)
        page = await drafter.open(f"/admin/draws/{supplement}/plan/frame")
        assert "已退出名单" not in page.text
