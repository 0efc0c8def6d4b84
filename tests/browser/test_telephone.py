"""An inspector whose connection comes and goes: nothing typed is lost, nothing is sent twice."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from agency_credit.services.office import Office
from tests import world as made
from tests.browser.conftest import TELEPHONE
from tests.conftest import Clock
from tests.site import Site

VISIT = 1
PAGE = f"/admin/inspections/{VISIT}"


class Phone:
    """A page at the width of a telephone, and whether its connection holds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_cut = False
        self.loses_answers = False
        self.is_restarting = False
        self.n_sent = 0
        page.route("**/admin/inspections/**", self._pass_on)

    def _pass_on(self, route: Route) -> None:
        if self.is_cut:
            route.abort("internetdisconnected")
            return
        if route.request.url.endswith("/result"):
            self.n_sent += 1
            if self.is_restarting:  # the proxy answers, the service behind it does not
                route.fulfill(status=502, body="Bad Gateway")
                return
            if self.loses_answers:  # it arrives, and the telephone never hears of it
                route.fetch(max_redirects=0)
                route.abort("connectionreset")
                return
        route.continue_()


async def prepare(office: Office, clock: Clock) -> None:
    """A draw that was made; the accounts of the world of the other tests."""
    world = await made.build_world(office, clock)
    await made.drawn(world)
    team = await made.members_of(world, VISIT)
    assert team[0].username in MEMBERS


MEMBERS = tuple(f"inspector{n}" for n in range(6))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A service on an office whose teams have to go out."""
    site = Site(tmp_path / "data", prepare)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def phone(browser: Browser, site: Site) -> Iterator[Phone]:
    """The telephone of a member of the first team, logged in, with the record open."""
    context = browser.new_context(
        base_url=site.address, locale="zh-CN", viewport={"width": TELEPHONE, "height": 844}
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    for username in MEMBERS:
        page.goto("/admin/login")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(made.PASSWORD)
        page.get_by_role("button", name="登录").click()
        answer = page.goto(PAGE)
        if answer is not None and answer.ok:
            break
        context.clear_cookies()
    yield Phone(page)
    context.close()


def fill(page: Page, findings: str) -> None:
    """A whole record."""
    page.get_by_label("检查日期").fill("2026-12-01")
    page.get_by_label("出示证件并告知权利的时间").fill("2026-12-01T09:00")
    page.get_by_label("检查地点").fill("张店区人民西路1号")
    page.get_by_role("checkbox", name="实地检查").check()
    for line in page.locator(".check-line").all():
        line.get_by_text("符合", exact=True).click()
    page.get_by_role("checkbox", name="未发现问题").check()
    page.get_by_label("检查发现").fill(findings)


def hand_in(page: Page) -> None:
    page.get_by_role("button", name="提交记录").click()


def photograph() -> dict[str, object]:
    output = io.BytesIO()
    Image.effect_noise((800, 600), 80).convert("RGB").save(output, "JPEG")
    return {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": output.getvalue()}


def test_a_record_typed_without_a_connection_is_sent_once_it_is_back(phone: Phone, look_at: Callable) -> None:
    page = phone.page
    look_at(page, "telephone-record")
    fill(page, "断网时填写")
    phone.is_cut = True
    hand_in(page)
    expect(page.locator("[data-draft-state]")).to_contain_text("网络不通")
    look_at(page, "telephone-offline")
    phone.is_cut = False
    page.reload()  # the telephone was put away, and the page opened again
    expect(page.get_by_role("button", name="本人确认此记录")).to_be_visible()
    expect(page.locator(".version .facts")).to_contain_text("断网时填写")
    assert page.evaluate("Object.keys(localStorage)") == []
    look_at(page, "telephone-confirm")


def test_a_record_whose_answer_was_lost_is_stored_once(phone: Phone) -> None:
    page = phone.page
    fill(page, "回执丢失")
    phone.loses_answers = True
    for _ in range(3):
        hand_in(page)
        expect(page.locator("[data-draft-state]")).to_contain_text("网络不通")
    assert phone.n_sent == 3
    phone.loses_answers = False
    page.goto(PAGE)
    expect(page.get_by_role("heading", name="检查结果（第 1 版）")).to_be_visible()
    expect(page.get_by_role("heading", name="检查结果（第 2 版）")).to_have_count(0)


def test_a_service_that_starts_anew_behind_its_proxy_is_waited_for(phone: Phone) -> None:
    page = phone.page
    fill(page, "服务重启时提交")
    phone.is_restarting = True
    hand_in(page)
    expect(page.locator("[data-draft-state]")).to_contain_text("网络不通")
    phone.is_restarting = False
    page.reload()
    expect(page.get_by_role("button", name="本人确认此记录")).to_be_visible()
    expect(page.locator(".version .facts")).to_contain_text("服务重启时提交")


def test_what_was_typed_is_there_again_when_the_page_was_closed_by_mistake(phone: Phone) -> None:
    page = phone.page
    phone.is_cut = True
    page.get_by_label("检查发现").fill("没有提交就关掉了")
    phone.is_cut = False
    page.goto("/admin/inspections")
    page.goto(PAGE)
    expect(page.get_by_label("检查发现")).to_have_value("没有提交就关掉了")
    expect(page.locator("[data-draft-state]")).to_contain_text("已从本机恢复")
    expect(page.locator("[data-draft-state]")).to_contain_text("服务器", timeout=12_000)
    page.evaluate("localStorage.clear()")
    page.goto(PAGE)
    expect(page.get_by_label("检查发现")).to_have_value("没有提交就关掉了")


def test_photographs_go_with_the_draft_and_a_file_that_is_none_is_refused(
    phone: Phone, look_at: Callable
) -> None:
    page = phone.page
    fill(page, "附照片")
    page.locator("#file-photographs").set_input_files([photograph()])
    page.get_by_role("button", name="保存草稿和照片").click()
    expect(page.get_by_role("checkbox", name="第 1 张")).to_be_checked()
    expect(page.get_by_label("检查发现")).to_have_value("附照片")
    page.locator("#file-photographs").set_input_files(
        [{"name": "b.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}]
    )
    hand_in(page)
    expect(page.get_by_role("alert")).to_contain_text("不是可读取的照片")
    expect(page.get_by_role("checkbox", name="第 1 张")).to_be_checked()
    look_at(page, "telephone-no-picture")
    hand_in(page)
    expect(page.get_by_role("button", name="本人确认此记录")).to_be_visible()
