"""Packs and ledgers as the machine-readable answers that outsiders rely on (docs/spec/interfaces.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from agency_credit.domain.canonical import Json
from agency_credit.domain.citation import Provenance
from agency_credit.domain.ledger import Ledger, LedgerLine
from agency_credit.domain.points import format_points
from agency_credit.domain.tier import Tier
from agency_credit.scoring.clause import Clause, Group
from agency_credit.scoring.repairs import RepairPlan
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import score_of, tier_of
from agency_credit.scoring.timeline import Moment


def rule_pack_answer(pack: RulePack) -> dict[str, Json]:
    """`rules show --format json`: numbers as decimal strings, null for none."""
    return {
        "id": pack.id,
        "subject": pack.subject.value,
        "title": pack.title.zh,
        "title_en": pack.title.en,
        "document": pack.document,
        "promulgated_on": _day(pack.promulgated_on),
        "effective_from": _day(pack.effective_from),
        "repealed_on": _day(pack.repealed_on),
        "fictional": pack.is_fictional,
        "digest": pack.digest,
        "base": format_points(pack.base_millipoints),
        "bands": [_band(tier) for tier in pack.tiers],
        "groups": [_group(group) for group in pack.groups],
        "clauses": [_clause(clause) for clause in pack.clauses],
        "caveats": [
            {
                "about": caveat.about,
                "from": _day(caveat.from_on),
                "title": caveat.wording.zh,
                "title_en": caveat.wording.en,
                "source": caveat.source,
            }
            for caveat in pack.caveats
        ],
    }


def ledger_answer(subject: str, ledger: Ledger, pack: RulePack) -> dict[str, Json]:
    """One subject of `score --format json`; the points of its lines and the base add up to the score."""
    score = score_of(ledger)
    return {
        "subject": subject,
        "on": ledger.on.isoformat(),
        "pack": ledger.pack_id,
        "base": format_points(ledger.base_millipoints),
        "score": format_points(score),
        "tier": tier_of(pack, score).name,
        "lines": [_line(line) for line in ledger.lines],
    }


def outlook_answer(
    subject: str,
    ledger: Ledger,
    pack: RulePack,
    expiries: Sequence[Moment],
    plans: Sequence[RepairPlan],
) -> dict[str, Json]:
    """One subject of `score --outlook --format json`; of the ledger only what it comes to."""
    score = score_of(ledger)
    return {
        "subject": subject,
        "on": ledger.on.isoformat(),
        "pack": ledger.pack_id,
        "score": format_points(score),
        "tier": tier_of(pack, score).name,
        "expiries": [_moment(moment) for moment in expiries],
        "repairs": [_plan(plan) for plan in plans],
    }


def _moment(moment: Moment) -> dict[str, Json]:
    return {
        "on": moment.on.isoformat(),
        "score": points_answer(moment.score),
        "tier": moment.tier,
        "pack": moment.pack_id,
        "missing": None if moment.missing is None else moment.missing.code,
        "base_move": format_points(moment.base_move),
        "moves": [
            {
                "record": move.record_id,
                "record_kind": move.record_kind,
                "decided_on": move.decided_on.isoformat(),
                "clause": move.clause,
                "points_before": format_points(move.millipoints_before),
                "points_after": format_points(move.millipoints_after),
                "state_before": move.state_before.value,
                "state_after": move.state_after.value,
            }
            for move in moment.moves
        ],
    }


def _plan(plan: RepairPlan) -> dict[str, Json]:
    return {
        "tier": plan.tier,
        "from": format_points(plan.from_millipoints),
        "score": format_points(plan.score),
        "tier_after": plan.tier_after,
        "records": None
        if plan.repairs is None
        else [
            {
                "record": repair.record_id,
                "record_kind": repair.record_kind,
                "decided_on": repair.decided_on.isoformat(),
                "clause": repair.clause,
                "worth": format_points(repair.worth_millipoints),
                "from": _day(repair.from_on),
            }
            for repair in plan.repairs
        ],
    }


def _band(tier: Tier) -> dict[str, Json]:
    return {
        "tier": tier.name,
        "from": points_answer(tier.from_millipoints),
        "below": points_answer(tier.below_millipoints),
        **_provenance(tier.provenance),
    }


def _group(group: Group) -> dict[str, Json]:
    return {
        "code": group.code,
        "title": group.wording.zh,
        "title_en": group.wording.en,
        "kind": group.kind.value,
        "cap": points_answer(group.cap),
        **_provenance(group.provenance),
    }


def _clause(clause: Clause) -> dict[str, Json]:
    return {
        "code": clause.code,
        "group": clause.group,
        "title": clause.wording.zh,
        "title_en": clause.wording.en,
        "kind": clause.kind.value,
        "records": list(clause.record_kinds),
        "points": points_answer(clause.millipoints),
        "points_up_to": clause.range is not None,
        "points_from": None if clause.range is None else format_points(clause.range.from_millipoints),
        "within": None if clause.range is None else clause.range.rule.value,
        "counting": clause.counting.rule.value,
        "cap": points_answer(clause.counting.cap),
        "counts_from": clause.life.start.value,
        "counts_for_months": clause.life.months,
        "severity": None if clause.severity is None else clause.severity.name,
        "repairable": None if clause.repair is None else clause.repair.is_allowed,
        "repair_after_months": None if clause.repair is None else clause.repair.after_months,
        **_provenance(clause.provenance),
        "citation": str(clause.citation),
    }


def _line(line: LedgerLine) -> dict[str, Json]:
    return {
        "clause": line.clause,
        "points": format_points(line.millipoints),
        "worth": points_answer(line.worth_millipoints),
        "state": line.state.value,
        "from": None if line.period is None else _day(line.period.first_on),
        "until": None if line.period is None else _day(line.period.last_on),
        "citation": None if line.citation is None else str(line.citation),
        "record": line.record_id,
        "record_kind": line.record_kind,
        "decided_on": line.decided_on.isoformat(),
        "evidence": line.evidence,
    }


def _provenance(provenance: Provenance) -> dict[str, Json]:
    return {
        "status": provenance.status.value,
        "source": provenance.source,
        "entered_by": provenance.entered_by,
        "entered_on": _day(provenance.entered_on),
    }


def points_answer(millipoints: int | None) -> str | None:
    """A decimal string; None for none."""
    return None if millipoints is None else format_points(millipoints)


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
