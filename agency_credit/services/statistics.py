"""Counts: how many stood in which tier where and when, results by category, draws.

A count adds up what each rating said when it was made. A rating that rests on a record which was repaired or
withdrawn since is shown nowhere (docs/spec/rating.md), so it is not counted either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Literal

import msgspec

from agency_credit.database.tables import Agency, DrawStep, Rating
from agency_credit.domain.errors import Fault, FaultsError
from agency_credit.services.inspection_views import load_published_results
from agency_credit.services.office import Office
from agency_credit.services.reference import load_districts
from agency_credit.services.register_search import PRACTICE_LINES, load_known_tiers

N_MONTHS = 12
"""Ends of months that a distribution over time shows before today."""
Whom = Literal["agency", "practitioner"]

_TIERS = """
    SELECT r.practice_line, r.tier, count(*) AS n FROM
        (SELECT max(id) AS id FROM rating WHERE practitioner IS NULL GROUP BY agency, practice_line) newest
    JOIN rating r ON r.id = newest.id JOIN agency a ON a.id = r.agency
    WHERE a.status = 'in_force' AND r.tier <> ''
    GROUP BY r.practice_line, r.tier ORDER BY r.practice_line, r.tier
"""
_PRACTICES = """
    SELECT p.practice_line, count(*) AS n FROM agency_practice p JOIN agency a ON a.id = p.agency
    WHERE a.status = 'in_force' GROUP BY p.practice_line
"""
# CROSS JOIN: SQLite takes such tables in the order in which they stand, from the few that are gone on.
# A rating rests on the records known when it was made but those that were, as known then, gone by its day.
# The whole begins with SELECT: only such statements are reads to our SQLite engine, and wait for no writer.
_CHANGES = """
    SELECT * FROM (
        WITH withheld AS MATERIALIZED (
            SELECT DISTINCT r.id FROM record_event e CROSS JOIN credit_record c CROSS JOIN rating r
            WHERE e.event IN ('repaired', 'withdrawn') AND e."on" <= {{}} AND c.id = e.record AND {c_whose}
                AND r.{whom} = c.{whom} AND {r_whose} AND r.rated_at >= c.known_at
                AND NOT EXISTS (
                    SELECT 1 FROM record_event k WHERE k.record = c.id
                        AND k.event IN ('repaired', 'withdrawn')
                        AND k."on" <= r.rated_on AND k.known_at <= r.rated_at
                )
        ), course AS (
            SELECT who, practice_line, rated_on, tier,
                lag(tier) OVER (PARTITION BY who, practice_line ORDER BY rated_on, id) AS before
            FROM (
                SELECT r.id, r.{whom} AS who, r.practice_line, r.rated_on,
                    CASE WHEN w.id IS NULL THEN nullif(r.tier, '') END AS tier
                FROM rating r LEFT JOIN withheld w ON w.id = r.id WHERE {r_whose}
            ) counted
        )
        SELECT c.practice_line, coalesce(a.area, '') AS area, c.before, c.tier, CASE {days} END AS day,
            count(*) AS n
        FROM course c {register}
        WHERE c.tier IS DISTINCT FROM c.before GROUP BY 1, 2, 3, 4, 5
    ) changes
"""
_REGISTERS: dict[Whom, dict[str, str]] = {
    "agency": {
        "whom": "agency",
        "r_whose": "r.practitioner IS NULL",
        "c_whose": "c.practitioner IS NULL",
        "register": "JOIN agency a ON a.id = c.who AND a.status = 'in_force'",
    },
    "practitioner": {
        "whom": "practitioner",
        "r_whose": "r.practitioner IS NOT NULL",
        "c_whose": "c.practitioner IS NOT NULL",
        "register": (
            "JOIN practitioner p ON p.id = c.who AND p.status = 'active' "
            "LEFT JOIN agency a ON a.id = p.agency"
        ),
    },
}


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """Agencies in force by practice line and tier, published results by category, draws by step."""

    agencies: int
    by_practice_line: dict[str, int]
    tiers: dict[str, dict[str, int]]
    results: int
    results_by_category: dict[str, int]
    draws: dict[str, int]


class TierCourse(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a practice line and district stood in a tier, by the days of the distribution."""

    practice_line: str
    area: str
    area_name: str
    tier: str
    counts: list[int]


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """Who stood in which tier at the ends of months and today, among those in force today.

    Parameters
    ----------
    days
        From the first on which anybody had a tier; today is the last.
    tiers
        Names of the tiers, from the highest down.
    """

    days: list[date]
    tiers: list[str]
    courses: list[TierCourse]

    @property
    def practice_lines(self) -> list[str]:
        """Practice lines of which somebody has a tier."""
        found = {course.practice_line for course in self.courses}
        return [line for line in PRACTICE_LINES if line in found]

    def by_tier(self, practice_line: str) -> dict[str, list[int]]:
        """Counts by day of each tier in a practice line, all districts together."""
        rows = [course for course in self.courses if course.practice_line == practice_line]
        return {
            tier: [
                sum(column) for column in zip(*(row.counts for row in rows if row.tier == tier), strict=True)
            ]
            or [0] * len(self.days)
            for tier in self.tiers
        }

    def by_district(self, practice_line: str) -> dict[str, dict[str, int]]:
        """Counts of today by code of the district and tier in a practice line."""
        districts: dict[str, dict[str, int]] = {}
        for course in self.courses:
            if course.practice_line == practice_line:
                districts.setdefault(course.area, dict.fromkeys(self.tiers, 0))[course.tier] = course.counts[
                    -1
                ]
        return {area: counts for area, counts in districts.items() if any(counts.values())}


