"""The second factor: set up, asked for, taken once across processes; recovery codes; the two-step login."""

from __future__ import annotations

import asyncio
import sys

import pyotp
import pytest

from agency_credit.database.tables import PersonTotp, RecoveryCode
from agency_credit.domain.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from agency_credit.domain.role import OPERATOR, Actor, Role
from agency_credit.services.invitations import accept_invitation, invite_person
from agency_credit.services.office import Office
from agency_credit.services.people import change_password, require_totp
from agency_credit.services.sessions import (
    Visitor,
    begin_login,
    confirm_session,
    finish_login,
    load_session,
    open_session,
)
from agency_credit.services.totp import (
    begin_totp,
    confirm_totp,
    end_totp,
    load_enrolment,
    load_state,
    renew_recovery,
    spend_code,
)
from tests.builders import add_agency
from tests.conftest import Clock
from tests.world import ADMIN, PASSWORD, add_account

VISITOR = Visitor(address="10.0.0.1")


@pytest.fixture
async def wang(office: Office) -> Actor:
    return await add_account(office, "wang", Role.DRAFTER)


def code_at(secret: str, clock: Clock, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(clock.now.timestamp()) + 30 * steps)


async def enrol(office: Office, actor: Actor, clock: Clock) -> tuple[str, list[str]]:
    """Secret and recovery codes; the clock has moved past the code that was used."""
    secret = (await begin_totp(office, actor)).secret
    codes = await confirm_totp(office, actor, code_at(secret, clock))
    clock.forward(minutes=2)
    return secret, codes


async def test_it_counts_only_once_a_code_was_given(office: Office, wang: Actor, clock: Clock) -> None:
    enrolment = await begin_totp(office, wang)
    assert enrolment.address.startswith("otpauth://totp/")
    assert await open_session(office, "wang", PASSWORD), "a secret that nobody confirmed locks nobody out"
    with pytest.raises(InputError):
        await confirm_totp(office, wang, "000000" if code_at(enrolment.secret, clock) != "000000" else "1")
    assert (await load_enrolment(office, wang)).secret == enrolment.secret
    codes = await confirm_totp(office, wang, code_at(enrolment.secret, clock))
    assert len(set(codes)) == 10
    with pytest.raises(NotFoundError):
        await load_enrolment(office, wang)
    with pytest.raises(ConflictError):
        await begin_totp(office, wang)


async def test_the_secret_and_the_codes_are_not_stored_in_the_clear(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret, codes = await enrol(office, wang, clock)
    stored = str(await PersonTotp.select()) + str(await RecoveryCode.select())
    assert secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)


async def test_a_sealed_secret_of_another_person_does_not_open(
    office: Office, wang: Actor, clock: Clock
) -> None:
    await enrol(office, wang, clock)
    li = await add_account(office, "li", Role.DRAFTER)
    row = await PersonTotp.select().first()
    assert row is not None
    await PersonTotp.insert(
        PersonTotp(person=li.person_id, sealed_secret=row["sealed_secret"], confirmed_at=office.now())
    )
    with pytest.raises(UnavailableError):
        await spend_code(office, li.person_id or 0, "123456")


async def test_a_login_takes_two_steps(office: Office, wang: Actor, clock: Clock) -> None:
    secret, _ = await enrol(office, wang, clock)
    token, ticket = await begin_login(office, "wang", PASSWORD, VISITOR)
    assert token == ""
    assert await load_session(office, ticket) is None, "a ticket is no session"
    opened = await load_session(office, await finish_login(office, ticket, code_at(secret, clock), VISITOR))
    assert opened is not None
    assert opened.actor.username == "wang"


async def test_programs_send_the_code_along(office: Office, wang: Actor, clock: Clock) -> None:
    secret, _ = await enrol(office, wang, clock)
    with pytest.raises(InputError) as caught:
        await open_session(office, "wang", PASSWORD)
    assert caught.value.code == "session.code-needed"
    assert await open_session(office, "wang", PASSWORD, code=code_at(secret, clock))


@pytest.mark.parametrize("steps", [-2, -1, 0, 1, 2])
async def test_one_step_before_and_after_are_taken(
    office: Office, wang: Actor, clock: Clock, steps: int
) -> None:
    secret, _ = await enrol(office, wang, clock)
    is_taken = await spend_code(office, wang.person_id or 0, code_at(secret, clock, steps=steps))
    assert is_taken is (abs(steps) <= 1)


