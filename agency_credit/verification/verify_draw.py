"""Verify a draw of the protocol `double-random/1` from its published files.

    python3 -I -S verify_draw.py BUNDLE [--all] [--unit UNIT] [--format json]       BUNDLE: a folder or a zip

The second implementation of draw-protocol.md ("§"), from its text, on the standard library of Python 3.11. It
makes the checks of §10 in order and names the first fault, or with --all every one. Exit 0: verified; 1: not
verified; 2: a file is missing, unreadable or no JSON. result.json is only compared with what the rest gives.
"""

import argparse
import json
import re
import sys
import zipfile
from calendar import monthrange
from collections import namedtuple
from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any
from unicodedata import is_normalized

LIMIT = 2**26  # bytes: a larger file counts as unreadable, so that no zip fills the memory
CHECKS = {"files": "", "identifiers": "", "announcement": "", "commitments": "", "seed": "seed",  # §10, and
          "strata": "stratum eligible take", "selection": "mandatory cutoff drawn reserves",  # what each
          "teams": "teams inspectors unit unfilled seat", "result": "", "names": ""}  # compares  # fmt: skip
LINES = {"targets.jsonl": ["unit"], "inspectors.jsonl": ["inspector"],  # §1, and what they are sorted by
         "recusals.jsonl": ["unit", "inspector"], "names.jsonl": ["inspector"]}  # fmt: skip
FILES = ["plan.json", *LINES, "announcement.json", "reveal.json", "result.json"]
Fault = namedtuple("Fault", "check message status", defaults=[1])  # the exit status that it means

# What stands under each key, as canonical JSON writes it (§0 to §4, §8). FORMS: how values are revealed (§4).
TEXT, AREA = (rf'"([^"\\\0-\x1f\x7f-\x9f\ud800-\udfff]|\\["\\]){many}"' for many in ("*+", "++"))
ID = r'"(?! )([^",/\\\0-\x1f\x7f-\x9f\ud800-\udfff]|\\["\\]){1,64}(?<! )"'
DIGEST, COUNT, SIZE, HOUR = '"[0-9a-f]{64}"', r"\d+", r"[1-9]\d*", r"([01]\d|2[0-3])"
FRACTION = r'"([01]|0\.\d{1,9}|\d{1,10}/[1-9]\d{0,9})"'
TIME = rf'"\d{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{HOUR}(:[0-5]\d){{2}}(\.\d+)?(Z|[+-]{HOUR}:[0-5]\d)"'
TEXTS, AREAS, IDS = (rf"\[({item}(,{item})*+)?\]" for item in (TEXT, AREA, ID))
REASON = f'null|{{"basis":{TEXT},"reason":{TEXT}}}'
TAKE = f'{{("all":true|"count":{COUNT}|"fraction":{FRACTION},"minimum":{COUNT})}}'
SEALED = f'"commitment":{DIGEST},"kind":"commitment","party":{TEXT}'
OPEN = f'"at":{TIME},"event":{TEXT},"form":"(ssq|dlt|digits|dice|drand|text)","kind":"public"'
SHAPES: dict[str, dict[str, str]] = {
    "plan.json": {
        "protocol": '"double-random/1"', "draw": ID, "title": TEXT, "authority": TEXT, "basis": TEXTS,
        "items": TEXTS, "entrustment": f"null|{TEXT}", "publication": '"(at-once|after-inspection)"',
        "strata": rf'\[(,?{{"stratum":{ID},"take":{TAKE}}})*+\]', "rounding": '"(up|down|nearest)"',
        "selection": '"(ticket|pareto)"', "reserves": COUNT, "supplements": f"null|{ID}",
        "seats": rf'\[(,?{{"role":{ID},"skills":{IDS}}})++\]', "entropy": rf"\[(,?{{({SEALED}|{OPEN})}})++\]",
    },
    "targets.jsonl": {"area": TEXT, "excluded": REASON, "mandatory": REASON, "size": SIZE, "stratum": ID,
        "unit": ID}, "inspectors.jsonl": {"areas": AREAS, "inspector": ID, "limit": COUNT, "skills": IDS},
    "recusals.jsonl": {"inspector": ID, "unit": ID}, "reveal.json": {"draw": ID, "values": TEXTS},
    "names.jsonl": {"certificate": TEXT, "inspector": ID, "name": TEXT, "salt": DIGEST}}  # fmt: skip
