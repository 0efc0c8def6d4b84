"""One key, one request, one answer: through the real application, on both databases."""

from __future__ import annotations

import asyncio
import json

import pytest

from agency_credit.database.tables import Draw, IdempotentAnswer
from agency_credit.domain.errors import UnavailableError
from agency_credit.domain.role import Role
from agency_credit.services.draw_draft import format_draft
from agency_credit.services.idempotency import KeptAnswer, claim_key, keep_answer, release_key
from agency_credit.services.people import create_person
from tests import world as worlds
from tests.integration.console import desk_of

DRAWS = "/api/v1/draws"


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock, n_agencies=4, n_inspectors=2)


@pytest.fixture
async def draft(world):
    return json.loads(format_draft(await worlds.good_draft(world)))


@pytest.fixture
async def desk(world):
    async with desk_of(world.office, "drafter") as desk:
        yield desk


async def send(desk, path, body=None, key="one"):
    return await desk.send_json(path, body, **({"Idempotency-Key": key} if key is not None else {}))


def is_replayed(answer):
    return answer.headers.get("idempotency-replayed") == "true"


def same(first, again):
    """The same answer word for word, and marked as given before."""
    kept = [(a.status_code, a.headers["content-type"], a.content) for a in (first, again)]
    return kept[0] == kept[1] and not is_replayed(first) and is_replayed(again)


async def test_a_draft_sent_twice_with_one_key_is_one_draw(desk, draft):
    first, again = [await send(desk, DRAWS, draft) for _ in range(2)]
    assert first.status_code == 201
    assert same(first, again)
    assert await Draw.count() == 1


async def test_of_ten_at_once_one_is_done_and_the_others_wait_or_get_its_answer(desk, draft):
    answers = await asyncio.gather(*(send(desk, DRAWS, draft) for _ in range(10)))
    assert await Draw.count() == 1
    assert len([a for a in answers if a.status_code == 201 and not is_replayed(a)]) == 1
    others = [a for a in answers if a.status_code != 201]
    assert {(a.status_code, a.json()["code"]) for a in others} <= {(409, "idempotency.running")}
    assert is_replayed(await send(desk, DRAWS, draft))


async def test_without_a_key_everything_is_done_again(desk, draft):
    answers = [await send(desk, DRAWS, draft, key=None) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 201]
    assert not any(is_replayed(a) for a in answers)
    assert await Draw.count() == 2


async def test_the_key_of_another_body_or_path_is_refused(desk, draft):
    draw = (await send(desk, DRAWS, draft)).json()["draw"]
    draft["inspector_limit"] += 1
    await send(desk, f"{DRAWS}/{draw}/announce", key="step")
    answers = [await send(desk, DRAWS, draft), await send(desk, f"{DRAWS}/{draw}/draw", key="step")]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "idempotency.reused")] * 2
    assert await Draw.count() == 1


async def test_another_person_may_use_the_same_key(desk, world, draft):
    roles = [Role.DRAFTER]
    await create_person(world.office, worlds.ADMIN, "second", worlds.PASSWORD, display_name="2", roles=roles)
    async with desk_of(world.office, "second") as other:
        answers = [await send(desk, DRAWS, draft), await send(other, DRAWS, draft)]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["draw"] != answers[1].json()["draw"]


async def test_a_conflict_is_answered_again_even_when_it_would_now_succeed(desk, world, draft):
    draw = (await send(desk, DRAWS, draft)).json()["draw"]
    value = {"source": 1, "value": worlds.VALUES[1]}
    first = await send(desk, f"{DRAWS}/{draw}/values", value, key="early")
    await send(desk, f"{DRAWS}/{draw}/announce", key="announce")
    again = await send(desk, f"{DRAWS}/{draw}/values", value, key="early")
    assert first.status_code == 409
    assert same(first, again)


async def test_a_body_that_cannot_be_used_is_answered_again(desk):
    first, again = [await send(desk, DRAWS, {"plan": {}, "extra": 1}) for _ in range(2)]
    assert first.status_code == 422
    assert same(first, again)


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb", "é"])
async def test_a_key_that_is_none_is_refused(desk, draft, key):
    headers = [(b"X-CSRF-Token", desk.token.encode()), (b"Idempotency-Key", key.encode("latin-1"))]
    answer = await desk.client.post(DRAWS, json=draft, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency.key")
    assert await Draw.count() == 0


async def test_after_a_day_a_key_is_free_again(desk, world, draft):
    await send(desk, DRAWS, draft)
    world.clock.forward(hours=24, seconds=1)
    async with desk_of(world.office, "drafter") as next_day:
        answer = await send(next_day, DRAWS, draft)
    assert not is_replayed(answer)
    assert await Draw.count() == 2


async def test_who_is_refused_at_the_door_keeps_the_key(desk, world, draft):
    async with desk_of(world.office, "approver") as approver:
        assert (await send(approver, DRAWS, draft)).status_code == 403
    token, desk.token = desk.token, "forged"
    assert (await send(desk, DRAWS, draft)).status_code == 403
    desk.token = token
    assert (await send(desk, DRAWS, draft)).status_code == 201


async def test_the_key_of_a_killed_process_is_free_after_minutes(desk, world, draft, monkeypatch):
    async def die(*_):
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("admin.api.draft_draw", die)
        with pytest.raises(asyncio.CancelledError):
            await send(desk, DRAWS, draft)
    early = await send(desk, DRAWS, draft)
    world.clock.forward(minutes=5, seconds=1)
    late = await send(desk, DRAWS, draft)
    assert (early.status_code, early.json()["code"], late.status_code) == (409, "idempotency.running", 201)


async def test_a_fault_of_ours_is_not_kept(desk, draft, monkeypatch):
    async def fail(*_):
        raise UnavailableError("database.full", "the disk of the database is full")

    with monkeypatch.context() as patch:
        patch.setattr("admin.api.draft_draw", fail)
        assert (await send(desk, DRAWS, draft)).status_code == 503
    assert await IdempotentAnswer.count() == 0
    assert (await send(desk, DRAWS, draft)).status_code == 201


async def test_whoever_finishes_after_losing_the_key_changes_nothing(world):
    office, actor = world.office, world.drafter
    slow = await claim_key(office, actor, "one", "a" * 64)
    world.clock.forward(minutes=6)
    quick = await claim_key(office, actor, "one", "a" * 64)
    await keep_answer(quick, KeptAnswer(status=200, content_type="", body=b"quick"))
    await keep_answer(slow, KeptAnswer(status=200, content_type="", body=b"slow"))
    await release_key(slow)
    assert (await claim_key(office, actor, "one", "a" * 64)).body == b"quick"


async def test_old_answers_go_when_a_key_is_claimed(world):
    for hours in (0, 23, 2):
        world.clock.forward(hours=hours)
        claim = await claim_key(world.office, world.drafter, f"after {hours}", "a" * 64)
        await keep_answer(claim, KeptAnswer(status=200, content_type="", body=b""))
    kept = await IdempotentAnswer.select(IdempotentAnswer.key).output(as_list=True)
    assert sorted(kept) == ["after 2", "after 23"]
