"""The papers of an inspection: what they say, who may print them, where their codes lead."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pypdf
import pytest

from admin.session import safe_target
from agency_credit.database.tables import Arrival, AuditLine
from agency_credit.domain.errors import (
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from agency_credit.domain.role import Role
from agency_credit.inspection.follow_up_states import FollowUpStep, NewStep
from agency_credit.services import paper_press
from agency_credit.services.arrivals import load_arrivals, load_code, note_arrival
from agency_credit.services.follow_up import append_follow_up_step
from agency_credit.services.papers import TITLES, PaperKind, print_paper, print_papers
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.result_review import publish_result, review_result
from agency_credit.services.results import enter_result
from tests import world as worlds
from tests.integration.console import desk_of
from tests.visitor import visit

BASE = "http://10.1.2.3:8000"


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


def read(content: bytes) -> str:
    """The text of a PDF, without the white space that only its lines need."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


def page_about(agency: str) -> dict[str, object]:
    """A notice to this agency, with commands of the press in it."""
    return {
        "number": "#panic()",
        "agency": agency,
        "office": "o",
        "date": "d",
        "basis": ["#pagebreak()"],
        "reason": "r",
        "origin": "o",
        "methods": "m",
        "when": "w",
        "count": "c",
        "items": ["= 1"],
        "team": [],
        "codes": [],
    }


async def first_of(draw):
    return (await worlds.inspections_of(draw))[0]["id"]


@pytest.mark.parametrize("kind", [kind for kind in PaperKind if kind is not PaperKind.RESULT])
async def test_each_paper_names_agency_and_team_and_carries_its_codes(world, kind):
    inspection = (await worlds.inspections_of(await worlds.drawn(world)))[0]
    paper = await print_paper(world.office, world.approver, inspection["id"], kind, BASE)
    text = read(paper.content)
    assert TITLES[kind] in text
    assert inspection["agency_name"] in text
    if kind is not PaperKind.RECORD:
        member = await worlds.member_of(world, inspection["id"])
        assert member.username.replace("inspector", "检查员") in text
    assert f"{BASE}/draws/{inspection['draw_identifier']}/units/{inspection['uscc']}" in text
    assert f"{BASE}/admin/inspections/{inspection['id']}/arrive?code=" in text
    assert paper.name.endswith(f"{TITLES[kind]}.pdf")


async def test_a_filled_record_says_what_was_entered_and_its_digest(world):
    draw = await worlds.inspected(world)
    text = read(
        (
            await print_paper(world.office, world.approver, await first_of(draw), PaperKind.RECORD, BASE)
        ).content
    )
    assert "未发现问题" in text
    assert re.search(r"[0-9a-f]{64}", text)
    assert "确认上述摘要" in text


async def test_the_notice_of_a_result_waits_for_the_review(world):
    draw = await worlds.drawn(world)
    with pytest.raises(RefusedError) as caught:
        await print_paper(world.office, world.approver, await first_of(draw), PaperKind.RESULT, BASE)
    assert caught.value.code == "paper.no-result"
    with pytest.raises(NotFoundError):
        await print_papers(world.office, world.approver, draw, PaperKind.RESULT, BASE)


async def test_all_papers_of_a_draw_come_in_one_file(world):
    draw = await worlds.inspected(world)
    for kind in PaperKind:
        paper = await print_papers(world.office, world.drafter, draw, kind, BASE)
        text = read(paper.content)
        for inspection in await worlds.inspections_of(draw):
            assert inspection["agency_name"] in text


async def test_the_same_paper_at_the_same_time_is_the_same_bytes(world):
    inspection = await first_of(await worlds.drawn(world))
    papers = [
        await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE) for _ in range(2)
    ]
    assert papers[0] == papers[1]


async def test_a_team_prints_its_papers_and_nobody_elses(world):
    draw = await worlds.drawn(world)
    for inspection in await worlds.inspections_of(draw):
        member = await worlds.member_of(world, inspection["id"])
        await print_paper(world.office, member, inspection["id"], PaperKind.ADVICE, BASE)
        seats = {seat["inspector"] for seat in await worlds.load_seats(inspection["id"])}
        outsider = next(one for one in world.inspectors if one.inspector_id not in seats)
        with pytest.raises(ForbiddenError):
            await print_paper(world.office, outsider, inspection["id"], PaperKind.ADVICE, BASE)
    security = await worlds.add_account(world.office, "anquan", Role.SECURITY)
    with pytest.raises(ForbiddenError):
        await print_paper(world.office, security, await first_of(draw), PaperKind.ADVICE, BASE)


async def test_printing_leaves_an_audit_line(world):
    inspection = await first_of(await worlds.drawn(world))
    await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE)
    line = await AuditLine.select().order_by(AuditLine.id, ascending=False).first()
    assert (line["actor"], line["action"], line["outcome"]) == ("approver", "paper.print", "done")


async def test_without_a_chinese_font_it_says_what_to_install(world, monkeypatch):
    inspection = await first_of(await worlds.drawn(world))
    monkeypatch.setattr(paper_press, "FAMILIES", ("No Such Family",))
    with pytest.raises(UnavailableError) as caught:
        await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE)
    assert caught.value.code == "paper.font"


def test_what_somebody_typed_is_no_command_of_the_press():
    page = page_about('#read("/etc/passwd") $x$ *b* @a <b> \\ "')
    content = paper_press.print_pages("notice", "t", "o", [page], worlds.EVENT_AT)
    assert '#read("/etc/passwd")$x$*b*@a<b>' in read(content)


