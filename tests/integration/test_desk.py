"""The desk: what waits for whom, and by when."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.services.desk import load_desk
from tests import world as made


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


async def test_an_approval_is_due_before_the_first_public_value(world):
    await made.announced(world)
    (task,) = (await load_desk(world.office, world.approver)).tasks
    assert (task.kind, task.due_on, task.is_overdue) == ("draw.approve", date(2026, 12, 1), False)


async def test_an_approval_is_overdue_once_the_first_value_can_be_known(world):
    await made.announced(world)
    world.clock.now = made.EVENT_AT
    tasks = (await load_desk(world.office, world.approver)).tasks
    assert [task.is_overdue for task in tasks if task.kind == "draw.approve"] == [True]


async def test_the_drafter_does_not_see_what_another_person_approves(world):
    await made.announced(world)
    assert "draw.approve" not in {task.kind for task in (await load_desk(world.office, world.drafter)).tasks}
