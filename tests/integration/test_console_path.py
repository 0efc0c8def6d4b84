"""The guided path in the console: conflicts, reading only, frame, papers, values in their form."""

from __future__ import annotations

import csv
import html
import io
import re
import subprocess
import sys
from datetime import timedelta

import pytest

from agency_credit.database.tables import Agency, DrawStep
from agency_credit.domain.role import Role
from agency_credit.sampling import commitment
from agency_credit.services.draw_draft import draft_draw, load_draft
from tests import world as worlds
from tests.integration.console import desk_of


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


@pytest.fixture
async def draw(world):
    return await draft_draw(world.office, world.drafter, await worlds.good_draft(world))


TEAMS = {"role": ["组长", "检查员"], "inspector_limit": "6"}


async def test_who_saves_over_somebody_sees_both_and_may_then_put_his_in_its_place(world, draw):
    await worlds.add_account(world.office, "second", Role.DRAFTER)
    path = f"/admin/draws/{draw}/plan/teams"
    async with desk_of(world.office, "second") as hers, desk_of(world.office, "drafter") as his:
        assert 'name="version" value="0"' in (await hers.open(path)).text
        assert (await his.send(path, TEAMS | {"version": "0", "inspector_limit": "4"})).status_code == 303
        answer = await hers.send(path, TEAMS | {"version": "0", "inspector_limit": "9"})
        assert answer.status_code == 409
        assert "drafter 已经保存了本页" in answer.text
        assert 'value="9"' in answer.text
        assert "<dd>4</dd>" in answer.text
        assert (await load_draft(draw)).inspector_limit == 4
        version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
        assert (
            await hers.send(path, TEAMS | {"version": version, "inspector_limit": "9"})
        ).status_code == 303
    assert (await load_draft(draw)).inspector_limit == 9


async def test_tomorrow_and_as_another_drafter_the_draft_goes_on(world, draw):
    await worlds.add_account(world.office, "second", Role.DRAFTER)
    async with desk_of(world.office, "drafter") as desk:
        await desk.send(f"/admin/draws/{draw}/plan/teams", TEAMS)
    async with desk_of(world.office, "second") as desk:
        page = (await desk.open(f"/admin/draws/{draw}/plan")).text
    assert "已完成 1 个部分，共 5 个。" in page
    assert "最近由 drafter 于" in page


async def test_an_approver_reads_a_draft_and_finds_no_form(world, draw):
    async with desk_of(world.office, "approver") as desk:
        for section in ("what", "frame", "strata", "teams", "entropy"):
            page = await desk.open(f"/admin/draws/{draw}/plan/{section}")
            assert page.status_code == 200
            assert "保存并继续" not in page.text
            assert "草稿；由起草人修改" in page.text
        check = (await desk.open(f"/admin/draws/{draw}/check")).text
        refused = await desk.send(f"/admin/draws/{draw}/plan/teams", TEAMS)
    assert "公告本次抽查" not in check
    assert refused.status_code == 403


async def test_after_the_announcement_the_same_pages_are_read_only(world):
    draw = await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        for section in ("what", "frame", "strata", "teams", "entropy"):
            page = (await desk.open(f"/admin/draws/{draw}/plan/{section}")).text
            assert "以下为公告内容，不能再作任何修改" in page
            assert "保存并继续" not in page
        refused = await desk.send(f"/admin/draws/{draw}/plan/teams", TEAMS)
        again = await desk.send(f"/admin/draws/{draw}/announce", {"confirmed": "1"})
    assert (refused.status_code, again.status_code) == (409, 409)


STEPS = ("", "/plan", "/plan/frame", "/check", "/approve", "/values", "/draw", "/publish", "/void")


