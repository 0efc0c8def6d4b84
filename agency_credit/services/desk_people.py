"""The people of an agency, as its managers name and dismiss them; nobody changes his own right.

A manager sees the people of the own desk only, and nothing of other desks at which they sit. Passwords and
authenticators are not his: whoever lost them gets in again through the office.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.query.functions.aggregate import Max

from agency_credit.database.tables import ActivationCode, AgencySeat, AuditLine
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import AGENCY, Actor, DeskRight
from agency_credit.publication.masking import check_publishable
from agency_credit.services.activation_codes import (
    DESK,
    NewCode,
    append_code,
    cancel_codes,
    cancel_codes_by,
)
from agency_credit.services.agency_seats import append_seat, end_seat_row, seat_of
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.register import load_agency_row
from agency_credit.services.security_settings import load_security

MAX_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPerson:
    """Somebody with a seat at a desk.

    Parameters
    ----------
    last_login_at
        None: never yet, by what the audit lines tell.
    """

    seat: int
    username: str
    name: str
    right: DeskRight
    given_at: datetime
    last_login_at: datetime | None
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCode:
    """A code that a manager handed out and nobody used yet; `is_late`: it is too old by now."""

    number: int
    issued_for: str
    right: DeskRight
    created_by: str
    expires_at: datetime
    is_late: bool


async def load_desk_people(agency: int) -> tuple[DeskPerson, ...]:
    """Who sits at the desk of an agency, managers first."""
    person: Any = AgencySeat.person
    rows = await (
        AgencySeat.select(
            AgencySeat.id,
            AgencySeat.right,
            AgencySeat.given_at,
            person.username.as_alias("username"),
            person.display_name.as_alias("name"),
            person.is_active.as_alias("is_active"),
        )
        .where((AgencySeat.agency == agency) & AgencySeat.ended_at.is_null())
        .order_by(AgencySeat.id)
    )
    logins = await _load_last_logins([row["username"] for row in rows])
    people = (
        DeskPerson(
            seat=row["id"],
            username=row["username"],
            name=row["name"],
            right=DeskRight(row["right"]),
            given_at=row["given_at"],
            last_login_at=logins.get(row["username"]),
            is_active=row["is_active"],
        )
        for row in rows
    )
    rights = list(DeskRight)
    return tuple(sorted(people, key=lambda one: rights.index(one.right)))


async def load_waiting_codes(office: Office, agency: int) -> tuple[WaitingCode, ...]:
    """Codes that managers handed out and nobody used, the newest first."""
    is_open = ActivationCode.used_at.is_null() & ActivationCode.cancelled_at.is_null()
    rows = await (
        ActivationCode.select()
        .where((ActivationCode.agency == agency) & (ActivationCode.origin == DESK) & is_open)
        .order_by(ActivationCode.id, ascending=False)
    )
    return tuple(
        WaitingCode(
            number=row["id"],
            issued_for=row["issued_for"],
            right=DeskRight(row["right"]),
            created_by=row["created_by"],
            expires_at=row["expires_at"],
            is_late=row["expires_at"] <= office.now(),
        )
        for row in rows
    )


async def invite_to_desk(
    office: Office, actor: Actor, uscc: str, issued_for: str, right: DeskRight
) -> NewCode:
    """A code for a further person of the own agency, who chooses user name and password with it.

    Raises
    ------
    NotFoundError, ForbiddenError
        The actor has no seat there, or does not manage the desk.
    InputError, RefusedError
        No name, or one with a personal number in it; the agency gets no new people.
    """
    seat_of(actor, uscc, DeskRight.MANAGER)
    settings = await load_security()
    async with operation(office, actor, "desk.invite", uscc, roles=AGENCY) as op:
        await _check_manager(op, uscc)
        if not 1 <= len(issued_for) <= MAX_NAME:
            raise InputError("account.name", "a name has 1 to {n} characters", n=MAX_NAME)
        check_publishable(issued_for)
        agency = await load_agency_row(uscc)
        op.details["for"] = issued_for
        return await append_code(op, agency, right, settings.invitation, origin=DESK, issued_for=issued_for)


async def cancel_desk_code(office: Office, actor: Actor, uscc: str, number: int) -> None:
    """Cancel a code that was handed out and not used.

    Raises
    ------
    NotFoundError
        There is no such code at this desk any more.
    """
    seat_of(actor, uscc, DeskRight.MANAGER)
    async with operation(office, actor, "desk.cancel-code", uscc, roles=AGENCY) as op:
        agency = await _check_manager(op, uscc)
        op.details["code"] = number
        which = (ActivationCode.id == number) & (ActivationCode.agency == agency)
        if not await cancel_codes(op, which & (ActivationCode.origin == DESK)):
            raise NotFoundError(
                "desk.code-gone", "this code was used or cancelled meanwhile; load the page again"
            )


async def change_desk_right(office: Office, actor: Actor, uscc: str, seat: int, right: DeskRight) -> None:
    """Give somebody at the own desk another right; what was taken away is gone at his next request.

    Raises
    ------
    NotFoundError
        Nobody has this seat at this desk.
    RefusedError
        The own seat, or a wider right at an agency that is closed.
    """
    seat_of(actor, uscc, DeskRight.MANAGER)
    async with operation(office, actor, "desk.change-right", uscc, roles=AGENCY) as op:
        agency = await _check_manager(op, uscc)
        row = await _load_seat(agency, seat)
        if row["person"] == actor.person_id:
            raise RefusedError("desk.own-right", "nobody changes his own right; another manager does")
        before = DeskRight(row["right"])
        op.details.update(person=row["username"], before=before.value, after=right.value)
        if before is right:
            return
        await end_seat_row(op, seat)
        await append_seat(row["person"], agency, right, actor.username, op.at)
        if before is DeskRight.MANAGER:
            op.details["codes_cancelled"] = await cancel_codes_by(op, row["username"], agency)


async def end_desk_seat(office: Office, actor: Actor, uscc: str, seat: int) -> bool:
    """End a seat at the own desk; whether it was one's own, which takes another manager who stays.

    Raises
    ------
    NotFoundError
        Nobody has this seat at this desk.
    RefusedError
        The last manager who can log in.
    """
    seat_of(actor, uscc, DeskRight.MANAGER)
    async with operation(office, actor, "desk.end-seat", uscc, roles=AGENCY) as op:
        agency = await _check_manager(op, uscc)
        row = await _load_seat(agency, seat)
        if row["person"] == actor.person_id and not await _has_other_manager(agency, row["person"]):
            raise RefusedError(
                "desk.last-manager",
                "you are the only one who manages this desk; name another manager first, or ask the office",
            )
        op.details.update(person=row["username"], right=row["right"])
        await end_seat_row(op, seat)
        op.details["codes_cancelled"] = await cancel_codes_by(op, row["username"], agency)
        return bool(row["person"] == actor.person_id)


async def _check_manager(op: Operation, uscc: str) -> int:
    """The agency, where the actor still manages its desk now that it is his turn."""
    agency: Any = AgencySeat.agency
    row = await (
        AgencySeat.select(AgencySeat.agency, AgencySeat.right)
        .where((AgencySeat.person == op.actor.person_id) & AgencySeat.ended_at.is_null())
        .where(agency.uscc == uscc)
        .first()
    )
    if row is None or row["right"] != DeskRight.MANAGER.value:
        raise ForbiddenError("desk.right-gone", "you no longer manage this desk; load the page again")
    return int(row["agency"])


async def _load_seat(agency: int, seat: int) -> dict[str, Any]:
    person: Any = AgencySeat.person
    row: dict[str, Any] | None = await (
        AgencySeat.select(AgencySeat.person, AgencySeat.right, person.username.as_alias("username"))
        .where((AgencySeat.id == seat) & (AgencySeat.agency == agency) & AgencySeat.ended_at.is_null())
        .first()
    )
    if row is None:
        raise NotFoundError("desk.seat-unknown", "nobody has this seat at this desk; load the page again")
    return row


async def _has_other_manager(agency: int, person: int) -> bool:
    whose: Any = AgencySeat.person
    return bool(
        await AgencySeat.exists().where(
            (AgencySeat.agency == agency)
            & AgencySeat.ended_at.is_null()
            & (AgencySeat.right == DeskRight.MANAGER.value)
            & (AgencySeat.person != person)
            & (whose.is_active == True)  # noqa: E712
            & (whose.password_hash != "")
        )
    )


async def _load_last_logins(usernames: Collection[str]) -> dict[str, datetime]:
    if not usernames:
        return {}
    rows = await (
        AuditLine.select(AuditLine.actor, Max(AuditLine.at, "last"))
        .where(AuditLine.actor.is_in(list(usernames)) & (AuditLine.action == "session.open"))
        .where(AuditLine.outcome == "done")
        .group_by(AuditLine.actor)
    )
    return {row["actor"]: _instant(row["last"]) for row in rows}


def _instant(value: object) -> datetime:
    """An aggregate of instants comes as text from SQLite."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
