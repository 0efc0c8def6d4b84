"""The encrypted file of a backup (docs/spec/backup.md): written and read in pieces, never whole in memory.

A key of its own encrypts every file; that key is locked by a passphrase or for a recipient. Pieces are bound
to their place, and the last one to being the last, so that nothing can be cut off, swapped or appended.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import InputError, UnavailableError, VerificationError
from agency_credit.services.disk import write_private

MAGIC = b"agency-credit.backup/1\n"
PIECE = 64 * 1024
TAG = 16
MAX_HEADER = 4096
MIN_PASSPHRASE = 12
"""Characters; who holds the file may guess for as long as he likes."""

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
"""128 MiB and a fraction of a second a guess (OWASP's first choice for scrypt)."""

MAX_SCRYPT_N = 2**20
_NO_NONCE = bytes(12)
"""For the wrapped key only: the key that wraps it is used once."""

_RECIPIENT, _IDENTITY = "agency-credit-recipient-1 ", "agency-credit-identity-1 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """What opens a backup, or closes it: one of the two.

    Parameters
    ----------
    passphrase
        A person's secret.
    key
        32 bytes: a recipient's public key to make a backup, its private key to open one.
    """

    passphrase: str | None = None
    key: bytes | None = None


class BoxWriter:
    """Writes the header, then whatever it is given, in encrypted pieces; `finish` ends the file."""

    def __init__(self, file: IO[bytes], opener: Opener) -> None:
        file_key = secrets.token_bytes(32)
        header = MAGIC + format_canonical(_lock(file_key, opener)) + b"\n"
        file.write(header)
        self._file = file
        self._aead = AESGCM(_payload_key(file_key, header))
        self._held = bytearray()
        self._n = 0

    def write(self, data: bytes) -> None:
        """Add plaintext."""
        self._held += data
        while len(self._held) > PIECE:  # one is always held back: it may be the last
            self._flush(PIECE, is_last=False)

    def finish(self) -> None:
        """Write the last piece."""
        self._flush(len(self._held), is_last=True)

    def _flush(self, size: int, *, is_last: bool) -> None:
        piece = bytes(self._held[:size])
        del self._held[:size]
        self._file.write(self._aead.encrypt(_nonce(self._n, is_last=is_last), piece, None))
        self._n += 1


class BoxReader:
    """Reads the plaintext of a box, a piece at a time.

    Raises
    ------
    InputError
        No backup of ours, or one of a newer form; or it does not open with what was given.
    """

    def __init__(self, file: IO[bytes], opener: Opener) -> None:
        magic = file.read(len(MAGIC))
        line = file.readline(MAX_HEADER)
        if magic != MAGIC or not line.endswith(b"\n"):
            raise InputError(
                "backup.foreign", "this file is no backup of agency-credit, or its beginning is damaged"
            )
        try:
            file_key = _unlock(json.loads(line), opener)
        except (ValueError, KeyError, TypeError):
            raise InputError(
                "backup.foreign", "this file is no backup of agency-credit, or its beginning is damaged"
            ) from None
        self._file = file
        self._aead = AESGCM(_payload_key(file_key, magic + line))
        self._ahead = file.read(PIECE + TAG)
        self._n = 0

    def read(self) -> bytes:
        """The next piece of plaintext; b"" after the last.

        Raises
        ------
        VerificationError
            Bytes were changed, cut off or added.
        """
        if self._n < 0:
            return b""
        piece, self._ahead = self._ahead, self._file.read(PIECE + TAG)
        is_last = not self._ahead
        try:
            plain = self._aead.decrypt(_nonce(self._n, is_last=is_last), piece, None)
        except (InvalidTag, ValueError):
            raise VerificationError(
                "backup.damaged",
                "the backup is damaged or cut off after {n} of its pieces of 64 KiB; take another copy of it",
                n=self._n,
            ) from None
        self._n = -1 if is_last else self._n + 1
        return plain


def read_recipient(path: Path) -> Opener:
    """The public key in a recipient file: closes backups, opens none."""
    return Opener(key=_read_key(path, _RECIPIENT))


def read_identity(path: Path) -> Opener:
    """The private key in an identity file: opens what was closed for its recipient."""
    return Opener(key=_read_key(path, _IDENTITY))


def make_identity(path: Path) -> str:
    """Write a new private key to `path` (0600, never over a file) and return the line of its recipient.

    Raises
    ------
    InputError
        The file exists.
    UnavailableError
        It cannot be written.
    """
    if path.exists():
        raise InputError(
            "backup.exists", "{file} exists; it is not written over, choose another name", file=str(path)
        )
    private = X25519PrivateKey.generate()
    try:
        write_private(path, f"{_IDENTITY}{private.private_bytes_raw().hex()}\n".encode())
    except OSError as error:
        raise disk_error(path, error) from error
    return f"{_RECIPIENT}{private.public_key().public_bytes_raw().hex()}"


def disk_error(path: Path, error: OSError) -> UnavailableError:
    """What a full or broken disk is in our own error tree."""
    return UnavailableError(
        "backup.disk",
        "{file} cannot be read or written ({reason}); nothing was left behind, make room or choose"
        " another place",
        file=str(path),
        reason=error.strerror or os.strerror(error.errno or 5),
    )


def _read_key(path: Path, form: str) -> bytes:
    try:
        text = path.read_text("ascii")
        key = bytes.fromhex(text.removeprefix(form).strip()) if text.startswith(form) else b""
    except OSError as error:
        raise disk_error(path, error) from error
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InputError(
            "backup.key-file",
            "{file} does not begin with “{form}” and 64 hexadecimal digits",
            file=str(path),
            form=form.strip(),
        )
    return key


def _lock(file_key: bytes, opener: Opener) -> dict[str, Json]:
    if opener.key is not None:
        ephemeral = X25519PrivateKey.generate()
        public = ephemeral.public_key().public_bytes_raw()
        wrap = _exchange(ephemeral, opener.key, public, opener.key)
        return {
            "ephemeral": public.hex(),
            "kind": "x25519",
            "recipient": opener.key.hex(),
            "wrapped": _wrap(wrap, file_key),
        }
    passphrase = opener.passphrase or ""
    if len(passphrase) < MIN_PASSPHRASE:
        raise InputError("backup.passphrase", "a passphrase has at least {n} characters", n=MIN_PASSPHRASE)
    salt = secrets.token_bytes(16)
    wrap = Scrypt(salt, 32, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase.encode())
    costs: dict[str, Json] = {"n": SCRYPT_N, "p": SCRYPT_P, "r": SCRYPT_R}
    return {"kind": "scrypt", "salt": salt.hex(), "wrapped": _wrap(wrap, file_key), **costs}


def _unlock(header: dict[str, Any], opener: Opener) -> bytes:
    kind, wrapped = header["kind"], bytes.fromhex(header["wrapped"])
    if kind == "scrypt":
        if opener.passphrase is None:
            raise InputError(
                "backup.needs-passphrase", "this backup opens with a passphrase, not with an identity file"
            )
        if not 1 < header["n"] <= MAX_SCRYPT_N or header["r"] != SCRYPT_R or header["p"] != SCRYPT_P:
            raise ValueError("scrypt")
        salt = bytes.fromhex(header["salt"])
        wrap = Scrypt(salt, 32, n=header["n"], r=header["r"], p=header["p"]).derive(
            opener.passphrase.encode()
        )
    elif kind == "x25519":
        if opener.key is None:
            raise InputError(
                "backup.needs-identity",
                "this backup opens with an identity file (--identity), not with a passphrase",
            )
        private = X25519PrivateKey.from_private_bytes(opener.key)
        ephemeral = bytes.fromhex(header["ephemeral"])
        wrap = _exchange(private, ephemeral, ephemeral, private.public_key().public_bytes_raw())
    else:
        raise ValueError(kind)
    try:
        return AESGCM(wrap).decrypt(_NO_NONCE, wrapped, MAGIC)
    except InvalidTag:
        raise InputError(
            "backup.locked", "the backup does not open with this passphrase or identity"
        ) from None


def _exchange(private: X25519PrivateKey, other: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    shared = private.exchange(X25519PublicKey.from_public_bytes(other))
    info = b"agency-credit.backup/1 recipient"
    return HKDF(hashes.SHA256(), 32, salt=ephemeral + recipient, info=info).derive(shared)


def _wrap(key: bytes, file_key: bytes) -> str:
    return AESGCM(key).encrypt(_NO_NONCE, file_key, MAGIC).hex()


def _payload_key(file_key: bytes, header: bytes) -> bytes:
    salt = hashlib.sha256(header).digest()  # binds every piece to the header
    return HKDF(hashes.SHA256(), 32, salt=salt, info=b"agency-credit.backup/1 payload").derive(file_key)


def _nonce(n: int, *, is_last: bool) -> bytes:
    return n.to_bytes(11, "big") + (b"\x01" if is_last else b"\x00")
