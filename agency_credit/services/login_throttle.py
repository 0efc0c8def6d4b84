"""How often somebody may try: counted in the database, across processes, before a password is looked at."""

from __future__ import annotations

from agency_credit.database import lock_logins, transaction
from agency_credit.database.tables import LoginAttempt
from agency_credit.domain.errors import ForbiddenError
from agency_credit.services.office import Office
from agency_credit.services.security_settings import SecuritySettings, load_security


def confirming(username: str) -> str:
    """What `note_attempt` counts under where somebody who is logged in gives the password again.

    It begins with what no login may (`services.sessions` takes printable names only), so that nobody outside
    can lock the person out of it.
    """
    return f"\n{username}"


async def note_attempt(office: Office, username: str, address: str) -> int:
    """Count this attempt as failed before anything is looked at, so that many at once count too; its number.

    Parameters
    ----------
    username
        Whom it is about; empty: only the address counts.

    Raises
    ------
    ForbiddenError
        Too many failures for this name or address in the last minutes.
    """
    settings = await load_security()
    async with transaction():
        await lock_logins()
        await _check(office, settings, username[:64], address)
        attempt = LoginAttempt(username=username[:64], address=address[:64], at=office.now(), succeeded=False)
        await LoginAttempt.insert(attempt)
    return int(attempt.id)


async def note_success(attempt: int) -> None:
    """The attempt was none at guessing: it counts no longer."""
    await LoginAttempt.update({LoginAttempt.succeeded: True}).where(LoginAttempt.id == attempt)


async def _check(office: Office, settings: SecuritySettings, username: str, address: str) -> None:
    recent = (LoginAttempt.succeeded == False) & (  # noqa: E712
        LoginAttempt.at > office.now() - settings.login_window
    )
    of_name, of_address = 0, 0
    if username:
        of_name = await LoginAttempt.count().where(recent & (LoginAttempt.username == username))
    if address:
        of_address = await LoginAttempt.count().where(recent & (LoginAttempt.address == address[:64]))
    if of_name >= settings.login_failures or of_address >= settings.login_failures_of_address:
        raise ForbiddenError(
            "session.throttled",
            "too many failed logins; wait {minutes} minutes and try again",
            minutes=int(settings.login_window.total_seconds() // 60),
        )
