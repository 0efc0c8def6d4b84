"""Logins: tokens of our own, made at login only, gone when they should be."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database.tables import PersonRole, Session
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, NotFoundError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.office import Office
from agency_credit.services.people import change_password, create_person
from agency_credit.services.sessions import close_session, load_session, open_session
from tests.conftest import Clock
from tests.world import PASSWORD


@pytest.fixture
async def person(office: Office, operator: Actor) -> str:
    await create_person(office, operator, "wang", PASSWORD, display_name="王芳", roles=[Role.DRAFTER])
    return "wang"


async def test_a_login_opens_a_session_with_the_roles(office: Office, person: str) -> None:
    opened = await load_session(office, await open_session(office, person, PASSWORD))
    assert opened is not None
    assert opened.actor.roles == {Role.DRAFTER}


async def test_the_token_itself_is_not_stored(office: Office, person: str) -> None:
    token = await open_session(office, person, PASSWORD)
    rows = await Session.select()
    assert all(token not in str(value) for row in rows for value in row.values())


async def test_each_login_makes_a_new_token_whatever_the_client_sent(office: Office, person: str) -> None:
    assert await open_session(office, person, PASSWORD) != await open_session(office, person, PASSWORD)
    assert await load_session(office, "chosen-by-the-client") is None


async def test_a_wrong_password_and_an_unknown_name_look_alike(office: Office, person: str) -> None:
    for name in (person, "nobody"):
        with pytest.raises(InputError) as caught:
            await open_session(office, name, "wrong password")
        assert caught.value.code == "session.credentials"


async def test_ten_failures_close_the_door_even_for_the_right_password(
    office: Office, person: str, clock: Clock
) -> None:
    for _ in range(10):
        with pytest.raises(InputError):
            await open_session(office, person, "wrong password")
    with pytest.raises(ForbiddenError):
        await open_session(office, person, PASSWORD)
    clock.forward(minutes=16)
    assert await open_session(office, person, PASSWORD)


async def test_failures_at_the_same_time_count_too(office: Office) -> None:
    tries = [open_session(office, "nobody", "wrong password") for _ in range(14)]
    outcomes = [type(error) for error in await asyncio.gather(*tries, return_exceptions=True)]
    assert (outcomes.count(InputError), outcomes.count(ForbiddenError)) == (10, 4)


@pytest.mark.parametrize("minutes", [31, 13 * 60])
async def test_an_idle_or_old_session_is_closed(
    office: Office, person: str, clock: Clock, minutes: int
) -> None:
    token = await open_session(office, person, PASSWORD)
    clock.forward(minutes=minutes)
    assert await load_session(office, token) is None


async def test_logging_out_makes_the_token_worthless(office: Office, person: str) -> None:
    token = await open_session(office, person, PASSWORD)
    await close_session(office, token)
    assert await load_session(office, token) is None


async def test_a_role_taken_away_is_gone_at_once(office: Office, person: str) -> None:
    token = await open_session(office, person, PASSWORD)
    await PersonRole.delete().where(PersonRole.role == "drafter")
    opened = await load_session(office, token)
    assert opened is not None
    assert opened.actor.roles == frozenset()


async def test_a_new_password_ends_the_open_sessions(office: Office, operator: Actor, person: str) -> None:
    token = await open_session(office, person, PASSWORD)
    await change_password(office, operator, person, "another good password")
    assert await load_session(office, token) is None


async def test_bad_accounts_are_refused(office: Office, operator: Actor, person: str) -> None:
    with pytest.raises(ConflictError):
        await create_person(office, operator, person, PASSWORD, display_name="x", roles=[Role.AUDIT])
    with pytest.raises(InputError):
        await create_person(office, operator, "li", "short", display_name="x", roles=[Role.AUDIT])
    with pytest.raises(InputError):
        await create_person(office, operator, "li", PASSWORD, display_name="x", roles=[Role.INSPECTOR])
    with pytest.raises(NotFoundError):
        await create_person(
            office, operator, "li", PASSWORD, display_name="x", roles=[Role.INSPECTOR], certificate="鲁C0"
        )


async def test_only_an_administrator_makes_accounts(office: Office, person: str) -> None:
    drafter = Actor(username=person, roles=frozenset({Role.DRAFTER}), person_id=1)
    with pytest.raises(ForbiddenError):
        await create_person(office, drafter, "li", PASSWORD, display_name="x", roles=[Role.AUDIT])
