"""Bytes made to break the verifier of ratings: it always answers, with status 1 or 2, and never raises."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.cli import run
from agency_credit.verification import verify_rating, verify_rating_files
from tests.hostile.bundles import set_at, valid_bundle, zipped
from tests.rating_files import (
    LINES,
    TIER,
    all_places,
    changed,
    clause,
    read_value,
    sealed,
    true_rating,
    write_lines,
)

TRUE = true_rating()
FILES = sorted(TRUE)
PLACES = all_places(TRUE)

NO_JSON = [
    b"", b"\xff\xfe{}", b"{", b"NaN", b"-Infinity", b"{}{}", b"\0", b"[" * 100_000, b'{"a":' * 100_000,
    b"01", b"{'a':1}", b'"\t"', b'"\xed\xa0\x80"',
]  # fmt: skip


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("content", NO_JSON, ids=lambda content: repr(content[:12]))
def test_what_is_no_json_is_status_2(file: str, content: bytes) -> None:
    if file not in LINES or content:
        faults = verify_rating_files({**TRUE, file: content + b"\n" if file in LINES else content})
        assert (faults[0].check, faults[0].status) == ("files", 2)


@pytest.mark.parametrize("file", FILES)
def test_what_is_json_but_not_canonical_is_status_1(file: str) -> None:
    first = TRUE[file].splitlines()[0]
    value, twice = json.loads(first), first.replace(b"{", b'{"zz":1,"zz":1,', 1)
    spaced = json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
    escaped = first.replace(b"d", b"\\u0064")
    for other in (spaced, escaped, b"\xef\xbb\xbf" + first, first + b" ", twice):
        faults = verify_rating_files({**TRUE, file: TRUE[file].replace(first, other, 1)})
        assert (faults[0].check, faults[0].status) == ("files", 1)
    if file in LINES:
        for content in (
            TRUE[file][:-1],
            TRUE[file] + b"\n",
            TRUE[file].replace(b"\n", b"\r\n"),
            b"\n" + TRUE[file],
        ):
            assert verify_rating_files({**TRUE, file: content})[0].check == "files"


def test_numbers_that_canonical_json_does_not_allow_are_refused() -> None:
    for number in (
        b"25375.0",
        b"2537500e-2",
        b"9007199254740992",
        b"-0",
        b"1" * 5000,
        b"1" + b"0" * 400 + b".5",
    ):
        rating = TRUE["rating.json"].replace(b'"score":25375', b'"score":' + number)
        assert rating != TRUE["rating.json"]
        assert verify_rating_files({**TRUE, "rating.json": rating})[0].check == "files"


@pytest.mark.parametrize("file", [name for name in FILES if name != "bodies.jsonl"])
def test_a_missing_file_is_status_2_and_named(file: str) -> None:
    faults = verify_rating_files({name: data for name, data in TRUE.items() if name != file})
    assert faults[0].status == 2
    assert file in faults[0].message


def test_files_that_the_text_does_not_name_are_not_looked_at() -> None:
    assert verify_rating_files({**TRUE, "README.txt": b"\xff", "Rating.json": b"{}"}) == []


def test_vast_values_are_answered_shortly() -> None:
    for key, value in (("k" * 1_000_000, 1), ("id", "x" * 1_000_000), ("document", "\ud7ff" * 1_000_000)):
        faults = verify_rating_files(
            changed(TRUE, "pack.json", lambda pack, k=key, v=value: pack.update({k: v}))
        )
        assert faults or key == "id"
        assert max((len(fault.message) for fault in faults), default=0) < 2000
    assert len(verify_rating_files({**TRUE, "records.jsonl": b"[]\n" * 20_000})) == 20_000


def test_long_names_and_long_blanks_take_no_more_room_than_they_have() -> None:
    """A name that many lines cite, a text that is blank but for its end: neither may fill the memory."""
    row = read_value(TRUE, "records.jsonl")[0] | {"decided_on": "2025-05-01", "kind": "甲", "suspended": []}
    rows = [{**row, "record": f"{n:064x}"} for n in range(300)]
    long = changed(TRUE, "pack.json", lambda pack: pack.update(document="字" * 1_000_000))
    blank = changed(TRUE, "pack.json", lambda pack: pack.update(document=" " * 1_000_000 + "字"))
    tracemalloc.start()
    try:
        assert verify_rating_files(sealed({**long, "records.jsonl": write_lines(rows)}))
        assert verify_rating_files(blank)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def test_ten_thousand_clauses_and_records_are_answered() -> None:
    many = [clause(f"C{n}", f"词{n}", group="G1", points=-1) for n in range(10_000)]
    files = changed(TRUE, "pack.json", lambda pack: pack["clauses"].extend(many))
    assert verify_rating_files(files) == []
    blank = dict.fromkeys(("assessed", "entered_on", "evidence", "repaired_on", "withdrawn_on"))
    row = {**blank, "decided_on": "2025-05-01", "suspended": []}
    rows = [{**row, "kind": f"词{n}", "record": f"{n:064x}"} for n in range(10_000)]
    faults = verify_rating_files(sealed({**files, "records.jsonl": write_lines(rows)}))
    assert len(faults) == 10_000 + 2  # every line, the score, and the body without a record
    assert faults[-2].message == f"rating.json: score must be {100_000 - 65_000}"


@given(st.sampled_from(FILES), st.data())
@settings(max_examples=400, deadline=None)
def test_a_flipped_bit_is_always_refused(file: str, data: st.DataObject) -> None:
    content = bytearray(TRUE[file])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    assert verify_rating_files({**TRUE, file: bytes(content)})


@given(st.sampled_from([name for name in FILES if name != "bodies.jsonl"]), st.data())
@settings(max_examples=200, deadline=None)
def test_a_piece_left_out_or_repeated_is_always_refused(file: str, data: st.DataObject) -> None:
    content = TRUE[file]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start + 1, len(content)))
    assert verify_rating_files({**TRUE, file: content[:start] + content[end:]})
    assert verify_rating_files({**TRUE, file: content[:end] + content[start:]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
PLAUSIBLE = st.sampled_from(
    ["2025-06-30", "9999-12-31", "0001-01-01", "-7.5", 2**53 - 1, 1200, "0" * 64, [], {}, ""]
)
DEEP = [(file, path) for file, path in PLACES if file != "rating.json"]


@given(st.lists(st.tuples(st.sampled_from(DEEP), JSON | PLAUSIBLE), min_size=1, max_size=3))
@settings(max_examples=600, deadline=None)
def test_any_json_in_any_places_is_answered(junk: list[tuple[tuple[str, tuple[Any, ...]], Any]]) -> None:
    """With digests that fit. Some of it is true, none of it raises."""
    values = {file: read_value(TRUE, file) for file in FILES}
    for (file, path), value in junk:
        try:
            set_at(values[file], path, value)
        except (TypeError, KeyError, IndexError):  # an earlier one took the place away
            continue
    files = {
        file: write_lines_anyhow(value) if file in LINES else dump_anyhow(value)
        for file, value in values.items()
    }
    for fault in verify_rating_files(sealed(files)):
        assert fault.status in (1, 2)
        assert fault.check in verify_rating.CHECKS


def dump_anyhow(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def write_lines_anyhow(rows: list[Any]) -> bytes:
    return b"".join(dump_anyhow(row) + b"\n" for row in rows)


@given(st.sampled_from(FILES), st.binary(min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered(file: str, content: bytes) -> None:
    assert verify_rating_files({**TRUE, file: content})


# --- folders, zips, the command ------------------------------------------------------------------------


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def status_of(bundle: Path, capsys: pytest.CaptureFixture[str]) -> int:
    status = run(["verify", str(bundle), "--all", "--format", "json"])
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"verified", "faults"}
    assert answer["verified"] is (status == 0) is (not answer["faults"])
    return status


def test_the_command_reads_a_folder_and_a_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(write(tmp_path / "folder", TRUE), capsys) == 0
    (tmp_path / "bundle.zip").write_bytes(zipped(TRUE))
    assert status_of(tmp_path / "bundle.zip", capsys) == 0
    (tmp_path / "folder" / "rating.json").write_bytes(
        TRUE["rating.json"].replace(f'"{TIER}"'.encode(), b'"A"')
    )
    assert status_of(tmp_path / "folder", capsys) == 1
    (tmp_path / "folder" / "pack.json").unlink()
    assert status_of(tmp_path / "folder", capsys) == 2


def test_a_draw_and_a_rating_in_one_bundle_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = valid_bundle()
    assert status_of(write(tmp_path / "draw", draw), capsys) == 0
    assert status_of(write(tmp_path / "both", {**draw, **TRUE}), capsys) == 1


def test_a_rating_takes_no_proofs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof = write(tmp_path / "folder", {**TRUE, "a.tlog-proof": b"x"}) / "a.tlog-proof"
    assert run(["verify", str(tmp_path / "folder"), "--proof", str(proof), "--key", "k"]) == 2
    assert "verify.proof-of-rating" in capsys.readouterr().err


HOSTILE = {
    "empty": b"", "no-zip": b"hello", "cut": zipped(TRUE)[:-30], "half": zipped(TRUE)[:400],
    "upwards": zipped({**TRUE, "../rating.json": b""}), "absolute": zipped({**TRUE, "/etc/rating.json": b""}),
    "in-a-folder": zipped({f"rating/{name}": data for name, data in TRUE.items()}),
    "folder-for-a-file": zipped({("pack.json/" if n == "pack.json" else n): d for n, d in TRUE.items()}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_zip_is_status_2(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bundle.zip").write_bytes(HOSTILE[name])
    assert status_of(tmp_path / "bundle.zip", capsys) == 2
    assert verify_alone(tmp_path / "bundle.zip") == 2


def verify_alone(bundle: Path) -> int:
    """What the script does by itself with a bundle, in this process."""
    try:
        faults = verify_rating_files(verify_rating.load_bundle(bundle))
    except Exception:  # noqa: BLE001  (`main` says status 2 for whatever it raises)
        return 2
    return max((int(fault.status) for fault in faults), default=0)


def test_links_folders_and_too_large_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = write(tmp_path / "elsewhere", TRUE) / "pack.json"
    for number, make in enumerate((lambda path: path.symlink_to(elsewhere), lambda path: path.mkdir())):
        folder = write(tmp_path / str(number), {k: v for k, v in TRUE.items() if k != "pack.json"})
        make(folder / "pack.json")
        assert status_of(folder, capsys) == 2
    monkeypatch.setattr(verify_rating, "LIMIT", 20_000)
    (tmp_path / "bundle.zip").write_bytes(zipped({**TRUE, "records.jsonl": b"0" * 20_001}))
    assert status_of(tmp_path / "bundle.zip", capsys) == 2
