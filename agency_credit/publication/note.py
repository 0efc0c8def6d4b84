"""Signed notes with Ed25519 (C2SP signed-note, v1): text, signature lines, verifier keys.

A note is text, an empty line and signature lines ``— <key name> base64(key ID || signature)``. What a
signer signs is the text with its final line end. Key files belong to `services`; here are only bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agency_credit.domain.errors import InputError, VerificationError

ED25519 = b"\x01"
"""Signature type of an Ed25519 signature over the text of the note."""

MAX_NOTE = 1_000_000
MAX_SIGNATURES = 64
"""The specification asks to accept at least 16."""


class Signer(Protocol):
    """Whatever signs the text of a note; another algorithm is another signer."""

    @property
    def name(self) -> str:
        """Name of the key; for a log, its origin."""
        ...

    @property
    def key_id(self) -> bytes:
        """The four bytes that, with the name, say which key and algorithm signed."""
        ...

    def sign(self, text: bytes) -> bytes:
        """Signature over `text`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line: name of the key, its 4-byte ID, the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text (with its final line end) and the signatures under it."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """An Ed25519 public key with its name: what an outsider needs to check signatures."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """``SHA-256(name || 0x0A || 0x01 || public key)[:4]``."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]


def format_verifier_key(key: VerifierKey) -> str:
    """The key as one line of text: ``<name>+<hex key ID>+<base64>`` (a vkey)."""
    _check_name(key.name)
    return f"{key.name}+{key.key_id.hex()}+{_encode(ED25519 + key.public_key)}"


def parse_verifier_key(text: str) -> VerifierKey:
    """The key that `format_verifier_key` writes as `text`; other algorithms are refused."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    key = VerifierKey(name=name, public_key=data[1:])
    if not data.startswith(ED25519) or len(data) != 33 or key.key_id.hex() != key_id:
        raise InputError("note.vkey", "this is no verifier key for Ed25519: {text}", text=text[:200])
    _check_name(name)
    return key


def sign_note(text: str, signers: Sequence[Signer]) -> Note:
    """`text` with the signature of each of `signers`, in their order."""
    _check_text(text)
    signatures = tuple(
        NoteSignature(name=signer.name, key_id=signer.key_id, signature=signer.sign(text.encode()))
        for signer in signers
    )
    return Note(text=text, signatures=signatures)


def format_note(note: Note) -> str:
    """The note as text."""
    _check_text(note.text)
    if not note.signatures:
        raise InputError("note.unsigned", "a note needs a signature")
    for signature in note.signatures:
        _check_name(signature.name)
    lines = [f"— {s.name} {_encode(s.key_id + s.signature)}\n" for s in note.signatures]
    return "".join([note.text, "\n", *lines])


def parse_note(text: str) -> Note:
    """The note that `format_note` writes as `text`. Nothing is verified yet.

    Raises
    ------
    InputError
        Another form, too long, too many signatures.
    """
    end = text.rfind("\n\n")
    if end < 0 or not text.endswith("\n") or len(text) > MAX_NOTE:
        raise _malformed()
    body, lines = text[: end + 1], text[end + 2 : -1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed()
    _check_text(body)
    return Note(text=body, signatures=tuple(_parse_signature(line) for line in lines))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
    """Those of `keys` that signed the note, in the order of its lines.

    Signatures of unknown keys are ignored; a wrong signature of a known key refuses the whole note.

    Raises
    ------
    VerificationError
        A known key's signature is wrong, or none of `keys` signed.
    """
    known = {(key.name, key.key_id): key for key in keys}
    signed = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public_key).verify(line.signature, note.text.encode())
        except InvalidSignature:
            raise VerificationError(
                "note.signature", "the signature of {name} does not fit the text", name=key.name
            ) from None
        signed.append(key)
    if not signed:
        raise VerificationError("note.unknown-signers", "no key that is known here signed the note")
    return tuple(signed)


def decode_base64(text: str) -> bytes:
    """Bytes of standard base64, in its only form (RFC 4648, section 4)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = b""
    if not data or _encode(data) != text:
        raise InputError("note.base64", "this is no base64: {text}", text=text[:60])
    return data


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _parse_signature(line: str) -> NoteSignature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise _malformed()
    data = decode_base64(parts[2])
    if len(data) < 5:
        raise _malformed()
    _check_name(parts[1])
    return NoteSignature(name=parts[1], key_id=data[:4], signature=data[4:])


def _check_text(text: str) -> None:
    has_controls = any(character < " " and character != "\n" for character in text)
    if not text.endswith("\n") or has_controls:
        raise _malformed()


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise InputError("note.key-name", "a key name is not empty and has no space and no plus sign")


def _malformed() -> InputError:
    return InputError(
        "note.form", "this is no signed note: a text, an empty line, signature lines, no control characters"
    )
