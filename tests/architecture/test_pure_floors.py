"""The pure floors take values and return values: no clock, no file, no chance, no print.

What import-linter cannot see are calls; this test reads the syntax trees.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "agency_credit"
PURE = ("domain", "scoring", "sampling", "inspection", "publication", "verification")
FORBIDDEN_CALLS = {
    "open", "print", "input", "exec", "eval", "breakpoint",
    "now", "today", "utcnow", "time", "monotonic", "perf_counter", "localtime", "gmtime",
    "urandom", "token_bytes", "token_hex", "uuid4", "uuid1", "default_rng", "getrandbits",
    "read_text", "read_bytes", "write_text", "write_bytes", "read_csv", "read_excel", "getenv",
}  # fmt: skip
FORBIDDEN_MODULES = {
    "random",
    "secrets",
    "time",
    "socket",
    "os",
    "subprocess",
    "uuid",
    "pathlib",
    "io",
    "urllib",
}
# The verifiers also run by themselves: `main` opens the files and prints the verdict, nothing else may.
EDGES = {
    (f"verification/{file}", function)
    for file in ("verify_draw.py", "verify_rating.py")
    for function in ("main", "load_bundle")
}


def find_faults(source: str, name: str) -> list[str]:
    """Lines of `source` that read a clock, a file or chance, or print."""
    tree = ast.parse(source)
    allowed = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (name, node.name) in EDGES
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in FORBIDDEN_CALLS and node.lineno not in allowed:
                faults.append(f"{name}:{node.lineno} calls {called}()")
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not name.startswith("verification/"):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            faults += [
                f"{name}:{node.lineno} imports {module}"
                for module in modules
                if module.split(".")[0] in FORBIDDEN_MODULES or module.startswith("numpy.random")
            ]
    return faults


@pytest.mark.parametrize("floor", PURE)
def test_floor_reads_no_clock_no_file_and_no_chance(floor: str) -> None:
    files = sorted((ROOT / floor).rglob("*.py"))
    assert files
    assert [f for p in files for f in find_faults(p.read_text("utf-8"), p.relative_to(ROOT).as_posix())] == []


@pytest.mark.parametrize(
    "source",
    ["import random", "from os import environ", "import datetime\ndatetime.datetime.now()", "print(1)",
     "open('x')", "from numpy.random import default_rng"],
)  # fmt: skip
def test_what_is_forbidden_is_found(source: str) -> None:
    assert find_faults(source, "domain/x.py")
