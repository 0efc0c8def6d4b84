"""What people do at the screen: they read labels and press buttons, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.conftest import Clock

OFFICE_FILES = Path(__file__).parents[2] / "seeds" / "data" / "office"
Look = Callable[[Page, str], None]


def log_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Come to the desk."""
    page.goto("/admin")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="工作台")).to_be_visible()


def go_to(page: Page, name: str) -> None:
    """Choose an entry of the console's navigation."""
    page.get_by_role("navigation", name="工作台导航").get_by_role("link", name=name, exact=True).click()


def go_to_desk(page: Page) -> None:
    """Back to what waits."""
    go_to(page, "工作台")
    expect(page.get_by_role("heading", name="待办事项")).to_be_visible()


def add_person(page: Page, username: str, name: str, *roles: str, inspector: int | None = None) -> None:
    """Open an account; `inspector`: which one of the drop-down it belongs to, from 1."""
    go_to(page, "人员账号")
    page.get_by_label("用户名").fill(username)
    page.get_by_role("textbox", name="姓名").fill(name)
    for role in roles:
        page.get_by_role("checkbox", name=re.compile(f"^{role}")).check()
    if inspector is not None:
        page.get_by_label("执法检查人员", exact=False).last.select_option(index=inspector)
    page.get_by_role("button", name="开通").click()
    expect(page.get_by_role("heading", name=f"{name} 的开户通知")).to_be_visible()
    accept_invitation(page, username, page.locator("code.code").inner_text())


def accept_invitation(page: Page, username: str, code: str) -> None:
    """The person, with a browser of his own, sets a password with the code of the printed page."""
    browser, site = page.context.browser, urlsplit(page.url)
    assert browser is not None, "a context of a browser"
    own = browser.new_page(base_url=f"{site.scheme}://{site.netloc}")
    own.goto("/admin/invitation")
    own.get_by_label("用户名").fill(username)
    own.get_by_label("开户码").fill(code)
    own.get_by_label("新密码").fill(PASSWORD)
    own.get_by_label("再次输入密码").fill(PASSWORD)
    own.get_by_role("button", name="保存新密码").click()
    expect(own.get_by_text("密码已设置，请用它登录。")).to_be_visible()
    own.close()


def import_list(page: Page, kind: str, file: str, look: Look, *, line: str | None = None) -> None:
    """Preview a list, then take in what is without fault."""
    go_to(page, "导入")
    page.get_by_role("radio", name=kind).check()
    if line is not None:
        page.get_by_label("名单所属业务类别").select_option(label=line)
    page.get_by_label("文件").set_input_files(OFFICE_FILES / file)
    page.get_by_role("button", name="预览导入结果").click()
    expect(page.get_by_role("heading", name=f"{file} 导入预览")).to_be_visible()
    look(page, f"import-preview-{kind}")
    page.get_by_role("button", name=re.compile("^(只导入无误的|导入全部)")).click()
    expect(page.get_by_text(f"{file} 已导入。")).to_be_visible()


def save(page: Page) -> None:
    """Go on to the next page of the guided path."""
    page.get_by_role("button", name="保存并继续").click()


def come_by_letter(page: Page, letter: str, username: str, clock: Clock, look: Look) -> None:
    """From the scan of a letter to the ledger of the agency: three clicks."""
    page.goto(letter)
    look(page, "activate")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("您的姓名").fill("张三")
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再次输入密码").fill(PASSWORD)
    page.get_by_label("本人经该机构同意办理").check()
    page.get_by_role("button", name="开通并继续").click()  # 1
    expect(page.get_by_role("heading", name="设置动态口令")).to_be_visible()
    look(page, "authenticator")
    secret = page.locator("code.digest").inner_text().replace(" ", "")
    page.get_by_label("动态口令").fill(pyotp.TOTP(secret).at(int(clock.now.timestamp())))
    page.get_by_role("button", name="启用").click()  # 2
    expect(page.get_by_role("heading", name="备用码")).to_be_visible()
    look(page, "recovery-codes")
    page.get_by_role("link", name="计分明细").click()  # 3
    expect(page.get_by_role("heading", name="计分明细").first).to_be_visible()
