"""The rule files that hold here, on any day as known on any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring import Instrument, Profile, RulePack, in_force_on, rule_pack_in_force
from agency_credit.services.office import Office

AnyFile = TypeVar("AnyFile", bound=Instrument)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rule files of an office; fictional ones only where they were asked for, and then first."""

    files: tuple[Instrument, ...]

    def files_on(self, on: date, known: date | None = None) -> tuple[Instrument, ...]:
        """Every file as it reads on the day `on`, as known at the end of the day `known` (None: now)."""
        del on, known
        return self.files

    def in_force(self, kind: type[AnyFile], on: date, known: date | None = None) -> tuple[AnyFile, ...]:
        """The files of one type that hold on the day `on`, one of each line."""
        return in_force_on(self._of(kind, on, known), on, allow_fictional=True)

    def pack_on(self, subject: RatingSubject, on: date, known: date | None = None) -> RulePack:
        """The pack that rates `subject` on the day `on`.

        Raises
        ------
        InputError
            None is in force; the message names the instrument that is missing.
        """
        return rule_pack_in_force(self._of(RulePack, on, known), subject, on, allow_fictional=True)

    def profile_on(self, area: str, on: date, known: date | None = None) -> Profile | None:
        """The profile of the narrowest area that holds the district `area`; None: there is none."""
        held = [p for p in self.in_force(Profile, on, known) if area.startswith(p.area)]
        return max(held, key=lambda profile: len(profile.area), default=None)

    def _of(self, kind: type[AnyFile], on: date, known: date | None) -> Iterable[AnyFile]:
        return [file for file in self.files_on(on, known) if isinstance(file, kind)]


async def load_rule_book(office: Office) -> RuleBook:
    """The rule files of this office, with every change that was decided."""
    return RuleBook(files=office.rules)
