"""The score over a stretch of days: each day on which it moved, and the lines that moved it.

Only days on which something begins or ends are looked at, and the lines are drafted once for each pack; the
outcome is that of the ledgers of all days, drawn up one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.ledger import LedgerLine, LineState
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.caps import Caps
from agency_credit.scoring.in_force import rule_pack_in_force
from agency_credit.scoring.ledger import draft_lines, fit_assessments, order_records, state_on
from agency_credit.scoring.rulepack import RulePack
from agency_credit.scoring.tiers import tier_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A line whose points are others than on the day before.

    Parameters
    ----------
    record_id, record_kind, decided_on
        The record.
    clause
        Code in the pack of the day; None where none matches.
    millipoints_before, millipoints_after
        What the line adds to the score, on the day before and on the day.
    state_before, state_after
        Why; both `COUNTING` where the caps, or another pack, leave it more or fewer points.
    """

    record_id: str
    record_kind: str
    decided_on: date
    clause: str | None
    millipoints_before: int
    millipoints_after: int
    state_before: LineState
    state_after: LineState


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A day on which the score, the tier or the pack is another than on the day before.

    Parameters
    ----------
    score, tier, pack_id
        From this day on; None where no pack is in force.
    has_new_pack
        Whether another pack, or another version of it, is in force than on the day before.
    base_move
        What the base adds or takes away beside the lines: a new pack may begin with other points.
    moves
        In the order of the ledger; with `base_move` they add up to what the score moved. Empty on the first
        day of a timeline, and where on this day or the day before there is no score.
    missing
        Names the instrument that is missing; None where a pack is in force.
    """

    on: date
    score: int | None
    tier: str | None
    pack_id: str | None
    has_new_pack: bool = False
    base_move: int = 0
    moves: tuple[Move, ...] = ()
    missing: InputError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """What holds on a day; `lines`, `states` (before caps) and the places in `points` go together."""

    on: date
    pack: RulePack
    lines: Sequence[LedgerLine]
    states: tuple[LineState, ...]
    points: Mapping[int, int]

    @property
    def score(self) -> int:
        return self.pack.base_millipoints + sum(self.points.values())

    def state(self, place: int) -> LineState:
        is_capped = self.states[place] is LineState.COUNTING and place not in self.points
        return LineState.CAPPED if is_capped else self.states[place]


def score_timeline(
    records: Iterable[CreditRecord], packs: Iterable[RulePack], first_on: date, last_on: date | None
) -> tuple[Moment, ...]:
    """The first day as it stands, then each day on which score, tier or pack changed.

    Parameters
    ----------
    records
        All of one subject, in any order, as they are known now.
    packs
        All versions of the packs that rate it. A version holds on the days of its `in_force`; a fictional one
        comes before a real one.
    first_on, last_on
        Both included; `last_on` None: as far as anything is known to change.

    Raises
    ------
    InputError
        No pack, or packs of several subjects; the last day before the first; what `score_ledger` refuses.
    FaultsError
        Two packs are in force on one day.
    """
    ordered, versions = order_records(records), tuple(packs)
    if len({pack.subject for pack in versions}) != 1:
        raise InputError("timeline.packs", "hand in the rule packs of one subject, at least one")
    if last_on is not None and last_on < first_on:
        raise InputError(
            "timeline.days",
            "the last day, {last}, is before the first, {first}",
            first=first_on.isoformat(),
            last=last_on.isoformat(),
        )
    moments: list[Moment] = []
    before: _Standing | None = None
    for start_on, end_on, pack in _stretches(versions, first_on, last_on):
        if isinstance(pack, InputError):
            moments.append(
                Moment(
                    on=start_on,
                    score=None,
                    tier=None,
                    pack_id=None,
                    has_new_pack=before is not None,
                    missing=pack,
                )
            )
            before = None
            continue
        for standing in _standings(ordered, pack, start_on, end_on):
            # Under one pack the tier follows from the score.
            if before is None or before.pack is not pack or before.score != standing.score:
                moments.append(_moment(before, standing, is_first=not moments))
            before = standing
    return tuple(moments)


def pack_of(moment: Moment, packs: Iterable[RulePack]) -> RulePack | None:
    """The version of `packs`, those of the timeline, that holds from a moment on; None where none does."""
    named = (pack for pack in packs if pack.id == moment.pack_id)
    return next((pack for pack in named if pack.in_force.contains(moment.on)), None)


def _stretches(
    packs: Sequence[RulePack], first_on: date, last_on: date | None
) -> Iterator[tuple[date, date | None, RulePack | InputError]]:
    """First and last day (None: no end) of each stretch under one pack, or under none."""
    bounds = {day for pack in packs for day in (pack.effective_from, pack.repealed_on) if day is not None}
    starts = [first_on, *sorted(day for day in bounds if _is_within(day, first_on, last_on))]
    ends = [day - timedelta(days=1) for day in starts[1:]]
    for start_on, end_on in zip(starts, [*ends, last_on], strict=True):
        yield start_on, end_on, _pack_on(packs, start_on)


def _is_within(day: date, first_on: date, last_on: date | None) -> bool:
    """Whether `day` comes after the first day and not after the last."""
    return first_on < day and (last_on is None or day <= last_on)


def _pack_on(packs: Sequence[RulePack], on: date) -> RulePack | InputError:
    # Versions of one pack share an id and never a day: only those of the day are held against each other.
    held = [pack for pack in packs if pack.in_force.contains(on)]
    latest = {pack.id: pack for pack in sorted(packs, key=lambda pack: pack.effective_from)}
    try:
        return rule_pack_in_force(held or latest.values(), packs[0].subject, on, allow_fictional=True)
    except FaultsError:
        raise
    except InputError as missing:
        return missing


def _standings(
    ordered: Sequence[CreditRecord], pack: RulePack, first_on: date, last_on: date | None
) -> Iterator[_Standing]:
    """The first day, then each on which a line takes another state."""
    ordered = fit_assessments(ordered, pack)
    lines = draft_lines(ordered, pack, first_on)
    caps, states = Caps(lines, pack), [line.state for line in lines]
    turns: dict[date, list[int]] = {}
    for place, record in enumerate(ordered):
        for day in _turns(record, lines[place].period):
            if _is_within(day, first_on, last_on):
                turns.setdefault(day, []).append(place)
    for day in (first_on, *sorted(turns)):
        for place in turns.get(day, ()):
            line = lines[place]
            states[place] = state_on(
                ordered[place], line.period, line.worth_millipoints, pack.collects_from, day
            )
        counting = [place for place, state in enumerate(states) if state is LineState.COUNTING]
        yield _Standing(on=day, pack=pack, lines=lines, states=tuple(states), points=caps.points(counting))


def _turns(record: CreditRecord, period: Period | None) -> set[date]:
    """Every day on which the state of a record's line may become another."""
    if period is None:
        return set()
    starts = [record.decided_on, record.withdrawn_on, record.repaired_on]
    stretches = [period, *record.suspended]
    ends = [stretch.last_on for stretch in stretches]
    return {
        *(day for day in starts if day is not None),
        *(stretch.first_on for stretch in stretches),
        *(day + timedelta(days=1) for day in ends if day is not None and day < date.max),
    }


def _moment(before: _Standing | None, standing: _Standing, *, is_first: bool) -> Moment:
    pack = standing.pack
    has_new_pack = not is_first if before is None else before.pack is not pack
    return Moment(
        on=standing.on,
        score=standing.score,
        tier=tier_of(pack, standing.score).name,
        pack_id=pack.id,
        has_new_pack=has_new_pack,
        base_move=0 if before is None else pack.base_millipoints - before.pack.base_millipoints,
        moves=() if before is None else tuple(_moves(before, standing)),
    )


def _moves(before: _Standing, standing: _Standing) -> Iterator[Move]:
    for place, line in enumerate(standing.lines):
        was, now = before.points.get(place, 0), standing.points.get(place, 0)
        if was != now:
            yield Move(
                record_id=line.record_id,
                record_kind=line.record_kind,
                decided_on=line.decided_on,
                clause=line.clause,
                millipoints_before=was,
                millipoints_after=now,
                state_before=before.state(place),
                state_after=standing.state(place),
            )
