"""Tickets: one number for each name, fixed by the seed (draw-protocol.md, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from agency_credit.domain.errors import InputError

TARGET = "target"
PAIR = "pair"
TICKET_BYTES = 32


def ticket(seed: str, domain: str, identifier: str) -> str:
    """SHA-256 of ``seed,domain,identifier`` as 64 hexadecimal digits.

    Parameters
    ----------
    seed
        64 lower-case hexadecimal digits.
    domain
        ``"target"`` (identifier = unit) or ``"pair"`` (identifier = unit + ``/`` + inspector).
    """
    return sha256(f"{seed},{domain},{identifier}".encode()).hexdigest()


def digests(seed: str, domain: str, identifiers: Sequence[str]) -> list[bytes]:
    """Ticket of each of the n identifiers as 32 bytes; they compare as the 256-bit integers do."""
    start = sha256(seed.encode())  # the seed is one whole block: hashed once, copied for each ticket
    tickets_ = []
    for identifier in identifiers:
        state = start.copy()
        state.update(f",{domain},{identifier}".encode())
        tickets_.append(state.digest())
    return tickets_


def tickets(seed: str, domain: str, identifiers: Sequence[str]) -> NDArray[np.uint64]:
    """Tickets of n identifiers, shape (n, 4): the whole ticket as words, the most significant first."""
    return words(digests(seed, domain, identifiers))


def words(tickets_: Sequence[bytes]) -> NDArray[np.uint64]:
    """Tickets of 32 bytes as words, shape (n, 4)."""
    return np.frombuffer(b"".join(tickets_), dtype=">u8").reshape(-1, 4).astype(np.uint64)


def ticket_order(drawn: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Rows of `drawn`, shape (n, 4), from the smallest ticket to the largest.

    Raises
    ------
    InputError
        Two tickets are equal: the order would not be the protocol's.
    """
    order = np.lexsort(drawn.T[::-1])
    ranked = drawn[order]
    if bool((ranked[1:] == ranked[:-1]).all(axis=1).any()):
        raise equal_tickets()
    return order


def equal_tickets() -> InputError:
    """The error of section 5 for two equal tickets."""
    return InputError("ticket.equal", "two tickets are equal; this draw cannot stand, announce a new one")
