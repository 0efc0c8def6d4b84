"""What comes next in a draw, who may do it, by when (draw-protocol.md, section 9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agency_credit.database.tables import Person
from agency_credit.domain.day import day_in_china
from agency_credit.domain.role import Actor, Role
from agency_credit.inspection.draw_states import TO_DRAW, has_lapsed


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """What comes next, and who may do it.

    Parameters
    ----------
    kind
        finish, approve, lapsed, values, draw, inspect, original, publish, names or none.
    roles
        Who may; `not_by`: names of the people who may not, since they had a hand in the draft.
    from_at, until_at
        From when and by when; None: no instant is set.
    until_on
        The last day, where a day is set and no instant: that of the first result still to be published.
    is_mine
        Whether the person who looks at it may.
    """

    kind: str
    roles: tuple[Role, ...] = ()
    not_by: tuple[str, ...] = ()
    from_at: datetime | None = None
    until_at: datetime | None = None
    until_on: date | None = None
    is_mine: bool = False
    is_late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stretch of the way of a draw, named after the step that ends it; `place`: done, here or later."""

    kind: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a draw has come: all that its next step hangs on.

    Parameters
    ----------
    publication
        As in the plan: ``"at-once"`` or ``"after-inspection"``.
    value_times
        When its public values can be known; of a draft, as far as it says so by now.
    n_open
        Inspections that publication waits for.
    is_original_open
        It is a supplement, and the draw that it supplements is not published yet.
    authors
        Names by person of those who may not approve; only asked for while it waits for its approval.
    due_on
        When the first of its results is to be published; None: no day is set yet.
    """

    state: str
    publication: str
    value_times: tuple[datetime, ...]
    has_all_values: bool
    n_open: int
    is_named: bool
    authors: dict[int, str]
    due_on: date | None = None
    is_original_open: bool = False


_WAY = {
    "after-inspection": ("finish", "approve", "values", "draw", "inspect", "publish"),
    "at-once": ("finish", "approve", "values", "draw", "publish", "inspect", "names"),
}


def tell_stages(kind: str, publication: str) -> tuple[Stage, ...]:
    """The whole way of a draw whose next step is `kind`; all of it is done where nothing comes next."""
    way = _WAY[publication]
    # its own publication waits for that of another draw; what lapsed stays where it was
    kind = {"original": "publish", "lapsed": "approve"}.get(kind, kind)
    here = way.index(kind) if kind in way else len(way)
    return tuple(
        Stage(kind=stage, place="done" if index < here else "here" if index == here else "later")
        for index, stage in enumerate(way)
    )


def draft_times(sources: Iterable[Mapping[str, Any]]) -> tuple[datetime, ...]:
    """When the public values of a draft can be known, as far as its times can be read by now."""
    times = []
    for source in sources:
        try:
            at = datetime.fromisoformat(str(source.get("at", "")))
        except ValueError:
            continue
        if source.get("kind") == "public" and at.tzinfo is not None:
            times.append(at)
    return tuple(times)


def find_next(course: Course, actor: Actor, now: datetime) -> NextStep:
    """The next step of a draw as `actor` sees it at `now`."""
    first, last = min(course.value_times, default=None), max(course.value_times, default=None)
    kind, roles = _find_kind(course, is_lapsed=has_lapsed((course.state,), first, now))
    from_at = until_at = None
    if kind in ("finish", "approve"):
        until_at = first
    elif kind in ("values", "draw"):
        from_at, until_at = first, None if last is None else last + TO_DRAW
    until_on = course.due_on if kind in ("inspect", "publish", "names") else None
    is_late = until_at is not None and now >= until_at
    blocked = course.authors if kind == "approve" else {}
    return NextStep(
        kind=kind,
        roles=roles,
        not_by=tuple(sorted(set(blocked.values()))),
        from_at=from_at,
        until_at=until_at,
        until_on=until_on,
        is_mine=bool(actor.roles & set(roles)) and actor.person_id not in blocked,
        is_late=is_late or (until_on is not None and until_on < day_in_china(now)),
    )


async def load_authors(authors: frozenset[int]) -> dict[int, str]:
    """The names of people as the pages show them."""
    rows = await Person.select(Person.id, Person.username, Person.display_name).where(
        Person.id.is_in(sorted(authors))
    )
    return {row["id"]: row["display_name"] or row["username"] for row in rows}


def _find_kind(course: Course, *, is_lapsed: bool) -> tuple[str, tuple[Role, ...]]:
    is_public_late = course.publication == "after-inspection"
    if course.state == "drafted":
        return "finish", (Role.DRAFTER,)
    if is_lapsed:
        return "lapsed", (Role.DRAFTER,)
    if course.state == "announced":
        return "approve", (Role.APPROVER,)
    if course.state == "approved":
        return "draw" if course.has_all_values else "values", (Role.DRAFTER, Role.APPROVER)
    if course.state == "drawn" and course.is_original_open and course.n_open == 0:
        return "original", (Role.PUBLISHER,)
    if course.state == "drawn" and (course.n_open == 0 or not is_public_late):
        return "publish", (Role.PUBLISHER,)
    if course.state == "voided" or (course.state == "published" and (is_public_late or course.is_named)):
        return "none", ()
    if course.n_open == 0:
        return "names", (Role.PUBLISHER,)
    return "inspect", (Role.INSPECTOR,)
