"""Verify a rating of the protocol `rating/1` from its files.

    python3 -I -S verify_rating.py BUNDLE [--all]       BUNDLE: a folder or a zip

The second implementation of scoring, from the text of rating.md ("R") and rule-pack.md ("P"), on the standard
library of Python 3.11. It makes the checks of R in order and names the first fault, or with --all every one.
Exit 0: verified; 1: not verified; 2: a file is missing, unreadable or no JSON. rating.json and ledger.jsonl
are only compared with what comes out. Days stay texts, which sort as days do; points are thousandths.
"""

import argparse
import json
import re
import sys
import zipfile
from calendar import monthrange
from collections import Counter, defaultdict, namedtuple
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

LIMIT = 2**26  # bytes: a larger file counts as unreadable, so that no zip fills the memory
CHECKS = ["files", "values", "digests", "pack", "ledger", "score", "tier", "commitments"]
FILES = ["rating.json", "pack.json", "records.jsonl", "ledger.jsonl", "bodies.jsonl"]
NEVER = "never"  # comes after every day
MOVES = {"points", "points_up_to", "points_from", "cap"}  # signed as the kind of clause or group
Fault = namedtuple("Fault", "check message status", defaults=[1])  # the exit status that it means

# What stands under each key: a pattern of its canonical JSON, a list, an object; with ? it may be absent.
TEXT, WORDS = r'"[^\ud800-\udfff]*"', r'"[^\ud800-\udfff]+"'  # words are not blank
COMMON = r"(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
LEAP = r"(\d\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
DAY, NO_DAY = (rf'{some}"(?!0000)(\d{{4}}-({COMMON})|{LEAP})"' for some in ("", "null|"))
DIGEST, INTEGER, COUNT, KIND = '"[0-9a-f]{64}"', r"-?\d+", r"\d+", '"(deduction|bonus)"'
POINTS, MONTHS = r'-?\d+|"[+-]?\d{1,15}(\.\d{1,3})?"', r"[1-9]\d{0,2}|1[01]\d\d|1200"
WORDING = {"zh": WORDS, "en": WORDS}
VALUE = {"status": '"(found|unverified|entered)"', "source": WORDS, "entered_by?": WORDS, "entered_on?": DAY}
LIFE = {"from": '"(decided|entered)"', "months?": MONTHS, **VALUE}
COUNTING, SHOWN = {"rule": '"(per-case|per-year|once)"', **VALUE}, {"allowed": "true|false", **VALUE}
SHAPES: dict[str, Any] = {
    "rating.json": {"ledger": DIGEST, "on": DAY, "pack": DIGEST, "protocol": '"rating/1"', "score": INTEGER,
                    "records": {"root": DIGEST, "size": COUNT}, "subject": WORDS, "tier": WORDS},
    "pack.json": {
        "type": '"rating"', "id": '"[A-Za-z0-9.+-]+"', "document?": WORDS, "promulgated_on?": DAY,
        "effective_from": DAY, "repealed_on?": DAY, "title": WORDING, "banner?": WORDING, "life": LIFE,
        "caveats?": [{"about": WORDS, "from_on?": DAY, "wording": WORDING, "source": WORDS}],
        "subject": '"(patent|trademark)-(agency|practitioner)"', "base": {"points": POINTS, **VALUE},
        "collects_from?": DAY, "counting": COUNTING, "fictional?": "true",
        "publication?": dict.fromkeys(("score_public?", "shown_to_agency?"), SHOWN),
        "tiers": [{"name": WORDS, **dict.fromkeys(("from?", "above?", "below?", "up_to?"), POINTS), **VALUE}],
        "groups?": [{"code": WORDS, "kind": KIND, "wording": WORDING, "cap?": POINTS, **VALUE}],
        "clauses": [{
            "code": WORDS, "kind": KIND, "group?": WORDS, "wording": WORDING, "records": [WORDS], **VALUE,
            "points?": POINTS, "points_up_to?": POINTS, "points_from?": POINTS, "life?": LIFE,
            "within?": {"rule": '"(assessed|ceiling)"', **VALUE}, "counting?": {"cap?": POINTS, **COUNTING},
            "citation": dict.fromkeys(("instrument?", "article?", "annex?"), WORDS),
            "severity?": {"class": WORDS, **VALUE}, "repair?": {"after_months?": MONTHS, **SHOWN}}]},
    "records.jsonl": {
        "assessed": f"null|{INTEGER}", "decided_on": DAY, "entered_on": NO_DAY, "evidence": f"null|{DIGEST}",
        "kind": TEXT, "record": DIGEST, "repaired_on": NO_DAY, "withdrawn_on": NO_DAY,
        "suspended": [{"from": DAY, "until": NO_DAY}]},
    "ledger.jsonl": {
        "citation": f"null|{TEXT}", "clause": f"null|{TEXT}", "decided_on": DAY, "evidence": f"null|{DIGEST}",
        "from": NO_DAY, "kind": TEXT, "points": INTEGER, "record": DIGEST, "state": '"[a-z-]+"',
        "until": NO_DAY, "worth": f"null|{INTEGER}"},
    "bodies.jsonl": {
        "body": dict.fromkeys(("authority", "decided_on", "document", "kind", "subject", "summary"), TEXT),
        "record": DIGEST, "salt": DIGEST}}  # fmt: skip
