"""The desk: what waits for whom, and by when."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from agency_credit.domain.role import Role
from agency_credit.inspection.draw_states import TO_DRAW
from agency_credit.services.desk import load_desk
from agency_credit.services.draw_draft import change_draft, draft_draw, load_draft
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.people import create_person, load_actor
from agency_credit.services.publish_draw import publish_draw
from tests import world as made
from tests.integration.console import desk_of


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


async def test_an_approval_is_due_before_the_first_public_value(world):
    await made.announced(world)
    (task,) = (await load_desk(world.office, world.approver)).tasks
    assert (task.kind, task.due_on, task.is_overdue) == ("draw.approve", date(2026, 12, 1), False)


async def test_an_approval_is_no_task_any_more_once_the_first_value_can_be_known(world):
    await made.announced(world)
    tasks = (await load_desk(world.office, world.approver)).tasks
    assert [task.is_overdue for task in tasks if task.kind == "draw.approve"] == [False]
    world.clock.now = made.EVENT_AT
    tasks = (await load_desk(world.office, world.approver)).tasks
    assert [task for task in tasks if task.kind == "draw.approve"] == []


async def test_the_drafter_does_not_see_what_another_person_approves(world):
    await made.announced(world)
    assert "draw.approve" not in {task.kind for task in (await load_desk(world.office, world.drafter)).tasks}


async def both(world):
    """Somebody who drafts and approves."""
    roles = [Role.DRAFTER, Role.APPROVER]
    await create_person(world.office, made.ADMIN, "both", made.PASSWORD, display_name="双角色", roles=roles)
    return await load_actor("both")


async def kinds_of(world, actor):
    return {task.kind for task in (await load_desk(world.office, actor)).tasks}


async def test_whoever_changed_the_draft_is_not_asked_to_approve_it(world):
    changer = await both(world)
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world))
    await change_draft(world.office, changer, draw, await load_draft(draw))
    await announce_draw(world.office, world.drafter, draw)
    assert "draw.approve" not in await kinds_of(world, changer)
    assert "draw.approve" in await kinds_of(world, world.approver)
    (listed,) = (await load_desk(world.office, changer)).draws
    assert (listed.next.is_mine, listed.next.not_by) == (False, ("drafter", "双角色"))


async def test_the_drafter_sees_that_the_draw_waits_for_its_approval_and_by_when(world):
    await made.announced(world)
    (listed,) = (await load_desk(world.office, world.drafter)).draws
    step = listed.next
    assert (step.kind, step.roles, step.until_at) == ("approve", (Role.APPROVER,), made.EVENT_AT)


async def test_values_are_due_a_day_after_the_last_of_them_can_be_known(world):
    await made.approved(world)
    (listed,) = (await load_desk(world.office, world.approver)).draws
    last = made.EVENT_AT + timedelta(minutes=45)
    assert (listed.next.kind, listed.next.until_at) == ("values", last + TO_DRAW)


@pytest.mark.parametrize(
    ("step", "publication", "kind"),
    [
        (made.with_values, "after-inspection", "draw"),
        (made.drawn, "after-inspection", "inspect"),
        (made.drawn, "at-once", "publish"),
        (made.inspected, "after-inspection", "publish"),
    ],
)
async def test_each_draw_of_the_list_says_what_comes_next(world, step, publication, kind):
    await step(world, publication=publication)
    (listed,) = (await load_desk(world.office, world.approver)).draws
    assert listed.next.kind == kind


async def test_who_served_is_still_to_be_told_of_a_draw_published_at_once(world):
    draw = await made.inspected(world, publication="at-once")
    await publish_draw(world.office, world.approver, draw)
    assert "draw.names" in await kinds_of(world, world.approver)


async def test_a_draft_with_a_time_that_is_none_does_not_close_the_desk(world):
    draft = await made.good_draft(world)
    entropy = [{"kind": "public", "event": "x", "form": "ssq", "at": "soon"}]
    plan = msgspec.structs.replace(draft.plan, entropy=entropy)
    await draft_draw(world.office, world.drafter, msgspec.structs.replace(draft, plan=plan))
    assert await kinds_of(world, world.drafter) >= {"draw.finish"}


@pytest.mark.parametrize(("role", "is_led"), [(Role.AUDIT, False), (Role.DRAFTER, True)])
async def test_nobody_is_led_to_the_rating_who_may_not_open_it(world, role, is_led):
    await made.add_account(world.office, "reader", role)
    async with desk_of(world.office, "reader") as desk:
        page = (await desk.open(f"/admin/agencies/{made.uscc(0)}")).text
    assert ('href="/admin/rating"' in page) is is_led
