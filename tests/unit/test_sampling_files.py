"""Files against the protocol are refused, each fault with its place and its code."""

from __future__ import annotations

from typing import Any

import pytest

from agency_credit.domain.errors import FaultsError
from agency_credit.domain.plan import EntropyForm
from agency_credit.sampling import (
    check_reveal,
    commitment,
    compute_result,
    format_names,
    is_in_form,
    parse_files,
    parse_frame,
    parse_names,
    parse_plan,
    parse_recusals,
    parse_reveal,
    parse_roster,
)
from tests.draw_files import DICE, ZEROS, canonical, draw_files, inspector, lines, plan, unit

SEAT = {"role": "组长", "skills": []}
SEALED = {"commitment": commitment("D1", "甲", ZEROS), "kind": "commitment", "party": "甲"}


def codes_at(parse: Any, *arguments: Any) -> set[tuple[str, str]]:
    """Code and place of every fault that `parse` finds."""
    with pytest.raises(FaultsError) as caught:
        parse(*arguments)
    assert all(str(fault) for fault in caught.value.faults)
    return {(fault.code, fault.at) for fault in caught.value.faults}


def take(**value: Any) -> list[dict[str, Any]]:
    return [{"stratum": "A", "take": value}]


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"strata": take(fraction="3/2", minimum=0)}, "plan.fraction-above-one", "strata[0].take.fraction"),
        ({"strata": take(fraction="1.5", minimum=0)}, "plan.fraction-above-one", "strata[0].take.fraction"),
        ({"strata": take(fraction="2/4", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction="07/100", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction="1.0", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction=".5", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction="0.1234567890", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction="1/2147483648", minimum=0)}, "plan.fraction", "strata[0].take.fraction"),
        ({"strata": take(fraction="1/2")}, "plan.take", "strata[0].take"),
        ({"strata": take(all=False)}, "plan.take", "strata[0].take"),
        ({"strata": take(count=-1)}, "value.not-integer", "strata[0].take.count"),
        ({"strata": take(count=True)}, "value.not-integer", "strata[0].take.count"),
        ({"strata": take(count=1) * 2}, "plan.strata-unsorted", "strata"),
        ({"seats": [SEAT]}, "plan.one-seat", "seats"),
        ({"supplements": "D0", "seats": []}, "plan.one-seat", "seats"),
        ({"seats": [SEAT, SEAT | {"skills": ["b", "a"]}]}, "list.unsorted", "seats[1].skills"),
        ({"supplements": "D1"}, "plan.supplements-itself", "supplements"),
        ({"entropy": []}, "plan.no-public-source", "entropy"),
        ({"entropy": [SEALED]}, "plan.no-public-source", "entropy"),
        ({"publication": "after-inspection"}, "plan.no-commitment", "entropy"),
        ({"entropy": [DICE | {"at": "2026-12-01T21:15:00"}]}, "plan.instant", "entropy[0].at"),
        ({"entropy": [DICE | {"at": "2026-12-01T21:15:00+08:75"}]}, "plan.instant", "entropy[0].at"),
        ({"entropy": [DICE | {"at": "2026-13-01T21:15:00Z"}]}, "plan.instant", "entropy[0].at"),
        ({"entropy": [DICE | {"form": "cards"}]}, "value.not-a-choice", "entropy[0].form"),
        ({"entropy": [DICE | {"kind": "secret"}]}, "plan.source-kind", "entropy[0].kind"),
        ({"entropy": [DICE, SEALED | {"party": 1}]}, "value.not-text", "entropy[1].party"),
        ({"entropy": [DICE, SEALED | {"commitment": "A"}]}, "value.not-hexadecimal", "entropy[1].commitment"),
        ({"protocol": "double-random/2"}, "plan.protocol", "protocol"),
        ({"rounding": "even"}, "value.not-a-choice", "rounding"),
        ({"draw": "a/b"}, "identifier.character", "draw"),
        ({"draw": "a,b"}, "identifier.character", "draw"),
        ({"draw": " D1"}, "identifier.space", "draw"),
        ({"draw": ""}, "identifier.length", "draw"),
        ({"draw": "x" * 65}, "identifier.length", "draw"),
        ({"title": "a\u0001"}, "text.control", "title"),
        ({"title": "e\u0301"}, "text.nfc", "title"),
        ({"title": 5}, "value.not-text", "title"),
        ({"items": "all"}, "value.not-list", "items"),
        ({"reserves": 2**53}, "value.not-integer", "reserves"),
    ],
)  # fmt: skip
def test_plan_against_section_2_is_refused(change: dict[str, Any], code: str, at: str) -> None:
    assert codes_at(parse_plan, canonical(plan(**change))) == {(code, f"plan.json:{at}")}


