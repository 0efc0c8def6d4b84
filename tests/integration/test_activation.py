"""From the letter to the desk: codes issued, used, refused; one login at several desks."""

from __future__ import annotations

import asyncio

import pytest

from agency_credit.database.tables import (
    ActivationCode,
    Agency,
    AgencySeat,
    AuditLine,
    LoginAttempt,
    Person,
)
from agency_credit.domain.errors import (
    AgencyCreditError,
    ConflictError,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.domain.role import DeskRight, Role
from agency_credit.services.activation import NewLogin, activate, join_desk
from agency_credit.services.agency_access import (
    cancel_letter,
    end_agency_seats,
    issue_codes,
    load_access_page,
    load_agency_access,
)
from agency_credit.services.desk_people import invite_to_desk, load_desk_people
from agency_credit.services.invitations import renew_invitation
from agency_credit.services.people import close_account, load_actor, load_operator
from agency_credit.services.security_settings import change_settings
from agency_credit.services.sessions import Visitor, load_session
from tests.integration.console import desk_of
from tests.world import PASSWORD, add_account, add_agencies, add_agency_person, uscc

BASE = "http://10.1.2.3:8000"
HERE = Visitor(address="10.0.0.9")
IDENTITY = "11010519491231002X"


@pytest.fixture
async def security(office):
    await add_agencies(4)
    return await add_account(office, "anquan", Role.SECURITY)


async def issue(office, security, n: int = 0):
    (code,) = await issue_codes(office, security, [uscc(n)])
    return code


def login(username: str = "jigou", **values: str) -> NewLogin:
    return NewLogin(**{"username": username, "display_name": "张三", "password": PASSWORD} | values)


async def enter(office, code, username: str = "jigou", at: str | None = None, **values: str) -> str:
    return await activate(office, at or code.uscc, code.code, login(username, **values), HERE)


async def refused(office, kind: type[AgencyCreditError], code, username: str = "jigou", **more) -> str:
    """The code of the error with which a code is refused; nothing is left behind."""
    before = await Person.count()
    with pytest.raises(kind) as caught:
        await enter(office, code, username, **more)
    assert await Person.count() == before
    return caught.value.code


async def set_status(n: int, status: str) -> None:
    await Agency.update({Agency.status: status}).where(Agency.uscc == uscc(n))


async def test_a_code_opens_a_login_with_the_seat_of_a_manager(office, security):
    code = await issue(office, security)
    token = await enter(office, code)
    session = await load_session(office, token)
    assert session is not None
    assert session.actor.roles == {Role.AGENCY}
    assert [(seat.uscc, seat.right) for seat in session.actor.seats] == [(uscc(0), DeskRight.MANAGER)]
    assert session.duties == ("totp",)
    row = await ActivationCode.select().first()
    assert (row["used_by"], row["origin"]) == ("jigou", "office")
    plain = code.code.replace("-", "")
    stored = [str(value) for values in await ActivationCode.select() for value in values.values()]
    assert not [value for value in stored if plain in value or code.code in value]
    (line,) = await AuditLine.select().where(AuditLine.action == "desk.activate")
    assert (line["actor"], line["subject"], line["outcome"]) == ("jigou", uscc(0), "done")


async def test_blanks_dashes_and_small_letters_do_not_matter(office, security):
    code = await issue(office, security)
    typed = " " + code.code.lower().replace("-", " － ")
    await activate(office, code.uscc, typed, login(), HERE)
    assert await load_actor("jigou") is not None


async def test_a_code_is_good_once(office, security):
    code = await issue(office, security)
    await enter(office, code)
    assert await refused(office, InputError, code, "zweiter") == "activation.used"


async def test_of_two_requests_at_once_one_gets_the_seat(office, security):
    code = await issue(office, security)
    outcomes = await asyncio.gather(
        enter(office, code, "eins"), enter(office, code, "zwei"), return_exceptions=True
    )
    codes = [getattr(outcome, "code", "in") for outcome in outcomes]
    assert sorted(codes) == ["activation.used", "in"]
    assert await Person.count().where(Person.username.is_in(["eins", "zwei"])) == 1
    assert await AgencySeat.count() == 1


async def test_two_who_want_one_name_at_once_get_it_once(office, security):
    one, other = await issue(office, security, 0), await issue(office, security, 1)
    outcomes = await asyncio.gather(enter(office, one), enter(office, other), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, FaultsError) for outcome in outcomes) == 1
    assert await ActivationCode.count().where(ActivationCode.used_at.is_null()) == 1


async def test_a_code_is_good_for_the_days_of_the_setting(office, security, clock):
    await change_settings(office, security, {"activation_days": "10"})
    code = await issue(office, security)
    clock.forward(days=10, seconds=-1)
    late = await issue(office, security, 1)
    await enter(office, code)
    clock.forward(days=10)
    assert await refused(office, InputError, late, "zweiter") == "activation.late"
    assert (
        await AuditLine.count().where(
            (AuditLine.action == "desk.activate") & (AuditLine.outcome == "refused")
        )
        == 1
    )


