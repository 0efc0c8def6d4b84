"""Charts as geometry: where the macros of ``chart.html`` draw lines, bands, bars and words.

Lengths are units of the view box, rounded to tenths. Colours stand in ``site.css``: a tier has the tone of
its name, or of its place where the name is none of A+ to D.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from agency_credit.domain.points import THOUSANDTHS, format_points
from agency_credit.domain.tier import Tier

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 66, 664, 14, 292
"""The plot; to the left of it the scores, to the right the tiers, below the days."""
LEAST_GAP, LEAST_GAP_WIDE = 26, 14
"""Between two words one above the other: on a telephone, where they are twice as large, and elsewhere."""
MOST_DAY_TICKS = 6
MOST_LABELLED_BARS = 10
TONES = ("a-plus", "a", "b", "c", "d")
_NAMED = {"A+": "a-plus", "A": "a", "B": "b", "C": "c", "D": "d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartMoment:
    """What holds from the day `on` until the next moment.

    Parameters
    ----------
    score, tier
        In thousandths; None where there is no rating.
    bands
        Tiers of the pack in force, from the highest down; empty where they are not known.
    sentences
        Why, for the table and for whoever points at the dot.
    """

    on: date
    score: int | None
    tier: str | None
    bands: tuple[Tier, ...] = ()
    sentences: tuple[str, ...] = ()

    @property
    def points(self) -> str:
        """The score as a decimal; "" for none."""
        return "" if self.score is None else format_points(self.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of one tone; `name` and `n` say what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    name: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A word at a place of an axis; one that `is_minor` is left out where there is little room."""

    at: float
    text: str
    is_minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A moment at its place."""

    x: float
    y: float
    moment: ChartMoment


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChart:
    """Scores over time as steps.

    Parameters
    ----------
    path, forecast
        SVG path data: up to today, and from then on; "" for none.
    today
        Where today is; None at or beyond the right end.
    gaps
        Stretches without a rating.
    tiers
        Names of the bands at the right end, at their heights.
    """

    moments: tuple[ChartMoment, ...]
    last_on: date
    path: str
    forecast: str
    today: float | None
    bands: tuple[Box, ...]
    gaps: tuple[Box, ...]
    dots: tuple[Dot, ...]
    tiers: tuple[Tick, ...]
    scores: tuple[Tick, ...]
    days: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bar of a distribution: what it is called, and how many there are of each name."""

    label: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackedChart:
    """Distributions side by side; `names` from the top of a bar down, `tones` in their order."""

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    tones: tuple[str, ...]
    boxes: tuple[Box, ...]
    labels: tuple[Tick, ...]
    numbers: tuple[Tick, ...]


def score_chart(moments: Sequence[ChartMoment], last_on: date, *, today: date | None = None) -> ScoreChart:
    """The chart of a score from the first of `moments` to `last_on`.

    Parameters
    ----------
    moments
        By day, at least one.
    last_on
        Not before the last of them.
    today
        What comes after it is a forecast; None: nothing is.
    """
    across = _Across(moments[0].on, last_on)
    up = _Up(moments)
    ends = [*(across.at(moment.on) for moment in moments[1:]), float(RIGHT)]
    now = RIGHT if today is None else across.at(today)
    spans = [(across.at(m.on), end, m) for m, end in zip(moments, ends, strict=True)]
    return ScoreChart(
        moments=tuple(moments),
        last_on=last_on,
        path=_path(spans, up, LEFT, now),
        forecast=_path(spans, up, now, RIGHT),
        today=now if LEFT < now < RIGHT else None,
        bands=tuple(_bands(spans, up)),
        gaps=tuple(
            Box(x=start, y=TOP, width=_round(end - start), height=BOTTOM - TOP, tone="none")
            for start, end, moment in spans
            if moment.score is None
        ),
        dots=tuple(
            Dot(x=x, y=up.at(moment.score), moment=moment)
            for x, _, moment in spans
            if moment.score is not None
        ),
        tiers=tuple(_tier_ticks(moments[-1], up)),
        scores=tuple(up.ticks()),
        days=tuple(across.ticks()),
    )


