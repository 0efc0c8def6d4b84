"""Records of inspections, step by step, for tests: handed in, and public with a problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agency_credit.domain.role import Actor
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import publish_result, review_result
from agency_credit.services.results import Sending, enter_result
from tests import world as made
from tests.world import World


async def hand_in(
    world: World, inspection: int, *, categories: Sequence[str] = ("1",), findings: str = "", **sending: Any
) -> None:
    """A record that its whole team confirmed."""
    await enter_result(
        world.office,
        await made.member_of(world, inspection),
        inspection,
        inspected_on=world.office.today(),
        categories=list(categories),
        findings=findings,
        sending=Sending(**sending),
    )
    await made.confirm_all(world, inspection)


async def hand_in_as(world: World, inspection: int, member: Actor) -> None:
    """A record without any problem, of this member."""
    await enter_result(
        world.office, member, inspection, inspected_on=world.office.today(), categories=["1"], findings=""
    )


async def published_visit(world: World) -> dict[str, Any]:
    """An inspection whose result is public and names a problem that is to be followed up."""
    draw = await made.drawn(world, publication="at-once")
    await publish_draw(world.office, world.approver, draw)
    inspection = (await made.inspections_of(draw))[0]
    await hand_in(world, inspection["id"], categories=["A"], findings="未建立利益冲突审查制度")
    await review_result(world.office, world.approver, inspection["id"])
    await publish_result(world.office, world.approver, inspection["id"])
    return inspection
