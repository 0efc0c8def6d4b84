"""The rule files as everybody may see them: what holds, its history, what each version changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from agency_credit.domain.citation import Provenance, Status, Wording
from agency_credit.domain.errors import InputError, NotFoundError
from agency_credit.scoring import Duties, Instrument, PeriodTable, Profile, RulePack
from agency_credit.scoring.compare import Difference, compare_files
from agency_credit.scoring.history import RuleStep, steps_on
from agency_credit.scoring.shown import ShowRule
from agency_credit.services.change_request import Change, load_changes_by_number
from agency_credit.services.office import Office
from agency_credit.services.reference import load_parameter
from agency_credit.services.rule_book import RuleBook, load_rule_book, load_shelf
from agency_credit.services.rule_store import SHIPPED, StoredStep

PART = 200
"""Rows of a file that a page shows at a time, and differences that it shows at all."""

_ORDER = ("rating", "duties", "periods", "profile")


class RuleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file in a list.

    Parameters
    ----------
    type
        rating, duties, periods or profile.
    subject
        Whom it rates or binds; empty for the other types.
    state
        ``in-force``, ``later`` or ``ended`` today.
    number
        Of its newest version.
    n_rows, n_unverified, n_unvalued
        Clauses, periods or values; how many of them are not verified, how many have no value yet.
    """

    id: str
    type: str
    subject: str
    title: str
    title_en: str
    document: str | None
    effective_from: date
    repealed_on: date | None
    state: str
    fictional: bool
    number: int
    digest: str
    n_rows: int
    n_unverified: int
    n_unvalued: int


