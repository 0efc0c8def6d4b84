"""Duties of agencies and practitioners, and the penalties for breaking them: clauses without points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agency_credit.domain.canonical import digest
from agency_credit.domain.citation import Citation, Provenance, Wording
from agency_credit.domain.tier import RatingSubject
from agency_credit.scoring.clause import RepairRule, Severity
from agency_credit.scoring.clause_table import (
    check_repetition,
    parse_citation,
    parse_code,
    parse_provenance,
    parse_repair,
    parse_severity,
    parse_wording,
)
from agency_credit.scoring.instrument import Instrument, parse_head
from agency_credit.scoring.toml_table import MOST_YUAN, TomlTable


class PenaltyOn(StrEnum):
    """Whom a penalty falls on."""

    AGENCY = "agency"
    RESPONSIBLE_PERSON = "responsible-person"
    PRACTITIONER = "practitioner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Penalty:
    """What breaking a duty costs; fines in yuan, None where the instrument names none."""

    on: PenaltyOn
    wording: Wording
    fine_from: int | None
    fine_up_to: int | None
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyClause:
    """A duty; `record_kinds`: words of the offices for its breach, perhaps none."""

    code: str
    wording: Wording
    record_kinds: tuple[str, ...]
    penalties: tuple[Penalty, ...]
    provenance: Provenance
    citation: Citation
    severity: Severity | None
    repair: RepairRule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties(Instrument):
    """Duties of one kind of subject under one version of an instrument.

    Parameters
    ----------
    subject
        Whose duties.
    series
        What later versions of the instrument continue.
    """

    subject: RatingSubject
    series: str
    clauses: tuple[DutyClause, ...]

    @property
    def line(self) -> tuple[str, ...]:
        """One version of an instrument tells a subject its duties on a day."""
        return ("duties", self.subject.value, self.series)


def parse_duties(table: TomlTable, content: bytes) -> Duties:
    """The duties in the top table of a file; its faults are noted in the table."""
    head = parse_head(table)
    instrument = head["document"] or f"《{head['title'].zh}》"
    duties = Duties(
        **head,
        content=content,
        digest=digest(content),
        subject=table.choice("subject", RatingSubject),
        series=parse_code(table, "series"),
        clauses=tuple(_parse_clause(clause, instrument) for clause in table.tables("clauses")),
    )
    table.close()
    kinds = (kind for clause in duties.clauses for kind in clause.record_kinds)
    check_repetition(table, (clause.code for clause in duties.clauses), kinds)
    return duties


def _parse_clause(table: TomlTable, instrument: str) -> DutyClause:
    clause = DutyClause(
        code=parse_code(table, "code"),
        wording=parse_wording(table.table("wording")),
        record_kinds=table.texts("records") if table.has("records") else (),
        penalties=tuple(_parse_penalty(penalty) for penalty in table.optional_tables("penalties")),
        provenance=parse_provenance(table),
        citation=parse_citation(table.table("citation"), instrument),
        severity=parse_severity(table),
        repair=parse_repair(table),
    )
    table.close()
    return clause


def _parse_penalty(table: TomlTable) -> Penalty:
    penalty = Penalty(
        on=table.choice("on", PenaltyOn),
        wording=parse_wording(table.table("wording")),
        fine_from=table.optional_number("fine_from", 0, MOST_YUAN),
        fine_up_to=table.optional_number("fine_up_to", 1, MOST_YUAN),
        provenance=parse_provenance(table),
    )
    if penalty.fine_from and penalty.fine_up_to and penalty.fine_from > penalty.fine_up_to:
        table.fault("fine_from", "rules.fine", "the least fine is above the most; check both")
    table.close()
    return penalty