# Numbers that canonical JSON does not allow become bytes, and are so never written as they were read.
decode = json.JSONDecoder(
    parse_int=lambda digits: n if len(digits) < 18 and abs(n := int(digits)) < 2**53 else digits.encode(),
    parse_float=str.encode, parse_constant=int).decode  # fmt: skip
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=list).encode


def merkle_root(lines: list[bytes]) -> bytes:
    """RFC 6962: a leaf is hashed after a 0, two halves after a 1, the left one the largest power of two."""
    if len(lines) < 2:
        return sha256(b"\0" + lines[0] if lines else b"").digest()
    half = 1 << (len(lines) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(lines[:half]) + merkle_root(lines[half:])).digest()


def thousandths(points: Any) -> int:
    whole, _, decimals = str(points).partition(".")
    return int(f"{whole}{decimals:0<3}")


def end_of(start: str, months: int) -> str:
    """The corresponding day so many months later; where its month has none, the last day of the month."""
    year, month = divmod(int(start[:4]) * 12 + int(start[5:7]) - 1 + months, 12)
    day = min(int(start[8:]), monthrange(year, month + 1)[1])
    return f"{year:04d}-{month + 1:02d}-{day:02d}" if year < 10_000 else "9999-12-31"


def edge(tier: Any, here: str, after: str) -> list[int]:
    """Where a band begins, or the next above it: at the score under one key, or just after the other's."""
    return [thousandths(tier[key]) + more for key, more in ((here, 0), (after, 1)) if key in tier]


def keep_heaviest(rule: str, lines: list[Any]) -> None:
    """P, The ledger, 3: of the counting lines of a clause, those that are not the heaviest are capped."""
    rounds = defaultdict[str, list[Any]](list)
    for line in lines:
        rounds[{"once": "", "per-year": line["from"][:4]}.get(rule, line["record"])].append(line)
    for those in rounds.values():
        kept = max(those, key=lambda line: (abs(line["worth"]), line["until"] or NEVER))
        for line in those:
            line.update({} if line is kept else {"points": 0, "state": "capped"})


def spend(cap: int, lines: list[Any]) -> None:
    """P, The ledger, 4: each line that still counts takes what is left of the cap."""
    clip, left = max if cap < 0 else min, cap
    for line in (line for line in lines if line["points"]):
        line["points"] = clip(line["points"], left)
        left -= line["points"]
        line["state"] = "counting" if line["points"] else "capped"


class Checker:
    """Whoever checks something and notes what is wrong."""

    def __init__(self) -> None:
        self.faults = list[Fault]()

    def need(self, holds: object, message: str, check: str, status: int = 1) -> None:
        if not holds:
            self.faults.append(Fault(check, message, status))


