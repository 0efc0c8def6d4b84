"""The public log over HTTP: a stranger with nothing but these addresses can check an entry."""

from __future__ import annotations

import pytest

from agency_credit.database import transaction
from agency_credit.publication.checkpoint import verify_checkpoint
from agency_credit.publication.note import parse_verifier_key
from agency_credit.publication.proof import parse_proof, verify_proof
from agency_credit.services.log import append_log_entry, sign_checkpoint
from tests.visitor import visit


@pytest.fixture
async def client(office):
    async with visit(office) as client:
        yield client


async def append(office, n):
    async with transaction():
        for number in range(n):
            body = {"announcement": "a" * 64}
            await append_log_entry("draw.announced", f"D{number}", body, at=office.now(), is_committed=False)
    await sign_checkpoint(office)


async def test_a_checkpoint_and_every_proof_verify_with_the_keys_that_are_served(client, office):
    await append(office, 3)
    keys = [parse_verifier_key(line) for line in (await client.get("/log/keys")).text.splitlines()]
    checkpoint = verify_checkpoint((await client.get("/log/checkpoint")).text, keys)
    assert checkpoint.size == 3
    for index in range(3):
        answer = await client.get(f"/log/proof/{index}")
        assert answer.headers["content-type"].startswith("text/plain")
        proven = verify_proof(parse_proof(answer.text), keys)
        assert (proven.index, proven.entry.subject) == (index, f"D{index}")


async def test_an_empty_log_and_an_entry_that_is_not_there_are_problems(client, office):
    empty = await client.get("/log/checkpoint")
    await append(office, 1)
    missing = await client.get("/log/proof/1")
    assert empty.status_code == missing.status_code == 404
    assert empty.json()["code"] == "log.empty"
    assert missing.headers["content-type"] == "application/problem+json"
