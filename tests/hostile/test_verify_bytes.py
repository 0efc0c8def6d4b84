"""Bytes made to break the verifier: it always answers, with exit status 1 or 2, and never raises."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agency_credit.cli import run
from agency_credit.verification import verify_draw, verify_files
from tests.draw_files import canonical
from tests.hostile.bundles import announced, valid_bundle, zipped

BUNDLE = valid_bundle()
FILES = sorted(BUNDLE)
LINES = [name for name in FILES if name.endswith(".jsonl")]
# A whole file of these bytes: NO_JSON is status 2, NOT_CANONICAL is JSON that breaks section 0, status 1.
NO_JSON = {
    "not-utf-8": b"\xff\xfe{}", "utf-16": '{"draw":"D1"}'.encode("utf-16"), "cut": "字".encode()[:2],
    "raw-surrogate": b'"\xed\xa0\x80"', "overlong": b'"\xc0\x80"', "nan": b"NaN", "infinity": b"-Infinity",
    "words": b"draw", "half": b'{"draw":', "two": b"{}{}", "comment": b"{}//", "nul": b"\0",
    "nul-inside": b'{"a\0":1}', "deep-list": b"[" * 100_000 + b"]" * 100_000, "deep-open": b"[" * 100_000,
    "deep-object": b'{"a":' * 100_000, "leading-zero": b"01", "plus": b"+1", "hex": b"0x1",
    "single-quotes": b"{'a':1}", "true": b"True", "raw-tab": b'"\t"',
}  # fmt: skip
NOT_CANONICAL = {
    "bom": b"\xef\xbb\xbf{}", "spaces": b'{ "draw":"D1"}', "carriage-return": b"{}\r", "float": b"1.5",
    "exponent": b"1e3", "minus-zero": b"-0", "vast-exponent": b"1e999999999", "vast-integer": b"9" * 100_000,
    "2^53": b"9007199254740992", "duplicate-key": b'{"a":1,"a":1}', "keys-unsorted": b'{"b":1,"a":1}',
    "escaped": b'"\\u5b57"', "escaped-slash": b'"\\/"', "lone-surrogate": b'"\\ud800"',
    "surrogate-key": b'{"\\ud800":1}', "not-nfc": '"e\u0301"'.encode(), "upper-hex": b'"\\u001F"',
    "deep-enough": b"[" * 300 + b"]" * 300 + b" ", "float-key": b'{"a":1.0}',
    "wide-space": "\u00a0{}".encode(),
}  # fmt: skip


def statuses(bundle: dict[str, bytes]) -> set[int]:
    return {fault.status for fault in verify_files(bundle)}


def with_file(file: str, data: bytes) -> dict[str, bytes]:
    """The bundle with another file, announced again where it is one that is announced."""
    changed = {**BUNDLE, file: data}
    return changed if file == "announcement.json" else announced(changed)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", NO_JSON)
def test_what_is_no_json_is_status_2_and_comes_first(file: str, name: str) -> None:
    data = NO_JSON[name] + (b"\n" if file in LINES else b"")
    faults = verify_files({**BUNDLE, file: data, "result.json": data})
    assert (faults[0].check, faults[0].status) == ("files", 2)
    if file in LINES:
        assert 2 in statuses({**BUNDLE, file: BUNDLE[file] + NO_JSON[name]})


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("name", NOT_CANONICAL)
def test_json_that_is_not_canonical_is_status_1(file: str, name: str) -> None:
    data = NOT_CANONICAL[name] + (b"\n" if file in LINES else b"")
    faults = verify_files({**BUNDLE, file: data})
    assert (faults[0].check, faults[0].status) == ("files", 1)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("new", [b": ", b'"\\u0044\\u0031"', b"\r\n", b"1.0", b"-0", b"1e0"])
def test_another_spelling_of_the_same_values_is_refused(file: str, new: bytes) -> None:
    old = {b": ": b":", b"\r\n": b"\n", b"-0": b"0", b"1.0": b"1", b"1e0": b"1"}.get(new, b'"D1"')
    if old in BUNDLE[file]:
        assert verify_files(with_file(file, BUNDLE[file].replace(old, new)))


@pytest.mark.parametrize("file", LINES)
def test_line_ends_are_exact(file: str) -> None:
    data = BUNDLE[file]
    for wrong in (
        data[:-1],
        data + b"\n",
        b"\n" + data,
        data.replace(b"\n", b"\n\n", 1),
        b"\n",
        b" \n" + data,
    ):
        if wrong != b"":
            faults = verify_files({**BUNDLE, file: wrong})
            assert (faults[0].check, faults[0].status) == ("files", 1)


@pytest.mark.parametrize("file", [name for name in FILES if name != "names.jsonl"])
def test_a_missing_file_is_status_2_and_named(file: str) -> None:
    faults = verify_files({name: data for name, data in BUNDLE.items() if name != file})
    assert faults[0].status == 2
    assert file in faults[0].message


def test_an_empty_bundle_names_every_missing_file() -> None:
    assert len(verify_files({})) == 7
    assert statuses({}) == {2}


def test_files_that_the_protocol_does_not_name_are_not_looked_at() -> None:
    assert verify_files({**BUNDLE, "README.txt": b"\xff", "Plan.json": b"{}", "log.json": b"NaN"}) == []


def test_long_lines_and_many_lines_are_answered() -> None:
    long = canonical({"basis": "x", "reason": "字" * 3_000_000})
    targets = BUNDLE["targets.jsonl"].replace(b'"excluded":null', b'"excluded":' + long, 1)
    assert verify_files(with_file("targets.jsonl", targets))[0].check == "seed"
    assert len(verify_files({**BUNDLE, "targets.jsonl": b"[]\n" * 20_000})) == 6 * 20_000
    unit = BUNDLE["targets.jsonl"].replace(b'"unit":"U00"', b'"unit":"' + b"U" * 3_000_000 + b'"')
    assert verify_files({**BUNDLE, "targets.jsonl": unit})[0].check == "identifiers"


def test_a_vast_key_is_not_repeated_in_the_message() -> None:
    faults = verify_files({**BUNDLE, "plan.json": canonical({"k" * 1_000_000: 1})})
    assert max(len(fault.message) for fault in faults) < 2000


# Nothing binds the text under `name`, so these tests have none there.
NAMELESS = {**BUNDLE, "names.jsonl": BUNDLE["names.jsonl"].replace("某人".encode(), b"")}


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=400, deadline=None)
def test_a_flipped_bit_is_always_refused(file: str, data: st.DataObject) -> None:
    content = bytearray(NAMELESS[file])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    assert verify_files({**NAMELESS, file: bytes(content)})


@given(st.sampled_from([name for name in FILES if name != "names.jsonl"]), st.data())
@settings(max_examples=200, deadline=None)
def test_a_piece_left_out_or_repeated_is_always_refused(file: str, data: st.DataObject) -> None:
    content = BUNDLE[file]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start + 1, len(content)))
    assert verify_files({**BUNDLE, file: content[:start] + content[end:]})
    assert verify_files({**BUNDLE, file: content[:end] + content[start:]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
PLACES = [
    (file, key)
    for file in FILES
    for key in json.loads(BUNDLE[file].splitlines()[0])
    if (file, key) != ("names.jsonl", "name")
]


@given(st.sampled_from(PLACES), JSON)
@settings(max_examples=300, deadline=None)
def test_any_json_in_any_place_is_answered(place: tuple[str, str], junk: Any) -> None:
    file, key = place
    first, *rest = BUNDLE[file].splitlines(keepends=True)
    value = json.loads(first)
    if value[key] != junk or type(value[key]) is not type(junk):
        value[key] = junk
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        data = text.encode("utf-8", "surrogatepass") + (b"\n" if file in LINES else b"") + b"".join(rest)
        assert verify_files(with_file(file, data))


@given(st.sampled_from(FILES), st.binary(min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered(file: str, content: bytes) -> None:
    assert verify_files({**BUNDLE, file: content})


# --- folders and zips ---------------------------------------------------------------------------------


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def status_of(bundle: Path, capsys: pytest.CaptureFixture[str]) -> int:
    status = run(["verify", str(bundle), "--all", "--format", "json"])
    answer = json.loads(capsys.readouterr().out)
    assert answer["verified"] is (status == 0)
    assert bool(answer["faults"]) is (status != 0)
    return status


def test_a_folder_and_a_zip_of_either_kind_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(write(tmp_path / "folder", BUNDLE), capsys) == 0
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        (tmp_path / "bundle.zip").write_bytes(zipped(BUNDLE, method))
        assert status_of(tmp_path / "bundle.zip", capsys) == 0


def test_a_link_a_folder_and_a_pipe_in_place_of_a_file_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = write(tmp_path / "elsewhere", BUNDLE) / "plan.json"
    for number, make in enumerate((
        lambda path: path.symlink_to(elsewhere),
        lambda path: path.symlink_to(tmp_path / "nothing"),
        lambda path: path.mkdir(),
        os.mkfifo,
    )):  # fmt: skip
        folder = write(tmp_path / str(number), {k: v for k, v in BUNDLE.items() if k != "plan.json"})
        make(folder / "plan.json")
        assert status_of(folder, capsys) == 2


def test_a_file_beyond_the_limit_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_draw, "LIMIT", 20_000)
    large = {**BUNDLE, "targets.jsonl": b"0" * 20_001}
    assert status_of(write(tmp_path / "folder", large), capsys) == 2
    (tmp_path / "bundle.zip").write_bytes(zipped(large))
    assert status_of(tmp_path / "bundle.zip", capsys) == 2


def with_further(name: str, content: bytes = b"{}") -> bytes:
    target = io.BytesIO(zipped(BUNDLE))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()


def false_size(data: bytes) -> bytes:
    """The central directory says that every member unpacks to 4 GiB less one byte."""
    changed, place = bytearray(data), 0
    while (place := data.find(b"PK\x01\x02", place)) >= 0:
        changed[place + 24 : place + 28] = b"\xff\xff\xff\xfe"
        place += 4
    return bytes(changed)


def encrypted(data: bytes) -> bytes:
    return data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")


ZIPS = {
    "empty": b"", "no-zip": b"hello", "no-members": zipped({}), "cut": zipped(BUNDLE)[:-30],
    "half": zipped(BUNDLE)[:400], "end-record-only": zipped(BUNDLE)[-22:],
    "false-size": false_size(zipped(BUNDLE)), "encrypted": encrypted(zipped(BUNDLE)),
    "bzip2": zipped(BUNDLE, zipfile.ZIP_BZIP2), "lzma": zipped(BUNDLE, zipfile.ZIP_LZMA),
    "upwards": with_further("../plan.json"), "upwards-inside": with_further("a/../plan.json"),
    "absolute": with_further("/etc/plan.json"), "backslash": with_further("..\\plan.json"),
    "in-a-folder": zipped({f"draw/{name}": data for name, data in BUNDLE.items()}),
    "wrong-sum": zipped(BUNDLE, zipfile.ZIP_STORED).replace(b'"D1"', b'"D2"'),
    "folder-for-a-file": zipped({("plan.json/" if n == "plan.json" else n): d for n, d in BUNDLE.items()}),
}  # fmt: skip


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_is_status_2(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bundle.zip").write_bytes(ZIPS[name])
    assert status_of(tmp_path / "bundle.zip", capsys) == 2


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("plan.json", "other.txt"):
        target = io.BytesIO(with_further("other.txt"))
        with zipfile.ZipFile(target, "a") as archive:
            archive.writestr(name, BUNDLE["plan.json"])
        (tmp_path / "bundle.zip").write_bytes(target.getvalue())
        assert status_of(tmp_path / "bundle.zip", capsys) == 2


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("plan.json", "w") as member:
            for _ in range(65):
                member.write(b"[" * 2**20)
        for name, content in BUNDLE.items():
            if name != "plan.json":
                archive.writestr(name, content)
    assert status_of(tmp_path / "bundle.zip", capsys) == 2


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_zip_is_answered(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(zipped(BUNDLE))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    (tmp_path / "bundle.zip").write_bytes(bytes(content))
    assert run(["verify", str(tmp_path / "bundle.zip")]) in (0, 1, 2)
