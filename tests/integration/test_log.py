"""The public log on both databases: appending, signing, proving, reading, and what it refuses."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Checkpoint, LogBody, LogEntry
from agency_credit.domain.errors import (
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
    VerificationError,
)
from agency_credit.domain.role import SYSTEM, Actor
from agency_credit.publication.checkpoint import verify_checkpoint
from agency_credit.publication.entry import parse_entry
from agency_credit.publication.merkle import consistency_proof, hash_leaf, is_consistent
from agency_credit.publication.note import parse_note, parse_verifier_key
from agency_credit.publication.proof import parse_proof, verify_proof
from agency_credit.services.key_rotation import rotate_log_key
from agency_credit.services.log import (
    append_log_entry,
    load_checkpoint,
    load_entries,
    load_log_keys,
    load_proof,
    sign_checkpoint,
)
from agency_credit.services.office import Office, close_office, open_office
from tests.conftest import Clock

SECRET = {"agency": "91110000600037341L", "findings": "未发现问题"}


async def append(office: Office, n: int = 1, *, is_committed: bool = False) -> int:
    """Append entries in one transaction; the index of the last."""
    index = -1
    async with transaction():
        for _ in range(n):
            body = SECRET if is_committed else {"announcement": "a" * 64}
            kind = "result.published" if is_committed else "draw.announced"
            index = await append_log_entry(kind, "D1", body, at=office.now(), is_committed=is_committed)
    return index


async def append_and_refuse(office: Office) -> None:
    async with transaction():
        await append_log_entry("draw.announced", "D1", {}, at=office.now(), is_committed=False)
        raise RefusedError("test.stop", "stop")


async def vkeys(office: Office) -> list[str]:
    return [key.text for key in await load_log_keys(office)]


async def test_entries_are_counted_from_zero_without_gaps(office: Office) -> None:
    assert await append(office, 3) == 2
    with pytest.raises(RefusedError):
        await append_and_refuse(office)
    assert await append(office) == 3


async def test_parallel_writers_get_one_index_each(office: Office) -> None:
    indexes = await asyncio.gather(*(append(office) for _ in range(8)))
    assert sorted(indexes) == list(range(8))


async def test_a_stored_entry_is_canonical_and_carries_its_leaf_hash(office: Office) -> None:
    await append(office)
    row = await LogEntry.select().first()
    assert row is not None
    assert parse_entry(bytes(row["entry"])).at == office.now()
    assert bytes(row["leaf_hash"]) == hash_leaf(bytes(row["entry"]))


async def test_an_unknown_type_is_no_entry(office: Office) -> None:
    with pytest.raises(ValueError, match=r"draw\.invented"):
        await append_log_entry("draw.invented", "D1", {}, at=office.now(), is_committed=False)


async def test_a_checkpoint_covers_all_entries_and_is_signed_once(office: Office) -> None:
    await append(office, 5)
    note = await sign_checkpoint(office)
    assert note is not None
    checkpoint = verify_checkpoint(note, [parse_verifier_key(text) for text in await vkeys(office)])
    assert checkpoint.size == 5
    assert await sign_checkpoint(office) == note == await load_checkpoint()
    assert await Checkpoint.count() == 1


async def test_every_checkpoint_continues_the_one_before(office: Office) -> None:
    heads = []
    for n in (1, 2, 4, 1):
        await append(office, n)
        note = await sign_checkpoint(office)
        assert note is not None
        heads.append(verify_checkpoint(note, [parse_verifier_key(text) for text in await vkeys(office)]))
    leaves = [bytes(row["leaf_hash"]) for row in await LogEntry.select().order_by(LogEntry.index)]
    for old in heads:
        proof = consistency_proof(leaves, old.size)
        assert is_consistent(old.size, old.root, 8, heads[-1].root, proof)


async def test_nothing_is_signed_over_an_empty_log(office: Office) -> None:
    assert await sign_checkpoint(office) is None
    assert await load_checkpoint() is None


async def test_parallel_signers_sign_one_checkpoint(office: Office) -> None:
    await append(office, 3)
    notes = await asyncio.gather(*(sign_checkpoint(office) for _ in range(4)))
    assert len(set(notes)) == 1
    assert await Checkpoint.count() == 1


@pytest.mark.parametrize("size", [2, 9])
async def test_a_log_that_does_not_continue_its_checkpoint_is_not_signed(office: Office, size: int) -> None:
    """Size 2: another root was signed over the first entries. Size 9: entries were lost since."""
    await append(office, 3)
    await Checkpoint.insert(Checkpoint(size=size, root="0" * 64, note="", signed_at=office.now()))
    with pytest.raises(VerificationError) as caught:
        await sign_checkpoint(office)
    assert caught.value.code == "log.forked"
    assert await Checkpoint.count() == 1


async def test_each_entry_has_a_proof_that_verifies_from_the_keys_alone(office: Office) -> None:
    await append(office, 4)
    await append(office, 3, is_committed=True)
    await sign_checkpoint(office)
    keys = [parse_verifier_key(text) for text in await vkeys(office)]
    for index in range(7):
        proven = verify_proof(parse_proof(await load_proof(office, index)), keys)
        assert proven.index == index
        assert proven.checkpoint.size == 7
        assert proven.body == (SECRET if index > 3 else {"announcement": "a" * 64})


async def test_a_hidden_body_stays_out_of_the_entry_and_can_be_forgotten(office: Office) -> None:
    index = await append(office, is_committed=True)
    await sign_checkpoint(office)
    row = await LogEntry.select().first()
    assert row is not None
    assert SECRET["agency"].encode() not in bytes(row["entry"])
    await LogBody.delete().where(LogBody.log_index == index)
    keys = [parse_verifier_key(text) for text in await vkeys(office)]
    proven = verify_proof(parse_proof(await load_proof(office, index)), keys)
    assert proven.body is None
    assert proven.entry.commitment


async def test_equal_bodies_have_different_commitments(office: Office) -> None:
    await append(office, 2, is_committed=True)
    page = await load_entries(office)
    assert len({item.commitment for item in page.items}) == 2


async def test_an_entry_that_no_checkpoint_covers_has_no_proof_yet(office: Office) -> None:
    await append(office)
    with pytest.raises(NotFoundError):
        await load_proof(office, 0)
    await sign_checkpoint(office)
    for index in (-1, 1):
        with pytest.raises(NotFoundError):
            await load_proof(office, index)


async def test_pages_run_from_the_newest_entry_to_the_oldest(office: Office) -> None:
    await append(office, 5)
    first = await load_entries(office, limit=2)
    assert ([item.index for item in first.items], first.total, first.cursor) == ([4, 3], 5, "3")
    last = await load_entries(office, cursor="1", limit=2)
    assert ([item.index for item in last.items], last.cursor) == ([0], None)
    assert first.items[0].body == {"announcement": "a" * 64}


async def test_a_page_that_makes_no_sense_is_refused(office: Office) -> None:
    for cursor, limit in (("x", 1), ("-1", 1), ("٣", 1), ("9" * 30, 1), ("", 0), ("", 201)):
        with pytest.raises(InputError):
            await load_entries(office, cursor=cursor, limit=limit)


async def test_a_rotated_key_signs_beside_the_new_one_for_90_days(
    office: Office, operator: Actor, clock: Clock
) -> None:
    old = (await vkeys(office))[0]
    new = await rotate_log_key(office, operator)
    entry = parse_entry(bytes((await LogEntry.select().first() or {})["entry"]))
    assert (entry.type.value, dict(entry.body)) == ("key.rotated", {"new": new, "old": old})
    for days, signers in ((0, [new, old]), (89, [new, old]), (1, [new])):
        clock.forward(days=days)
        await append(office)
        note = parse_note(await sign_checkpoint(office) or "")
        assert [line.key_id for line in note.signatures] == [parse_verifier_key(k).key_id for k in signers]


async def test_the_key_list_tells_from_when_to_when_each_key_signs(
    office: Office, operator: Actor, clock: Clock
) -> None:
    await rotate_log_key(office, operator)
    clock.forward(days=10)
    await rotate_log_key(office, operator)
    first, second, third = await load_log_keys(office)
    assert (first.signs_from, third.signs_until) == (None, None)
    assert first.signs_until == second.signs_from + timedelta(days=90)  # type: ignore[operator]
    assert second.signs_until == third.signs_from + timedelta(days=90)  # type: ignore[operator]
    assert len({first.text, second.text, third.text}) == 3


async def test_a_key_that_a_broken_rotation_left_behind_signs_nothing_and_is_used_next(
    office: Office, operator: Actor
) -> None:
    left = office.keys.append_log_key()
    await append(office)
    assert len(parse_note(await sign_checkpoint(office) or "").signatures) == 1
    assert len(await load_log_keys(office)) == 1
    assert parse_verifier_key(await rotate_log_key(office, operator)) == left.verifier


async def test_only_an_administrator_rotates_the_key(office: Office) -> None:
    with pytest.raises(ForbiddenError):
        await rotate_log_key(office, SYSTEM)
    assert len(office.keys.load_log_signers()) == 1


async def test_an_older_key_file_that_lacks_the_present_key_is_refused(
    office: Office, operator: Actor
) -> None:
    path = office.keys.folder / "log.json"
    before = path.read_bytes()
    await rotate_log_key(office, operator)
    path.write_bytes(before)
    assert len(json.loads(before)["keys"]) == 1
    with pytest.raises(UnavailableError) as caught:
        await load_log_keys(office)
    assert caught.value.code == "keys.incomplete"


async def test_an_entry_that_a_killed_process_left_unsigned_is_signed_at_the_next_start(
    office: Office, clock: Clock
) -> None:
    await append(office)
    assert await load_checkpoint() is None
    again = await open_office(office.settings, clock=clock)
    note = await load_checkpoint()
    assert note is not None
    assert parse_note(note).text.split("\n")[1] == "1"
    await close_office(again)
