"""Period tables: how long a record is disclosed and from when it can be repaired, by class of severity."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Citation, Provenance, Wording
from agency_credit.domain.record import Category, Procedure, Sanction
from agency_credit.scoring.clause import RepairRule
from agency_credit.scoring.clause_table import (
    parse_area,
    parse_citation,
    parse_code,
    parse_provenance,
    parse_repair,
    parse_wording,
)
from agency_credit.scoring.instrument import Instrument, parse_head
from agency_credit.scoring.toml_table import TomlTable

Choice = TypeVar("Choice", bound=StrEnum)


class Disclosure(StrEnum):
    """Whether a record of the class is published."""

    YES = "yes"
    NO = "no"
    NORMALLY_NOT = "normally-not"


class PeriodStart(StrEnum):
    """From which day the periods run."""

    DECISION = "decision"
    CONDUCT_END = "conduct-end"
    PUBLICATION = "publication"


class Requirement(StrEnum):
    """What a condition of repair asks for, where its wording says so plainly."""

    MIN_PERIOD = "min-period"
    DUTIES_DONE = "duties-done"
    HARM_REMOVED = "harm-removed"
    PLEDGE = "pledge"
    NO_REPEAT = "no-repeat"
    NOT_LISTED = "not-listed"


COMPUTED = frozenset({Requirement.MIN_PERIOD, Requirement.NO_REPEAT, Requirement.NOT_LISTED})
"""What the registers tell; anything else whoever applies declares and proves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Wording):
    """A condition of repair in the words of the instrument; `requires` None: the words alone say what."""

    requires: Requirement | None = None


class SubjectKind(StrEnum):
    """Whose record it is."""

    ENTITY = "entity"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matcher:
    """Data by which a record is of a class although nobody stated one; what is empty asks for nothing.

    Parameters
    ----------
    categories
        The record is of one of them.
    procedure
        In which the penalty was imposed.
    sanctions_only, sanctions_any
        All its sanctions are among these (and there is one); at least one is among these.
    subject
        Whose record it is.
    """

    categories: tuple[Category, ...] = ()
    procedure: Procedure | None = None
    sanctions_only: tuple[Sanction, ...] = ()
    sanctions_any: tuple[Sanction, ...] = ()
    subject: SubjectKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosurePeriod:
    """A row: one class of severity.

    Parameters
    ----------
    applies
        A record that fits one of these is of the class; none: only the authority says which record is.
    is_collected
        False: such a record is no credit item, and is not taken in.
    min_months
        Before it no repair; None: the instrument names none.
    max_months
        Then disclosure ends by itself; None: the instrument names none.
    """

    name: str
    wording: Wording
    applies: tuple[Matcher, ...]
    is_collected: bool
    published: Disclosure
    min_months: int | None
    max_months: int | None
    counts_from: PeriodStart
    repair: RepairRule
    conditions: tuple[Condition, ...]
    provenance: Provenance
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTable(Instrument):
    """The periods of one version of an instrument.

    Parameters
    ----------
    series
        What later versions continue.
    area
        First digits of the district codes for which it holds; empty: everywhere.
    categories
        What records it speaks of; none: of all.
    """

    series: str
    area: str
    categories: tuple[Category, ...]
    periods: tuple[DisclosurePeriod, ...]

    @property
    def line(self) -> tuple[str, ...]:
        """One version of an instrument sets its periods on a day."""
        return ("periods", self.series)


def parse_periods(table: TomlTable, content: bytes) -> PeriodTable:
    """The period table in the top table of a file; its faults are noted in the table."""
    head = parse_head(table)
    instrument = head["document"] or f"《{head['title'].zh}》"
    periods = PeriodTable(
        **head,
        content=content,
        digest=digest(content),
        series=parse_code(table, "series"),
        area=parse_area(table) if table.has("area") else "",
        categories=_words(table, "categories", Category),
        periods=tuple(_parse_period(period, instrument) for period in table.tables("periods")),
    )
    table.close()
    for name, n in Counter(period.name for period in periods.periods).items():
        if n > 1:
            template = "{n} rows are of the class {name}"
            table.fault("periods", "rules.duplicate-class", template, name=name, n=n)
    return periods


def _parse_period(table: TomlTable, instrument: str) -> DisclosurePeriod:
    n_faults = len(table.faults)
    repair = parse_repair(table)
    if repair is None and len(table.faults) == n_faults:
        table.fault("repair", "rules.missing-key", "this key is missing; write it")
    period = DisclosurePeriod(
        name=parse_code(table, "class"),
        wording=parse_wording(table.table("wording")),
        applies=tuple(_parse_matcher(matcher) for matcher in table.optional_tables("applies")),
        is_collected=not table.has("collected") or table.boolean("collected"),
        published=table.choice("published", Disclosure),
        min_months=table.optional_months("min_months"),
        max_months=table.optional_months("max_months"),
        counts_from=table.choice("counts_from", PeriodStart),
        provenance=parse_provenance(table),
        repair=repair or RepairRule(is_allowed=False, after_months=None, provenance=parse_provenance(table)),
        conditions=tuple(_parse_condition(inner) for inner in table.optional_tables("conditions")),
        citation=parse_citation(table.table("citation"), instrument),
    )
    if period.min_months and period.max_months and period.min_months > period.max_months:
        table.fault("min_months", "rules.period", "the least period is longer than the most; check both")
    table.close()
    return period


def _parse_condition(table: TomlTable) -> Condition:
    has_word = table.has("requires")
    condition = Condition(
        zh=table.text("zh"),
        en=table.text("en"),
        requires=table.choice("requires", Requirement) if has_word else None,
    )
    table.close()
    return condition


def _parse_matcher(table: TomlTable) -> Matcher:
    matcher = Matcher(
        categories=_words(table, "categories", Category),
        procedure=table.choice("procedure", Procedure) if table.has("procedure") else None,
        sanctions_only=_words(table, "sanctions_only", Sanction),
        sanctions_any=_words(table, "sanctions_any", Sanction),
        subject=table.choice("subject", SubjectKind) if table.has("subject") else None,
    )
    if matcher == Matcher():
        template = "this table asks for nothing, so that every record fits; say what"
        table.fault("", "rules.empty-matcher", template)
    table.close()
    return matcher


def _words(table: TomlTable, key: str, choices: type[Choice]) -> tuple[Choice, ...]:
    texts = table.texts(key) if table.has(key) else ()
    known = {choice.value: choice for choice in choices}
    for text in texts:
        if text not in known:
            table.fault(key, "rules.type", "expected one of: {words}", words=", ".join(known))
    return tuple(known[text] for text in texts if text in known)
