"""A proposed change of items, plan or leads as the console shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agency_credit.domain.errors import AgencyCreditError, Fault, FaultsError, NotFoundError
from agency_credit.domain.role import SYSTEM
from agency_credit.services.change_request import Change, load_change
from agency_credit.services.changes import KINDS, check_basis
from agency_credit.services.item_change import read_items
from agency_credit.services.items import Item, load_items
from agency_credit.services.leads import load_agency_name, read_lead
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation
from agency_credit.services.plan_change import describe_change, load_plan_before, read_plan

SHOWN = ("items", "plan", "lead")
"""Kinds with the page of this module; rules and records have pages of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A proposal.

    Parameters
    ----------
    wanted
        Items; rows of a plan that are added, changed, removed; a lead.
    before
        The items in force on the first day, by code.
    agency
        Name of the agency of a lead.
    obstacles
        Why it could not be approved now, by field.
    """

    change: Change
    wanted: Any
    before: Mapping[str, Item]
    agency: str
    obstacles: list[tuple[str, AgencyCreditError | Fault]]


async def load_change_view(office: Office, number: int) -> ChangeView:
    """A proposal about items, a plan or a lead.

    Raises
    ------
    NotFoundError
        There is none.
    """
    change = await load_change(number)
    if change.kind not in SHOWN:
        raise NotFoundError("change.unknown", "there is no proposed change {n}", n=number)
    wanted: Any
    if change.kind == "items":
        wanted = read_items(change)
    elif change.kind == "plan":
        wanted = describe_change(await load_plan_before(change), read_plan(change))
    else:
        wanted = read_lead(change)
    return ChangeView(
        change=change,
        wanted=wanted,
        before={item.code: item for item in await load_items(change.applies_from)},
        agency=await load_agency_name(change.subject) if change.kind == "lead" else "",
        obstacles=[] if change.decision else await _find_obstacles(office, change),
    )


async def _find_obstacles(office: Office, change: Change) -> list[tuple[str, AgencyCreditError | Fault]]:
    asked = Operation(office=office, actor=SYSTEM, at=office.now())
    try:
        check_basis(change, await KINDS[change.kind].newest(change.subject))
        await KINDS[change.kind].check(asked, change)
    except FaultsError as error:
        return [(fault.at, fault) for fault in error.faults]
    except AgencyCreditError as error:
        return [("", error)]
    return []
