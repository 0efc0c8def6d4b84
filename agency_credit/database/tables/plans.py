"""Annual plans of inspections, and inspections that a lead gave rise to."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Date, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.changes import ChangeRequest
from agency_credit.database.tables.inspection import Inspection
from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency


class AnnualPlanDraft(Table, tablename="annual_plan_draft"):
    """The plan of a year while it is written; nothing of it holds before a second person approved it."""

    id: BigSerial = BigSerial(primary_key=True)
    year = Integer()
    content_json = Text(default="[]")
    changed_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    changed_at = Timestamptz(null=False, default=None)


class AnnualPlan(Table, tablename="annual_plan"):
    """A version of the plan of a year, approved and public; an amendment is the next version."""

    id: BigSerial = BigSerial(primary_key=True)
    year = Integer()
    number = Integer()
    content_json = Text()
    digest = Varchar(length=64)
    change = ForeignKey(ChangeRequest, null=False, index=True, on_delete=OnDelete.restrict)
    published_at = Timestamptz(null=False, default=None)
    log_index = BigInt(null=True, default=None)


class LeadInspection(Table, tablename="lead_inspection"):
    """Why an inspection was opened without lot: a complaint, a transferred case, a finding in data."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    lead_kind = Varchar(length=20)
    document_number = Varchar(length=120)
    received_on = Date(null=False, default=None)
    items_json = Text(default="[]")
    change = ForeignKey(ChangeRequest, null=False, index=True, on_delete=OnDelete.restrict)
    opened_at = Timestamptz(null=False, default=None)
