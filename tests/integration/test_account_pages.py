"""The pages about accounts, walked by people: invited, set up, asked, changed, ended; and the audit pages."""

from __future__ import annotations

import html
import re

import pyotp
import pytest

from agency_credit.database.tables import Invitation, PersonRole
from agency_credit.domain.role import Role
from agency_credit.services.audit_chain import verify_chain
from agency_credit.services.security_settings import change_settings
from tests.architecture.test_routes import log_in
from tests.integration.console import Desk, desk_of
from tests.visitor import visit
from tests.world import PASSWORD, add_account

OTHER = "several words that differ"


@pytest.fixture
async def security(office):
    return await add_account(office, "anquan", Role.SECURITY)


async def test_from_the_invitation_to_the_first_page(office, security):
    async with desk_of(office, "anquan") as desk:
        await desk.open("/admin/people")
        form = {"username": "li", "display_name": "李强", "roles": "drafter"}
        page = await desk.send("/admin/people", form)
        assert page.status_code == 201
        code = re.search(r'<code class="code">([^<]+)</code>', page.text)[1]
        assert "<svg" in page.text
        assert "http://office.test/admin/invitation" in page.text
    async with visit(office) as client:
        blank = await client.get(f"/admin/invitation?username=li&code={code}")
        assert f'value="{code}"' in blank.text
        bad = {"username": "li", "code": code, "password": OTHER, "again": "something else"}
        assert (await client.post("/admin/invitation", data=bad)).status_code == 422
        weak = {"username": "li", "code": code, "password": "password2026", "again": "password2026"}
        assert 'href="#field-password"' in (await client.post("/admin/invitation", data=weak)).text
        good = {"username": "li", "code": code, "password": OTHER, "again": OTHER}
        answer = await client.post("/admin/invitation", data=good)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?done=account")
        assert "密码已设置" in (await client.get(answer.headers["location"])).text
        assert (await Desk(client).log_in("li", OTHER)).status_code == 303
    async with visit(office) as client:
        assert (await client.post("/admin/invitation", data=good)).status_code == 422
    assert await Invitation.count().where(Invitation.closed_at.is_null()) == 0


