"""An open office: configuration, clock, keys and rule packs that every use case is handed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from agency_credit import database
from agency_credit.domain.day import day_in_china
from agency_credit.scoring import Instrument
from agency_credit.services.bundle import mend_bundles
from agency_credit.services.fork_guard import LogState
from agency_credit.services.items import append_shipped_items
from agency_credit.services.keys import Keys, open_keys
from agency_credit.services.log import look_for_fork, sign_checkpoint
from agency_credit.services.reference import append_missing_reference
from agency_credit.services.rule_book import RuleShelf, load_rule_book
from agency_credit.services.rule_packs import load_folder, load_rule_files
from agency_credit.services.rule_upgrade import append_shipped
from agency_credit.services.upload_expiry import delete_expired_uploads
from agency_credit.settings import Settings

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What a use case may ask for. The only place where the time is read.

    Parameters
    ----------
    settings
        Where things are.
    engine
        The started database engine; all tables are bound to it.
    clock
        Gives the present instant, aware; the demo plays it forward, tests set it.
    keys
        The key files, outside the database.
    overlay
        Rule files that take the place of stored ones with their id, for one look; stored nowhere.
    shipped
        Rule files that came with the software, or were handed in beside them, at this start.
    shelf
        The rule book as last read; `agency_credit.services.rule_book.load_rule_book` keeps it up to date.
    log_state
        Whether the log continues what was signed last; where it does not, the office is read-only.
    decoding
        One picture is decoded at a time: it takes memory, several telephones wait their turn.
    """

    settings: Settings
    engine: Any  # a `database.Database`; msgspec, which reads handlers' annotations, refuses that union
    clock: Clock
    keys: Keys
    overlay: tuple[Instrument, ...] = ()
    shipped: tuple[Instrument, ...] = field(default=(), repr=False)
    shelf: RuleShelf = field(default_factory=RuleShelf, repr=False, compare=False)
    log_state: LogState = field(default_factory=LogState, repr=False, compare=False)
    decoding: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False, compare=False)

    def now(self) -> datetime:
        """This instant in UTC, in whole seconds."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def today(self) -> date:
        """The calendar day in China."""
        return day_in_china(self.clock())


async def open_office(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    packs_folder: Path | None = None,
    overlay_folder: Path | None = None,
) -> Office:
    """Connect, migrate under a lock, open the keys, fill in missing reference data and rules, tidy up.

    Where the log does not continue what was signed last, nothing is filled in, signed or tidied up.

    Parameters
    ----------
    packs_folder
        A folder of rule files that are stored beside those shipped (the fictional ones of the demo).
    overlay_folder
        A folder of rule files that hold for this look alone; nothing of them is stored.

    Raises
    ------
    FaultsError
        A rule file with faults.
    """
    files = load_rule_files(packs_folder)
    overlay = () if overlay_folder is None else load_folder(overlay_folder)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = database.connect(settings)
    await database.start(engine)
    try:
        await database.migrate(engine)
        office = Office(
            settings=settings,
            engine=engine,
            clock=clock,
            keys=await open_keys(settings),
            overlay=overlay,
            shipped=files,
        )
        if not await look_for_fork(office):
            await append_missing_reference()
            await append_shipped_items(office.now())
            await append_shipped(files, office.now())
            await sign_checkpoint(office)  # a process that was killed may have left entries unsigned,
            await mend_bundles(settings.bundles)  # or a folder without its draw, or a draw without its folder
            await delete_expired_uploads(office.now())
        await load_rule_book(office)
    except BaseException:
        await database.stop(engine)
        raise
    return office


async def close_office(office: Office) -> None:
    """Give back the connections."""
    await database.stop(office.engine)
