"""People of the office: accounts and roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Agency, Inspector, Invitation, Person, PersonRole, Session
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import OPERATOR, SECURITY_ADMINISTRATOR, Actor, DeskRight, Role, find_conflict
from agency_credit.publication.masking import check_publishable
from agency_credit.services.activation_codes import cancel_codes_by
from agency_credit.services.agency_seats import append_seat, has_seat, load_seats_of
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.passwords import check_password, hash_password, store_password
from agency_credit.services.security_settings import load_security


async def create_person(
    office: Office,
    actor: Actor,
    username: str,
    password: str,
    *,
    display_name: str,
    roles: Iterable[Role],
    certificate: str | None = None,
    agency: str | None = None,
) -> int:
    """Open an account with a password, for scripts; people are invited (`services.invitations`).

    Parameters
    ----------
    certificate
        Of the inspector whom this account belongs to; needed for the role inspector.
    agency
        Code of the agency whose person this is; needed for the role agency.

    Raises
    ------
    InputError
        A user name or password that is refused, an inspector without certificate.
    ConflictError
        The user name is taken, or the inspector has an account: four eyes take two people.
    """
    wanted = frozenset(roles)
    settings = await load_security()
    check_account(username, wanted, certificate, agency)
    await check_password(password, username, settings)
    hashed = await hash_password(password)
    async with operation(office, actor, "person.create", username, roles=SECURITY_ADMINISTRATOR) as op:
        person = await insert_account(
            office,
            username,
            display_name,
            wanted,
            certificate=certificate,
            agency=agency,
            given_by=actor.username,
        )
        await store_password(person, hashed, op.at, settings)
    return person


async def insert_account(
    office: Office,
    username: str,
    display_name: str,
    roles: frozenset[Role],
    *,
    certificate: str | None,
    agency: str | None,
    given_by: str,
) -> int:
    """The rows of a new account without a password, inside the caller's operation; its number.

    Parameters
    ----------
    agency
        Code of the agency whose desk the person manages.
    given_by
        User name of whoever opens the account.
    """
    check_account(username, roles, certificate, agency)
    check_publishable(f"{username}\n{display_name}")
    if await Person.exists().where(Person.username == username):
        raise ConflictError("person.exists", "the user name {username} is taken", username=username)
    inspector = await _load_inspector(certificate) if certificate else None
    await _refuse_second_account(inspector)
    person = await insert_person(username, display_name, roles, office.now(), inspector=inspector)
    if agency:
        await append_seat(person, await _load_agency(agency), DeskRight.MANAGER, given_by, office.now())
    return person


async def insert_person(
    username: str,
    display_name: str,
    roles: frozenset[Role],
    at: datetime,
    *,
    inspector: int | None = None,
    requires_totp: bool = False,
) -> int:
    """The row of an account that was checked, and its roles, inside the caller's operation; its number."""
    person = Person(
        username=username,
        display_name=display_name,
        password_hash="",
        is_active=True,
        inspector=inspector,
        created_at=at,
        requires_totp=requires_totp,
    )
    await person.save()
    for role in sorted(roles):
        await PersonRole.insert(PersonRole(person=person.id, role=role))
    return int(person.id)


async def change_password(office: Office, actor: Actor, username: str, password: str) -> None:
    """Set a new password and end the open sessions; by the operator or a security administrator."""
    settings = await load_security()
    await check_password(password, username, settings)
    hashed = await hash_password(password)
    async with operation(office, actor, "person.password", username, roles=SECURITY_ADMINISTRATOR) as op:
        person = await load_person_id(username)
        await store_password(person, hashed, op.at, settings)
        await Session.delete().where(Session.person == person)


async def change_roles(office: Office, actor: Actor, username: str, roles: Iterable[Role]) -> None:
    """Give and take away roles; what was taken away is gone at the person's next request.

    Raises
    ------
    InputError
        Roles that exclude each other, or none.
    RefusedError
        The own roles, or those of the last security administrator.
    """
    wanted = frozenset(roles)
    async with operation(office, actor, "person.roles", username, roles=SECURITY_ADMINISTRATOR) as op:
        row = await _load_other(actor, username)
        _check_roles(wanted, has_inspector=row["inspector"] is not None, has_agency=await has_seat(row["id"]))
        held = await _load_roles(row["id"])
        if Role.SECURITY in held - wanted:
            await _refuse_last(row["id"])
        for role in sorted(held - wanted):  # first, so that those that come exclude none that go
            await PersonRole.delete().where((PersonRole.person == row["id"]) & (PersonRole.role == role))
        for role in sorted(wanted - held):
            await PersonRole.insert(PersonRole(person=row["id"], role=role))
        op.details.update(before=" ".join(sorted(held)), after=" ".join(sorted(wanted)))


async def close_account(office: Office, actor: Actor, username: str) -> None:
    """Close an account: sessions and invitations end, also those of others that it handed out at a desk.

    Everything the person did stays under the name.

    Raises
    ------
    RefusedError
        The own account, or that of the last security administrator.
    """
    async with operation(office, actor, "person.close", username, roles=SECURITY_ADMINISTRATOR) as op:
        row = await _load_other(actor, username)
        if Role.SECURITY in await _load_roles(row["id"]):
            await _refuse_last(row["id"])
        await Person.update({Person.is_active: False}).where(Person.id == row["id"])
        await Session.delete().where(Session.person == row["id"])
        is_open = (Invitation.person == row["id"]) & Invitation.closed_at.is_null()
        await Invitation.update({Invitation.closed_at: op.at}).where(is_open)
        await cancel_codes_by(op, username)


