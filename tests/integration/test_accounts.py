"""Accounts: invitations, roles given and taken away, accounts closed; passwords as the settings ask."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import (
    AuditLine,
    Invitation,
    PastPassword,
    Person,
    PersonTotp,
    SecuritySetting,
)
from agency_credit.domain.errors import (
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from agency_credit.domain.role import Actor, Role
from agency_credit.services.account import change_own_name, change_own_password
from agency_credit.services.invitations import accept_invitation, invite_person, renew_invitation
from agency_credit.services.office import Office
from agency_credit.services.people import (
    change_roles,
    close_account,
    create_person,
    load_actor,
    reopen_account,
    require_totp,
)
from agency_credit.services.security_settings import change_settings, load_security
from agency_credit.services.sessions import end_sessions, load_session, load_sessions, open_session
from tests.conftest import Clock
from tests.world import PASSWORD, add_account

OTHER = "several words that differ"


@pytest.fixture
async def security(office: Office) -> Actor:
    return await add_account(office, "anquan", Role.SECURITY)


@pytest.fixture
async def drafter(office: Office) -> Actor:
    return await add_account(office, "wang", Role.DRAFTER)


async def invite(office: Office, security: Actor, name: str = "li", **more) -> str:
    invitation = await invite_person(office, security, name, display_name="李", roles=[Role.DRAFTER], **more)
    return invitation.code


# --- invitations --------------------------------------------------------------------------------------


async def test_an_invitation_opens_the_account_once(office: Office, security: Actor) -> None:
    code = await invite(office, security)
    with pytest.raises(InputError):
        await open_session(office, "li", "")
    with pytest.raises(InputError):
        await open_session(office, "li", code)
    await accept_invitation(office, "li", code.lower().replace("-", " "), PASSWORD)
    assert await open_session(office, "li", PASSWORD)
    with pytest.raises(InputError) as caught:
        await accept_invitation(office, "li", code, OTHER)
    assert caught.value.code == "invitation.code"


async def test_the_code_itself_is_not_stored(office: Office, security: Actor) -> None:
    code = await invite(office, security)
    stored = str(await Invitation.select()) + str(await AuditLine.select()) + str(await Person.select())
    assert code not in stored
    assert code.replace("-", "") not in stored


@pytest.mark.parametrize(("days", "is_good"), [(6, True), (8, False)])
async def test_an_invitation_is_good_for_some_days(
    office: Office, security: Actor, clock: Clock, days: int, is_good: bool
) -> None:
    code = await invite(office, security)
    clock.forward(days=days)
    if is_good:
        await accept_invitation(office, "li", code, PASSWORD)
    else:
        with pytest.raises(InputError):
            await accept_invitation(office, "li", code, PASSWORD)


async def test_a_code_opens_the_account_of_its_person_only(office: Office, security: Actor) -> None:
    code = await invite(office, security)
    await invite(office, security, "zhao")
    for name, given in (
        ("zhao", code),
        ("nobody", code),
        ("li\0", code),
        ("li", ""),
        ("li", code[:-1] + "?"),
    ):
        with pytest.raises(InputError) as caught:
            await accept_invitation(office, name, given, PASSWORD)
        assert caught.value.code == "invitation.code"


async def test_a_bad_password_does_not_use_up_the_code(office: Office, security: Actor) -> None:
    code = await invite(office, security)
    with pytest.raises(InputError) as caught:
        await accept_invitation(office, "li", code, "password2026")
    assert caught.value.code == "person.password-common"
    await accept_invitation(office, "li", code, PASSWORD)


async def test_a_new_invitation_ends_what_was_before(office: Office, security: Actor, drafter: Actor) -> None:
    token = await open_session(office, "wang", PASSWORD)
    await PersonTotp.insert(PersonTotp(person=drafter.person_id, confirmed_at=office.now()))
    first = (await renew_invitation(office, security, "wang")).code
    second = (await renew_invitation(office, security, "wang")).code
    assert await load_session(office, token) is None
    assert not await PersonTotp.exists()
    with pytest.raises(InputError):
        await open_session(office, "wang", PASSWORD)
    with pytest.raises(InputError):
        await accept_invitation(office, "wang", first, OTHER)
    await accept_invitation(office, "wang", second, OTHER)
    assert await open_session(office, "wang", OTHER)


async def test_who_may_not_invite(office: Office, security: Actor, drafter: Actor) -> None:
    with pytest.raises(ForbiddenError):
        await invite(office, drafter)
    with pytest.raises(RefusedError):
        await renew_invitation(office, security, "anquan")
    with pytest.raises(NotFoundError):
        await renew_invitation(office, security, "nobody")
    await close_account(office, security, "wang")
    with pytest.raises(RefusedError):
        await renew_invitation(office, security, "wang")


async def test_an_invitation_of_a_closed_account_opens_nothing(office: Office, security: Actor) -> None:
    code = await invite(office, security)
    await close_account(office, security, "li")
    await reopen_account(office, security, "li")
    with pytest.raises(InputError):
        await accept_invitation(office, "li", code, PASSWORD)


# --- roles and closing --------------------------------------------------------------------------------


async def test_roles_are_given_and_taken_away(office: Office, security: Actor, drafter: Actor) -> None:
    token = await open_session(office, "wang", PASSWORD)
    await change_roles(office, security, "wang", [Role.AUDIT])  # excludes what was held
    opened = await load_session(office, token)
    assert opened is not None
    assert opened.actor.roles == {Role.AUDIT}


async def test_nobody_changes_his_own_rights(office: Office, security: Actor) -> None:
    await add_account(office, "anquan2", Role.SECURITY)
    for act in (
        change_roles(office, security, "anquan", [Role.SECURITY, Role.APPROVER]),
        close_account(office, security, "anquan"),
    ):
        with pytest.raises(RefusedError) as caught:
            await act
        assert caught.value.code == "person.own"


async def test_whoever_was_only_invited_is_no_security_administrator_yet(
    office: Office, security: Actor, operator: Actor
) -> None:
    """The invitation may run out unused: then nobody could open an account."""
    invited = await invite_person(office, security, "xin", display_name="新", roles=[Role.SECURITY])
    for refused in (close_account, lambda *who: change_roles(*who, [Role.DRAFTER])):
        with pytest.raises(RefusedError) as caught:
            await refused(office, operator, "anquan")
        assert caught.value.code == "person.last-security"
    await accept_invitation(office, "xin", invited.code, OTHER)
    await close_account(office, operator, "anquan")


async def test_nobody_lets_himself_off_the_authenticator(office: Office, security: Actor) -> None:
    with pytest.raises(RefusedError) as caught:
        await require_totp(office, security, "anquan", is_required=False)
    assert caught.value.code == "person.own"


async def test_the_last_security_administrator_stays(
    office: Office, operator: Actor, security: Actor
) -> None:
    for act in (
        close_account(office, operator, "anquan"),
        change_roles(office, operator, "anquan", [Role.DRAFTER]),
    ):
        with pytest.raises(RefusedError) as caught:
            await act
        assert caught.value.code == "person.last-security"
    await add_account(office, "anquan2", Role.SECURITY)
    await close_account(office, operator, "anquan")
    with pytest.raises(RefusedError):
        await close_account(office, operator, "anquan2")


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([], "person.roles"),
        ([Role.SYSTEM, Role.SECURITY], "person.roles-exclude"),
        ([Role.AUDIT, Role.DRAFTER], "person.roles-exclude"),
        ([Role.INSPECTOR], "person.certificate"),
        ([Role.AGENCY], "person.agency"),
    ],
)
async def test_roles_that_nobody_may_hold_are_refused(
    office: Office, security: Actor, drafter: Actor, roles: list[Role], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        await change_roles(office, security, "wang", roles)
    assert caught.value.code == code
    actor = await load_actor("wang")
    assert actor is not None
    assert actor.roles == {Role.DRAFTER}


async def test_a_closed_account_is_logged_out_and_opened_again(
    office: Office, security: Actor, drafter: Actor
) -> None:
    token = await open_session(office, "wang", PASSWORD)
    await close_account(office, security, "wang")
    assert await load_session(office, token) is None
    with pytest.raises(InputError):
        await open_session(office, "wang", PASSWORD)
    await reopen_account(office, security, "wang")
    assert await load_session(office, token) is None
    assert await open_session(office, "wang", PASSWORD)


# --- sessions -----------------------------------------------------------------------------------------


async def test_sessions_are_listed_and_ended(office: Office, security: Actor, drafter: Actor) -> None:
    tokens = [
        await open_session(office, "wang", PASSWORD, address=f"10.0.0.{n}", agent="Firefox\n")
        for n in range(3)
    ]
    assert drafter.person_id is not None
    listed = await load_sessions(office, drafter.person_id)
    assert [(item.address, item.agent) for item in listed] == [
        ("10.0.0.2", "Firefox"), ("10.0.0.1", "Firefox"), ("10.0.0.0", "Firefox")
    ]  # fmt: skip
    first = await load_session(office, tokens[0])
    assert first is not None
    assert await end_sessions(office, drafter, "wang", only=listed[0].session_id, but=first.session_id) == 1
    assert await end_sessions(office, drafter, "wang", but=first.session_id) == 1
    assert [await load_session(office, token) is not None for token in tokens] == [True, False, False]
    assert await end_sessions(office, security, "wang") == 1


async def test_nobody_ends_the_sessions_of_another(office: Office, security: Actor, drafter: Actor) -> None:
    token = await open_session(office, "anquan", PASSWORD)
    with pytest.raises(ForbiddenError):
        await end_sessions(office, drafter, "anquan")
    theirs = await load_session(office, token)
    assert theirs is not None
    assert await end_sessions(office, drafter, "wang", only=theirs.session_id) == 0
    assert await load_session(office, token) is not None


# --- settings -----------------------------------------------------------------------------------------


async def test_limits_are_data(office: Office, security: Actor, drafter: Actor, clock: Clock) -> None:
    wanted = {"session_idle_minutes": "2", "session_longest_hours": "1", "confirm_minutes": "1"}
    assert await change_settings(office, security, wanted) == 3
    token = await open_session(office, "wang", PASSWORD)
    clock.forward(minutes=2)
    opened = await load_session(office, token)
    assert opened is not None
    assert not opened.is_fresh
    clock.forward(minutes=3)
    assert await load_session(office, token) is None


async def test_values_outside_their_bounds_change_nothing(office: Office, security: Actor) -> None:
    before = await load_security()
    wanted = {"session_idle_minutes": "0", "login_failures": "x", "totp_required": "maybe", "profile": "djbh"}
    with pytest.raises(FaultsError) as caught:
        await change_settings(office, security, wanted)
    assert {fault.at for fault in caught.value.faults} == set(wanted) - {"profile"}
    assert await load_security() == before
    with pytest.raises(ForbiddenError):
        await change_settings(
            office, Actor(username="x", roles=frozenset({Role.SYSTEM})), {"profile": "djbh"}
        )


async def test_a_setting_that_was_broken_behind_the_program_stops_logins(
    office: Office, drafter: Actor
) -> None:
    await SecuritySetting.update({SecuritySetting.value: "-5"}).where(SecuritySetting.key == "login_failures")
    with pytest.raises(UnavailableError, match="login_failures"):
        await open_session(office, "wang", PASSWORD)


async def test_the_profile_of_djbh_asks_for_more(
    office: Office, security: Actor, drafter: Actor, clock: Clock
) -> None:
    await change_settings(office, security, {"profile": "djbh"})
    opened = await load_session(office, await open_session(office, "wang", PASSWORD))
    assert opened is not None
    assert opened.duties == ("totp",)
    with pytest.raises(InputError) as caught:
        await change_own_password(office, drafter, PASSWORD, OTHER)
    assert caught.value.code == "person.password-classes"
    last = PASSWORD
    for n in range(6):
        await change_own_password(office, drafter, last, f"Kaffee Wolke {n}")
        last = f"Kaffee Wolke {n}"
    assert await PastPassword.count() == 5
    for again in ("Kaffee Wolke 5", "Kaffee Wolke 1"):
        with pytest.raises(InputError) as caught:
            await change_own_password(office, drafter, last, again)
    assert caught.value.code == "person.password-used"
    await change_own_password(office, drafter, last, "Kaffee Wolke 0")  # the sixth last
    clock.forward(days=91)
    opened = await load_session(office, await open_session(office, "wang", "Kaffee Wolke 0"))
    assert opened is not None
    assert opened.duties == ("password", "totp")


async def test_the_present_password_is_asked_for_and_its_guesses_are_counted(
    office: Office, drafter: Actor
) -> None:
    for _ in range(10):
        with pytest.raises(InputError):
            await change_own_password(office, drafter, "wrong password", OTHER)
    with pytest.raises(ForbiddenError):
        await change_own_password(office, drafter, PASSWORD, OTHER)
    assert await open_session(office, "wang", PASSWORD)  # logins are counted apart


async def test_ones_own_name(office: Office, drafter: Actor) -> None:
    await change_own_name(office, drafter, " 王芳 ")
    actor = await load_actor("wang")
    assert actor is not None
    assert actor.display_name == "王芳"
    with pytest.raises(InputError):
        await change_own_name(office, drafter, "  ")


async def test_a_person_of_an_agency_needs_the_agency(office: Office, operator: Actor) -> None:
    with pytest.raises(NotFoundError):
        await create_person(
            office, operator, "jigou", PASSWORD, display_name="x", roles=[Role.AGENCY], agency="91370302MA0"
        )
