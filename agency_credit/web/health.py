"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from agency_credit.services.health import check_readiness
from agency_credit.services.office import Office


@get("/healthz", sync_to_thread=False)
def check_alive() -> Response[str]:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@get("/readyz")
async def check_ready(office: NamedDependency[Office]) -> Response[str]:
    """The database answers too, and the office is not read-only; 503 where it cannot do its work.

    The lines after the first name what is still under way.
    """
    pending = await check_readiness(office)
    return Response("".join(f"{line}\n" for line in ["ok", *pending]), media_type="text/plain")
