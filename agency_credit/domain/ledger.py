"""The ledger: a line a credit record, from which score and tier follow alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agency_credit.domain.citation import Citation
from agency_credit.domain.period import Period


class LineState(StrEnum):
    """What a record does to the score on the day of the ledger; only `COUNTING` moves it."""

    COUNTING = "counting"
    NOT_YET = "not-yet"
    """Decided, or starting to count, after the day."""

    NOT_COLLECTED = "not-collected"
    """From before the day on which the instrument begins to collect records."""

    EXPIRED = "expired"
    SUSPENDED = "suspended"
    """Its effect is stayed on the day."""

    CAPPED = "capped"
    """Other records use up what the clause or its group can add up to: it counts once, or has a cap."""

    NOT_VALUED = "not-valued"
    """The clause has no points yet, or only a range in which nobody has set this case."""

    WITHDRAWN = "withdrawn"
    REPAIRED = "repaired"
    UNMATCHED = "unmatched"
    """No clause of the rule pack speaks of such a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """What one record does to the score.

    Parameters
    ----------
    record_id, record_kind, decided_on
        The record.
    clause
        Code of the clause; None where no clause matches.
    millipoints
        What the line adds to the score on the day: 0 unless the state is `COUNTING`.
    worth_millipoints
        What the record is worth while it counts, before caps; None where that is not known.
    period
        Days on which it counts; None where no clause matches.
    state, citation
        Why; the place in the instrument.
    evidence
        SHA-256 of the document behind the record, in hexadecimal; None where none is known.
    """

    record_id: str
    record_kind: str
    decided_on: date
    clause: str | None
    millipoints: int
    worth_millipoints: int | None
    period: Period | None
    state: LineState
    citation: Citation | None
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All lines of one subject under one rule pack on one day, by date of decision, then record."""

    on: date
    pack_id: str
    base_millipoints: int
    lines: tuple[LedgerLine, ...]
