"""Changes of rule files: values that an office enters, or a whole file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import FaultsError, InputError, NotFoundError
from agency_credit.publication.masking import check_publishable
from agency_credit.scoring import Instrument, parse_rule_file
from agency_credit.scoring.history import RuleStep, StepKind
from agency_credit.services.change_request import Change, ChangeDraft, refuse_clock_set_back
from agency_credit.services.operation import Operation
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import RuleBook, load_rule_book
from agency_credit.services.rule_faults import find_new_faults, is_other_instrument
from agency_credit.services.rule_store import OFFICE, append_step, load_known_at, load_number, rules_entry

MAX_FILE_BYTES = 4 * 1024 * 1024
"""Room for ten thousand clauses."""
_SET_BY_US = ("entered_by", "entered_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutcome:
    """What a change would make: the step, and the file on its first day before (None: new) and after it."""

    step: RuleStep
    before: Instrument | None
    after: Instrument


def draft_values(
    instrument: str,
    based_on: int,
    amendments: Sequence[Mapping[str, Any]],
    *,
    applies_from: date,
    is_correction: bool,
    reason: str,
) -> ChangeDraft:
    """A proposal that changes values of a file; see `agency_credit.scoring.amendment`."""
    return ChangeDraft(
        kind="rule",
        subject=instrument,
        based_on=based_on,
        payload={"kind": StepKind.VALUES.value, "amendments": [dict(item) for item in amendments]},
        applies_from=applies_from,
        is_correction=is_correction,
        reason=reason,
    )


async def draft_file(
    content: bytes, name: str, *, applies_from: date | None, is_correction: bool, reason: str
) -> ChangeDraft:
    """A proposal that puts a whole file into force.

    Parameters
    ----------
    applies_from
        None: from its first day in force.

    Raises
    ------
    FaultsError
        Every fault of the file.
    InputError
        It is larger than `MAX_FILE_BYTES`.
    """
    if len(content) > MAX_FILE_BYTES:
        raise InputError(
            "rules.file-size",
            "{file} is larger than {n} bytes; hand in one instrument",
            file=name,
            n=MAX_FILE_BYTES,
        )
    file = await asyncio.to_thread(parse_rule_file, content, name)
    return await draft_instrument(file, applies_from=applies_from, is_correction=is_correction, reason=reason)


async def draft_instrument(
    file: Instrument, *, applies_from: date | None, is_correction: bool, reason: str
) -> ChangeDraft:
    """As `draft_file`, of a file that was read already."""
    return ChangeDraft(
        kind="rule",
        subject=file.id,
        based_on=await load_number(file.id),
        payload={"kind": StepKind.FILE.value, "file": json.loads(file.content)},
        applies_from=applies_from or file.effective_from,
        is_correction=is_correction,
        reason=reason,
    )


async def check_rule_change(op: Operation, draft: ChangeDraft) -> None:
    """Refuse a change that cannot be.

    Raises
    ------
    NotFoundError
        Values of a file that is not there.
    FaultsError
        Unknown clauses, bad points; whatever would be wrong with the file or between all files from that
        day on and is not wrong already.
    InputError
        A file of another line under the id of this one; a new file from a day after its first in force.
    RefusedError
        The clock stands before the newest step; a personal number in a text.
    """
    refuse_clock_set_back(op.at, await load_known_at())
    await preview_rule_change(op, draft)


async def apply_rule_change(op: Operation, change: Change) -> None:
    """Add the step to the history, with its entry in the public log."""
    outcome = await preview_rule_change(op, change)
    index = await op.append_entry("rules.in_force", change.subject, rules_entry(outcome.step, outcome.after))
    await append_step(outcome.step, OFFICE, op.at, change=change.number, log_index=index)


async def preview_rule_change(op: Operation, draft: ChangeDraft) -> RuleOutcome:
    """What the change would make, checked away from the event loop; raises as `check_rule_change`."""
    return await asyncio.to_thread(
        outcome_of,
        await load_rule_book(op.office),
        draft,
        entered_by=(await load_parameter("office_name")).value or op.actor.username,
        decided_on=day_in_china(op.at),
    )


def outcome_of(book: RuleBook, draft: ChangeDraft, *, entered_by: str, decided_on: date) -> RuleOutcome:
    """As `preview_rule_change`, of values alone."""
    history = book.histories.get(draft.subject, ())
    step = _step_of(draft, len(history) + 1, entered_by, decided_on)
    check_publishable(step.content)
    if step.kind is StepKind.VALUES and not history:
        raise NotFoundError(
            "rules.unknown", "there is no rule file {id}; look it up at /rules", id=draft.subject[:60]
        )
    changed = book.with_step(step)
    old, after = (b.file_on(draft.subject, step.applies_from) for b in (book, changed))
    assert after is not None, "the step makes it"
    if old is not None and is_other_instrument(old, after):
        raise InputError(
            "rules.other-line",
            "{id} is the id of another instrument ({old}); give this file an id of its own",
            id=after.id,
            old=old.title.zh,
        )
    if not history and step.applies_from > after.effective_from:
        # Before the first day of its history a file reads as on it: a later day hides that it reaches back.
        raise InputError(
            "rules.first-day",
            "{id} is new here, so it holds from {day} on, its first day in force: choose that day, as a"
            " correction where it is past, or hand in a file that begins later",
            id=after.id,
            day=after.effective_from.isoformat(),
        )
    faults = find_new_faults(book, changed, step.applies_from)
    if faults:
        raise FaultsError(draft.subject, faults)
    return RuleOutcome(step=step, before=old, after=after)


def _step_of(draft: ChangeDraft, number: int, entered_by: str, decided_on: date) -> RuleStep:
    kind = StepKind(draft.payload["kind"])
    content: Any = draft.payload.get("file")
    if kind is StepKind.VALUES:
        entered = {"entered_by": entered_by, "entered_on": decided_on.isoformat()}
        content = [
            {key: value for key, value in item.items() if key not in _SET_BY_US} | entered
            for item in draft.payload["amendments"]
        ]
    return RuleStep(
        instrument=draft.subject,
        number=number,
        kind=kind,
        content=format_canonical(content).decode(),
        applies_from=draft.applies_from,
        known_on=decided_on,
    )
