"""The two implementations of the draw protocol agree on every draw, and the second refuses every lie.

They share no code: `sampling` draws, `verification` replays from the text of the protocol.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.sampling import compute_draw, parse_files, parse_reveal
from agency_credit.verification import verify_files
from tests.draw_files import canonical, draw_files, inspector, plan, unit

AREAS = ["", "370302", "370303"]
SKILLS = ["lead", "专利"]


@st.composite
def takes(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["all", "count", "fraction"]))
    if kind == "all":
        return {"all": True}
    if kind == "count":
        return {"count": draw(st.integers(0, 8))}
    fraction = draw(st.sampled_from(["0", "1", "0.5", "0.05", "1/3", "2/7", "0.999999999"]))
    return {"fraction": fraction, "minimum": draw(st.integers(0, 3))}


@st.composite
def units(draw: st.DrawFn, strata: list[str]) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(1, 14))):
        state = draw(st.sampled_from(["", "", "", "excluded", "mandatory"]))
        rows.append(
            unit(
                f"𠮷{number}" if number % 5 == 4 else f"U{number:02d}",
                area=draw(st.sampled_from(AREAS)),
                size=draw(st.integers(1, 9)),
                stratum=strata[number % len(strata)],
                **({state: {"basis": "b", "reason": "r"}} if state else {}),
            )
        )
    return rows


@st.composite
def bundles(draw: st.DrawFn) -> dict[str, bytes]:
    targets = draw(units(draw(st.sampled_from([["A"], ["A", "乙"], ["A", "乙", "𠮷"]]))))
    people = [
        inspector(
            f"I{n}",
            areas=sorted(draw(st.sets(st.sampled_from(["3703", "370302"]), max_size=2))),
            limit=draw(st.integers(0, 4)),
            skills=sorted(draw(st.sets(st.sampled_from(SKILLS)))),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    pairs = [(t["unit"], i["inspector"]) for i in people for t in targets]
    recusals = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=8)) if pairs else []
    seats = [{"role": f"r{k}", "skills": ["lead"] if k == 0 else []} for k in range(draw(st.integers(2, 3)))]
    announced = plan(
        strata=[{"stratum": s, "take": draw(takes())} for s in sorted({t["stratum"] for t in targets})],
        rounding=draw(st.sampled_from(["up", "down", "nearest"])),
        selection=draw(st.sampled_from(["ticket", "pareto"])),
        reserves=draw(st.integers(0, 2)),
        seats=seats,
    )
    digits = draw(st.text("0123456789", min_size=1, max_size=20))
    files = draw_files(announced, targets, people, recusals)
    return files | {"reveal.json": canonical({"draw": announced["draw"], "values": [digits]})}


def published(files: dict[str, bytes]) -> dict[str, bytes]:
    outcome = compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))
    return files | {"announcement.json": outcome.announcement, "result.json": outcome.result}


@given(bundles())
@settings(max_examples=300, deadline=None)
def test_what_one_draws_the_other_verifies(files: dict[str, bytes]) -> None:
    assert verify_files(published(files)) == []


@given(bundles(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_a_result_that_was_altered_is_refused(files: dict[str, bytes], chance: Any) -> None:
    bundle = published(files)
    result = json.loads(bundle["result.json"])
    stratum = chance.choice(result["strata"])
    key = chance.choice(["drawn", "reserves", "take", "eligible"])
    altered = [*stratum[key], "U99"] if isinstance(stratum[key], list) else stratum[key] + 1
    stratum[key] = altered
    faults = verify_files(bundle | {"result.json": canonical(result)})
    assert faults
    assert faults[0].check in ("strata", "selection")
