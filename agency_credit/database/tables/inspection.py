"""Inspections that a draw opened, and their results; inspections by other bodies."""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from agency_credit.database.tables.draw import Draw
from agency_credit.database.tables.imports import ImportRun
from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency, Inspector


class Inspection(Table, tablename="inspection"):
    """An agency that has to be visited: a target of a draw, or (`draw` None) for a lead."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=True, index=True, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    stratum = Varchar(length=64)
    stream = Varchar(length=20)
    position = Integer()
    due_on = Date(null=True, default=None)


class InspectionSeat(Table, tablename="inspection_seat"):
    """A seat of the team, empty where nobody could be seated."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    seat = Integer()
    role = Varchar(length=64)
    inspector = ForeignKey(Inspector, null=True, index=True, on_delete=OnDelete.restrict)


class InspectionResult(Table, tablename="inspection_result"):
    """A version of a result; a returned one is followed by the next version."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    version = Integer()
    inspected_on = Date(null=False, default=None)
    categories_json = Text(default="[]")
    findings = Text()
    entered_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    entered_at = Timestamptz(null=False, default=None)


class ResultStep(Table, tablename="result_step"):
    """What became of a version of a result: returned, reviewed, published."""

    id: BigSerial = BigSerial(primary_key=True)
    result = ForeignKey(InspectionResult, null=False, index=True, on_delete=OnDelete.restrict)
    step = Varchar(length=20)
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    reason = Text()
    log_index = BigInt(null=True, default=None)


class OtherInspection(Table, tablename="other_inspection"):
    """An inspection of an agency by another body, from its list; counts towards the annual cap.

    Its kind is routine (日常), special (专项) or case (个案).
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    inspected_on = Date(null=False, default=None)
    authority = Varchar(length=200)
    kind = Varchar(length=20)
    is_on_site = Boolean()
    is_lead_based = Boolean(help_text="on a complaint, a report or a transferred case")
    document_number = Varchar(length=120)
    items = Text()
    import_run = ForeignKey(ImportRun, null=True, index=True, on_delete=OnDelete.restrict)
    known_at = Timestamptz(null=False, default=None)
