"""An agency and two people of the office, each with a browser: what they decide shows on the public page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from agency_credit.domain.role import Role
from agency_credit.services.agency_access import issue_codes
from agency_credit.services.office import Office
from agency_credit.services.people import load_actor
from agency_credit.services.rating_run import rate_all
from tests import world as made
from tests.browser.conftest import Visitor
from tests.browser.people import Look, come_by_letter, go_to, log_in
from tests.conftest import Clock
from tests.integration.records import A, record_of
from tests.repairs import PDF
from tests.site import Site

FORMAL, LIGHT = "责令停止承接新的专利代理业务", "代理非正常专利申请"
LETTERS: list[str] = []
"""Where the code on the letter leads, without the host; filled before the service starts."""


async def prepare(office: Office, clock: Clock) -> None:
    """Two records of the first agency, one that weighs and one that can be repaired, and a letter to it."""
    world = await made.build_world(office, clock)
    await made.add_account(office, "anquan", Role.SECURITY)
    await record_of(A, FORMAL, document_number="淄知罚〔2026〕7号")
    await record_of(A, LIGHT, on=date(2026, 1, 5), document_number="淄知处〔2026〕2号")
    await rate_all(office, world.drafter)
    security = await load_actor("anquan")
    assert security is not None
    (code,) = await issue_codes(office, security, [A])
    LETTERS.append(f"/activate?uscc={code.uscc}&code={code.code}")


@dataclass(frozen=True, slots=True)
class People:
    """Everybody with a browser of his own; the public has none of the others' cookies."""

    agency: Page
    drafter: Page
    approver: Page
    public: Page


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The service over an office with an agency that was sent a letter."""
    LETTERS.clear()
    site = Site(tmp_path / "data", prepare)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def people(site: Site, visitor: Visitor, look_at: Look) -> People:
    """The agency came by its letter and stands before its ledger; the office is logged in."""
    people = People(visitor(), visitor(), visitor(), visitor())
    log_in(people.drafter, "drafter", made.PASSWORD)
    log_in(people.approver, "approver", made.PASSWORD)
    come_by_letter(people.agency, LETTERS[0], "jigou", site.clock, look_at)
    return people


def test_an_objection_is_upheld_by_two_people_and_the_tier_of_the_public_page_follows(
    people: People, look_at: Look
) -> None:
    before = tier_of(people.public)
    people.agency.get_by_role("link", name=FORMAL).first.click()
    look_at(people.agency, "desk-record")
    people.agency.get_by_role("link", name="提出异议").click()
    people.agency.get_by_label("异议理由").fill("该决定已被法院撤销，判决书见附件。")
    people.agency.get_by_label("附件").set_input_files(named("判决书.pdf"))
    look_at(people.agency, "desk-object")
    people.agency.get_by_role("button", name="提交异议").click()
    expect(people.agency.get_by_role("link", name="判决书.pdf")).to_be_visible()
    look_at(people.agency, "desk-objection")
    assert tier_of(people.public) == before
    expect(people.public.get_by_text("异议处理中").first).to_be_visible()

    open_case(people.drafter, "异议")
    people.drafter.get_by_role("radio", name="异议成立，撤销该信用信息").check()
    people.drafter.get_by_label("处理理由").fill("法院判决撤销原决定，已经核实。")
    look_at(people.drafter, "objection-examined")
    people.drafter.get_by_role("button", name="提交处理意见").click()
    expect(people.drafter.get_by_role("button", name="同意，作出处理决定")).to_have_count(0)
    open_case(people.approver, "异议")
    look_at(people.approver, "objection-decide")
    people.approver.get_by_role("button", name="同意，作出处理决定").click()
    expect(people.approver.get_by_text("异议成立").first).to_be_visible()

    assert tier_of(people.public)[0] != before[0]
    expect(people.public.get_by_text("淄知罚〔2026〕7号")).to_have_count(0)
    people.agency.reload()
    expect(people.agency.get_by_text("法院判决撤销原决定，已经核实。")).to_be_visible()


def test_a_record_that_two_people_repair_is_on_the_public_page_no_more(people: People, look_at: Look) -> None:
    before = tier_of(people.public)
    expect(people.public.get_by_text("淄知处〔2026〕2号").first).to_be_visible()
    agency = people.agency
    agency.get_by_role("link", name=LIGHT).first.click()
    agency.get_by_role("link", name="查看条件并申请").click()
    boxes = agency.get_by_label("声明已经符合该条件")
    expect(boxes.first).to_be_visible()
    for box in boxes.all():
        box.check()
    for field in agency.get_by_label("证明材料").all():
        field.set_input_files(named("缴款凭证.pdf"))
    look_at(agency, "desk-repair")
    agency.get_by_role("button", name="申请信用修复").click()
    expect(agency.get_by_role("link", name="缴款凭证.pdf").first).to_be_visible()

    open_case(people.drafter, "信用修复")
    people.drafter.get_by_role("radio", name="准予修复").check()
    people.drafter.get_by_label("理由", exact=True).fill("义务已经履行，材料齐全。")
    look_at(people.drafter, "repair-examined")
    people.drafter.get_by_role("button", name="提交拟办意见").click()
    open_case(people.approver, "信用修复")
    people.approver.get_by_role("radio", name="同意：准予修复").check()
    people.approver.get_by_role("button", name="审批").click()
    expect(people.approver.get_by_text("该信息已经修复").first).to_be_visible()

    assert tier_of(people.public) != before
    expect(people.public.get_by_text("淄知处〔2026〕2号")).to_have_count(0)
    agency.goto(f"/desk/{A}/ledger")
    expect(agency.get_by_text(LIGHT)).to_have_count(0)


def named(name: str) -> FilePayload:
    """A document as somebody chooses it."""
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF}


def tier_of(page: Page) -> list[str]:
    """The tier of the patent line and its score, as the public page shows them."""
    page.goto(f"/agencies/{A}")
    return page.get_by_role("region", name="专利代理").locator(".score-line").first.inner_text().split()


def open_case(page: Page, room: str) -> None:
    """The case that waits, from the list of the console."""
    go_to(page, room)
    page.get_by_role("main").get_by_role("table").get_by_role("link").first.click()
