"""Accounts are opened without knowing their password: a code, good once and for some days, opens them.

Whoever forgot a password or lost a telephone gets a new invitation: the old password, the authenticator and
all sessions end with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Invitation, Person, Session
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import AGENCY, SECURITY_ADMINISTRATOR, Actor, Role
from agency_credit.services.activation_codes import cancel_codes_by
from agency_credit.services.login_throttle import note_attempt, note_success
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.passwords import check_password, hash_password, refuse_reuse, store_password
from agency_credit.services.people import insert_account
from agency_credit.services.security_settings import load_security
from agency_credit.services.totp import forget_totp, make_code

PAGE = "/admin/invitation"
CODE_LENGTH = 20
"""Letters of 5 bits: nobody guesses 100 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """What goes onto the printed page; the code is not stored and cannot be shown again."""

    username: str
    code: str
    expires_at: datetime


async def invite_person(
    office: Office,
    actor: Actor,
    username: str,
    *,
    display_name: str,
    roles: Iterable[Role],
    certificate: str | None = None,
    agency: str | None = None,
) -> NewInvitation:
    """Open an account without a password; its owner sets one with the code.

    Parameters
    ----------
    certificate, agency
        As for `agency_credit.services.people.create_person`.

    Raises
    ------
    InputError, ConflictError, NotFoundError
        As `agency_credit.services.people.create_person`.
    """
    settings = await load_security()
    async with operation(office, actor, "person.invite", username, roles=SECURITY_ADMINISTRATOR) as op:
        person = await insert_account(
            office,
            username,
            display_name,
            frozenset(roles),
            certificate=certificate,
            agency=agency,
            given_by=actor.username,
        )
        if AGENCY & frozenset(roles):  # as with a letter: no password alone opens a desk
            await Person.update({Person.requires_totp: True}).where(Person.id == person)
        op.details["roles"] = " ".join(sorted(roles))
        return await _append(actor, person, username, op.at, op.at + settings.invitation)


async def renew_invitation(office: Office, actor: Actor, username: str) -> NewInvitation:
    """A new invitation for somebody who forgot the password or lost the telephone.

    1. Earlier invitations, the password, the authenticator and all sessions end at once; so does what the
       person handed out to others at the desk of an agency and nobody used yet.
    2. The last passwords stay on record, so that none of them comes again where that is asked.

    Raises
    ------
    RefusedError
        The own account, or a closed one.
    """
    settings = await load_security()
    async with operation(office, actor, "person.reinvite", username, roles=SECURITY_ADMINISTRATOR) as op:
        row = await Person.select(Person.id, Person.is_active).where(Person.username == username).first()
        if row is None:
            raise NotFoundError("person.unknown", "there is no person {username}", username=username)
        if actor.username == username:
            raise RefusedError(
                "person.own-invitation", "change your own password on the page of your account"
            )
        if not row["is_active"]:
            raise RefusedError("person.closed", "the account of {username} is closed", username=username)
        await Person.update({Person.password_hash: ""}).where(Person.id == row["id"])  # 1
        await forget_totp(row["id"])
        await Session.delete().where(Session.person == row["id"])
        await cancel_codes_by(op, username)
        return await _append(actor, row["id"], username, op.at, op.at + settings.invitation)


async def accept_invitation(
    office: Office, username: str, code: str, password: str, *, address: str = ""
) -> None:
    """Set the password of an account with its invitation, which is used up by this.

    Raises
    ------
    ForbiddenError
        Too many failures from this address.
    InputError
        Name and code do not belong together, or the code was used or is too old; a password that is refused.
    """
    attempt = await note_attempt(office, "", address)
    found = await _find(office, username, code)
    if found is None:
        raise InputError(
            "invitation.code",
            "the user name and the code do not belong together, or the code was used or is too old; ask the"
            " security administrator for a new one",
        )
    await note_success(attempt)
    settings = await load_security()
    await check_password(password, username, settings)
    await refuse_reuse(found["person"], "", password, settings)
    hashed = await hash_password(password)
    owner = Actor(username=username, roles=frozenset(), person_id=found["person"])
    async with operation(office, owner, "invitation.accept", username, roles=None) as op:
        used = await (
            Invitation.update({Invitation.closed_at: op.at})
            .where((Invitation.id == found["id"]) & Invitation.closed_at.is_null())
            .returning(Invitation.id)
        )
        if not used:
            raise ForbiddenError("invitation.used", "this invitation was used a moment ago")
        await store_password(found["person"], hashed, op.at, settings)


async def load_open_invitation(office: Office, person: int) -> datetime | None:
    """Until when an invitation of this person can be used; None: there is none."""
    row = await (
        Invitation.select(Invitation.expires_at)
        .where((Invitation.person == person) & Invitation.closed_at.is_null())
        .where(Invitation.expires_at > office.now())
        .first()
    )
    return row["expires_at"] if row else None


async def _append(
    actor: Actor, person: int, username: str, at: datetime, expires_at: datetime
) -> NewInvitation:
    is_open = (Invitation.person == person) & Invitation.closed_at.is_null()
    await Invitation.update({Invitation.closed_at: at}).where(is_open)
    code = make_code(CODE_LENGTH)
    await Invitation.insert(
        Invitation(
            person=person,
            code_digest=_digest(code),
            created_by=actor.username,
            created_at=at,
            expires_at=expires_at,
        )
    )
    return NewInvitation(username=username, code=code, expires_at=expires_at)


async def _find(office: Office, username: str, code: str) -> dict[str, Any] | None:
    if not username.isprintable():
        return None
    return await (
        Invitation.select(Invitation.id, Invitation.person)
        .where((Invitation.code_digest == _digest(code)) & Invitation.closed_at.is_null())
        .where(Invitation.expires_at > office.now())
        .where((Invitation.person.username == username) & (Invitation.person.is_active == True))  # noqa: E712
        .first()
    )


def _digest(code: str) -> str:
    letters = "".join(letter for letter in code.upper() if letter.isascii() and letter.isalnum())
    return digest(f"invitation {letters}".encode())
