"""The annual plan of inspections: its rows, the draft of a year, its approved versions, when it is due.

A draft belongs to the office and is changed row by row; what two people put into force is a version that
is only added, public at once. An amendment is the next version.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from agency_credit.database.tables import AnnualPlan, AnnualPlanDraft
from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import DRAFTER, Actor
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.operation import operation
from agency_credit.services.supervision import load_value

FIRST_YEAR, LAST_YEAR = 2015, 2199
"""Years a plan can have; double-random inspections began with the circular of 2015."""
PLAN_DUE = "annual-plan-due"
"""What the profile calls the months from 1 January within which the plan is filed (R11)."""


class PlanRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A task of the plan.

    Parameters
    ----------
    row
        Its number; it keeps it through all versions, and draws name it.
    body
        Who inspects.
    items
        Codes of the item list.
    areas
        District codes; empty: the whole area.
    directed, criteria
        Whether only agencies of some kind are framed, and which, in words.
    fraction, count
        How many are drawn: a fraction as draw-protocol.md writes it, or a number.
    frequency
        Draws in the year.
    months
        When, 1 to 12.
    department
        Who is in charge inside the body.
    partners
        Other bodies of a joint draw.
    """

    row: int
    title: str
    body: str
    items: tuple[str, ...]
    practice_lines: tuple[Literal["patent", "trademark"], ...]
    months: tuple[int, ...]
    frequency: int = 1
    areas: tuple[str, ...] = ()
    directed: bool = False
    criteria: str = ""
    fraction: str = ""
    count: int | None = None
    department: str = ""
    partners: tuple[str, ...] = ()


class PlanContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The plan of a year; its canonical JSON is what the public log binds."""

    authority: str
    rows: tuple[PlanRow, ...]
    year: int


class PlanVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An approved version."""

    year: int
    number: int
    digest: str
    published_at: datetime
    log_index: int | None
    content: PlanContent


class PlanDraftView(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of a year; `based_on` is the version it grew from, 0: none."""

    year: int
    rows: tuple[PlanRow, ...]
    changed_at: datetime | None
    is_changed: bool
    based_on: int


async def load_plan(year: int, number: int | None = None) -> PlanVersion | None:
    """The newest version of the plan of a year, or that of a number; None: there is none."""
    query = AnnualPlan.select().where(AnnualPlan.year == year)
    if number is not None:
        query = query.where(AnnualPlan.number == number)
    row = await query.order_by(AnnualPlan.number, ascending=False).first()
    return None if row is None else _version(row)


async def load_plan_versions(year: int) -> tuple[PlanVersion, ...]:
    """All versions of the plan of a year, the newest first."""
    rows = (
        await AnnualPlan.select().where(AnnualPlan.year == year).order_by(AnnualPlan.number, ascending=False)
    )
    return tuple(_version(row) for row in rows)


async def load_planned_years() -> tuple[int, ...]:
    """Years with an approved plan, the newest first."""
    rows = await AnnualPlan.select(AnnualPlan.year)
    return tuple(sorted({row["year"] for row in rows}, reverse=True))


async def load_plan_number(subject: str) -> int:
    """The number that the plan of a year (``"2026"``) has reached."""
    version = await load_plan(parse_year(subject))
    return 0 if version is None else version.number


async def load_plan_draft(year: int) -> PlanDraftView:
    """The draft of a year; where nobody wrote one, the rows of the newest version."""
    version = await load_plan(year)
    known = version.content.rows if version else ()
    row = await AnnualPlanDraft.select().where(AnnualPlanDraft.year == year).first()
    rows = known if row is None else msgspec.json.decode(row["content_json"], type=tuple[PlanRow, ...])
    return PlanDraftView(
        year=year,
        rows=rows,
        changed_at=None if row is None else row["changed_at"],
        is_changed=rows != known,
        based_on=version.number if version else 0,
    )


async def save_plan_row(office: Office, actor: Actor, year: int, row: PlanRow) -> int:
    """Put a row into the draft of a year; with number 0 a new one. Its number."""
    async with operation(office, actor, "plan.row", f"{year}", roles=DRAFTER) as op:
        draft = await load_plan_draft(year)
        taken = {known.row for known in await _load_all_rows(year)} | {known.row for known in draft.rows}
        if row.row and row.row not in {known.row for known in draft.rows}:
            raise _unknown(year, row.row)
        number = row.row or max(taken, default=0) + 1
        new = msgspec.structs.replace(row, row=number)
        rows = [*(known for known in draft.rows if known.row != number), new]
        await _save(actor, op.at, year, sorted(rows, key=lambda one: one.row))
        op.details["row"] = number
    return number


async def remove_plan_row(office: Office, actor: Actor, year: int, number: int) -> None:
    """Take a row out of the draft of a year; what was approved keeps it."""
    async with operation(office, actor, "plan.row-remove", f"{year}", roles=DRAFTER) as op:
        draft = await load_plan_draft(year)
        rows = [row for row in draft.rows if row.row != number]
        if len(rows) == len(draft.rows):
            raise _unknown(year, number)
        await _save(actor, op.at, year, rows)
        op.details["row"] = number


async def find_plan_row(year: int, number: int) -> tuple[PlanVersion, PlanRow] | None:
    """A row of the plan in force, with the version it stands in."""
    version = await load_plan(year)
    for row in version.content.rows if version else ():
        if row.row == number and version is not None:
            return version, row
    return None


async def load_due_on(office: Office, year: int) -> date | None:
    """Until when the plan of a year has to be filed; None: no profile says so."""
    rule = await load_value(office, PLAN_DUE)
    if rule is None or not rule.value:
        return None
    month = min(rule.value, 12)
    return date(year, month, calendar.monthrange(year, month)[1])


def parse_year(text: str) -> int:
    """A year a plan can have.

    Raises
    ------
    InputError
        It is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) == 4 and FIRST_YEAR <= int(text) <= LAST_YEAR):
        raise InputError("plan.year", "{year} is no year of a plan; write one like 2026", year=text[:20])
    return int(text)


def format_plan(content: PlanContent) -> bytes:
    """Canonical JSON of a plan."""
    return format_canonical(msgspec.to_builtins(content))


async def _load_all_rows(year: int) -> list[PlanRow]:
    return [row for version in await load_plan_versions(year) for row in version.content.rows]


async def _save(actor: Actor, at: datetime, year: int, rows: Sequence[PlanRow]) -> None:
    values: dict[Any, Any] = {
        AnnualPlanDraft.content_json: format_canonical(msgspec.to_builtins(list(rows))).decode(),
        AnnualPlanDraft.changed_by: person_of(actor),
        AnnualPlanDraft.changed_at: at,
    }
    if await AnnualPlanDraft.exists().where(AnnualPlanDraft.year == year):
        await AnnualPlanDraft.update(values).where(AnnualPlanDraft.year == year)
    else:
        await AnnualPlanDraft.insert(AnnualPlanDraft({AnnualPlanDraft.year: year} | values))


def _version(row: dict[str, Any]) -> PlanVersion:
    return PlanVersion(
        year=row["year"],
        number=row["number"],
        digest=row["digest"],
        published_at=row["published_at"],
        log_index=row["log_index"],
        content=msgspec.json.decode(row["content_json"], type=PlanContent),
    )


def _unknown(year: int, number: int) -> NotFoundError:
    return NotFoundError("plan.row", "the plan of {year} has no row {n}", year=year, n=number)
