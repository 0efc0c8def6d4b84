"""Whether this office can serve now."""

from __future__ import annotations

from agency_credit.database.tables import Agency
from agency_credit.domain.errors import UnavailableError


async def check_database() -> None:
    """Ask the database for nothing.

    Raises
    ------
    UnavailableError
        It does not answer.
    """
    try:
        await Agency.exists()
    except Exception as error:  # whatever a driver raises means the same here
        raise UnavailableError(
            "database.unreachable", "the database does not answer; run agency-credit doctor"
        ) from error
