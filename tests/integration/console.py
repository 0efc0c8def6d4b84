"""People at the console in the test's own loop: they log in, open pages, send forms."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from agency_credit.services.office import Office
from tests.visitor import visit
from tests.world import PASSWORD


class Desk:
    """Somebody's browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""

    async def log_in(self, username: str, password: str = PASSWORD) -> httpx.Response:
        """Send the login form."""
        return await self.client.post("/admin/login", data={"username": username, "password": password})

    async def open(self, path: str) -> httpx.Response:
        """Load a page and remember the token of its forms."""
        answer = await self.client.get(path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    async def send(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> httpx.Response:
        """Send a form with the token."""
        return await self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **more)

    async def send_json(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send JSON with the token."""
        return await self.client.post(path, json=body, headers={"X-CSRF-Token": self.token, **headers})


@asynccontextmanager
async def desk_of(office: Office, username: str) -> AsyncIterator[Desk]:
    """The browser of somebody who is logged in."""
    async with visit(office) as client:
        desk = Desk(client)
        answer = await desk.log_in(username)
        assert answer.status_code == 303, answer.text
        await desk.open("/admin")
        yield desk
