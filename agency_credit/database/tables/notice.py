"""Notices inside the office: what happened that a person should know of, without mail."""

from __future__ import annotations

from piccolo.columns import BigSerial, Date, ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.people import Person


class Notice(Table, tablename="notice"):
    """A line for one person: what, where, from when it is shown, by when it is due, when it was read."""

    id: BigSerial = BigSerial(primary_key=True)
    person = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    kind = Varchar(length=40)
    what = Varchar(length=200)
    path = Varchar(length=200)
    due_on = Date(null=True, default=None)
    shown_from = Timestamptz(null=False, default=None)
    at = Timestamptz(null=False, default=None)
    read_at = Timestamptz(null=True, default=None)
