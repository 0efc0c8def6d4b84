"""Proof files: their form, and what they prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.entry import EntryType, LogEntry
from agency_credit.domain.errors import InputError, VerificationError
from agency_credit.publication.checkpoint import Checkpoint, sign_checkpoint
from agency_credit.publication.entry import commit_body, format_entry
from agency_credit.publication.merkle import hash_leaf, inclusion_proof, root
from agency_credit.publication.proof import LogProof, format_extra, format_proof, parse_proof, verify_proof
from tests.unit.test_publication_note import FakeSigner

SIGNER = FakeSigner()
SALT = bytes(range(32))
BODY = {"findings": "未发现问题"}
ENTRIES = [
    LogEntry(
        at=datetime(2026, 11, 24, 1, 2, n, tzinfo=UTC),
        type=EntryType.RESULT_PUBLISHED,
        subject=f"D1/{n}",
        body=commit_body(BODY, SALT) if n % 2 else {"n": n},
    )
    for n in range(7)
]
LEAVES = [hash_leaf(format_entry(entry)) for entry in ENTRIES]
CHECKPOINT = sign_checkpoint(Checkpoint(origin=SIGNER.name, size=7, root=root(LEAVES)), [SIGNER])


def proof_of(index: int, *, is_opened: bool = True) -> LogProof:
    opened = (BODY, SALT) if index % 2 and is_opened else (None, None)
    return LogProof(
        index=index,
        path=tuple(inclusion_proof(LEAVES, index)),
        checkpoint=CHECKPOINT,
        extra=format_extra(ENTRIES[index], *opened),
    )


def test_a_proof_file_has_the_lines_of_the_specification() -> None:
    lines = format_proof(proof_of(4)).split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra ")
    assert lines[2] == "index 4"
    assert lines[3 + len(proof_of(4).path) :] == ["", *CHECKPOINT.split("\n")]


@pytest.mark.parametrize("index", range(7))
def test_every_entry_is_proven_with_its_body(index: int) -> None:
    proven = verify_proof(parse_proof(format_proof(proof_of(index))), [SIGNER.key])
    assert (proven.index, proven.entry) == (index, ENTRIES[index])
    assert proven.body == (BODY if index % 2 else {"n": index})


def test_without_body_and_salt_the_entry_is_proven_and_the_body_unknown() -> None:
    assert verify_proof(proof_of(3, is_opened=False), [SIGNER.key]).body is None


def test_a_proof_of_another_entry_index_body_or_log_is_refused() -> None:
    good = proof_of(3)
    other = FakeSigner(number=2)
    forged = sign_checkpoint(Checkpoint(origin=SIGNER.name, size=7, root=root(LEAVES)), [other])
    for wrong in (
        replace(good, index=2),
        replace(good, path=good.path[:-1]),
        replace(good, path=good.path[::-1]),
        replace(good, extra=format_extra(ENTRIES[4])),
        replace(good, extra=format_extra(ENTRIES[3], {"findings": "有问题"}, SALT)),
        replace(good, extra=format_extra(ENTRIES[3], BODY, SALT[::-1])),
        replace(good, checkpoint=forged),
    ):
        with pytest.raises(VerificationError):
            verify_proof(wrong, [SIGNER.key])


@pytest.mark.parametrize(
    "extra", [None, b"{}", b"[]", b"\xff", b'{"entry":1}', b'{"body":[],"entry":{},"salt":""}']
)
def test_extra_data_without_the_entry_is_refused(extra: bytes | None) -> None:
    with pytest.raises(InputError):
        verify_proof(replace(proof_of(0), extra=extra), [SIGNER.key])


GOOD = format_proof(proof_of(2))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n" + CHECKPOINT,
        GOOD.replace("@v1", "@v2"),
        GOOD.replace("index 2", "index 02"),
        GOOD.replace("index 2", "index -2"),
        GOOD.replace("index 2", "index"),
        GOOD.replace("index 2\n", "index 2\nAAAA\n"),
        GOOD.replace("extra ", "extra !"),
        "c2sp.org/tlog-proof@v1\nindex 0\n" + ("A" * 43 + "=\n") * 64 + "\n" + CHECKPOINT,
    ],
)
def test_what_is_no_proof_file_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_proof(text)


@settings(deadline=None)
@given(
    index=st.integers(0, 10**18),
    path=st.lists(st.binary(min_size=32, max_size=32), max_size=20).map(tuple),
    extra=st.one_of(st.none(), st.binary(min_size=1)),
)
def test_every_proof_comes_back(index: int, path: tuple[bytes, ...], extra: bytes | None) -> None:
    proof = LogProof(index=index, path=path, checkpoint=CHECKPOINT, extra=extra)
    assert parse_proof(format_proof(proof)) == proof