FORMS = {"ssq": r"((0[1-9]|[12]\d|3[0-3]) ){6}\+ (0[1-9]|1[0-6])", "digits": r"\d+", "nonce": "[0-9a-f]{64}",
         "dlt": r"((0[1-9]|[12]\d|3[0-5]) ){5}\+( (0[1-9]|1[0-2])){2}", "dice": "[1-6]+",
         "drand": r"[1-9]\d* ([0-9a-f]{2})+", "text": "(?! ).*(?<! )"}  # fmt: skip
# Numbers that §0 does not allow become bytes, and are so never written as they were read; int refuses NaN.
decode = json.JSONDecoder(
    parse_int=lambda digits: n if len(digits) < 18 and abs(n := int(digits)) < 2**53 else digits.encode(),
    parse_float=str.encode, parse_constant=int).decode  # fmt: skip
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=list).encode


def H(text: str | bytes) -> str:  # noqa: N802  (its name in the text)
    return sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def merkle_root(lines: list[bytes]) -> bytes:
    """RFC 6962: a leaf is hashed after a 0, two halves after a 1, the left one the largest power of two."""
    if len(lines) < 2:
        return sha256(b"\0" + lines[0] if lines else b"").digest()
    half = 1 << (len(lines) - 1).bit_length() - 1
    return sha256(b"\1" + merkle_root(lines[:half]) + merkle_root(lines[half:])).digest()


def fill_seats(may: dict[Any, list[str]], limit: dict[str, int]) -> dict[Any, str]:
    """§7: who sits where. `may`: seats as they are called, each with who may sit there in ticket order."""
    sits: dict[Any, str] = {}  # a seat is (place of its target in ticket order, its number)
    has: dict[str, set[Any]] = {inspector: set() for inspector in limit}
    closed: set[Any] = set()  # seats of failed searches: no way leads on from them, now or later (7.4)
    for start in may:
        came: dict[Any, Any] = {start: None}  # seat -> the seat it was reached from, and the inspector
        queue, opened, found = [start], set(), None
        for x, i in ((seat, who) for seat in queue for who in may[seat] if sits.get(seat) != who):  # 7.2
            reached = [y for y in has[i] if y[0] == x[0]]  # 7.2a
            if not reached and i not in opened:  # 7.2b
                opened.add(i)
                reached = sorted(has[i])
                if len(reached) < limit[i]:
                    found = x, i
                    break
            fresh = [y for y in reached if y not in came and y not in closed]
            came.update(dict.fromkeys(fresh, (x, i)))
            queue += fresh
        closed.update(() if found else came)
        while found:  # 7.3
            (x, i), found = found, came[found[0]]
            has[sits.get(x, i)].discard(x)  # whoever sat there goes on to the seat that x was reached from
            has[i].add(x)
            sits[x] = i
    return sits


