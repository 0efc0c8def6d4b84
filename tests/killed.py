"""Run one step of a draw, or the daily job, in a process of its own that kills itself with SIGKILL.

``python -m tests.killed before|after STEP DRAW DATA DATABASE NOW``: just before the commit, or just after
it and before the checkpoint is signed. `never` runs the step to its end and prints how it ended.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from agency_credit.domain.errors import AgencyCreditError
from agency_credit.domain.role import SYSTEM
from agency_credit.services import operation as frame
from agency_credit.services import record_publication
from agency_credit.services.daily import run_daily
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.office import Office, open_office
from agency_credit.services.people import load_actor
from agency_credit.services.publish_draw import publish_draw
from agency_credit.settings import Settings
from tests.conftest import PACKS
from tests.world import VALUES


async def make_step(office: Office, step: str, draw: str) -> None:
    """Make one step with the right person; `open` is none."""
    drafter, approver = await load_actor("drafter"), await load_actor("approver")
    assert drafter
    assert approver
    if step == "announce":
        await announce_draw(office, drafter, draw)
    elif step == "approve":
        await approve_draw(office, approver, draw)
    elif step == "value":
        await enter_value(office, drafter, draw, 1, VALUES[1])
    elif step == "draw":
        await run_draw(office, approver, draw)
    elif step == "publish":
        await publish_draw(office, approver, draw)
    elif step == "daily":
        record_publication.BATCH = 2
        await run_daily(office, SYSTEM)


async def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(when: str, step: str, draw: str, settings: Settings, now: datetime) -> None:
    office = await open_office(settings, clock=lambda: now, packs_folder=PACKS)
    if when == "before":
        frame._append_audit = _die  # the last statement before the commit
    elif when == "after":
        frame.sign_checkpoint = _die  # the first thing after it
    try:
        await make_step(office, step, draw)
    except AgencyCreditError as error:
        print(error.code)
    else:
        print("done")


if __name__ == "__main__":
    when, step, draw, data, address, now = sys.argv[1:]
    chosen = Settings(data=Path(data), database=address or None)
    asyncio.run(main(when, step, draw, chosen, datetime.fromisoformat(now)))
