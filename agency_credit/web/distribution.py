"""Charts of a distribution of tiers over time, for the pages of the public and of the office."""

from __future__ import annotations

from collections.abc import Mapping

from agency_credit.services.statistics import Distribution
from agency_credit.web.chart import Column, StackedChart, stacked_chart


def course_charts(shown: Distribution) -> Mapping[str, StackedChart]:
    """A bar a day for each practice line."""
    charts = {}
    for line in shown.practice_lines:
        by_tier = shown.by_tier(line)
        columns = [
            Column(label=day.isoformat(), counts={tier: counts[index] for tier, counts in by_tier.items()})
            for index, day in enumerate(shown.days)
        ]
        charts[line] = stacked_chart(columns, shown.tiers)
    return charts
