"""Short public replies of agencies, beside a published record or result.

That a reply was made and what became of it (`Reply`, `ReplyStep`) is only ever added to. Its words
(`ReplyText`) are never changed either, but stand apart, so that they can be forgotten.
"""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.people import Person
from agency_credit.database.tables.register import Agency


class Reply(Table, tablename="reply"):
    """A reply to one target; `version` counts those to it, so that of two at once one is refused.

    `target` is the number of a credit record or of an inspection, and no foreign key: a record may go.
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    kind = Varchar(length=10)
    target = BigInt()
    version = Integer()
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)


class ReplyText(Table, tablename="reply_text"):
    """What it says."""

    id: BigSerial = BigSerial(primary_key=True)
    reply = ForeignKey(Reply, null=False, index=True, on_delete=OnDelete.restrict)
    text = Text()


class ReplyStep(Table, tablename="reply_step"):
    """What became of it; `reasons`: which personal data it holds, where it was returned."""

    id: BigSerial = BigSerial(primary_key=True)
    reply = ForeignKey(Reply, null=False, index=True, on_delete=OnDelete.restrict)
    sequence = Integer()
    step = Varchar(length=20)
    reasons = Varchar(length=100)
    by = ForeignKey(Person, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    log_index = BigInt(null=True, default=None)