@pytest.mark.parametrize(
    ("make", "comes_next"),
    [("announced", "由另一人批准"), ("approved", "录入各来源的随机值"), ("drawn", "检查组开展检查")],
)
async def test_every_page_of_a_draw_says_where_it_stands_and_what_comes_next(world, make, comes_next):
    draw = await getattr(worlds, make)(world)
    await worlds.add_account(world.office, "all", Role.DRAFTER, Role.APPROVER, Role.PUBLISHER)
    async with desk_of(world.office, "all") as desk:
        for step in STEPS:
            page = (await desk.open(f"/admin/draws/{draw}{step}")).text
            head = page[page.index('<section class="draw-head') : page.index("</section>")]
            assert comes_next in head, step
            assert "人员" in head, step
            assert "截止" in head, step
            assert head.count('aria-current="step"') == 1


async def test_a_step_that_is_overdue_is_red_and_says_so(world, clock):
    draw = await worlds.approved(world)
    clock.now = worlds.EVENT_AT + timedelta(days=2)
    async with desk_of(world.office, "approver") as desk:
        page = (await desk.open(f"/admin/draws/{draw}")).text
    assert '<section class="draw-head late"' in page
    assert '<dd class="overdue">2026年12月2日 22:00 · 已逾期' in page


async def test_a_draft_whose_first_event_has_passed_says_so(world, draw, clock):
    clock.now = worlds.EVENT_AT
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open(f"/admin/draws/{draw}/plan")).text
    assert "公告前请另选较晚的事件" in page


async def test_the_frame_is_filtered_and_comes_as_a_table_without_formulas(world, draw):
    await Agency.update({Agency.name: "=HYPERLINK(1)", Agency.list_status: "serious"}).where(
        Agency.uscc == worlds.uscc(2)
    )
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open(f"/admin/draws/{draw}/plan/frame?place=mandatory")).text
        assert "共 1 家" in page
        answer = await desk.client.get(f"/admin/draws/{draw}/frame.csv")
        some = await desk.client.get(f"/admin/draws/{draw}/frame.csv?place=mandatory")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["统一社会信用代码", "代理机构", "所在区县"]
    assert len(rows) == 13
    assert {len(row) for row in rows} == {12}
    assert next(row for row in rows if row[0] == worlds.uscc(2))[1] == "'=HYPERLINK(1)"
    assert len(some.content.decode().splitlines()) == 2


@pytest.mark.parametrize("query", ["page=-1", "page=99999999", "page=x", "place=%3Cscript%3E", "q=%00"])
async def test_what_a_frame_is_asked_for_may_be_nonsense(world, draw, query):
    async with desk_of(world.office, "drafter") as desk:
        assert (await desk.open(f"/admin/draws/{draw}/plan/frame?{query}")).status_code == 200


