"""Files that wait for an import are deleted after a day, also where nobody sends another."""

from __future__ import annotations

from datetime import datetime, timedelta

from agency_credit.database import transaction
from agency_credit.database.tables import ImportUpload

KEPT = timedelta(hours=24)
"""How long an upload is kept."""


async def delete_expired_uploads(at: datetime) -> None:
    """Delete, in a transaction of its own, what was sent more than a day before `at`."""
    async with transaction():
        await ImportUpload.delete().where(ImportUpload.at < at - KEPT)
