"""Clauses of a rule pack: what is counted, for how much, how often and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agency_credit.domain.citation import Citation, Provenance, Wording


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
    """How often a clause counts; `cap`: the most that all its records move the score, signed (None: none)."""

    rule: CountingRule
    cap: int | None = None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What decides between `from_millipoints` and the clause's points; both signed, the first nearer to 0."""

    rule: RangeRule
    from_millipoints: int = 0
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity:
    """Class of the period tables: how long a record of the clause is disclosed."""

    name: str
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRule:
    """Whether a record can be repaired; `after_months` None: the period table of its severity says when."""

    is_allowed: bool
    after_months: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A heading of the instrument; `cap`: the most that its clauses together move the score, signed."""

    code: str
    kind: ClauseKind
    wording: Wording
    cap: int | None
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
    group
        Code of a group of the pack.
    severity, repair
        None: the instrument does not say.
    """

    code: str
    kind: ClauseKind
    group: str | None = None
    wording: Wording
    record_kinds: tuple[str, ...]
    millipoints: int | None
    range: Range | None
    provenance: Provenance
    life: Life
    counting: Counting
    citation: Citation
    severity: Severity | None = None
    repair: RepairRule | None = None

    @property
    def bounds(self) -> tuple[int, int] | None:
        """Lowest and highest that an authority may set for a case, in thousandths; None: it sets none."""
        if self.range is None or self.millipoints is None:
            return None
        low, high = sorted((self.range.from_millipoints, self.millipoints))
        return low, high