class Draw:
    """The files of a draw, the values in them (of each line), and the faults found."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files, self.faults, self.seed = files, list[Fault](), ""
        self.values = {file: self.read(file) for file in FILES}

    def need(self, holds: object, message: str, check: str = "identifiers", status: int = 1) -> None:
        if not holds:
            self.faults.append(Fault(check, message, status))

    def read(self, file: str) -> list[Any]:
        """Check 1, and check 2 as far as each value goes by itself."""
        at, shape, values = file, SHAPES.get(file, {}), list[Any]()
        try:
            text = self.files[file].decode("utf-8")
            *rows, rest = text.split("\n") if file in LINES else (text, "")
            self.need(rest == "", f"{file}: the last line is not ended", "files")
            for number, row in enumerate([*rows, rest] if rest else rows, 1):
                at = f"{file} line {number}"
                value = decode(row.removeprefix("\ufeff").strip() or ("null" if file in LINES else ""))
                self.need(encode(value) == row and is_normalized("NFC", row), f"{at}: not canonical", "files")
                has = value if type(value) is dict else {}
                for key in {**shape, **has} if shape else ():
                    holds = re.fullmatch(shape.get(key, ""), encode(has.get(key, {})), re.ASCII)
                    self.need(holds, f"{at}: {key:.80} is missing, unknown or not as it must be")
                values.append(value)
        except (KeyError, ValueError, RecursionError, MemoryError) as error:
            self.need(False, f"{at} is missing, or no JSON in UTF-8: {error!r}", "files", 2)
        return values

    def check_rules(self, plan: Any, reveal: Any) -> None:
        """Check 2 of what binds several values: §0 to §4."""
        targets, inspectors, recusals, seats = *(self.values[file] for file in FILES[1:4]), plan["seats"]
        for file, keys in LINES.items():
            order = [tuple(line[key] for key in keys) for line in self.values[file]]
            self.need(order == sorted(set(order)), f"{file}: lines out of order, or one twice", "files")
        strata, frame = [stratum["stratum"] for stratum in plan["strata"]], {t["stratum"] for t in targets}
        self.need(set(strata) == frame, "plan.json: not the strata of the frame", "strata")
        for names in [strata, *(i["skills"] for i in seats + inspectors), *(i["areas"] for i in inspectors)]:
            self.need(names == sorted(set(names)), f"{names!r:.200} is not sorted")
        for f in (stratum["take"].get("fraction", "1") for stratum in plan["strata"]):
            p, q = Fraction(f).as_integer_ratio()
            self.need(p <= q < 2**31 and f in (f"{p}/{q}", f.replace("/", "")), f"plan.json: fraction {f}")
        for at in (source.get("at", "2000-01-01") for source in plan["entropy"]):
            self.need(int(at[8:10]) <= monthrange(int(at[:4]), int(at[5:7]))[1], f"plan.json: no day {at}")
        kinds = [source["kind"] for source in plan["entropy"]]
        self.need("public" in kinds, "plan.json: no source is public")
        self.need("commitment" in kinds or plan["publication"] == "at-once", "plan.json: no commitment")
        self.need(len(seats) >= (2 if plan["supplements"] is None else 1), "plan.json: too few seats")
        self.need(reveal["draw"] == plan["draw"], "reveal.json: another draw")
        self.need(len(reveal["values"]) == len(kinds), "reveal.json: not one value a source")
        for t in targets:
            self.need(not t["excluded"] or not t["mandatory"], f"{t['unit']} is excluded and mandatory")
        units, people = {t["unit"] for t in targets}, {i["inspector"] for i in inspectors}
        for pair in recusals:
            self.need(pair["unit"] in units and pair["inspector"] in people, f"{pair} names a stranger")

    def derive_seed(self, plan: Any, values: list[str]) -> str:
        """The announcement (§3), the commitments and the seed (§4)."""
        ours = {"draw": plan["draw"], "plan": H(self.files["plan.json"]), "protocol": plan["protocol"]}
        for file in FILES[1:4]:
            lines = self.files[file].split(b"\n")[:-1]
            ours[file[:-6]] = {"root": merkle_root(lines).hex(), "size": len(lines)}
        is_ours = self.files["announcement.json"] == encode(ours).encode()
        self.need(is_ours, f"announcement.json must be {encode(ours)}", "announcement")
        for source, value in zip(plan["entropy"], values, strict=False):
            form, party = source.get("form", "nonce"), source.get("party", source.get("event"))
            opened = H(f"double-random/1 commitment\n{plan['draw']}\n{party}\n{value}\n")
            rows = [part.split() for part in value.split(" + ") if form in ("ssq", "dlt")]
            holds = re.fullmatch(FORMS[form], value, re.ASCII) and source.get("commitment", opened) == opened
            holds = holds and all(row == sorted(set(row)) for row in rows)
            check = "commitments" if form == "nonce" else "seed"
            self.need(holds, f"reveal.json: {value!r:.99} is no {form} of {party}", check)
        return H("\n".join(["double-random/1 seed", H(self.files["announcement.json"]), *values, ""]))

    def by_ticket(self, domain: str, names: Mapping[str, str]) -> dict[str, int]:
        """§5: names of identifiers with their tickets, the smallest first."""
        tickets = {name: int(H(f"{self.seed},{domain},{text}"), 16) for name, text in names.items()}
        self.need(len(set(tickets.values())) == len(tickets), f"equal tickets: {domain}", "selection")
        return dict(sorted(tickets.items(), key=lambda item: item[1]))

    def select(self, plan: Any, take: Any, sizes: dict[str, int], ticket: dict[str, int]) -> dict[str, Any]:
        """§6 for the eligible units of a stratum with their sizes: its entry in result.json."""
        total, order = len(sizes), sorted(sizes, key=ticket.__getitem__)
        n = min(take.get("count", total), total)  # 6.1
        if "fraction" in take:
            share = Fraction(take["fraction"]) * total
            rounded = {"up": -(-share // 1), "down": share // 1, "nearest": (share + Fraction(1, 2)) // 1}
            n = min(max(rounded[plan["rounding"]], take["minimum"]), total)
        cutoff = f"{ticket[order[n - 1]]:064x}" if n else None  # 6.5
        if plan["selection"] == "pareto":  # 6.3
            places, left, cutoff, rest = n, sum(sizes.values()), None, sorted(sizes, key=sizes.__getitem__)
            while rest and places * sizes[rest[-1]] >= left:  # one by one, the largest first: whoever one
                left, places = left - sizes[rest.pop()], places - 1  # pass takes together stays certain
            key = dict.fromkeys(sizes, -1)
            for unit in rest:  # unlike quotients, of denominators below 2^310, are more than 2^-620 apart
                odd, size = 2 * ticket[unit] + 1, sizes[unit]
                key[unit] = places and (odd * (left - places * size) << 620) // ((2**257 - odd) * size)
            order.sort(key=key.__getitem__)  # equal keys stay in ticket order
        reserves = order[n : n + plan["reserves"]]  # 6.4
        return {"cutoff": cutoff, "drawn": order[:n], "eligible": total, "reserves": reserves, "take": n}

    def recompute(self, plan: Any) -> dict[str, Any]:
        """§6 and §7: what result.json must be."""
        targets = {t["unit"]: t for t in self.values["targets.jsonl"]}
        roster = {i["inspector"]: i for i in self.values["inspectors.jsonl"]}
        recused = {(pair["unit"], pair["inspector"]) for pair in self.values["recusals.jsonl"]}
        ticket = self.by_ticket("target", {unit: unit for unit in targets})
        sizes: dict[str, dict[str, int]] = {stratum["stratum"]: {} for stratum in plan["strata"]}
        for unit, t in targets.items():
            if not t["excluded"] and not t["mandatory"]:
                sizes.setdefault(t["stratum"], {})[unit] = t["size"]
        strata = [s | self.select(plan, s["take"], sizes[s["stratum"]], ticket) for s in plan["strata"]]
        mandatory = [unit for unit, t in targets.items() if t["mandatory"]]
        chosen = set(mandatory).union(*(stratum["drawn"] for stratum in strata))
        called, seats, may = list(enumerate(u for u in ticket if u in chosen)), plan["seats"], {}
        for t, unit in called:
            near = [i for i in roster if targets[unit]["area"].startswith(tuple(roster[i]["areas"] or [""]))]
            order = self.by_ticket("pair", {i: f"{unit}/{i}" for i in near if (unit, i) not in recused})
            for k, seat in enumerate(seats):
                may[t, k] = [i for i in order if set(seat["skills"]) <= set(roster[i]["skills"])]
        sits = fill_seats(may, {i: roster[i]["limit"] for i in roster})
        teams = [{"inspectors": [sits.get((t, k)) for k in range(len(seats))], "unit": u} for t, u in called]
        unfilled = [{"seat": k, "unit": called[t][1]} for t, k in may if (t, k) not in sits]
        return {"draw": plan["draw"], "mandatory": mandatory, "protocol": plan["protocol"], "seed": self.seed,
                "strata": strata, "teams": teams, "unfilled": unfilled}  # fmt: skip

    def compare(self, plan: Any, result: Any) -> None:
        """What came out with result.json, and with the names (§8)."""
        ours, theirs = encode(result), self.files["result.json"].decode()
        for check, key in ((check, key) for check, keys in CHECKS.items() for key in keys.split()):
            wanted, found = (re.findall(rf'"{key}":(.*?)(?=,"[a-z]+":|}})', text) for text in (ours, theirs))
            self.need(found == wanted, f"result.json: {key} must be {', '.join(wanted):.500}", check)
        self.need(ours == theirs, "result.json is not byte for byte what comes out", "result")
        names, served = self.values["names.jsonl"], {i for t in result["teams"] for i in t["inspectors"]}
        for line in names:
            text = f"double-random/1 inspector\n{plan['draw']}\n{line['salt']}\n{line['certificate']}\n"
            holds = line["inspector"] == H(text) and line["inspector"] in served
            self.need(holds, f"names.jsonl: {line['name']} has another pseudonym, or did not serve", "names")
        once = {line["certificate"] for line in names}
        self.need(len(once) == len(names), "names.jsonl: somebody is there under two pseudonyms", "names")


def verify_files(files: Mapping[str, bytes]) -> list[Fault]:
    """Every fault of the files of a draw (by name), in the order of §10; none where they are verified."""
    draw = Draw({"names.jsonl": b"", **files})
    if not any(fault.status == 2 or fault.check == "identifiers" for fault in draw.faults):
        plan, reveal = draw.values["plan.json"][0], draw.values["reveal.json"][0]  # each value of its kind
        draw.check_rules(plan, reveal)
        draw.seed = draw.derive_seed(plan, reveal["values"])
        draw.compare(plan, draw.recompute(plan))
    return sorted(draw.faults, key=lambda fault: (-fault.status, list(CHECKS).index(fault.check)))


def load_bundle(bundle: Path) -> dict[str, bytes]:
    """The files of §1 in a folder or zip, by name; raises where one is unreadable."""
    if bundle.is_dir():
        paths = [path for path in map(bundle.joinpath, FILES) if path.is_symlink() or path.exists()]
        if any(path.is_symlink() or not path.is_file() or path.stat().st_size > LIMIT for path in paths):
            raise ValueError("a file is a link, a folder, or larger than 64 MiB")
        return {path.name: path.read_bytes() for path in paths}
    infos = (archive := zipfile.ZipFile(bundle)).infolist()
    members = {m.filename: m for m in infos}
    odd = (m.file_size > LIMIT or m.compress_type not in (0, 8) for m in members.values())
    if any(odd) or any(re.search(r"^/|\\|\.\.", name) for name in members) or len(members) < len(infos):
        raise ValueError("a member is there twice, leads elsewhere, is too large or packed unusually")
    return {name: archive.open(name).read(LIMIT) for name in FILES if name in members}


def main() -> int:
    parser = argparse.ArgumentParser(description="Verify a draw of double-random/1 from its published files.")
    parser.add_argument("bundle", type=Path, help="a folder or a zip")
    parser.add_argument("--all", action="store_true", help="name every fault, not only the first")
    parser.add_argument("--unit", help="say also in which lists of the result it stands (table)")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    try:
        faults = verify_files(files := load_bundle(given.bundle))
    except Exception as error:  # noqa: BLE001  (whatever a hostile zip raises, it is unreadable)
        faults = [Fault("files", f"{given.bundle} is unreadable: {error}", 2)]
    named = [{"check": f.check, "message": f.message} for f in (faults if given.all else faults[:1])]
    text = "\n".join(f"{f['check']}: {f['message']}" for f in named) or "verified"
    if given.unit and not faults:
        r = json.loads(files["result.json"])
        lists = [f"{key} {s.get('stratum', '-')} {s[key].index(given.unit) + 1}" for s in [r, *r["strata"]]
            for key in ("mandatory", "drawn", "reserves") if given.unit in s.get(key, ())]  # fmt: skip
        text += f"\n{given.unit}: {', '.join(lists) or 'in no list'}"
    text = json.dumps({"verified": not faults, "faults": named}) if given.format == "json" else text
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "backslashreplace"))
    return max((f.status for f in faults), default=0)


if __name__ == "__main__":
    sys.exit(main())
