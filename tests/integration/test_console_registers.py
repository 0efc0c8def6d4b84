"""The console's registers: people, recusals, results, audit lines, reference data."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager

import pytest

from agency_credit.database.tables import (
    AuditLine,
    District,
    Inspection,
    InspectionResult,
    Inspector,
    PersonRole,
    Recusal,
    ResultStep,
)
from agency_credit.domain.role import Role
from agency_credit.services.people import create_person
from tests import world as worlds
from tests.integration.console import desk_of

REFERENCE = "/admin/reference"


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


@pytest.fixture
async def administrator(world):
    """Keeps the reference data."""
    async with _desk_of_new(world, "xitong", Role.SYSTEM) as desk:
        yield desk


@pytest.fixture
async def security(world):
    """Opens accounts."""
    async with _desk_of_new(world, "anquan", Role.SECURITY) as desk:
        yield desk


@pytest.fixture
async def auditor(world):
    async with _desk_of_new(world, "shenji", Role.AUDIT) as desk:
        yield desk


@asynccontextmanager
async def _desk_of_new(world, username, role):
    await create_person(
        world.office, worlds.ADMIN, username, worlds.PASSWORD, display_name="管理员", roles=[role]
    )
    async with desk_of(world.office, username) as desk:
        yield desk


async def test_rating_all_says_how_many_and_shows_the_tiers(world):
    async with desk_of(world.office, "approver") as desk:
        answer = await desk.send("/admin/rating")
        page = await desk.open(answer.headers["location"])
    assert "共完成 15 项评级，其中新增或变化 0 项" in page.text
    assert "各信用等级机构数" in page.text


async def test_the_security_administrator_opens_an_account_for_an_inspector_of_the_list(world, security):
    await Inspector.insert(Inspector(certificate="鲁C00099", name="新来的", status="active"))
    page = await security.open("/admin/people")
    assert re.findall(r'<option value="(鲁C\d+)"', page.text) == ["鲁C00099"]  # all others have accounts
    form = {"username": "xin", "display_name": "新来的", "roles": "inspector", "certificate": "鲁C00099"}
    answer = await security.send("/admin/people", form)
    assert answer.status_code == 201
    assert "新来的" in (await security.open("/admin/people")).text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"roles": []}, "roles"),
        ({"username": "drafter"}, "username"),
        ({"roles": "inspector"}, "certificate"),
        ({"display_name": ""}, "display_name"),
    ],
)
async def test_an_account_with_a_fault_is_not_opened_and_the_fault_is_at_its_field(
    world, security, change, field
):
    n_roles = await PersonRole.count()
    form = {"username": "xin", "display_name": "新", "roles": "drafter"} | change
    answer = await security.send("/admin/people", form)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert await PersonRole.count() == n_roles


async def test_recusals_are_approved_by_another_person_than_proposed_them(world):
    await worlds.add_recusal(1, 1, world.approver.person_id, None)
    await worlds.add_recusal(2, 1, world.drafter.person_id, None)
    rows = {row["inspector"]: row["id"] for row in await Recusal.select(Recusal.id, Recusal.inspector)}
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open("/admin/recusals")
        own = await desk.send("/admin/recusals", {"recusal": str(rows[1])})
        none = await desk.send("/admin/recusals")
        good = await desk.send("/admin/recusals", {"recusal": str(rows[2])})
    assert "本人提出" in page.text
    assert [own.status_code, none.status_code, good.status_code] == [422, 422, 303]
    assert await Recusal.count().where(Recusal.approved_at.is_null()) == 1


async def test_approving_all_means_all_that_were_listed(world):
    for inspector in (1, 2):
        await worlds.add_recusal(inspector, 1, world.drafter.person_id, None)
    rows = [row["id"] for row in await Recusal.select(Recusal.id).order_by(Recusal.id)]
    async with desk_of(world.office, "approver") as desk:
        answer = await desk.send("/admin/recusals", {"listed": str(rows[0]), "all": "1"})
    assert answer.headers["location"] == "/admin/recusals?n_approved=1"
    assert await Recusal.count().where(Recusal.approved_at.is_null()) == 1


async def first_inspection(world):
    draw = await worlds.drawn(world)
    world.clock.forward(days=2)
    number = (await worlds.inspections_of(draw))[0]["id"]
    return number, await worlds.member_of(world, number)


def result_form(world, **change):
    today = world.office.today().isoformat()
    return {"inspected_on": today, "categories": "1", "findings": "", "base": "0"} | change


async def test_a_result_goes_back_and_forth_until_a_second_person_confirms_it(world):
    number, member = await first_inspection(world)
    path = f"/admin/inspections/{number}"
    async with desk_of(world.office, member.username) as inspector, desk_of(world.office, "approver") as desk:
        assert (await inspector.send(f"{path}/result", result_form(world))).status_code == 303
        await worlds.confirm_all(world, number)
        no_reason = await desk.send(f"{path}/review", {"verdict": "return", "reason": " "})
        assert no_reason.status_code == 422
        await desk.send(f"{path}/review", {"verdict": "return", "reason": "请补充检查发现"})
        page = await inspector.open(path)
        assert "请补充检查发现" in page.text
        await inspector.send(f"{path}/result", result_form(world, findings="未见异常", base="1"))
        await worlds.confirm_all(world, number)
        assert (await desk.send(f"{path}/review", {"verdict": "confirm"})).status_code == 303
    assert await InspectionResult.count() == 2
    assert [row["step"] for row in await ResultStep.select().order_by(ResultStep.id)] == [
        *("confirmed", "returned"),
        *("confirmed", "reviewed"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"inspected_on": "2030-01-01"}, "inspected_on"),
        ({"inspected_on": "yesterday"}, "inspected_on"),
        ({"categories": []}, "categories"),
        ({"categories": "A"}, "findings"),
    ],
)
async def test_a_result_with_a_fault_is_kept_on_the_page_and_not_stored(world, change, field):
    number, member = await first_inspection(world)
    async with desk_of(world.office, member.username) as desk:
        answer = await desk.send(f"/admin/inspections/{number}/result", result_form(world, **change))
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert await InspectionResult.count() == 0


async def test_an_inspector_sees_his_own_inspections_only(world):
    number, _ = await first_inspection(world)
    seated = {seat["inspector"] for seat in await worlds.load_seats(number)}
    stranger = next(actor for actor in world.inspectors if actor.inspector_id not in seated)
    async with desk_of(world.office, stranger.username) as desk:
        assert (await desk.open(f"/admin/inspections/{number}")).status_code == 403
        assert (await desk.send(f"/admin/inspections/{number}/result", result_form(world))).status_code == 403
        assert f'/admin/inspections/{number}"' not in (await desk.open("/admin/inspections")).text


async def test_a_deadline_that_has_passed_is_marked_on_the_desk(world):
    number, member = await first_inspection(world)
    async with desk_of(world.office, member.username) as desk:
        await desk.send(f"/admin/inspections/{number}/result", result_form(world))
    due_on = (await Inspection.select(Inspection.due_on).where(Inspection.id == number).first())["due_on"]
    world.clock.forward(days=(due_on - world.office.today()).days + 1)
    async with desk_of(world.office, "drafter") as desk:
        page = await desk.open("/admin")
    assert "已逾期" in page.text


async def test_results_entered_and_reviewed_by_json(world):
    number, member = await first_inspection(world)
    body = {"inspected_on": world.office.today().isoformat(), "categories": ["1"], "findings": ""}
    async with desk_of(world.office, member.username) as desk:
        entered = await desk.send_json(f"/api/v1/inspections/{number}/result", body)
    for one in await worlds.members_of(world, number):
        async with desk_of(world.office, one.username) as desk:
            over = {"digest": entered.json()["digest"]}
            confirmed = await desk.send_json(f"/api/v1/inspections/{number}/confirmation", over)
    assert confirmed.json()["state"] == "confirmed"
    async with desk_of(world.office, "approver") as desk:
        reviewed = await desk.send_json(f"/api/v1/inspections/{number}/review", {"verdict": "confirm"})
    assert entered.json()["state"] == "entered"
    assert reviewed.json()["state"] == "reviewed"


async def test_audit_lines_are_read_page_by_page(auditor, office):
    from agency_credit.services.operation import append_audit

    for number in range(60):
        await append_audit(office, worlds.ADMIN, "test", f"line {number}", "done")
    page = await auditor.open("/admin/audit")
    older = await auditor.open(re.search(r'href="(/admin/audit\?before=\d+)"', page.text)[1])
    assert "line 59" in page.text
    assert "line 5<" not in page.text
    assert "line 5<" in older.text


@pytest.mark.parametrize("path", ["/", "/api/tables/", "/api/tables/district/", "/assets/"])
async def test_reference_data_is_closed_to_everybody_but_administrators(world, path):
    async with desk_of(world.office, "drafter") as desk:
        assert (await desk.open(REFERENCE + path)).status_code == 403
        desk.client.cookies.clear()
        assert (await desk.client.get(REFERENCE + path)).status_code in (303, 401)


async def test_reference_data_needs_no_second_login_and_sets_its_cookie_for_itself(administrator):
    page = await administrator.client.get(REFERENCE + "/")
    tables = await administrator.client.get(REFERENCE + "/api/tables/")
    assert page.status_code == 200
    assert f"Path={REFERENCE};" in page.headers["set-cookie"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert tables.json() == [
        "calendar_day",
        "district",
        "legal_parameter",
        "result_category",
    ]


@pytest.mark.parametrize("path", ["/public/login/", "/public/logout/", "/api/change-password/", "/api/docs/"])
async def test_the_accounts_of_piccolo_admin_cannot_be_reached(administrator, path):
    assert (await administrator.client.post(REFERENCE + path)).status_code == 404


async def test_a_change_of_reference_data_leaves_an_audit_line_with_what_was_sent(administrator):
    await administrator.client.get(REFERENCE + "/")
    token = administrator.client.cookies.get("csrftoken", path=REFERENCE)
    answer = await administrator.client.post(
        f"{REFERENCE}/api/tables/district/",
        json={"code": "370399", "name": "高新区"},
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 201
    line = await AuditLine.select().where(AuditLine.action == "reference.change").first()
    assert line["actor"] == "xitong"
    assert line["subject"] == "POST /api/tables/district/"
    assert "高新区" in json.loads(line["details_json"])["sent"]


async def test_reference_data_is_not_changed_without_the_token(administrator):
    before = await District.count()
    answer = await administrator.client.post(
        f"{REFERENCE}/api/tables/district/", json={"code": "370399", "name": "高新区"}
    )
    assert answer.status_code == 403
    assert await District.count() == before
    line = await AuditLine.select().where(AuditLine.action == "reference.change").first()
    assert line["outcome"] == "refused"
