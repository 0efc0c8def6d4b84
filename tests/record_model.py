"""What must be true of the records of an agency, their objections and repairs: a second, small telling.

Written from the texts (docs/spec, the made-up rule pack, the period tables that ship), not from the services.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A sort of record, with what the made-up rule pack and the period tables that ship say of it.

    Parameters
    ----------
    cells
        What its row states: 大类, 处罚程序, 处罚种类, 公示分类.
    months
        Of disclosure from the decision; None: no table speaks of it.
    months_shown
        Of disclosure from the first day on which the public could see it.
    repair_months
        Until it can be repaired; None: never.
    bounds
        Thousandths that an authority may set.
    """

    kind: str
    cells: tuple[str, str, str, str] = ("", "", "", "")
    is_public: bool = True
    months: int | None = 60
    months_shown: int | None = None
    repair_months: int | None = None
    bounds: tuple[int, int] | None = None


SORTS = (
    Sort(
        kind="代理非正常专利申请",
        cells=("行政处罚", "普通程序", "罚款", "general"),
        months=12,
        repair_months=3,
        bounds=(-30_000, -5_000),
    ),
    Sort(kind="未按规定办理备案变更", repair_months=6),
    Sort(kind="警告", cells=("行政处罚", "普通程序", "警告", ""), is_public=False, months=3, repair_months=3),
    Sort(
        kind="责令停止承接新的专利代理业务",
        cells=("行政处罚", "普通程序", "停止承接新的专利代理业务", "serious"),
        months=36,
        months_shown=36,
    ),
    Sort(
        kind="通报批评",
        cells=("行政处罚", "普通程序", "通报批评、罚款", "samr-light general"),
        months=12,
        months_shown=3,
        repair_months=3,
    ),
    Sort(kind="获省级知识产权表彰", cells=("表彰奖励", "", "", ""), months=None),
)


@dataclass(slots=True, kw_only=True, eq=False)
class Known:
    """A record, or the version of it that a correction put in the place of another.

    Parameters
    ----------
    first_on
        First day on which the public could see it, or the version that it corrects.
    is_served
        The public log tells its text; None: it is not in the log.
    note
        What the public reads of the last objection to this version: state and day.
    """

    sort: Sort
    decided_on: date
    first_on: date
    document: str
    summary: str
    commitment: str = ""
    corrects: Known | None = None
    withdrawn_on: date | None = None
    is_forgotten: bool = False
    stays: list[tuple[date, date | None]] = field(default_factory=list)
    assessed: int | None = None
    n_events: int = 0
    is_served: bool | None = None
    note: tuple[str, date] | None = None

    def stands(self) -> bool:
        return self.withdrawn_on is None and not self.is_forgotten

    def ends_on(self) -> date | None:
        """First day on which it is disclosed no more."""
        days = [
            _after(start, months)
            for start, months in (
                (self.decided_on, self.sort.months),
                (self.first_on, self.sort.months_shown),
            )
            if months is not None
        ]
        return min(days, default=None)

    def is_over(self, on: date) -> bool:
        ends_on = self.ends_on()
        return ends_on is not None and ends_on <= on

    def is_public(self, on: date) -> bool:
        return self.stands() and self.sort.is_public and self.first_on <= on and not self.is_over(on)

    def repair_on(self) -> date | None:
        """First day on which it can be repaired; None: never."""
        months = self.sort.repair_months
        return None if months is None else _after(self.decided_on, months)

    def stay_on(self, on: date) -> int | None:
        """Which of its suspensions holds the day."""
        held = (
            n for n, (first, last) in enumerate(self.stays) if first <= on and (last is None or on <= last)
        )
        return next(held, None)

    def is_stayed_within(self, first: date, last: date | None) -> bool:
        return any(
            (last is None or start <= last) and (end is None or first <= end) for start, end in self.stays
        )

    def shown_note(self) -> tuple[str, date] | None:
        """Its own note, else that of the nearest version before it which was decided."""
        if self.note is not None or self.corrects is None:
            return self.note
        before = self.corrects.shown_note()
        return None if before is not None and before[0] == "open" else before

    def versions(self) -> Iterator[Known]:
        """This one and those before it."""
        yield self
        if self.corrects is not None:
            yield from self.corrects.versions()

    def to_scoring(self, subject: str) -> CreditRecord:
        return CreditRecord(
            record_id=self.commitment,
            subject=subject,
            kind=self.sort.kind,
            decided_on=self.decided_on,
            assessed_millipoints=self.assessed,
            suspended=tuple(Period(first_on=first, last_on=last) for first, last in sorted(self.stays)),
        )


@dataclass(slots=True, kw_only=True)
class Objection:
    """An objection; `due_on` the promised day, `before` the note that it put aside."""

    number: int
    record: Known
    opened_on: date
    due_on: date
    before: tuple[str, date] | None
    state: str = "open"
    is_extended: bool = False
    proposed_by: str = ""
    verdict: str = ""
    change: Change | None = None
    n_entries: int = 1
    """Entries of the log about it whose texts are served."""


@dataclass(slots=True, kw_only=True)
class Repair:
    """An application; `state` its last step, `next_on` the day from which one may ask again."""

    number: int
    record: Known
    opened_on: date
    state: str = "applied"
    proposed_by: str = ""
    verdict: str = ""
    next_on: date | None = None

    @property
    def is_closed(self) -> bool:
        return self.state in ("granted", "refused", "withdrawn")


@dataclass(slots=True, kw_only=True)
class Said:
    """A reply of the agency to a record; `is_told`: it was published, and the log tells its text."""

    number: int
    record: Known
    text: str
    state: str = "submitted"
    is_told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What two people may say of a record: `event` with what it needs; `n_events` it rests on."""

    event: str
    on: date | None = None
    until: date | None = None
    points: int | None = None
    document: str = ""
    summary: str = ""
    n_events: int = 0


@dataclass(slots=True, kw_only=True)
class Proposed:
    """A proposed change that waits."""

    number: int
    record: Known
    by: str
    on: date
    change: Change


@dataclass(slots=True, kw_only=True)
class Rated:
    """A rating that was stored: the commitments it rests on, whether its body is served, what it says."""

    rests_on: frozenset[str]
    standing: tuple[int, str]
    lines: tuple[object, ...]
    is_empty: bool = False


def can_be(record: Known, change: Change, today: date) -> bool:
    """Whether such a thing can be said of the record."""
    if record.withdrawn_on is not None:
        return False
    on = change.on
    if change.event == "assessed":
        bounds = record.sort.bounds
        return bounds is not None and change.points is not None and bounds[0] <= change.points <= bounds[1]
    assert on is not None
    if on < record.decided_on or (on > today and change.event != "suspended"):
        return False
    if change.event == "suspended":
        return not record.is_stayed_within(on, change.until)
    if change.event == "resumed":
        return record.stay_on(on) is not None
    return True


def add_working_days(start: date, n: int) -> date:
    """The `n`-th day after `start` that is on no weekend; so far ahead nobody knows other free days."""
    day = start
    while n:
        day += DAY
        n -= day.weekday() < 5
    return day


def _after(start: date, months: int) -> date:
    """The first day after a period of months that began on `start`."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])) + DAY
