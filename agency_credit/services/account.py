"""The own account: name, password; the authenticator is in `totp`, the logins are in `sessions`."""

from __future__ import annotations

from agency_credit.database.tables import Person
from agency_credit.domain.errors import InputError, RefusedError
from agency_credit.domain.role import Actor
from agency_credit.publication.masking import check_publishable
from agency_credit.services.login_throttle import confirming, note_attempt, note_success
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.passwords import (
    check_password,
    hash_password,
    matches,
    refuse_reuse,
    store_password,
)
from agency_credit.services.security_settings import load_security

MAX_NAME = 100


async def change_own_password(office: Office, actor: Actor, current: str, password: str) -> None:
    """Set one's own password, who knows the present one; the other logins end with `end_sessions`.

    Raises
    ------
    ForbiddenError
        The present one was wrong too often.
    InputError
        The present one is wrong, or the new one is refused.
    """
    row = await Person.select(Person.id, Person.password_hash).where(Person.id == actor.person_id).first()
    if row is None:
        raise RefusedError("account.none", "the operator of the machine has no account; log in as a person")
    attempt = await note_attempt(office, confirming(actor.username), "")
    if not await matches(row["password_hash"], current):
        raise InputError("account.password", "the present password is wrong; try again")
    await note_success(attempt)
    settings = await load_security()
    await check_password(password, actor.username, settings)
    if password == current:
        raise InputError("account.same", "this is the present password; choose another")
    await refuse_reuse(row["id"], row["password_hash"], password, settings)
    hashed = await hash_password(password)
    async with operation(office, actor, "account.password", actor.username, roles=None) as op:
        await store_password(row["id"], hashed, op.at, settings)


async def change_own_name(office: Office, actor: Actor, name: str) -> None:
    """Set how the pages name oneself.

    Raises
    ------
    InputError
        Nothing, or too long.
    RefusedError
        An identity or telephone number in it.
    """
    if not 1 <= len(name.strip()) <= MAX_NAME:
        raise InputError("account.name", "a name has 1 to {n} characters", n=MAX_NAME)
    check_publishable(name)
    async with operation(office, actor, "account.name", actor.username, roles=None) as op:
        await Person.update({Person.display_name: name.strip()}).where(Person.id == actor.person_id)
        op.details["name"] = name.strip()
