"""Killed, raced, out of disk: nothing lost, nothing half done."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from agency_credit.database.tables import DrawFile, DrawStep, DrawValue, Inspection, LogEntry
from agency_credit.domain.errors import UnavailableError
from agency_credit.services.draw_draft import draft_draw
from agency_credit.services.log import load_checkpoint
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import review_result
from agency_credit.services.results import enter_result
from tests import world as made
from tests.conftest import PACKS, Clock
from tests.world import World

STEPS = ("announce", "approve", "value", "draw", "publish")


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


def command(world: World, when: str, step: str, draw: str) -> list[str]:
    settings, now = world.office.settings, world.clock.now.isoformat()
    where = [str(settings.data), settings.database or ""]
    return [sys.executable, "-m", "tests.killed", when, step, draw, *where, now]


async def contents_of_store() -> tuple[int, ...]:
    tables = (DrawStep, DrawFile, DrawValue, Inspection, LogEntry)
    return tuple([await table.count() for table in tables])


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=root)


async def review_everything(world: World, draw: str) -> None:
    for inspection in await made.inspections_of(draw):
        member = await made.member_of(world, inspection["id"])
        await enter_result(
            world.office, member, inspection["id"],
            inspected_on=world.office.today(), categories=["1"], findings="",
        )  # fmt: skip
        await made.confirm_all(world, inspection["id"])
        await review_result(world.office, world.approver, inspection["id"])


async def test_kill_between_any_two_states_leaves_a_whole_state(world: World) -> None:
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world))
    for step in STEPS:
        if step == "value":
            world.clock.now = datetime.fromisoformat("2026-12-01T23:00:00+08:00")
        if step == "draw":
            await made.enter_value(world.office, world.drafter, draw, 2, made.VALUES[2])
        if step == "publish":
            await review_everything(world, draw)
        before = await contents_of_store()
        assert run(command(world, "before", step, draw)).returncode == -9
        assert await contents_of_store() == before, f"{step} left something half done"
        killed = run(command(world, "after" if step != "value" else "never", step, draw))
        assert killed.returncode == (-9 if step != "value" else 0), killed.stderr
        assert await contents_of_store() > before, f"{step} was committed and is lost"
    steps = [row["step"] for row in await DrawStep.select(DrawStep.step).order_by(DrawStep.id)]
    assert steps == ["announced", "approved", "drawn", "published"]
    assert (world.office.settings.bundles / draw / "result.json").exists()


async def test_folders_are_what_the_store_says_when_a_killed_process_starts_again(world: World) -> None:
    draw = await made.inspected(world)
    assert run(command(world, "before", "publish", draw)).returncode == -9
    folder = world.office.settings.bundles / draw
    assert (folder / "reveal.json").exists()  # killed between the folder and the commit
    assert run(command(world, "never", "open", draw)).returncode == 0
    assert not folder.exists()
    await publish_draw(world.office, world.approver, draw)
    (folder / "names.jsonl").unlink()
    assert run(command(world, "never", "open", draw)).returncode == 0
    assert (folder / "names.jsonl").exists()


async def test_the_checkpoint_catches_up_when_a_killed_process_starts_again(world: World) -> None:
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world))
    assert run(command(world, "after", "announce", draw)).returncode == -9
    n_entries = await LogEntry.count()
    assert f"\n{n_entries}\n" not in (await load_checkpoint() or "")
    again = await open_office(world.office.settings, clock=world.clock, packs_folder=PACKS)
    assert f"\n{n_entries}\n" in (await load_checkpoint() or "")
    await close_office(again)


async def test_of_four_processes_that_draw_at_once_one_draws(world: World) -> None:
    draw = await made.with_values(world)
    words = command(world, "never", "draw", draw)
    root = Path(__file__).parents[2]
    racers = [
        await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=root
        )
        for _ in range(4)
    ]
    answers = sorted([(await racer.communicate())[0].decode().strip() for racer in racers])
    assert answers.count("done") == 1
    assert set(answers) == {"done", "draw.drawn-already"}
    assert await DrawStep.count().where(DrawStep.step == "drawn") == 1


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """The bundles' folder on a disk of 16 KiB."""
    if os.geteuid() != 0 and os.environ.get("CI") != "true":
        pytest.skip("only root may mount a small disk")
    folder = world.office.settings.bundles
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=False)


async def test_a_full_disk_while_publishing_changes_nothing(world: World, small_disk: Path) -> None:
    draw = await made.inspected(world)
    (small_disk / "filler").write_bytes(b"x" * 12_000)
    before = await contents_of_store()
    with pytest.raises(UnavailableError, match="make room and publish again"):
        await publish_draw(world.office, world.approver, draw)
    assert await contents_of_store() == before
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=10m", small_disk], check=True)
    await publish_draw(world.office, world.approver, draw)
    assert (small_disk / draw / "result.json").exists()
