"""A draw from plan to publication, through the real services, on both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agency_credit.database.tables import AuditLine, DrawStep, LogEntry
from agency_credit.domain.errors import ConflictError, FaultsError, ForbiddenError, RefusedError
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import Office
from agency_credit.services.publish_draw import publish_draw
from tests import world as made
from tests.conftest import Clock
from tests.world import World

VERIFIER = Path(__file__).parents[2] / "agency_credit" / "verification" / "verify_draw.py"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def steps_of() -> list[str]:
    return [row["step"] for row in await DrawStep.select(DrawStep.step).order_by(DrawStep.id)]


async def test_whole_life_ends_in_a_bundle_that_the_verifier_accepts(world: World) -> None:
    draw = await made.inspected(world)
    await publish_draw(world.office, world.approver, draw)
    assert await steps_of() == ["announced", "approved", "drawn", "published"]
    folder = world.office.settings.bundles / draw
    assert "names.jsonl" in {path.name for path in folder.iterdir()}
    run = subprocess.run(
        [sys.executable, "-I", "-S", VERIFIER, folder, "--all"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout


async def test_every_step_is_an_entry_of_the_log_in_order(world: World) -> None:
    draw = await made.inspected(world)
    await publish_draw(world.office, world.approver, draw)
    rows = await LogEntry.select(LogEntry.index, LogEntry.type).where(LogEntry.subject == draw)
    in_order = [row["type"] for row in sorted(rows, key=lambda row: row["index"])]
    assert in_order == ["draw.announced", "draw.approved", "draw.drawn", "draw.published"]


async def test_the_drafter_cannot_approve(world: World) -> None:
    draw = await made.announced(world)
    with pytest.raises(ForbiddenError):
        await approve_draw(world.office, world.drafter, draw)
    assert await steps_of() == ["announced"]


async def test_a_refused_step_leaves_nothing_but_its_audit_line(world: World) -> None:
    draw = await made.announced(world)
    n_entries = await LogEntry.count()
    with pytest.raises(RefusedError):
        await run_draw(world.office, world.approver, draw)
    last = await AuditLine.select().order_by(AuditLine.id, ascending=False).first()
    assert last is not None
    assert (last["action"], last["outcome"]) == ("draw.run", "refused")
    assert await LogEntry.count() == n_entries


async def test_a_second_draw_is_a_conflict_with_a_link(world: World) -> None:
    draw = await made.drawn(world)
    with pytest.raises(ConflictError) as caught:
        await run_draw(world.office, world.approver, draw)
    assert caught.value.params["link"] == f"/draws/{draw}"


async def test_a_value_before_its_event_is_refused(world: World) -> None:
    draw = await made.approved(world)
    with pytest.raises(RefusedError) as caught:
        await enter_value(world.office, world.drafter, draw, 1, made.VALUES[1])
    assert caught.value.code == "value.early"


async def test_the_offices_own_number_cannot_be_entered(world: World) -> None:
    draw = await made.with_values(world)
    with pytest.raises(RefusedError) as caught:
        await enter_value(world.office, world.drafter, draw, 0, "0" * 64)
    assert caught.value.code == "value.own"


async def test_an_event_in_the_past_is_refused(world: World) -> None:
    world.clock.now = made.EVENT_AT
    with pytest.raises(RefusedError) as caught:
        await made.announced(world)
    assert caught.value.code == "draw.announced-late"


async def test_a_second_announcement_says_so_and_where_the_draw_is(world: World) -> None:
    draw = await made.announced(world)
    with pytest.raises(ConflictError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    assert caught.value.code == "draw.announced-already"
    assert caught.value.params["link"] == f"/draws/{draw}"


async def test_approval_after_the_first_value_is_refused(world: World) -> None:
    draw = await made.announced(world)
    world.clock.now = made.EVENT_AT
    with pytest.raises(RefusedError) as caught:
        await approve_draw(world.office, world.approver, draw)
    assert caught.value.code == "draw.approved-late"


async def test_voiding_takes_two_people_and_a_reason_of_the_protocol(world: World) -> None:
    draw = await made.with_values(world)
    with pytest.raises(RefusedError, match="only these reasons count"):
        await request_void(world.office, world.drafter, draw, "stated", "不喜欢")
    await request_void(world.office, world.approver, draw, "event-missing", "开奖取消")
    with pytest.raises(ForbiddenError):
        await confirm_void(world.office, world.approver, draw)
    await request_void(world.office, world.drafter, draw, "event-missing", "开奖取消")
    await confirm_void(world.office, world.approver, draw)
    assert (await steps_of())[-1] == "voided"


async def test_a_draft_with_faults_names_all_of_them(world: World) -> None:
    draft = await made.good_draft(world, basis=[], entrustment=None, seats=[{"role": "组长", "skills": []}])
    from agency_credit.services.draw_draft import draft_draw

    draw = await draft_draw(world.office, world.drafter, draft)
    with pytest.raises(FaultsError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    codes = {fault.code for fault in caught.value.faults}
    assert {"draft.basis", "draft.entrustment"} <= codes
    assert len(codes) >= 3
    assert await steps_of() == []