async def test_a_scan_is_counted_once_a_day_and_only_of_the_team(world):
    inspection = await first_of(await worlds.drawn(world))
    await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE)
    code, member = await load_code(inspection), await worlds.member_of(world, inspection)
    assert await note_arrival(world.office, member, inspection, code)
    assert not await note_arrival(world.office, member, inspection, code)
    world.clock.forward(days=1)
    assert await note_arrival(world.office, member, inspection, code)
    assert len(await load_arrivals(inspection)) == 2
    seats = {seat["inspector"] for seat in await worlds.load_seats(inspection)}
    outsider = next(one for one in world.inspectors if one.inspector_id not in seats)
    with pytest.raises(NotFoundError):
        await note_arrival(world.office, outsider, inspection, code)


@pytest.mark.parametrize("code", ["", "guess", "统一"])
async def test_only_the_code_on_the_papers_counts(world, code):
    inspection = await first_of(await worlds.drawn(world))
    await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE)
    with pytest.raises(InputError):
        await note_arrival(world.office, await worlds.member_of(world, inspection), inspection, code)
    assert await Arrival.count() == 0


async def test_from_the_code_on_the_paper_to_the_form(world):
    inspection = await first_of(await worlds.drawn(world))
    member = await worlds.member_of(world, inspection)
    async with desk_of(world.office, member.username) as desk:
        paper = await desk.client.get(f"/admin/inspections/{inspection}/papers/advice")
        assert paper.headers["content-type"] == "application/pdf"
        assert "http://office.test/draws/" in read(paper.content)
        address = f"/admin/inspections/{inspection}/arrive"
        await desk.open(f"{address}?code={await load_code(inspection)}")
        wrong = await desk.send(address, {"code": "wrong"})
        good = await desk.send(address, {"code": await load_code(inspection)})
        page = await desk.open(good.headers["location"])
    assert wrong.status_code == 422
    assert good.status_code == 303
    assert "扫码入企 1 次" in page.text


async def test_a_paper_that_there_is_not_is_not_found(world):
    inspection = await first_of(await worlds.drawn(world))
    async with desk_of(world.office, "approver") as desk:
        answer = await desk.client.get(f"/admin/inspections/{inspection}/papers/nonsense")
    assert answer.status_code in (404, 422)


def test_a_character_without_a_shape_still_gives_a_paper():
    assert "乙" in read(
        paper_press.print_pages("notice", "t", "o", [page_about("甲\ue863乙a")], worlds.EVENT_AT)
    )


def test_a_long_number_breaks_within_its_cell():
    page = page_about("甲") | {
        "team": [{"role": "r", "name": "n", "certificate": "9" * 40, "organisation": "局"}]
    }
    content = paper_press.print_pages("notice", "t", "o", [page], worlds.EVENT_AT)
    assert "9" * 40 not in re.sub(
        r"[ \t]", "", "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages)
    )


async def test_the_notice_of_a_result_names_what_followed(world):
    draw = await worlds.drawn(world, publication="at-once")
    await publish_draw(world.office, world.approver, draw)
    office, inspection = world.office, await first_of(draw)
    member = await worlds.member_of(world, inspection)
    await enter_result(
        office, member, inspection, inspected_on=office.today(), categories=["A"], findings="无制度"
    )
    await worlds.confirm_all(world, inspection)
    await review_result(office, world.approver, inspection)

    async def following() -> str:
        paper = await print_paper(office, world.approver, inspection, PaperKind.RESULT, BASE)
        return read(paper.content).partition("后续处置")[2]

    assert (await following()).startswith("见后续处置文书")
    await publish_result(office, world.approver, inspection)
    due_on = office.today() + timedelta(days=15)
    step = NewStep(
        step=FollowUpStep.ORDERED, on=office.today(), due_on=due_on, document="责改1号", text="改正"
    )
    await append_follow_up_step(office, member, inspection, step)
    words = await following()
    assert "责令改正（责改1号），限于" in words
    assert f"{due_on.month}月{due_on.day}日前改正" in words
    assert "见后续处置文书" not in words


async def test_a_scan_by_somebody_who_is_not_logged_in_keeps_its_code(world):
    inspection = await first_of(await worlds.drawn(world))
    await print_paper(world.office, world.approver, inspection, PaperKind.NOTICE, BASE)
    address = f"/admin/inspections/{inspection}/arrive?code={await load_code(inspection)}"
    member = await worlds.member_of(world, inspection)
    async with visit(world.office) as client:
        answer = await client.get(address)
        page = await client.get(answer.headers["location"])
        (target,) = re.findall(r'name="next" value="([^"]+)"', page.text)
        form = {"username": member.username, "password": worlds.PASSWORD, "next": target}
        assert (await client.post("/admin/login", data=form)).headers["location"] == address


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/admin/draws?rows=new&page=2", "/admin/draws?rows=new&page=2"),
        ("/admin/draws?next=//evil.test", "/admin/draws"),
        ("/admin/draws?a={b}", "/admin/draws"),
        ("//evil.test/admin/?a=b", ""),
        ("/admin?x=y", "/admin?x=y"),
        ("https://evil.test?/admin/", ""),
        ("/admin/a:b?x=y", ""),
    ],
)
def test_a_login_leads_to_a_page_of_this_console_only(asked, led_to):
    assert safe_target(asked) == led_to


async def test_a_machine_with_a_name_without_end_still_gets_its_paper(world):
    inspection = await first_of(await worlds.drawn(world))
    async with desk_of(world.office, "approver") as desk:
        paper = f"/admin/inspections/{inspection}/papers/notice"
        answer = await desk.client.get(paper, headers={"host": "a" * 3000})
    assert answer.status_code == 200
