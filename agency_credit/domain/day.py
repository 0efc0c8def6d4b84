"""The calendar day in China."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

OFFICE_ZONE = ZoneInfo("Asia/Shanghai")
"""All of China keeps one legal time; deadlines and "today" are counted in it."""


def day_in_china(at: datetime) -> date:
    """The day of an aware instant."""
    return at.astimezone(OFFICE_ZONE).date()
