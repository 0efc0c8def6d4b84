"""Records of an agency in a built world, and changes of them as people propose and approve them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from agency_credit.database.tables import Agency, RecordSalt
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.record_change import RecordChange, draft_record_change, load_known_record
from tests.builders import add_record
from tests.world import World, uscc

DECIDED = date(2026, 3, 2)
A = uscc(0)


async def record_of(code: str, kind: str, **columns: Any) -> str:
    """A record of an agency, known since January; its commitment."""
    row = await Agency.select(Agency.id).where(Agency.uscc == code).first()
    assert row is not None
    known_at = datetime(2026, 1, 5, 4, tzinfo=UTC)
    await add_record(row["id"], kind, **{"on": DECIDED, "known_at": known_at} | columns)
    return await newest_record()


async def newest_record() -> str:
    """Commitment of the record that came last."""
    salt = await RecordSalt.select(RecordSalt.commitment).order_by(RecordSalt.id, ascending=False).first()
    assert salt is not None
    return str(salt["commitment"])


async def propose(world: World, record: str, event: str, **what: Any) -> int:
    """A proposal about a record as it now is."""
    known = await load_known_record(record)
    change = RecordChange(event=event, **what)
    today = world.office.today()
    draft = draft_record_change(record, known.n_events, change, today=today, reason="依法院判决")
    return await propose_change(world.office, world.drafter, draft)


async def decide(world: World, record: str, event: str, **what: Any) -> None:
    """A change of a record that a second person approves."""
    number = await propose(world, record, event, **what)
    await decide_change(world.office, world.approver, number, "approved")
