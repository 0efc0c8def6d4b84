"""Commitments, pseudonyms and the seed of a draw (draw-protocol.md, sections 4 and 8)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from agency_credit.domain.canonical import digest
from agency_credit.sampling.fields import require_hexadecimal


def commitment(draw: str, party: str, nonce: str) -> str:
    """What a party announces of its nonce.

    Parameters
    ----------
    nonce
        32 random bytes as 64 lower-case hexadecimal digits; sealed until the reveal.

    Raises
    ------
    InputError
        The nonce is not in that form.
    """
    require_hexadecimal(nonce, "nonce")
    return _hash("commitment", draw, party, nonce)


def pseudonym(draw: str, salt: str, certificate: str) -> str:
    """Name of an inspector in one draw, 64 hexadecimal digits; `salt` as `nonce` above, fresh each draw."""
    require_hexadecimal(salt, "salt")
    return _hash("inspector", draw, salt, unicodedata.normalize("NFC", certificate))


def unit_pseudonym(draw: str, salt: str, certificate: str) -> str:
    """Name of a practitioner who is a unit of a draw; else as `pseudonym`."""
    require_hexadecimal(salt, "salt")
    return _hash("unit", draw, salt, unicodedata.normalize("NFC", certificate))


def derive_seed(announcement: bytes, values: Sequence[str]) -> str:
    """Seed of a draw, 64 hexadecimal digits.

    Parameters
    ----------
    announcement
        The bytes of `announcement.json`.
    values
        Value of each source, in the plan's order; `check_reveal` says whether they are in form.
    """
    return _hash("seed", digest(announcement), *values)


def _hash(purpose: str, *lines: str) -> str:
    return digest("".join(f"{line}\n" for line in (f"double-random/1 {purpose}", *lines)).encode())
