"""Notices without mail, to people of the office and of agencies: written by the use case behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from piccolo.columns.combination import And

from agency_credit.database import append_rows, transaction
from agency_credit.database.tables import InspectionSeat, Notice, Person, PersonRole
from agency_credit.domain.role import Actor, DeskRight, Role
from agency_credit.services.agency_seats import load_people_at_desks
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """What there is to say.

    Parameters
    ----------
    kind
        What happened, such as ``"result.review"``; the pages have the words.
    what
        The agency or draw concerned.
    path
        Where to go.
    due_on
        By when something is to be done.
    shown_from
        The notice appears from this instant on; None: at once.
    """

    kind: str
    what: str
    path: str
    due_on: date | None = None
    shown_from: datetime | None = None


async def append_notices(op: Operation, people: Iterable[int], notice: NewNotice) -> None:
    """Tell `people`, the actor himself excepted."""
    await append_rows(Notice, _rows(op, people, notice))


async def tell_agency(
    op: Operation, agency: int, notice: NewNotice, right: DeskRight = DeskRight.READER
) -> None:
    """Tell everybody at the desk of an agency whose right covers `right`, the actor himself excepted.

    Parameters
    ----------
    agency
        Its number in the register.
    notice
        Its path is that below the desk, such as ``"/records/…"``; empty: the desk itself.
    """
    await tell_agencies(op, {agency: [notice]}, right)


async def tell_agencies(
    op: Operation, notices: Mapping[int, Sequence[NewNotice]], right: DeskRight = DeskRight.READER
) -> None:
    """As `tell_agency`, of many agencies at once: whoever has nobody at his desk is told nothing."""
    rows: list[dict[str, Any]] = []
    for agency, desk in (await load_people_at_desks(notices, right)).items():
        for notice in notices[agency]:
            there = replace(notice, path=f"{desk_path(desk.uscc)}{notice.path}")
            rows += _rows(op, desk.people, there)
    await append_rows(Notice, rows)


def desk_path(uscc: str) -> str:
    """Where the desk of an agency is."""
    return f"/desk/{uscc}"


def _rows(op: Operation, people: Iterable[int], notice: NewNotice) -> list[dict[str, Any]]:
    return [
        {
            "person": person,
            "kind": notice.kind,
            "what": notice.what[:_LONGEST],
            "path": notice.path,
            "due_on": notice.due_on,
            "shown_from": notice.shown_from or op.at,
            "at": op.at,
            "read_at": None,
        }
        for person in sorted(set(people))
        if person != op.actor.person_id or notice.shown_from is not None
    ]


async def tell_teams(op: Operation, draw: int) -> None:
    """Tell each member of the teams of a draw, where he has an account, whom his team visits."""
    inspection: Any = InspectionSeat.inspection
    rows = await InspectionSeat.select(
        InspectionSeat.inspector, InspectionSeat.inspection, inspection.agency.name.as_alias("agency")
    ).where((inspection.draw == draw) & InspectionSeat.inspector.is_not_null())
    accounts = {
        row["inspector"]: row["id"]
        for row in await Person.select(Person.id, Person.inspector).where(
            Person.inspector.is_not_null() & (Person.is_active == True)  # noqa: E712
        )
    }
    for row in rows:
        if row["inspector"] in accounts:
            path = f"/admin/inspections/{row['inspection']}"
            notice = NewNotice(kind="team.assigned", what=row["agency"], path=path)
            await append_notices(op, [accounts[row["inspector"]]], notice)


async def settle_notices(op: Operation, path: str, *kinds: str) -> None:
    """What these notices asked for is done: nobody has to read them any more."""
    await Notice.update({Notice.read_at: op.at}).where(
        (Notice.path == path) & Notice.kind.is_in(list(kinds)) & Notice.read_at.is_null()
    )


async def load_people_with(role: Role, *, but: Iterable[int] = ()) -> set[int]:
    """The active accounts with a role."""
    rows = await PersonRole.select(PersonRole.person).where(
        (PersonRole.role == role.value) & (PersonRole.person.is_active == True)  # noqa: E712
    )
    return {row["person"] for row in rows} - set(but)


async def load_notices(
    office: Office, actor: Actor, limit: int = 100, *, desk: str = ""
) -> list[dict[str, Any]]:
    """The newest notices of the actor, unread ones first; nobody sees another's.

    Parameters
    ----------
    desk
        Code of an agency: those alone that lead to its desk.
    """
    if actor.person_id is None:
        return []
    shown = (Notice.person == actor.person_id) & (Notice.shown_from <= office.now())
    rows: list[dict[str, Any]] = await (
        Notice.select()
        .where(_at_desk(shown, desk))
        .order_by(Notice.shown_from, Notice.id, ascending=False)
        .limit(limit)
    )
    return sorted(rows, key=lambda row: row["read_at"] is not None)


async def count_unread(office: Office, actor: Actor, *, desk: str = "") -> int:
    """How many notices of the actor are unread; `desk` as in `load_notices`."""
    if actor.person_id is None:
        return 0
    return int(await Notice.count().where(_at_desk(_is_unread(office, actor.person_id), desk)))


async def mark_read(office: Office, actor: Actor, notice: int | None = None, *, desk: str = "") -> None:
    """The actor has read one of his notices, or (None) all that are shown; no matter of record."""
    if actor.person_id is None:
        return
    condition = _at_desk(_is_unread(office, actor.person_id), desk)
    async with transaction():
        await Notice.update({Notice.read_at: office.now()}).where(
            condition if notice is None else condition & (Notice.id == notice)
        )


def _is_unread(office: Office, person: int) -> And:
    return (Notice.person == person) & Notice.read_at.is_null() & (Notice.shown_from <= office.now())


def _at_desk(condition: And, desk: str) -> And:
    if not desk:
        return condition
    root = desk_path(desk)
    return condition & ((Notice.path == root) | Notice.path.like(f"{root}/%"))
