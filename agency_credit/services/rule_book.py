"""The rule files that hold here, on any day as known on any other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import (
    Instrument,
    Profile,
    RulePack,
    in_force_on,
    known_record_kinds,
    rule_pack_in_force,
)
from agency_credit.scoring.history import RuleStep, read_steps, steps_on
from agency_credit.services.rule_store import StoredStep, load_newest_version, load_steps

if TYPE_CHECKING:
    from agency_credit.services.office import Office

AnyFile = TypeVar("AnyFile", bound=Instrument)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """The histories of all rule files of an office; fictional ones are there only where they were asked for.

    What was there on the first day of the store counts as always known.

    Parameters
    ----------
    histories
        Steps by number, by id of the file.
    overlay
        Files that take the place of those with their id, on every day; stored nowhere.
    """

    histories: Mapping[str, Sequence[RuleStep]]
    overlay: tuple[Instrument, ...] = ()
    _read: dict[tuple[RuleStep, ...], Instrument] = field(default_factory=dict, repr=False, compare=False)

    def files_on(self, on: date, known: date | None = None) -> tuple[Instrument, ...]:
        """Every file as it reads on the day `on`, as known at the end of the day `known` (None: now)."""
        replaced = {file.id for file in self.overlay}
        found = (self.file_on(name, on, known) for name in sorted(self.histories) if name not in replaced)
        return (*(file for file in found if file is not None), *self.overlay)

    def record_kinds_on(self, on: date) -> frozenset[str]:
        """The words for a credit record that a rule pack of that day knows."""
        return known_record_kinds(file for file in self.files_on(on) if isinstance(file, RulePack))

    def file_on(self, instrument: str, on: date, known: date | None = None) -> Instrument | None:
        """The file with this id, as `files_on` gives it; None: it was not known."""
        return self.read(steps_on(self.histories.get(instrument, ()), on, self._clamp(known)))

    def read(self, steps: tuple[RuleStep, ...]) -> Instrument | None:
        """The file that some steps of a history make up; None: they are none."""
        if not steps:
            return None
        if steps not in self._read:
            self._read[steps] = read_steps(steps)
        return self._read[steps]

    def with_step(self, step: RuleStep) -> RuleBook:
        """This book with one step more, which is checked before it is stored."""
        history = [*self.histories.get(step.instrument, ()), step]
        return replace(self, histories={**self.histories, step.instrument: history}, _read=dict(self._read))

    def in_force(self, kind: type[AnyFile], on: date, known: date | None = None) -> tuple[AnyFile, ...]:
        """The files of one type that hold on the day `on`, one of each line.

        Raises
        ------
        FaultsError
            Two files of a line hold on that day.
        """
        return in_force_on(_held(self._of(kind, on, known), on), on, allow_fictional=True)

    def pack_on(self, subject: RatingSubject, on: date, known: date | None = None) -> RulePack:
        """The pack that rates `subject` on the day `on`.

        Raises
        ------
        InputError
            None is in force; the message names the instrument that is missing.
        FaultsError
            Two hold on that day.
        """
        packs = [pack for pack in self._of(RulePack, on, known) if pack.subject is subject]
        packs = _held(packs, on) or _nearest(packs, on)
        return rule_pack_in_force(packs, subject, on, allow_fictional=True)

    def versions(self, subject: RatingSubject, known: date | None = None) -> tuple[RulePack, ...]:
        """Every pack that rates `subject` on some day, each as it reads on a stretch of days, in their order.

        The days of its `in_force` are that stretch; between two there may be days without a pack.

        Raises
        ------
        FaultsError
            Two packs hold on one day.
        """
        days = {step.applies_from for history in self.histories.values() for step in history}
        days |= {file.effective_from for file in self.overlay}
        packs = [pack for day in days for pack in self._of(RulePack, day, known) if pack.subject is subject]
        days |= {day for pack in packs for day in (pack.effective_from, pack.repealed_on) if day is not None}
        starts, found = sorted(days), list[tuple[date, date | None, RulePack]]()
        for first_on, next_on in zip(starts, [*starts[1:], None], strict=True):
            held = _held(self._of(RulePack, first_on, known), first_on)
            if not any(pack.subject is subject for pack in held):
                continue
            pack = rule_pack_in_force(held, subject, first_on, allow_fictional=True)
            goes_on = bool(found) and found[-1][1:] == (first_on, pack)
            found.append((found.pop()[0] if goes_on else first_on, next_on, pack))
        return tuple(replace(pack, effective_from=start, repealed_on=end) for start, end, pack in found)

    def profile_on(self, area: str, on: date, known: date | None = None) -> Profile | None:
        """The profile of the narrowest area that holds the district `area`; None: there is none."""
        held = [p for p in self.in_force(Profile, on, known) if area.startswith(p.area)]
        return max(held, key=lambda profile: len(profile.area), default=None)

    def _of(self, kind: type[AnyFile], on: date, known: date | None) -> list[AnyFile]:
        return [file for file in self.files_on(on, known) if isinstance(file, kind)]

    def _clamp(self, known: date | None) -> date | None:
        if known is None:
            return None
        days = (history[0].known_on for history in self.histories.values())
        return max(known, min(days, default=known))


def _held(files: Iterable[AnyFile], on: date) -> list[AnyFile]:
    """Those in force on the day: as another day reads, others may hold beside them."""
    return [file for file in files if file.in_force.contains(on)]


def _nearest(packs: Sequence[RulePack], on: date) -> list[RulePack]:
    """The pack that ended last before the day, else the one that begins first after it."""
    in_order = sorted(packs, key=lambda pack: pack.effective_from)
    return [pack for pack in in_order if pack.effective_from <= on][-1:] or in_order[:1]


@dataclass(slots=True)
class RuleShelf:
    """The rule book as last read, and up to which step that was; another process may have added some.

    `derived`: what others worked out from this very book, by a key of theirs.
    """

    newest: int = -1
    has_fictional: bool = False
    steps: tuple[StoredStep, ...] = ()
    book: RuleBook = field(default_factory=lambda: RuleBook(histories={}))
    derived: dict[object, Any] = field(default_factory=dict)


def histories_of(steps: Iterable[StoredStep]) -> dict[str, list[RuleStep]]:
    """The steps of each file, in the order in which they are given."""
    histories: dict[str, list[RuleStep]] = {}
    for stored in steps:
        histories.setdefault(stored.step.instrument, []).append(stored.step)
    return histories


async def load_rule_book(office: Office) -> RuleBook:
    """The rule files of this office, with every change that was decided."""
    return (await load_shelf(office)).book


async def load_packs_of_today(office: Office) -> tuple[RulePack, ...]:
    """The packs that rate today, by whom they rate."""
    return (await load_rule_book(office)).in_force(RulePack, office.today())


async def load_shelf(office: Office) -> RuleShelf:
    """The rule book with what the store knows of its steps; read again when there are new ones."""
    shelf, newest = office.shelf, await load_newest_version()
    if shelf.newest != newest:
        steps = await load_steps()
        book = RuleBook(histories=histories_of(steps), overlay=office.overlay)
        files = await asyncio.to_thread(book.files_on, office.today())  # a long one takes a while to parse
        shelf.book, shelf.steps = book, tuple(steps)
        shelf.derived.clear()
        shelf.has_fictional = any(file.is_fictional for file in files)
        shelf.newest = max((stored.version_id for stored in steps), default=0)
    return shelf
