"""Logins: opaque tokens of our own, hashed in a table, made at login only.

The framework's sessions are not used: they accept an id chosen by the client (docs/adr/0005).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from agency_credit.database import lock_logins, transaction
from agency_credit.database.tables import LoginAttempt, Session
from agency_credit.domain.errors import ForbiddenError, InputError
from agency_credit.domain.role import Actor
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit
from agency_credit.services.people import is_password_of, load_actor

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is; a write at every page would be one too many."""
THROTTLE_WINDOW = timedelta(minutes=15)
MAX_FAILURES = 10
MAX_FAILURES_OF_ADDRESS = 100
"""An address may be a whole office behind one proxy, so it gets more room than a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A login that is good now."""

    actor: Actor
    csrf_token: str


async def open_session(office: Office, username: str, password: str, *, address: str = "") -> str:
    """Log in; the token for the cookie, 43 characters, stored only as its digest.

    Raises
    ------
    ForbiddenError
        Too many failures for this name or address in the last quarter of an hour.
    InputError
        The name and the password do not belong together; says no more than that.
    """
    if not username.isprintable():  # no account has such a name, and PostgreSQL cannot hold every one
        username = ""
    attempt = await _note_attempt(office, username, address)
    actor = await load_actor(username) if await is_password_of(username, password) else None
    if actor is not None:
        await LoginAttempt.update({LoginAttempt.succeeded: True}).where(LoginAttempt.id == attempt)
    who = actor or Actor(username=username[:64], roles=frozenset())
    await append_audit(office, who, "session.open", address, "done" if actor else "refused")
    if actor is None:
        raise InputError("session.credentials", "user name or password is wrong; try again")
    token = secrets.token_urlsafe(32)
    async with transaction():
        await Session.insert(
            Session(
                token_hash=_digest(token),
                csrf_token=secrets.token_urlsafe(32),
                person=actor.person_id,
                created_at=office.now(),
                last_seen_at=office.now(),
                expires_at=office.now() + LONGEST,
            )
        )
    return token


async def load_session(office: Office, token: str) -> OpenSession | None:
    """Who is logged in with this token; None where it is unknown, idle too long or expired."""
    row = await (
        Session.select(
            Session.id,
            Session.csrf_token,
            Session.last_seen_at,
            Session.expires_at,
            Session.person.username.as_alias("username"),
        )
        .where(Session.token_hash == _digest(token))
        .first()
    )
    now = office.now()
    if row is None or now >= row["expires_at"] or now - row["last_seen_at"] > IDLE:
        return None
    actor = await load_actor(row["username"])  # roles are read anew: one taken away is gone at once
    if actor is None:
        return None
    if now - row["last_seen_at"] > TOUCH_EVERY:
        await Session.update({Session.last_seen_at: now}).where(Session.id == row["id"])
    return OpenSession(actor=actor, csrf_token=row["csrf_token"])


async def close_session(office: Office, token: str) -> None:
    """Log out: the token is worthless from now on."""
    row = await (
        Session.select(Session.person.username.as_alias("username"))
        .where(Session.token_hash == _digest(token))
        .first()
    )
    if row is None:
        return
    async with transaction():
        await Session.delete().where(Session.token_hash == _digest(token))
    actor = Actor(username=row["username"], roles=frozenset())
    await append_audit(office, actor, "session.close", "", "done")


async def _note_attempt(office: Office, username: str, address: str) -> int:
    """Count this attempt as failed before the password is looked at, so that many at once count too."""
    async with transaction():
        await lock_logins()
        await _check_throttle(office, username, address)
        attempt = LoginAttempt(username=username[:64], address=address, at=office.now(), succeeded=False)
        await LoginAttempt.insert(attempt)
    return int(attempt.id)


async def _check_throttle(office: Office, username: str, address: str) -> None:
    recent = (LoginAttempt.succeeded == False) & (  # noqa: E712
        LoginAttempt.at > office.now() - THROTTLE_WINDOW
    )
    of_name = await LoginAttempt.count().where(recent & (LoginAttempt.username == username[:64]))
    of_address = await LoginAttempt.count().where(recent & (LoginAttempt.address == address))
    if of_name >= MAX_FAILURES or (address and of_address >= MAX_FAILURES_OF_ADDRESS):
        raise ForbiddenError(
            "session.throttled",
            "too many failed logins; wait {minutes} minutes and try again",
            minutes=int(THROTTLE_WINDOW.total_seconds() // 60),
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