class Reading(Checker):
    """One file: the values in it (of each line), and what is wrong with their form."""

    def __init__(self, file: str, data: bytes | None) -> None:
        super().__init__()
        at, has_lines, self.values = file, file.endswith(".jsonl"), list[Any]()
        try:
            if data is None:
                raise ValueError("no such file")
            text = data.decode("utf-8")
            *rows, rest = text.split("\n") if has_lines else (text, "")
            self.need(rest == "", f"{file}: the last line is not ended", "files")
            for number, row in enumerate([*rows, rest] if rest else rows, 1):
                at = f"{file} line {number}" if has_lines else file
                value = decode(row.removeprefix("\ufeff").strip() or ("null" if has_lines else ""))
                self.need(encode(value) == row and is_normalized("NFC", row), f"{at}: not canonical", "files")
                self.check_form(value, SHAPES[file], at)
                self.values.append(value)
        except (ValueError, RecursionError, MemoryError) as error:
            self.need(False, f"{at} is missing, or no JSON in UTF-8: {error!r}", "files", 2)

    def check_form(self, value: Any, shape: Any, at: str) -> None:
        """P, R: what is missing, unknown or not of its form, from `at` downwards."""
        if type(value) is dict and type(shape) is dict:
            known = {key.rstrip("?"): key for key in shape}
            for key in {**known, **value}:
                if key in value or known[key] == key:
                    self.check_form(value.get(key, b""), shape.get(known.get(key)), f"{at}.{key:.80}")
            entered = [key in value for key in ("entered_by", "entered_on")]
            holds = "entered_by" not in known or entered == [value.get("status") == "entered"] * 2
            self.need(holds, f"{at:.300}: by whom and when it was entered, or it was not", "values")
        elif type(value) is list and type(shape) is list:
            for number, item in enumerate(value):
                self.check_form(item, shape[0], f"{at}[{number}]")
        else:
            fits = type(shape) is str and re.fullmatch(shape, encode(value), re.ASCII)
            fits = fits and (shape != WORDS or value.strip())
            self.need(fits, f"{at:.300} is missing, unknown or not as it must be", "values")


read_pack = lru_cache(maxsize=4)(
    Reading
)  # most of the work, and an office has thousands of ratings under one


