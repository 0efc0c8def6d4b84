"""What a rule file reads on day D as known on day K: worked cases, and that knowledge is never rewritten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agency_credit.domain.errors import FaultsError
from agency_credit.scoring import RulePack, parse_rule_file
from agency_credit.scoring.amendment import amend_file
from agency_credit.scoring.compare import Difference, compare_files
from agency_credit.scoring.history import RuleStep, StepKind, read_steps, steps_on
from tests.conftest import PACKS

CONTENT = parse_rule_file(
    (PACKS / "patent-agency-fictional.toml").read_bytes(), "patent-agency-fictional.toml"
).content
PROFILE = parse_rule_file((PACKS / "profile-fictional.toml").read_bytes(), "profile-fictional.toml").content
FIRST = date(2023, 5, 1)
ENTERED = {"source": "附件", "entered_by": "某局", "entered_on": "2026-11-24"}


def file(number: int, applies: str, known: str, base: int = 100) -> RuleStep:
    """A whole file whose base is `base`."""
    text = CONTENT.decode().replace('"base":{"points":100', f'"base":{{"points":{base}')
    return step(number, StepKind.FILE, text, applies, known)


def points(number: int, applies: str, known: str, worth: str = "-1", clause: str = "F-PA-04") -> RuleStep:
    """A change of one clause's points."""
    amendments = [{"clause": clause, "points": worth, **ENTERED}]
    return step(number, StepKind.VALUES, json.dumps(amendments), applies, known)


def step(number: int, kind: StepKind, content: str, applies: str, known: str) -> RuleStep:
    return RuleStep(
        instrument="pack",
        number=number,
        kind=kind,
        content=content,
        applies_from=date.fromisoformat(applies),
        known_on=date.fromisoformat(known),
    )


# An office starts on 1 March 2026; on 10 March it enters points from 1 April on; on 20 March it corrects them
# from 1 January on; on 1 May a whole new file comes into force on 1 June; on 15 May points from 15 July on.
HISTORY = (
    file(1, "2023-05-01", "2026-03-01"),
    points(2, "2026-04-01", "2026-03-10", "-2"),
    points(3, "2026-01-01", "2026-03-20", "-3"),
    file(4, "2026-06-01", "2026-05-01", 90),
    points(5, "2026-07-15", "2026-05-15", "-5"),
)


@pytest.mark.parametrize(
    ("on", "known", "numbers"),
    [
        # nothing was known yet
        ("2026-04-01", "2026-02-28", ()),
        # before the file is in force: it says itself from when it is
        ("2023-04-30", None, (1,)),
        ("2023-05-01", None, (1,)),
        # the day before, of and after the effective day, as known on the day of decision
        ("2026-03-31", "2026-03-10", (1,)),
        ("2026-04-01", "2026-03-10", (1, 2)),
        ("2026-04-02", "2026-03-10", (1, 2)),
        # the day before, of and after the decision
        ("2026-04-01", "2026-03-09", (1,)),
        ("2026-04-01", "2026-03-11", (1, 2)),
        # a correction reaches into the past, for who asks after it was decided
        ("2025-12-31", "2026-03-20", (1,)),
        ("2026-01-01", "2026-03-19", (1,)),
        ("2026-01-01", "2026-03-20", (1, 3)),
        ("2026-04-01", "2026-03-20", (1, 2, 3)),
        # a whole file takes the place of all before it from its day on
        ("2026-05-31", None, (1, 2, 3)),
        ("2026-06-01", "2026-04-30", (1, 2, 3)),
        ("2026-06-01", "2026-05-01", (4,)),
        ("2026-07-14", None, (4,)),
        ("2026-07-15", "2026-05-14", (4,)),
        ("2026-07-15", "2026-05-15", (4, 5)),
        ("2030-01-01", None, (4, 5)),
    ],
)
def test_the_steps_that_hold(on: str, known: str | None, numbers: tuple[int, ...]) -> None:
    found = steps_on(HISTORY, date.fromisoformat(on), (known and date.fromisoformat(known)) or None)
    assert tuple(step.number for step in found) == numbers


@pytest.mark.parametrize(
    ("on", "base", "worth"),
    [
        ("2025-12-31", 100_000, -12_000),
        ("2026-01-01", 100_000, -3000),
        ("2026-04-01", 100_000, -3000),
        ("2026-06-01", 90_000, -12_000),
        ("2026-07-15", 90_000, -5000),
    ],
)
def test_what_the_file_then_reads(on: str, base: int, worth: int) -> None:
    pack = read_steps(steps_on(HISTORY, date.fromisoformat(on)))
    assert isinstance(pack, RulePack)
    assert (pack.base_millipoints, pack.clause("F-PA-04").millipoints) == (base, worth)


def test_a_later_decision_wins_whatever_its_day() -> None:
    history = [file(1, "2023-05-01", "2026-01-01"), points(2, "2026-06-01", "2026-01-02", "-2")]
    history += [points(3, "2026-02-01", "2026-01-03", "-3")]
    pack = read_steps(steps_on(history, date(2026, 7, 1)))
    assert isinstance(pack, RulePack)
    assert pack.clause("F-PA-04").millipoints == -3000
    assert steps_on([*history, file(4, "2026-05-01", "2026-01-04")], date(2026, 7, 1))[0].number == 4


days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def histories(draw: st.DrawFn) -> list[RuleStep]:
    """A file, then files and changes of values with any effective days, known in order."""
    known = sorted(draw(st.lists(days, min_size=1, max_size=8)))
    steps = [file(1, FIRST.isoformat(), known[0].isoformat())]
    for number, day in enumerate(known[1:], start=2):
        make: Any = draw(st.sampled_from((file, points)))
        steps.append(make(number, draw(days).isoformat(), day.isoformat()))
    return steps


