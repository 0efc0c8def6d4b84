"""Commands on the office that the environment names: open it, do the work, close it again."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from agency_credit.domain.role import Actor
    from agency_credit.services.office import Office

Answer = TypeVar("Answer")

as_option = click.option(
    "--as",
    "user",
    metavar="USER",
    default=None,
    help="Who does it, for the audit lines; default: the user of the operating system.",
)


def run_in_office(
    work: Callable[[Office], Awaitable[Answer]], *, overlay_folder: Path | None = None
) -> Answer:
    """Run `work` in the office of the environment; see `open_office` for `overlay_folder`."""
    from agency_credit.services.office import close_office, open_office
    from agency_credit.settings import Settings

    async def run() -> Answer:
        office = await open_office(Settings.from_environment(os.environ), overlay_folder=overlay_folder)
        try:
            return await work(office)
        finally:
            await close_office(office)

    return asyncio.run(run())


async def load_operator_of(user: str | None) -> Actor:
    """The actor behind ``--as USER``; whoever runs the command where it was not given.

    Where a name was given, its audit lines tell the user of the operating system too.
    """
    from agency_credit.services.people import load_operator

    os_user = getpass.getuser()
    return await load_operator(user or os_user, os_user=os_user if user else "")