def test_one_seat_is_enough_for_a_supplementary_draw() -> None:
    one = plan(supplements="D0", seats=[SEAT])
    assert len(parse_plan(canonical(one)).seats) == 1


@pytest.mark.parametrize("fraction", ["0", "1", "0.5", "0.123456789", "1/1", "0/1", "7/100", "1/2147483647"])
def test_fractions_in_form_are_accepted(fraction: str) -> None:
    strata = take(fraction=fraction, minimum=0)
    assert parse_plan(canonical(plan(strata=strata))).strata[0].take.fraction == fraction


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xef\xbb\xbf" + canonical(plan()), "file.bom"),
        (canonical(plan()) + b"\n", "json.not-canonical"),
        (canonical(plan()).replace(b",", b", "), "json.not-canonical"),
        (canonical(plan()).replace(b'"D1"', b'"\\u0044\\u0031"'), "json.not-canonical"),
        (canonical(plan()).replace(b'"reserves":0', b'"reserves":-0'), "json.not-canonical"),
        (canonical(plan()).replace(b'"reserves":0', b'"reserves":0.0'), "json.float"),
        (canonical(plan()).replace(b'"reserves":0', b'"reserves":NaN'), "json.float"),
        (canonical(plan()).replace(b'"reserves":0', b'"reserves":' + b"9" * 5000), "json.integer"),
        (canonical(plan()).replace(b'"draw":', b'"draw":"D0","draw":'), "json.duplicate-key"),
        (canonical(plan()).replace(b'"draw":"D1",', b""), "object.key-missing"),
        (canonical(plan(zeal=1)), "object.key-unknown"),
        (canonical(plan()).decode().encode("gb18030"), "json.encoding"),
        (canonical(plan()).decode().encode("utf-16"), "json.encoding"),
        (b"[" * 100_000, "json.syntax"),
        (b"", "json.syntax"),
        (b"{", "json.syntax"),
        (b"null", "value.not-object"),
        (b"[]", "value.not-object"),
    ],
)
def test_plan_that_is_not_canonical_json_is_refused(data: bytes, code: str) -> None:
    assert code in {code for code, _ in codes_at(parse_plan, data)}


def test_every_fault_of_a_plan_is_found_at_once() -> None:
    bad = plan(rounding="even", seats=[], draw="", strata=take(count=-1))
    assert len(codes_at(parse_plan, canonical(bad))) == 4


U1, U2 = canonical(unit("U1")) + b"\n", canonical(unit("U2")) + b"\n"
GROUND = {"basis": "b", "reason": "r"}


