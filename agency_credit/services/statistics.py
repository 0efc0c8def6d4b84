"""Counts over what is public: tiers by practice line, results by category, draws."""

from __future__ import annotations

from collections import Counter

import msgspec

from agency_credit.database.tables import Agency, DrawStep, ResultStep
from agency_credit.services.inspection_views import load_published_results
from agency_credit.services.register_search import PRACTICE_LINES

_TIERS = """
    SELECT r.practice_line, r.tier, count(*) AS n FROM rating r JOIN agency a ON a.id = r.agency
    WHERE a.status = 'in_force' AND NOT EXISTS
        (SELECT 1 FROM rating n WHERE n.agency = r.agency AND n.practice_line = r.practice_line
         AND (n.rated_on > r.rated_on OR (n.rated_on = r.rated_on AND n.id > r.id)))
    GROUP BY r.practice_line, r.tier ORDER BY r.practice_line, r.tier
"""
_PRACTICES = """
    SELECT p.practice_line, count(*) AS n FROM agency_practice p JOIN agency a ON a.id = p.agency
    WHERE a.status = 'in_force' GROUP BY p.practice_line
"""


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Agencies in force by practice line and tier, published results by category, draws by step."""

    agencies: int
    by_practice_line: dict[str, int]
    tiers: dict[str, dict[str, int]]
    results: int
    results_by_category: dict[str, int]
    draws: dict[str, int]


async def load_statistics() -> Statistics:
    """The counts of now; a result with several categories counts in each."""
    tiers: dict[str, dict[str, int]] = {line: {} for line in PRACTICE_LINES}
    for row in await Agency.raw(_TIERS):
        tiers[row["practice_line"]][row["tier"]] = row["n"]
    practices = {row["practice_line"]: row["n"] for row in await Agency.raw(_PRACTICES)}
    results = (await load_published_results(ResultStep.step == "published")).values()
    steps = Counter(row["step"] for row in await DrawStep.select(DrawStep.step))
    return Statistics(
        agencies=await Agency.count().where(Agency.status == "in_force"),
        by_practice_line={line: practices.get(line, 0) for line in PRACTICE_LINES},
        tiers=tiers,
        results=len(results),
        results_by_category=dict(Counter(text for result in results for text in result.categories)),
        draws={step: steps[step] for step in ("announced", "drawn", "published", "voided")},
    )
