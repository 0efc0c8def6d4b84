"""Changes of the list of inspection items: proposed by one person, approved by another, never backdated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import msgspec

from agency_credit.domain.canonical import Json
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault, FaultsError, InputError
from agency_credit.publication.masking import check_publishable
from agency_credit.services.change_request import Change, ChangeDraft
from agency_credit.services.items import (
    OFFICE,
    Item,
    append_items,
    digest_of,
    items_on,
    load_item_history,
    load_list_number,
    to_json,
)
from agency_credit.services.operation import Operation

SUBJECT = "items"
MOST_LINES, MOST_CHARACTERS = 60, 200
"""Of a checklist, and of each of its lines."""
_CODE = re.compile(r"[A-Z][A-Z0-9-]{0,19}", re.ASCII)
_FRACTION = re.compile(r"0\.[0-9]{1,9}|1|[1-9][0-9]{0,9}/[1-9][0-9]{0,9}", re.ASCII)


async def load_newest_list(subject: str) -> int:
    """The number that the list has reached.

    Raises
    ------
    InputError
        Another subject: there is one list.
    """
    if subject != SUBJECT:
        raise InputError("items.subject", "there is one list of items; its subject is {name}", name=SUBJECT)
    return await load_list_number()


def draft_item_change(
    items: Sequence[Item], based_on: int, *, applies_from: date, reason: str
) -> ChangeDraft:
    """A proposal that adds these items, puts them in the place of those with their codes, or repeals them."""
    return ChangeDraft(
        kind="items",
        subject=SUBJECT,
        based_on=based_on,
        payload={"items": [to_json(item) for item in items]},
        applies_from=applies_from,
        is_correction=False,
        reason=reason,
    )


def read_items(change: ChangeDraft) -> tuple[Item, ...]:
    """The items of a proposal; they apply from the day of the proposal.

    Raises
    ------
    InputError
        A payload of another form.
    """
    try:
        items = msgspec.convert(change.payload["items"], tuple[Item, ...])
    except (KeyError, msgspec.ValidationError) as error:
        raise InputError("items.form", "the items cannot be read: {error}", error=str(error)) from error
    day = change.applies_from
    return tuple(
        msgspec.structs.replace(item, applies_from=day, repealed_on=day if item.repealed_on else None)
        for item in items
    )


async def check_item_change(op: Operation, draft: ChangeDraft) -> None:
    """Refuse a change that cannot be.

    Raises
    ------
    FaultsError
        Everything that is wrong with the items.
    InputError
        A day in the past: what was on no list on a day cannot be put on it afterwards.
    """
    if draft.applies_from < day_in_china(op.at):
        raise InputError(
            "items.past",
            "the list is not changed for days gone by: what was on no list was not to be inspected; choose"
            " {today} or a later day",
            today=day_in_china(op.at).isoformat(),
        )
    items = read_items(draft)
    history = await load_item_history()
    # what comes later is in force beside it one day
    others = [s.item for s in history if s.item.applies_from > draft.applies_from]
    faults = tuple(find_item_faults(items, [*items_on(history, draft.applies_from), *others]))
    if faults:
        raise FaultsError(SUBJECT, faults)


async def apply_item_change(op: Operation, change: Change) -> None:
    """Add the versions, with an entry in the public log that names the list as it then reads."""
    items = read_items(change)
    number = await load_list_number() + 1
    at_once = {item.code for item in items}
    kept = [
        item for item in items_on(await load_item_history(), change.applies_from) if item.code not in at_once
    ]
    after = sorted([*kept, *(i for i in items if i.repealed_on is None)], key=lambda item: item.code)
    body: dict[str, Json] = {
        "applies_from": change.applies_from.isoformat(),
        "codes": [*sorted(at_once)],
        "digest": digest_of(after),
        "number": number,
    }
    index = await op.append_entry("items.in_force", SUBJECT, body)
    await append_items(items, number, op.at, origin=OFFICE, change=change.number, log_index=index)


def find_item_faults(items: Sequence[Item], others: Sequence[Item]) -> Iterator[Fault]:
    """What is wrong with items that come into the list beside `others`."""
    if not items:
        yield _fault("code", "items.none", "name at least one item")
    changed = {item.code for item in items}
    if len(changed) != len(items):
        yield _fault("code", "items.twice", "each item of a change has a code of its own")
    known = {other.code for other in others}
    titles = {(other.body, other.title): other.code for other in others if other.code not in changed}
    for item in items:
        if item.repealed_on is not None:
            if item.code not in known:
                yield _fault("code", "items.unknown", "there is no item {item} on the list", item=item.code)
            continue
        yield from _text_faults(item)
        yield from _limit_faults(item)
        taken = titles.get((item.body, item.title))
        if taken is not None:
            yield _fault(
                "title",
                "items.title-taken",
                "{item} has this title already; draws name items by title",
                item=taken,
            )
        titles[item.body, item.title] = item.code


def _text_faults(item: Item) -> Iterator[Fault]:
    if not _CODE.fullmatch(item.code):
        yield _fault("code", "items.code", "a code is a capital letter and letters or digits, such as P8")
    if not 1 <= len(item.title.strip()) <= MOST_CHARACTERS:
        yield _fault(
            "title", "items.title", "give the item a title of at most {n} characters", n=MOST_CHARACTERS
        )
    if not item.basis.strip():
        yield _fault("basis", "items.basis", "name the legal basis; without one nothing may be inspected")
    if not item.methods:
        yield _fault("methods", "items.methods", "say how it is inspected")
    if not item.source.strip():
        yield _fault("source", "items.source", "say where the item was found or decided")
    if len(item.body) > 60 or any(sign in item.body for sign in "；：,/"):
        yield _fault(
            "body", "items.body", "the name of the body has at most 60 characters and no ； ： , or /"
        )
    if len(item.checklist) > MOST_LINES or any(not 1 <= len(x) <= MOST_CHARACTERS for x in item.checklist):
        yield _fault(
            "checklist",
            "items.checklist",
            "a checklist has at most {lines} lines of at most {n} characters",
            lines=MOST_LINES,
            n=MOST_CHARACTERS,
        )
    check_publishable("\n".join([item.title, item.basis, item.source, item.limit_source, *item.checklist]))


def _limit_faults(item: Item) -> Iterator[Fault]:
    if item.fraction:
        if not _FRACTION.fullmatch(item.fraction) or not 0 < Fraction(item.fraction) <= 1:
            yield _fault("fraction", "items.fraction", "a fraction is written 0.05 or 1/20 and is at most 1")
        if item.item_weight == "key":
            yield _fault(
                "fraction", "items.key", "a key item has no upper fraction; leave it empty or make it general"
            )
    if item.frequency is not None and not 1 <= item.frequency <= 366:
        yield _fault("frequency", "items.frequency", "a frequency is 1 or more a year; empty: not known")
    if (item.fraction or item.frequency is not None) and not item.limit_source.strip():
        yield _fault("limit_source", "items.limit-source", "say where fraction and frequency come from")


def _fault(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params)
