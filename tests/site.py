"""The running service on a socket, in a thread of its own, with a clock that a test sets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn

from agency_credit.app import create_app
from agency_credit.services.office import Office, close_office, open_office
from agency_credit.settings import Settings
from tests.conftest import PACKS, Clock

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
"""Tuesday, 9 o'clock in China."""

Prepare = Callable[[Office, Clock], Awaitable[None]]


class Site:
    """The running service: where it is, and its clock.

    Parameters
    ----------
    data
        An empty folder for the office.
    prepare
        Fills the office before it is served.
    """

    def __init__(self, data: Path, prepare: Prepare) -> None:
        self.clock = Clock(START)
        self.data = data
        self.address = ""
        self._prepare = prepare
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="site")

    def start(self) -> None:
        """Serve in a thread of its own, until `stop`."""
        self._thread.start()
        while self._thread.is_alive() and not (self._server and self._server.started):
            time.sleep(0.05)
        assert self._thread.is_alive(), "the server did not start"

    def stop(self) -> None:
        """Let the server finish and give everything back."""
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    def move_to(self, *, days: int = 0, hours: int = 0) -> None:
        """Set the clock to so long after the start."""
        self.clock.now = START + timedelta(days=days, hours=hours)

    async def _serve(self) -> None:
        office = await open_office(
            Settings(data=self.data, database=None), clock=self.clock, packs_folder=PACKS
        )
        try:
            await self._prepare(office, self.clock)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
                self._server = uvicorn.Server(uvicorn.Config(create_app(office), log_level="warning"))
                await self._server.serve(sockets=[listening])
        finally:
            await close_office(office)
