"""What is done once a day."""

from __future__ import annotations

from piccolo.columns import BigSerial, Date, Timestamptz
from piccolo.table import Table


class DailyRun(Table, tablename="daily_run"):
    """That a process took the daily job of a day upon itself, and that it came to its end."""

    id: BigSerial = BigSerial(primary_key=True)
    day = Date(null=False, default=None)
    claimed_at = Timestamptz(null=False, default=None)
    finished_at = Timestamptz(null=True, default=None)
