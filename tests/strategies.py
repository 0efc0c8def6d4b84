"""Rule packs, days and credit records for property tests: every rule a pack can have, put into real ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import strategies as st

from agency_credit.domain.citation import Provenance, Status, Wording
from agency_credit.domain.period import Period
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring.clause import ClauseKind, CountingRule, Group, Life, LifeStart, Range, RangeRule
from agency_credit.services.rule_packs import load_rule_packs

ROOT = Path(__file__).resolve().parents[1]
TEST_PACKS = ROOT / "tests" / "rules" / "packs"
ALL_PACKS = (*load_rule_packs(ROOT / "seeds" / "rules"), *load_rule_packs(TEST_PACKS))
UNKNOWN_KIND = "无此类别"
MADE_UP = Provenance(status=Status.UNVERIFIED, source="made up")

packs = st.sampled_from(ALL_PACKS)
days = st.dates(date(2024, 1, 1), date(2026, 9, 30))


def seldom(strategy):
    """None, most of the time: of what befalls records, little, so that many of them count."""
    return st.integers(0, 5).flatmap(lambda number: strategy if number == 5 else st.none())


@st.composite
def packs_and_days(draw):
    """A few clauses of a pack with rules of every sort put in, and a day on which it is in force."""
    pack = draw(packs)
    groups = tuple(
        Group(
            code=f"G{kind.value}{i}",
            kind=kind,
            wording=Wording(zh="组", en="group"),
            cap=cap,
            provenance=MADE_UP,
        )
        for kind in ClauseKind
        for i, cap in enumerate((None, _signed(kind, draw(st.integers(1, 60_000)))))
    )
    matched = [clause for clause in pack.clauses if clause.record_kinds]
    few = draw(st.lists(st.sampled_from(matched), unique=True, min_size=1, max_size=5))
    clauses = tuple(draw(_changed(clause, groups)) for clause in few)
    last_on = pack.in_force.last_on or date(2027, 3, 31)
    on = draw(st.dates(max(pack.effective_from, last_on - timedelta(500)), last_on))
    collects_from = draw(seldom(days))
    return replace(pack, groups=groups, clauses=clauses, collects_from=collects_from), on


@st.composite
def _changed(draw, clause, groups):
    """The clause with another group, life, range and way to count."""
    own = [None, *(group.code for group in groups if group.kind is clause.kind)]
    size = st.integers(1, 40_000).map(lambda size: _signed(clause.kind, size))
    millipoints = None if draw(st.integers(0, 5)) == 5 else clause.millipoints or draw(size)
    has_range = millipoints is not None and abs(millipoints) > 1 and draw(st.booleans())
    least = draw(st.integers(0, abs(millipoints) - 1)) if has_range else 0
    return replace(
        clause,
        group=draw(st.sampled_from(own)),
        millipoints=millipoints,
        range=Range(
            rule=draw(st.sampled_from(RangeRule)),
            from_millipoints=_signed(clause.kind, least),
            provenance=MADE_UP,
        )
        if has_range
        else None,
        life=Life(
            start=draw(st.sampled_from(LifeStart)),
            months=draw(st.none() | st.integers(1, 40) | st.integers(18, 40)),
            provenance=MADE_UP,
        ),
        counting=replace(
            clause.counting, rule=draw(st.sampled_from(CountingRule)), cap=draw(st.none() | size)
        ),
    )


def _signed(kind, size):
    return size if kind is ClauseKind.BONUS else -size


@st.composite
def records_for(draw, pack):
    """Up to a dozen records of one subject, about clauses of `pack` and about nothing it knows."""
    kinds = [*(kind for clause in pack.clauses for kind in clause.record_kinds), UNKNOWN_KIND]
    n = draw(st.integers(0, 12))
    return [draw(a_record(pack, f"{place:02d}", kinds)) for place in range(n)]


@st.composite
def populations(draw, pack):
    """Subjects and their records; some have none, and two may have records of the same identifier."""
    subjects = [f"S{place}" for place in range(draw(st.integers(1, 4)))]
    return subjects, [
        replace(record, subject=subject) for subject in subjects for record in draw(records_for(pack))
    ]


@st.composite
def a_record(draw, pack, record_id, kinds):
    """A record of the subject ``X`` of one of `kinds`."""
    kind = draw(st.sampled_from(kinds))
    ranges = [
        sorted((clause.range.from_millipoints, clause.millipoints))
        for clause in pack.clauses
        if clause.range is not None and kind in clause.record_kinds
    ]
    return CreditRecord(
        record_id=record_id,
        subject="X",
        kind=kind,
        decided_on=draw(days),
        entered_on=draw(st.none() | days),
        withdrawn_on=draw(seldom(days)),
        repaired_on=draw(seldom(days)),
        assessed_millipoints=draw(st.integers(*ranges[0]) | seldom(st.integers(*ranges[0])))
        if ranges
        else None,
        suspended=draw(suspensions()),
    )


@st.composite
def suspensions(draw):
    """At most two stretches of days, in order and apart; the last perhaps without end."""
    first_on = draw(seldom(days))
    if first_on is None:
        return ()
    last_on = first_on + timedelta(draw(st.integers(0, 200)))
    again_on = last_on + timedelta(draw(st.integers(2, 200)))
    return draw(
        st.sampled_from(
            (
                (Period(first_on=first_on),),
                (Period(first_on=first_on, last_on=last_on),),
                (Period(first_on=first_on, last_on=last_on), Period(first_on=again_on)),
            )
        )
    )