@pytest.mark.parametrize(
    ("data", "code", "at"),
    [
        (U1 + U1, "line.duplicate", "2"),
        (U2 + U1, "line.unsorted", "2"),
        (U1 + U2 + U2, "line.duplicate", "3"),
        (b"\xef\xbb\xbf" + U1, "file.bom", "1"),
        (U1.replace(b"\n", b"\r\n"), "line.crlf", "1"),
        (U1 + U2[:-1], "line.no-end", "2"),
        (U1 + b"\n" + U2, "json.syntax", "2"),
        (U1 + U2.replace(b'"size":1', b'"size":1.0'), "json.float", "2"),
        (U1.replace(b'"size":1', b'"size":1,"size":1'), "json.duplicate-key", "1"),
        (U1.replace(b'"size":1', b'"size":0'), "value.not-integer", "1:size"),
        (U1.replace(b'"size":1', b'"size":true'), "value.not-integer", "1:size"),
        (U1.replace(b'"size":1', b'"size":9007199254740992'), "value.not-integer", "1:size"),
        (U1.replace(b'"size":1,', b""), "object.key-missing", "1"),
        (U1.replace(b'"size":1,', b'"size":1,"status":1,'), "object.key-unknown", "1"),
        (U1.replace(b":null", b": null"), "json.not-canonical", "1"),
        (U1.replace(b'"U1"', b'"\xff"'), "json.encoding", "1"),
        (canonical(unit("a,b")) + b"\n", "identifier.character", "1:unit"),
        (canonical(unit("a ")) + b"\n", "identifier.space", "1:unit"),
        (canonical(unit("")) + b"\n", "identifier.length", "1:unit"),
        (canonical(unit("U", stratum="a/b")) + b"\n", "identifier.character", "1:stratum"),
        (canonical(unit("e\u0301")) + b"\n", "text.nfc", "1:unit"),
        (canonical(unit("U", area="\u007f")) + b"\n", "text.control", "1:area"),
        (canonical(unit("U", area="\n")) + b"\n", "text.control", "1:area"),
        (canonical(unit("U", excluded={"basis": "b"})) + b"\n", "object.key-missing", "1:excluded"),
        (lines([unit("U", excluded=GROUND, mandatory=GROUND)], "unit"), "frame.excluded-and-mandatory", "1"),
    ],
)  # fmt: skip
def test_frame_against_section_1_is_refused(data: bytes, code: str, at: str) -> None:
    assert codes_at(parse_frame, data) == {(code, f"targets.jsonl:{at}")}


def test_half_a_character_is_refused() -> None:
    half = U1.replace(b'"U1"', b'"\\ud800"')
    assert ("text.surrogate", "targets.jsonl:1:unit") in codes_at(parse_frame, half)


def test_quotes_and_backslashes_in_names_are_allowed() -> None:
    names = ['a"b', "a\\b"]
    assert parse_frame(lines([unit(name) for name in names], "unit")).units == tuple(sorted(names))


def test_lines_are_sorted_by_code_point_not_by_utf_16() -> None:
    names = ("\uff21", "\U00020bb7")  # in UTF-16 the second would come first
    assert parse_frame(lines([unit(name) for name in names], "unit")).units == names


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        ({"areas": [""]}, "roster.area-empty", "1:areas[0]"),
        ({"areas": ["b", "a"]}, "list.unsorted", "1:areas"),
        ({"areas": ["a", "a"]}, "list.unsorted", "1:areas"),
        ({"areas": [1]}, "value.not-text", "1:areas[0]"),
        ({"skills": ["b", "a"]}, "list.unsorted", "1:skills"),
        ({"skills": ["a/b"]}, "identifier.character", "1:skills[0]"),
        ({"limit": -1}, "value.not-integer", "1:limit"),
    ],
)
def test_roster_against_section_1_is_refused(change: dict[str, Any], code: str, at: str) -> None:
    data = lines([inspector("I", **change)], "inspector")
    assert codes_at(parse_roster, data) == {(code, f"inspectors.jsonl:{at}")}


def test_recusals_are_sorted_by_unit_then_inspector() -> None:
    pairs = [{"inspector": who, "unit": where} for where, who in [("U1", "I2"), ("U1", "I1"), ("U1", "I1")]]
    data = b"".join(canonical(pair) + b"\n" for pair in pairs)
    found = codes_at(parse_recusals, data)
    assert found == {("line.unsorted", "recusals.jsonl:2"), ("line.duplicate", "recusals.jsonl:3")}


def test_recusals_name_inspectors_and_units_of_the_other_files() -> None:
    files = draw_files(recusals=[("U1", "I9"), ("U9", "I1")])
    expected = {("recusal.inspector", "recusals.jsonl:1"), ("recusal.unit", "recusals.jsonl:2")}
    assert codes_at(parse_files, files) == expected


def test_strata_of_plan_and_frame_are_the_same() -> None:
    files = draw_files(units=[unit("U1", stratum="B")])
    expected = {("plan.stratum-empty", "plan.json:strata"), ("plan.stratum-missing", "plan.json:strata")}
    assert codes_at(parse_files, files) == expected


