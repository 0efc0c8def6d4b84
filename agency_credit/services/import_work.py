"""What an import of any kind is given, and what it hands back before anything is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from agency_credit.domain.errors import Fault

if TYPE_CHECKING:
    from agency_credit.services.import_agencies import PracticeLine
    from agency_credit.services.import_facts import FactRules
    from agency_credit.services.import_header import Table
    from agency_credit.services.keys import Keys

RowState = Literal["new", "changed", "same", "repeated", "forgotten", "faulty"]
"""What a row does: `repeated` says what a row above it in the same file said, `faulty` keeps it out.

`forgotten` names a record that was repaired or erased: it is not taken in again (docs/adr/0041).
"""

CHUNK = 400
"""Rows of one statement: PostgreSQL takes 32,767 parameters, a row has up to twenty."""

KEYS = 5000
"""Keys that one statement looks up, one parameter each."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTask:
    """A file to import.

    Parameters
    ----------
    tables
        The lists in it.
    practice_line
        Of rows that do not say it; None: they must.
    at, today
        The instant of the import, and the calendar day in China.
    person_id
        Who imports; None: the operator of the machine.
    record_kinds
        The words for a credit record that a rule pack of this office knows.
    fact_rules
        What its rules say of the facts of a record.
    keys
        Under which records that were forgotten are known again.
    """

    tables: Sequence[Table]
    practice_line: PracticeLine | None
    at: datetime
    today: date
    person_id: int | None
    record_kinds: frozenset[str]
    fact_rules: FactRules
    keys: Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Agencies and practitioners of whom something became known that may move their rating; their numbers."""

    agencies: frozenset[int]
    practitioners: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """What a row changes in one field; ``""`` where nothing was known, as in every field of a new row.

    Parameters
    ----------
    field
        Name of the column in `import_kinds`.
    old, new
        As the store has it: days as 2026-03-30, words in code (``in_force``), several joined by ``、``.
    """

    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """What became of one row of a file: one of these for every row below the header that is not blank.

    Blank rows and totals have none. In the order of the file; `sheet` and `row` find the row in it again.

    Parameters
    ----------
    sheet
        Name of its sheet; None in a csv.
    row
        Its number in the file, from 1; in a csv the line on which it begins.
    state
        With an error among the faults always ``faulty``.
    changes
        Old and new text of every field that the row changes; empty unless `state` is new or changed.
    faults
        Errors and warnings of the row, by column.
    subject
        Whom or what the row is about, as it says itself: its codes and its name.
    """

    sheet: str | None
    row: int
    state: RowState
    changes: tuple[CellChange, ...] = ()
    faults: tuple[Fault, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredChange:
    """What a file does to one subject of the register; rows of the file and subjects need not be the same.

    Parameters
    ----------
    subject
        What identifies it: the key of the list.
    before, after
        Frozen dataclasses that msgspec turns into JSON and back; `before` is None where it is new.
    """

    subject: str
    before: object | None
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWork:
    """What a file would do, row by row, and the step that does it.

    Parameters
    ----------
    outcomes
        Of every row, in the order of the file.
    store
        Stores the rows without error; takes the id of the import run, says whom it touches.
    list_stored
        What `store` does, kept for undoing (`import_undo`); a kind that cannot be undone has nothing to list.
    """

    outcomes: tuple[RowOutcome, ...]
    store: Callable[[int], Awaitable[Touched | None]]
    list_stored: Callable[[], Iterable[StoredChange]] = tuple

    def counts(self) -> Counter[RowState]:
        """Rows by what they do."""
        return Counter(outcome.state for outcome in self.outcomes)

    def faults(self) -> tuple[Fault, ...]:
        """Faults of all rows, in the order of the file."""
        return tuple(fault for outcome in self.outcomes for fault in outcome.faults)


def list_states(
    known: Mapping[str, object], states: Iterable[object], key: Callable[[Any], str]
) -> list[StoredChange]:
    """`states` beside what was known of each before, by `key`."""
    return [StoredChange(subject=key(state), before=known.get(key(state)), after=state) for state in states]


def list_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[CellChange, ...]:
    """The fields of `after` that `before` has otherwise; a field that `before` lacks was empty."""
    return tuple(
        CellChange(field=field, old=before.get(field, ""), new=new)
        for field, new in after.items()
        if before.get(field, "") != new
    )


def in_chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """`items` in pieces that one statement can hold."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
