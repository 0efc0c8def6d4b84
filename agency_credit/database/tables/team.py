"""What befell the teams after a draw: reserves that were called, seats emptied and filled, members sent."""

from __future__ import annotations

from piccolo.columns import BigInt, BigSerial, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from agency_credit.database.tables.changes import ChangeRequest
from agency_credit.database.tables.draw import Draw
from agency_credit.database.tables.inspection import Inspection
from agency_credit.database.tables.register import Inspector


class ReserveCall(Table, tablename="reserve_call"):
    """An inspection that cannot take place any more, and the reserve that takes over its team."""

    id: BigSerial = BigSerial(primary_key=True)
    draw = ForeignKey(Draw, null=False, index=True, on_delete=OnDelete.restrict)
    replaced = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    inspection = ForeignKey(
        Inspection, null=True, index=True, on_delete=OnDelete.restrict, help_text="none: no reserve was left"
    )
    number = Integer(help_text="place of the reserve in its stratum, from 1; 0: none was left")
    reason_code = Varchar(length=20)
    reason = Text()
    request = ForeignKey(ChangeRequest, null=False, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    log_index = BigInt(null=True, default=None)


class TeamChange(Table, tablename="team_change"):
    """A change of a team: a seat emptied, or filled by a supplementary draw; a member sent, or leaving."""

    id: BigSerial = BigSerial(primary_key=True)
    inspection = ForeignKey(Inspection, null=False, index=True, on_delete=OnDelete.restrict)
    kind = Varchar(length=20)
    seat = Integer(null=True, default=None, help_text="of the lottery; members who were sent have none")
    inspector = ForeignKey(
        Inspector, null=True, index=True, on_delete=OnDelete.restrict, help_text="who left the seat or got it"
    )
    certificate = Varchar(length=40)
    name = Varchar(length=100)
    role = Varchar(length=64)
    sent_by = Text()
    document = Text()
    reason_code = Varchar(length=20)
    reason = Text()
    supplement = ForeignKey(Draw, null=True, index=True, on_delete=OnDelete.restrict)
    request = ForeignKey(ChangeRequest, null=True, index=True, on_delete=OnDelete.restrict)
    at = Timestamptz(null=False, default=None)
    log_index = BigInt(null=True, default=None)
