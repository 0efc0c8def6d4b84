"""What the passing of a day asks for: the public log, ratings that a day moves, files that expire.

Nothing depends on its punctuality: pages work out from dates what they show. Each batch is an operation of
its own, so that a run that is killed leaves what it did, and the next one does the rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from agency_credit.database import lock_log, transaction
from agency_credit.database.tables import DailyRun
from agency_credit.domain.day import OFFICE_ZONE
from agency_credit.domain.errors import AgencyCreditError, Fault
from agency_credit.domain.role import SYSTEM, Actor
from agency_credit.services.office import Office
from agency_credit.services.rating_run import rate_due
from agency_credit.services.record_publication import end_due, publish_due
from agency_credit.services.upload_expiry import delete_expired_uploads

GIVEN_UP = timedelta(hours=1)
"""After so long without an end a run is taken for dead, and another process may take over."""
AFTER_MIDNIGHT = time(0, 5)
"""When a service that runs on begins the job, in China."""
LOOK_EVERY = timedelta(minutes=10)
"""How long a service sleeps at most: machines sleep too, and clocks are set."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReport:
    """What a daily job did.

    Parameters
    ----------
    n_published, n_ended
        Records that came into the public log, and records whose disclosure was ended there.
    n_rated
        Ratings that are new.
    faults
        Parts that could not be done, and why; the others were.
    """

    on: date
    n_published: int
    n_ended: int
    n_rated: int
    faults: tuple[Fault, ...]


async def run_daily(office: Office, actor: Actor) -> DailyReport:
    """Do what this day asks for; right whenever and however often it runs.

    1. What is public no more leaves the log before anything else.
    2. What is public and not in the log yet goes there.
    3. Those whom the day moves are rated anew, who were rated before.
    4. Files that wait for an import for more than a day are deleted.
    """
    faults: list[Fault] = []

    async def part(name: str, work: Callable[[], Awaitable[int]]) -> int:
        try:
            return await work()
        except AgencyCreditError as error:
            faults.append(Fault(at=name, code=error.code, template=error.template, params=error.params))
            return 0

    n_ended = await part("end-disclosure", lambda: end_due(office, actor))  # 1
    n_published = await part("publish", lambda: publish_due(office, actor))  # 2
    n_rated = await part("rate", lambda: rate_due(office, actor))  # 3
    await delete_expired_uploads(office.now())  # 4
    return DailyReport(
        on=office.today(), n_published=n_published, n_ended=n_ended, n_rated=n_rated, faults=tuple(faults)
    )


async def run_claimed(office: Office) -> DailyReport | None:
    """The daily job for a service that runs on; None: another process does it today, or did it."""
    day = office.today()
    if not await _claim(day, office.now()):
        return None
    report = await run_daily(office, SYSTEM)
    if not report.faults:
        await DailyRun.update({DailyRun.finished_at: office.now()}).where(DailyRun.day == day)
    return report


async def keep_days(office: Office) -> None:
    """Run the daily job at start and shortly after each midnight, until this task is cancelled."""
    while True:
        try:
            report = await run_claimed(office)
            for fault in report.faults if report else ():
                _log.warning("daily job: %s: %s", fault.at, fault.code)
        except Exception:  # noqa: BLE001  (the service goes on, the next look tries again)
            _log.exception("daily job")
        await asyncio.sleep(seconds_until_next(office.now()))


def seconds_until_next(now: datetime) -> float:
    """How long to sleep: until shortly after the next midnight in China, and never too long."""
    local = now.astimezone(OFFICE_ZONE)
    today_at = datetime.combine(local.date(), AFTER_MIDNIGHT, OFFICE_ZONE)
    next_at = today_at if local < today_at else today_at + timedelta(days=1)
    return min(next_at - local, LOOK_EVERY).total_seconds()


async def _claim(day: date, at: datetime) -> bool:
    """Take the job of a day, unless somebody has it in hand or did it."""
    async with transaction():
        await lock_log()
        run = await DailyRun.select().where(DailyRun.day == day).first()
        if run is None:
            await DailyRun.insert(DailyRun(day=day, claimed_at=at))
            return True
        if run["finished_at"] is not None or abs(at - run["claimed_at"]) < GIVEN_UP:
            return False
        await DailyRun.update({DailyRun.claimed_at: at}).where(DailyRun.day == day)
        return True
