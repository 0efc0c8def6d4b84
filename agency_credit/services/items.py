"""The published list of inspection items on any day: what is on no list is not inspected (R11).

The list is kept as versions of its items that are only ever added: each carries the number of the version
of the list that brought it, and the day from which it reads so. Two people change it
(`agency_credit.services.item_change`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

import msgspec

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import InspectionItem
from agency_credit.domain.canonical import digest, format_canonical
from agency_credit.services.reference import load_defaults

Method = Literal["written", "on-site", "online"]
METHODS: tuple[Method, ...] = ("written", "on-site", "online")
"""How an item may be inspected (docs/legal-sources.md, 3.2, article 40)."""
SHIPPED, OFFICE = "shipped", "office"
_NO_LIMIT_SOURCE = "山东省、淄博市对代理机构的抽查比例、频次未找到（docs/legal-sources.md，4.4）"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item of the list.

    Parameters
    ----------
    item_weight
        ``"general"``, or ``"key"``: safety, quality, public interest; a key item has no upper fraction.
    methods
        Some of `METHODS`.
    fraction
        Most of the agencies that one draw may take, as draw-protocol.md writes it; empty: not known.
    frequency
        Most draws in a calendar year that may cite it; None: not known.
    limit_status, limit_source
        Where fraction and frequency come from: found, unverified or entered.
    body
        Who inspects it; empty: this office.
    checklist
        The lines of the record form.
    applies_from
        First day on which it reads so.
    repealed_on
        First day on which it is no longer on the list; None: it is.
    """

    code: str
    title: str
    practice_line: Literal["patent", "trademark"]
    item_weight: Literal["general", "key"]
    basis: str
    methods: tuple[Method, ...]
    status: Literal["found", "unverified", "entered"]
    source: str
    applies_from: date
    fraction: str = ""
    frequency: int | None = None
    limit_status: Literal["found", "unverified", "entered"] = "unverified"
    limit_source: str = ""
    body: str = ""
    checklist: tuple[str, ...] = ()
    repealed_on: date | None = None

    @property
    def is_limit_known(self) -> bool:
        """Whether fraction and frequency rest on more than a guess: then they bind."""
        return self.limit_status != "unverified"


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an item as it is stored: `number` of the list, since when known, its log entry."""

    number: int
    known_at: datetime
    origin: str
    change: int | None
    log_index: int | None
    item: Item


async def load_items(on: date, number: int | None = None) -> tuple[Item, ...]:
    """The list in force on a day, by code.

    Parameters
    ----------
    on
        The day.
    number
        The list as its version of this number left it; None: as it is known now.
    """
    return items_on(await load_item_history(), on, number)


async def load_own_items(on: date, practice_lines: Iterable[str]) -> tuple[Item, ...]:
    """Items of these practice lines in force on a day that this office inspects itself."""
    lines = frozenset(practice_lines)
    return tuple(item for item in await load_items(on) if not item.body and item.practice_line in lines)


def items_on(history: Sequence[StoredItem], on: date, number: int | None = None) -> tuple[Item, ...]:
    """As `load_items`, from the history of all items."""
    newest: dict[str, tuple[date, int]] = {}
    found: dict[str, Item] = {}
    for stored in history:
        item = stored.item
        if item.applies_from > on or (number is not None and stored.number > number):
            continue
        place = (item.applies_from, stored.number)
        if item.code not in newest or place > newest[item.code]:
            newest[item.code], found[item.code] = place, item
    return tuple(
        found[code]
        for code in sorted(found)
        if (repealed_on := found[code].repealed_on) is None or on < repealed_on
    )


def digest_of(items: Iterable[Item]) -> str:
    """SHA-256 of the canonical JSON of a list: what its entry in the public log names."""
    return digest(format_canonical([to_json(item) for item in items]))


def to_json(item: Item) -> dict[str, Any]:
    """An item as JSON."""
    return cast("dict[str, Any]", msgspec.to_builtins(item))


async def load_item_history() -> tuple[StoredItem, ...]:
    """All versions of all items, in the order in which they were added."""
    rows = await InspectionItem.select().order_by(InspectionItem.id)
    return tuple(
        StoredItem(
            number=row["number"],
            known_at=row["known_at"],
            origin=row["origin"],
            change=row["change"],
            log_index=row["log_index"],
            item=_item(row),
        )
        for row in rows
    )


async def load_list_number() -> int:
    """The number of the newest version of the list; 0: there is none."""
    row = (
        await InspectionItem.select(InspectionItem.number)
        .order_by(InspectionItem.number, ascending=False)
        .first()
    )
    return 0 if row is None else int(row["number"])


async def append_items(
    items: Iterable[Item],
    number: int,
    known_at: datetime,
    *,
    origin: str,
    change: int | None = None,
    log_index: int | None = None,
) -> None:
    """Add versions of items inside the caller's transaction."""
    for item in items:
        await InspectionItem.insert(
            InspectionItem(
                code=item.code,
                title=item.title,
                practice_line=item.practice_line,
                item_weight=item.item_weight,
                basis=item.basis,
                method=",".join(item.methods),
                status=item.status,
                source=item.source,
                number=number,
                fraction=item.fraction,
                frequency=item.frequency,
                limit_status=item.limit_status,
                limit_source=item.limit_source,
                body=item.body,
                checklist_json=json.dumps(item.checklist, ensure_ascii=False),
                applies_from=item.applies_from,
                repealed_on=item.repealed_on,
                origin=origin,
                known_at=known_at,
                change=change,
                log_index=log_index,
            )
        )


async def append_shipped_items(now: datetime) -> None:
    """Give an installation whose list nobody changed yet the items that ship and are missing.

    Later versions of the software change no list: that takes two people.
    """
    async with transaction():
        await lock_log()  # processes that start at once find the same things missing
        if await load_list_number() > 1:
            return
        known = {stored.item.code for stored in await load_item_history()}
        missing = [
            item for row in load_defaults()["inspection_item"] if (item := _shipped(row)).code not in known
        ]
        await append_items(missing, 1, now, origin=SHIPPED)


def _shipped(row: dict[str, Any]) -> Item:
    methods = row["method"].split(",")
    return Item(
        code=row["code"],
        title=row["title"],
        practice_line=row["practice_line"],
        item_weight=row.get("item_weight", "general"),
        basis=row["basis"],
        methods=tuple(method for method in METHODS if method in methods),
        status="found",
        source=row["basis"],
        applies_from=row["applies_from"],
        limit_source=_NO_LIMIT_SOURCE,
        checklist=tuple(row["checklist"]),
    )


def _item(row: dict[str, Any]) -> Item:
    methods = row["method"].split(",")
    return Item(
        code=row["code"],
        title=row["title"],
        practice_line=row["practice_line"],
        item_weight=row["item_weight"],
        basis=row["basis"],
        methods=tuple(method for method in METHODS if method in methods),
        status=row["status"],
        source=row["source"],
        applies_from=row["applies_from"],
        fraction=row["fraction"],
        frequency=row["frequency"],
        limit_status=row["limit_status"],
        limit_source=row["limit_source"],
        body=row["body"],
        checklist=tuple(json.loads(row["checklist_json"])),
        repealed_on=row["repealed_on"],
    )
