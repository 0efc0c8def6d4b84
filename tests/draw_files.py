"""Builders of the files of a small draw, as JSON values and as canonical bytes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

ZEROS = "0" * 64
DICE = {"at": "2026-12-01T21:15:00+08:00", "event": "掷骰", "form": "digits", "kind": "public"}


def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def lines(rows: list[dict[str, Any]], *keys: str) -> bytes:
    ordered = sorted(rows, key=lambda row: [row[key] for key in keys])
    return b"".join(canonical(row) + b"\n" for row in ordered)


def tree_hash(lines: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, bottom up (the verifier goes top down)."""
    row = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    while len(row) > 1:
        pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(row[::2], row[1::2], strict=False)]
        row = pairs + row[2 * len(pairs) :]
    return row[0] if row else hashlib.sha256(b"").digest()


def plan(**changes: Any) -> dict[str, Any]:
    """A plan of one stratum, everything public at once, ten-sided dice."""
    return {
        "authority": "某局", "basis": [], "draw": "D1", "entropy": [DICE], "entrustment": None, "items": [],
        "protocol": "double-random/1", "publication": "at-once", "reserves": 0, "rounding": "up",
        "seats": [{"role": "组长", "skills": []}, {"role": "检查员", "skills": []}], "selection": "ticket",
        "strata": [{"stratum": "A", "take": {"count": 2}}], "supplements": None, "title": "抽查",
    } | changes  # fmt: skip


def unit(name: str, **changes: Any) -> dict[str, Any]:
    blank = {"area": "3703", "excluded": None, "mandatory": None, "size": 1, "stratum": "A", "unit": name}
    return blank | changes


def inspector(name: str, **changes: Any) -> dict[str, Any]:
    return {"areas": [], "inspector": name, "limit": 5, "skills": []} | changes


def draw_files(
    plan_: dict[str, Any] | None = None,
    units: list[dict[str, Any]] | None = None,
    inspectors: list[dict[str, Any]] | None = None,
    recusals: list[tuple[str, str]] = [],  # noqa: B006  (never changed)
    values: list[str] = ["27200638232795031253"],  # noqa: B006
) -> dict[str, bytes]:
    """Bytes of the five files of a draw; `recusals` are pairs of unit and inspector."""
    chosen = plan() if plan_ is None else plan_
    units = [unit(f"U{i}") for i in range(4)] if units is None else units
    inspectors = [inspector(f"I{i}") for i in range(4)] if inspectors is None else inspectors
    pairs = [{"inspector": who, "unit": where} for where, who in recusals]
    return {
        "plan.json": canonical(chosen),
        "targets.jsonl": lines(units, "unit"),
        "inspectors.jsonl": lines(inspectors, "inspector"),
        "recusals.jsonl": lines(pairs, "unit", "inspector"),
        "reveal.json": canonical({"draw": chosen["draw"], "values": values}),
    }
