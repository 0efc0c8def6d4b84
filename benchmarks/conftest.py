"""The table of ratios at the end of `make bench`."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    """Print each measured ratio beside its limit."""
    terminalreporter.section("ratios, each within this run")
    for bench in config._benchmarksession.benchmarks:
        info = bench.extra_info
        terminalreporter.write_line(f"{info['ratio']:7.2f} ×   {info['limit']:<10}  {info['what']}")