class PublicStatistics(Statistics, frozen=True, kw_only=True):
    """The counts of now, and the distribution of tiers over time."""

    distribution: Distribution


async def load_tiers() -> dict[str, dict[str, int]]:
    """Agencies in force by practice line and latest tier."""
    tiers: dict[str, dict[str, int]] = {line: {} for line in PRACTICE_LINES}
    for row in await Agency.raw(_TIERS):
        tiers[row["practice_line"]][row["tier"]] = row["n"]
    return tiers


async def load_statistics() -> Statistics:
    """The counts of now; a result with several categories counts in each."""
    practices = {row["practice_line"]: row["n"] for row in await Agency.raw(_PRACTICES)}
    results = (await load_published_results()).values()
    steps = Counter(row["step"] for row in await DrawStep.select(DrawStep.step))
    return Statistics(
        agencies=await Agency.count().where(Agency.status == "in_force"),
        by_practice_line={line: practices.get(line, 0) for line in PRACTICE_LINES},
        tiers=await load_tiers(),
        results=len(results),
        results_by_category=dict(Counter(text for result in results for text in result.categories)),
        draws={step: steps[step] for step in ("announced", "drawn", "published", "voided")},
    )


async def load_public_statistics(office: Office, area: str = "") -> PublicStatistics:
    """The counts of now and the distribution of agencies; `area` as in `load_distribution`."""
    now = await load_statistics()
    distribution = await load_distribution(office, area=area)
    return PublicStatistics(**msgspec.structs.asdict(now), distribution=distribution)


async def load_distribution(office: Office, whom: Whom = "agency", area: str = "") -> Distribution:
    """The tiers of agencies in force, or of practitioners who practise, over the last year.

    Counts of practitioners are for the office alone.

    Parameters
    ----------
    area
        Only districts whose codes begin with these digits.

    Raises
    ------
    FaultsError
        `area` is no beginning of a district code.
    """
    if area and not (area.isascii() and area.isdecimal() and len(area) <= 12):
        fault = Fault(at="area", code="query.value", template="write the digits of a district code")
        raise FaultsError("query", (fault,))
    days = [*_ends_of_months(office.today()), office.today()]
    rows = await Rating.raw(_format_changes(whom, len(days)), office.today(), *days)
    courses = _add_up([row for row in rows if row["area"].startswith(area)], len(days))
    starts = (index for counts in courses.values() for index, n in enumerate(counts) if n)
    first = min(starts, default=len(days) - 1)
    known = await load_known_tiers(office)
    tiers = [*known, *sorted({tier for _, _, tier in courses} - set(known))]
    districts = await load_districts()
    return Distribution(
        days=days[first:],
        tiers=tiers,
        courses=[
            TierCourse(
                practice_line=line,
                area=code,
                area_name=districts.get(code, ""),
                tier=tier,
                counts=courses[line, code, tier][first:],
            )
            for line, code, tier in sorted(courses, key=lambda key: (*key[:2], tiers.index(key[2])))
        ],
    )


def _ends_of_months(today: date) -> list[date]:
    """The last days of the `N_MONTHS` months before that of `today`, in order."""
    ends = [today.replace(day=1) - timedelta(days=1)]
    while len(ends) < N_MONTHS:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends[::-1]


def _format_changes(whom: Whom, n_days: int) -> str:
    """The query of changes of tier by day; its pieces are constants of this module."""
    days = " ".join(f"WHEN c.rated_on <= {{}} THEN {index}" for index in range(n_days))
    return _CHANGES.format(days=days, **_REGISTERS[whom])


def _add_up(rows: Sequence[dict[str, Any]], n_days: int) -> dict[tuple[str, str, str], list[int]]:
    """Counts by day of each practice line, district and tier: who comes in less who goes out."""
    changes: dict[tuple[str, str, str], list[int]] = {}
    for row in rows:
        if row["day"] is None:  # rated after today
            continue
        for tier, sign in ((row["tier"], 1), (row["before"], -1)):
            if tier is not None:
                key = row["practice_line"], row["area"], tier
                changes.setdefault(key, [0] * n_days)[row["day"]] += sign * row["n"]
    return {key: list(accumulate(by_day)) for key, by_day in changes.items()}
