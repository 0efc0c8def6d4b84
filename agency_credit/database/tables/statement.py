"""Statements of credit that agencies show to others: that they were issued, not what they say."""

from __future__ import annotations

from piccolo.columns import BigSerial, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency


class Statement(Table, tablename="statement"):
    """A statement that was issued; its content is not kept, so that nothing of it must be forgotten later.

    `code` is on the paper alone and cannot be guessed. `digest` is that of the statement's canonical JSON.
    `ratings_json` names the ratings that it rests on by their numbers.
    """

    id: BigSerial = BigSerial(primary_key=True)
    code = Varchar(length=40)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    extent = Varchar(length=10)
    digest = Varchar(length=64)
    ratings_json = Text(default="[]")
    issued_by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    issued_at = Timestamptz(null=False, default=None)
