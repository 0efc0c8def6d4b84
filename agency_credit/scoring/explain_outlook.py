"""What moves a score, and what would, in sentences: templates as in `explain.py`."""

from __future__ import annotations

from collections.abc import Sequence

from agency_credit.domain.citation import Language
from agency_credit.domain.ledger import LineState
from agency_credit.domain.points import format_points
from agency_credit.scoring.explain import Sentence, explain_line
from agency_credit.scoring.outlook import WhatIf
from agency_credit.scoring.repairs import Repair, RepairPlan
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.timeline import Moment, Move, pack_of

STANDS = "From {on} on: {points} points, tier {tier}."
NEW_PACK = "From {on} on {instrument} is in force."
NEW_BASE = "The base moves by {points} points: {instrument} begins with others."
COUNTS_NOW = "{decided_on} {kind}: now counts, {after} points for {clause} {wording}."
COUNTS_OTHERWISE = (
    "{decided_on} {kind}: counts {after} points for {clause} {wording}, before it was {before}."
)
NO_CLAUSE = "{decided_on} {kind}: no clause speaks of it any more; its {before} points no longer count."
STOPS = {
    LineState.NOT_YET: "{decided_on} {kind}: does not count yet; its {before} points no longer count.",
    LineState.NOT_COLLECTED: (
        "{decided_on} {kind}: from before records are collected; its {before} points no longer count."
    ),
    LineState.EXPIRED: "{decided_on} {kind}: its period is over; its {before} points no longer count.",
    LineState.SUSPENDED: (
        "{decided_on} {kind}: its effect is stayed; its {before} points do not count meanwhile."
    ),
    LineState.CAPPED: (
        "{decided_on} {kind}: other records use up what {clause} or its group can add up to; its {before} "
        "points no longer count."
    ),
    LineState.NOT_VALUED: (
        "{decided_on} {kind}: {clause} has no value for it; its {before} points no longer count."
    ),
    LineState.WITHDRAWN: "{decided_on} {kind}: it is withdrawn; its {before} points no longer count.",
    LineState.REPAIRED: "{decided_on} {kind}: it is repaired; its {before} points no longer count.",
    LineState.UNMATCHED: NO_CLAUSE,
}
NOTHING_EXPIRES = "Time alone changes nothing."

REACHED = "To tier {tier} by {n} repair(s), not fewer: {points} points, tier {after}."
NOT_REACHED = (
    "No repairs reach tier {tier}: all that are possible together lead to {points} points, tier {after}."
)
BEST_TIER = "There is no better tier."
REPAIR_FROM = "{decided_on} {kind}, {worth} points for {clause} {wording}: can be repaired from {from_on} on."
REPAIR_UNKNOWN = (
    "{decided_on} {kind}, {worth} points for {clause} {wording}: from when it can be repaired is not known."
)

WOULD_BE = (
    "Made up, nothing is stored: with {kind} of {decided_on} it would be {points} points, tier {tier}, "
    "instead of {before} points, tier {tier_before}."
)

TEMPLATES = (
    STANDS,
    NEW_PACK,
    NEW_BASE,
    COUNTS_NOW,
    COUNTS_OTHERWISE,
    *STOPS.values(),
    NOTHING_EXPIRES,
    REACHED,
    NOT_REACHED,
    BEST_TIER,
    REPAIR_FROM,
    REPAIR_UNKNOWN,
    WOULD_BE,
)


def explain_moment(moment: Moment, pack: RulePack | None, language: Language) -> tuple[Sentence, ...]:
    """What holds from a moment on, then why: the pack, the base, a sentence a line.

    Parameters
    ----------
    pack
        The one in force on the day of the moment; None where none is.
    """
    on = moment.on.isoformat()
    if moment.missing is not None:
        return (Sentence(template=moment.missing.template, params={**moment.missing.params}),)
    if pack is None or moment.score is None:
        return ()
    instrument = pack.title.in_language(language)
    sentences = [
        Sentence(
            template=STANDS,
            params={"on": on, "points": format_points(moment.score), "tier": moment.tier or ""},
        )
    ]
    if moment.has_new_pack:
        sentences.append(Sentence(template=NEW_PACK, params={"on": on, "instrument": instrument}))
    if moment.base_move:
        params: dict[str, str | int] = {
            "points": format_points(moment.base_move),
            "instrument": instrument,
        }
        sentences.append(Sentence(template=NEW_BASE, params=params))
    return (*sentences, *(explain_move(move, pack, language) for move in moment.moves))


def explain_move(move: Move, pack: RulePack, language: Language) -> Sentence:
    """Why a line has other points than on the day before."""
    params: dict[str, str | int] = {
        "decided_on": move.decided_on.isoformat(),
        "kind": move.record_kind,
        "before": format_points(move.millipoints_before),
        "after": format_points(move.millipoints_after),
    }
    if move.clause is not None:
        wording = pack.clause(move.clause).wording.in_language(language)
        params |= {"clause": move.clause, "wording": wording}
    if move.state_after is not LineState.COUNTING:
        template = STOPS[move.state_after]
    elif move.millipoints_before:
        template = COUNTS_OTHERWISE
    else:
        template = COUNTS_NOW
    return Sentence(template=template, params=params)


def explain_expiries(
    moments: Sequence[Moment], packs: Sequence[RulePack], language: Language
) -> tuple[Sentence, ...]:
    """All of `expiries` one after another, or that nothing expires; `packs` as they were handed to it."""
    said: list[Sentence] = []
    for moment in moments:
        said += explain_moment(moment, pack_of(moment, packs), language)
    return tuple(said) or (Sentence(template=NOTHING_EXPIRES, params={}),)


def explain_repairs(plans: Sequence[RepairPlan], pack: RulePack, language: Language) -> tuple[Sentence, ...]:
    """For each better tier what reaches it, then from when each of these records can be repaired."""
    if not plans:
        return (Sentence(template=BEST_TIER, params={}),)
    return tuple(sentence for plan in plans for sentence in _explain_plan(plan, pack, language))


def explain_what_if(made: WhatIf, pack: RulePack, language: Language) -> tuple[Sentence, ...]:
    """What the made-up record would do, and its line."""
    line = made.made_up_line
    params: dict[str, str | int] = {
        "kind": line.record_kind,
        "decided_on": line.decided_on.isoformat(),
        "points": format_points(made.score),
        "tier": made.tier,
        "before": format_points(made.score_before),
        "tier_before": made.tier_before,
    }
    return Sentence(template=WOULD_BE, params=params), explain_line(line, pack, language)


def _explain_plan(plan: RepairPlan, pack: RulePack, language: Language) -> tuple[Sentence, ...]:
    params: dict[str, str | int] = {
        "tier": plan.tier,
        "points": format_points(plan.score),
        "after": plan.tier_after,
    }
    if plan.repairs is None:
        return (Sentence(template=NOT_REACHED, params=params),)
    return (
        Sentence(template=REACHED, params={**params, "n": len(plan.repairs)}),
        *(_explain_repair(repair, pack, language) for repair in plan.repairs),
    )


def _explain_repair(repair: Repair, pack: RulePack, language: Language) -> Sentence:
    params: dict[str, str | int] = {
        "decided_on": repair.decided_on.isoformat(),
        "kind": repair.record_kind,
        "worth": format_points(repair.worth_millipoints),
        "clause": repair.clause,
        "wording": pack.clause(repair.clause).wording.in_language(language),
    }
    if repair.from_on is None:
        return Sentence(template=REPAIR_UNKNOWN, params=params)
    return Sentence(template=REPAIR_FROM, params={**params, "from_on": repair.from_on.isoformat()})
