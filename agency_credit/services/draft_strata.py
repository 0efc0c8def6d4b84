"""The strata of a draft beside what the profile says of their tiers: numbers to start from, and warnings.

A plan takes its numbers from the profile and cites it. Whoever decides otherwise may: that is a warning,
never a fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from agency_credit.database.tables import DrawStep, Inspection
from agency_credit.domain.day import day_in_china
from agency_credit.domain.errors import Fault
from agency_credit.domain.period import last_day_after_months
from agency_credit.scoring import Profile
from agency_credit.scoring.profile import Frequency, Supervision
from agency_credit.services.frame import LINE_NAMES, Stratification, StratumSize
from agency_credit.services.office import Office
from agency_credit.services.supervision import format_fraction, format_share, load_profile


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedStratum:
    """A stratum of today's frame, and what the profile says of its tier.

    Parameters
    ----------
    rule
        None: no profile speaks of the tier.
    n_due
        Units drawn less often than the rule's frequency asks for, as far as this office drew them;
        None: no frequency is known.
    """

    size: StratumSize
    rule: Supervision | None
    n_due: int | None

    @property
    def has_share(self) -> bool:
        """Whether a fraction is known, from which the plan can take its number."""
        return self.rule is not None and self.rule.fraction is not None

    @property
    def share(self) -> str:
        """The fraction as people read it; empty where none is known."""
        return format_share(self.rule.fraction) if self.rule and self.rule.fraction is not None else ""


def find_rule(profile: Profile | None, stratum: str) -> Supervision | None:
    """What the profile says of the tier of a stratum, such as ``专利-D``."""
    name, _, tier = stratum.partition("-")
    line = next((line for line, known in LINE_NAMES.items() if known == name), None)
    return None if profile is None or line is None else profile.supervision_of(line, tier)


def suggest_take(rule: Supervision | None) -> dict[str, Any]:
    """How many of a stratum to take: what the profile says, else one unit for the drafter to reconsider."""
    if rule is None or rule.fraction is None:
        return {"count": 1 if rule is None else max(1, rule.minimum or 0)}
    return {"fraction": format_fraction(rule.fraction), "minimum": rule.minimum or 0}


def suggest_basis(rules: Iterable[Supervision | None]) -> set[str]:
    """Citations of the rules that give numbers."""
    return {str(rule.citation) for rule in rules if rule is not None and _has_number(rule)}


async def load_supervised(office: Office, frame: Stratification) -> tuple[SupervisedStratum, ...]:
    """The strata of a frame, those to be inspected first in front; strata without a rule come last."""
    profile = await load_profile(office)
    drawn_on = await _load_draws()
    strata = []
    for size in frame.strata:
        rule = find_rule(profile, size.stratum)
        n_due = None
        if rule is not None and rule.frequency is not None:
            units = [line.unit for line in frame.lines if line.stratum == size.stratum]
            n_due = count_due(units, rule.frequency, drawn_on, office.today())
        strata.append(SupervisedStratum(size=size, rule=rule, n_due=n_due))
    return tuple(sorted(strata, key=_priority))


def review_strata(
    strata: Iterable[SupervisedStratum], plan_strata: Iterable[Mapping[str, Any]], basis: Iterable[str]
) -> tuple[Fault, ...]:
    """Where a plan departs from the profile, in the order of the strata.

    Parameters
    ----------
    plan_strata, basis
        As in the plan; what its own checks refuse is passed over.
    """
    takes = {str(item.get("stratum")): item.get("take") for item in plan_strata}
    cited = {text.strip() for text in basis}
    warnings: list[Fault] = []
    for item in strata:
        take = takes.get(item.size.stratum)
        if item.rule is not None and isinstance(take, dict):
            warnings += _review_stratum(item, item.rule, take, cited)
    return tuple(warnings)


def _review_stratum(
    item: SupervisedStratum, rule: Supervision, take: Mapping[str, Any], cited: set[str]
) -> Iterator[Fault]:
    at, citation = f"stratum {item.size.stratum}", str(rule.citation)
    if rule.fraction is not None and _departs(rule, take):
        yield _departure(at, citation, item.share, rule.minimum)
    elif _has_number(rule) and citation not in cited:
        yield _warning(
            at,
            "draft.uncited",
            "its number rests on {citation}: add it to the legal bases",
            citation=citation,
        )
    if item.n_due and rule.frequency is not None and "all" not in take:
        yield _warning(
            at,
            "draft.drawn-rarely",
            "{n} of {units} units were drawn fewer than {times} time(s) in the last {years} year(s), which"
            " {citation} asks for; draw more of them, or say why not",
            n=item.n_due,
            units=item.size.n_units,
            times=rule.frequency.times,
            years=rule.frequency.years,
            citation=citation,
        )


def _departure(at: str, citation: str, share: str, minimum: int | None) -> Fault:
    known = {"citation": citation, "share": share}
    if minimum:
        return _warning(
            at,
            "draft.departs",
            "{citation} says {share}, at least {n}, and the plan takes another number; note among the"
            " legal bases what it rests on",
            **known,
            n=minimum,
        )
    return _warning(
        at,
        "draft.departs",
        "{citation} says {share}, and the plan takes another number; note among the"
        " legal bases what it rests on",
        **known,
    )


def _departs(rule: Supervision, take: Mapping[str, Any]) -> bool:
    """Whether a plan takes another share or, where the rule sets a least number, another one."""
    if "fraction" not in take:
        return True
    try:
        is_same = Fraction(str(take["fraction"])) == Fraction(rule.fraction or 0)
    except (ValueError, ZeroDivisionError):
        return False  # no fraction at all: a fault of the plan
    return not is_same or rule.minimum not in (None, take.get("minimum"))


def _has_number(rule: Supervision) -> bool:
    return rule.fraction is not None or rule.minimum is not None


def _priority(item: SupervisedStratum) -> tuple[bool, int]:
    return item.rule is None, item.rule.priority if item.rule else 0


def count_due(
    units: Iterable[str], frequency: Frequency, drawn_on: Iterable[tuple[str, date]], today: date
) -> int:
    """How many of `units` were drawn less often up to today than `frequency` asks for.

    Parameters
    ----------
    drawn_on
        Units and the days on which they became targets.
    """
    is_long = frequency.years >= today.year  # longer than the calendar
    since = date.min if is_long else last_day_after_months(today, -12 * frequency.years)
    times = Counter(unit for unit, day in drawn_on if day > since)
    return sum(times[unit] < frequency.times for unit in units)


async def _load_draws() -> list[tuple[str, date]]:
    """Who was a target of a draw on which day; voided draws do not count."""
    steps = await DrawStep.select(DrawStep.draw, DrawStep.step, DrawStep.at).where(
        DrawStep.step.is_in(["drawn", "voided"])
    )
    voided = {step["draw"] for step in steps if step["step"] == "voided"}
    days = {step["draw"]: day_in_china(step["at"]) for step in steps if step["step"] == "drawn"}
    counted = days.keys() - voided
    rows = await Inspection.select(Inspection.draw, Inspection.agency.uscc.as_alias("unit"))
    return [(row["unit"], days[row["draw"]]) for row in rows if row["draw"] in counted]


def _warning(at: str, code: str, template: str, **params: str | int) -> Fault:
    return Fault(at=at, code=code, template=template, params=params, severity="warning")
