"""The pages of the way in, walked by people: letter, login, authenticator, desk; and what the letter says."""

from __future__ import annotations

import html
import io
import re

import pyotp
import pypdf
import pytest

from agency_credit.database.tables import ActivationCode, Agency, AuditLine, PersonTotp, Session
from agency_credit.domain.errors import InputError
from agency_credit.domain.role import Role
from agency_credit.services.activation import NewLogin, activate
from agency_credit.services.activation_letter import issue_letters, print_letter
from agency_credit.services.agency_access import issue_codes
from agency_credit.services.sessions import Visitor
from tests.integration.console import Desk, desk_of
from tests.visitor import visit
from tests.world import PASSWORD, add_account, add_agencies, add_agency_person, uscc

BASE = "http://10.1.2.3:8000"
HERE = Visitor(address="10.0.0.9")


@pytest.fixture
async def security(office):
    await add_agencies(4)
    return await add_account(office, "anquan", Role.SECURITY)


async def issue(office, security, n: int = 0):
    (code,) = await issue_codes(office, security, [uscc(n)])
    return code


def login(username: str = "jigou") -> NewLogin:
    return NewLogin(username=username, display_name="张三", password=PASSWORD)


async def enter(office, code) -> str:
    return await activate(office, code.uscc, code.code, login(), HERE)


async def set_status(n: int, status: str) -> None:
    await Agency.update({Agency.status: status}).where(Agency.uscc == uscc(n))


# --- pages --------------------------------------------------------------------------------------------


def code_in(page: str) -> str:
    found = re.search(r'<code class="code">([^<]+)</code>', page)
    assert found is not None
    return found[1]


async def test_from_the_letter_to_the_desk_in_three_clicks(office, security, clock):
    async with desk_of(office, "anquan") as desk:
        await desk.open(f"/admin/activation/{uscc(0)}")
        page = await desk.send(f"/admin/activation/{uscc(0)}/issue")
        assert page.status_code == 201
        code = code_in(page.text)
        letter = await desk.send(f"/admin/activation/{uscc(0)}/letter", {"code": code})
        assert letter.headers["content-type"] == "application/pdf"
        bad = await desk.send(f"/admin/activation/{uscc(1)}/letter", {"code": code})
        assert bad.status_code == 422
    async with visit(office) as client:
        visitor = Desk(client)
        page = await visitor.open(f"/activate?uscc={uscc(0)}&code={code}")
        assert f'value="{code}"' in page.text
        assert page.headers["cache-control"] == "no-store"
        form = {
            "uscc": uscc(0).lower(),
            "code": code,
            "username": "jigou",
            "display_name": "张三",
            "password": PASSWORD,
            "again": PASSWORD,
        }
        bare = await visitor.send("/activate", {**form, "again": "x", "username": ""})
        assert bare.status_code == 422
        assert all(f'href="#field-{field}"' in bare.text for field in ("again", "username", "agreed"))
        answer = await visitor.send("/activate", {**form, "agreed": "yes"})  # click 1
        assert (answer.status_code, answer.headers["location"]) == (303, "/activate/authenticator")
        page = await visitor.open("/activate/authenticator")
        found = re.search(r'<code class="digest">([A-Z2-7 ]+)</code>', page.text)
        secret = found[1].replace(" ", "")
        locked = await client.get(f"/desk/{uscc(0)}")
        assert (locked.status_code, locked.headers["location"]) == (303, "/admin/account")
        wrong = await visitor.send("/activate/authenticator", {"code": "12"})
        assert (wrong.status_code, 'href="#field-code"' in wrong.text) == (422, True)
        now = pyotp.TOTP(secret).at(int(clock.now.timestamp()))
        done = await visitor.send("/activate/authenticator", {"code": now})  # click 2
        assert len(re.findall(r"<li><code>", done.text)) == 10
        assert f'href="/desk/{uscc(0)}"' in done.text
        assert (await client.get(f"/desk/{uscc(0)}")).status_code == 200  # click 3
        assert (await client.get("/activate/authenticator")).headers["location"] == "/desk"
        assert "您的账号中增加机构" in (await client.get("/activate")).text
    assert await PersonTotp.count().where(PersonTotp.confirmed_at.is_not_null()) == 1
    assert await Session.count().where(Session.person.username == "jigou") == 1


