"""The list of inspection items: what is on it, the form that proposes a change of one."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template

from admin.changes import CHANGE
from admin.entered import Entered, read_form
from admin.page import AnyRequest, Complaint, TheActor, TheOffice, complaints_of, lead, opened_to, show
from agency_credit.domain.errors import AgencyCreditError, NotFoundError
from agency_credit.domain.role import DRAFTER, DRAW_READERS
from agency_credit.services.change_request import load_waiting_changes
from agency_credit.services.changes import MAX_REASON, propose_change
from agency_credit.services.item_change import draft_item_change
from agency_credit.services.items import METHODS, Item, load_item_history, load_items, load_list_number
from agency_credit.services.office import Office
from agency_credit.services.plan_table import parse_share
from agency_credit.services.plan_views import load_item_list
from agency_credit.services.supervision import format_share

NEW = "new"
_STATUSES = ("found", "entered", "unverified")
_TEXTS = {
    "title": 200, "practice_line": 20, "item_weight": 20, "basis": 400, "source": 400, "status": 20,
    "body": 60, "fraction": 24, "limit_status": 20, "limit_source": 400,
}  # fmt: skip
"""Fields of the form and the most characters of each."""


@get("/admin/items", opt=opened_to(DRAW_READERS))
async def show_items(office: TheOffice) -> Template:
    """The list of today, and the proposals that wait."""
    return show("items", shown=await load_item_list(office), changes=await load_waiting_changes("items"))


@get("/admin/items/{code:str}", opt=opened_to(DRAW_READERS))
async def show_item(office: TheOffice, code: FromPath[str]) -> Template:
    """An item, or a blank one, and the form that proposes a change of it."""
    return await _show(office, code, [], None)


@post("/admin/items/{code:str}", opt=opened_to(DRAFTER))
async def propose_item(
    request: AnyRequest, office: TheOffice, actor: TheActor, code: FromPath[str]
) -> Template | Redirect:
    """Propose an item as it was entered, or that it leaves the list."""
    entered = await read_form(request)
    day = entered.day("applies_from")
    item = _read_item(entered, day)
    reason = entered.paragraph("reason", max_length=MAX_REASON)
    based_on = entered.number("based_on") or 0
    complaints = list(entered.complaints)
    if item is not None:
        try:
            draft = draft_item_change([item], based_on, applies_from=item.applies_from, reason=reason)
            number = await propose_change(office, actor, draft)
        except AgencyCreditError as error:
            field = {"change.reason": "reason", "change.past": "applies_from", "items.past": "applies_from"}
            complaints = complaints_of(error, field.get(error.code, ""))
        else:
            return lead(request, CHANGE, number=str(number))
    return await _show(office, code, complaints, entered)


PAGES = (show_items, show_item, propose_item)


def _read_item(entered: Entered, day: date | None) -> Item | None:
    texts = {name: entered.text(name, max_length=limit) for name, limit in _TEXTS.items()}
    for field, answers in (
        ("practice_line", ("patent", "trademark")),
        ("item_weight", ("general", "key")),
        ("status", _STATUSES),
        ("limit_status", _STATUSES),
    ):
        if texts[field] not in answers:
            entered.add_fault(field, "form.choice", "choose one of the answers")
    frequency = entered.number("frequency", minimum=1, maximum=366)
    code = entered.text("code", is_required=True, max_length=20)
    chosen = entered.texts("methods")
    checklist = tuple(entered.lines("checklist"))
    if entered.complaints or day is None:
        return None
    values: dict[str, Any] = {**texts, "fraction": parse_share(texts["fraction"])}
    return Item(
        code=code,
        methods=tuple(method for method in METHODS if method in chosen),
        frequency=frequency,
        checklist=checklist,
        applies_from=day,
        repealed_on=day if entered.has("repeal") else None,
        **values,
    )


async def _show(office: Office, code: str, complaints: list[Complaint], entered: Entered | None) -> Template:
    known = {item.code: item for item in await load_items(office.today())}
    history = [stored for stored in await load_item_history() if stored.item.code == code]
    item = known.get(code) or (history[-1].item if history else None)
    if item is None and code != NEW:
        raise NotFoundError("items.unknown", "there is no item {item} on the list", item=code[:20])
    waiting = [
        change
        for change in await load_waiting_changes("items")
        if any(wanted["code"] == code for wanted in change.payload["items"])
    ]
    return show(
        "item",
        faults=complaints,
        item=item,
        history=history,
        changes=waiting,
        based_on=await load_list_number(),
        values=_entered_values(entered) if entered else _values(item, office),
        methods=entered.texts("methods") if entered else (item.methods if item else ()),
    )


def _values(item: Item | None, office: Office) -> dict[str, Any]:
    blank = dict.fromkeys(_TEXTS, "") | {
        "item_weight": "general", "status": "entered", "limit_status": "unverified",
    }  # fmt: skip
    known = {name: getattr(item, name) for name in _TEXTS} if item else blank
    return known | {
        "code": item.code if item else "",
        "fraction": format_share(item.fraction) if item and item.fraction else "",
        "frequency": item.frequency if item else None,
        "checklist": "\n".join(item.checklist) if item else "",
        "applies_from": office.today().isoformat(),
        "reason": "",
    }


def _entered_values(entered: Entered) -> dict[str, Any]:
    names = (*_TEXTS, "code", "frequency", "applies_from")
    return {name: entered.text(name, max_length=400) for name in names} | {
        "checklist": entered.paragraph("checklist"),
        "reason": entered.paragraph("reason"),
    }