class RuleStepView(msgspec.Struct, frozen=True, kw_only=True):
    """A version in the history of a file.

    Parameters
    ----------
    kind
        ``file`` or ``values``.
    by
        The office that decided it; empty: it came with the software.
    correction
        It reaches into days before it was decided.
    path
        Of the file as it reads from `applies_from` on, in canonical form.
    """

    number: int
    kind: str
    by: str
    applies_from: date
    known_at: datetime
    correction: bool
    reason: str
    log_index: int | None
    path: str


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file as it reads today, with its history, the newest version first."""

    rule: RuleSummary
    caveats: list[dict[str, Any]]
    versions: list[RuleStepView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRow:
    """A rule of showing by its key; `rule` None: the pack does not say it."""

    key: str
    rule: ShowRule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleView:
    """The page of a rule file.

    Parameters
    ----------
    number
        Of the version that is shown.
    is_today
        It is shown as it reads today; else as it reads on the first day of the version.
    rows, n_rows, following
        A part of its clauses, periods or values; how many there are; after which the next part begins (empty:
        there is none).
    differences, n_differences
        To the version before, at most `PART` of them; how many there are.
    later
        Versions whose day has not come.
    classes
        What the classes of severity are called, by the period tables of today.
    shown
        Who may see what comes out; of a rule pack only.
    """

    summary: RuleSummary
    file: Instrument
    number: int
    is_today: bool
    steps: tuple[RuleStepView, ...]
    rows: tuple[Any, ...]
    n_rows: int
    following: str
    differences: tuple[Difference, ...]
    n_differences: int
    later: tuple[RuleStepView, ...]
    classes: dict[str, Wording]
    shown: tuple[ShowRow, ...]


async def load_rules(office: Office) -> list[RuleSummary]:
    """All rule files as they read today, by type, subject and first day."""
    book, today = await load_rule_book(office), office.today()
    files = book.files_on(today)
    found = [_summary(book, file, today) for file in files]
    return sorted(found, key=lambda s: (_ORDER.index(s.type), s.subject, s.fictional, s.effective_from, s.id))


async def load_rule_answer(office: Office, instrument: str) -> RuleAnswer:
    """A rule file with its history.

    Raises
    ------
    NotFoundError
        There is no such file.
    """
    view = await load_rule(office, instrument)
    caveats = json.loads(view.file.content).get("caveats", [])
    return RuleAnswer(rule=view.summary, caveats=caveats, versions=list(view.steps))


async def load_rule(office: Office, instrument: str, number: int | None = None, after: str = "") -> RuleView:
    """The page of a rule file.

    Parameters
    ----------
    number
        Of a version; None: as it reads today.
    after
        Name of the last row of the part before.

    Raises
    ------
    NotFoundError
        There is no such file or version.
    InputError
        No row is called `after`.
    """
    shelf, today = await load_shelf(office), office.today()
    book = shelf.book
    history = _history(book, instrument)
    held = steps_on(history, today)
    shown = held[-1].number if number is None else number
    file = book.read(held) if number is None else _reading(book, history, shown)
    assert file is not None, "every history begins with a file"
    all_rows = _rows(file)
    rows, following = _part_of(all_rows, after)
    differences = _differences(book, history, shown)
    steps = await _load_steps(tuple(s for s in shelf.steps if s.step.instrument == instrument))
    return RuleView(
        summary=_summary(book, file, today),
        file=file,
        number=shown,
        is_today=number is None,
        steps=steps,
        rows=rows,
        n_rows=len(all_rows),
        following=following,
        differences=differences[:PART],
        n_differences=len(differences),
        classes=_classes(book, today),
        shown=show_rows(file) if isinstance(file, RulePack) else (),
        later=tuple(step for step in steps if step.applies_from > today and step.number > 1),
    )


async def load_rule_json(office: Office, instrument: str, number: int) -> bytes:
    """The canonical form of a file as it reads from the first day of a version on.

    Raises
    ------
    NotFoundError
        There is no such file or version.
    """
    book = await load_rule_book(office)
    return _reading(book, _history(book, instrument), number).content


def _name_of_row(row: Any) -> str:
    """What a clause, a period or a value is called in its file."""
    return str(next(getattr(row, key) for key in ("code", "name", "key") if hasattr(row, key)))


def find_target(file: Instrument, about: str, target: str) -> Any | None:
    """The row of a file that an amendment speaks of; None: there is none."""
    if about == "clause" and isinstance(file, RulePack):
        return next((clause for clause in file.clauses if clause.code == target), None)
    if about == "publication" and isinstance(file, RulePack):
        return next((row for row in show_rows(file) if row.key == target), None)
    if about == "supervision" and isinstance(file, Profile):
        return file.supervision_of(*target.partition("/")[::2])
    if about == "value" and isinstance(file, Profile):
        return next((value for value in file.values if value.key == target), None)
    return None


def show_rows(pack: RulePack) -> tuple[ShowRow, ...]:
    """What a pack says, or could say, of showing: one row, by whom it rates."""
    is_of_agencies = pack.subject.value.endswith("-agency")
    key = "score_public" if is_of_agencies else "shown_to_agency"
    return (ShowRow(key=key, rule=getattr(pack.publication, key)),)


def _history(book: RuleBook, instrument: str) -> Sequence[RuleStep]:
    if instrument not in book.histories:
        raise NotFoundError(
            "rules.unknown", "there is no rule file {id}; look it up at /rules", id=instrument[:60]
        )
    return book.histories[instrument]


def _reading(book: RuleBook, history: Sequence[RuleStep], number: int) -> Instrument:
    if not 1 <= number <= len(history):
        raise NotFoundError("rules.no-version", "{id} has no version {n}", id=history[0].instrument, n=number)
    file = book.read(steps_on(history[:number], history[number - 1].applies_from))
    assert file is not None, "every history begins with a file"
    return file


def _classes(book: RuleBook, today: date) -> dict[str, Wording]:
    tables = [file for file in book.files_on(today) if isinstance(file, PeriodTable)]
    return {period.name: period.wording for table in reversed(tables) for period in table.periods}


def _differences(book: RuleBook, history: Sequence[RuleStep], number: int) -> tuple[Difference, ...]:
    """What a version changed, on its first day."""
    after = _reading(book, history, number)
    before = book.read(steps_on(history[: number - 1], history[number - 1].applies_from))
    return compare_files(before, after)


def _part_of(rows: Sequence[Any], after: str) -> tuple[tuple[Any, ...], str]:
    begin = 0
    if after:
        places = [place for place, row in enumerate(rows, start=1) if _name_of_row(row) == after]
        if not places:
            raise InputError("rules.no-row", "nothing here is called {name}; begin again", name=after[:60])
        begin = places[0]
    part = tuple(rows[begin : begin + PART])
    return part, _name_of_row(part[-1]) if begin + PART < len(rows) else ""


def _rows(file: Instrument) -> tuple[Any, ...]:
    if isinstance(file, (RulePack, Duties)):
        return file.clauses
    if isinstance(file, PeriodTable):
        return file.periods
    assert isinstance(file, Profile)
    return file.values


def _provenances(file: Instrument) -> list[Provenance]:
    rows = list(_rows(file))
    if isinstance(file, Profile):
        rows += [*file.supervision, *file.mandatory]
    return [row.provenance for row in rows]


def _n_unvalued(file: Instrument) -> int:
    if isinstance(file, RulePack):
        return sum(clause.millipoints is None for clause in file.clauses)
    return sum(value.value is None for value in file.values) if isinstance(file, Profile) else 0


def _summary(book: RuleBook, file: Instrument, today: date) -> RuleSummary:
    provenances = _provenances(file)
    state = "ended" if file.effective_from <= today else "later"
    return RuleSummary(
        id=file.id,
        type=file.line[0],
        subject=file.subject.value if isinstance(file, (RulePack, Duties)) else "",
        title=file.title.zh,
        title_en=file.title.en,
        document=file.document,
        effective_from=file.effective_from,
        repealed_on=file.repealed_on,
        state="in-force" if file.in_force.contains(today) else state,
        fictional=file.is_fictional,
        number=len(book.histories.get(file.id, ())),
        digest=file.digest,
        n_rows=len(provenances),
        n_unverified=sum(provenance.status is Status.UNVERIFIED for provenance in provenances),
        n_unvalued=_n_unvalued(file),
    )


async def _load_steps(stored: tuple[StoredStep, ...]) -> tuple[RuleStepView, ...]:
    """The newest first."""
    changes = await load_changes_by_number([s.change for s in stored if s.change is not None])
    office = (await load_parameter("office_name")).value
    views = [_step_view(s, changes.get(s.change or 0), office) for s in stored]
    return tuple(reversed(views))


def _step_view(stored: StoredStep, change: Change | None, office: str) -> RuleStepView:
    step = stored.step
    is_first = stored.origin == SHIPPED and step.number == 1
    return RuleStepView(
        number=step.number,
        kind=step.kind.value,
        by="" if stored.origin == SHIPPED else office,
        applies_from=step.applies_from,
        known_at=stored.known_at,
        correction=step.applies_from < step.known_on and not is_first,
        reason=change.reason if change else "",
        log_index=stored.log_index,
        path=f"/rules/{step.instrument}/{step.number}.json",
    )
