"""Putting an annual plan into force: one person hands it in, another approves, it is public at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from agency_credit.database.tables import AnnualPlan
from agency_credit.domain.canonical import Json, digest
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError, InputError, RefusedError
from agency_credit.publication.masking import check_publishable
from agency_credit.services.annual_plan import (
    PlanContent,
    PlanRow,
    format_plan,
    load_plan,
    load_plan_draft,
    load_plan_number,
    parse_year,
)
from agency_credit.services.change_request import Change, ChangeDraft
from agency_credit.services.items import Item, load_items
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation
from agency_credit.services.reference import load_districts, load_parameter


async def draft_plan_change(office: Office, year: int, reason: str) -> ChangeDraft:
    """The proposal that puts the draft of a year into force.

    Raises
    ------
    RefusedError
        The draft says what is in force already.
    """
    draft = await load_plan_draft(year)
    if not draft.is_changed:
        raise RefusedError(
            "plan.unchanged", "the draft of {year} is the plan in force; change a row first", year=year
        )
    content = PlanContent(authority=(await load_parameter("office_name")).value, rows=draft.rows, year=year)
    return ChangeDraft(
        kind="plan",
        subject=str(year),
        based_on=draft.based_on,
        payload={"plan": msgspec.to_builtins(content)},
        applies_from=office.today(),
        is_correction=True,  # it holds from its approval on, which may be a day after it was handed in
        reason=reason,
    )


def read_plan(change: ChangeDraft) -> PlanContent:
    """The plan of a proposal.

    Raises
    ------
    InputError
        A payload of another form, or the plan of another year.
    """
    try:
        content = msgspec.convert(change.payload["plan"], PlanContent)
    except (KeyError, msgspec.ValidationError) as error:
        raise InputError("plan.form", "the plan cannot be read: {error}", error=str(error)) from error
    if content.year != parse_year(change.subject):
        raise InputError("plan.other-year", "the plan is not that of {year}", year=change.subject)
    return content


async def check_plan_change(op: Operation, draft: ChangeDraft) -> None:
    """Refuse a plan that cannot be; raises FaultsError with everything that is wrong with its rows."""
    content = read_plan(draft)
    faults = await load_plan_faults(content, op)
    if faults:
        raise FaultsError(f"plan {content.year}", faults)


async def load_plan_faults(content: PlanContent, op: Operation) -> tuple[Fault, ...]:
    """What keeps a plan from being in force."""
    items = {item.code: item for item in await load_items(day_in_china(op.at))}
    return tuple(find_plan_faults(content, items, await load_districts()))


async def apply_plan_change(op: Operation, change: Change) -> None:
    """Add the version, with its digest in the public log."""
    content = read_plan(change)
    stored = format_plan(content)
    number = await load_plan_number(change.subject) + 1
    body: dict[str, Json] = {"digest": digest(stored), "number": number, "year": content.year}
    index = await op.append_entry("plan.published", f"plan {content.year}", body)
    await AnnualPlan.insert(
        AnnualPlan(
            year=content.year,
            number=number,
            content_json=stored.decode(),
            digest=digest(stored),
            change=change.number,
            published_at=op.at,
            log_index=index,
        )
    )


def find_plan_faults(
    content: PlanContent, items: Mapping[str, Item], districts: Mapping[str, str]
) -> Iterator[Fault]:
    """What is wrong with the rows of a plan.

    Parameters
    ----------
    items
        Those on the list today, by code.
    districts
        Names of the districts by code.
    """
    if not content.rows:
        yield _fault(0, "rows", "plan.empty", "the plan has no row; write down at least one task")
    for row in content.rows:
        yield from find_row_faults(row, items, districts)


def find_row_faults(row: PlanRow, items: Mapping[str, Item], districts: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with a row."""
    n = row.row
    if not row.title.strip():
        yield _fault(n, "title", "plan.title", "name the task")
    if not row.body.strip():
        yield _fault(n, "body", "plan.body", "name the implementing body")
    if not row.practice_lines:
        yield _fault(n, "practice_lines", "scope.lines", "choose patent agencies, trademark agencies or both")
    yield from _item_faults(row, items)
    for area in row.areas:
        if area not in districts:
            yield _fault(n, "areas", "area.unknown", "there is no district {area}", area=area)
    if row.directed != bool(row.criteria.strip()):
        yield _fault(
            n,
            "criteria",
            "plan.criteria",
            "a directed draw says in words whom it is about, an undirected one does not",
        )
    if not row.months or any(not 1 <= month <= 12 for month in row.months):
        yield _fault(n, "months", "plan.months", "choose the months in which it is drawn")
    if not 1 <= row.frequency <= 366:
        yield _fault(n, "frequency", "plan.frequency", "a task is drawn at least once in the year")
    yield from _number_faults(row)
    check_publishable("\n".join([row.title, row.body, row.criteria, row.department, *row.partners]))


def _item_faults(row: PlanRow, items: Mapping[str, Item]) -> Iterator[Fault]:
    n = row.row
    if not row.items:
        yield _fault(n, "items", "plan.items", "choose at least one item of the published list")
    bodies = {"", row.body, *row.partners}
    for code in row.items:
        if code not in items:
            yield _fault(
                n,
                "items",
                "plan.item-unknown",
                "{item} is not on the list in force; what is not on it is not inspected",
                item=code,
            )
        elif items[code].body not in bodies:
            yield _fault(
                n,
                "items",
                "plan.item-body",
                "{item} is inspected by {body}; name that body among the others of a joint draw",
                item=code,
                body=items[code].body,
            )


def _number_faults(row: PlanRow) -> Iterator[Fault]:
    n = row.row
    if bool(row.fraction) == (row.count is not None):
        yield _fault(n, "fraction", "plan.number", "give a share or a number of agencies, one of the two")
        return
    if row.count is not None and row.count < 1:
        yield _fault(n, "count", "plan.count", "at least one agency is drawn")
    if row.fraction:
        try:
            is_good = 0 < Fraction(row.fraction) <= 1
        except (ValueError, ZeroDivisionError):
            is_good = False
        if not is_good:
            yield _fault(
                n, "fraction", "items.fraction", "a fraction is written 0.05 or 1/20 and is at most 1"
            )


def describe_change(before: PlanContent | None, after: PlanContent) -> dict[str, list[PlanRow]]:
    """Rows that a version adds, changes and takes out."""
    old = {row.row: row for row in before.rows} if before else {}
    new = {row.row: row for row in after.rows}
    return {
        "added": [row for number, row in new.items() if number not in old],
        "changed": [row for number, row in new.items() if number in old and old[number] != row],
        "removed": [row for number, row in old.items() if number not in new],
    }


async def load_plan_before(change: ChangeDraft) -> PlanContent | None:
    """The plan that a proposal rests on."""
    version = await load_plan(parse_year(change.subject), change.based_on)
    return version.content if version else None


def _fault(row: int, field: str, code: str, template: str, **params: Any) -> Fault:
    return Fault(at=f"rows.{row}.{field}" if row else field, code=code, template=template, params=params)