def test_faults_of_all_files_are_reported_together() -> None:
    files = draw_files(plan(rounding="even"), [unit("U1", size=0)], [inspector("I", limit=-1)])
    assert {at.split(":")[0] for _, at in codes_at(parse_files, files)} == {
        "plan.json", "targets.jsonl", "inspectors.jsonl",
    }  # fmt: skip


IN_FORM = {
    "ssq": ["03 07 12 18 25 33 + 16", "01 02 03 04 05 06 + 01"],
    "dlt": ["01 07 12 18 35 + 02 12"],
    "digits": ["0", "0123456789"],
    "dice": ["123456"],
    "drand": ["1 ab"],
    "text": ["气温 26.4", "x"],
}
OUT_OF_FORM = {
    "ssq": [
        "03 07 12 18 31 25 + 09", "03 03 12 18 25 31 + 09", "00 07 12 18 25 31 + 09",
        "03 07 12 18 25 34 + 09", "03 07 12 18 25 31 + 17", "03 07 12 18 25 31 + 00",
        "3 07 12 18 25 31 + 09", "03 07 12 18 25 31+09", "03 07 12 18 25 31 + 09 ",
        "03 07 12 18 25 31 + 09\n", "03 07 12 18 25 + 09", "０3 07 12 18 25 31 + 09",
    ],
    "dlt": [
        "03 07 12 18 25 + 09 02", "03 07 12 18 36 + 02 09", "03 07 12 18 25 + 02 13",
        "03 07 12 18 25 + 02 02",
    ],
    "digits": ["", "12 34", "١٢", "12\n"],
    "dice": ["1237", "0", ""],
    "drand": ["1 AB", "01 ab", "1  ab", "ab", "1 abc", "1 "],
    "text": [" x", "x ", "", "e\u0301", "a\tb", "a\n"],
}  # fmt: skip


@pytest.mark.parametrize(("form", "value"), [(form, v) for form, values in IN_FORM.items() for v in values])
def test_values_in_form_are_accepted(form: str, value: str) -> None:
    assert is_in_form(EntropyForm(form), value)


@pytest.mark.parametrize(
    ("form", "value"), [(form, v) for form, values in OUT_OF_FORM.items() for v in values]
)
def test_values_out_of_form_are_refused(form: str, value: str) -> None:
    assert not is_in_form(EntropyForm(form), value)


@pytest.mark.parametrize(
    ("reveal", "code"),
    [
        ({"draw": "D2", "values": ["1", ZEROS]}, "reveal.draw"),
        ({"draw": "D1", "values": ["1"]}, "reveal.count"),
        ({"draw": "D1", "values": ["x", ZEROS]}, "reveal.form"),
        ({"draw": "D1", "values": ["1", "1" * 64]}, "reveal.nonce-wrong"),
        ({"draw": "D1", "values": ["1", "A" * 64]}, "reveal.nonce-form"),
    ],
)
def test_values_that_do_not_belong_to_the_plan_are_refused(reveal: dict[str, Any], code: str) -> None:
    sealed = parse_plan(canonical(plan(entropy=[DICE, SEALED], publication="after-inspection")))
    found = codes_at(check_reveal, sealed, parse_reveal(canonical(reveal)))
    assert {code for code, _ in found} == {code}


def test_right_values_are_accepted() -> None:
    sealed = plan(entropy=[DICE, SEALED], publication="after-inspection")
    assert compute_result(draw_files(sealed, values=["1", ZEROS])).startswith(b'{"draw":"D1"')


def test_reveal_holds_texts() -> None:
    data = canonical({"draw": "D1", "values": [1]})
    assert codes_at(parse_reveal, data) == {("value.not-text", "reveal.json:values[0]")}


def test_names_of_those_who_served_come_back() -> None:
    row = {"certificate": "鲁C12345", "inspector": "I1", "name": "张三", "salt": ZEROS}
    data = lines([row, row | {"inspector": "I0"}], "inspector")
    assert format_names(reversed(parse_names(data))) == data
    assert codes_at(parse_names, data.replace(b"000", b"00G")) == {
        ("value.not-hexadecimal", "names.jsonl:1:salt"), ("value.not-hexadecimal", "names.jsonl:2:salt"),
    }  # fmt: skip
