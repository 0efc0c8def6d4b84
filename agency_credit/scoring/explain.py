"""A ledger in sentences: templates with parameters, which the edges translate through gettext."""

from __future__ import annotations

from dataclasses import dataclass

from agency_credit.domain.citation import Language
from agency_credit.domain.ledger import Ledger, LedgerLine, LineState
from agency_credit.domain.points import format_points
from agency_credit.scoring.clause import Clause
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import score_of, tier_of

BASE = "Base: {points} points under {instrument}."
TOTAL = "Score on {on}: {points} points, tier {tier}."
CAVEAT = "Not verified: {caveat} ({source})"
COUNTS_UNTIL = (
    "{decided_on} {kind}: {points} points for {clause} {wording}, counting from {first_on} until {last_on} "
    "({citation})."
)
COUNTS_WITHOUT_END = (
    "{decided_on} {kind}: {points} points for {clause} {wording}, counting from {first_on} ({citation})."
)
PARTLY_UNDER_CLAUSE = (
    "{decided_on} {kind}: {points} of its {worth} points for {clause} {wording}; the rest is over the cap of "
    "the clause, {cap} points ({citation})."
)
PARTLY_UNDER_GROUP = (
    "{decided_on} {kind}: {points} of its {worth} points for {clause} {wording}; the rest is over the cap of "
    "the group {group}, {group_cap} points ({citation})."
)
PARTLY_UNDER_BOTH = (
    "{decided_on} {kind}: {points} of its {worth} points for {clause} {wording}; the rest is over the cap "
    "of the clause, {cap} points, or of the group {group}, {group_cap} points ({citation})."
)
UNDECIDED = (
    "{decided_on} {kind}: falls under {clause} {wording}; at most {points} points, the authority has not yet "
    "set how many, so it costs nothing ({citation})."
)
UNMATCHED = "{decided_on} {kind}: no clause of {instrument} speaks of it; no points."
OTHERS = {
    LineState.NOT_YET: (
        "{decided_on} {kind}: falls under {clause} {wording}; does not count yet ({citation})."
    ),
    LineState.NOT_COLLECTED: (
        "{decided_on} {kind}: falls under {clause} {wording}; from before records are collected, does not "
        "count ({citation})."
    ),
    LineState.EXPIRED: (
        "{decided_on} {kind}: falls under {clause} {wording}; counted until {last_on}, no longer counts "
        "({citation})."
    ),
    LineState.SUSPENDED: (
        "{decided_on} {kind}: falls under {clause} {wording}; its effect is stayed, does not "
        "count ({citation})."
    ),
    LineState.CAPPED: (
        "{decided_on} {kind}: falls under {clause} {wording}; other records use up what the clause or its "
        "group can add up to ({citation})."
    ),
    LineState.NOT_VALUED: (
        "{decided_on} {kind}: falls under {clause} {wording}; not yet valued, costs nothing ({citation})."
    ),
    LineState.WITHDRAWN: (
        "{decided_on} {kind}: falls under {clause} {wording}; withdrawn, does not count ({citation})."
    ),
    LineState.REPAIRED: (
        "{decided_on} {kind}: falls under {clause} {wording}; repaired, no longer counts ({citation})."
    ),
}

TEMPLATES = (
    BASE,
    TOTAL,
    CAVEAT,
    COUNTS_UNTIL,
    COUNTS_WITHOUT_END,
    PARTLY_UNDER_CLAUSE,
    PARTLY_UNDER_GROUP,
    PARTLY_UNDER_BOTH,
    UNDECIDED,
    UNMATCHED,
    *OTHERS.values(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """An English template with named places, the key of the catalogues, and what fills them."""

    template: str
    params: dict[str, str | int]

    def __str__(self) -> str:
        return self.template.format(**self.params)


def explain_ledger(ledger: Ledger, pack: RulePack, language: Language) -> tuple[Sentence, ...]:
    """The base, a sentence a line, the score with its tier, and what is not verified on that day.

    `language` chooses the wordings that fill the places; the templates are translated by the caller.
    """
    score = score_of(ledger)
    instrument = {"instrument": pack.title.in_language(language)}
    total = {
        "on": ledger.on.isoformat(),
        "points": format_points(score),
        "tier": tier_of(pack, score).name,
    }
    return (
        Sentence(template=BASE, params={"points": format_points(ledger.base_millipoints), **instrument}),
        *(explain_line(line, pack, language) for line in ledger.lines),
        Sentence(template=TOTAL, params={**total}),
        *(
            Sentence(
                template=CAVEAT,
                params={"caveat": caveat.wording.in_language(language), "source": caveat.source},
            )
            for caveat in pack.caveats_on(ledger.on)
        ),
    )


def explain_line(line: LedgerLine, pack: RulePack, language: Language) -> Sentence:
    """One line of a ledger that `pack` made, as a sentence."""
    params: dict[str, str | int] = {"decided_on": line.decided_on.isoformat(), "kind": line.record_kind}
    if line.clause is None or line.period is None:
        return Sentence(template=UNMATCHED, params={**params, "instrument": pack.title.in_language(language)})
    clause = pack.clause(line.clause)
    params |= {
        "clause": clause.code,
        "wording": clause.wording.in_language(language),
        "citation": str(clause.citation),
        "first_on": line.period.first_on.isoformat(),
    }
    if line.period.last_on is not None:
        params["last_on"] = line.period.last_on.isoformat()
    if line.state is LineState.COUNTING and line.millipoints != line.worth_millipoints:
        return _partly(line, clause, pack, language, params)
    if line.state is LineState.COUNTING:
        params["points"] = format_points(line.millipoints)
        template = COUNTS_WITHOUT_END if line.period.last_on is None else COUNTS_UNTIL
    elif line.state is LineState.NOT_VALUED and clause.millipoints is not None:
        params["points"] = format_points(clause.millipoints)
        template = UNDECIDED
    else:
        template = OTHERS[line.state]
    return Sentence(template=template, params=params)


def _partly(
    line: LedgerLine, clause: Clause, pack: RulePack, language: Language, params: dict[str, str | int]
) -> Sentence:
    """A line that counts with a part of its points: the caps above it, one of which cut it or both."""
    group = next((group for group in pack.groups if group.code == clause.group), None)
    params |= {
        "points": format_points(line.millipoints),
        "worth": format_points(line.worth_millipoints or 0),
    }
    if clause.counting.cap is not None:
        params["cap"] = format_points(clause.counting.cap)
    if group is not None and group.cap is not None:
        params |= {"group": group.wording.in_language(language), "group_cap": format_points(group.cap)}
    if "group" not in params:
        return Sentence(template=PARTLY_UNDER_CLAUSE, params=params)
    return Sentence(template=PARTLY_UNDER_BOTH if "cap" in params else PARTLY_UNDER_GROUP, params=params)
