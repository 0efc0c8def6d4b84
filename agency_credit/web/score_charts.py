"""What the charts of scores show: published ratings, and timelines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from agency_credit.domain.points import parse_points
from agency_credit.domain.tier import Tier
from agency_credit.scoring import Moment, RulePack, explain_moment, pack_of
from agency_credit.services.register import HistoryRow
from agency_credit.services.rule_book import RuleBook
from agency_credit.web.chart import ChartMoment, ScoreChart, score_chart
from agency_credit.web.i18n import Language, translate


def history_charts(history: Sequence[HistoryRow], book: RuleBook, today: date) -> dict[str, ScoreChart]:
    """A chart for each practice line in which there is more than one published rating, up to today.

    Parameters
    ----------
    history
        As `load_history` gives it, the newest first; of several of one day the newest holds.
    """
    by_line: dict[str, dict[date, HistoryRow]] = {}
    for row in reversed(history):
        by_line.setdefault(row.practice_line, {})[row.rated_on] = row
    charts = {}
    for line, rows in by_line.items():
        moments = [
            ChartMoment(
                on=row.rated_on,
                score=parse_points(row.score),
                tier=row.tier,
                bands=_bands(book, row.pack, row.rated_on),
            )
            for row in sorted(rows.values(), key=lambda row: row.rated_on)
        ]
        if len(moments) > 1:
            charts[line] = score_chart(moments, max(today, moments[-1].on))
    return charts


def timeline_chart(
    moments: Sequence[Moment], packs: Iterable[RulePack], language: Language, today: date
) -> ScoreChart:
    """The chart of a timeline, with the lines that moved it; what comes after `today` is a forecast.

    Parameters
    ----------
    moments
        At least one.
    packs
        The versions that `score_timeline` was handed.
    """
    versions = tuple(packs)
    shown = [_moment(moment, pack_of(moment, versions), language) for moment in moments]
    last_on = max(today, moments[-1].on)
    # The last moment holds on: it is given a twelfth of the chart to be seen.
    room = min((last_on - moments[0].on) / 12, date.max - last_on)
    return score_chart(shown, last_on + room, today=today)


def _moment(moment: Moment, pack: RulePack | None, language: Language) -> ChartMoment:
    said = [
        translate(language, sentence.template, **sentence.params)
        for sentence in explain_moment(moment, pack, language)
    ]
    return ChartMoment(
        on=moment.on,
        score=moment.score,
        tier=moment.tier,
        bands=() if pack is None else pack.tiers,
        # The first says what holds, which the chart and its table say themselves.
        sentences=tuple(said if moment.score is None else said[1:]),
    )


def _bands(book: RuleBook, pack_id: str, on: date) -> tuple[Tier, ...]:
    pack = book.file_on(pack_id, on)
    return pack.tiers if isinstance(pack, RulePack) else ()
