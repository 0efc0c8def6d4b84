"""What a change of one rule file would make wrong between all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from agency_credit.domain.errors import Fault
from agency_credit.scoring import Instrument, find_overlaps
from agency_credit.scoring.rule_file import find_unknown_references
from agency_credit.services.rule_book import RuleBook


def find_new_faults(before: RuleBook, after: RuleBook, begins: date) -> tuple[Fault, ...]:
    """What is wrong with the files of `after`, or between them, on any day from `begins` on.

    What is wrong in `before` already is left out: it must not stand in the way of what has nothing to do
    with it.
    """
    known = _find_faults(before, begins)
    return tuple(fault for fault in _find_faults(after, begins) if fault not in known)


def is_other_instrument(old: Instrument | None, new: Instrument) -> bool:
    """Whether `new` bears the id of a file `old` that it is no version of."""
    return old is not None and (old.line, old.is_fictional) != (new.line, new.is_fictional)


def _find_faults(book: RuleBook, begins: date) -> list[Fault]:
    found: list[Fault] = []
    for day in _turning_days(book, begins):
        files = book.files_on(day)
        held = [file for file in files if file.in_force.contains(day)]
        found += [f for f in (*find_overlaps(held), *find_unknown_references(files)) if f not in found]
    return found


def _turning_days(book: RuleBook, begins: date) -> Iterable[date]:
    """Days on which something may begin to read otherwise, or to be in force: `begins` and all later ones."""
    steps = [step for history in book.histories.values() for step in history]
    days = {begins, *(step.applies_from for step in steps if step.applies_from > begins)}
    days |= {file.effective_from for day in sorted(days) for file in book.files_on(day)}
    return sorted(day for day in days if day >= begins)
