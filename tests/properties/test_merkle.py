"""The Merkle tree against the recursive definitions of RFC 6962, for every size and index up to 64."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agency_credit.publication import merkle

MOST = 64
LEAVES = [merkle.hash_leaf(b"%d" % i) for i in range(MOST)]


def split(n: int) -> int:
    """The largest power of two smaller than n (RFC 6962, 2.1)."""
    return 1 << (n - 1).bit_length() - 1


def root_by_text(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return merkle.hash_children(root_by_text(leaves[:k]), root_by_text(leaves[k:]))


def path_by_text(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path_by_text(m, leaves[:k]), root_by_text(leaves[k:])]
    return [*path_by_text(m - k, leaves[k:]), root_by_text(leaves[:k])]


def consistency_by_text(m: int, leaves: list[bytes], is_whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if is_whole else [root_by_text(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*consistency_by_text(m, leaves[:k], is_whole), root_by_text(leaves[k:])]
    return [*consistency_by_text(m - k, leaves[k:], False), root_by_text(leaves[:k])]


@pytest.fixture(scope="module")
def roots() -> list[bytes]:
    return [root_by_text(LEAVES[:n]) for n in range(MOST + 1)]


def test_the_root_is_the_one_of_the_text_for_every_size(roots: list[bytes]) -> None:
    assert [merkle.root(LEAVES[:n]) for n in range(MOST + 1)] == roots


def test_every_leaf_of_every_size_is_proven_by_the_path_of_the_text(roots: list[bytes]) -> None:
    for n in range(1, MOST + 1):
        for index in range(n):
            path = merkle.inclusion_proof(LEAVES[:n], index)
            assert path == path_by_text(index, LEAVES[:n])
            assert merkle.is_included(LEAVES[index], index, n, path, roots[n])


def test_a_path_proves_no_other_index_of_the_tree(roots: list[bytes]) -> None:
    for n in range(2, 34):
        for index in range(n):
            path = merkle.inclusion_proof(LEAVES[:n], index)
            others = [i for i in range(n) if merkle.is_included(LEAVES[index], i, n, path, roots[n])]
            assert others == [index]


def test_every_earlier_size_is_proven_consistent_as_in_the_text(roots: list[bytes]) -> None:
    for n in range(1, MOST + 1):
        for m in range(1, n + 1):
            proof = merkle.consistency_proof(LEAVES[:n], m)
            assert proof == consistency_by_text(m, LEAVES[:n])
            assert merkle.is_consistent(m, roots[m], n, roots[n], proof)


def test_a_consistency_proof_fits_no_other_old_size_or_root(roots: list[bytes]) -> None:
    for n in range(2, 20):
        for m in range(1, n):
            proof = merkle.consistency_proof(LEAVES[:n], m)
            assert not merkle.is_consistent(m, LEAVES[63], n, roots[n], proof)
            assert not merkle.is_consistent(m, roots[m], n, LEAVES[63], proof)
            assert not any(
                merkle.is_consistent(k, roots[k], n, roots[n], proof) for k in range(1, n) if k != m
            )


def test_the_empty_tree_begins_every_tree(roots: list[bytes]) -> None:
    assert merkle.consistency_proof(LEAVES, 0) == []
    assert merkle.is_consistent(0, merkle.EMPTY_ROOT, MOST, roots[MOST], [])
    assert not merkle.is_consistent(0, LEAVES[0], MOST, roots[MOST], [])
    assert not merkle.is_consistent(5, roots[5], 4, roots[4], [])


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_outside_the_tree_has_no_proof(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(LEAVES[:3], index)
    assert not merkle.is_included(LEAVES[0], index, 3, [], merkle.root(LEAVES[:3]))


@settings(deadline=None, max_examples=200)
@given(n=st.integers(0, 300), cut=st.integers(0, 300))
def test_a_tree_grows_without_its_old_leaves(n: int, cut: int) -> None:
    leaves = [merkle.hash_leaf(b"%d" % i) for i in range(n)]
    cut = min(cut, n)
    peaks = merkle.extend_peaks((), 0, leaves[:cut])
    assert len(peaks) == cut.bit_count()
    assert merkle.root_of_peaks(merkle.extend_peaks(peaks, cut, leaves[cut:])) == root_by_text(leaves)


@settings(deadline=None, max_examples=200)
@given(
    n=st.integers(2, 200),
    index=st.integers(0, 10**6),
    where=st.integers(0, 10**6),
    change=st.sampled_from(["bit", "drop", "double", "swap"]),
)
def test_a_path_with_any_change_proves_nothing(n: int, index: int, where: int, change: str) -> None:
    leaves = [merkle.hash_leaf(b"%d" % i) for i in range(n)]
    index %= n
    path = merkle.inclusion_proof(leaves, index)
    k = where % len(path)
    if change == "bit":
        path[k] = bytes([path[k][0] ^ 1]) + path[k][1:]
    elif change == "drop":
        del path[k]
    elif change == "double":
        path.insert(k, path[k])
    else:
        path.append(path[0])
    assert not merkle.is_included(leaves[index], index, n, path, merkle.root(leaves))


# The tree of the Certificate Transparency reference implementation: leaves and roots by size.
CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
CT_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("size", CT_ROOTS)
def test_the_roots_of_the_ct_reference_come_out(size: int) -> None:
    leaves = [merkle.hash_leaf(bytes.fromhex(leaf)) for leaf in CT_LEAVES[:size]]
    assert merkle.root(leaves).hex() == CT_ROOTS[size]


def test_the_paths_of_the_ct_reference_come_out() -> None:
    leaves = [merkle.hash_leaf(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    assert [node.hex()[:16] for node in merkle.inclusion_proof(leaves, 5)] == [
        "bc1a0643b12e4d2d",
        "ca854ea128ed050b",
        "d37ee418976dd957",
    ]
    assert [node.hex()[:16] for node in merkle.consistency_proof(leaves, 6)] == [
        "0ebc5d3437fbe2db",
        "ca854ea128ed050b",
        "d37ee418976dd957",
    ]
