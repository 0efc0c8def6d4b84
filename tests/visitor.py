"""A visitor of the application, in the test's own loop; nothing goes over a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx
from litestar import Litestar

from agency_credit.app import create_app
from agency_credit.services.office import Office
from agency_credit.settings import Settings

ADDRESS = "http://office.test"


@cache
def shared_app(settings: Settings) -> Litestar:
    """An application that has not opened an office; building one is slow, so tests share it."""
    return create_app(settings)


@asynccontextmanager
async def visit(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client on the whole application over this open office."""
    app = shared_app(Settings(data=Path("unused")))
    app.state.office = office
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client
