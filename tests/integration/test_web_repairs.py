"""Repair over HTTP: at the desk of the agency, in the console and on the public page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from agency_credit.domain.role import DeskRight
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.outlook import load_outlook
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.repairs import decide_repair, return_repair, withdraw_repair
from tests import world as made
from tests.integration.console import desk_of
from tests.integration.records import A, record_of
from tests.repairs import KIND, PDF, applied, granted, proposed
from tests.visitor import visit
from tests.world import uscc

ROOT = f"/desk/{A}"
DATE = "2027-03-01"


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock, n_agencies=4, n_inspectors=2)


@pytest.fixture
async def clerk(world):
    return await made.add_agency_person(world.office, "clerk", A, DeskRight.CLERK)


async def form_of(world, record):
    """The fields and files of a complete application."""
    found = await load_eligibility(world.office, A, record)
    keys = [check.term.key for check in found.declared]
    fields = {f"declare-{key}": "1" for key in keys} | {"pledge": "本机构承诺依法执业。", "statement": ""}
    files = [(f"files-{key}", ("凭证.pdf", PDF, "application/pdf")) for key in keys]
    return fields, files


async def sent(desk, path, fields, files=()):
    if not desk.token:  # /admin leads an agency's person on
        await desk.open("/admin/account")
    return await desk.client.post(path, data=fields | {"csrf_token": desk.token}, files=list(files) or None)


async def test_an_agency_applies_and_reads_what_became_of_it(world, clerk):
    record = await record_of(A, KIND)
    fields, files = await form_of(world, record)
    path = f"{ROOT}/records/{record}/repair"
    async with desk_of(world.office, "clerk") as desk:
        page = (await desk.client.get(path)).text
        assert "现在可以申请" in page
        assert "不再发生同类失信行为" in page
        answer = await sent(desk, path, fields, files)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{ROOT}/repairs/1")
        page = (await desk.client.get(f"{ROOT}/repairs/1")).text
        assert "主管部门最迟于2026年12月10日作出决定" in page
        (file,) = set(re.findall(rf'href="({ROOT}/repairs/1/files/\d+)"', page))
        answer = await desk.client.get(file)
        assert (answer.content, answer.headers["content-disposition"]) == (
            PDF,
            "attachment; filename*=UTF-8''%E5%87%AD%E8%AF%81.pdf",
        )
        assert "第1号申请" in (await desk.client.get(f"{ROOT}/repairs")).text
        assert "查看申请" in (await desk.client.get(f"{ROOT}/records/{record}")).text
        assert (await sent(desk, path, fields, files)).status_code == 422


async def test_what_is_wrong_is_told_and_what_was_entered_stays(world, clerk):
    record = await record_of(A, KIND)
    fields, _ = await form_of(world, record)
    first = next(iter(fields))
    del fields[first]
    async with desk_of(world.office, "clerk") as desk:
        answer = await sent(desk, f"{ROOT}/records/{record}/repair", fields | {"pledge": "致电13800001234"})
    assert answer.status_code == 422
    for told in ("请勾选，声明已经符合该条件", "请上传证明符合该条件的材料", "身份证件号码或者电话号码"):
        assert told in answer.text
    assert "致电13800001234" in answer.text
    assert answer.text.count(" checked>") == len(fields) - 2


async def test_a_file_that_lies_about_its_type_is_refused_at_its_condition(world, clerk):
    record = await record_of(A, KIND)
    fields, files = await form_of(world, record)
    name, _ = files[0]
    files[0] = (name, ("凭证.pdf", b"MZ\x90\x00 no document", "application/pdf"))
    async with desk_of(world.office, "clerk") as desk:
        answer = await sent(desk, f"{ROOT}/records/{record}/repair", fields, files)
    assert answer.status_code == 422
    assert f'id="error-{name}"' in answer.text


async def test_a_reader_reads_and_strangers_find_nothing(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    await made.add_agency_person(world.office, "reader", A, DeskRight.READER)
    await made.add_agency_person(world.office, "other", uscc(1))
    other = await record_of(uscc(1), "警告")
    async with desk_of(world.office, "reader") as desk:
        assert (await desk.client.get(f"{ROOT}/repairs/{number}")).status_code == 200
        assert "撤回申请" not in (await desk.client.get(f"{ROOT}/repairs/{number}")).text
        for path in (f"{ROOT}/repairs/{number}/withdraw", f"{ROOT}/records/{record}/repair"):
            assert (await sent(desk, path, {})).status_code == 403
    async with desk_of(world.office, "other") as desk:
        own = f"/desk/{uscc(1)}"
        for path in (
            f"{ROOT}/repairs",
            f"{ROOT}/repairs/{number}",
            f"{ROOT}/repairs/{number}/files/1",
            f"{ROOT}/records/{record}/repair",
            f"{own}/repairs/{number}",
            f"{own}/repairs/{number}/files/1",
            f"{own}/records/{record}/repair",
        ):
            assert (await desk.client.get(path)).status_code == 404, path
        assert (await desk.client.get(f"{own}/records/{other}/repair")).status_code == 200
        assert (await desk.client.get(f"/admin/repairs/{number}")).status_code == 403


async def test_the_office_returns_the_agency_completes_two_people_decide(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    page = f"/admin/repairs/{number}"
    async with desk_of(world.office, "drafter") as desk:
        assert (await sent(desk, f"{page}/return", {"return_text": " "})).status_code == 422
        assert (await sent(desk, f"{page}/return", {"return_text": "缺少凭证"})).status_code == 303
        assert "机构补正中" in (await desk.client.get("/admin/repairs")).text
    fields, _ = await form_of(world, record)
    async with desk_of(world.office, "clerk") as agency:
        assert "缺少凭证" in (await agency.client.get(f"{ROOT}/repairs/{number}")).text
        answer = await sent(agency, f"{ROOT}/repairs/{number}/amend", fields)
        assert answer.status_code == 303
    async with desk_of(world.office, "drafter") as desk:
        answer = await sent(
            desk, f"{page}/propose", {"verdict": "refused", "reason": "材料不实", "reason_code": "false"}
        )
        assert answer.status_code == 422
        assert "现有规定未明确何时可以再次申请" in answer.text
        answer = await sent(desk, f"{page}/propose", {"verdict": "granted", "reason": "齐全"})
        assert answer.status_code == 303
        assert 'value="sent-back"' not in (await desk.client.get(page)).text
    async with desk_of(world.office, "approver") as desk:
        assert "drafter拟办：" in (await desk.client.get(page)).text
        assert (await sent(desk, f"{page}/decide", {"verdict": "maybe"})).status_code == 422
        assert (await sent(desk, f"{page}/decide", {"verdict": "granted"})).status_code == 303
        assert "该信息已经修复，不再展示" in (await desk.client.get(page)).text
        assert "准予修复" in (await desk.client.get("/admin/repairs?cases=closed")).text
        assert (await desk.client.get(f"/admin/records/{record}")).status_code == 404
    async with desk_of(world.office, "clerk") as agency:
        assert (await agency.client.get(f"{ROOT}/records/{record}/repair")).status_code == 404
        assert "准予修复" in (await agency.client.get(f"{ROOT}/repairs/{number}")).text


async def test_a_refusal_tells_the_agency_why_and_from_when(world, clerk):
    number = await applied(world, clerk, A, await record_of(A, KIND))
    refusal = {"verdict": "refused", "reason": "凭证不符", "reason_code": "evidence"}
    refusal |= {"next_on": DATE, "next_reason": "补齐凭证"}
    async with desk_of(world.office, "drafter") as desk:
        assert (await sent(desk, f"/admin/repairs/{number}/propose", refusal)).status_code == 303
    async with desk_of(world.office, "clerk") as agency:
        assert "凭证不符" not in (await agency.client.get(f"{ROOT}/repairs/{number}")).text
    async with desk_of(world.office, "approver") as desk:
        await sent(desk, f"/admin/repairs/{number}/decide", {"verdict": "refused"})
    async with desk_of(world.office, "clerk") as agency:
        page = (await agency.client.get(f"{ROOT}/repairs/{number}")).text
    for said in ("凭证不符", "提交的材料不足以证明", "自2027年3月1日起可以再次申请", "补齐凭证"):
        assert said in page
    assert "drafter" not in page


async def test_what_is_overdue_is_red(world, clerk):
    await applied(world, clerk, A, await record_of(A, KIND))
    world.clock.forward(days=30)
    async with desk_of(world.office, "drafter") as desk:
        assert "overdue" in (await desk.client.get("/admin/repairs")).text


async def test_the_public_page_says_while_it_is_open_that_repair_is_applied_for(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)

    async def seen():
        async with visit(world.office) as client:
            page = (await client.get(f"/agencies/{A}")).text
            answer = (await client.get(f"/api/v1/agencies/{A}")).json()
        return "信用修复申请办理中" in page, [one["repair"] for one in answer["records"]]

    note = {"on": "2026-11-24", "pledge": "本机构承诺依法依规执业。"}
    assert await seen() == (True, [note])
    await return_repair(world.office, world.drafter, number, "补正")
    assert await seen() == (True, [note])
    await withdraw_repair(world.office, clerk, A, number)
    assert await seen() == (False, [None])
    number = await applied(world, clerk, A, record)
    await proposed(world, number)
    assert await seen() == (True, [note])
    await decide_repair(world.office, world.approver, number, RepairStep.GRANTED)
    assert await seen() == (False, [])


async def test_the_outlook_and_the_desk_name_the_same_first_day(world, clerk):
    for kind, days in ((KIND, 10), ("警告", 5), ("未按规定办理备案变更", 3), ("列入经营异常名录", 2)):
        await record_of(A, kind, on=world.office.today() - timedelta(days=days))
    outlook = await load_outlook(world.office, A, "patent", world.office.today())
    assert len(outlook.repair_days) == 4
    for record, day in outlook.repair_days.items():
        assert (await load_eligibility(world.office, A, record)).terms.from_on == day


async def test_a_record_that_is_gone_has_no_page(world, clerk):
    record = await record_of(A, KIND)
    await granted(world, await applied(world, clerk, A, record))
    async with desk_of(world.office, "clerk") as agency:
        for path in (f"{ROOT}/records/{record}", f"{ROOT}/records/{record}/repair"):
            assert (await agency.client.get(path)).status_code == 404
