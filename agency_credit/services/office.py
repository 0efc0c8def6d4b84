"""An open office: configuration, clock, keys and rule packs that every use case is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from agency_credit import database
from agency_credit.scoring import Instrument, RulePack
from agency_credit.services.bundle import mend_bundles
from agency_credit.services.keys import Keys, open_keys
from agency_credit.services.log import sign_checkpoint
from agency_credit.services.reference import append_missing_reference
from agency_credit.services.rule_packs import load_rule_files
from agency_credit.settings import Settings

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
"""All of China keeps one legal time; deadlines and "today" are counted in it."""

Clock = Callable[[], datetime]


def _system_clock() -> datetime:
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
    rules
        The rule files that hold here, as they ship; a fictional one only where it was asked for.
    """

    settings: Settings
    engine: Any  # a `database.Database`; msgspec, which reads handlers' annotations, refuses that union
    clock: Clock
    keys: Keys
    rules: tuple[Instrument, ...]

    @property
    def packs(self) -> tuple[RulePack, ...]:
        """The rule packs among the rule files."""
        return tuple(file for file in self.rules if isinstance(file, RulePack))

    def now(self) -> datetime:
        """This instant in UTC, in whole seconds."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def today(self) -> date:
        """The calendar day in China."""
        return self.clock().astimezone(OFFICE_ZONE).date()


async def open_office(
    settings: Settings, *, clock: Clock = _system_clock, packs_folder: Path | None = None
) -> Office:
    """Connect, migrate under a lock, fill in missing reference data, open the keys, mend what was killed.

    Parameters
    ----------
    packs_folder
        A folder of further rule files (the fictional one of the demo); None: those shipped.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = database.connect(settings)
    await database.start(engine)
    try:
        await database.migrate(engine)
        await append_missing_reference()
        office = Office(
            settings=settings,
            engine=engine,
            clock=clock,
            keys=await open_keys(settings),
            rules=load_rule_files(packs_folder),
        )
        await sign_checkpoint(office)  # a process that was killed may have left entries unsigned,
        await mend_bundles(settings.bundles)  # or a folder without its draw, or a draw without its folder
    except BaseException:
        await database.stop(engine)
        raise
    return office


async def close_office(office: Office) -> None:
    """Give back the connections."""
    await database.stop(office.engine)
