"""Credit records: what was decided or found about an agency or a practitioner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agency_credit.domain.period import Period


class Category(StrEnum):
    """What sort of information a record is (大类)."""

    PENALTY = "penalty"
    LIST = "list"
    DISCIPLINE = "discipline"
    INSPECTION = "inspection"
    ANNUAL_REPORT = "annual-report"
    PRAISE = "praise"
    OTHER = "other"


class Procedure(StrEnum):
    """In which a penalty was imposed (普通程序, 简易程序)."""

    ORDINARY = "ordinary"
    SUMMARY = "summary"


class Sanction(StrEnum):
    """Kinds of administrative penalties (行政处罚法, art 9)."""

    WARNING = "warning"
    CRITICISM = "criticism"
    FINE = "fine"
    CONFISCATION = "confiscation"
    LICENCE_HELD = "licence-held"
    DOWNGRADE = "downgrade"
    LICENCE_REVOKED = "licence-revoked"
    RESTRICTION = "restriction"
    SUSPENSION = "suspension"
    CLOSURE = "closure"
    TRADE_BAR = "trade-bar"
    DETENTION = "detention"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """What decides how long a record is disclosed; None and empty: nobody has said it.

    Parameters
    ----------
    category, procedure, sanctions
        What sort of information it is; of a penalty, how it was imposed and what it consists of.
    classes
        Classes of period tables that the authority stated.
    is_person
        Of a practitioner, not of an agency.
    served_on
        Day on which the decision was served (送达日期).
    conduct_ended_on
        Day on which the conduct ended (行为终止日期).
    """

    category: Category | None = None
    procedure: Procedure | None = None
    sanctions: frozenset[Sanction] = frozenset()
    classes: frozenset[str] = frozenset()
    is_person: bool = False
    served_on: date | None = None
    conduct_ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRecord:
    """One record of a credit file, as it is known when the ledger is drawn up.

    Parameters
    ----------
    record_id
        Unique within the credit file and stable: it orders records of one day.
    subject
        Unified social credit code of the agency or branch, certificate number of the practitioner.
    kind
        The word of the office for what happened (信息类别); clauses match on it.
    decided_on
        Day of the decision or event (决定日期).
    entered_on
        Day on which it entered the evaluation, where an authority states one; not the day of import.
    document, authority, summary
        Document number, deciding authority and a short text; they do not affect the score.
    assessed_millipoints
        What an authority set for this case, for clauses that give only a range.
    withdrawn_on
        Day from which the decision no longer stands (annulled, withdrawn, objection upheld).
    repaired_on
        Day from which it is repaired (credit repair granted).
    suspended
        Days on which its effect is stayed (review, suit, enforcement stayed); in order, disjoint.
    evidence
        SHA-256 of the document behind it, in hexadecimal.
    """

    record_id: str
    subject: str
    kind: str
    decided_on: date
    entered_on: date | None = None
    document: str | None = None
    authority: str | None = None
    summary: str | None = None
    assessed_millipoints: int | None = None
    withdrawn_on: date | None = None
    repaired_on: date | None = None
    suspended: tuple[Period, ...] = ()
    evidence: str | None = None
