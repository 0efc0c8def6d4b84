"""Logins: opaque tokens of our own, hashed in a table, made at login only.

The framework's sessions are not used: they accept an id chosen by the client (docs/adr/0005). A login takes
one step or, with an authenticator, two; between them goes a sealed ticket, which is no session.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from agency_credit.database import transaction
from agency_credit.database.tables import Person, PersonTotp, Session
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import InputError, NotFoundError, UnavailableError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR, Actor
from agency_credit.services.login_throttle import confirming, note_attempt, note_success
from agency_credit.services.office import Office
from agency_credit.services.operation import append_audit, operation
from agency_credit.services.passwords import matches
from agency_credit.services.people import load_actor, load_person_id
from agency_credit.services.security_settings import SecuritySettings, load_security
from agency_credit.services.totp import spend_code

TOUCH_EVERY = timedelta(minutes=1)
"""How exact `last_seen_at` is; a write at every page would be one too many."""
TICKET_MINUTES = 5
_TICKET = "login ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Where a login comes from: an address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A login that is good now.

    Parameters
    ----------
    is_fresh
        The password was given lately enough for what asks for that.
    duties
        What its person has to do before anything else: ``"password"`` (it is too old), ``"totp"`` (an
        authenticator is asked for and not set up).
    """

    session_id: int
    actor: Actor
    csrf_token: str
    is_fresh: bool
    duties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A login as its owner sees it in the list."""

    session_id: int
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


async def begin_login(office: Office, username: str, password: str, visitor: Visitor) -> tuple[str, str]:
    """The first step of a login: token and ticket, one of them empty.

    Returns
    -------
    tuple of str
        The token for the cookie, where that was all; else the ticket for `finish_login`.

    Raises
    ------
    ForbiddenError
        Too many failures for this name or address lately.
    InputError
        The name and the password do not belong together; says no more than that.
    """
    actor, hashed = await _check_password(office, username, password, visitor)
    if await _has_totp(actor):
        return "", _make_ticket(office, actor, hashed)
    return await start_session(office, actor, visitor), ""


async def finish_login(office: Office, ticket: str, code: str, visitor: Visitor) -> str:
    """The second step: the code of the authenticator, or a recovery code; the token for the cookie.

    Raises
    ------
    ForbiddenError
        Too many failures for this name or address lately.
    InputError
        A ticket that is none or too old (``session.ticket``), or a code that does not fit (``session.code``).
    """
    actor = await _read_ticket(office, ticket)
    attempt = await note_attempt(office, actor.username, visitor.address)
    await _check_code(office, actor, code, visitor)
    await note_success(attempt)
    return await start_session(office, actor, visitor)


async def open_session(
    office: Office, username: str, password: str, *, code: str = "", address: str = "", agent: str = ""
) -> str:
    """A login in one go, for programs; the token for the cookie.

    Raises
    ------
    ForbiddenError, InputError
        As `begin_login` and `finish_login`; ``session.code-needed`` where the code is missing.
    """
    visitor = Visitor(address=address, agent=agent)
    token, ticket = await begin_login(office, username, password, visitor)
    if token:
        return token
    if not code:
        raise InputError(
            "session.code-needed", "this account has an authenticator; give its code or a recovery code too"
        )
    return await finish_login(office, ticket, code, visitor)


async def start_session(office: Office, actor: Actor, visitor: Visitor) -> str:
    """Log in somebody who has just shown who he is; the token for the cookie."""
    settings: SecuritySettings = await load_security()
    await append_audit(office, actor, "session.open", visitor.address, "done")
    token, now = secrets.token_urlsafe(32), office.now()
    async with transaction():
        await Session.delete().where(Session.expires_at <= now)
        await Session.insert(
            Session(
                token_hash=_digest(token),
                csrf_token=secrets.token_urlsafe(32),
                person=actor.person_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + settings.longest,
                confirmed_at=now,
                address=visitor.address[:64],
                agent=_printable(visitor.agent)[:200],
            )
        )
    return token


async def load_session(office: Office, token: str) -> OpenSession | None:
    """Who is logged in with this token; None where it is unknown, idle too long or expired."""
    row = await (
        Session.select(
            *(Session.id, Session.csrf_token, Session.last_seen_at, Session.expires_at),
            *(Session.created_at, Session.confirmed_at),
            Session.person.username.as_alias("username"),
            Session.person.requires_totp.as_alias("requires_totp"),
            Session.person.password_at.as_alias("password_at"),
            Session.person.created_at.as_alias("opened_at"),
        )
        .where(Session.token_hash == _digest(token))
        .first()
    )
    if row is None:
        return None
    now, settings = office.now(), await load_security()
    if now >= row["expires_at"] or now - row["last_seen_at"] > settings.idle:
        return None
    actor = await load_actor(row["username"])  # roles are read anew: one taken away is gone at once
    if actor is None:
        return None
    if now - row["last_seen_at"] > TOUCH_EVERY:
        await Session.update({Session.last_seen_at: now}).where(Session.id == row["id"])
    duties = []
    max_days = settings.password_max_days
    if max_days and now - (row["password_at"] or row["opened_at"]) > timedelta(days=max_days):
        duties.append("password")
    if (settings.is_totp_required or row["requires_totp"]) and not await _has_totp(actor):
        duties.append("totp")
    return OpenSession(
        session_id=row["id"],
        actor=actor,
        csrf_token=row["csrf_token"],
        is_fresh=now - (row["confirmed_at"] or row["created_at"]) <= settings.confirm,
        duties=tuple(duties),
    )


async def confirm_session(office: Office, token: str, password: str, code: str, visitor: Visitor) -> str:
    """Give the password again, and the code where there is an authenticator: a new token for this session.

    The token of before is worthless from then on.

    Raises
    ------
    ForbiddenError
        Too many failures; they are counted apart from those of logins, so that nobody locks another out.
    InputError
        The password or the code is wrong.
    """
    session = await load_session(office, token)
    if session is None:
        raise NotFoundError("session.gone", "this session has ended; log in anew")
    actor = session.actor
    attempt = await note_attempt(office, confirming(actor.username), visitor.address)
    row = await Person.select(Person.password_hash).where(Person.id == actor.person_id).first()
    if not await matches(row["password_hash"] if row else None, password):
        await append_audit(office, actor, "session.confirm", visitor.address, "refused")
        raise InputError("session.password", "the password is wrong; try again")
    if await _has_totp(actor):
        await _check_code(office, actor, code, visitor, action="session.confirm")
    await note_success(attempt)
    fresh = secrets.token_urlsafe(32)
    async with transaction():
        await Session.update({Session.token_hash: _digest(fresh), Session.confirmed_at: office.now()}).where(
            Session.token_hash == _digest(token)
        )
    await append_audit(office, actor, "session.confirm", visitor.address, "done")
    return fresh


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


async def load_sessions(office: Office, person: int) -> list[SessionView]:
    """The logins of a person that are good now, the one seen last first."""
    settings, now = await load_security(), office.now()
    rows = await (
        Session.select()
        .where((Session.person == person) & (Session.expires_at > now))
        .where(Session.last_seen_at >= now - settings.idle)
        .order_by(Session.last_seen_at, ascending=False)
        .order_by(Session.id, ascending=False)
    )
    return [
        SessionView(
            session_id=row["id"],
            created_at=row["created_at"],
            last_seen_at=row["last_seen_at"],
            expires_at=row["expires_at"],
            address=row["address"],
            agent=row["agent"],
        )
        for row in rows
    ]


async def end_sessions(
    office: Office, actor: Actor, username: str, *, only: int | None = None, but: int | None = None
) -> int:
    """End logins of oneself or, as security administrator, of somebody else; how many.

    Parameters
    ----------
    only
        This one alone; None: all.
    but
        All but this one.

    Raises
    ------
    ForbiddenError
        Another person's, and the actor is no security administrator.
    """
    is_own = actor.username == username and actor.person_id is not None
    roles = None if is_own else SECURITY_ADMINISTRATOR
    async with operation(office, actor, "session.end", username, roles=roles) as op:
        ending = Session.delete().where(Session.person == await load_person_id(username))
        if only is not None:
            ending = ending.where(Session.id == only)
        if but is not None:
            ending = ending.where(Session.id != but)
        ended = await ending.returning(Session.id)
        op.details["ended"] = len(ended)
    return len(ended)


async def load_longest() -> timedelta:
    """How long a login lasts at most: so long the browser keeps its cookie."""
    return (await load_security()).longest


async def _check_password(
    office: Office, username: str, password: str, visitor: Visitor
) -> tuple[Actor, str]:
    if not username.isprintable():  # no account has such a name, and PostgreSQL cannot hold every one
        username = ""
    attempt = await note_attempt(office, username or "-", visitor.address)
    row = await (
        Person.select(Person.password_hash)
        .where((Person.username == username) & (Person.is_active == True))  # noqa: E712
        .first()
    )
    hashed = row["password_hash"] if row else None
    actor = await load_actor(username) if await matches(hashed, password) else None
    if actor is None or not hashed:
        who = Actor(username=username[:64], roles=frozenset())
        await append_audit(office, who, "session.open", visitor.address, "refused")
        raise InputError("session.credentials", "user name or password is wrong; try again")
    await note_success(attempt)
    return actor, hashed


async def _check_code(
    office: Office, actor: Actor, code: str, visitor: Visitor, *, action: str = "session.open"
) -> None:
    assert actor.person_id is not None, "who logs in has an account"
    if not await spend_code(office, actor.person_id, code):
        await append_audit(office, actor, action, visitor.address, "refused", details={"step": "code"})
        raise InputError(
            "session.code", "this code does not fit, or was used already; wait for the next one and try again"
        )


async def _has_totp(actor: Actor) -> bool:
    return await PersonTotp.exists().where(
        (PersonTotp.person == actor.person_id) & PersonTotp.confirmed_at.is_not_null()
    )


def _make_ticket(office: Office, actor: Actor, hashed: str) -> str:
    until = office.now() + timedelta(minutes=TICKET_MINUTES)
    content = {"name": actor.username, "password": _digest(hashed), "until": until.isoformat()}
    return base64.urlsafe_b64encode(office.keys.seal(json.dumps(content).encode(), _TICKET)).decode()


async def _read_ticket(office: Office, ticket: str) -> Actor:
    gone = InputError("session.ticket", "this took too long; give the user name and the password again")
    try:
        sealed = base64.b64decode(ticket.encode("ascii"), altchars=b"-_", validate=True)
        content = json.loads(office.keys.unseal(sealed, _TICKET))
    except (UnicodeEncodeError, binascii.Error):
        raise gone from None
    except UnavailableError as error:
        raise (gone if error.code == "keys.sealed" else error) from None
    if office.now() > datetime.fromisoformat(content["until"]):
        raise gone
    actor = await load_actor(content["name"])
    row = await Person.select(Person.password_hash).where(Person.username == content["name"]).first()
    if actor is None or row is None or _digest(row["password_hash"]) != content["password"]:
        raise gone
    return actor


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _digest(token: str) -> str:
    return digest(token.encode())
