"""Builders of false bundles: one valid draw with names, and what has to be made again after an alteration."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from agency_credit.sampling import compute_draw, parse_files, parse_reveal
from tests.draw_files import DICE, ZEROS, canonical, draw_files, inspector, plan, tree_hash, unit

DRAW = "D1"
PARTY = "审计局"
SALT = "5" * 64

# A value of every wrong kind; some are right under some keys.
JUNK: dict[str, Any] = {
    "null": None, "true": True, "false": False, "zero": 0, "minus": -1, "one": 1, "huge": 2**53,
    "empty-text": "", "text": "字", "comma": "a,b", "slash": "a/b", "outer-space": " a", "long": "x" * 65,
    "control": "a\u0001", "delete": "a\u007f", "c1": "a\u0085", "not-nfc": "e\u0301", "surrogate": "\ud800",
    "empty-list": [], "texts": ["a", "b"], "unsorted": ["b", "a"], "twice": ["a", "a"], "numbers": [1],
    "no-texts": ["a", None], "empty-texts": [""], "object": {}, "float": 1.5, "whole-float": 1.0,
}  # fmt: skip


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def pseudonym(certificate: str) -> str:
    return sha256(f"double-random/1 inspector\n{DRAW}\n{SALT}\n{certificate}\n")


CERTIFICATES = {pseudonym(f"鲁C{n}"): f"鲁C{n}" for n in range(5)}
SEALED = {
    "commitment": sha256(f"double-random/1 commitment\n{DRAW}\n{PARTY}\n{ZEROS}\n"),
    "kind": "commitment",
    "party": PARTY,
}


def published(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with the announcement and the result that the first implementation gives."""
    outcome = compute_draw(parse_files(files), parse_reveal(files["reveal.json"]))
    return {**files, "announcement.json": outcome.announcement, "result.json": outcome.result}


def valid_bundle(**changes: Any) -> dict[str, bytes]:
    """A draw with a recusal, an excluded and a mandatory unit, a commitment, reserves, and names."""
    reason = {"basis": "办法", "reason": "已检查"}
    units = [unit(f"U{n:02d}", size=1 + n % 4) for n in range(9)]
    units += [unit("X1", excluded=reason), unit("X2", mandatory=reason), unit("X3", stratum="乙", area="")]
    people = [
        inspector(
            name, areas=["3703"] if n % 2 else [], limit=2, skills=["lead"] if n else ["expert", "lead"]
        )
        for n, name in enumerate(CERTIFICATES)
    ]
    drawn = plan(
        entropy=[SEALED, DICE],
        publication="after-inspection",
        reserves=1,
        strata=[
            {"stratum": "A", "take": {"fraction": "1/3", "minimum": 1}},
            {"stratum": "乙", "take": {"all": True}},
        ],
        seats=[{"role": "组长", "skills": ["lead"]}, {"role": "检查员", "skills": []}],
    )
    recusals = [("U00", people[0]["inspector"])]
    bundle = published(draw_files(drawn | changes, units, people, recusals, [ZEROS, "27200638232795031253"]))
    return bundle | {"names.jsonl": names_of(bundle)}


def names_of(bundle: Mapping[str, bytes], certificates: Mapping[str, str] = CERTIFICATES) -> bytes:
    teams = json.loads(bundle["result.json"])["teams"]
    served = sorted({who for team in teams for who in team["inspectors"] if who})
    rows = [{"certificate": certificates[i], "inspector": i, "name": "某人", "salt": SALT} for i in served]
    return write_lines(rows)


def read_lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.splitlines()]


def write_lines(rows: list[Any]) -> bytes:
    return b"".join(canonical(row) + b"\n" for row in rows)


def altered(bundle: Mapping[str, bytes], file: str, alter: Callable[[Any], object]) -> dict[str, bytes]:
    """The bundle with one value altered in place (a list where the file has lines), announced again."""
    has_lines = file.endswith(".jsonl")
    value = read_lines(bundle[file]) if has_lines else json.loads(bundle[file])
    alter(value)
    changed = {**bundle, file: write_lines(value) if has_lines else canonical(value)}
    return changed if file == "announcement.json" else announced(changed)


def announced(bundle: Mapping[str, bytes]) -> dict[str, bytes]:
    """The bundle with an announcement that fits its files, whatever they hold."""
    announcement = json.loads(bundle["announcement.json"])
    announcement["plan"] = hashlib.sha256(bundle["plan.json"]).hexdigest()
    for name in ("inspectors", "recusals", "targets"):
        lines = bundle[f"{name}.jsonl"].split(b"\n")[:-1]
        announcement[name] = {"root": tree_hash(lines).hex(), "size": len(lines)}
    return {**bundle, "announcement.json": canonical(announcement)}


def set_at(value: Any, path: tuple[Any, ...], new: object) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
