"""The reference tables in Piccolo Admin: one login, and nothing from elsewhere."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SYSTEM, Visitor
from tests.browser.people import Look, go_to, log_in


def test_an_administrator_edits_a_table_without_a_second_login(visitor: Visitor, look_at: Look) -> None:
    page = visitor()
    log_in(page, SYSTEM)
    go_to(page, "基础数据")
    page.get_by_role("link", name="district").first.click()
    expect(page.get_by_text("张店区")).to_be_visible()
    look_at(page, "reference")
