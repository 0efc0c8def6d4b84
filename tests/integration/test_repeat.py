"""A key of a program takes one step, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database.tables import RepeatedRequest
from agency_credit.domain.errors import ConflictError, InputError
from agency_credit.domain.role import Role
from agency_credit.services.people import create_person, load_actor
from agency_credit.services.repeat import take_once
from tests.world import ADMIN, PASSWORD


@pytest.fixture
async def drafter(office):
    await create_person(office, ADMIN, "drafter", PASSWORD, display_name="d", roles=[Role.DRAFTER])
    return await load_actor("drafter")


class Step:
    """A step that counts how often it was taken."""

    def __init__(self) -> None:
        self.n_taken = 0

    async def __call__(self) -> str:
        self.n_taken += 1
        await asyncio.sleep(0)
        return "done"


async def test_of_many_at_once_one_is_taken_and_the_others_are_told_so(office, drafter):
    step = Step()
    tried = [take_once(office, drafter, "key", "request", step) for _ in range(5)]
    answers = await asyncio.gather(*tried, return_exceptions=True)
    assert step.n_taken == 1
    assert "done" in answers
    assert all(answer == "done" or isinstance(answer, ConflictError) for answer in answers)


async def test_the_answer_is_given_again_and_for_another_request_refused(office, drafter):
    step = Step()
    assert [await take_once(office, drafter, "key", "request", step) for _ in range(3)] == ["done"] * 3
    assert step.n_taken == 1
    with pytest.raises(InputError, match="another request"):
        await take_once(office, drafter, "key", "something else", step)


async def test_after_a_day_the_key_is_forgotten(office, drafter, clock):
    step = Step()
    await take_once(office, drafter, "key", "request", step)
    clock.forward(days=1, seconds=1)
    await take_once(office, drafter, "key", "request", step)
    assert step.n_taken == 2
    assert await RepeatedRequest.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 101, "a\nb"])
async def test_a_key_that_cannot_be_kept_is_refused(office, drafter, key):
    with pytest.raises(InputError):
        await take_once(office, drafter, key, "request", Step())