@given(histories(), days, days)
def test_what_was_known_never_changes_when_later_steps_are_added(
    history: Sequence[RuleStep], on: date, known: date
) -> None:
    then = [step for step in history if step.known_on <= known]
    assert steps_on(history, on, known) == steps_on(then, on, known) == steps_on(then, on)


@given(histories(), days)
def test_a_day_reads_as_steps_of_that_day_or_before(history: Sequence[RuleStep], on: date) -> None:
    base, *values = steps_on(history, on)
    assert base.kind is StepKind.FILE
    assert base.applies_from <= on or base.number == 1
    assert [step.number for step in values] == sorted(step.number for step in values)
    assert all(step.applies_from <= on and step.number > base.number for step in values)


# --- amendments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amendment", "code", "at"),
    [
        ({"points": "-1"}, "rules.amendment", "pack"),
        ({"clause": "F-PA-99", "points": "-1"}, "rules.target-unknown", "pack: clauses.F-PA-99"),
        ({"clause": "F-PA-04", "weight": 1}, "rules.unknown-key", "pack: clauses.F-PA-04.weight"),
        ({"supervision": "patent/A"}, "rules.target-unknown", "pack: supervision.patent/A"),
        ({"clause": "F-PA-04", "points": "1"}, "rules.sign", "pack.json: clauses[4].points"),
        ({"clause": "F-PA-04", "points": "x"}, "points.decimal", "pack.json: clauses[4].points"),
        (
            {"clause": "F-PA-04", "points": "-1", "points_up_to": "-2", "within": "assessed"},
            "rules.points-twice",
            "pack.json: clauses[4].points_up_to",
        ),
        ({"clause": "F-PA-04", "points_up_to": "-2"}, "rules.missing-key", "pack.json: clauses[4].within"),
        (
            {"clause": "F-PA-04", "points_up_to": "-2", "within": "by-lot"},
            "rules.type",
            "pack.json: clauses[4].within.rule",
        ),
        (
            {"clause": "F-PA-04", "points_up_to": "-2", "points_from": "-3", "within": "assessed"},
            "rules.points-from",
            "pack.json: clauses[4].points_from",
        ),
    ],
)
def test_an_amendment_that_does_not_fit_is_named(amendment: dict[str, Any], code: str, at: str) -> None:
    with pytest.raises(FaultsError) as raised:
        amend_file(CONTENT, [{**amendment, **ENTERED}], "pack")
    assert (raised.value.faults[0].code, raised.value.faults[0].at) == (code, at)


def test_an_amendment_without_source_or_author_is_refused() -> None:
    with pytest.raises(FaultsError) as raised:
        amend_file(CONTENT, [{"clause": "F-PA-04", "points": "-1", "source": "附件"}], "pack")
    assert {fault.at for fault in raised.value.faults} == {
        "pack.json: clauses[4].entered_by",
        "pack.json: clauses[4].entered_on",
    }


def test_values_of_a_profile_are_set_and_taken_away() -> None:
    first = json.loads(PROFILE)["supervision"][0]
    name = f"{first['practice_line']}/{first['tier']}"
    value = json.loads(PROFILE)["values"][0]["key"]
    amendments = [
        {"supervision": name, "fraction": "1/7", "minimum": None, **ENTERED},
        {"value": value, "number": None, **ENTERED},
    ]
    changed = json.loads(amend_file(PROFILE, amendments, "profile").content)
    assert changed["supervision"][0]["fraction"] == "1/7"
    assert "minimum" not in changed["supervision"][0]
    assert "value" not in changed["values"][0]
    assert changed["values"][0]["status"] == "entered"


# --- differences --------------------------------------------------------------------------------------


def test_differences_are_told_place_by_place() -> None:
    old = read_steps([HISTORY[0]])
    new = amend_file(
        CONTENT,
        [{"clause": "F-PA-04", "points_up_to": "-9", "within": "assessed", **ENTERED}],
        "pack",
    )
    found = {(d.section, d.name, d.field): (d.old, d.new) for d in compare_files(old, new)}
    assert found == {
        ("clauses", "F-PA-04", "points"): ("-12", None),
        ("clauses", "F-PA-04", "points_up_to"): (None, "-9"),
        ("clauses", "F-PA-04", "status"): ("unverified", "entered"),
        ("clauses", "F-PA-04", "source"): ("演示用虚构内容", "附件"),
        ("clauses", "F-PA-04", "within.rule"): (None, "assessed"),
        ("clauses", "F-PA-04", "within.status"): (None, "entered"),
        ("clauses", "F-PA-04", "within.source"): (None, "附件"),
    }
    assert compare_files(new, new) == compare_files(None, new) == ()


def test_rows_that_came_and_went_are_told_as_a_whole() -> None:
    old, document = read_steps([HISTORY[0]]), json.loads(CONTENT)
    document["clauses"][3]["code"] = "F-PA-40"
    document["base"]["points"] = 90
    new = parse_rule_file(json.dumps(document, ensure_ascii=False).encode(), "pack.json")
    assert compare_files(old, new) == (
        Difference(section="", name="", field="base.points", old="100", new="90"),
        Difference(section="clauses", name="F-PA-40", field="", old=None, new=_wording(3)),
        Difference(section="clauses", name="F-PA-04", field="", old=_wording(3), new=None),
    )


def _wording(place: int) -> str:
    return str(json.loads(CONTENT)["clauses"][place]["wording"]["zh"])
