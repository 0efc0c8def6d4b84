"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from litestar import Response, get

from agency_credit.services.health import check_database


@get("/healthz", sync_to_thread=False)
def check_alive() -> Response[str]:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@get("/readyz")
async def check_ready() -> Response[str]:
    """The database answers too; 503 where it does not."""
    await check_database()
    return Response("ok\n", media_type="text/plain")
