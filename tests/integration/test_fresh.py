"""What cannot be undone by anybody alone asks for the password again: which routes, and how it is asked."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

import httpx
import pytest

from agency_credit.database.tables import DrawStep, DrawVoidRequest
from agency_credit.domain.role import Role
from agency_credit.services.people import load_actor
from agency_credit.services.security_settings import change_settings
from agency_credit.settings import Settings
from tests import world as worlds
from tests.architecture.test_routes import declared
from tests.integration.console import Desk, desk_of
from tests.visitor import shared_app, visit
from tests.world import PASSWORD, add_account

STEPS = (
    r"(approve|draw|publish|void|void/confirm|review|decide|roles|invite|close|reopen|totp|totp/end|recovery)"
)
ALSO = {"/admin/people", "/admin/recusals", "/admin/security", "/admin/people/{username:str}/sessions/end"}
"""Opening accounts, approving recusals, how strict logins are, ending the logins of others."""
ARCHIVE = "/admin/archive", "/admin/archive/{sealed:int}"
"""What was forgotten: even to look asks for it."""
PEOPLE_OF_AGENCIES = r"^(/admin/activation|/desk/\{uscc:str\}/people)(/|$)"
"""Codes and seats, by the office and by the managers."""
NOT = {"/admin/plans/{year:int}/rows/{row:int}/draw"}
"""Begins a draft; nothing is drawn."""


def hidden(page: str) -> list[tuple[str, str]]:
    """Names and values of the hidden fields."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return [(name, value) for name, value in found]


async def send_again(desk: Desk, answer: httpx.Response) -> httpx.Response:
    """What a browser does with a 307: the same form once more, to where it leads."""
    kept = {"Content-Type": answer.request.headers["content-type"]}
    return await desk.client.post(answer.headers["location"], content=answer.request.content, headers=kept)


def test_the_routes_that_ask_for_the_password_again_are_these(tmp_path):
    app = shared_app(Settings(data=tmp_path))
    marked = {(method, path) for method, path, handler in declared(app) if handler.opt.get("fresh")}
    expected = {
        (method, path)
        for method, path, _ in declared(app)
        if method == "POST"
        and path not in NOT
        and (re.search(rf"/{STEPS}$|{PEOPLE_OF_AGENCIES}", path) or path in ALSO)
    }
    expected |= {("GET", path) for path in ARCHIVE} | {("POST", ARCHIVE[1])}
    assert marked == expected
    assert len(marked) > 20


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


async def test_a_login_counts_and_then_the_password_is_asked_for_again(world, clock):
    draw = await worlds.announced(world)
    path = f"/admin/draws/{draw}/approve"
    async with desk_of(world.office, "approver") as desk:
        clock.forward(minutes=6)
        page = await desk.open(path)
        assert page.status_code == 200, "reading asks for nothing"
        asked = await desk.send(path)
        assert (asked.status_code, "再次输入密码" in asked.text) == (403, True)
        assert await DrawStep.count() == 1
        before = desk.client.cookies["ac_session"]
        wrong = await desk.client.post(
            "/admin/confirm", data={**dict(hidden(asked.text)), "confirm_password": "wrong password"}
        )
        assert wrong.status_code == 422
        answer = await desk.client.post(
            "/admin/confirm", data={**dict(hidden(wrong.text)), "confirm_password": PASSWORD}
        )
        assert (answer.status_code, answer.headers["location"]) == (307, path)
        assert desk.client.cookies["ac_session"] != before
        again = await send_again(desk, answer)
        assert again.status_code == 303
    assert await DrawStep.count().where(DrawStep.step == "approved") == 1


async def test_a_form_that_was_sent_is_not_lost(world, clock):
    draw = await worlds.announced(world)
    path = f"/admin/draws/{draw}/void"
    reason = '名单有误：<漏列>"两家" & 其他\n第二行'
    async with desk_of(world.office, "drafter") as desk:
        clock.forward(minutes=6)
        asked = await desk.send(path, {"reason_code": "stated", "reason": reason})
        assert asked.status_code == 403
        assert "保留" in asked.text
        fields = {name: html.unescape(value) for name, value in hidden(asked.text)}
        assert fields["reason"].replace("\r\n", "\n") == reason
        answer = await desk.client.post("/admin/confirm", data={**fields, "confirm_password": PASSWORD})
        assert answer.status_code == 307
        assert (await send_again(desk, answer)).status_code == 303
    row = await DrawVoidRequest.select().first()
    assert row["reason"].replace("\r\n", "\n") == reason