async def test_a_code_opens_no_other_agency(office, security):
    code = await issue(office, security)
    assert await refused(office, InputError, code, at=uscc(1)) == "activation.unknown"
    assert await refused(office, InputError, code, at="91370302MA99999999") == "activation.unknown"
    await enter(office, code)


async def test_a_new_letter_makes_the_former_worthless(office, security):
    former = await issue(office, security)
    newer = await issue(office, security)
    assert await refused(office, InputError, former) == "activation.cancelled"
    await enter(office, newer)


async def test_a_letter_is_cancelled(office, security):
    code = await issue(office, security)
    await cancel_letter(office, security, uscc(0))
    assert await refused(office, InputError, code) == "activation.cancelled"
    with pytest.raises(NotFoundError):
        await cancel_letter(office, security, uscc(0))


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("", ""),
        ("91370302MA", "ABCD-EFGH-JKLM-NPQR-STUV"),
        ("91370302MA00000000", "ABCD-EFGH-JKLM-NPQR"),
        ("91370302MA00000000", "0000-1111-0000-1111-0000"),
        ("９1370302MA00000000", "ABCD-EFGH-JKLM-NPQR-STUV"),
        ("' OR 1=1 --", "' OR 1=1 --"),
        ("\ud800", "\ud800\x00"),
    ],
)
async def test_what_has_not_the_form_of_a_code_is_told_so(office, security, at, code):
    await issue(office, security)
    with pytest.raises(InputError) as caught:
        await activate(office, at, code, login(), HERE)
    assert caught.value.code == "activation.form"


@pytest.mark.parametrize("status", ["cancelled", "revoked"])
async def test_nobody_new_comes_to_an_agency_that_is_closed(office, security, status):
    code = await issue(office, security)
    manager = await add_agency_person(office, "alt", uscc(1))
    waiting = await invite_to_desk(office, manager, uscc(1), "李四", DeskRight.CLERK)
    for n in (0, 1):
        await set_status(n, status)
    assert await refused(office, RefusedError, code) == "activation.agency-closed"
    assert await refused(office, RefusedError, waiting) == "activation.agency-closed"
    with pytest.raises(RefusedError):
        await issue(office, security)
    with pytest.raises(RefusedError):
        await invite_to_desk(office, manager, uscc(1), "王五", DeskRight.READER)
    async with desk_of(office, "alt") as desk:  # who sits there reads on
        assert (await desk.client.get(f"/desk/{uscc(1)}")).status_code == 200


async def test_a_suspended_agency_still_gets_in(office, security):
    await set_status(0, "suspended")
    await enter(office, await issue(office, security))


async def test_guessing_is_throttled(office, security):
    await change_settings(office, security, {"login_failures_of_address": "10"})
    code = await issue(office, security)
    for _ in range(10):
        assert await refused(office, InputError, code, at=uscc(1)) == "activation.unknown"
    assert await refused(office, ForbiddenError, code) == "session.throttled"
    assert await LoginAttempt.count().where(LoginAttempt.address == HERE.address) == 10


async def test_who_has_a_code_cannot_try_user_names_for_ever(office, security):
    await change_settings(office, security, {"login_failures_of_address": "10"})
    code = await issue(office, security)
    for _ in range(10):
        assert await refused(office, FaultsError, code, "anquan") == "input.faults"
    assert await refused(office, ForbiddenError, code) == "session.throttled"


async def faults_of(office, code, **values: str) -> set[tuple[str, str]]:
    with pytest.raises(FaultsError) as caught:
        await activate(office, code.uscc, code.code, login(**values), HERE)
    return {(fault.at, fault.code) for fault in caught.value.faults}


@pytest.mark.parametrize("name", ["anquan", "root", "system", "Admin", "operator"])
async def test_a_name_that_is_taken_or_of_the_machine_is_refused(office, security, name):
    code = await issue(office, security)
    assert await faults_of(office, code, username=name) == {("username", "person.exists")}
    await enter(office, code)


async def test_everything_wrong_with_a_login_is_told_at_once_and_the_code_stays_good(office, security):
    code = await issue(office, security)
    told = await faults_of(office, code, username="x", display_name=f"张三 {IDENTITY}", password="short")
    assert told == {
        ("username", "person.username"),
        ("display_name", "entry.identity-number"),
        ("password", "person.password"),
    }
    assert await faults_of(office, code, username="13812345678") == {("username", "entry.mobile-number")}
    assert await faults_of(office, code, username="a\x00b") == {("username", "person.username")}
    await enter(office, code)


async def test_only_the_security_administrator_issues(office, security):
    for actor in (
        await add_account(office, "ni", Role.DRAFTER, Role.APPROVER),
        await add_account(office, "xitong", Role.SYSTEM),
        await add_agency_person(office, "jia", uscc(0)),
    ):
        with pytest.raises(ForbiddenError):
            await issue(office, actor)
        with pytest.raises(ForbiddenError):
            await end_agency_seats(office, actor, uscc(0))
        with pytest.raises(ForbiddenError):
            await cancel_letter(office, actor, uscc(0))