class Rating(Checker):
    """The files of a rating, the values in them, and the faults found."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__()
        self.files = files
        readings = {
            file: (read_pack if file == "pack.json" else Reading)(file, files.get(file)) for file in FILES
        }
        self.values = {file: reading.values for file, reading in readings.items()}
        self.faults += [fault for reading in readings.values() for fault in reading.faults]

    def check_order(self) -> None:
        """R: the order of lines, and of the stretches in which an effect is stayed."""
        for file in ("records.jsonl", "bodies.jsonl"):
            order = [line["record"] for line in self.values[file]]
            self.need(order == sorted(set(order)), f"{file}: lines out of order, or one twice", "files")
        for record in self.values["records.jsonl"]:
            days = [day for stay in record["suspended"] for day in (stay["from"], stay["until"] or NEVER)]
            is_apart = days == sorted(days) and all(map(str.__lt__, days[1::2], days[2::2]))
            self.need(is_apart, f"{record['record']}: suspended is not sorted, or not disjoint", "values")

    def check_pack(self, pack: Any, on: str) -> None:
        """P: what binds several values of a pack; and that it is in force."""
        groups, clauses, begin = pack.get("groups", []), pack["clauses"], pack["effective_from"]
        kinds = {group["code"]: group["kind"] for group in groups}
        starts = [edge(tier, "from", "above") for tier in pack["tiers"]]
        falls = all(len(high) == 1 and high > low for high, low in pairwise(starts))
        meet = [edge(tier, "below", "up_to") for tier in pack["tiers"]] == [[], *starts[:-1]]
        rules = [("the bands hold every score exactly once", starts[-1:] == [[]] and falls and meet),
                 (f"it is in force on {on}", begin <= on < pack.get("repealed_on", NEVER)),
                 ("fictional goes with banner", ("fictional" in pack) == ("banner" in pack))]  # fmt: skip
        words = [word for clause in clauses for word in clause["records"]]
        for names in ([group["code"] for group in groups], [clause["code"] for clause in clauses], words):
            rules += [(f"{name!r:.80} is there once", n == 1) for name, n in Counter(names).items()]
        for one in (*groups, *clauses):
            kind, code, has_range = one["kind"], f"{one['code']!r:.80}", "points_up_to" in one
            moves = {**one, **one.get("counting", {})}
            numbers = [thousandths(moves[key]) for key in MOVES & moves.keys()]
            least, most = (abs(thousandths(one.get(key, 0))) for key in ("points_from", "points_up_to"))
            rules += [
                (f"{code}: signs", all(n < 0 if kind == "deduction" else n > 0 for n in numbers)),
                (f"{code}: its group is of its kind", "group" not in one or kinds.get(one["group"]) == kind),
                (f"{code}: within goes with a range", has_range == ("within" in one)),
                (f"{code}: points or a range, not both", not (has_range and "points" in one)),
                (f"{code}: points_from, nearer to 0", least < most or "points_from" not in one)]  # fmt: skip
        for rule, holds in rules:
            self.need(holds, f"pack.json: not so: {rule}", "pack")

    def worth_of(self, record: Any, clause: Any) -> Any:
        """P, The ledger, 1: what a record is worth while it counts; None: nothing known."""
        if "points_up_to" not in clause:
            return thousandths(clause["points"]) if "points" in clause else None
        least, most = (thousandths(clause.get(key, 0)) for key in ("points_from", "points_up_to"))
        worth = record["assessed"]
        holds = worth is None or min(least, most) <= worth <= max(least, most)
        self.need(holds, f"{record['record']}: {worth} was assessed, outside the range", "ledger")
        return most if worth is None and clause.get("within", {}).get("rule") == "ceiling" else worth

    def line_of(self, record: Any, clause: Any, pack: Any, on: str) -> dict[str, Any]:
        """P, The ledger, 1 and 2: the line of a record, before anything is capped."""
        line = dict.fromkeys(("citation", "clause", "from", "until", "worth"))
        line |= {key: record[key] for key in ("decided_on", "evidence", "kind", "record")}
        if clause is None:
            return line | {"points": 0, "state": "unmatched"}
        life, worth = clause.get("life", pack["life"]), self.worth_of(record, clause)
        start = (life["from"] == "entered" and record["entered_on"]) or record["decided_on"]
        until = end_of(start, life["months"]) if "months" in life else None
        stayed = [stay for stay in record["suspended"] if stay["from"] <= on <= (stay["until"] or NEVER)]
        state = ("not-yet" if max(record["decided_on"], start) > on else
                 "not-collected" if start < pack.get("collects_from", start) else
                 "withdrawn" if (record["withdrawn_on"] or NEVER) <= on else
                 "repaired" if (record["repaired_on"] or NEVER) <= on else
                 "expired" if (until or NEVER) < on else
                 "suspended" if stayed else "not-valued" if worth is None else "counting")  # fmt: skip
        cited = {"instrument": pack.get("document", f"《{pack['title']['zh']}》"), **clause["citation"]}
        line |= {"citation": cited, "clause": clause["code"], "from": start, "until": until}
        return line | {"points": worth if state == "counting" else 0, "state": state, "worth": worth}

    def recompute(self, pack: Any, on: str) -> list[Any]:
        """P, The ledger: what the lines of ledger.jsonl must be."""
        clauses = {word: clause for clause in pack["clauses"] for word in clause["records"]}
        ledger, counts = [], defaultdict[Any, list[Any]](list)  # lines that count, of clauses and groups
        for record in sorted(self.values["records.jsonl"], key=lambda r: (r["decided_on"], r["record"])):
            clause = clauses.get(record["kind"])
            ledger.append(self.line_of(record, clause, pack, on))
            if clause and ledger[-1]["state"] == "counting":
                counts["clause", clause["code"]].append(ledger[-1])
                counts["group", clause.get("group")].append(ledger[-1])
        for clause in pack["clauses"]:
            counting = clause.get("counting", pack["counting"])
            keep_heaviest(counting["rule"], counts["clause", clause["code"]])
            if "cap" in counting:
                spend(thousandths(counting["cap"]), counts["clause", clause["code"]])
        for group in (group for group in pack.get("groups", []) if "cap" in group):
            spend(thousandths(group["cap"]), counts["group", group["code"]])
        return ledger

    def compare(self, rating: Any, pack: Any, ledger: list[Any]) -> None:
        """R: what came out, with ledger.jsonl and rating.json; then the commitments."""
        for number, (ours, theirs) in enumerate(zip_longest(ledger, self.values["ledger.jsonl"]), 1):
            names = (
                ours and ours["citation"]
            ) or {}  # joined now, so that no line keeps a copy of a long name
            cited = " ".join(names[key] for key in ("instrument", "article", "annex") if key in names) or None
            line = {**ours, "citation": cited} if ours else None
            wanted = ", ".join(f"{key} {value!s:.80}" for key, value in (line or {}).items()) or "absent"
            self.need(line == theirs, f"ledger.jsonl line {number} must be {wanted}", "ledger")
        score = thousandths(pack["base"]["points"]) + sum(line["points"] for line in ledger)
        bands = [tier["name"] for tier in pack["tiers"] if [score] >= edge(tier, "from", "above")]
        lines = self.files["records.jsonl"].split(b"\n")[:-1]
        ours = {"records": {"root": merkle_root(lines).hex(), "size": len(lines)}, "score": score,
                "pack": sha256(self.files["pack.json"]).hexdigest(), "tier": bands[0] if bands else None,
                "ledger": sha256(self.files["ledger.jsonl"]).hexdigest()}  # fmt: skip
        for key, value in ours.items():
            check = key if key in ("score", "tier") else "digests"
            self.need(rating[key] == value, f"rating.json: {key} must be {encode(value)}", check)
        records = {record["record"]: record for record in self.values["records.jsonl"]}
        for line in self.values["bodies.jsonl"]:
            body, record = line["body"], records.get(line["record"], {})
            bound = {key: record.get(key) for key in ("decided_on", "kind")} | {"subject": rating["subject"]}
            opened = sha256(bytes.fromhex(line["salt"]) + encode(body).encode()).hexdigest()
            holds = line["record"] == opened and body == body | bound
            self.need(holds, f"bodies.jsonl: {line['record']} does not commit to this text", "commitments")


def verify_rating_files(files: Mapping[str, bytes]) -> list[Fault]:
    """Every fault of the files of a rating (by name), in the order of R; none where they are verified."""
    given = Rating({"bodies.jsonl": b"", **files})
    if not any(fault.status == 2 or fault.check == "values" for fault in given.faults):
        # From here on every value is of the kind that stands under its key, whatever else is wrong.
        rating, pack = given.values["rating.json"][0], given.values["pack.json"][0]
        given.check_order()
        given.check_pack(pack, rating["on"])
        given.compare(rating, pack, given.recompute(pack, rating["on"]))
    return sorted(given.faults, key=lambda fault: (-fault.status, CHECKS.index(fault.check)))


def load_bundle(bundle: Path) -> dict[str, bytes]:
    """The files of R in a folder or zip, by name; raises where one is unreadable."""
    if bundle.is_dir():
        paths = [path for path in map(bundle.joinpath, FILES) if path.is_symlink() or path.exists()]
        if any(path.is_symlink() or not path.is_file() or path.stat().st_size > LIMIT for path in paths):
            raise ValueError("a file is a link, a folder, or larger than 64 MiB")
        return {path.name: path.read_bytes() for path in paths}
    archive = zipfile.ZipFile(bundle)
    members = {m.filename: m for m in archive.infolist()}
    is_odd = any(m.file_size > LIMIT or m.compress_type not in (0, 8) for m in members.values())
    leads_out = any(re.search(r"^/|\\|\.\.", name) for name in members)
    if is_odd or leads_out or len(members) < len(archive.infolist()):
        raise ValueError("a member is there twice, leads elsewhere, is too large or packed unusually")
    return {name: archive.open(name).read(LIMIT) for name in FILES if name in members}


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a rating of rating/1 from its files.")
    parser.add_argument("bundle", type=Path, help="a folder or a zip")
    parser.add_argument("--all", action="store_true", help="name every fault, not only the first")
    given = parser.parse_args()
    try:
        faults = verify_rating_files(load_bundle(given.bundle))
    except Exception as error:  # noqa: BLE001  (whatever a hostile zip raises, it is unreadable)
        faults = [Fault("files", f"{given.bundle} is unreadable: {error}", 2)]
    text = "\n".join(f"{f.check}: {f.message}" for f in (faults if given.all else faults[:1])) or "verified"
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    return max((f.status for f in faults), default=0)


if __name__ == "__main__":
    sys.exit(main())
