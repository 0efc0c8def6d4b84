"""Changes of rules, records, items, plans, leads, teams: one person proposes, another decides, with a reason.

What can be changed is a row of `KINDS`: how far its history has come, what is to be checked, how it is
written. Everything else is the same for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError
from agency_credit.domain.role import APPROVER, DRAFTER, Actor
from agency_credit.publication.masking import check_publishable
from agency_credit.services.annual_plan import load_plan_number
from agency_credit.services.change_request import (
    Change,
    ChangeDraft,
    append_decision,
    append_request,
    load_change,
    refuse_clock_set_back,
)
from agency_credit.services.item_change import apply_item_change, check_item_change, load_newest_list
from agency_credit.services.leads import apply_lead, check_lead, load_lead_number
from agency_credit.services.office import Office
from agency_credit.services.operation import Operation, operation
from agency_credit.services.plan_change import apply_plan_change, check_plan_change
from agency_credit.services.record_change import apply_record_change, load_event_number
from agency_credit.services.record_faults import check_record_change
from agency_credit.services.reserve_call import apply_reserve, check_reserve
from agency_credit.services.rule_change import apply_rule_change, check_rule_change
from agency_credit.services.rule_store import load_number
from agency_credit.services.team_change import apply_team, check_team

MAX_REASON = 2000
"""Characters; a reason is shown beside the change for ever."""

Verdict = Literal["approved", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKind:
    """Something that can be changed by two people.

    Parameters
    ----------
    newest
        The number that the history of a subject has reached, 0: it has none.
    check
        Raises where the change cannot be; at the proposal, and again at the approval.
    apply
        Writes it, with an entry in the public log.
    is_dated
        Whether it holds from a day on, which is not past when it is approved unless that is said; else it
        holds from its approval, or `check` knows its days.
    """

    newest: Callable[[str], Awaitable[int]]
    check: Callable[[Operation, ChangeDraft], Awaitable[None]]
    apply: Callable[[Operation, Change], Awaitable[None]]
    is_dated: bool = True


async def _no_versions(_subject: str) -> int:
    """Of what has no numbered history: its own check finds what has moved on."""
    return 0


KINDS: dict[str, ChangeKind] = {
    "items": ChangeKind(newest=load_newest_list, check=check_item_change, apply=apply_item_change),
    "lead": ChangeKind(newest=load_lead_number, check=check_lead, apply=apply_lead),
    "plan": ChangeKind(newest=load_plan_number, check=check_plan_change, apply=apply_plan_change),
    "record": ChangeKind(
        newest=load_event_number, check=check_record_change, apply=apply_record_change, is_dated=False
    ),
    "reserve": ChangeKind(newest=_no_versions, check=check_reserve, apply=apply_reserve, is_dated=False),
    "rule": ChangeKind(newest=load_number, check=check_rule_change, apply=apply_rule_change),
    "team": ChangeKind(newest=_no_versions, check=check_team, apply=apply_team, is_dated=False),
}


async def propose_change(office: Office, actor: Actor, draft: ChangeDraft) -> int:
    """Propose a change; its number.

    Raises
    ------
    InputError
        No reason; a kind that is none; what the kind says of it; a day in the past that is not said to be
        a correction.
    ConflictError
        The history has moved on since the proposer looked.
    RefusedError
        A personal number in the reason; the clock was set back.
    """
    async with operation(office, actor, "change.propose", draft.subject, roles=DRAFTER) as op:
        kind, person, reason = _kind_of(draft), _person_of(actor), _clean_reason(draft.reason)
        await _check(op, kind, draft)
        number = await append_request(replace(draft, reason=reason), person, op.at)
        op.details["change"] = number
        return number


async def decide_change(
    office: Office, actor: Actor, number: int, verdict: Verdict, reason: str = ""
) -> None:
    """Approve a change, which then holds at once, or reject it.

    Parameters
    ----------
    reason
        Needed to reject.

    Raises
    ------
    ForbiddenError
        The person who proposed it.
    ConflictError
        It is decided already, or the history has moved on since it was proposed.
    InputError
        As at the proposal, by what is known now.
    RefusedError
        The clock was set back.
    """
    async with operation(office, actor, "change.decide", f"{number}", roles=APPROVER) as op:
        change = await _load_open(number)
        person = _person_of(actor)
        if change.proposed_by == person:
            raise ForbiddenError(
                "change.own", "{user} proposed this change; another person decides it", user=actor.username
            )
        refuse_clock_set_back(op.at, change.proposed_at)
        if verdict == "rejected" or reason.strip():
            reason = _clean_reason(reason)
        op.details.update(subject=change.subject, verdict=verdict)
        if verdict == "approved":
            await _check(op, _kind_of(change), change)
        await append_decision(number, verdict, reason, person, op.at)
        if verdict == "approved":
            await _kind_of(change).apply(op, change)


async def take_back_change(office: Office, actor: Actor, number: int) -> None:
    """Take back a proposal of one's own that nobody decided yet.

    Raises
    ------
    ForbiddenError
        Somebody else proposed it.
    ConflictError
        It is decided already.
    """
    async with operation(office, actor, "change.take-back", f"{number}", roles=DRAFTER) as op:
        change = await _load_open(number)
        person = _person_of(actor)
        if change.proposed_by != person:
            raise ForbiddenError(
                "change.not-own", "somebody else proposed this change; an approver may reject it"
            )
        op.details.update(subject=change.subject)
        await append_decision(number, "withdrawn", "", person, op.at)


async def _check(op: Operation, kind: ChangeKind, draft: ChangeDraft) -> None:
    check_basis(draft, await kind.newest(draft.subject))
    if kind.is_dated:
        check_correction(draft.applies_from, day_in_china(op.at), is_correction=draft.is_correction)
    await kind.check(op, draft)


def check_basis(draft: ChangeDraft, newest: int) -> None:
    """Refuse what rests on another version than the newest.

    Raises
    ------
    ConflictError
        The history has moved on.
    """
    if newest != draft.based_on:
        raise ConflictError(
            "change.moved-on",
            "{subject} has been changed in the meantime (version {newest}, this rests on {based_on}); look at"
            " it again and propose anew",
            subject=draft.subject,
            newest=newest,
            based_on=draft.based_on,
        )


def check_correction(applies_from: date, decided_on: date, *, is_correction: bool) -> None:
    """Refuse what reaches into the past and does not say so.

    Raises
    ------
    InputError
        `applies_from` lies before `decided_on`, and it is no correction.
    """
    if applies_from < decided_on and not is_correction:
        raise InputError(
            "change.past",
            "{day} lies before {today}: choose a day from today on, or propose it as a correction",
            day=applies_from.isoformat(),
            today=decided_on.isoformat(),
        )


async def _load_open(number: int) -> Change:
    change = await load_change(number)
    if change.decision is not None:
        raise ConflictError(
            "change.decided",
            "the change {n} is decided already ({verdict}); load the page again",
            n=number,
            verdict=change.decision.verdict,
        )
    return change


def _kind_of(draft: ChangeDraft) -> ChangeKind:
    if draft.kind not in KINDS:
        raise InputError(
            "change.kind",
            "there is no kind of change {kind}; expected one of {kinds}",
            kind=draft.kind,
            kinds=", ".join(KINDS),
        )
    return KINDS[draft.kind]


def _person_of(actor: Actor) -> int:
    if actor.person_id is None:
        raise RefusedError(
            "change.account", "changes are proposed and decided by people with an account; log in"
        )
    return actor.person_id


def _clean_reason(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= MAX_REASON:
        raise InputError(
            "change.reason", "say why, in at most {n} characters; it stays beside the change", n=MAX_REASON
        )
    check_publishable(reason)
    return reason.strip()