async def test_a_used_code_stays_used_in_the_database_too(office, security):
    await enter(office, await issue(office, security))
    with pytest.raises(Exception, match="stays so"):
        await ActivationCode.update({ActivationCode.used_at: None}, force=True)


# --- one login at several desks -----------------------------------------------------------------------


async def test_a_login_gets_a_seat_at_another_agency(office, security):
    await enter(office, await issue(office, security))
    branch = await issue(office, security, 1)
    actor = await load_actor("jigou")
    assert (await join_desk(office, actor, branch.uscc, branch.code, HERE)).uscc == uscc(1)
    actor = await load_actor("jigou")
    assert [seat.uscc for seat in actor.seats] == [uscc(0), uscc(1)]
    with pytest.raises(InputError) as caught:
        await join_desk(office, actor, branch.uscc, branch.code, HERE)
    assert caught.value.code == "activation.used"


async def test_a_second_code_widens_a_right_and_never_narrows_it(office, security):
    manager = await add_agency_person(office, "jia", uscc(0))
    reader = await add_agency_person(office, "yi", uscc(0), DeskRight.READER)
    code = await invite_to_desk(office, manager, uscc(0), "乙", DeskRight.CLERK)
    await join_desk(office, reader, code.uscc, code.code, HERE)
    assert [seat.right for seat in (await load_actor("yi")).seats] == [DeskRight.CLERK]
    narrow = await invite_to_desk(office, manager, uscc(0), "乙", DeskRight.READER)
    with pytest.raises(ConflictError):
        await join_desk(office, await load_actor("yi"), narrow.uscc, narrow.code, HERE)
    await enter(office, narrow, "bing")  # it was not used up by that


async def test_nobody_of_the_office_gets_a_seat(office, security):
    code = await issue(office, security)
    with pytest.raises(ForbiddenError):
        await join_desk(office, security, code.uscc, code.code, HERE)
    async with desk_of(office, "anquan") as desk:
        page = await desk.open(f"/activate?uscc={code.uscc}&code={code.code}")
        assert "监管人员身份" in page.text
        form = {"uscc": code.uscc, "code": code.code, "username": "anquan2"}
        assert (await desk.send("/activate", form)).status_code == 200
        assert (await desk.send("/activate/join", form)).status_code == 403
    assert await AgencySeat.count() == 0


async def test_a_person_of_an_agency_is_no_operator_of_the_machine(office, security):
    await add_agency_person(office, "jia", uscc(0))
    with pytest.raises(ForbiddenError):
        await load_operator("jia")


# --- the office's side --------------------------------------------------------------------------------


async def test_the_office_sees_who_has_a_way_in(office, security, clock):
    await issue(office, security, 1)
    await enter(office, await issue(office, security, 2))
    clock.forward(days=31)
    await issue(office, security, 3)

    async def codes(**asked) -> list[str]:
        return [item.uscc for item in (await load_access_page(office, **asked)).items]

    assert [item.state for item in (await load_access_page(office)).items] == [
        "none",
        "late",
        "people",
        "open",
    ]
    for n, state in enumerate(("none", "late", "people", "open")):
        assert await codes(state=state) == [uscc(n)]
    assert await codes(q="测试2号") == [uscc(2)]
    assert await codes(q="%") == []
    first = await load_access_page(office, limit=3)
    assert (first.total, first.after) == (4, uscc(2))
    last = await load_access_page(office, after=first.after, limit=3)
    assert ([item.uscc for item in last.items], last.after) == ([uscc(3)], None)


async def test_the_office_ends_seats_also_the_last_managers_and_what_they_handed_out(office, security):
    manager = await add_agency_person(office, "jia", uscc(0))
    await add_agency_person(office, "yi", uscc(0), DeskRight.READER)
    await add_agency_person(office, "bing", uscc(1))
    code = await invite_to_desk(office, manager, uscc(0), "丁", DeskRight.MANAGER)
    letter = await issue(office, security)
    _, people = await load_agency_access(office, uscc(0))
    (reader,) = [one.seat for one in people if one.username == "yi"]
    assert await end_agency_seats(office, security, uscc(0), only=reader) == 1
    (other,) = await load_desk_people((await load_actor("bing")).seats[0].agency_id)
    with pytest.raises(NotFoundError):
        await end_agency_seats(office, security, uscc(0), only=other.seat)
    async with desk_of(office, "jia") as desk:
        assert (await desk.client.get(f"/desk/{uscc(0)}")).status_code == 200
        assert await end_agency_seats(office, security, uscc(0)) == 1
        assert (await desk.client.get(f"/desk/{uscc(0)}")).status_code == 404
    for gone in (code, letter):
        assert await refused(office, InputError, gone) == "activation.cancelled"
    assert (await load_actor("bing")).seats


@pytest.mark.parametrize("end", [close_account, renew_invitation])
async def test_who_is_locked_out_leaves_no_code_behind(office, security, end):
    manager = await add_agency_person(office, "jia", uscc(0))
    code = await invite_to_desk(office, manager, uscc(0), "乙", DeskRight.MANAGER)
    letter = await issue(office, security)
    await end(office, security, "jia")
    assert await refused(office, InputError, code) == "activation.cancelled"
    await enter(office, letter)
