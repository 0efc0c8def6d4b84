"""What the pages of the console say: names of people and fields, what comes next, what is still missing."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import Person
from agency_credit.domain.role import Role
from agency_credit.services.people import create_person
from agency_credit.services.publish_draw import publish_draw
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
        assert "<span>周建国 · 批准人</span>" in (await desk.open("/admin")).text


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
    roles = [Role.AUDITOR]
    await create_person(
        world.office, worlds.ADMIN, "auditor", worlds.PASSWORD, display_name="审计", roles=roles
    )
    async with desk_of(world.office, "auditor") as desk:
        page = (await desk.open("/admin/audit")).text
    assert f'<li>抽查：<span class="mono">{draw}</span></li>' in page
    assert "{&#34;" not in page


@pytest.mark.parametrize("path", ["/admin", "/admin/draws"])
async def test_a_drafter_reads_in_the_list_who_has_the_draw_now(world, path):
    await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        page = (await desk.open(path)).text
    assert '<td data-label="下一步">由另一人批准' in page
    assert '<td data-label="办理人">批准人（drafter除外）</td>' in page
    assert "2026年12月1日 21:15" in page
