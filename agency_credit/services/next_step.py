"""What comes next in a draw, who may do it, by when (draw-protocol.md, section 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agency_credit.database.tables import Person
from agency_credit.domain.role import Actor, Role
from agency_credit.inspection.draw_states import TO_DRAW


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next, and who may do it.

    Parameters
    ----------
    kind
        finish, approve, values, draw, inspect, publish, names or none.
    roles
        Who may; `not_by`: names of the people who may not, since they had a hand in the draft.
    from_at, until_at
        From when and by when; None: no instant is set.
    is_mine
        Whether the person who looks at it may.
    """

    kind: str
    roles: tuple[Role, ...] = ()
    not_by: tuple[str, ...] = ()
    from_at: datetime | None = None
    until_at: datetime | None = None
    is_mine: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a draw has come: all that its next step hangs on.

    Parameters
    ----------
    publication
        As in the plan: ``"at-once"`` or ``"after-inspection"``.
    value_times
        When its public values can be known.
    n_open
        Inspections that publication waits for.
    authors
        Names by person of those who may not approve; only asked for while it waits for its approval.
    """

    state: str
    publication: str
    value_times: tuple[datetime, ...]
    has_all_values: bool
    n_open: int
    is_named: bool
    authors: dict[int, str]


def find_next(course: Course, actor: Actor, now: datetime) -> NextStep:
    """The next step of a draw as `actor` sees it at `now`."""
    kind, roles = _find_kind(course)
    first, last = min(course.value_times, default=None), max(course.value_times, default=None)
    from_at = until_at = None
    if kind == "approve":
        until_at = first
    elif kind in ("values", "draw"):
        from_at, until_at = first, None if last is None else last + TO_DRAW
    blocked = course.authors if kind == "approve" else {}
    return NextStep(
        kind=kind,
        roles=roles,
        not_by=tuple(sorted(set(blocked.values()))),
        from_at=from_at,
        until_at=until_at,
        is_mine=bool(actor.roles & set(roles)) and actor.person_id not in blocked,
        is_late=until_at is not None and now >= until_at,
    )


async def load_authors(authors: frozenset[int]) -> dict[int, str]:
    """The names of people as the pages show them."""
    rows = await Person.select(Person.id, Person.username, Person.display_name).where(
        Person.id.is_in(sorted(authors))
    )
    return {row["id"]: row["display_name"] or row["username"] for row in rows}


def _find_kind(course: Course) -> tuple[str, tuple[Role, ...]]:
    is_public_late = course.publication == "after-inspection"
    if course.state == "drafted":
        return "finish", (Role.DRAFTER,)
    if course.state == "announced":
        return "approve", (Role.APPROVER,)
    if course.state == "approved":
        return "draw" if course.has_all_values else "values", (Role.DRAFTER, Role.APPROVER)
    if course.state == "drawn" and (course.n_open == 0 or not is_public_late):
        return "publish", (Role.PUBLISHER,)
    if course.state == "voided" or (course.state == "published" and (is_public_late or course.is_named)):
        return "none", ()
    if course.n_open == 0:
        return "names", (Role.PUBLISHER,)
    return "inspect", (Role.INSPECTOR,)