async def test_a_replayed_code_is_refused_and_so_is_an_older_one(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret, _ = await enrol(office, wang, clock)
    _, ticket = await begin_login(office, "wang", PASSWORD, VISITOR)
    code = code_at(secret, clock)
    assert await finish_login(office, ticket, code, VISITOR)
    for again in (code, code_at(secret, clock, steps=-1)):
        with pytest.raises(InputError) as caught:
            await finish_login(office, ticket, again, VISITOR)
        assert caught.value.code == "session.code"
    assert await finish_login(office, ticket, code_at(secret, clock, steps=1), VISITOR)


async def test_the_code_of_the_setting_up_is_not_taken_at_a_login(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret = (await begin_totp(office, wang)).secret
    code = code_at(secret, clock)
    await confirm_totp(office, wang, code)
    with pytest.raises(InputError):
        await open_session(office, "wang", PASSWORD, code=code)


async def test_each_recovery_code_stands_in_once(office: Office, wang: Actor, clock: Clock) -> None:
    _, codes = await enrol(office, wang, clock)
    assert await open_session(office, "wang", PASSWORD, code=codes[0].lower())
    with pytest.raises(InputError):
        await open_session(office, "wang", PASSWORD, code=codes[0])
    assert (await load_state(wang.person_id or 0)).n_recovery == 9
    fresh = await renew_recovery(office, wang)
    with pytest.raises(InputError):
        await open_session(office, "wang", PASSWORD, code=codes[1])
    assert await open_session(office, "wang", PASSWORD, code=fresh[1])


async def test_guessing_codes_is_throttled_like_passwords(office: Office, wang: Actor, clock: Clock) -> None:
    secret, _ = await enrol(office, wang, clock)
    _, ticket = await begin_login(office, "wang", PASSWORD, VISITOR)
    for _ in range(10):
        with pytest.raises(InputError):
            await finish_login(office, ticket, "wrong", VISITOR)
    with pytest.raises(ForbiddenError):
        await finish_login(office, ticket, code_at(secret, clock), VISITOR)
    with pytest.raises(ForbiddenError):
        await begin_login(office, "wang", PASSWORD, VISITOR)


async def test_a_ticket_ends_with_time_and_with_the_password(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret, _ = await enrol(office, wang, clock)
    _, old = await begin_login(office, "wang", PASSWORD, VISITOR)
    clock.forward(minutes=6)
    _, changed = await begin_login(office, "wang", PASSWORD, VISITOR)
    await change_password(office, ADMIN, "wang", "several words that differ")
    for ticket in (old, changed, "", "AAAA", "é", old[:-4] + "AAAA", office.keys.seal(b"{}", "other").hex()):
        with pytest.raises(InputError) as caught:
            await finish_login(office, ticket, code_at(secret, clock), VISITOR)
        assert caught.value.code == "session.ticket", ticket


async def test_it_is_taken_off_unless_it_is_asked_for(office: Office, wang: Actor, clock: Clock) -> None:
    await enrol(office, wang, clock)
    await require_totp(office, ADMIN, "wang", is_required=True)
    with pytest.raises(RefusedError):
        await end_totp(office, wang)
    await require_totp(office, ADMIN, "wang", is_required=False)
    await end_totp(office, wang)
    assert await open_session(office, "wang", PASSWORD)
    with pytest.raises(RefusedError):
        await renew_recovery(office, wang)
    assert not await RecoveryCode.exists()


async def test_who_is_asked_for_one_has_a_duty(office: Office, wang: Actor) -> None:
    await require_totp(office, ADMIN, "wang", is_required=True)
    opened = await load_session(office, await open_session(office, "wang", PASSWORD))
    assert opened is not None
    assert opened.duties == ("totp",)


async def test_no_password_alone_opens_a_desk_whoever_lets_the_person_in(office: Office) -> None:
    uscc = "91370303MA3CXXXX01"
    await add_agency(uscc, "甲所")
    invited = await invite_person(
        office, ADMIN, "zhao", display_name="赵某", roles=[Role.AGENCY], agency=uscc
    )
    await accept_invitation(office, "zhao", invited.code, PASSWORD)
    opened = await load_session(office, await open_session(office, "zhao", PASSWORD))
    assert opened is not None
    assert opened.duties == ("totp",)
    with pytest.raises(RefusedError) as caught:
        await require_totp(office, ADMIN, "zhao", is_required=False)
    assert caught.value.code == "person.agency-totp"


async def test_the_operator_has_no_authenticator(office: Office) -> None:
    with pytest.raises(RefusedError):
        await begin_totp(office, Actor(username="root", roles=OPERATOR))


async def test_confirming_takes_the_code_too_and_makes_a_new_token(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret, _ = await enrol(office, wang, clock)
    token = await open_session(office, "wang", PASSWORD, code=code_at(secret, clock))
    clock.forward(minutes=6)
    stale = await load_session(office, token)
    assert stale is not None
    assert not stale.is_fresh
    for password, code in ((PASSWORD, ""), ("wrong password", code_at(secret, clock))):
        with pytest.raises(InputError):
            await confirm_session(office, token, password, code, VISITOR)
    fresh = await confirm_session(office, token, PASSWORD, code_at(secret, clock), VISITOR)
    assert await load_session(office, token) is None
    session = await load_session(office, fresh)
    assert session is not None
    assert (session.session_id, session.csrf_token) == (stale.session_id, stale.csrf_token)
    assert session.is_fresh


SPENDER = """
import asyncio, sys
from datetime import datetime, UTC
from pathlib import Path
from agency_credit.services.office import close_office, open_office
from agency_credit.services.totp import spend_code
from agency_credit.settings import Settings

async def main():
    at = datetime.fromisoformat(sys.argv[3])
    settings = Settings(data=Path(sys.argv[1]), database=sys.argv[2] or None)
    office = await open_office(settings, clock=lambda: at)
    tries = [spend_code(office, int(sys.argv[4]), sys.argv[5]) for _ in range(5)]
    print(sum(await asyncio.gather(*tries)))
    await close_office(office)

asyncio.run(main())
"""


async def test_of_three_processes_with_one_code_one_gets_in(
    office: Office, wang: Actor, clock: Clock
) -> None:
    secret, codes = await enrol(office, wang, clock)
    for code in (code_at(secret, clock), codes[0]):
        place = [str(office.settings.data), office.settings.database or "", clock.now.isoformat()]
        arguments = [sys.executable, "-c", SPENDER, *place, str(wang.person_id), code]
        processes = [
            await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE) for _ in range(3)
        ]
        outputs = [(await process.communicate())[0] for process in processes]
        assert sorted(int(output) for output in outputs) == [0, 0, 1]
