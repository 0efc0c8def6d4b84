"""A true rating by hand: every state, both caps, all rules of counting; nothing comes from `scoring`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.draw_files import canonical, tree_hash

SUBJECT = "91370303MA3C000001"
SALT = "5" * 64
FOUND = {"source": "本例", "status": "found"}
LINES = ("records.jsonl", "ledger.jsonl", "bodies.jsonl")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def words(text: str) -> dict[str, str]:
    return {"en": f"{text} in English", "zh": text}


def clause(code: str, record: str, kind: str = "deduction", **keys: Any) -> dict[str, Any]:
    made = {"citation": {"annex": f"附件 {code}"}, "code": code, "kind": kind, "records": [record]}
    return {**made, "wording": words(record), **FOUND, **keys}


PACK: dict[str, Any] = {
    "base": {"points": 100, **FOUND},
    "caveats": [{"about": "annex", "from_on": "2025-01-01", "source": "本例", "wording": words("未取得")}],
    "clauses": [
        clause("P1", "甲", group="G1", points=-30, severity={"class": "general", **FOUND}),
        clause(
            "P2", "乙", group="G1", points="-7.5", citation={"annex": "附件二", "article": "第七条"},
            counting={"cap": -10, "rule": "per-year", **FOUND},
            life={"from": "entered", "months": 24, **FOUND},
        ),
        clause(
            "P3", "丙", points_up_to=-40, points_from=-10, within={"rule": "assessed", **FOUND},
            citation={"article": "第九条", "instrument": "另法"},
        ),
        clause(
            "P4", "丁", points_up_to="-2.125", counting={"rule": "once", **FOUND},
            within={"rule": "ceiling", **FOUND}, life={"from": "decided", **FOUND},
        ),
        clause("B1", "优", "bonus", group="G2", points=3),
        clause(
            "N1", "无", entered_by="某处", entered_on="2025-02-01", status="entered", records=["无", "空"],
            repair={"after_months": 6, "allowed": True, **FOUND},
        ),
    ],
    "banner": words("虚构"), "collects_from": "2023-01-01", "counting": {"rule": "per-case", **FOUND},
    "document": "测〔2025〕1号", "effective_from": "2023-05-01", "fictional": True,
    "groups": [
        {"cap": -65, "code": "G1", "kind": "deduction", "wording": words("扣分"), **FOUND},
        {"cap": 5, "code": "G2", "kind": "bonus", "wording": words("加分"), **FOUND},
    ],
    "id": "test-1", "life": {"from": "decided", "months": 12, **FOUND}, "promulgated_on": "2023-03-31",
    "repealed_on": "2025-07-01", "subject": "patent-agency",
    "tiers": [
        {"above": 100, "name": "A+", **FOUND}, {"from": 90, "name": "A", "up_to": 100, **FOUND},
        {"below": 90, "from": "79.5", "name": "B", **FOUND}, {"below": "79.5", "name": "C", **FOUND},
    ],
    "title": words("某办法"), "type": "rating",
}  # fmt: skip

BODY = {
    "authority": "某局",
    "decided_on": "2024-07-01",
    "document": "",
    "kind": "甲",
    "subject": SUBJECT,
    "summary": "改正",
}
OPENED = sha256(bytes.fromhex(SALT) + canonical(BODY))
# Day of decision, word, what else is said of a record; what must come out: state, points, worth, period.
CASES: list[tuple[str, str, dict[str, Any], tuple[str, int, int | None, str | None, str | None]]] = [
    ("2022-12-31", "甲", {}, ("not-collected", 0, -30000, "2022-12-31", "2023-12-31")),
    ("2023-06-01", "乙", {"entered_on": "2024-03-15"}, ("capped", 0, -7500, "2024-03-15", "2026-03-15")),
    ("2024-02-29", "甲", {}, ("expired", 0, -30000, "2024-02-29", "2025-02-28")),
    ("2024-07-01", "甲", {"record": OPENED}, ("counting", -30000, -30000, "2024-07-01", "2025-07-01")),
    ("2024-08-31", "甲", {"evidence": "e" * 64}, ("counting", -30000, -30000, "2024-08-31", "2025-08-31")),
    ("2024-09-01", "乙", {}, ("counting", -5000, -7500, "2024-09-01", "2026-09-01")),
    ("2024-12-01", "丁", {}, ("counting", -2125, -2125, "2024-12-01", None)),
    ("2025-01-01", "无", {}, ("not-valued", 0, None, "2025-01-01", "2026-01-01")),
    ("2025-01-31", "丙", {"assessed": -12500}, ("counting", -12500, -12500, "2025-01-31", "2026-01-31")),
    ("2025-02-01", "丁", {"assessed": -2000}, ("capped", 0, -2000, "2025-02-01", None)),
    ("2025-02-28", "乙", {}, ("capped", 0, -7500, "2025-02-28", "2027-02-28")),
    ("2025-03-01", "丙", {}, ("not-valued", 0, None, "2025-03-01", "2026-03-01")),
    ("2025-04-01", "优", {}, ("counting", 3000, 3000, "2025-04-01", "2026-04-01")),
    ("2025-05-01", "优", {}, ("counting", 2000, 3000, "2025-05-01", "2026-05-01")),
    ("2025-05-02", "未知", {"assessed": 1}, ("unmatched", 0, None, None, None)),
    ("2025-05-03", "甲", {"withdrawn_on": "2025-06-30"},
     ("withdrawn", 0, -30000, "2025-05-03", "2026-05-03")),
    ("2025-05-04", "甲", {"repaired_on": "2025-06-01"}, ("repaired", 0, -30000, "2025-05-04", "2026-05-04")),
    ("2025-05-05", "甲", {"suspended": [{"from": "2025-05-06", "until": "2025-05-06"},
                                       {"from": "2025-06-30", "until": None}]},
     ("suspended", 0, -30000, "2025-05-05", "2026-05-05")),
    ("2025-07-01", "甲", {"withdrawn_on": "2025-06-30"}, ("not-yet", 0, -30000, "2025-07-01", "2026-07-01")),
]  # fmt: skip
ON, SCORE, TIER = "2025-06-30", 100000 - 30000 - 30000 - 5000 - 2125 - 12500 + 3000 + 2000, "C"
CITATIONS = {
    "甲": ("P1", "测〔2025〕1号 附件 P1"), "乙": ("P2", "测〔2025〕1号 第七条 附件二"),
    "丙": ("P3", "另法 第九条"), "丁": ("P4", "测〔2025〕1号 附件 P4"),
    "优": ("B1", "测〔2025〕1号 附件 B1"), "无": ("N1", "测〔2025〕1号 附件 N1"),
}  # fmt: skip


def true_rating() -> dict[str, bytes]:
    """The files of the rating above."""
    records, ledger = [], []
    for number, (decided_on, kind, said, (state, points, worth, first, last)) in enumerate(CASES):
        record = {
            "assessed": None, "decided_on": decided_on, "entered_on": None, "evidence": None, "kind": kind,
            "record": sha256(str(number).encode()), "repaired_on": None, "suspended": [],
            "withdrawn_on": None, **said,
        }  # fmt: skip
        code, citation = CITATIONS.get(kind, (None, None))
        line = {key: record[key] for key in ("decided_on", "evidence", "kind", "record")}
        line |= {"citation": citation, "clause": code, "from": first, "points": points, "state": state}
        records.append(record)
        ledger.append({**line, "until": last, "worth": worth})
    records.sort(key=lambda record: str(record["record"]))
    rating = {"on": ON, "protocol": "rating/1", "score": SCORE, "subject": SUBJECT, "tier": TIER}
    return sealed({
        "bodies.jsonl": write_lines([{"body": BODY, "record": OPENED, "salt": SALT}]),
        "ledger.jsonl": write_lines(ledger), "pack.json": canonical(PACK), "rating.json": canonical(rating),
        "records.jsonl": write_lines(records),
    })  # fmt: skip


def write_lines(rows: list[Any]) -> bytes:
    return b"".join(canonical(row) + b"\n" for row in rows)


def read_value(files: Mapping[str, bytes], file: str) -> Any:
    """The value of a file; a list where it has lines."""
    return (
        [json.loads(line) for line in files[file].splitlines()] if file in LINES else json.loads(files[file])
    )


def sealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with the digests and the root that they have, whatever they hold."""
    lines = files["records.jsonl"].split(b"\n")[:-1]
    digests = {"ledger": sha256(files["ledger.jsonl"]), "pack": sha256(files["pack.json"])}
    rating = {
        **json.loads(files["rating.json"]),
        **digests,
        "records": {"root": tree_hash(lines).hex(), "size": len(lines)},
    }
    return {**files, "rating.json": canonical(rating)}


def changed(files: Mapping[str, bytes], file: str, change: Callable[[Any], object]) -> dict[str, bytes]:
    """The files with one value changed in place (a list where the file has lines), sealed again."""
    value = read_value(files, file)
    change(value)
    made = {**files, file: write_lines(value) if file in LINES else canonical(value)}
    return made if file == "rating.json" else sealed(made)


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to all values within `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places_in(item, (*path, key))


def all_places(files: Mapping[str, bytes]) -> list[tuple[str, tuple[Any, ...]]]:
    """File and path of every value of a rating, of some of the lines of a file."""
    return [
        (file, path)
        for file in sorted(files)
        for path in places_in(read_value(files, file))
        if file not in LINES or path[0] in (0, 5, 8, 17)
    ]


def name_of(place: tuple[str, tuple[Any, ...]]) -> str:
    return f"{place[0]}:{'.'.join(map(str, place[1]))}"