async def test_a_rehearsal_is_marked_as_one(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        before = (await desk.open(f"/admin/draws/{draw}/plan/teams")).text
        after = (await desk.open(f"/admin/draws/{draw}/plan/teams?rehearse=true")).text
    assert "数值为虚构，并非抽取结果" not in before
    assert "数值为虚构，并非抽取结果" in after


async def test_the_protocol_sheet_is_a_draft_until_the_draw_is_announced(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        draft = (await desk.open(f"/admin/draws/{draw}/protocol")).text
        await desk.open("/admin")
        await desk.send(f"/admin/draws/{draw}/announce", {"confirmed": "1"})
        sheet = (await desk.open(f"/admin/draws/{draw}/protocol")).text
        approval = (await desk.open(f"/admin/draws/{draw}")).text
    assert "草稿" in draft
    assert "草稿" not in sheet
    fingerprint = re.search(r'announcement\.json</dt><dd><span class="digest">([0-9a-f]{64})', approval)[1]
    printed = re.search(r'<p class="sheet-digest">(.*?)</p>', sheet)[1]
    assert re.sub(r"<.*?>", "", printed) == fingerprint
    assert sheet.count('class="box ball"') == 7
    assert sheet.count('class="box"') == 20
    assert '<figure class="sheet-code"><svg' in sheet
    assert "style=" not in sheet


@pytest.mark.parametrize("way", ["shell", "python"])
async def test_the_instruction_makes_the_commitment_of_the_protocol(world, draw, way, tmp_path):
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open(f"/admin/draws/{draw}/commitment")).text
    script = html.unescape(re.search(rf'<pre id="{way}">(.*?)</pre>', page, re.DOTALL)[1])
    command = ["bash", "-c", script] if way == "shell" else [sys.executable, "-c", script]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    nonce, made = printed[0], printed[1]
    assert made == commitment(draw, "贵单位全称", nonce)


async def send_balls(world, draw, front, back, desk_name="drafter", **more):
    async with desk_of(world.office, desk_name) as desk:
        return await desk.send(f"/admin/draws/{draw}/values/1", {"front": front, "back": back, **more})


GOOD = ["31", "07", "3", "12", "18", "25"]


@pytest.mark.parametrize(
    ("front", "back", "field"),
    [
        ([*GOOD[:5], "34"], "9", "front-5-1"),
        ([*GOOD[:5], "31"], "9", "front-5-1"),
        (GOOD[:5], "9", "front-5-1"),
        (["", *GOOD[1:]], "9", "front-0-1"),
        (["０３", *GOOD[1:]], "9", "front-0-1"),
        (["-3", *GOOD[1:]], "9", "front-0-1"),
        (GOOD, "17", "back-0-1"),
        (GOOD, "0", "back-0-1"),
    ],
)
async def test_a_ball_that_cannot_be_is_refused_at_its_field(world, clock, front, back, field):
    draw = await worlds.approved(world)
    clock.forward(days=10)
    answer = await send_balls(world, draw, front, back)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert f'id="error-{field}"' in answer.text


@pytest.mark.parametrize("digits", ["", "12a4", "1234567890123456789", "123456789012345678901"])
async def test_digits_that_were_not_announced_so_are_refused(world, clock, digits):
    draw = await worlds.approved(world)
    clock.forward(days=10)
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/values/2", {"digits": digits})
    assert answer.status_code == 422


async def test_no_value_before_its_time_and_none_of_another_form(world, clock):
    draw = await worlds.approved(world)
    early = await send_balls(world, draw, GOOD, "9")
    assert early.status_code == 409
    clock.forward(days=10)
    async with desk_of(world.office, "drafter") as desk:
        other = await desk.send(f"/admin/draws/{draw}/values/1", {"value": worlds.VALUES[1]})
        none = await desk.send(f"/admin/draws/{draw}/values/7", {"value": "1"})
    assert (other.status_code, none.status_code) == (422, 422)


async def test_a_second_person_reads_blind_and_a_difference_is_settled_together(world, clock):
    draw = await worlds.approved(world)
    clock.forward(days=10)
    assert (await send_balls(world, draw, GOOD, "9")).status_code == 303
    async with desk_of(world.office, "approver") as desk:
        blind = (await desk.open(f"/admin/draws/{draw}/values")).text
    assert 'value="31"' not in blind
    assert "保存第二次读数" in blind
    differs = await send_balls(world, draw, GOOD, "8", "approver")
    assert differs.status_code == 422
    assert "03 07 12 18 25 31 + 09" in differs.text
    assert 'name="corrects"' in differs.text
    assert (await send_balls(world, draw, GOOD, "9", "approver")).status_code == 303
    async with desk_of(world.office, "approver") as desk:
        page = (await desk.open(f"/admin/draws/{draw}/draw")).text
    assert "读数人：drafter、approver" in page


async def test_nothing_is_drawn_without_the_confirmation(world):
    draw = await worlds.with_values(world)
    async with desk_of(world.office, "approver") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/draw")
    assert answer.status_code == 422
    assert 'href="#field-confirmed"' in answer.text
    assert not await DrawStep.exists().where(DrawStep.step == "drawn")
