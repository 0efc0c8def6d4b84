"""Ratings as they were made."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, Boolean, Date, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.register import Agency, Practitioner


class Rating(Table, tablename="rating"):
    """Score and tier in one practice line on a day, with the lines behind them.

    Of an agency, or of a practitioner; then `agency` is the one at which the person practises. Without a tier
    it is redacted: a record behind it was forgotten, and its place alone is kept (docs/adr/0041).
    """

    id: BigSerial = BigSerial(primary_key=True)
    agency = ForeignKey(Agency, null=False, index=True, on_delete=OnDelete.restrict)
    practitioner = ForeignKey(Practitioner, null=True, index=True, on_delete=OnDelete.restrict)
    practice_line = Varchar(length=20)
    rated_on = Date(null=False, default=None)
    pack_id = Varchar(length=120)
    pack_digest = Varchar(length=64)
    is_fictional = Boolean(default=False)
    score = BigInt(help_text="thousandths of a point")
    tier = Varchar(length=10)
    lines_json = Text(default="[]")
    moved_json = Text(default="[]", help_text="what changed the score since the rating before")
    log_index = BigInt(null=True, default=None)
    rated_at = Timestamptz(null=False, default=None)
