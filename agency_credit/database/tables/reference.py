"""Reference data that an administrator edits; every legal value carries its source."""

from __future__ import annotations

from piccolo.columns import BigSerial, Boolean, Date, Integer, Text, Varchar
from piccolo.table import Table


class District(Table, tablename="district"):
    """A district or county of the authority's area (GB/T 2260)."""

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=12)
    name = Varchar(length=60)


class InspectionItem(Table, tablename="inspection_item"):
    """An item of the published inspection list."""

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=20)
    title = Varchar(length=200)
    practice_line = Varchar(length=20)
    item_weight = Varchar(length=10)
    basis = Text()
    method = Text()
    status = Varchar(length=20)
    source = Text()


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
