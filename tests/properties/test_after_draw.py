"""After a draw, made up at random: whatever is called, emptied, sent and drawn for again, teams stay lawful.

No inspector sits twice on a target; nobody has more targets than his limit over original and supplements;
each seat of the lottery holds whom a draw put there; reserves are called in their order. A step that cannot
be is refused, and what is published of each draw verifies.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agency_credit.database.tables import Inspector
from agency_credit.domain.errors import AgencyCreditError
from agency_credit.services.changes import decide_change
from agency_credit.services.draw_draft import draft_draw, load_draw_row
from agency_credit.services.draw_store import load_files
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import close_office, open_office
from agency_credit.services.result_store import load_inspections, load_seats
from agency_credit.services.supplements import draft_supplements
from agency_credit.services.team import call_reserve, empty_seat, send_member
from agency_credit.services.team_store import (
    fold_sent,
    load_calls,
    load_changes,
    load_origins,
    load_pseudonym,
    load_sitting,
    load_supplements,
)
from tests import world as made
from tests.conftest import PACKS, Clock
from tests.databases import KINDS, Databases
from tests.properties.test_draw_machine import BEGIN
from tests.supplements import announce_supplement, draw_supplement, emptied
from tests.world import World

LIMIT = 2
STEPS = ("empty", "empty", "call", "send", "announce", "draw", "draw", "void")
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 1))
Run = Callable[[Awaitable[Any]], Any]


async def begin(world: World) -> str:
    """A drawn draw of two units a stratum, two of whose seats are empty: six people for them."""
    draft = await made.good_draft(world)
    own = [source for source in draft.plan.entropy if source["kind"] == "commitment"]
    strata = [item | {"take": {"count": 2}} for item in draft.plan.strata]
    plan = msgspec.structs.replace(draft.plan, entropy=own, strata=strata, reserves=2)
    draw = await draft_draw(
        world.office, world.drafter, msgspec.structs.replace(draft, plan=plan, inspector_limit=LIMIT)
    )
    await announce_supplement(world, draw)
    await draw_supplement(world, draw)
    for seat, inspection in enumerate((await made.inspections_of(draw))[:2]):
        await emptied(world, inspection["id"], seat)
    return draw


async def take(world: World, draw: str, step: tuple[str, int, int]) -> bool:
    """One step; whether it was done, or refused."""
    what, which, seat = step
    inspections = await made.inspections_of(draw)
    target = inspections[which % len(inspections)]
    office, drafter = world.office, world.drafter
    member = {
        "sent_by": "桓台县局",
        "certificate": f"鲁C{which % 6:05d}",
        "name": "甲",
        "role": "属地",
        "document": "函",
    }
    try:
        if what == "empty":
            number = await empty_seat(office, drafter, target["id"], seat, "absence", "病假")
            await decide_change(office, world.approver, number, "approved")
        elif what == "call":
            number = await call_reserve(office, drafter, draw, target["uscc"], "closed", "已注销")
            await decide_change(office, world.approver, number, "approved")
        elif what == "send":
            number = await send_member(office, drafter, target["id"], member, "方案规定")
            await decide_change(office, world.approver, number, "approved")
        else:
            await _take_supplement(world, draw, step)
    except AgencyCreditError:
        return False
    return True


async def _take_supplement(world: World, draw: str, step: tuple[str, int, int]) -> None:
    """Announce a supplement, or draw or void one that is announced; there is one, if seats are empty."""
    what, which, seat = step
    known = [item for item in await load_supplements(draw) if "voided" not in item.steps]
    announced = [item.draw for item in known if item.is_open(world.office.now())]
    if what == "announce" or not announced:
        waiting = [item.draw for item in known if item.is_drafted]
        waiting = waiting or await draft_supplements(world.office, world.drafter, draw)
        announced.insert(0, waiting[which % len(waiting)])
        await announce_supplement(world, announced[0])
    chosen = announced[which % len(announced)]
    if what == "draw":
        await draw_supplement(world, chosen, digits=f"{which}{seat}200638232795031253")
    elif what == "void":
        await request_void(world.office, world.drafter, chosen, "stated" if seat else "ordered", "上级决定")
        await confirm_void(world.office, world.approver, chosen)


async def check(draw: str) -> None:
    """The teams are lawful, whatever was done."""
    row = await load_draw_row(draw)
    sitting = await load_sitting(row["id"])
    certificates = {item["id"]: item["certificate"] for item in await Inspector.select()}
    sent = fold_sent(await load_changes(row["id"]))
    load: Counter[int] = Counter()
    for number, seats in sitting.items():
        present = [certificates[inspector] for inspector in seats if inspector is not None]
        present += [member.certificate for member in sent.get(number, ())]
        assert len(set(present)) == len(present), "somebody sits on a target twice"
        load.update(inspector for inspector in seats if inspector is not None)
    assert all(n <= LIMIT for n in load.values()), "somebody has more targets than his limit"
    await _check_lot(row["id"])
    await _check_order(row["id"])


async def _check_lot(draw: int) -> None:
    """Each seat holds whom the draw that filled it put there, on that unit or on the one it replaces."""
    origins, results = await load_origins(draw), {}
    replaced = {call["inspection"]: call["replaced"] for call in await load_calls(draw)}
    units = {item["id"]: item["uscc"] for item in await load_inspections(draw)}
    seats = {}
    for origin in {draw, *origins.values()}:
        outcome = json.loads((await load_files(origin))["result.json"])
        results[origin] = {team["unit"]: team["inspectors"] for team in outcome["teams"]}
    for number in units:
        for seat in await load_seats(number):
            seats[number, seat["seat"]] = seat["inspector"]
    for (number, seat), inspector in seats.items():
        if inspector is None:
            continue
        origin, lineage = origins[number, seat], number
        while units[lineage] not in results[origin]:
            lineage = replaced[lineage]
        pseudonym = await load_pseudonym(origin, inspector)
        assert pseudonym in results[origin][units[lineage]], "no draw put him on this seat"


async def _check_order(draw: int) -> None:
    strata = {
        item["stratum"]: item["reserves"]
        for item in json.loads((await load_files(draw))["result.json"])["strata"]
    }
    called: dict[str, list[str]] = {}
    for call in await load_calls(draw):
        if call["called"] is not None:
            called.setdefault(call["stratum"], []).append(call["called"])
    for stratum, units in called.items():
        assert units == strata[stratum][: len(units)], "a reserve was called out of turn"


@pytest.fixture(params=KINDS)
def running(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path
) -> Iterator[tuple[Run, World]]:
    """One office for all sequences; their draws stand in it one after the other."""
    with asyncio.Runner() as runner:
        clock = Clock(BEGIN)
        office = runner.run(
            open_office(databases.fresh(request.param, tmp_path), clock=clock, packs_folder=PACKS)
        )
        world = runner.run(made.build_world(office, clock))
        yield (lambda call: runner.run(_await(call))), world
        runner.run(close_office(office))


async def _await(call: Awaitable[Any]) -> Any:
    return await call


def test_whatever_happens_after_a_draw_the_teams_stay_lawful(running: tuple[Run, World]) -> None:
    run, world = running
    done: Counter[str] = Counter()

    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=st.lists(STEP, min_size=6, max_size=9))
    def live(steps: list[tuple[str, int, int]]) -> None:
        draw = run(begin(world))
        run(check(draw))
        for step in steps:
            done[step[0]] += run(take(world, draw, step))
            run(check(draw))

    live()
    assert min(done[what] for what in ("empty", "call", "send", "announce", "draw")) >= 2, done
