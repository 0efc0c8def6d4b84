"""Whether this office can serve now."""

from __future__ import annotations

from agency_credit.database import find_waiting
from agency_credit.domain.errors import AgencyCreditError, UnavailableError
from agency_credit.services.log import load_head_state, refuse_if_forked
from agency_credit.services.office import Office


async def check_readiness(office: Office) -> list[str]:
    """Ask the database, its schema and the log; what is still under way, none of which keeps from serving.

    Raises
    ------
    UnavailableError
        The database does not answer, lacks migrations, or the office is read-only.
    RefusedError
        The database belongs to a newer version.
    """
    try:
        waiting = len(await find_waiting())
        unsigned = (await load_head_state()).n_unsigned
        await refuse_if_forked(office)
    except AgencyCreditError as error:
        if error.code.startswith("log.") or error.code == "database.newer":
            raise
        raise _unreachable() from error
    except Exception as error:  # whatever a driver raises means the same here
        raise _unreachable() from error
    if waiting:
        raise UnavailableError(
            "database.older", "{n} migrations of the database wait; start the service again", n=waiting
        )
    return [f"unsigned-entries {unsigned}"] if unsigned else []


def _unreachable() -> UnavailableError:
    return UnavailableError("database.unreachable", "the database does not answer; run agency-credit doctor")
