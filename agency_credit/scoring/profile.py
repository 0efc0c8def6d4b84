"""Profiles: what an area does with tiers, and the clocks it works by."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Citation, Provenance, Wording
from agency_credit.domain.record import Category
from agency_credit.scoring.clause_table import (
    parse_area,
    parse_citation,
    parse_code,
    parse_provenance,
    parse_wording,
)
from agency_credit.scoring.instrument import Instrument, parse_head
from agency_credit.scoring.toml_table import TomlTable

_FRACTION = re.compile(r"0|1|0\.[0-9]{1,9}|[0-9]{1,10}/[1-9][0-9]{0,9}", re.ASCII)
MOST = 10**6


class Line(StrEnum):
    """A practice line."""

    PATENT = "patent"
    TRADEMARK = "trademark"


class ListStatus(StrEnum):
    """A public list on which an agency can stand."""

    ABNORMAL = "abnormal"
    SERIOUS = "serious"


class Unit(StrEnum):
    """What a value counts."""

    WORKING_DAYS = "working-days"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    TIMES_A_YEAR = "times-a-year"
    YES_NO = "yes-no"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileValue:
    """One clock or switch; `value` None: not known."""

    key: str
    value: int | None
    unit: Unit
    wording: Wording
    provenance: Provenance
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """So many inspections in so many years."""

    times: int
    years: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """What a tier means for the agencies of a practice line.

    Parameters
    ----------
    fraction
        Sampling fraction, as draw-protocol.md writes it; None: not known.
    minimum
        Least number of units of the stratum to draw; None: none is set.
    priority
        1 is inspected first.
    """

    practice_line: Line
    tier: str
    fraction: str | None
    minimum: int | None
    frequency: Frequency | None
    priority: int
    is_key_supervision: bool
    facilitation: tuple[Wording, ...]
    provenance: Provenance
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class MandatoryRule:
    """Agencies that are inspected without lot."""

    practice_line: Line
    list_status: tuple[str, ...]
    wording: Wording
    provenance: Provenance
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """As which record a published result enters the credit file.

    Parameters
    ----------
    categories
        Codes of categories of results, one of which it names; none: every result.
    kind, record_category
        Word and category of the record; it has points only where a clause names the word.
    """

    practice_line: Line
    categories: tuple[str, ...]
    kind: str
    record_category: Category
    provenance: Provenance
    citation: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Instrument):
    """The rules of an area; `area`: first digits of its district codes, empty: everywhere."""

    area: str
    values: tuple[ProfileValue, ...]
    supervision: tuple[Supervision, ...]
    mandatory: tuple[MandatoryRule, ...]
    result_records: tuple[ResultRecord, ...]

    @property
    def line(self) -> tuple[str, ...]:
        """One profile holds for an area on a day."""
        return ("profile", self.area)

    def supervision_of(self, practice_line: str, tier: str) -> Supervision | None:
        """What a tier means; None where the profile does not say."""
        for row in self.supervision:
            if (row.practice_line.value, row.tier) == (practice_line, tier):
                return row
        return None


def parse_profile(table: TomlTable, content: bytes) -> Profile:
    """The profile in the top table of a file; its faults are noted in the table."""
    head = parse_head(table)
    instrument = head["document"] or f"《{head['title'].zh}》"
    rows = table.optional_tables("supervision")
    profile = Profile(
        **head,
        content=content,
        digest=digest(content),
        area=parse_area(table),
        values=tuple(_parse_value(value, instrument) for value in table.optional_tables("values")),
        supervision=tuple(_parse_supervision(row, instrument) for row in rows),
        mandatory=tuple(_parse_mandatory(row, instrument) for row in table.optional_tables("mandatory")),
        result_records=tuple(
            _parse_result_record(row, instrument) for row in table.optional_tables("result_records")
        ),
    )
    table.close()
    _check_repetition(table, profile)
    return profile


def _parse_value(table: TomlTable, instrument: str) -> ProfileValue:
    value = ProfileValue(
        key=parse_code(table, "key"),
        value=table.optional_number("value", 0, MOST),
        unit=table.choice("unit", Unit),
        wording=parse_wording(table.table("wording")),
        provenance=parse_provenance(table),
        citation=parse_citation(table.table("citation"), instrument),
    )
    if value.unit is Unit.YES_NO and value.value not in (None, 0, 1):
        table.fault("value", "rules.yes-no", "expected 1 for yes or 0 for no")
    table.close()
    return value


def _parse_supervision(table: TomlTable, instrument: str) -> Supervision:
    frequency = table.optional_table("frequency")
    row = Supervision(
        practice_line=table.choice("practice_line", Line),
        tier=parse_code(table, "tier"),
        fraction=_parse_fraction(table),
        minimum=table.optional_number("minimum", 0, MOST),
        frequency=None if frequency is None else _parse_frequency(frequency),
        priority=table.number("priority", 1, MOST),
        is_key_supervision=table.boolean("key_supervision"),
        facilitation=tuple(parse_wording(wording) for wording in table.optional_tables("facilitation")),
        provenance=parse_provenance(table),
        citation=parse_citation(table.table("citation"), instrument),
    )
    table.close()
    return row


def _parse_fraction(table: TomlTable) -> str | None:
    text = table.optional_text("fraction")
    if text is None:
        return None
    fits = _FRACTION.fullmatch(text) is not None and Fraction(text) <= 1
    if fits and "/" in text:  # in lowest terms, as draw-protocol.md asks for
        fits = f"{Fraction(text).numerator}/{Fraction(text).denominator}" == text
    if not fits:
        table.fault("fraction", "rules.fraction", 'expected a fraction from 0 to 1 like "0.05" or "1/20"')
    return text


def _parse_frequency(table: TomlTable) -> Frequency:
    frequency = Frequency(times=table.number("times", 1, MOST), years=table.number("years", 1, MOST))
    table.close()
    return frequency


def _parse_mandatory(table: TomlTable, instrument: str) -> MandatoryRule:
    rule = MandatoryRule(
        practice_line=table.choice("practice_line", Line),
        list_status=table.texts("list_status"),
        wording=parse_wording(table.table("wording")),
        provenance=parse_provenance(table),
        citation=parse_citation(table.table("citation"), instrument),
    )
    for status in rule.list_status:
        if status not in set(ListStatus):
            template = "expected one of: {words}"
            table.fault("list_status", "rules.type", template, words=", ".join(ListStatus))
    table.close()
    return rule


def _parse_result_record(table: TomlTable, instrument: str) -> ResultRecord:
    row = ResultRecord(
        practice_line=table.choice("practice_line", Line),
        categories=table.texts("categories") if table.has("categories") else (),
        kind=table.text("kind"),
        record_category=table.choice("record_category", Category),
        provenance=parse_provenance(table),
        citation=parse_citation(table.table("citation"), instrument),
    )
    table.close()
    return row


def _check_repetition(table: TomlTable, profile: Profile) -> None:
    for key, n in Counter(value.key for value in profile.values).items():
        if n > 1:
            table.fault("values", "rules.duplicate-value", "{n} values have the key {name}", name=key, n=n)
    rows = Counter((row.practice_line.value, row.tier) for row in profile.supervision)
    for (line, tier), n in rows.items():
        if n > 1:
            template = "{n} rows speak of the tier {name}"
            table.fault("supervision", "rules.duplicate-tier-row", template, name=f"{line} {tier}", n=n)
