"""Getting in with a code: a login of one's own with its first seat, or one more seat for a login."""

from __future__ import annotations

import pwd
from dataclasses import dataclass

from agency_credit.database.tables import AgencySeat, Person
from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError, InputError
from agency_credit.domain.role import AGENCY, SYSTEM, Actor, DeskRight, Role, Seat
from agency_credit.publication.masking import check_publishable
from agency_credit.services.activation_codes import check_code, find_code, spend_code
from agency_credit.services.agency_seats import append_seat, end_seat_row
from agency_credit.services.login_throttle import confirming, note_attempt, note_success
from agency_credit.services.notices import NewNotice, tell_agency
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.passwords import check_password, hash_password, store_password
from agency_credit.services.people import check_account, insert_person, load_actor
from agency_credit.services.security_settings import load_security
from agency_credit.services.sessions import Visitor, start_session
from agency_credit.services.totp import begin_totp

_NOBODY = Actor(username="-", roles=frozenset())
_RESERVED = frozenset({SYSTEM.username, "-", "operator", "admin", "administrator"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """What is entered beside the code: the login that it opens."""

    username: str
    display_name: str
    password: str


async def activate(office: Office, uscc: str, code: str, wanted: NewLogin, visitor: Visitor) -> str:
    """Open a login with the seat that the code gives, and log in; the token for the cookie.

    An authenticator is begun with it and asked for before anything else.

    Raises
    ------
    ForbiddenError
        Too many failures from this address.
    InputError, RefusedError
        The code is none, not of this agency, used, cancelled or too old; the agency is closed.
    FaultsError
        Everything that is wrong with user name, name and password; the code is still good.
    """
    attempt = await note_attempt(office, "", visitor.address)
    row = await find_code(uscc, code)
    settings = await load_security()
    faults = [*_find_name_faults(wanted)]
    try:
        await check_password(wanted.password, wanted.username, settings)
    except InputError as error:
        faults.append(_fault("password", error))
    hashed = "" if faults else await hash_password(wanted.password)
    async with operation(office, _NOBODY, "desk.activate", uscc, roles=None) as op:
        await check_code(op, row)
        if await _is_taken(wanted.username):
            faults.append(_taken(wanted.username))
        if faults:
            raise FaultsError("activation", tuple(faults))
        await spend_code(op, row, wanted.username)
        person = await insert_person(
            wanted.username, wanted.display_name, frozenset({Role.AGENCY}), op.at, requires_totp=True
        )
        await store_password(person, hashed, op.at, settings)
        await append_seat(person, row["agency"], DeskRight(row["right"]), row["created_by"], op.at)
        op.actor = Actor(username=wanted.username, roles=AGENCY, person_id=person)
        await _tell_managers(op, row["agency"], wanted.display_name)
        op.details.update(right=row["right"], code_of=row["created_by"])
    await note_success(attempt)
    actor = await load_actor(wanted.username)
    assert actor is not None, "it was opened just now"
    await begin_totp(office, actor)
    return await start_session(office, actor, visitor)


async def join_desk(office: Office, actor: Actor, uscc: str, code: str, visitor: Visitor) -> Seat:
    """Add the seat that the code gives to one's own login; a wider right takes the place of a narrower one.

    Raises
    ------
    ForbiddenError
        Too many failures, or the actor is no person of an agency.
    InputError, RefusedError
        As `activate`.
    ConflictError
        The actor sits there with this right or a wider one; the code is still good.
    """
    assert actor.person_id is not None, "who is logged in has an account"
    attempt = await note_attempt(office, confirming(actor.username), visitor.address)
    row = await find_code(uscc, code)
    right = DeskRight(row["right"])
    async with operation(office, actor, "desk.join", uscc, roles=AGENCY) as op:
        await check_code(op, row)
        await spend_code(op, row, actor.username)
        is_mine = (AgencySeat.person == actor.person_id) & (AgencySeat.agency == row["agency"])
        seat = await AgencySeat.select().where(is_mine & AgencySeat.ended_at.is_null()).first()
        if seat is not None and not DeskRight(seat["right"]).covers(right):
            await end_seat_row(op, seat["id"])
        await append_seat(actor.person_id, row["agency"], right, row["created_by"], op.at)
        await _tell_managers(op, row["agency"], actor.display_name or actor.username)
        op.details.update(right=right.value, code_of=row["created_by"])
    await note_success(attempt)
    return Seat(agency_id=row["agency"], uscc=uscc, name=row["agency_name"], right=right)


async def _tell_managers(op: Operation, agency: int, who: str) -> None:
    """Whoever manages the desk learns of each new seat, also by a letter that somebody else opened."""
    notice = NewNotice(kind="desk.joined", what=who, path="/people")
    await tell_agency(op, agency, notice, DeskRight.MANAGER)


def _find_name_faults(wanted: NewLogin) -> list[Fault]:
    faults = []
    try:
        check_account(wanted.username, AGENCY, None, "-")
    except InputError as error:
        faults.append(_fault("username", error))
    for field, text in (("username", wanted.username), ("display_name", wanted.display_name)):
        try:
            check_publishable(text)
        except AgencyCreditError as error:
            faults.append(_fault(field, error))
    return faults


async def _is_taken(username: str) -> bool:
    """Whether an account has this name, or whoever works at the machine may have: its lines would mix."""
    if not username.isprintable():
        return False
    if username.casefold() in _RESERVED or await Person.exists().where(Person.username == username):
        return True
    try:
        pwd.getpwnam(username)
    except (KeyError, ValueError):
        return False
    return True


def _taken(username: str) -> Fault:
    return Fault(
        at="username",
        code="person.exists",
        template="the user name {username} is taken",
        params={"username": username},
    )


def _fault(at: str, error: AgencyCreditError) -> Fault:
    return Fault(at=at, code=error.code, template=error.template, params=error.params)
