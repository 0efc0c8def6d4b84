"""What the charts of scores show: published ratings, and timelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from agency_credit.domain.points import parse_points
from agency_credit.scoring import Moment, RulePack, explain_moment, pack_of
from agency_credit.services.register import HistoryRow, MovedLine
from agency_credit.services.rule_book import RuleBook
from agency_credit.web.chart import ChartMoment, ScoreChart, score_chart
from agency_credit.web.i18n import Language, msgid, translate
from agency_credit.web.labels import LABELS

MOVED = msgid("{n} record(s), {clause} {wording}: {before} → {after} points ({state})")
GONE = msgid("no longer among the lines")


def history_charts(
    history: Sequence[HistoryRow], book: RuleBook, language: Language, today: date
) -> dict[str, ScoreChart]:
    """A chart for each practice line in which there is more than one published rating, up to today.

    Parameters
    ----------
    history
        As `load_history` gives it, the newest first; of several of one day the newest holds. What has no
        score is left out.
    """
    by_line: dict[str, dict[date, list[HistoryRow]]] = {}
    for row in reversed([row for row in history if row.score is not None]):
        by_line.setdefault(row.practice_line, {}).setdefault(row.rated_on, []).append(row)
    charts = {}
    for line, days in by_line.items():
        moments = [_history_moment(rows, book, language) for _, rows in sorted(days.items())]
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


def _history_moment(rows: Sequence[HistoryRow], book: RuleBook, language: Language) -> ChartMoment:
    """The ratings of one day, the last of which holds, and what moved the score."""
    holds = rows[-1]
    file = book.file_on(holds.pack, holds.rated_on)
    pack = file if isinstance(file, RulePack) else None
    return ChartMoment(
        on=holds.rated_on,
        score=None if holds.score is None else parse_points(holds.score),
        tier=holds.tier,
        bands=pack.tiers if pack else (),
        sentences=tuple(_tell_moves((move for row in rows for move in row.moved), pack, language)),
    )


def _tell_moves(moves: Iterable[MovedLine], pack: RulePack | None, language: Language) -> Iterator[str]:
    """A sentence for all lines that moved alike; lines that add what they added before are left out."""
    wordings = {clause.code: clause.wording for clause in pack.clauses} if pack else {}
    alike = Counter((move.clause or "", move.before or "0", move.after or "0", move.state) for move in moves)
    for (clause, before, after, state), n in alike.items():
        if before == after:
            continue
        wording = wordings[clause].in_language(language) if clause in wordings else ""
        yield translate(
            language,
            MOVED,
            n=n,
            clause=clause,
            wording=wording,
            before=before.replace("-", "−"),
            after=after.replace("-", "−"),
            state=translate(language, LABELS["line_state"][state] if state else GONE),
        )
