"""The Merkle tree of the log: RFC 6962 with SHA-256, iterative, over leaf hashes.

All functions take the hashes of the leaves (`hash_leaf`), 32 bytes each, in the order of the log.
Verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2, which spell out the steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def hash_leaf(data: bytes) -> bytes:
    """Hash of a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def extend_peaks(peaks: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> list[bytes]:
    """Roots of the perfect subtrees of a tree of `size` leaves after appending `leaves`.

    The perfect subtrees stand from left to right, one for each 1 in the binary form of the size, so
    that a tree grows without hashing its old leaves again.
    """
    grown = list(peaks)
    for leaf in leaves:
        node = leaf
        for _ in range((~size & (size + 1)).bit_length() - 1):  # as many merges as size has trailing 1s
            node = hash_children(grown.pop(), node)
        grown.append(node)
        size += 1
    return grown


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """Root of the tree with these perfect subtrees; of none: the hash of nothing."""
    if not peaks:
        return EMPTY_ROOT
    node = peaks[-1]
    for peak in reversed(peaks[:-1]):
        node = hash_children(peak, node)
    return node


def root(leaves: Sequence[bytes]) -> bytes:
    """Merkle Tree Hash of `leaves`."""
    return root_of_peaks(extend_peaks((), 0, leaves))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of leaf `index`, from its sibling up (RFC 6962, 2.1.1)."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    proof, level = [], list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            proof.append(level[index ^ 1])
        level, index = _level_above(level), index >> 1
    return proof


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the tree of the first `old_size` leaves is a beginning of this one (RFC 6962, 2.1.2)."""
    if not 0 <= old_size <= len(leaves):
        raise IndexError(old_size)
    if old_size in (0, len(leaves)):
        return []
    node, level, proof = old_size - 1, list(leaves), []
    while node & 1:  # up to the largest perfect subtree that ends the old tree
        level, node = _level_above(level), node >> 1
    if node:
        proof.append(level[node])
    while len(level) > 1:
        if node ^ 1 < len(level):
            proof.append(level[node ^ 1])
        level, node = _level_above(level), node >> 1
    return proof


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root`."""
    if not 0 <= index < size:
        return False
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = hash_children(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = hash_children(result, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def is_consistent(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree under `new_root` begins with the one under `old_root`."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size == new_size:
        return not proof and old_root == new_root
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = hash_children(sibling, old), hash_children(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = hash_children(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """The next level: pairs hashed together, an odd last node taken up as it is."""
    pairs = [hash_children(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) & 1 else pairs
