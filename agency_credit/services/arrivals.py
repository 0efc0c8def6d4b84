"""Scan to enter (扫码入企): whoever holds the papers of an inspection scans their code when he arrives.

The code stands on the papers alone, so that who says it had them in hand. Every arrival is counted.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agency_credit.database.tables import Arrival, ArrivalCode
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.domain.role import INSPECTOR, Actor
from agency_credit.services.desk_results import load_desk_inspection
from agency_credit.services.draw_store import person_of
from agency_credit.services.office import Office
from agency_credit.services.operation import operation


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalNote:
    """Who arrived, and when."""

    name: str
    at: datetime


def arrival_path(inspection: int, code: str) -> str:
    """Where the code on the papers leads."""
    return f"/admin/inspections/{inspection}/arrive?code={code}"


async def load_code(inspection: int) -> str:
    """The code of an inspection, made when its first paper is printed; inside a transaction."""
    row = await ArrivalCode.select(ArrivalCode.code).where(ArrivalCode.inspection == inspection).first()
    if row is not None:
        return str(row["code"])
    code = secrets.token_urlsafe(9)
    await ArrivalCode.insert(ArrivalCode(inspection=inspection, code=code))
    return code


async def note_arrival(office: Office, actor: Actor, inspection: int, code: str) -> bool:
    """A member of the team has arrived; scanning again on the same day changes nothing.

    Returns
    -------
    bool
        Whether it was his first scan of the day.

    Raises
    ------
    NotFoundError
        The actor does not sit on the team: for him there is no such inspection.
    InputError
        The code is not the one on the papers.
    """
    async with operation(office, actor, "inspection.arrive", str(inspection), roles=INSPECTOR) as op:
        item = await load_desk_inspection(office, inspection)
        if not item.has_member(actor):
            raise NotFoundError("inspection.unknown", "there is no such inspection")
        row = await ArrivalCode.select(ArrivalCode.code).where(ArrivalCode.inspection == inspection).first()
        if row is None or not hmac.compare_digest(row["code"].encode(), code.encode()):
            raise InputError(
                "arrival.code", "this is not the code on the papers of this inspection; scan again"
            )
        own = (Arrival.inspection == inspection) & (Arrival.person == person_of(actor))
        last: Any = await Arrival.select(Arrival.at).where(own).order_by(Arrival.id, ascending=False).first()
        if last is not None and day_in_china(last["at"]) == day_in_china(op.at):
            return False
        await Arrival.insert(Arrival(inspection=inspection, person=person_of(actor), at=op.at))
    return True


async def load_arrivals(inspection: int) -> list[ArrivalNote]:
    """Who arrived at an inspection, in order."""
    rows = await (
        Arrival.select(Arrival.at, Arrival.person.display_name.as_alias("name"))
        .where(Arrival.inspection == inspection)
        .order_by(Arrival.id)
    )
    return [ArrivalNote(name=row["name"], at=row["at"]) for row in rows]
