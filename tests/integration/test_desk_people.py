"""The people of an agency: named, given rights and dismissed by its managers, at their own desk only."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from agency_credit.database.tables import ActivationCode, Agency, AgencySeat, AuditLine, Person
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError, RefusedError
from agency_credit.domain.role import Actor, DeskRight, Role
from agency_credit.services.activation import NewLogin, activate, join_desk
from agency_credit.services.agency_seats import append_seat
from agency_credit.services.desk_people import (
    cancel_desk_code,
    change_desk_right,
    end_desk_seat,
    invite_to_desk,
    load_desk_people,
    load_waiting_codes,
)
from agency_credit.services.notices import load_notices
from agency_credit.services.objection_basis import OTHERS, OWN
from agency_credit.services.objections import open_objection
from agency_credit.services.people import close_account, load_actor
from agency_credit.services.people_list import search_accounts
from agency_credit.services.rating_run import rate_all
from agency_credit.services.sessions import Visitor, open_session
from tests import world as made
from tests.integration.console import desk_of
from tests.integration.records import record_of
from tests.world import ADMIN, PASSWORD, add_account, add_agencies, add_agency_person, uscc

HERE = Visitor(address="10.0.0.9")
DESK = uscc(0)
PAGE = f"/desk/{DESK}/people"


@pytest.fixture
async def manager(office):
    await add_agencies(2)
    return await add_agency_person(office, "guanli", DESK)


async def seat_of(username: str, n: int = 0) -> int:
    row = await (
        AgencySeat.select(AgencySeat.id)
        .where((AgencySeat.person.username == username) & (AgencySeat.agency.uscc == uscc(n)))
        .where(AgencySeat.ended_at.is_null())
        .first()
    )
    assert row is not None
    return int(row["id"])


async def rights() -> dict[str, str]:
    rows = await AgencySeat.select(AgencySeat.person.username.as_alias("name"), AgencySeat.right).where(
        AgencySeat.ended_at.is_null() & (AgencySeat.agency.uscc == DESK)
    )
    return {row["name"]: row["right"] for row in rows}


@pytest.mark.parametrize("right", list(DeskRight))
async def test_a_further_person_gets_the_right_that_the_manager_chose(office, manager, right):
    code = await invite_to_desk(office, manager, DESK, "李四", right)
    (waiting,) = await load_waiting_codes(office, manager.seats[0].agency_id)
    assert (waiting.issued_for, waiting.right, waiting.is_late) == ("李四", right, False)
    login = NewLogin(username="lisi", display_name="李四", password=PASSWORD)
    await activate(office, DESK, code.code, login, HERE)
    assert await rights() == {"guanli": "manager", "lisi": right.value}
    assert await load_waiting_codes(office, manager.seats[0].agency_id) == ()
    row = await AgencySeat.select(AgencySeat.given_by).where(AgencySeat.id == await seat_of("lisi")).first()
    assert row["given_by"] == "guanli"


async def test_the_managers_of_a_desk_learn_who_joined_it(office, manager):
    reader = await add_agency_person(office, "reader", DESK, DeskRight.READER)
    code = await invite_to_desk(office, manager, DESK, "李四", DeskRight.CLERK)
    login = NewLogin(username="lisi", display_name="李四", password=PASSWORD)
    await activate(office, DESK, code.code, login, HERE)
    other = await add_agency_person(office, "bie", uscc(1))
    code = await invite_to_desk(office, manager, DESK, "王五", DeskRight.MANAGER)
    await join_desk(office, other, DESK, code.code, HERE)
    told = await load_notices(office, manager)
    assert [(n["kind"], n["path"]) for n in told] == [("desk.joined", PAGE)] * 2
    assert "李四" in {n["what"] for n in told}
    assert await load_notices(office, reader) == []


async def test_codes_of_a_desk_are_good_for_the_days_of_invitations(office, manager, clock):
    code = await invite_to_desk(office, manager, DESK, "李四", DeskRight.CLERK)
    clock.forward(days=7)
    (waiting,) = await load_waiting_codes(office, manager.seats[0].agency_id)
    assert waiting.is_late
    login = NewLogin(username="lisi", display_name="李四", password=PASSWORD)
    with pytest.raises(InputError) as caught:
        await activate(office, DESK, code.code, login, HERE)
    assert caught.value.code == "activation.late"


@pytest.mark.parametrize("name", ["", "李四 11010519491231002X", "李四 13812345678", "x" * 101])
async def test_a_name_with_a_number_of_a_person_in_it_is_refused(office, manager, name):
    with pytest.raises((InputError, RefusedError)):
        await invite_to_desk(office, manager, DESK, name, DeskRight.CLERK)
    assert await ActivationCode.count() == 0


async def test_a_code_is_cancelled_by_its_own_desk_only(office, manager):
    other = await add_agency_person(office, "bie", uscc(1))
    code = await invite_to_desk(office, manager, DESK, "李四", DeskRight.CLERK)
    (waiting,) = await load_waiting_codes(office, manager.seats[0].agency_id)
    with pytest.raises(NotFoundError):
        await cancel_desk_code(office, other, uscc(1), waiting.number)
    await cancel_desk_code(office, manager, DESK, waiting.number)
    with pytest.raises(NotFoundError):
        await cancel_desk_code(office, manager, DESK, waiting.number)
    with pytest.raises(InputError):
        await join_desk(office, other, DESK, code.code, HERE)


async def test_rights_are_changed_and_seats_ended_and_the_history_stays(office, manager):
    await add_agency_person(office, "lisi", DESK, DeskRight.READER)
    await change_desk_right(office, manager, DESK, await seat_of("lisi"), DeskRight.MANAGER)
    second = await load_actor("lisi")
    code = await invite_to_desk(office, second, DESK, "王五", DeskRight.READER)
    await change_desk_right(office, manager, DESK, await seat_of("lisi"), DeskRight.CLERK)
    assert await rights() == {"guanli": "manager", "lisi": "clerk"}
    with pytest.raises(InputError) as caught:  # what a manager handed out ends with his right
        await join_desk(office, await add_agency_person(office, "bie", uscc(1)), DESK, code.code, HERE)
    assert caught.value.code == "activation.cancelled"
    assert not await end_desk_seat(office, manager, DESK, await seat_of("lisi"))
    assert await rights() == {"guanli": "manager"}
    ended = await (
        AgencySeat.select(AgencySeat.right, AgencySeat.ended_by)
        .where(AgencySeat.person.username == "lisi")
        .order_by(AgencySeat.id)
    )
    assert [(row["right"], row["ended_by"]) for row in ended] == [
        ("reader", "guanli"),
        ("manager", "guanli"),
        ("clerk", "guanli"),
    ]
    details = await AuditLine.select(AuditLine.details_json).where(AuditLine.action == "desk.change-right")
    assert json.loads(details[0]["details_json"])["person"] == "lisi"


async def test_the_last_manager_stays_and_nobody_changes_his_own_right(office, manager):
    await add_agency_person(office, "lisi", DESK, DeskRight.CLERK)
    own = await seat_of("guanli")
    with pytest.raises(RefusedError) as caught:
        await end_desk_seat(office, manager, DESK, own)
    assert caught.value.code == "desk.last-manager"
    with pytest.raises(RefusedError):
        await change_desk_right(office, manager, DESK, own, DeskRight.READER)
    await change_desk_right(office, manager, DESK, await seat_of("lisi"), DeskRight.MANAGER)
    await close_account(office, ADMIN, "lisi")
    with pytest.raises(RefusedError):  # an account that is closed manages nothing
        await end_desk_seat(office, manager, DESK, own)
    await add_agency_person(office, "wangwu", DESK)
    assert await end_desk_seat(office, manager, DESK, own)


async def test_of_two_managers_who_dismiss_each_other_at_once_one_stays(office, manager):
    second = await add_agency_person(office, "lisi", DESK)
    outcomes = await asyncio.gather(
        end_desk_seat(office, manager, DESK, await seat_of("lisi")),
        end_desk_seat(office, second, DESK, await seat_of("guanli")),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes].count(ForbiddenError) == 1
    assert list((await rights()).values()) == ["manager"]


@pytest.mark.parametrize("right", [DeskRight.CLERK, DeskRight.READER])
async def test_only_a_manager_manages(office, manager, right):
    narrow = await add_agency_person(office, "lisi", DESK, right)
    seat = await seat_of("guanli")
    for attempt in (
        invite_to_desk(office, narrow, DESK, "王五", DeskRight.READER),
        cancel_desk_code(office, narrow, DESK, 1),
        change_desk_right(office, narrow, DESK, seat, DeskRight.READER),
        end_desk_seat(office, narrow, DESK, seat),
    ):
        with pytest.raises(ForbiddenError):
            await attempt
    async with desk_of(office, "lisi") as desk:
        await desk.open(f"/desk/{DESK}")
        page = await desk.open(f"/desk/{DESK}")
        assert PAGE not in page.text
        assert (await desk.client.get(PAGE)).status_code == 403
        for path in (PAGE, f"{PAGE}/{seat}/right", f"{PAGE}/{seat}/end", f"{PAGE}/codes/1/cancel"):
            answer = await desk.send(path, {"right": "reader", "issued_for": "王五"})
            assert (answer.status_code, "权限不足" in answer.text) == (403, True), path
    assert await rights() == {"guanli": "manager", "lisi": right.value}


async def test_a_manager_neither_sees_nor_touches_seats_elsewhere(office, manager):
    """Of somebody who sits at both desks only the seat at this one is there."""
    await add_agency_person(office, "lisi", DESK, DeskRight.CLERK)
    await add_agency_person(office, "fremd", uscc(1))
    both = await load_actor("lisi")
    other = (await load_actor("fremd")).seats[0].agency_id
    await append_seat(both.person_id, other, DeskRight.MANAGER, "fremd", office.now())
    for seat in (await seat_of("fremd", 1), await seat_of("lisi", 1)):
        with pytest.raises(NotFoundError):
            await change_desk_right(office, manager, DESK, seat, DeskRight.READER)
        with pytest.raises(NotFoundError):
            await end_desk_seat(office, manager, DESK, seat)
    async with desk_of(office, "guanli") as desk:
        page = (await desk.open(PAGE)).text
        assert "lisi" in page
        assert "fremd" not in page
        assert uscc(1) not in page
        assert (await desk.send(f"{PAGE}/{await seat_of('lisi', 1)}/end")).status_code == 404
    await end_desk_seat(office, manager, DESK, await seat_of("lisi"))
    assert [seat.uscc for seat in (await load_actor("lisi")).seats] == [uscc(1)]


async def test_a_seat_taken_away_while_logged_in_is_gone_at_the_next_request(office, manager):
    await add_agency_person(office, "lisi", DESK, DeskRight.CLERK)
    async with desk_of(office, "lisi") as desk:
        assert (await desk.client.get(f"/desk/{DESK}")).status_code == 200
        await end_desk_seat(office, manager, DESK, await seat_of("lisi"))
        assert (await desk.client.get(f"/desk/{DESK}")).status_code == 404
        assert "没有任何机构的权限" in (await desk.client.get("/desk")).text


async def test_the_last_login_is_told(office, manager, clock):
    (before,) = await load_desk_people(manager.seats[0].agency_id)
    assert before.last_login_at is None
    for _ in range(2):
        clock.forward(hours=1)
        await open_session(office, "guanli", PASSWORD)
    (after,) = await load_desk_people(manager.seats[0].agency_id)
    assert after.last_login_at == clock.now


async def test_the_page_makes_changes_cancels_and_ends(office, manager):
    await add_agency_person(office, "lisi", DESK, DeskRight.CLERK)
    async with desk_of(office, "guanli") as desk:
        await desk.open(PAGE)
        empty = await desk.send(PAGE, {"issued_for": "", "right": "boss"})
        assert empty.status_code == 422
        assert all(f'href="#field-{field}"' in empty.text for field in ("issued_for", "right"))
        made = await desk.send(PAGE, {"issued_for": "王五", "right": "reader"})
        assert made.status_code == 201
        code = re.search(r'<code class="code">([^<]+)</code>', made.text)[1]
        assert code not in (await desk.open(PAGE)).text
        number = (await load_waiting_codes(office, manager.seats[0].agency_id))[0].number
        done = await desk.send(f"{PAGE}/codes/{number}/cancel")
        assert done.headers["location"] == f"{PAGE}?done=cancel"
        assert (await desk.send(f"{PAGE}/codes/{number}/cancel")).status_code == 404
        seat = await seat_of("lisi")
        assert (await desk.send(f"{PAGE}/{seat}/right", {"right": "boss"})).status_code == 422
        assert (await desk.send(f"{PAGE}/{seat}/right", {"right": "manager"})).status_code == 303
        assert (await desk.send(f"{PAGE}/{seat}/right", {"right": "clerk"})).status_code == 404
        own = await seat_of("guanli")
        assert (await desk.send(f"{PAGE}/{own}/right", {"right": "reader"})).status_code == 422
        answer = await desk.send(f"{PAGE}/{own}/end")
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
        assert (await desk.client.get(PAGE)).status_code == 404


async def test_naming_people_asks_for_the_password_again(office, manager, clock):
    async with desk_of(office, "guanli") as desk:
        await desk.open(PAGE)
        clock.forward(minutes=6)
        assert (await desk.send(PAGE, {"issued_for": "王五", "right": "manager"})).status_code == 403
    assert await ActivationCode.count() == 0


@pytest.mark.parametrize("status", ["cancelled", "revoked"])
async def test_who_sits_at_an_agency_that_is_closed_still_objects(office, clock, status):
    world = await made.build_world(office, clock, n_agencies=2, n_inspectors=2)
    for key in (OWN, OTHERS):
        await made.enter_value_of_profile(world, key, 3)
    clerk = await add_agency_person(office, "lisi", DESK, DeskRight.CLERK)
    record = await record_of(DESK, "警告", document_number="3号")
    await rate_all(office, world.drafter)
    await Agency.update({Agency.status: status}).where(Agency.uscc == DESK)
    assert await open_objection(office, clerk, DESK, record, "处罚已被撤销", ()) > 0


# --- recovery through the office ----------------------------------------------------------------------


@pytest.fixture
async def security(office, manager) -> Actor:
    return await add_account(office, "anquan", Role.SECURITY)


async def test_the_office_finds_people_by_their_agency_and_invites_them_anew(office, security):
    await add_account(office, "neibu", Role.DRAFTER)
    async with desk_of(office, "anquan") as desk:
        plain = (await desk.open("/admin/people")).text
        assert ("/admin/people/neibu" in plain, "/admin/people/guanli" in plain) == (True, False)
        agencies = (await desk.open("/admin/people?kind=agency")).text
        assert ("/admin/people/neibu" in agencies, "/admin/people/guanli" in agencies) == (False, True)
        for q in (DESK, "测试0号", "GUANLI"):
            found = (await desk.open(f"/admin/people?q={q}")).text
            assert ("/admin/people/neibu" in found, "/admin/people/guanli" in found) == (False, True), q
        assert "/admin/people/guanli" not in (await desk.open(f"/admin/people?q={uscc(1)}")).text
        person = (await desk.open("/admin/people/guanli")).text
        assert f'href="/admin/activation/{DESK}"' in person
        assert 'name="roles"' not in person
        renewed = await desk.send("/admin/people/guanli/invite")
        assert renewed.status_code == 201
    assert (await Person.select().where(Person.username == "guanli").first())["password_hash"] == ""
    assert [seat.uscc for seat in (await load_actor("guanli")).seats] == [DESK]


async def test_accounts_come_a_page_at_a_time(office, security):
    first = await search_accounts(limit=1)
    assert ([one.username for one in first.items], first.after) == (["anquan"], "anquan")
    last = await search_accounts(after="anquan", limit=1)
    assert ([one.username for one in last.items], last.after) == (["guanli"], None)


async def test_the_console_opens_no_account_of_an_agency(office, security):
    async with desk_of(office, "anquan") as desk:
        await desk.open("/admin/people")
        form = {"username": "jia", "display_name": "甲", "roles": "agency", "agency": DESK}
        assert (await desk.send("/admin/people", form)).status_code == 422
    assert await load_actor("jia") is None
