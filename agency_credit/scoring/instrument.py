"""What every rule file begins with: which version of which instrument it is, and from when to when."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agency_credit.domain.citation import Wording
from agency_credit.domain.period import Period
from agency_credit.scoring.clause_table import parse_code, parse_wording
from agency_credit.scoring.toml_table import TomlTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """Something about the instrument that is not known; `from_on` None: true on every day."""

    about: str
    from_on: date | None
    wording: Wording
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument(ABC):
    """One version of an instrument.

    Parameters
    ----------
    id
        Unique among all files.
    title, document
        What it is called, its number (None: not known).
    promulgated_on, effective_from, repealed_on
        Day of issue (None: not known), first day in force, first day no longer in force (None: no
        repeal is known).
    caveats
        In the order of the file.
    banner
        Says on every page that it is made up; None: a real instrument.
    content, digest
        The file in canonical form (docs/spec/rule-pack.md), and its SHA-256.
    """

    id: str
    title: Wording
    document: str | None
    promulgated_on: date | None
    effective_from: date
    repealed_on: date | None
    caveats: tuple[Caveat, ...]
    banner: Wording | None
    content: bytes
    digest: str

    @property
    @abstractmethod
    def line(self) -> tuple[str, ...]:
        """What successive versions have in common: two files of one line never share a day."""

    @property
    def is_fictional(self) -> bool:
        """Whether it is made up, for demonstrations only."""
        return self.banner is not None

    @property
    def name(self) -> str:
        """How a citation names it: by its number, else by its title."""
        return self.document or f"《{self.title.zh}》"

    @property
    def in_force(self) -> Period:
        """The days on which it is in force."""
        last_on = None if self.repealed_on is None else self.repealed_on - timedelta(days=1)
        return Period(first_on=self.effective_from, last_on=last_on)

    def caveats_on(self, on: date) -> tuple[Caveat, ...]:
        """What is not known about it on the day `on`."""
        return tuple(caveat for caveat in self.caveats if caveat.from_on is None or caveat.from_on <= on)


def parse_head(table: TomlTable) -> dict[str, Any]:
    """The fields of `Instrument` but `content` and `digest`, with every fault of them noted."""
    head: dict[str, Any] = {
        "id": parse_code(table, "id"),
        "title": parse_wording(table.table("title")),
        "document": table.optional_text("document"),
        "promulgated_on": table.optional_day("promulgated_on"),
        "effective_from": table.day("effective_from"),
        "repealed_on": table.optional_day("repealed_on"),
        "caveats": tuple(_parse_caveat(caveat) for caveat in table.optional_tables("caveats")),
        "banner": _parse_banner(table),
    }
    _check_dates(table, head["promulgated_on"], head["effective_from"], head["repealed_on"])
    return head


def _parse_caveat(table: TomlTable) -> Caveat:
    caveat = Caveat(
        about=parse_code(table, "about"),
        from_on=table.optional_day("from_on"),
        wording=parse_wording(table.table("wording")),
        source=table.text("source"),
    )
    table.close()
    return caveat


def _parse_banner(table: TomlTable) -> Wording | None:
    is_fictional, banner = table.is_true("fictional"), table.optional_table("banner")
    if is_fictional and banner is None:
        table.fault("banner", "rules.banner", "a fictional file needs a banner that says so on every page")
    if banner is not None and not is_fictional:
        table.fault("banner", "rules.banner-real", "only a file with fictional = true has a banner")
    return None if banner is None else parse_wording(banner)


def _check_dates(
    table: TomlTable, promulgated_on: date | None, effective_from: date, repealed_on: date | None
) -> None:
    if effective_from == date.min:  # it could not be read
        return
    if promulgated_on is not None and promulgated_on > effective_from:
        table.fault(
            "effective_from", "rules.effective-early", "in force before it was promulgated; check both dates"
        )
    if repealed_on is not None and repealed_on <= effective_from:
        table.fault("repealed_on", "rules.repealed-early", "repealed before its first day in force")
