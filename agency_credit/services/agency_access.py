"""Which agencies have a login, and the letters that give them one: the office's side of `activation`.

The security administrator does it: he gives rights to people; whoever keeps the registers gives none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from piccolo.columns.combination import And, Where, WhereRaw

from agency_credit.database.tables import ActivationCode, Agency, AgencySeat
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import SECURITY_ADMINISTRATOR, Actor, DeskRight
from agency_credit.services.activation_codes import (
    CLOSED,
    OFFICE,
    NewCode,
    append_code,
    cancel_codes,
    cancel_codes_by,
)
from agency_credit.services.agency_seats import end_seat_row
from agency_credit.services.desk_people import DeskPerson, load_desk_people
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.register import load_agency_row
from agency_credit.services.register_search import like_patterns
from agency_credit.services.security_settings import load_security

STATES = ("none", "open", "late", "people")
"""How an agency stands: no way in, a letter that is still good, one that is too old, people with seats."""
PAGE_SIZE = 50
Condition = Where | And | WhereRaw


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAccess:
    """An agency and its way in.

    Parameters
    ----------
    state
        One of `STATES`; an agency with people may have an open letter too.
    open_until
        Of the letter that was not used yet; None: there is none.
    """

    uscc: str
    name: str
    status: str
    state: str
    n_people: int
    open_until: datetime | None

    @property
    def is_closed(self) -> bool:
        """Whether nobody new comes to its desk."""
        return self.status in CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPage:
    """A page of agencies by code; `after` asks for the next one, None at the end; `total` counts all."""

    items: tuple[AgencyAccess, ...]
    total: int
    after: str | None


async def load_access_page(
    office: Office, *, q: str = "", state: str = "", after: str = "", limit: int = PAGE_SIZE
) -> AccessPage:
    """Agencies by code and how they get in.

    Parameters
    ----------
    q
        Words that all occur in name, pinyin initials or codes.
    state
        Only those in this one of `STATES`; anything else: all.
    after
        The code of the last agency of the page before.
    """
    where: list[Condition] = [
        WhereRaw("agency.search_text LIKE {} ESCAPE '!'", pattern) for pattern in like_patterns(q[:64])
    ]
    where += _state_conditions(office, state)
    counted, selected = Agency.count(), Agency.select()
    for condition in where:
        counted, selected = counted.where(condition), selected.where(condition)
    if after.isprintable():
        selected = selected.where(Agency.uscc > after[:18])
    rows = await selected.order_by(Agency.uscc).limit(limit + 1)
    items = await _load_access(office, rows[:limit])
    return AccessPage(items=items, total=await counted, after=items[-1].uscc if len(rows) > limit else None)


async def load_agency_access(office: Office, uscc: str) -> tuple[AgencyAccess, tuple[DeskPerson, ...]]:
    """One agency with its people; raises NotFoundError."""
    row = await load_agency_row(uscc)
    (access,) = await _load_access(office, [row])
    return access, await load_desk_people(row["id"])


async def issue_codes(office: Office, actor: Actor, usccs: Collection[str]) -> list[NewCode]:
    """A letter's code for the manager of each of these agencies; a former one that is open is cancelled.

    Raises
    ------
    InputError
        No agency was named.
    NotFoundError, RefusedError
        An agency that is not there, or is closed; then none gets one.
    """
    settings = await load_security()
    wanted = sorted(set(usccs))
    subject = wanted[0] if len(wanted) == 1 else "agencies"
    async with operation(office, actor, "activation.issue", subject, roles=SECURITY_ADMINISTRATOR) as op:
        if not 1 <= len(wanted) <= PAGE_SIZE:
            raise InputError("activation.none", "choose 1 to {n} agencies", n=PAGE_SIZE)
        codes = [
            await append_code(
                op, await load_agency_row(uscc), DeskRight.MANAGER, settings.activation, origin=OFFICE
            )
            for uscc in wanted
        ]
        op.details["agencies"] = " ".join(wanted)
        return codes


async def cancel_letter(office: Office, actor: Actor, uscc: str) -> None:
    """Cancel the open code of an agency.

    Raises
    ------
    NotFoundError
        None is open.
    """
    async with operation(office, actor, "activation.cancel", uscc, roles=SECURITY_ADMINISTRATOR) as op:
        agency = await load_agency_row(uscc)
        which = (ActivationCode.agency == agency["id"]) & (ActivationCode.origin == OFFICE)
        if not await cancel_codes(op, which):
            raise NotFoundError("activation.none-open", "no code of {uscc} is open", uscc=uscc)


async def end_agency_seats(office: Office, actor: Actor, uscc: str, *, only: int | None = None) -> int:
    """End the seats at the desk of an agency, also the last manager's; how many.

    Parameters
    ----------
    only
        This seat alone; None: all, and the codes that are open with them.

    Raises
    ------
    NotFoundError
        There is none to end.
    """
    async with operation(office, actor, "activation.end-seats", uscc, roles=SECURITY_ADMINISTRATOR) as op:
        agency = await load_agency_row(uscc)
        people = [one for one in await load_desk_people(agency["id"]) if only in (None, one.seat)]
        if not people:
            raise NotFoundError("desk.seat-unknown", "nobody has this seat at this desk; load the page again")
        for person in people:
            await end_seat_row(op, person.seat)
            await cancel_codes_by(op, person.username, agency["id"])
        if only is None:
            await cancel_codes(op, ActivationCode.agency == agency["id"])
        op.details["people"] = " ".join(person.username for person in people)
    return len(people)


def _state_conditions(office: Office, state: str) -> list[Condition]:
    agency: Any = Agency.id
    seated = AgencySeat.select(AgencySeat.agency).where(_is_seated())
    if state not in STATES:
        return []
    if state == "people":
        return [agency.is_in(seated)]
    if state == "none":
        return [agency.not_in(seated), agency.not_in(_agencies_with(_is_pending()))]
    now = office.now()
    if state == "open":
        return [agency.is_in(_agencies_with(And(_is_pending(), ActivationCode.expires_at > now)))]
    late = _agencies_with(And(_is_pending(), ActivationCode.expires_at <= now))
    return [agency.not_in(seated), agency.is_in(late)]


def _agencies_with(code: Condition) -> Any:
    return ActivationCode.select(ActivationCode.agency).where(code)


def _is_seated() -> Condition:
    person: Any = AgencySeat.person
    return And(AgencySeat.ended_at.is_null(), person.is_active == True)  # noqa: E712


def _is_pending() -> Condition:
    is_open = ActivationCode.used_at.is_null() & ActivationCode.cancelled_at.is_null()
    return is_open & (ActivationCode.origin == OFFICE)


async def _load_access(office: Office, rows: Sequence[dict[str, Any]]) -> tuple[AgencyAccess, ...]:
    ids = [row["id"] for row in rows] or [0]
    seats = await AgencySeat.select(AgencySeat.agency).where(_is_seated() & AgencySeat.agency.is_in(ids))
    codes = await ActivationCode.select(ActivationCode.agency, ActivationCode.expires_at).where(
        _is_pending() & ActivationCode.agency.is_in(ids)
    )
    until = {code["agency"]: code["expires_at"] for code in codes}
    return tuple(
        _access(office, row, sum(seat["agency"] == row["id"] for seat in seats), until.get(row["id"]))
        for row in rows
    )


def _access(office: Office, row: dict[str, Any], n_people: int, until: datetime | None) -> AgencyAccess:
    is_open = until is not None and until > office.now()
    state = "people" if n_people else "open" if is_open else "late" if until else "none"
    return AgencyAccess(
        uscc=row["uscc"],
        name=row["name"],
        status=row["status"],
        state=state,
        n_people=n_people,
        open_until=until,
    )