async def test_an_authenticator_is_set_up_and_asked_for(office, clock):
    await add_account(office, "wang", Role.DRAFTER)
    async with desk_of(office, "wang") as desk:
        await desk.open("/admin/account")
        page = await desk.send("/admin/account/totp")
        secret = re.search(r'<code class="digest">([A-Z2-7 ]+)</code>', page.text)[1].replace(" ", "")
        wrong = await desk.send("/admin/account/totp/confirm", {"code": "12345"})
        assert wrong.status_code == 422
        assert secret in wrong.text.replace(" ", "")
        code = pyotp.TOTP(secret).at(int(clock.now.timestamp()))
        done = await desk.send("/admin/account/totp/confirm", {"code": code})
        assert len(re.findall(r"<li><code>", done.text)) == 10
        assert secret not in (await desk.open("/admin/account")).text.replace(" ", "")
    clock.forward(minutes=1)
    async with visit(office) as client:
        step = await Desk(client).log_in("wang")
        assert step.status_code == 200
        assert "set-cookie" not in step.headers
        ticket = html.unescape(re.search(r'name="ticket" value="([^"]+)"', step.text)[1])
        form = {"ticket": ticket, "next": "/admin/account", "code": "000000"}
        assert (await client.post("/admin/login/code", data=form)).status_code == 422
        form["code"] = pyotp.TOTP(secret).at(int(clock.now.timestamp()))
        answer = await client.post("/admin/login/code", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account")
    async with visit(office) as client:
        late = await client.post("/admin/login/code", data={**form, "ticket": "x"})
        assert "重新输入用户名和密码" in late.text


async def test_who_has_a_duty_does_that_first(office, security):
    await add_account(office, "wang", Role.DRAFTER)
    await change_settings(office, security, {"totp_required": "yes"})
    async with desk_of(office, "wang") as desk:
        answer = await desk.client.get("/admin/import")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account")
        assert "须使用动态口令" in (await desk.open("/admin/account")).text
        answer = await desk.send_json("/api/v1/draws", {})
        assert (answer.status_code, answer.json()["code"]) == (403, "account.unfinished")
        assert (await desk.client.get("/agencies")).status_code == 200
        assert (await desk.send("/admin/logout")).status_code == 303


async def test_ones_own_password_ends_the_other_logins(office):
    await add_account(office, "wang", Role.DRAFTER)
    async with desk_of(office, "wang") as one, desk_of(office, "wang") as other:
        form = {"current": PASSWORD, "password": OTHER, "again": OTHER}
        assert (await one.send("/admin/account/password", {**form, "again": "x"})).status_code == 422
        assert (await one.send("/admin/account/password", {**form, "current": "x"})).status_code == 422
        assert (await one.send("/admin/account/password", form)).status_code == 303
        assert (await one.client.get("/admin")).status_code == 200
        assert (await other.client.get("/admin")).status_code == 303
        assert (await one.send("/admin/account/name", {"display_name": "王芳"})).status_code == 303
        assert "王芳" in (await one.open("/admin/account?done=name")).text


async def test_logins_are_ended_one_by_one_and_all(office, security):
    await add_account(office, "wang", Role.DRAFTER)
    async with desk_of(office, "wang") as one, desk_of(office, "wang") as other:
        page = await one.open("/admin/account")
        (session,) = re.findall(r'name="session" value="(\d+)"', page.text)
        assert (await one.send("/admin/account/sessions/end", {"session": session})).status_code == 303
        assert (await other.client.get("/admin")).status_code == 303
        async with desk_of(office, "anquan") as desk:
            assert 'name="session"' in (await desk.open("/admin/people/wang")).text
            assert (await desk.send("/admin/people/wang/sessions/end")).status_code == 303
        assert (await one.client.get("/admin")).status_code == 303


async def test_the_security_administrator_changes_an_account(office, security):
    await add_account(office, "wang", Role.DRAFTER)
    async with desk_of(office, "anquan") as desk:
        roles = await desk.send("/admin/people/wang/roles", {"roles": ["drafter", "approver"]})
        assert roles.status_code == 303
        assert (
            await desk.send("/admin/people/wang/roles", {"roles": ["drafter", "audit"]})
        ).status_code == 422
        assert (await desk.send("/admin/people/wang/roles", {"roles": []})).status_code == 422
        assert (await desk.send("/admin/people/anquan/close")).status_code == 422
        assert (await desk.send("/admin/people/wang/totp", {"required": "yes"})).status_code == 303
        assert (await desk.send("/admin/people/wang/invite")).status_code == 201
        assert (await desk.send("/admin/people/wang/close")).status_code == 303
        assert ">停用<" in (await desk.open("/admin/people/wang")).text
        assert (await desk.send("/admin/people/wang/reopen")).status_code == 303
        assert (await desk.client.get("/admin/people/nobody")).status_code == 404
    assert await PersonRole.count() == 3


async def test_settings_are_changed_on_their_page(office, security):
    async with desk_of(office, "anquan") as desk:
        assert "据记忆，未见原文" in (await desk.open("/admin/security")).text
        bad = await desk.send("/admin/security", {"confirm_minutes": "1000", "login_failures": "7"})
        assert (bad.status_code, 'href="#field-confirm_minutes"' in bad.text) == (422, True)
        good = await desk.send("/admin/security", {"confirm_minutes": "9", "unknown": "1"})
        assert good.headers["location"] == "/admin/security?n_changed=1"


async def test_the_audit_administrator_finds_downloads_and_checks(office, security):
    await add_account(office, "shenji", Role.AUDIT)
    await add_account(office, "=cmd", Role.DRAFTER)
    async with desk_of(office, "shenji") as desk:
        page = await desk.open("/admin/audit?action=person&actor=operator")
        assert page.text.count("person.create") >= 3
        assert "session.open" not in page.text
        assert "person.create" not in (await desk.open("/admin/audit?last=2020-01-01")).text
        assert (await desk.open("/admin/audit?first=gestern")).status_code == 422
        table = await desk.client.get("/admin/audit.csv?action=person.create")
        assert table.headers["content-disposition"].endswith('"audit.csv"')
        lines = table.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 4
        assert lines[0].startswith("id,at,actor")
        assert "'=cmd" in table.text
        head = str((await verify_chain()).head)
        whole = await desk.open(f"/admin/audit/chain?head={head}")
        assert ("记录链完整" in whole.text, head in whole.text) == (True, True)
        assert "缺失" in (await desk.open(f"/admin/audit/chain?head=1:{'0' * 64}")).text
        assert (await desk.open("/admin/audit/chain?head=1")).status_code == 422


@pytest.mark.parametrize("asked", ["last=9999-12-31", "first=0001-01-01", "first=yesterday", "actor=%00"])
async def test_audit_lines_of_days_that_there_are_not_are_refused_and_none_shown(office, asked):
    await add_account(office, "shenji", Role.AUDIT)
    async with desk_of(office, "shenji") as desk:
        page = await desk.open(f"/admin/audit?{asked}")
        assert page.status_code == 422
        assert "session.open" not in page.text
        assert (await desk.client.get(f"/admin/audit.csv?{asked}")).status_code == 422


async def test_a_person_of_an_agency_is_led_to_the_desk_and_no_further(office):
    headers = await log_in(office, "jigou", Role.AGENCY)
    async with visit(office) as client:
        first = await client.get("/admin", headers=headers)
        assert (first.status_code, first.headers["location"]) == (303, "/desk")
        assert (await client.get("/desk", headers=headers)).status_code == 200
        assert (await client.get("/admin/account", headers=headers)).status_code == 200
        assert (await client.get("/admin/draws", headers=headers)).status_code == 403
