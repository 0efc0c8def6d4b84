"""Signed notes, verifier keys and checkpoints against the examples of their specifications."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.domain.errors import InputError, VerificationError
from agency_credit.publication.checkpoint import (
    Checkpoint,
    format_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from agency_credit.publication.note import (
    Note,
    NoteSignature,
    VerifierKey,
    format_note,
    format_verifier_key,
    parse_note,
    parse_verifier_key,
    sign_note,
    verify_note,
)

# C2SP signed-note.md, section "Example".
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# C2SP tlog-checkpoint.md, its first example.
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)


@dataclass(frozen=True)
class FakeSigner:
    name: str = "log.example/1"
    number: int = 1

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([self.number]) * 32)

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(name=self.name, public_key=self.private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        return self.key.key_id

    def sign(self, text: bytes) -> bytes:
        return self.private.sign(text)


HEAD = Checkpoint(origin="log.example/1", size=3, root=hashlib.sha256(b"x").digest())


def test_the_note_of_the_specification_verifies_with_its_key() -> None:
    key = parse_verifier_key(VKEY)
    assert verify_note(parse_note(NOTE), [key]) == (key,)
    assert key.key_id.hex() == "530d903a"


def test_the_note_and_key_of_the_specification_round_trip() -> None:
    assert format_note(parse_note(NOTE)) == NOTE
    assert format_verifier_key(parse_verifier_key(VKEY)) == VKEY


def test_the_checkpoint_of_the_specification_parses_and_comes_back() -> None:
    note = parse_note(CHECKPOINT)
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert format_checkpoint(checkpoint) == note.text


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(VerificationError, match=r"does not fit"):
        verify_note(parse_note(NOTE.replace("example m", "example M")), [parse_verifier_key(VKEY)])


def test_a_note_by_strangers_is_refused_and_a_strangers_line_ignored() -> None:
    ours, stranger = FakeSigner(), FakeSigner(name="witness.example", number=2)
    both = sign_note("text\n", [stranger, ours])
    assert verify_note(both, [ours.key]) == (ours.key,)
    with pytest.raises(VerificationError, match=r"no key that is known"):
        verify_note(sign_note("text\n", [stranger]), [ours.key])


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    old, new = FakeSigner(number=1), FakeSigner(number=2)
    note = sign_note("text\n", [new, old])
    wrong = replace(note.signatures[1], signature=b"\0" * 64)
    with pytest.raises(VerificationError):
        verify_note(replace(note, signatures=(note.signatures[0], wrong)), [new.key, old.key])


def test_after_a_rotation_either_key_verifies() -> None:
    old, new = FakeSigner(number=1), FakeSigner(number=2)
    text = sign_checkpoint(HEAD, [new, old])
    assert verify_checkpoint(text, [old.key]) == verify_checkpoint(text, [new.key]) == HEAD
    assert len(parse_note(text).signatures) == 2


def test_a_checkpoint_counts_only_with_a_key_of_its_own_log() -> None:
    other = FakeSigner(name="log.example/2")
    with pytest.raises(VerificationError, match=r"not known here"):
        verify_checkpoint(sign_checkpoint(HEAD, [other]), [other.key])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "text\n\n— name\n",
        "text\n\n- name AAAAAAA=\n",
        "text\n\n— na+me AAAAAAA=\n",
        "text\n\n—  AAAAAAA=\n",
        "text\n\n— name AAAA\n",
        "text\n\n— name AAAAAAB=\n",
        "text\n\n— name AAAA AAA=\n",
        "text\n\n— name AAAAAAA=",
        "te\rxt\n\n— name AAAAAAA=\n",
        "text\n\n" + "— name AAAAAAA=\n" * 65,
    ],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_note(text)


@pytest.mark.parametrize(
    "text",
    [
        "log\n3\n",
        "log\n03\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n-3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n٣\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jx\n",
        "log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_checkpoint(text)


@pytest.mark.parametrize("vkey", ["", VKEY[:-4], VKEY.replace("530d", "530e"), VKEY.replace("+Ae", "+Be")])
def test_what_is_no_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(InputError):
        parse_verifier_key(vkey)


def test_a_note_without_a_signature_is_not_written() -> None:
    with pytest.raises(InputError):
        format_note(Note(text="text\n", signatures=()))


lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=0, max_size=20)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+"), min_size=1, max_size=12
)
signatures = st.builds(
    NoteSignature, name=names, key_id=st.binary(min_size=4, max_size=4), signature=st.binary(min_size=1)
)
notes = st.builds(
    Note,
    text=st.lists(lines, min_size=1).map(lambda rows: "\n".join(rows) + "\n"),
    signatures=st.lists(signatures, min_size=1, max_size=5).map(tuple),
)


@settings(deadline=None)
@given(note=notes)
def test_every_note_comes_back(note: Note) -> None:
    assert parse_note(format_note(note)) == note


@settings(deadline=None)
@given(size=st.integers(0, 10**18), root=st.binary(min_size=32, max_size=32), origin=names)
def test_every_checkpoint_comes_back(size: int, root: bytes, origin: str) -> None:
    checkpoint = Checkpoint(origin=origin, size=size, root=root)
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint
