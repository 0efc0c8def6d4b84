"""Seats at the desks of agencies: who may do what there; nobody learns whether another desk exists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import AgencySeat
from agency_credit.domain.errors import ConflictError, ForbiddenError, NotFoundError
from agency_credit.domain.role import Actor, DeskRight, Seat, find_seat
from agency_credit.services.operation import Operation


def seat_of(actor: Actor, uscc: str, right: DeskRight = DeskRight.READER) -> Seat:
    """The actor's seat at the desk of the agency `uscc`, good for what `right` allows.

    Raises
    ------
    NotFoundError
        No seat there, whether or not there is such an agency.
    ForbiddenError
        A seat with a narrower right.
    """
    seat = find_seat(actor, uscc)
    if seat is None:
        raise NotFoundError("desk.unknown", "there is no desk of {uscc} for you", uscc=uscc[:40])
    if not seat.right.covers(right):
        raise ForbiddenError(
            "desk.right",
            "your right at this desk does not go so far; ask a manager of your agency for a wider one",
        )
    return seat


async def load_seats_of(person: int) -> tuple[Seat, ...]:
    """The open seats of a person, by the code of the agency."""
    agency: Any = AgencySeat.agency
    rows = await (
        AgencySeat.select(
            AgencySeat.agency,
            AgencySeat.right,
            agency.uscc.as_alias("uscc"),
            agency.name.as_alias("name"),
        )
        .where((AgencySeat.person == person) & AgencySeat.ended_at.is_null())
        .order_by(agency.uscc)
    )
    return tuple(
        Seat(agency_id=row["agency"], uscc=row["uscc"], name=row["name"], right=DeskRight(row["right"]))
        for row in rows
    )


async def append_seat(person: int, agency: int, right: DeskRight, given_by: str, at: datetime) -> None:
    """Give a person a seat, inside the caller's operation.

    Raises
    ------
    ConflictError
        The person has one there.
    """
    is_there = (AgencySeat.person == person) & (AgencySeat.agency == agency) & AgencySeat.ended_at.is_null()
    if await AgencySeat.exists().where(is_there):
        raise ConflictError("desk.seated", "this person has a seat at this desk already")
    await AgencySeat.insert(
        AgencySeat(
            person=person,
            agency=agency,
            right=right.value,
            given_by=given_by,
            given_at=at,
            ended_by="",
            ended_at=None,
        )
    )


async def end_seat_row(op: Operation, seat: int) -> None:
    """End a seat, inside the caller's operation; the row stays."""
    await AgencySeat.update({AgencySeat.ended_at: op.at, AgencySeat.ended_by: op.actor.username}).where(
        (AgencySeat.id == seat) & AgencySeat.ended_at.is_null()
    )


async def load_people_at(agency: int, right: DeskRight = DeskRight.READER) -> set[int]:
    """Active accounts with a seat at the desk of an agency that covers `right`: whom a notice goes to."""
    rows = await AgencySeat.select(AgencySeat.person, AgencySeat.right).where(
        (AgencySeat.agency == agency) & AgencySeat.ended_at.is_null() & (AgencySeat.person.is_active == True)  # noqa: E712
    )
    return {row["person"] for row in rows if DeskRight(row["right"]).covers(right)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleAtDesk:
    """Who sits at the desk of an agency."""

    uscc: str
    people: set[int]


async def load_people_at_desks(
    agencies: Iterable[int], right: DeskRight = DeskRight.READER
) -> dict[int, PeopleAtDesk]:
    """As `load_people_at`, for each of many agencies at whose desk there is somebody.

    Seats are few beside the agencies of a nation: all of them are read, in one query.
    """
    wanted = set(agencies)
    if not wanted:
        return {}
    agency: Any = AgencySeat.agency
    rows = await AgencySeat.select(
        AgencySeat.person, AgencySeat.agency, AgencySeat.right, agency.uscc.as_alias("uscc")
    ).where(AgencySeat.ended_at.is_null() & (AgencySeat.person.is_active == True))  # noqa: E712
    desks: dict[int, PeopleAtDesk] = {}
    for row in rows:
        if row["agency"] in wanted and DeskRight(row["right"]).covers(right):
            desk = desks.setdefault(row["agency"], PeopleAtDesk(uscc=row["uscc"], people=set()))
            desk.people.add(row["person"])
    return desks


async def has_seat(person: int) -> bool:
    """Whether a person sits at any desk."""
    return bool(
        await AgencySeat.exists().where((AgencySeat.person == person) & AgencySeat.ended_at.is_null())
    )
