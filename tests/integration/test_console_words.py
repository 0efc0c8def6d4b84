"""What the pages of the console say: names of people and fields, what comes next, what is still missing."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from agency_credit.database.tables import Person
from agency_credit.domain.role import Role
from agency_credit.services.draw_draft import draft_draw, load_draft
from agency_credit.services.people import create_person
from agency_credit.services.publish_draw import publish_draw
from agency_credit.web.labels import LABELS
from tests import world as worlds
from tests.integration.console import desk_of


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


async def test_the_header_says_the_name_of_the_person(world):
    await Person.update({Person.display_name: "周建国"}).where(Person.username == "approver")
    async with desk_of(world.office, "approver") as desk:
        assert "<span>周建国 · 批准人、公布人</span>" in (await desk.open("/admin")).text


async def test_a_published_draw_is_not_published_again_but_shown(world):
    draw = await worlds.inspected(world)
    async with desk_of(world.office, "approver") as desk:
        before = (await desk.open(f"/admin/draws/{draw}/publish")).text
        await publish_draw(world.office, world.approver, draw)
        after = (await desk.open(f"/admin/draws/{draw}/publish")).text
    assert "recusals.jsonl" in before
    assert "recusals.jsonl" not in after
    assert "本次抽查已经公布" in after
    assert f'href="/draws/{draw}"' in after


async def test_a_reason_that_is_none_is_refused_at_its_field(world):
    draw = await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/void", {"reason_code": "bored", "reason": "无"})
        program = await desk.send_json(f"/api/v1/draws/{draw}/void", {"reason_code": "bored", "reason": "无"})
    assert (answer.status_code, program.status_code) == (422, 422)
    assert 'href="#field-reason_code"' in answer.text


async def test_the_details_of_an_audit_line_are_a_list_in_words(world):
    draw = await worlds.announced(world)
    roles = [Role.AUDIT]
    await create_person(
        world.office, worlds.ADMIN, "auditor", worlds.PASSWORD, display_name="审计", roles=roles
    )
    async with desk_of(world.office, "auditor") as desk:
        page = (await desk.open("/admin/audit")).text
    assert f'<li>抽查：<span class="digest">{draw}</span></li>' in page
    assert "{&#34;" not in page


@pytest.mark.parametrize("path", ["/admin", "/admin/draws"])
async def test_a_drafter_reads_in_the_list_who_has_the_draw_now(world, path):
    await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open(path)).text
    assert '<td data-label="下一步">由另一人批准' in page
    assert '<td data-label="办理人">批准人（drafter除外）</td>' in page
    assert "2026年12月1日 21:15" in page


async def test_a_fault_in_the_summary_names_its_field(world):
    draw = await draft_draw(world.office, world.drafter, await worlds.good_draft(world))
    async with desk_of(world.office, "drafter") as desk:
        what = (await desk.send(f"/admin/draws/{draw}/plan/what", {"plan.title": ""})).text
        rows = {"event": ["", ""], "form": ["ssq", "ssq"], "day": ["", "2026-12-01"], "time": ["", "21:15"]}
        entropy = (await desk.send(f"/admin/draws/{draw}/plan/entropy", rows)).text
        english = (await desk.send(f"/en/admin/draws/{draw}/plan/what", {"plan.title": ""})).text
    assert '<a href="#field-plan.title">标题：此项不能为空</a>' in what
    assert '<a href="#field-event-1">第 2 项事件：' in entropy
    assert '<a href="#field-plan.title">Title: this field is empty' in english


async def test_a_fault_of_a_group_names_the_group(world):
    draw = await draft_draw(world.office, world.drafter, await worlds.good_draft(world))
    strata = [item["stratum"] for item in (await load_draft(draw)).plan.strata]
    async with desk_of(world.office, "drafter") as desk:
        data = {"stratum": strata, "take-1": "fraction", "fraction-1": "viel"}
        page = (await desk.send(f"/admin/draws/{draw}/plan/strata", data)).text
    assert f'<a href="#field-fraction-1">{strata[1]}：' in page


def test_every_field_of_the_console_that_may_be_wrong_has_a_name():
    templates = Path(find_spec("admin").submodule_search_locations[0]) / "templates"
    text = "\n".join(path.read_text("utf-8") for path in sorted(templates.rglob("*.html")))
    found = re.findall(r'errors\.([a-z_]+)|errors\["([a-z_.]+)-?"', text)
    names = {plain or keyed for plain, keyed in found}
    assert len(names) > 30
    assert names - set(LABELS["field"]) == set()


async def test_the_list_of_a_draft_says_what_is_missing(world):
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open((await desk.send("/admin/draws")).headers["location"])
    assert "未开始" in page.text
    assert "缺省级委托文件：设区的市、县（区）检查专利代理机构须填写" in page.text
    assert "至少须有一个公开的随机来源" in page.text
