"""`agency-credit doctor`: is everything as it should be, what does it mean where not, and what is to be done.

It changes nothing: it migrates nothing, makes no keys, signs nothing. Each check stands by itself, so that a
database that is gone does not keep the others from being made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agency_credit import database
from agency_credit.domain.errors import AgencyCreditError, RefusedError
from agency_credit.services import doctor_machine as machine
from agency_credit.services import doctor_office as office
from agency_credit.services.finding import Finding, Patient, describe_failure
from agency_credit.settings import Settings

SERVICE = ("127.0.0.1", 8000)
_IN_DATABASE = (
    office.check_log_keys,
    office.check_newest,
    office.check_audit,
    office.check_calendar,
    office.check_backups,
)


async def examine(patient: Patient, *, service: tuple[str, int] = SERVICE) -> list[Finding]:
    """All checks, in the order in which one would mend what they find.

    Parameters
    ----------
    service
        Where the service would answer.
    """
    findings = [
        *machine.check_settings(patient),
        *machine.check_folder(patient),
        *machine.check_clock(),
        *machine.check_fonts(),
        *machine.check_key_files(patient),
    ]
    try:
        async with _opened(patient.settings) as engine:
            schema = await office.check_database(engine)
            findings += schema
            if all(finding.state == "ok" for finding in schema):
                for check in _IN_DATABASE:
                    findings += [finding async for finding in check(patient)]
    except AgencyCreditError as error:
        findings.append(describe_failure("database", error))
    return [*findings, *await asyncio.to_thread(lambda: list(machine.check_service(service)))]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[database.Database]:
    """The database as it is; one that is not there is not made."""
    if settings.database is None and not settings.database_file.exists():
        raise RefusedError(
            "database.none",
            "there is no database {file}; start the service once, or restore a backup",
            file=str(settings.database_file.absolute()),
        )
    engine = database.connect(settings)
    await database.start(engine)
    try:
        yield engine
    finally:
        await database.stop(engine)