async def test_programs_are_told_how_to_go_on(world, clock):
    draw = await worlds.announced(world)
    path = f"/api/v1/draws/{draw}/approve"
    async with desk_of(world.office, "approver") as desk:
        clock.forward(minutes=6)
        key = {"Idempotency-Key": "approve-1"}
        stale = await desk.send_json(path, **key)
        assert (stale.status_code, stale.json()["code"]) == (403, "session.stale")
        assert "/api/v1/session/confirm" in stale.json()["detail"]
        assert (await desk.send_json("/api/v1/session/confirm", {"password": "wrong"})).status_code == 422
        confirmed = await desk.send_json("/api/v1/session/confirm", {"password": PASSWORD})
        assert (confirmed.status_code, confirmed.json()["csrf_token"]) == (200, desk.token)
        done = await desk.send_json(path, **key)
        assert (done.status_code, done.json()["state"]) == (200, "approved")


async def test_how_long_it_stands_is_data(world, clock):
    security = await add_account(world.office, "anquan", Role.SECURITY)
    await change_settings(world.office, security, {"confirm_minutes": "20"})
    draw = await worlds.announced(world)
    async with desk_of(world.office, "approver") as desk:
        clock.forward(minutes=19)
        assert (await desk.send(f"/admin/draws/{draw}/approve")).status_code == 303


async def test_guessing_it_ends_after_ten(world, clock):
    async with desk_of(world.office, "approver") as desk:
        for _ in range(10):
            answer = await desk.send("/admin/confirm", {"confirm_password": "wrong password"})
            assert answer.status_code == 422
        answer = await desk.send("/admin/confirm", {"confirm_password": PASSWORD})
        assert "失败次数过多" in answer.text or "次数" in answer.text
        assert "ac_session" not in answer.cookies


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "/agencies", "/admin:x"]
)
async def test_the_way_on_never_leaves_the_console(world, target):
    async with desk_of(world.office, "approver") as desk:
        form = {"next_path": target, "is_form": "1", "x": "y", "confirm_password": PASSWORD}
        answer = await desk.send("/admin/confirm", form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin")


async def test_a_page_that_asks_leads_back_to_where_one_was(world):
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open("/admin/confirm?next=/admin/recusals")
        form = {**dict(hidden(page.text)), "confirm_password": PASSWORD}
        answer = await desk.client.post("/admin/confirm", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/recusals")


async def test_nobody_outside_locks_a_person_out_of_giving_the_password_again(world):
    """Failed logins under whatever name do not count against who is logged in."""
    async with desk_of(world.office, "approver") as desk, visit(world.office) as stranger:
        for n in range(12):
            for name in ("confirm approver", "\napprover"):
                form = {"username": name, "password": f"guess {n}"}
                await stranger.post("/admin/login", data=form)
                await stranger.post("/api/v1/session", json=form)
        answer = await desk.send("/admin/confirm", {"confirm_password": PASSWORD})
        assert (answer.status_code, answer.headers.get("location")) == (303, "/admin")


@pytest.mark.parametrize("name", ["a%41", "王芳", "a b", "%2e%2e"])
async def test_the_form_that_waited_goes_to_the_very_account_it_was_for(world, clock, name):
    """The path comes decoded and goes back encoded: ``a%41`` never becomes ``aA``."""
    await add_account(world.office, "anquan", Role.SECURITY)
    for username in (name, "aA"):
        await add_account(world.office, username, Role.DRAFTER)
    async with desk_of(world.office, "anquan") as desk:
        clock.forward(minutes=6)
        asked = await desk.send(f"/admin/people/{quote(name, safe='')}/roles", {"roles": "approver"})
        form = {**dict(hidden(asked.text)), "confirm_password": PASSWORD}
        again = await desk.client.post("/admin/confirm", data=form)
        assert again.status_code == 307
        assert (await desk.client.post(again.headers["location"], data=form)).status_code == 303
    actors = {username: await load_actor(username) for username in (name, "aA")}
    assert {key: actor.roles for key, actor in actors.items() if actor} == {
        name: {Role.APPROVER},
        "aA": {Role.DRAFTER},
    }
