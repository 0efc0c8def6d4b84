"""Key files outside the database: one signs the public log, one seals nonces and salts.

The folder has mode 0700, the files 0600. A key is made at first use and never overwritten; with the
database in one hand and the keys in another, neither hand alone can know a draw in advance.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agency_credit.domain.errors import RefusedError, UnavailableError
from agency_credit.publication.entry import format_instant, parse_instant
from agency_credit.publication.note import VerifierKey
from agency_credit.settings import Settings

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """A key that signs the public log; a `Signer`.

    Parameters
    ----------
    name
        Origin of the log, also the name in the signature lines.
    retired_at
        When another key took over; it goes on signing beside it for a while.
    """

    name: str
    private: Ed25519PrivateKey
    retired_at: datetime | None = None

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(name=self.name, public_key=self.private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of the same name apart."""
        return self.verifier.key_id

    def sign(self, text: bytes) -> bytes:
        """The 64 bytes of the Ed25519 signature."""
        return self.private.sign(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of an office.

    Parameters
    ----------
    log
        The keys of the log, the present one first.
    """

    folder: Path
    log: tuple[LogKey, ...]
    secret: bytes

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt `plain` (AES-256-GCM), bound to `context`: it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, plain, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """What `seal` encrypted.

        Raises
        ------
        UnavailableError
            Another key, another context, or damaged.
        """
        try:
            plain: bytes = AESGCM(self.secret).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()
            )
        except InvalidTag as error:
            raise UnavailableError(
                "key.secret-wrong",
                "a sealed number does not open with {file}; put back the key file of this database",
                file="keys/secret.json",
            ) from error
        return plain


def open_keys(settings: Settings) -> Keys:
    """Read the key files, making those that are missing.

    Raises
    ------
    RefusedError
        Others may read a key file.
    UnavailableError
        A key file is damaged or cannot be read.
    """
    folder = settings.keys
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    if not (folder / "secret.json").exists():
        _write_new(folder / "secret.json", {"secret": secrets.token_hex(32)})
    if not (folder / "log.json").exists():
        # The origin of a log is for ever, so it does not depend on addresses or names of offices.
        origin = f"agency-credit/{secrets.token_hex(8)}"
        _write_new(folder / "log.json", {"keys": [_new_log_key(origin)]})
    secret = _read(folder / "secret.json", "secret")
    log = _read(folder / "log.json", "keys")
    return Keys(folder=folder, log=tuple(_parse_log_key(item) for item in log), secret=bytes.fromhex(secret))


def write_rotated_key(keys: Keys, at: datetime) -> Keys:
    """Make a new key for the log; the old one stays, marked as retired at `at`."""
    old = [{**_format_log_key(key), "retired_at": format_instant(key.retired_at or at)} for key in keys.log]
    document = {"keys": [_new_log_key(keys.log[0].name), *old]}
    fresh = keys.folder / f".log.{secrets.token_hex(4)}.json"
    _write_new(fresh, document)
    fresh.rename(keys.folder / "log.json")
    _sync(keys.folder)
    return Keys(
        folder=keys.folder,
        log=tuple(_parse_log_key(item) for item in document["keys"]),
        secret=keys.secret,
    )


def _new_log_key(origin: str) -> dict[str, Any]:
    return _format_log_key(LogKey(name=origin, private=Ed25519PrivateKey.generate()))


def _format_log_key(key: LogKey) -> dict[str, Any]:
    return {"name": key.name, "private": key.private.private_bytes_raw().hex()}


def _parse_log_key(item: dict[str, Any]) -> LogKey:
    retired = item.get("retired_at")
    return LogKey(
        name=item["name"],
        private=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(item["private"])),
        retired_at=parse_instant(retired) if retired else None,
    )


def _read(path: Path, key: str) -> Any:
    if path.stat().st_mode & 0o077:
        raise RefusedError(
            "key.permissions", "others may read {file}; run: chmod 600 {file}", file=f"keys/{path.name}"
        )
    try:
        return json.loads(path.read_text("utf-8"))[key]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnavailableError(
            "key.damaged", "{file} cannot be read; put back its backup", file=f"keys/{path.name}"
        ) from error


def _write_new(path: Path, document: dict[str, Any]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
