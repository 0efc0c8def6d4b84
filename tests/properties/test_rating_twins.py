"""The two implementations of scoring agree on every rating, and the second refuses every lie.

They share no code: `scoring` rates, `verification` recomputes from the texts.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import FaultsError, InputError
from agency_credit.domain.period import Period, last_day_after_months
from agency_credit.domain.record import CreditRecord
from agency_credit.scoring import RecordBody, RulePack, format_rating_bundle, parse_rule_pack
from agency_credit.verification import verify_rating, verify_rating_files
from tests.draw_files import canonical
from tests.hostile.bundles import JUNK, set_at
from tests.rating_files import FOUND, LINES, changed, clause, places_in, read_value, sha256, words

ON = date(2024, 2, 29)
SALT = "5" * 64
days = st.dates(date(2021, 12, 30), date(2024, 6, 2)) | st.sampled_from(
    [ON, *(date(2023, 2, 28) + timedelta(days=n) for n in range(3)), date(2023, 12, 31), date(2024, 1, 1)]
)
small = st.integers(1, 9000)


def points(thousandths: int) -> int | str:
    whole, rest = divmod(abs(thousandths), 1000)
    sign = "-" if thousandths < 0 else ""
    return int(f"{sign}{whole}") if not rest else f"{sign}{whole}.{rest:03d}"


@st.composite
def tiers(draw: st.DrawFn) -> list[dict[str, Any]]:
    edges = sorted(draw(st.sets(st.integers(60_000, 110_000), max_size=4)), reverse=True)
    made: list[dict[str, Any]] = [{"name": f"T{n}", **FOUND} for n in range(len(edges) + 1)]
    for place, edge in enumerate(edges):
        made[place] |= {"from": points(edge)} if draw(st.booleans()) else {"above": points(edge - 1)}
        made[place + 1] |= {"below": points(edge)} if draw(st.booleans()) else {"up_to": points(edge - 1)}
    return made


@st.composite
def lives(draw: st.DrawFn) -> dict[str, Any]:
    months = draw(st.none() | st.integers(1, 30) | st.just(1200))
    start = draw(st.sampled_from(["decided", "entered"]))
    return {"from": start, **FOUND} | ({} if months is None else {"months": months})


rules = st.sampled_from(["per-case", "per-year", "once"])


@st.composite
def clauses(draw: st.DrawFn, number: int, groups: list[dict[str, Any]]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["deduction", "bonus"]))
    sign = -1 if kind == "deduction" else 1
    made = clause(f"C{number}", f"词{number}", kind)
    shape = draw(st.sampled_from(["points", "points", "points", "range", "none"]))
    if shape == "points":
        made["points"] = points(sign * draw(small))
    if shape == "range":
        least, most = sorted(draw(st.sets(small, min_size=2, max_size=2)))
        made |= {"points_up_to": points(sign * most)}
        made |= {"within": {"rule": draw(st.sampled_from(["assessed", "ceiling"])), **FOUND}}
        made |= {"points_from": points(sign * least)} if draw(st.booleans()) else {}
    if draw(st.booleans()):
        made["life"] = draw(lives())
    if draw(st.booleans()):
        made["counting"] = {"rule": draw(rules), **FOUND}
        made["counting"] |= {"cap": points(sign * draw(small))} if draw(st.booleans()) else {}
    its = [group["code"] for group in groups if group["kind"] == kind]
    if its and draw(st.booleans()):
        made["group"] = draw(st.sampled_from(its))
    if draw(st.booleans()):
        made["citation"] = {"article": "第一条", "instrument": "另一办法"}
    return made


@st.composite
def packs(draw: st.DrawFn) -> dict[str, Any]:
    groups = []
    for code in draw(st.sets(st.sampled_from(["G1", "G2", "G3"]))):
        kind = draw(st.sampled_from(["deduction", "bonus"]))
        cap = draw(st.none() | small)
        made = {"code": code, "kind": kind, "wording": words(code), **FOUND}
        groups.append(made | ({} if cap is None else {"cap": points(-cap if kind == "deduction" else cap)}))
    pack = {
        "base": {"points": points(draw(st.integers(90_000, 110_000))), **FOUND},
        "clauses": [draw(clauses(number, groups)) for number in range(draw(st.integers(1, 4)))],
        "counting": {"rule": draw(rules), **FOUND}, "effective_from": "2024-01-01", "groups": groups,
        "id": "twins", "life": draw(lives()), "subject": "trademark-agency", "tiers": draw(tiers()),
        "title": words("某办法"), "type": "rating",
    }  # fmt: skip
    pack |= draw(st.sampled_from([{}, {"document": "某发〔2024〕1号"}]))
    pack |= draw(st.sampled_from([{}, {"collects_from": "2023-01-01"}, {"repealed_on": "2024-03-01"}]))
    return pack


@st.composite
def stays(draw: st.DrawFn) -> tuple[Period, ...]:
    edges = sorted(draw(st.sets(days, max_size=4)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    open_end = [Period(first_on=edges[-1])] if len(edges) % 2 else []
    return (*(Period(first_on=first, last_on=last) for first, last in pairs), *open_end)


@st.composite
def records(draw: st.DrawFn, pack: RulePack, number: int) -> tuple[CreditRecord, RecordBody]:
    kind = draw(st.sampled_from([*(c.record_kinds[0] for c in pack.clauses), "未知"]))
    ranges = [c for c in pack.clauses if c.range is not None and kind in c.record_kinds]
    assessed = st.none() | st.integers(-5, 5)
    for one in ranges:
        assert one.range is not None
        assert one.millipoints is not None
        assessed = st.none() | st.integers(*sorted((one.range.from_millipoints, one.millipoints)))
    decided_on = draw(days)
    body = {
        "authority": "某局", "decided_on": decided_on.isoformat(), "document": str(number), "kind": kind,
        "subject": "某所", "summary": "",
    }  # fmt: skip
    record_id = sha256(bytes.fromhex(SALT) + canonical(body))
    rarely = st.none() | st.none() | days
    record = CreditRecord(
        record_id=record_id,
        subject="某所",
        kind=kind,
        decided_on=decided_on,
        entered_on=draw(st.none() | days),
        assessed_millipoints=draw(assessed),
        withdrawn_on=draw(rarely),
        repaired_on=draw(rarely),
        suspended=draw(st.just(()) | stays()),
        evidence=draw(st.sampled_from([None, "e" * 64])),
    )
    return record, RecordBody(record_id=record_id, body=body, salt=bytes.fromhex(SALT))


@st.composite
def ratings(draw: st.DrawFn) -> dict[str, bytes]:
    content = canonical(draw(packs()))
    pack = parse_rule_pack(content, "pack.json")
    assert pack.content == content
    made = [draw(records(pack, number)) for number in range(draw(st.integers(0, 9)))]
    bodies = [body for number, (_, body) in enumerate(made) if number % 2]
    return format_rating_bundle("某所", [record for record, _ in made], pack, ON, bodies=bodies)


@settings(max_examples=600, deadline=None)
@given(ratings())
def test_what_scoring_says_is_what_the_verifier_finds(files: dict[str, bytes]) -> None:
    assert verify_rating_files(files) == []


@given(st.dates(), st.integers(1, 1200))
def test_a_number_of_months_ends_on_one_day(start: date, months: int) -> None:
    assert verify_rating.end_of(start.isoformat(), months) == last_day_after_months(start, months).isoformat()


@settings(max_examples=300, deadline=None)
@given(ratings(), st.data())
def test_one_value_changed_is_refused(files: dict[str, bytes], data: st.DataObject) -> None:
    """While the digests stay as they were."""
    file = data.draw(st.sampled_from(sorted(file for file in files if files[file])))
    value = read_value(files, file)
    path = data.draw(st.sampled_from(sorted(places_in(value), key=repr)))
    # Whose rating it is, is bound by bodies alone; and a ledger can be the same on several days.
    is_bound = file != "rating.json" or path not in {("subject",), ("on",)}
    junk = data.draw(
        st.sampled_from([0, 1, -1, "", "a", "2024-02-28", None, [], {}, "counting", "capped", "0" * 64])
    )
    set_at(value, path, junk)
    written = b"".join(canonical(row) + b"\n" for row in value) if file in LINES else canonical(value)
    if written != files[file] and is_bound:
        assert verify_rating_files({**files, file: written})


@settings(max_examples=300, deadline=None)
@given(ratings().filter(lambda files: files["ledger.jsonl"]), st.data())
def test_one_value_of_a_line_changed_is_named(files: dict[str, bytes], data: st.DataObject) -> None:
    """With digests that fit the false line."""
    rows = read_value(files, "ledger.jsonl")
    number, key = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(sorted(rows[0])))
    others = {
        "points": [-1, 0, 1], "worth": [-1, 0, 1, None], "from": ["2024-01-02", None],
        "until": ["2024-02-29", None], "decided_on": ["2024-01-02"], "evidence": ["f" * 64, None],
        "record": ["f" * 64], "state": ["counting", "capped", "expired", "not-valued", "suspended"],
    }  # fmt: skip
    new = data.draw(st.sampled_from(others.get(key, ["别", "C0"])))
    if rows[number][key] != new:
        false = changed(files, "ledger.jsonl", lambda lines: set_at(lines, (number, key), new))
        assert verify_rating_files(false)[0].check == "ledger"


@settings(max_examples=600, deadline=None)
@given(packs(), st.data())
def test_a_pack_that_scoring_reads_is_one_for_the_verifier(pack: dict[str, Any], data: st.DataObject) -> None:
    """Also when somebody put another value into it, or gave it one more."""
    extra = {
        "fictional": False,
        "banner": words("虚构"),
        "caveats": [],
        "promulgated_on": "2024-01-01",
        "other": 1,
    }
    path = data.draw(st.sampled_from([*sorted(places_in(pack), key=repr), *((key,) for key in extra)]))
    junk = [*JUNK.values(), "2024-01-01", "20240101", "+7.5", "-7.50", 1200, 1201]
    new = data.draw(st.sampled_from(junk))
    set_at(pack, path, extra.get(str(path[0]), new) if data.draw(st.booleans()) else new)
    try:
        content = json.dumps(pack, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        read = parse_rule_pack(content, "pack.json")
        files = format_rating_bundle("某所", [], read, ON)
    except (FaultsError, InputError, UnicodeEncodeError):
        return
    assert verify_rating_files(files) == []
