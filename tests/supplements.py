"""What happens after a draw, step by step, for tests: seats emptied, filled by a supplementary draw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from agency_credit.services.changes import decide_change
from agency_credit.services.draw_draft import change_draft, load_draft
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.result_review import review_result
from agency_credit.services.results import enter_result
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import empty_seat
from tests import world as made
from tests.world import World


async def drawn(world: World, **plan: Any) -> str:
    """A draw of two agencies of each stratum, with two reserves each."""
    strata = [item | {"take": {"count": 2}} for item in (await made.good_draft(world)).plan.strata]
    return await made.drawn(world, **{"strata": strata, "reserves": 2, **plan})


async def emptied(world: World, inspection: int, seat: int, code: str = "absence") -> int:
    """Two people have whoever sits there leave the seat; number of the change."""
    number = await empty_seat(world.office, world.drafter, inspection, seat, code, "因故不能参加")
    await decide_change(world.office, world.approver, number, "approved")
    return number


async def enter(world: World, inspection: int) -> None:
    """A member of the team enters a result."""
    await enter_result(
        world.office,
        await made.member_of(world, inspection),
        inspection,
        inspected_on=world.office.today(),
        categories=["1"],
        findings="",
    )


async def inspect(world: World, inspection: int) -> None:
    """Enter, confirm and review a result."""
    await enter(world, inspection)
    await made.confirm_all(world, inspection)
    await review_result(world.office, world.approver, inspection)


async def announce_supplement(world: World, draw: str) -> None:
    """Give a drafted supplement its public sources, an hour and two from now, and announce it."""
    draft = await load_draft(draw)
    now = world.clock.now
    public = [
        source | {"at": (now + timedelta(hours=n)).isoformat(timespec="seconds")}
        for n, source in enumerate(made.PUBLIC, start=1)
    ]
    plan = msgspec.structs.replace(draft.plan, entropy=[*draft.plan.entropy, *public])
    await change_draft(world.office, world.drafter, draw, msgspec.structs.replace(draft, plan=plan))
    await announce_draw(world.office, world.drafter, draw)


async def draw_supplement(world: World, draw: str, digits: str = made.VALUES[2]) -> None:
    """Approve and draw what was announced."""
    await approve_draw(world.office, world.approver, draw)
    world.clock.forward(hours=3)
    await enter_value(world.office, world.drafter, draw, 1, made.VALUES[1])
    await enter_value(world.office, world.drafter, draw, 2, digits)
    await run_draw(world.office, world.approver, draw)


async def supplemented(world: World, draw: str) -> list[str]:
    """Draft, announce and make every supplementary draw that `draw` needs; their identifiers."""
    supplements = await draft_supplements(world.office, world.drafter, draw)
    for supplement in supplements:
        await announce_supplement(world, supplement)
        await draw_supplement(world, supplement)
    return supplements
