"""People of the office: accounts, passwords, roles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from agency_credit.database.tables import Inspector, Person, PersonRole, Session
from agency_credit.domain.errors import ConflictError, InputError, NotFoundError
from agency_credit.domain.role import OPERATOR, SECURITY_ADMINISTRATOR, Actor, Role, find_conflict
from agency_credit.services.office import Office
from agency_credit.services.operation import operation

MIN_PASSWORD = 10
"""Characters; NIST SP 800-63B asks for at least 8, and no rules of composition."""

_hasher = PasswordHasher()


async def create_person(
    office: Office,
    actor: Actor,
    username: str,
    password: str,
    *,
    display_name: str,
    roles: Iterable[Role],
    certificate: str | None = None,
) -> int:
    """Open an account.

    Parameters
    ----------
    certificate
        Of the inspector whom this account belongs to; needed for the role inspector.

    Raises
    ------
    InputError
        A user name or password that is too short, an inspector without certificate.
    ConflictError
        The user name is taken, or the inspector has an account: four eyes take two people.
    """
    wanted = frozenset(roles)
    _check_account(username, password, wanted, certificate)
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with operation(office, actor, "person.create", username, roles=SECURITY_ADMINISTRATOR):
        if await Person.exists().where(Person.username == username):
            raise ConflictError("person.exists", "the user name {username} is taken", username=username)
        inspector = await _load_inspector(certificate) if certificate else None
        await _refuse_second_account(inspector)
        person = Person(
            username=username,
            display_name=display_name,
            password_hash=hashed,
            is_active=True,
            inspector=inspector,
            created_at=office.now(),
        )
        await person.save()
        for role in sorted(wanted):
            await PersonRole.insert(PersonRole(person=person.id, role=role))
        return int(person.id)


async def change_password(office: Office, actor: Actor, username: str, password: str) -> None:
    """Set a new password and end the open sessions; by a security administrator or by the person himself."""
    _check_password(username, password)
    hashed = await asyncio.to_thread(_hasher.hash, password)
    own = actor.username == username and actor.person_id is not None
    roles = None if own else SECURITY_ADMINISTRATOR
    async with operation(office, actor, "person.password", username, roles=roles):
        if not await Person.exists().where(Person.username == username):
            raise NotFoundError("person.unknown", "there is no person {username}", username=username)
        await Person.update({Person.password_hash: hashed}).where(Person.username == username)
        people = Person.select(Person.id).where(Person.username == username)
        await Session.delete().where(Session.person.is_in(people))


async def load_actor(username: str) -> Actor | None:
    """The actor behind an active account; None where there is none."""
    row = await (
        Person.select(Person.id, Person.username, Person.display_name, Person.inspector, Person.agency)
        .where((Person.username == username) & (Person.is_active == True))  # noqa: E712
        .first()
    )
    if row is None:
        return None
    roles = await PersonRole.select(PersonRole.role).where(PersonRole.person == row["id"])
    return Actor(
        username=row["username"],
        roles=frozenset(Role(item["role"]) for item in roles),
        person_id=row["id"],
        inspector_id=row["inspector"],
        agency_id=row["agency"],
        display_name=row["display_name"],
    )


async def load_operator(username: str, os_user: str = "") -> Actor:
    """Who acts on the command line: the person of that name, else an operator of this machine."""
    known = await load_actor(username) or Actor(username=username, roles=OPERATOR)
    return replace(known, os_user=os_user)


async def load_people() -> list[dict[str, object]]:
    """All accounts with their roles, by user name."""
    people = await Person.select(Person.id, Person.username, Person.display_name, Person.is_active).order_by(
        Person.username
    )
    roles = await PersonRole.select(PersonRole.person, PersonRole.role).order_by(PersonRole.role)
    return [
        {
            "username": person["username"],
            "name": person["display_name"],
            "roles": " ".join(r["role"] for r in roles if r["person"] == person["id"]),
            "active": person["is_active"],
        }
        for person in people
    ]


async def is_password_of(username: str, password: str) -> bool:
    """Whether `password` opens the account; takes the same time for an unknown name."""
    row = await (
        Person.select(Person.password_hash)
        .where((Person.username == username) & (Person.is_active == True))  # noqa: E712
        .first()
    )
    matches = await asyncio.to_thread(_matches, row["password_hash"] if row else None, password)
    return matches and row is not None


def _matches(hashed: str | None, password: str) -> bool:
    try:
        return _hasher.verify(hashed or _unknown_hash(), password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _unknown_hash() -> str:
    return _hasher.hash("nobody has this password; an unknown name takes as long as a known one")


async def _load_inspector(certificate: str) -> int:
    row = await Inspector.select(Inspector.id).where(Inspector.certificate == certificate).first()
    if row is None:
        raise NotFoundError(
            "inspector.unknown",
            "no inspector has the certificate {certificate}; import the roster first",
            certificate=certificate,
        )
    return int(row["id"])


async def _refuse_second_account(inspector: int | None) -> None:
    """An inspector with two accounts could review with one what he entered with the other."""
    if inspector is None:
        return
    other = await (
        Person.select(Person.username)
        .where((Person.inspector == inspector) & (Person.is_active == True))  # noqa: E712
        .first()
    )
    if other:
        raise ConflictError(
            "person.inspector",
            "this inspector has the account {username} already; nobody has two",
            username=other["username"],
        )


def _check_account(username: str, password: str, roles: frozenset[Role], certificate: str | None) -> None:
    if not username.isprintable() or not 2 <= len(username) <= 64 or username != username.strip():
        raise InputError("person.username", "a user name has 2 to 64 characters, no spaces around it")
    if not roles:
        raise InputError("person.roles", "give at least one role: {roles}", roles=", ".join(sorted(Role)))
    conflict = find_conflict(roles)
    if conflict is not None:
        raise InputError(
            "person.roles-exclude",
            "nobody holds both {first} and {second}; open two accounts for two people",
            first=conflict[0],
            second=conflict[1],
        )
    if Role.INSPECTOR in roles and not certificate:
        raise InputError(
            "person.certificate", "an inspector's account needs the inspector's certificate number"
        )
    _check_password(username, password)


def _check_password(username: str, password: str) -> None:
    if len(password) < MIN_PASSWORD or password.casefold() == username.casefold():
        raise InputError(
            "person.password",
            "a password has at least {n} characters and is not the user name",
            n=MIN_PASSWORD,
        )
