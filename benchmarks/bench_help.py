"""`agency-credit --help` against importing click alone: a ratio within one run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest

MAX_RATIO = 2.5
IMPORT_CLICK = [sys.executable, "-c", "import click"]
HELP = [str(Path(sys.executable).with_name("agency-credit")), "--help"]


def processor_seconds(command: list[str]) -> float:
    """Time of the processor, not of the wall: the machine may be busy."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("n_rounds", [15])
def test_help_costs_at_most_two_and_a_half_times_importing_click(benchmark: Any, n_rounds: int) -> None:
    importing, helping = [], []
    for _ in range(n_rounds):  # in turn, so that both meet the same load
        importing.append(processor_seconds(IMPORT_CLICK))
        helping.append(processor_seconds(HELP))
    ratio = min(helping) / min(importing)
    benchmark.extra_info.update(
        ratio=ratio, limit=f"≤ {MAX_RATIO}", what="agency-credit --help / importing click"
    )
    benchmark.pedantic(subprocess.run, args=(HELP,), kwargs={"check": True, "capture_output": True}, rounds=3)
    assert ratio <= MAX_RATIO, f"{ratio:.2f} times importing click; at most {MAX_RATIO}"
