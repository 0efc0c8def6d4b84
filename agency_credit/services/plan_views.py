"""The item list and the annual plans as everybody may see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.services.annual_plan import (
    PlanContent,
    PlanVersion,
    load_plan,
    load_plan_versions,
    load_planned_years,
    parse_year,
)
from agency_credit.services.items import Item, StoredItem, digest_of, items_on, load_item_history, load_items
from agency_credit.services.office import Office
from agency_credit.services.plan_progress import RowProgress, load_progress
from agency_credit.services.plan_table import format_rows
from agency_credit.services.reference import load_districts


class ListVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the list: what it changed, from when, its log entry."""

    number: int
    applies_from: date
    known_at: datetime
    codes: list[str]
    log_index: int | None


class ItemList(msgspec.Struct, frozen=True, kw_only=True):
    """The list on a day; `digest` is over the canonical JSON of `items`."""

    on: date
    number: int
    digest: str
    items: tuple[Item, ...]
    versions: tuple[ListVersion, ...]


class PlanSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A plan in the list of years."""

    year: int
    number: int
    n_rows: int
    published_at: datetime


class PlanPage(msgspec.Struct, frozen=True, kw_only=True):
    """The plan of a year with its versions and how far it has come."""

    year: int
    number: int
    digest: str
    published_at: datetime
    log_index: int | None
    plan: PlanContent
    numbers: list[int]
    progress: tuple[RowProgress, ...]


async def load_item_list(office: Office, on: date | None = None, number: int | None = None) -> ItemList:
    """The list on a day (None: today), as its version of a number left it (None: the newest).

    Raises
    ------
    InputError
        There is no version of that number.
    """
    day = on or office.today()
    history = await load_item_history()
    versions = _versions(history)
    newest = versions[0].number if versions else 0
    if number is not None and not 1 <= number <= newest:
        raise InputError(
            "items.number",
            "there is no version {n} of the list; the newest is {newest}",
            n=number,
            newest=newest,
        )
    items = items_on(history, day, number)
    return ItemList(
        on=day, number=number or newest, digest=digest_of(items), items=items, versions=tuple(versions)
    )


async def load_plan_summaries() -> list[PlanSummary]:
    """Years with a plan, the newest first."""
    plans = [await load_plan(year) for year in await load_planned_years()]
    return [
        PlanSummary(
            year=plan.year, number=plan.number, n_rows=len(plan.content.rows), published_at=plan.published_at
        )
        for plan in plans
        if plan is not None
    ]


async def load_plan_page(office: Office, year: int) -> PlanPage:
    """The plan of a year; of its draws only those that were announced.

    Raises
    ------
    NotFoundError
        That year has no approved plan.
    """
    versions = await load_plan_versions(parse_year(str(year)))
    if not versions:
        raise _no_plan(year)
    plan = versions[0]
    progress = await load_progress(year, plan.content.rows, office.now())
    return PlanPage(
        year=year,
        number=plan.number,
        digest=plan.digest,
        published_at=plan.published_at,
        log_index=plan.log_index,
        plan=plan.content,
        numbers=[version.number for version in versions],
        progress=tuple(
            msgspec.structs.replace(
                row, draws=tuple(draw for draw in row.draws if draw.announced_at is not None)
            )
            for row in progress
        ),
    )


async def load_plan_version(year: int, number: int) -> PlanVersion:
    """A version of the plan of a year.

    Raises
    ------
    NotFoundError
        There is none.
    """
    version = await load_plan(parse_year(str(year)), number)
    if version is None:
        raise _no_plan(year)
    return version


async def load_plan_rows(office: Office, content: PlanContent) -> list[list[str | int]]:
    """The rows of a plan as a table, items and districts by name."""
    items = {item.code: item for item in await load_items(office.today())}
    for stored in await load_item_history():
        items.setdefault(stored.item.code, stored.item)  # off the list by now
    return format_rows(content, items, await load_districts())


def _versions(history: tuple[StoredItem, ...]) -> list[ListVersion]:
    found: dict[int, dict[str, Any]] = {}
    for stored in history:
        version = found.setdefault(
            stored.number,
            {
                "number": stored.number,
                "applies_from": stored.item.applies_from,
                "known_at": stored.known_at,
                "codes": [],
                "log_index": stored.log_index,
            },
        )
        version["codes"].append(stored.item.code)
    return [ListVersion(**found[number]) for number in sorted(found, reverse=True)]


def _no_plan(year: int) -> NotFoundError:
    return NotFoundError("plan.unknown", "no plan of {year} is in force here; see /plans", year=year)
