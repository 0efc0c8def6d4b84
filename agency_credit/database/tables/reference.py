"""Reference data; every legal value carries its source."""

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

from agency_credit.database.tables.changes import ChangeRequest


class District(Table, tablename="district"):
    """A district or county of the authority's area (GB/T 2260)."""

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=12)
    name = Varchar(length=60)


class InspectionItem(Table, tablename="inspection_item"):
    """A version of an item of the published inspection list; appended, never changed.

    `number` is the version of the whole list that brought it. On a day an item reads as the version with
    the latest `applies_from` up to that day, of several the one with the highest number.
    """

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=20)
    title = Varchar(length=200)
    practice_line = Varchar(length=20)
    item_weight = Varchar(length=10)
    basis = Text()
    method = Text(help_text="written, on-site, online; separated by commas")
    status = Varchar(length=20)
    source = Text()
    number = Integer(default=1)
    fraction = Varchar(length=24, default="", help_text="most of the agencies that one draw may take")
    frequency = Integer(null=True, default=None, help_text="most draws a year")
    limit_status = Varchar(length=20, default="unverified")
    limit_source = Text()
    body = Varchar(length=60, default="", help_text="who inspects; empty: this office")
    checklist_json = Text(default="[]")
    applies_from = Date(null=True, default=None)
    repealed_on = Date(null=True, default=None)
    origin = Varchar(length=10, default="shipped")
    known_at = Timestamptz(null=True, default=None)
    change = ForeignKey(ChangeRequest, null=True, index=True, on_delete=OnDelete.restrict)
    log_index = BigInt(null=True, default=None)


class ResultCategory(Table, tablename="result_category"):
    """A category of inspection results, keyed on its text (docs/legal-sources.md, 4.3)."""

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=10)
    text = Varchar(length=120)
    is_problem = Boolean(default=False)
    position = Integer(default=0)


class CalendarDay(Table, tablename="calendar_day"):
    """A day whose kind the office entered: it overrides what the calendar package knows."""

    id: BigSerial = BigSerial(primary_key=True)
    day = Date(null=False, default=None)
    is_workday = Boolean(default=False)
    note = Text()
    source = Text()


class LegalParameter(Table, tablename="legal_parameter"):
    """A value of the law that this office works with; status found, unverified or entered."""

    id: BigSerial = BigSerial(primary_key=True)
    key = Varchar(length=60)
    value = Text()
    unit = Varchar(length=30)
    status = Varchar(length=20)
    source = Text()
    note = Text()
