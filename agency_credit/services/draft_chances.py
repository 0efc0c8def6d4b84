"""Faults of a draft that have to do with chance: a unit without any, an event that could be another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agency_credit.domain.errors import Fault
from agency_credit.domain.plan import EntropyForm
from agency_credit.sampling import allocate, announced_count, parse_plan
from agency_credit.services.draft_review import try_plan
from agency_credit.services.draw_draft import DrawDraft
from agency_credit.services.frame import Stratification

_ISSUE = re.compile(r"[0-9]{5,}")
_CHAIN = re.compile(r"[0-9a-f]{64}")
_LOTTERIES = (EntropyForm.SSQ, EntropyForm.DLT)


def find_zero_chances(draw: str, draft: DrawDraft, frame: Stratification) -> Iterator[Fault]:
    """Strata of which nobody can be drawn: whoever may be inspected has a chance (R9)."""
    content, _ = try_plan(draw, draft)
    if content is None:
        return
    plan = parse_plan(content)
    sizes = {item.stratum: item.n_eligible for item in frame.strata}
    rules = [rule for rule in plan.strata if rule.stratum in sizes]
    for stratum, take in allocate(sizes, rules, plan.rounding).items():
        if take == 0 and sizes[stratum]:
            yield Fault(
                at="plan.strata",
                code="draft.zero-chance",
                template="of the {n} agencies in the stratum {stratum} nobody could be drawn; draw at"
                " least one, or leave them out with a legal reason",
                params={"stratum": stratum, "n": sizes[stratum]},
            )


def find_vague_events(draft: DrawDraft) -> Iterator[Fault]:
    """Public events that do not say which one exactly counts, by which a drafter could choose afterwards."""
    for source in draft.plan.entropy:
        event, form = str(source.get("event", "")).strip(), source.get("form")
        if source.get("kind") != "public" or not event or form not in set(EntropyForm):
            continue
        if form in _LOTTERIES and not _ISSUE.search(event):
            yield _event_fault(
                "draft.event-issue",
                "{event}: give the number of the issue, such as 第2026138期, so that no other can be meant",
                event,
            )
        elif form == EntropyForm.DRAND and not _CHAIN.search(event):
            yield _event_fault(
                "draft.event-chain", "{event}: name the chain by its hash, 64 digits, and the round", event
            )
        elif form in (EntropyForm.DIGITS, EntropyForm.DICE) and not (
            announced_count(event, EntropyForm(form)) or _ISSUE.search(event)
        ):
            yield _event_fault(
                "draft.event-count",
                "{event}: say how many digits or throws count, such as 掷24次, or give the number of the"
                " issue",
                event,
            )


def _event_fault(code: str, template: str, /, event: str) -> Fault:
    return Fault(at="plan.entropy", code=code, template=template, params={"event": event})