async def test_who_has_a_login_adds_the_agency_after_logging_in(office, security):
    await add_agency_person(office, "jia", uscc(0))
    code = await issue(office, security, 1)
    async with visit(office) as client:
        visitor = Desk(client)
        page = await visitor.open(f"/activate?uscc={code.uscc}&code={code.code}")
        target = html.unescape(re.search(r'href="(/admin/login\?next=[^"]+)"', page.text)[1])
        await visitor.open(target)
        form = {
            "username": "jia",
            "password": PASSWORD,
            "next": f"/activate?uscc={code.uscc}&code={code.code}",
        }
        answer = await client.post("/admin/login", data=form)
        assert answer.headers["location"] == form["next"]
        page = await visitor.open(answer.headers["location"])
        assert f'value="{code.code}"' in page.text
        wrong = await visitor.send("/activate/join", {"uscc": uscc(2), "code": code.code})
        assert (wrong.status_code, "不相符" in wrong.text) == (422, True)
        forged = await client.post("/activate/join", data={"uscc": code.uscc, "code": code.code})
        assert forged.status_code == 403
        joined = await visitor.send("/activate/join", {"uscc": code.uscc, "code": code.code})
        assert joined.headers["location"] == f"/desk/{uscc(1)}"
        assert (await client.get("/desk")).text.count('href="/desk/') == 2


async def test_the_console_lists_issues_cancels_and_ends(office, security):
    await add_agency_person(office, "jia", uscc(1))
    await set_status(3, "cancelled")
    async with desk_of(office, "anquan") as desk:
        page = await desk.open("/admin/activation?access=none&q=测试")
        assert f"/admin/activation/{uscc(0)}" in page.text
        assert f"/admin/activation/{uscc(1)}" not in page.text
        assert f'value="{uscc(3)}"' not in page.text
        none = await desk.send("/admin/activation/letters")
        assert (none.status_code, "请选择" in none.text) == (422, True)
        closed = await desk.send("/admin/activation/letters", {"uscc": [uscc(0), uscc(3)]})
        assert closed.status_code == 422
        assert await ActivationCode.count() == 0
        letters = await desk.send("/admin/activation/letters", {"uscc": [uscc(0), uscc(2)]})
        assert len(pypdf.PdfReader(io.BytesIO(letters.content)).pages) == 2
        assert (await desk.send(f"/admin/activation/{uscc(0)}/cancel")).status_code == 303
        assert (await desk.send(f"/admin/activation/{uscc(0)}/cancel")).status_code == 422
        assert (await desk.send(f"/admin/activation/{uscc(3)}/issue")).status_code == 422
        assert "jia" in (await desk.open(f"/admin/activation/{uscc(1)}")).text
        assert (await desk.send(f"/admin/activation/{uscc(1)}/seats/end")).status_code == 303
        assert (await desk.send(f"/admin/activation/{uscc(1)}/seats/end")).status_code == 422
        assert (await desk.client.get("/admin/activation/none")).status_code == 404


async def test_issuing_asks_for_the_password_again(office, security, clock):
    async with desk_of(office, "anquan") as desk:
        clock.forward(minutes=6)
        assert (await desk.send(f"/admin/activation/{uscc(0)}/issue")).status_code == 403
        assert await ActivationCode.count() == 0


# --- the letter ---------------------------------------------------------------------------------------


def read(content: bytes) -> list[str]:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return [re.sub(r"\s+", "", page.extract_text()) for page in pages]


async def test_the_letter_says_to_whom_how_until_when_and_fits_a_page(office, security):
    code = await issue(office, security)
    paper = await print_letter(office, security, code.uscc, code.code, BASE)
    (text,) = read(paper.content)
    until = "2026年12月24日12:00"
    for part in (code.agency, code.uscc, code.code, until, f"{BASE}/activate", f"{BASE}/desk", "办理步骤"):
        assert re.sub(r"\s+", "", part) in text, part
    lines = await AuditLine.select(AuditLine.details_json, AuditLine.subject)
    assert not [line for line in lines if code.code in line["details_json"] + line["subject"]]


async def test_letters_of_several_agencies_each_have_a_code_of_their_own(office, security):
    paper = await issue_letters(office, security, [uscc(0), uscc(1), uscc(0)], BASE)
    one, other = read(paper.content)
    assert (uscc(0) in one, uscc(1) in other) == (True, True)
    for n, text in enumerate((one, other)):
        code = re.search(r"(?:[A-Z2-9]{4}-){4}[A-Z2-9]{4}", text)[0]
        await activate(office, uscc(n), code, login(f"jigou{n}"), HERE)


async def test_a_letter_of_a_code_that_is_used_is_not_printed_again(office, security):
    code = await issue(office, security)
    await enter(office, code)
    with pytest.raises(InputError) as caught:
        await print_letter(office, security, code.uscc, code.code, BASE)
    assert caught.value.code == "activation.not-open"


async def test_names_with_commands_of_the_press_are_only_text(office, security):
    await Agency.update({Agency.name: "#panic() $x$ 公司"}).where(Agency.uscc == uscc(0))
    paper = await issue_letters(office, security, [uscc(0)], BASE)
    assert "#panic()" in read(paper.content)[0]
