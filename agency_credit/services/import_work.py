"""What an import of any kind is given, and what it hands back before anything is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from agency_credit.domain.errors import Fault
from agency_credit.services.import_agencies import PracticeLine
from agency_credit.services.import_header import Table

CHUNK = 400
"""Rows of one statement: PostgreSQL takes 32,767 parameters, a row has up to twenty."""

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
    """

    tables: Sequence[Table]
    practice_line: PracticeLine | None
    at: datetime
    today: date
    person_id: int | None
    record_kinds: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Agencies and practitioners of whom something became known that may move their rating; their numbers."""

    agencies: frozenset[int]
    practitioners: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWork:
    """What a file would do, counted, and the step that does it.

    Parameters
    ----------
    store
        Stores the rows without error; takes the id of the import run, says whom it touches.
    """

    n_new: int
    n_changed: int
    n_same: int
    n_repeated: int
    faults: tuple[Fault, ...]
    store: Callable[[int], Awaitable[Touched | None]]


def in_chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """`items` in pieces that one statement can hold."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
