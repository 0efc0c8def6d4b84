"""Clauses of a rule pack: what is counted, for how much, how often and for how long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from agency_credit.domain.citation import Citation, Provenance, Status, Wording
from agency_credit.scoring.toml_table import TomlTable

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,59}", re.ASCII)


class ClauseKind(StrEnum):
    """Whether a clause takes points off or adds them."""

    DEDUCTION = "deduction"
    BONUS = "bonus"


class CountingRule(StrEnum):
    """How often a clause counts when several records match it."""

    PER_CASE = "per-case"
    PER_YEAR = "per-year"
    """Once for all records that start to count in one calendar year: the heaviest."""

    ONCE = "once"
    """Once for all records that count on a day: the heaviest."""


class LifeStart(StrEnum):
    """The day from which a record counts."""

    DECIDED = "decided"
    ENTERED = "entered"
    """The day on which it entered the evaluation; the day of decision where none is stated."""


class RangeRule(StrEnum):
    """What decides within a range of points."""

    ASSESSED = "assessed"
    """The authority sets each case (`CreditRecord.assessed_millipoints`); until then: not valued."""

    CEILING = "ceiling"
    """As `ASSESSED`, but a case that nobody has set counts with the most the clause allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """From which day a record counts and for how many months; `months` None: without end."""

    start: LifeStart
    months: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """How often a clause counts."""

    rule: CountingRule
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What decides within the range from nothing to the clause's points."""

    rule: RangeRule
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One row of an instrument.

    Parameters
    ----------
    code
        Unique within the pack.
    millipoints
        Signed: below 0 for a deduction. None: not yet valued, costs nothing. With `range` given it
        is the most that one case can move the score.
    provenance
        Of the points; for a clause without points, of the clause.
    record_kinds
        Words of the offices (信息类别) that this clause is matched by.
    """

    code: str
    kind: ClauseKind
    wording: Wording
    record_kinds: tuple[str, ...]
    millipoints: int | None
    range: Range | None
    provenance: Provenance
    life: Life
    counting: Counting
    citation: Citation


def parse_code(table: TomlTable, key: str) -> str:
    """A short ASCII word that can stand in an address."""
    code = table.text(key)
    if code and not _CODE.fullmatch(code):
        table.fault(key, "rules.code", "use at most 60 ASCII letters, digits, points, + and hyphens")
    return code


def parse_wording(table: TomlTable) -> Wording:
    """`zh` and `en` of a table that holds nothing else."""
    wording = Wording(zh=table.text("zh"), en=table.text("en"))
    table.close()
    return wording


def parse_provenance(table: TomlTable) -> Provenance:
    """`status` and `source`, and `entered_by` and `entered_on` for entered values and only for them."""
    status = table.choice("status", Status)
    is_entered = status is Status.ENTERED
    if not is_entered and (table.has("entered_by") or table.has("entered_on")):
        table.fault("entered_by", "rules.entered", 'only a value with status "entered" says who entered it')
    return Provenance(
        status=status,
        source=table.text("source"),
        entered_by=table.text("entered_by") if is_entered else table.optional_text("entered_by"),
        entered_on=table.day("entered_on") if is_entered else table.optional_day("entered_on"),
    )


def parse_life(table: TomlTable) -> Life:
    """A table `life`."""
    life = Life(
        start=table.choice("from", LifeStart),
        months=table.optional_months("months"),
        provenance=parse_provenance(table),
    )
    table.close()
    return life


def parse_counting(table: TomlTable) -> Counting:
    """A table `counting`."""
    counting = Counting(rule=table.choice("rule", CountingRule), provenance=parse_provenance(table))
    table.close()
    return counting


def parse_clause(table: TomlTable, life: Life, counting: Counting, instrument: str) -> Clause:
    """One of the tables `clauses`; `life`, `counting`, `instrument`: the pack's, where it has none."""
    kind = table.choice("kind", ClauseKind)
    own_life, own_counting = table.optional_table("life"), table.optional_table("counting")
    clause = Clause(
        code=parse_code(table, "code"),
        kind=kind,
        wording=parse_wording(table.table("wording")),
        record_kinds=table.texts("records"),
        millipoints=_parse_millipoints(table, kind),
        range=_parse_range(table),
        provenance=parse_provenance(table),
        life=life if own_life is None else parse_life(own_life),
        counting=counting if own_counting is None else parse_counting(own_counting),
        citation=_parse_citation(table.table("citation"), instrument),
    )
    table.close()
    return clause


def _parse_millipoints(table: TomlTable, kind: ClauseKind) -> int | None:
    if table.has("points") and table.has("points_up_to"):
        table.fault("points_up_to", "rules.points-twice", "give either points or points_up_to, not both")
    key = "points_up_to" if table.has("points_up_to") else "points"
    n_faults = len(table.faults)
    millipoints = table.optional_points(key)
    if millipoints is None or len(table.faults) > n_faults:
        return millipoints
    if kind is ClauseKind.DEDUCTION and millipoints >= 0:
        table.fault(key, "rules.sign", "a deduction needs points below 0; leave them out if not known")
    if kind is ClauseKind.BONUS and millipoints <= 0:
        table.fault(key, "rules.sign", "a bonus needs points above 0; leave them out if not known")
    return millipoints


def _parse_range(table: TomlTable) -> Range | None:
    if not table.has("points_up_to"):
        if table.has("within"):
            table.fault("within", "rules.within", "only a clause with points_up_to has something to decide")
            table.table("within")
        return None
    within = table.table("within")
    found = Range(rule=within.choice("rule", RangeRule), provenance=parse_provenance(within))
    within.close()
    return found


def _parse_citation(table: TomlTable, instrument: str) -> Citation:
    citation = Citation(
        instrument=table.optional_text("instrument") or instrument,
        article=table.optional_text("article"),
        annex=table.optional_text("annex"),
    )
    if citation.article is None and citation.annex is None:
        table.fault("article", "rules.citation", "name the article or the row of the annex")
    table.close()
    return citation
