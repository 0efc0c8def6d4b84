"""`agency-credit demo`: the whole main job on sample data, through the real services, then served."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agency_credit.cli.report import language
from agency_credit.cli.serve import HOST, echo_address, ended_by_signals, listen, port_option, server_config
from agency_credit.domain.errors import RefusedError

if TYPE_CHECKING:
    import socket

    from agency_credit.cli.demo_story import Story

OFFICE = "office"
"""Folder of the sample files in that of the demo."""
MARK = "demo.lock"
"""Says that a folder is a demo's, and is locked while the demo runs."""


@click.command("demo")
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the demo, made anew each time; default: demo in the folder of the settings.",
)
@click.option("--no-serve", "is_served", is_flag=True, default=True, flag_value=False, help="End after it.")
@port_option
def command(folder: Path | None, port: int, is_served: bool) -> None:
    """Play the main job on sample data, from import to verification, and an agency's desk; then serve it."""
    from agency_credit.settings import Settings

    data = folder or Settings.from_environment(os.environ).data / "demo"
    listener = listen(HOST, port) if is_served else None  # a port that is taken shows before the work
    with own_folder(data):
        asyncio.run(_play(data, listener))


@contextmanager
def own_folder(data: Path) -> Iterator[None]:
    """Hold the folder of the demo, without what an earlier demo left in it.

    Raises
    ------
    RefusedError
        The folder holds an office that is no demo's, or a demo runs in it.
    """
    mark = data / MARK
    if not mark.exists() and _find_ours(data):
        raise RefusedError(
            "demo.folder",
            "{folder} holds an office that is no demo's; nothing was changed, choose another with --data",
            folder=str(data),
        )
    data.mkdir(parents=True, exist_ok=True)
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(
                "demo.running",
                "a demo runs in {folder}; stop it, or choose another folder with --data",
                folder=str(data),
            ) from error
        for entry in _find_ours(data):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        yield


def _find_ours(data: Path) -> list[Path]:
    """What an office keeps in its folder, and the sample files."""
    from agency_credit.settings import Settings

    settings = Settings(data=data)
    database = settings.database_file.name
    return [
        *data.glob(f"{database}*"),
        *(p for p in (settings.keys, settings.bundles, data / OFFICE) if p.exists()),
    ]


async def _play(data: Path, listener: socket.socket | None) -> None:
    """Open an office of its own, play the story in it, and serve it as it then is."""
    from agency_credit.cli.demo_story import BEGIN, Story, StoryClock
    from agency_credit.services.office import close_office, open_office
    from agency_credit.settings import Settings
    from seeds.generate import RULES

    clock = StoryClock(BEGIN)
    office = await open_office(Settings(data=data), clock=clock, packs_folder=RULES)
    try:
        story = Story(office=office, clock=clock, data=data, tongue=language())
        await _tell(story)
        if listener is not None:
            await _serve(story, listener)
    finally:
        await close_office(office)


async def _tell(story: Story) -> None:
    from agency_credit.cli import (
        demo_after,
        demo_agencies,
        demo_draws,
        demo_plans,
        demo_results,
        demo_story,
    )
    from agency_credit.web.i18n import msgid, translate
    from seeds.generate import generate

    opening = msgid(
        "DEMO: agencies, people, rules and numbers are made up; the clock is played forward, from {first} "
        "to {last}."
    )
    first, last = demo_story.BEGIN.date(), demo_story.END.date()
    click.echo(translate(story.tongue, opening, first=first, last=last))
    await demo_story.open_accounts(story)
    folder = story.data / OFFICE
    files = generate(folder)
    shown = "".join(file.shown for file in files)
    await demo_story.import_lists(story, folder, files)
    await demo_story.approve_all_recusals(story)
    await demo_story.rate_everybody(story, demo_draws.instant(10, 8, 14))
    await demo_plans.plan_the_year(story)
    await demo_story.run_the_day(story, demo_draws.instant(10, 9, 0, 5))
    await demo_agencies.let_in(story, shown)
    voided = await demo_draws.void_a_draw(story)
    draw = await demo_draws.play_draw(story, voided)
    await demo_after.call_a_reserve(story, draw)
    await demo_agencies.let_in_at(story, draw)
    await demo_results.inspect(story, draw)
    await demo_agencies.object_and_repair(story, shown)
    await demo_results.publish(story, draw)
    demo_results.verify(story, draw)
    await demo_after.hand_over(story, draw)
    await demo_agencies.leave_open(story, shown)
    await demo_story.rate_everybody(story, demo_draws.instant(11, 23, 9))
    await demo_story.suspend_a_record(story)
    await demo_draws.announce_next(story)
    await demo_story.run_the_day(story, demo_draws.instant(11, 24, 0, 5))
    demo_story.list_accounts(story)


async def _serve(story: Story, listener: socket.socket) -> None:
    """Serve the office as it is; its clock runs on from the end of the story, so that its pages agree."""
    import uvicorn

    from agency_credit.app import create_app
    from agency_credit.cli.demo_story import END
    from agency_credit.web.i18n import msgid

    story.step(
        msgid("Serve; the clock of these pages runs on from here, it is not that of this machine"),
        at=END,
        page="/",
    )
    story.clock.run_on()
    server = uvicorn.Server(server_config(create_app(story.office)))
    with ended_by_signals(server), listener:
        echo_address(listener)
        await server.serve(sockets=[listener])