async def reopen_account(office: Office, actor: Actor, username: str) -> None:
    """Open a closed account again, with the roles and the password that it had."""
    async with operation(office, actor, "person.reopen", username, roles=SECURITY_ADMINISTRATOR):
        row = await _load_other(actor, username)
        await Person.update({Person.is_active: True}).where(Person.id == row["id"])


async def require_totp(office: Office, actor: Actor, username: str, *, is_required: bool) -> None:
    """Ask one person for the second factor, whatever the settings ask of everybody.

    Raises
    ------
    RefusedError
        The own account; a person of an agency is always asked for it.
    """
    async with operation(office, actor, "person.require-totp", username, roles=SECURITY_ADMINISTRATOR) as op:
        row = await _load_other(actor, username)
        if not is_required and Role.AGENCY in await _load_roles(row["id"]):
            raise RefusedError(
                "person.agency-totp", "people of agencies always need an authenticator; nobody is let off"
            )
        await Person.update({Person.requires_totp: is_required}).where(Person.id == row["id"])
        op.details["required"] = is_required


async def load_actor(username: str) -> Actor | None:
    """The actor behind an active account; None where there is none."""
    row = await (
        Person.select(Person.id, Person.username, Person.display_name, Person.inspector)
        .where((Person.username == username) & (Person.is_active == True))  # noqa: E712
        .first()
    )
    if row is None:
        return None
    return Actor(
        username=row["username"],
        roles=await _load_roles(row["id"]),
        person_id=row["id"],
        inspector_id=row["inspector"],
        seats=await load_seats_of(row["id"]),
        display_name=row["display_name"],
    )


async def load_operator(username: str, os_user: str = "") -> Actor:
    """Who acts on the command line: the person of that name, else an operator of this machine.

    Raises
    ------
    ForbiddenError
        The account of that name is closed: it does not come back as an operator's. Or it is that of a person
        of an agency, who has nothing to do at the machine.
    """
    known = await load_actor(username)
    if known is not None and Role.AGENCY in known.roles:
        raise ForbiddenError(
            "person.of-agency",
            "{username} is a person of an agency; act under another name (--as)",
            username=username,
        )
    if known is None and await Person.exists().where(Person.username == username):
        raise ForbiddenError(
            "person.closed", "the account {username} is closed; act under another name", username=username
        )
    return replace(known or Actor(username=username, roles=OPERATOR), os_user=os_user)


async def load_person_id(username: str) -> int:
    """The number of an account; raises NotFoundError."""
    row = await Person.select(Person.id).where(Person.username == username).first()
    if row is None:
        raise NotFoundError("person.unknown", "there is no person {username}", username=username)
    return int(row["id"])


def check_account(
    username: str, roles: frozenset[Role], certificate: str | None, agency: str | None = None
) -> None:
    """Refuse a user name or roles that no account may have.

    Raises
    ------
    InputError
        With what is wrong.
    """
    if not username.isprintable() or not 2 <= len(username) <= 64 or username != username.strip():
        raise InputError("person.username", "a user name has 2 to 64 characters, no spaces around it")
    _check_roles(roles, has_inspector=bool(certificate), has_agency=bool(agency))


def _check_roles(roles: frozenset[Role], *, has_inspector: bool, has_agency: bool) -> None:
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
    if Role.INSPECTOR in roles and not has_inspector:
        raise InputError(
            "person.certificate", "an inspector's account needs the inspector's certificate number"
        )
    if Role.AGENCY in roles and not has_agency:
        raise InputError("person.agency", "the account of a person of an agency needs the agency's code")


async def _load_roles(person: int) -> frozenset[Role]:
    rows = await PersonRole.select(PersonRole.role).where(PersonRole.person == person)
    return frozenset(Role(row["role"]) for row in rows)


async def _load_other(actor: Actor, username: str) -> dict[str, Any]:
    row = await Person.select(Person.id, Person.inspector).where(Person.username == username).first()
    if row is None:
        raise NotFoundError("person.unknown", "there is no person {username}", username=username)
    if actor.username == username:
        raise RefusedError(
            "person.own", "nobody changes the rights of his own account; another security administrator does"
        )
    return row


async def _refuse_last(person: int) -> None:
    """The last one could not be opened again by anybody but the operator of the machine.

    Whoever was invited and has no password yet is none: the invitation may run out unused.
    """
    others = PersonRole.select(PersonRole.id).where(
        (PersonRole.role == Role.SECURITY)
        & (PersonRole.person != person)
        & (PersonRole.person.is_active == True)  # noqa: E712
        & (PersonRole.person.password_hash != "")
    )
    if not await others:
        raise RefusedError(
            "person.last-security",
            "this is the last security administrator; open the account of another one first",
        )


async def _load_inspector(certificate: str) -> int:
    row = await Inspector.select(Inspector.id).where(Inspector.certificate == certificate).first()
    if row is None:
        raise NotFoundError(
            "inspector.unknown",
            "no inspector has the certificate {certificate}; import the roster first",
            certificate=certificate,
        )
    return int(row["id"])


async def _load_agency(uscc: str) -> int:
    row = await Agency.select(Agency.id).where(Agency.uscc == uscc).first()
    if row is None:
        raise NotFoundError("agency.unknown", "there is no agency {uscc}; search by name", uscc=uscc[:40])
    return int(row["id"])


async def _refuse_second_account(inspector: int | None) -> None:
    """An inspector with two accounts could review with one what he entered with the other."""
    if inspector is None:
        return
    other = await Person.select(Person.username).where(Person.inspector == inspector).first()
    if other:
        raise ConflictError(
            "person.inspector",
            "this inspector has the account {username} already; nobody has two",
            username=other["username"],
        )