def stacked_chart(columns: Sequence[Column], names: Sequence[str]) -> StackedChart:
    """Bars of `columns`, side by side, each divided among `names` (highest first), which stand for tiers."""
    tones = tuple(tone_of(name, place) for place, name in enumerate(names))
    most = max((sum(column.counts.get(name, 0) for name in names) for column in columns), default=0) or 1
    step = _nice(most / 4)
    top = -(-most // step) * step
    pitch = (RIGHT - LEFT) / max(len(columns), 1)
    every = -(-len(columns) // MOST_LABELLED_BARS) or 1
    boxes = []
    for place, column in enumerate(columns):
        y = float(BOTTOM)
        for name, tone in reversed(list(zip(names, tones, strict=True))):
            n = column.counts.get(name, 0)
            if not n:
                continue
            height = (BOTTOM - TOP) * n / top
            y -= height
            boxes.append(
                Box(
                    x=_round(LEFT + pitch * (place + 0.15)),
                    y=_round(y),
                    width=_round(pitch * 0.7),
                    height=_round(height),
                    tone=tone,
                    name=name,
                    n=n,
                )
            )
    return StackedChart(
        columns=tuple(columns),
        names=tuple(names),
        tones=tones,
        boxes=tuple(boxes),
        labels=tuple(
            Tick(
                at=_round(LEFT + pitch * (place + 0.5)),
                text=column.label,
                is_minor=place // every % 2 == 1 and len(columns) > 3,
            )
            for place, column in enumerate(columns)
            if place % every == 0
        ),
        numbers=tuple(
            Tick(at=_round(BOTTOM - (BOTTOM - TOP) * n / top), text=str(n)) for n in range(0, top + 1, step)
        ),
    )


def tone_of(tier: str, place: int) -> str:
    """The tone of a tier, which is the one at `place` from the highest down."""
    return _NAMED.get(tier) or TONES[min(place, len(TONES) - 1)]


class _Across:
    """Days from left to right."""

    def __init__(self, first_on: date, last_on: date) -> None:
        self._first_on = first_on
        self._last_on = max(last_on, first_on + timedelta(days=1))
        self._n_days = (self._last_on - first_on).days

    def at(self, on: date) -> float:
        n = min(max((on - self._first_on).days, 0), self._n_days)
        return _round(LEFT + (RIGHT - LEFT) * n / self._n_days)

    def ticks(self) -> Iterator[Tick]:
        months = list(self._months())
        if len(months) < 2:
            yield Tick(at=LEFT, text=self._first_on.isoformat())
            yield Tick(at=RIGHT, text=self._last_on.isoformat())
            return
        steps = (1, 2, 3, 6, *range(12, 1200, 12))
        step = next(step for step in steps if len(months) / step <= MOST_DAY_TICKS)
        kept = [month for month in months if (month.year * 12 + month.month - 1) % step == 0]
        for place, month in enumerate(kept):
            text = str(month.year) if step >= 12 else f"{month:%Y-%m}"
            yield Tick(at=self.at(month), text=text, is_minor=place % 2 == 1 and len(kept) > 3)

    def _months(self) -> Iterator[date]:
        """First days of months within."""
        index = self._first_on.year * 12 + self._first_on.month - (self._first_on.day == 1)
        while index // 12 <= date.max.year:
            day = date(index // 12, index % 12 + 1, 1)
            if day > self._last_on:
                return
            yield day
            index += 1


class _Up:
    """Scores from the bottom up; every bound of a band is on the scale."""

    def __init__(self, moments: Sequence[ChartMoment]) -> None:
        tiers = [tier for moment in moments for tier in moment.bands]
        self._bounds = sorted({t.from_millipoints for t in tiers if t.from_millipoints is not None})
        scores = [moment.score for moment in moments if moment.score is not None]
        values = [*scores, *self._bounds] or [0]
        room = max((max(values) - min(values)) // 8, 4 * THOUSANDTHS)
        self.low, self.high = min(values) - room, max(values) + room

    def at(self, millipoints: int) -> float:
        share = (millipoints - self.low) / (self.high - self.low)
        return _round(BOTTOM - (BOTTOM - TOP) * min(max(share, 0), 1))

    def ticks(self) -> Iterator[Tick]:
        """The bounds of the bands first, then round numbers where there is room."""
        step = _nice((self.high - self.low) / THOUSANDTHS / 5) * THOUSANDTHS
        rounds = range(-(-self.low // step) * step, self.high + 1, step)
        # A band above 100 begins at 100.001: the scale says 100.
        words = ((m, m - (m % THOUSANDTHS == 1)) for m in (*self._bounds, *rounds))
        yield from _spread((self.at(place), format_points(said)) for place, said in words)


def _path(spans: Sequence[tuple[float, float, ChartMoment]], up: _Up, start: float, end: float) -> str:
    """Steps between two places; where there is no score the line breaks off."""
    parts: list[str] = []
    before: float | None = None
    for left, right, moment in spans:
        if moment.score is None:
            before = None
            continue
        if right < start or left > end or (right == start and start > LEFT):
            continue
        y = up.at(moment.score)
        parts.append(f"M{max(left, start)} {y}" if before is None else f"V{y}")
        parts.append(f"H{min(right, end)}")
        before = y
    return " ".join(parts) if start < end else ""


def _bands(spans: Sequence[tuple[float, float, ChartMoment]], up: _Up) -> Iterator[Box]:
    for bands, group in groupby(spans, key=lambda span: span[2].bands):
        held = list(group)
        start, end = held[0][0], held[-1][1]
        for place, tier in enumerate(bands):
            top, bottom = _ends(tier, up)
            yield Box(
                x=start,
                y=top,
                width=_round(end - start),
                height=_round(bottom - top),
                tone=tone_of(tier.name, place),
                name=tier.name,
            )


def _tier_ticks(moment: ChartMoment, up: _Up) -> Iterator[Tick]:
    """The names of the bands, that of the tier that holds before the others."""
    bands = sorted(moment.bands, key=lambda tier: tier.name != moment.tier)
    ends = [(tier, *_ends(tier, up)) for tier in bands]
    yield from _spread((_round((top + bottom) / 2), tier.name) for tier, top, bottom in ends)


def _ends(tier: Tier, up: _Up) -> tuple[float, float]:
    """Top and bottom of a band."""
    top = TOP if tier.below_millipoints is None else up.at(tier.below_millipoints)
    bottom = BOTTOM if tier.from_millipoints is None else up.at(tier.from_millipoints)
    return top, bottom


def _spread(words: Iterable[tuple[float, str]]) -> Iterator[Tick]:
    """Words one above the other, the first of them before the later ones where there is little room."""
    taken: list[Tick] = []
    for at, text in words:
        gaps = [abs(at - other.at) for other in taken if not other.is_minor]
        if all(abs(at - other.at) >= LEAST_GAP_WIDE for other in taken):
            taken.append(Tick(at=at, text=text, is_minor=min(gaps, default=LEAST_GAP) < LEAST_GAP))
    yield from taken


def _nice(step: float) -> int:
    """The least of 1, 2, 5, 10, 20, … that is not below `step`."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size >= step:
                return factor * size
        size *= 10


def _round(value: float) -> float:
    return round(value, 1)
