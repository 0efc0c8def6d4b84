"""Entries as bytes, commitments, and the guard against personal numbers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.canonical import format_canonical
from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.domain.errors import InputError, RefusedError, VerificationError
from agency_credit.publication.entry import (
    MAX_ENTRY,
    commit_body,
    format_entry,
    format_instant,
    parse_entry,
    parse_instant,
    verify_commitment,
)

AT = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
SALT = bytes(range(32))
ENTRY = LogEntry(at=AT, type=EntryType.DRAW_ANNOUNCED, subject="D1", body={"announcement": "a" * 64})


def test_an_entry_is_canonical_json_with_five_keys() -> None:
    assert format_entry(ENTRY) == (
        b'{"at":"2026-11-24T01:02:03Z","body":{"announcement":"' + b"a" * 64 + b'"},'
        b'"subject":"D1","type":"draw.announced","v":1}'
    )


def test_the_time_is_written_in_utc_whatever_its_zone() -> None:
    china = timezone(timedelta(hours=8))
    assert format_instant(datetime(2026, 11, 24, 9, 2, 3, tzinfo=china)) == "2026-11-24T01:02:03Z"
    assert parse_instant("2026-11-24T01:02:03Z") == AT


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), AT.replace(microsecond=1)])
def test_a_time_without_zone_or_with_parts_of_a_second_is_refused(at: datetime) -> None:
    with pytest.raises(InputError, match=r"zone or parts"):
        format_entry(replace(ENTRY, at=at))


@pytest.mark.parametrize(
    "text", ["", "2026-11-24T01:02:03+00:00", "2026-13-24T01:02:03Z", "2026-11-24 01:02:03Z", "2026-11-24"]
)
def test_other_forms_of_a_time_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_instant(text)


def test_a_commitment_hashes_the_raw_salt_and_then_the_body() -> None:
    body = {"name": "甲", "score": 1}
    expected = hashlib.sha256(SALT + format_canonical(body)).hexdigest()
    assert commit_body(body, SALT) == {"commitment": expected}
    verify_commitment(replace(ENTRY, body={"commitment": expected}), body, SALT)


@pytest.mark.parametrize("opened", [({"a": 2}, SALT), ({"a": 1}, SALT[::-1]), ({"a": 1}, SALT[1:])])
def test_another_body_or_salt_does_not_open_a_commitment(opened: tuple[dict[str, int], bytes]) -> None:
    entry = replace(ENTRY, body=commit_body({"a": 1}, SALT))
    with pytest.raises(VerificationError):
        verify_commitment(entry, *opened)


def test_a_public_body_opens_no_commitment() -> None:
    with pytest.raises(VerificationError):
        verify_commitment(ENTRY, ENTRY.body, SALT)


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(InputError, match=r"32 bytes"):
        commit_body({"a": 1}, b"short")


@pytest.mark.parametrize(
    "body", [{"commitment": "a" * 64, "b": 1}, {"commitment": "xyz"}, {"commitment": 1}, {"commitment": None}]
)
def test_a_body_that_looks_like_a_commitment_but_is_none_is_refused(body: dict[str, str | int]) -> None:
    with pytest.raises(InputError, match=r"only key"):
        format_entry(replace(ENTRY, body=body))


@pytest.mark.parametrize("subject", ["", "x" * 129, "a\nb"])
def test_a_subject_of_another_form_is_refused(subject: str) -> None:
    with pytest.raises(InputError, match=r"subject"):
        format_entry(replace(ENTRY, subject=subject))


def test_the_size_of_an_entry_is_bounded_exactly() -> None:
    room = MAX_ENTRY - len(format_entry(replace(ENTRY, body={"t": ""})))
    assert len(format_entry(replace(ENTRY, body={"t": "x" * room}))) == MAX_ENTRY
    with pytest.raises(InputError, match=r"65536 bytes"):
        format_entry(replace(ENTRY, body={"t": "x" * (room + 1)}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'{"at":1}',
        b"\xff",
        b"[" * 100_000,
        format_entry(ENTRY) + b"\n",
        format_entry(ENTRY).replace(b'"v":1', b'"v":2'),
        format_entry(ENTRY).replace(b'"v":1', b'"v":1.0'),
        format_entry(ENTRY).replace(b'"v":1', b'"v":true'),
        format_entry(ENTRY).replace(b"draw.announced", b"draw.invented"),
        format_entry(ENTRY).replace(b'"v":1', b'"v":1,"w":1'),
        format_entry(ENTRY).replace(b'"v":1', b'"v":1,"v":1'),
        format_entry(ENTRY).replace(b'"subject":"D1"', b'"subject":1'),
        format_entry(ENTRY).replace(b'{"announcement":"' + b"a" * 64 + b'"}', b"[]"),
    ],
)
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_entry(data)


bodies = st.dictionaries(
    st.text(st.characters(codec="ascii", categories=["Ll"]), max_size=8).filter(lambda k: k != "commitment"),
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.sampled_from(["甲", "a b", "𠮷"])),
    max_size=4,
)


@settings(deadline=None)
@given(
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    kind=st.sampled_from(EntryType),
    body=bodies,
)
def test_every_entry_comes_back(at: datetime, kind: EntryType, body: dict[str, int]) -> None:
    entry = LogEntry(at=at.replace(microsecond=0), type=kind, subject="甲/1", body=body)
    assert parse_entry(format_entry(entry)) == entry


IDENTITY_X = "11010519491231002X"  # the example of GB 11643
MOBILE = "13800138000"


@pytest.mark.parametrize(
    "text",
    [
        IDENTITY_X,
        IDENTITY_X.lower(),
        f"身份证号{IDENTITY_X}。",
        "110105 19491231 002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ],
)
def test_an_identity_number_is_refused_in_every_spelling(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        format_entry(replace(ENTRY, body={"deep": [{"text": text}]}))
    assert caught.value.code == "entry.identity-number"
    assert "1949" not in str(caught.value)


@pytest.mark.parametrize(
    "text", [MOBILE, f"电话{MOBILE}", "+86 138-0013-8000", "138 0013 8000", "１３８００１３８０００"]
)
def test_a_mobile_number_is_refused_in_every_spelling(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        commit_body({"text": text}, SALT)
    assert caught.value.code == "entry.mobile-number"


def test_a_mobile_number_written_as_an_integer_is_refused() -> None:
    with pytest.raises(RefusedError):
        format_entry(replace(ENTRY, body={"n": int(MOBILE)}))


def test_a_personal_number_in_the_subject_is_refused() -> None:
    with pytest.raises(RefusedError):
        format_entry(replace(ENTRY, subject=MOBILE))


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341L",  # credit codes
        "911101198501010017",  # one that would pass as an identity number
        "110105194912310021",  # wrong check digit
        "110105194913310021",  # no such month
        "240105194912310029",  # no such province
        "12345678901",
        "138001380001",
        "2138001380003",
        "a" * 21 + "13800138000",  # within a digest
        "13800138000" * 3,
        "2026-11-24T01:02:03Z",
        "37030012345",
    ],
)
def test_other_numbers_are_let_through(text: str) -> None:
    assert format_entry(replace(ENTRY, body={"text": text}))
