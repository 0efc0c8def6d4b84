"""At a start: what ships with the software begins or continues the histories of rule files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from agency_credit.database import lock_log, transaction
from agency_credit.domain.day import day_in_china
from agency_credit.scoring import Instrument
from agency_credit.scoring.history import RuleStep, StepKind
from agency_credit.services.log import append_log_entry
from agency_credit.services.rule_book import RuleBook, histories_of
from agency_credit.services.rule_faults import find_new_faults, is_other_instrument
from agency_credit.services.rule_store import (
    OFFICE,
    SHIPPED,
    StoredStep,
    append_step,
    load_known_at,
    load_steps,
    rules_entry,
)


async def append_shipped(files: Iterable[Instrument], now: datetime) -> None:
    """Begin the history of every file that is new here, and continue that of one that ships changed.

    A changed file takes the place of the one before from its first day in force on. It does not by itself
    where two people of this office have decided anything in its history, nor where files would overlap or
    refer to what is not there: the console then offers it (`agency_credit.services.rule_offers`). Every such
    step after the first start has an entry in the public log.
    """
    async with transaction():
        await lock_log()
        stored = await load_steps()
        known_at = max(now, await load_known_at() or now)  # a clock that was set back rewrites nothing
        changed = {file.id: file for file in _find_changed(files, stored)}
        book = RuleBook(histories=histories_of(stored))
        steps = [_step_of(file, book, day_in_china(known_at)) for file in changed.values()]
        if stored:  # what ships for a first start was held against itself when it was read
            steps = _find_fitting(steps, book)
        for step in steps:
            index = None
            if stored:
                body = rules_entry(step, changed[step.instrument])
                index = await append_log_entry(
                    "rules.in_force", step.instrument, body, at=known_at, is_committed=False
                )
            await append_step(step, SHIPPED, known_at, log_index=index)


def _find_changed(files: Iterable[Instrument], stored: Sequence[StoredStep]) -> list[Instrument]:
    """Files that ship otherwise than last time, and in whose history this office decided nothing."""
    decided = {one.step.instrument for one in stored if one.origin == OFFICE}
    newest = {one.step.instrument: one.step.content for one in stored if one.origin == SHIPPED}
    return [f for f in files if f.id not in decided and newest.get(f.id) != f.content.decode()]


def _step_of(file: Instrument, book: RuleBook, known_on: date) -> RuleStep:
    return RuleStep(
        instrument=file.id,
        number=len(book.histories.get(file.id, ())) + 1,
        kind=StepKind.FILE,
        content=file.content.decode(),
        applies_from=file.effective_from,
        known_on=known_on,
    )


def _find_fitting(steps: Sequence[RuleStep], book: RuleBook) -> list[RuleStep]:
    """Those that together make nothing wrong; of the others none could be added.

    They are tried together first, since one may need another: a pack its predecessor's end, a clause a
    class of the period table.
    """
    fitting = [step for step in steps if not _is_other(step, book)]
    left_out = list[RuleStep]()
    while _count_faults(fitting, book):
        rests = [[step for step in fitting if step is not one] for one in fitting]
        rest = min(rests, key=lambda some: _count_faults(some, book))
        left_out += [step for step in fitting if step not in rest]
        fitting = rest
    for step in left_out:
        if not _count_faults([*fitting, step], book):
            fitting.append(step)
    return fitting


def _is_other(step: RuleStep, book: RuleBook) -> bool:
    after = book.with_step(step).file_on(step.instrument, step.applies_from)
    assert after is not None, "the step makes it"
    return is_other_instrument(book.file_on(step.instrument, step.applies_from), after)


def _count_faults(steps: Sequence[RuleStep], book: RuleBook) -> int:
    after = book
    for step in steps:
        after = after.with_step(step)
    begins = min((step.applies_from for step in steps), default=date.max)
    return len(find_new_faults(book, after, begins)) if steps else 0
