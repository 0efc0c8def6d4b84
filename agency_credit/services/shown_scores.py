"""Whose scores everybody may see: the rule pack says it, as it reads today (docs/spec/rule-pack.md).

Where it does not, the tier alone is public: no score, no points of lines, no files of a rating, no body
behind its entry in the public log. Whoever works here, and the agency at its own desk, sees them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from agency_credit.database.tables import LogBody, LogEntry
from agency_credit.domain.entry import EntryType
from agency_credit.scoring import RulePack
from agency_credit.services.rule_book import load_rule_book

if TYPE_CHECKING:
    from agency_credit.services.office import Office


async def load_open_packs(office: Office) -> frozenset[str]:
    """Ids of the rule packs whose scores are public today."""
    files = (await load_rule_book(office)).files_on(office.today())
    return frozenset(
        file.id for file in files if isinstance(file, RulePack) and file.publication.is_score_public
    )


async def load_withheld(office: Office, indexes: Collection[int]) -> frozenset[int]:
    """Which of these entries of the public log say a score that is not public today."""
    if not indexes:
        return frozenset()
    told = await LogEntry.select(LogEntry.index).where(
        LogEntry.index.is_in(list(indexes)) & (LogEntry.type == EntryType.TIER_PUBLISHED.value)
    )
    if not told:
        return frozenset()
    open_packs = await load_open_packs(office)
    bodies = await LogBody.select(LogBody.log_index, LogBody.body_json).where(
        LogBody.log_index.is_in([row["index"] for row in told])
    )
    return frozenset(
        row["log_index"] for row in bodies if json.loads(row["body_json"]).get("pack") not in open_packs
    )
