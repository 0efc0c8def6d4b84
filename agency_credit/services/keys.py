"""The key files: what signs the public log, and what seals secrets in the database.

They lie in a folder of their own outside the database (mode 0700, files 0600):

- ``log.json``: the origin of the log and its Ed25519 keys, the first one first. Which of them sign, and
  until when, the log itself tells (its ``key.rotated`` entries), so that no crash can leave the file
  and the log in disagreement.
- ``secret.json``: one AES-256-GCM key. Each sealed value is bound to its context, such as a draw and source.
  The archive of forgotten records and the tags by which they are known again have keys of their own, derived
  from it (HKDF-SHA256): whoever loses the file loses them as well.

Files appear whole or not at all, and are read anew at each use: a rotation by one process counts at
once in all others.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agency_credit.database.tables import Checkpoint, DrawPseudonym, DrawSecret, SealedRecord
from agency_credit.domain.canonical import Json, format_canonical
from agency_credit.domain.errors import InputError, UnavailableError, VerificationError
from agency_credit.publication.checkpoint import verify_checkpoint
from agency_credit.publication.note import VerifierKey
from agency_credit.services.disk import write_private
from agency_credit.settings import Settings

_SEAL_FORM = b"\x01"
_NONCE_BYTES = 12
"""A random 96-bit nonce for each value (NIST SP 800-38D, 8.2.2; good for 2^32 values of one key)."""


@dataclass(frozen=True, slots=True)
class LogSigner:
    """One Ed25519 key of the log: a `agency_credit.publication.note.Signer`."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """What outsiders need to check its signatures."""
        return VerifierKey(name=self.name, public_key=self.private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        """The four bytes before each of its signatures."""
        return self.verifier.key_id

    def sign(self, text: bytes) -> bytes:
        """Ed25519 signature over `text`."""
        return self.private.sign(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key files of one office; nothing of them is kept in memory longer than a use.

    Parameters
    ----------
    folder
        Where they lie.
    """

    folder: Path

    def seal(self, plaintext: bytes, context: str, purpose: str = "") -> bytes:
        """Encrypt `plaintext` so that it opens only with this key and the same `context` and `purpose`.

        Parameters
        ----------
        purpose
            Takes a key of its own, derived from the one in the file; empty: that one itself.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = AESGCM(self._key_for(purpose)).encrypt(nonce, plaintext, context.encode())
        return _SEAL_FORM + nonce + box

    def unseal(self, sealed: bytes, context: str, purpose: str = "") -> bytes:
        """The plaintext that `seal` sealed with the same `context` and `purpose`.

        Raises
        ------
        UnavailableError
            Another key, another context, or the sealed bytes were changed.
        """
        nonce, box = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if not sealed.startswith(_SEAL_FORM) or len(nonce) != _NONCE_BYTES:
                raise InvalidTag
            return AESGCM(self._key_for(purpose)).decrypt(nonce, box, context.encode())
        except InvalidTag:
            raise UnavailableError(
                "keys.sealed",
                "a sealed value ({context}) does not open with {file}; put back the key file that belongs"
                " to this database",
                context=context,
                file=str(self.folder / "secret.json"),
            ) from None

    def tag(self, data: bytes, purpose: str) -> str:
        """HMAC-SHA256 of `data` under a key of this purpose, in hexadecimal: nobody else can try values."""
        return hmac.new(self._key_for(purpose), data, hashlib.sha256).hexdigest()

    def load_log_signers(self) -> tuple[LogSigner, ...]:
        """All keys of the log, the first one first; those not used yet included."""
        value = _read_key_file(self.folder / "log.json")
        try:
            signers = tuple(
                LogSigner(
                    value["origin"], Ed25519PrivateKey.from_private_bytes(bytes.fromhex(pair["private"]))
                )
                for pair in value["keys"]
            )
            publics = [signer.verifier.public_key.hex() for signer in signers]
            if not signers or publics != [pair["public"] for pair in value["keys"]]:
                raise ValueError("public")
        except (KeyError, TypeError, ValueError):
            raise _damaged(self.folder / "log.json") from None
        return signers

    def append_log_key(self) -> LogSigner:
        """Make another key for the log; it signs once the log says so."""
        with _locked(self.folder):
            signers = self.load_log_signers()
            fresh = LogSigner(signers[0].name, Ed25519PrivateKey.generate())
            _write_key_file(self.folder / "log.json", _log_file([*signers, fresh]))
        return fresh

    def _key_for(self, purpose: str) -> bytes:
        key = self._read_secret()
        if not purpose:
            return key
        info = f"agency-credit {purpose}/1".encode()
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)

    def _read_secret(self) -> bytes:
        value = _read_key_file(self.folder / "secret.json")
        try:
            key = bytes.fromhex(value["key"])
            if len(key) != 32 or value["check"] != _check_of(key):
                raise ValueError("check")
        except (KeyError, TypeError, ValueError):
            raise _damaged(self.folder / "secret.json") from None
        return key


async def open_keys(settings: Settings) -> Keys:
    """The key files of this office, made at the first start; needs the started database.

    Raises
    ------
    UnavailableError
        A file can be read by others, is damaged or of another installation, or is missing although the
        database holds what only this file opens or continues.
    """
    keys = Keys(folder=settings.keys)
    head = await Checkpoint.select(Checkpoint.note).order_by(Checkpoint.size, ascending=False).first()
    has_sealed = await DrawSecret.exists() or await DrawPseudonym.exists() or await SealedRecord.exists()
    _prepare_folder(settings.keys)
    with _locked(settings.keys):
        if not (settings.keys / "log.json").exists():
            _refuse_new(settings.keys / "log.json", is_needed=head is not None)
            _write_key_file(settings.keys / "log.json", _first_log_file())
        if not (settings.keys / "secret.json").exists():
            _refuse_new(settings.keys / "secret.json", is_needed=has_sealed)
            key = secrets.token_bytes(32)
            _write_key_file(
                settings.keys / "secret.json", {"check": _check_of(key), "key": key.hex(), "v": 1}
            )
    signers = keys.load_log_signers()
    keys.unseal(keys.seal(b"", "start"), "start")
    if head is not None:
        check_own_log(head["note"], signers, settings.keys / "log.json")
    return keys


def check_own_log(note: str, signers: tuple[LogSigner, ...], path: Path) -> None:
    """A head of this log was signed with these keys.

    Raises
    ------
    UnavailableError
        The key file at `path` is of another office.
    """
    try:
        verify_checkpoint(note, [signer.verifier for signer in signers])
    except (VerificationError, InputError) as error:
        raise UnavailableError(
            "keys.foreign",
            "{file} is not the key file that signed this log; put back the one that belongs to this database",
            file=str(path),
        ) from error


def _first_log_file() -> dict[str, Json]:
    # The origin stays when keys rotate; from the first key, so that no two offices share one.
    private = Ed25519PrivateKey.generate()
    name = hashlib.sha256(private.public_key().public_bytes_raw()).hexdigest()[:16]
    return _log_file([LogSigner(f"agency-credit.log/{name}", private)])


def _log_file(signers: list[LogSigner]) -> dict[str, Json]:
    pairs: list[Json] = [
        {"private": signer.private.private_bytes_raw().hex(), "public": signer.verifier.public_key.hex()}
        for signer in signers
    ]
    return {"keys": pairs, "origin": signers[0].name, "v": 1}


def _check_of(key: bytes) -> str:
    return hashlib.sha256(b"agency-credit secret\n" + key).hexdigest()


def _prepare_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_private(folder, "700")


def _check_private(path: Path, mode: str) -> None:
    if path.stat().st_mode & 0o077:
        raise UnavailableError(
            "keys.open",
            "other users of this machine may read {file}; run: chmod {mode} {file}",
            file=str(path),
            mode=mode,
        )


def _refuse_new(path: Path, *, is_needed: bool) -> None:
    if is_needed:
        raise _missing(path)


def _missing(path: Path) -> UnavailableError:
    return UnavailableError(
        "keys.missing",
        "the key file {file} is missing, and the database needs it; put it back from the backup of the keys",
        file=str(path),
    )


def _damaged(path: Path) -> UnavailableError:
    return UnavailableError(
        "keys.damaged",
        "the key file {file} is damaged; put it back from the backup of the keys",
        file=str(path),
    )


def _read_key_file(path: Path) -> dict[str, Any]:
    try:
        _check_private(path, "600")
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise _missing(path) from None
    except ValueError:
        raise _damaged(path) from None
    except OSError as error:
        raise UnavailableError(
            "keys.unreadable",
            "the key file {file} cannot be read ({reason})",
            file=str(path),
            reason=error.strerror or str(error),
        ) from error
    if not isinstance(value, dict):
        raise _damaged(path)
    return value


def _write_key_file(path: Path, value: dict[str, Json]) -> None:
    """Put the file in its place, whole and on the disk, readable by its owner alone."""
    try:
        write_private(path, format_canonical(value))
    except OSError as error:
        raise UnavailableError(
            "keys.unwritable",
            "the key file {file} cannot be written ({reason}); nothing was changed",
            file=str(path),
            reason=error.strerror or str(error),
        ) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time makes or changes key files."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
