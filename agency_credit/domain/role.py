"""Who does what: the roles of people in the office."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A right of a person; one person may hold several, but never approves his own work."""

    DRAFTER = "drafter"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    INSPECTOR = "inspector"


EVERYBODY = frozenset(Role)
DRAFTER = frozenset({Role.DRAFTER})
APPROVER = frozenset({Role.APPROVER})
AUDITOR = frozenset({Role.AUDITOR})
ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
INSPECTOR = frozenset({Role.INSPECTOR})
DRAW_PEOPLE = DRAFTER | APPROVER
DRAW_READERS = DRAW_PEOPLE | AUDITOR
IMPORTERS = DRAFTER | ADMINISTRATOR
RATERS = DRAFTER | APPROVER | ADMINISTRATOR
"""Sets of roles, of which any one opens a use case and the pages that lead to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person who is logged in, or the operator of the machine (no `person_id`).

    Parameters
    ----------
    display_name
        As the pages name the person; empty: by the user name.
    """

    username: str
    roles: frozenset[Role]
    person_id: int | None = None
    inspector_id: int | None = None
    agency_id: int | None = None
    display_name: str = ""


SYSTEM = Actor(username="system", roles=frozenset())
