"""A whole draw against reading its lines with `json.loads`: a ratio within one run.

From bytes to bytes: parse and canonical checks, roots, seed, tickets, selection, teams. 100,000 units, 400
drawn, two seats, 200 inspectors.
"""

from __future__ import annotations

import json
from random import Random
from time import process_time
from typing import Any

import pytest

from agency_credit.domain.frame import FrameUnit
from agency_credit.domain.roster import InspectorRoster, Recusal, Recusals, RosterInspector
from agency_credit.sampling import (
    compute_draw,
    format_frame,
    format_recusals,
    format_roster,
    parse_files,
    parse_reveal,
)

N_UNITS, N_DRAWN, N_INSPECTORS, N_RECUSALS = 100_000, 400, 200, 5_000
MAX_RATIO = 4.0
STRATA = ("商标-A", "商标-B", "专利-A", "专利-B")


def make_files() -> dict[str, bytes]:
    chance = Random(1)
    units = [f"91{370300 + i % 30}{i:010d}" for i in range(N_UNITS)]
    names = [f"{chance.getrandbits(256):064x}" for _ in range(N_INSPECTORS)]
    frame = [
        FrameUnit(area=u[2:8], excluded=None, mandatory=None, size=1 + i % 40, stratum=STRATA[i % 4], unit=u)
        for i, u in enumerate(units)
    ]
    roster = InspectorRoster(
        inspectors=tuple(
            RosterInspector(areas=(), inspector=n, limit=6, skills=("lead",) if i % 2 else ())
            for i, n in enumerate(names)
        )
    )
    pairs = {(chance.choice(names), chance.choice(units)) for _ in range(N_RECUSALS)}
    plan = {
        "authority": "局", "basis": [], "draw": "bench", "entrustment": None, "items": [],
        "entropy": [{"at": "2026-12-01T21:15:00+08:00", "event": "骰", "form": "digits", "kind": "public"}],
        "protocol": "double-random/1", "publication": "at-once", "reserves": 5, "rounding": "up",
        "seats": [{"role": "组长", "skills": ["lead"]}, {"role": "检查员", "skills": []}],
        "selection": "ticket",
        "strata": [{"stratum": s, "take": {"count": N_DRAWN // 4}} for s in sorted(STRATA)],
        "supplements": None, "title": "",
    }  # fmt: skip
    return {
        "plan.json": canonical(plan),
        "targets.jsonl": format_frame(frame),
        "inspectors.jsonl": format_roster(roster),
        "recusals.jsonl": format_recusals(
            Recusals(pairs=tuple(Recusal(inspector=inspector, unit=unit) for inspector, unit in pairs))
        ),
        "reveal.json": canonical({"draw": "bench", "values": ["27200638232795031253"]}),
    }


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def draw(files: dict[str, bytes]) -> bytes:
    return compute_draw(parse_files(files), parse_reveal(files["reveal.json"])).result


def read_lines(files: dict[str, bytes]) -> int:
    names = ("targets.jsonl", "inspectors.jsonl", "recusals.jsonl")
    return sum(bool(json.loads(line)) for name in names for line in files[name].splitlines())


@pytest.mark.parametrize("n_rounds", [5])
def test_draw_costs_at_most_four_times_reading_its_lines(benchmark: Any, n_rounds: int) -> None:
    files = make_files()
    assert len(json.loads(draw(files))["teams"]) == N_DRAWN
    drawing, reading = [], []
    for _ in range(n_rounds):  # in turn, so that both meet the same load
        started = process_time()
        read_lines(files)
        middle = process_time()
        draw(files)
        reading.append(middle - started)
        drawing.append(process_time() - middle)
    ratio = min(drawing) / min(reading)
    benchmark.extra_info.update(
        ratio=ratio, limit=f"≤ {MAX_RATIO}", what="draw of 100,000 units / json.loads over the same lines"
    )
    benchmark.pedantic(draw, args=(files,), rounds=1)
    assert ratio <= MAX_RATIO, f"{ratio:.2f} times json.loads; at most {MAX_RATIO}"
