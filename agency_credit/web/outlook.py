"""What moved a tier and what would, for pages: the chart, and the sentences of `explain_outlook`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from agency_credit.domain.ledger import LedgerLine
from agency_credit.domain.points import format_points
from agency_credit.scoring import (
    RulePack,
    Sentence,
    WhatIf,
    explain_expiries,
    explain_line,
    explain_repairs,
    explain_what_if,
)
from agency_credit.scoring.clause import Clause
from agency_credit.services.outlook import Outlook
from agency_credit.web.chart import ScoreChart
from agency_credit.web.i18n import Language, translate
from agency_credit.web.score_charts import timeline_chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What would be so, and why or how."""

    what: str
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried(Told):
    """What a made-up record would do.

    Parameters
    ----------
    before
        Points of the lines without it, by record.
    lines
        Its own, and those that have other points because of it.
    """

    before: Mapping[str, int]
    lines: tuple[LedgerLine, ...]


def outlook_chart(outlook: Outlook, today: date, language: Language) -> ScoreChart:
    """The chart of the score so far and as time will move it; what comes after `today` is a forecast."""
    return timeline_chart((*outlook.past, *outlook.expiries), outlook.packs, language, today)


def tell_time(outlook: Outlook, language: Language) -> list[Told]:
    """The days on which time alone changes something, each with what holds then and the lines that moved."""
    moments = outlook.expiries
    apart = [moments[place : place + 1] for place in range(len(moments) or 1)]
    return [_tell(explain_expiries(each, outlook.packs, language), language) for each in apart]


def tell_repairs(outlook: Outlook, language: Language) -> list[Told]:
    """For every better tier what reaches it, with from when each of these records can be repaired."""
    apart = [outlook.plans[place : place + 1] for place in range(len(outlook.plans) or 1)]
    return [_tell(explain_repairs(each, outlook.rating.pack, language), language) for each in apart]


def tell_what_if(outlook: Outlook, made: WhatIf, language: Language) -> Tried:
    """What a made-up record would do, its line, and the lines that would have other points beside it."""
    told = _tell(explain_what_if(made, outlook.rating.pack, language), language)
    before = {line.record_id: line.millipoints for line in outlook.rating.ledger.lines}
    moved = (line for line in made.ledger.lines if before.get(line.record_id) != line.millipoints)
    return Tried(what=told.what, details=told.details, before=before, lines=tuple(moved))


def tell_line(line: LedgerLine, pack: RulePack, language: Language) -> str:
    """A line of a ledger that `pack` made, as a sentence."""
    told = explain_line(line, pack, language)
    return translate(language, told.template, **told.params)


def record_choices(outlook: Outlook, language: Language) -> list[tuple[str, str]]:
    """The words of the pack, each with what a record of it costs or brings, in the order of the clauses."""
    return [
        (kind, _describe(kind, clause, language))
        for clause in outlook.rating.pack.clauses
        for kind in clause.record_kinds
    ]


def _describe(kind: str, clause: Clause, language: Language) -> str:
    named = {"kind": kind, "clause": clause.code}
    if clause.bounds is not None:
        least, most = (format_points(bound).replace("-", "−") for bound in clause.bounds)
        return translate(language, "{kind} ({clause}, {low} to {high} points)", low=least, high=most, **named)
    if clause.millipoints is None:
        return translate(language, "{kind} ({clause}, not yet valued)", **named)
    points = format_points(clause.millipoints).replace("-", "−")
    return translate(language, "{kind} ({clause}, {points} points)", points=points, **named)


def _tell(sentences: Iterable[Sentence], language: Language) -> Told:
    what, *details = (translate(language, sentence.template, **sentence.params) for sentence in sentences)
    return Told(what=what, details=tuple(details))
