"""Who does what: the roles of people in the office."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A right of a person; one person may hold several, but never approves his own work.

    The three administrators (三权分立) exclude each other; the audit administrator and an agency's person
    hold nothing else (`find_conflict`).
    """

    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"
    DRAFTER = "drafter"
    APPROVER = "approver"
    PUBLISHER = "publisher"
    INSPECTOR = "inspector"
    AGENCY = "agency"


SYSTEM_ADMINISTRATOR = frozenset({Role.SYSTEM})
SECURITY_ADMINISTRATOR = frozenset({Role.SECURITY})
AUDIT_ADMINISTRATOR = frozenset({Role.AUDIT})
DRAFTER = frozenset({Role.DRAFTER})
APPROVER = frozenset({Role.APPROVER})
PUBLISHER = frozenset({Role.PUBLISHER})
INSPECTOR = frozenset({Role.INSPECTOR})
EVERYBODY = frozenset(Role)
OFFICE = EVERYBODY - {Role.AGENCY}
AGENCY = frozenset({Role.AGENCY})
DRAW_PEOPLE = DRAFTER | APPROVER
DRAW_READERS = DRAW_PEOPLE | PUBLISHER | AUDIT_ADMINISTRATOR
IMPORTERS = DRAFTER | SYSTEM_ADMINISTRATOR
ALARM_READERS = DRAW_READERS | SYSTEM_ADMINISTRATOR
RATERS = DRAFTER | APPROVER | SYSTEM_ADMINISTRATOR
"""Sets of roles, of which any one opens a use case and the pages that lead to it."""

OPERATOR = SYSTEM_ADMINISTRATOR | SECURITY_ADMINISTRATOR
"""Rights of whoever sits at the machine and has no account: who holds the data folder holds the office."""


class DeskRight(StrEnum):
    """What a person may do at the desk of an agency; each includes those after it.

    A manager names and dismisses the agency's other people, a clerk objects, applies for repair and
    replies, a reader reads.
    """

    MANAGER = "manager"
    CLERK = "clerk"
    READER = "reader"

    def covers(self, other: DeskRight) -> bool:
        """Whether whoever has this right may do what `other` allows."""
        rights = list(DeskRight)
        return rights.index(self) <= rights.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person's place at the desk of an agency; one person may have several (branches).

    Parameters
    ----------
    agency_id
        Number of the agency in the register.
    """

    agency_id: int
    uscc: str
    name: str
    right: DeskRight


_ALONE = (Role.AUDIT, Role.AGENCY)


def find_conflict(roles: Collection[Role]) -> tuple[Role, Role] | None:
    """Two roles of which nobody may hold both; None where there are none.

    Whoever runs the machine does not say who may do what, and whoever watches both does nothing else.
    """
    for alone in _ALONE:
        others = sorted(set(roles) - {alone})
        if alone in roles and others:
            return alone, others[0]
    if {Role.SYSTEM, Role.SECURITY} <= set(roles):
        return Role.SYSTEM, Role.SECURITY
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person who is logged in, or the operator of the machine (no `person_id`).

    Parameters
    ----------
    display_name
        As the pages name the person; empty: by the user name.
    seats
        The desks of agencies at which the person may sit (role agency).
    os_user
        The user of the operating system where another name was given on the command line; goes into the
        audit lines.
    """

    username: str
    roles: frozenset[Role]
    person_id: int | None = None
    inspector_id: int | None = None
    seats: tuple[Seat, ...] = ()
    display_name: str = ""
    os_user: str = ""


def find_seat(actor: Actor, uscc: str) -> Seat | None:
    """The actor's seat at the desk of the agency with this code; None: no seat there."""
    return next((seat for seat in actor.seats if seat.uscc == uscc), None)


SYSTEM = Actor(username="system", roles=frozenset())
