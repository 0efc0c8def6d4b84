"""The console's pages of an agency and its records: any day as known on any other, changes by two people."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import AuditLine, ChangeRequest, RecordEvent
from agency_credit.domain.role import Role
from agency_credit.services.rating_run import rate_all
from tests import world as worlds
from tests.integration.console import desk_of
from tests.integration.test_two_times import A, record_of


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    world = await worlds.build_world(office, clock, n_agencies=4, n_inspectors=2)
    await worlds.add_account(office, "auditor", Role.AUDIT)
    return world


async def test_one_person_proposes_and_another_decides(world):
    record = await record_of(A, "警告", document_number="3号")
    await rate_all(world.office, world.drafter)
    async with desk_of(world.office, "drafter") as desk:
        found = await desk.client.get("/admin/agencies", params={"uscc": A.lower()})
        assert found.headers["location"] == f"/admin/agencies/{A}"
        page = await desk.open(f"/admin/agencies/{A}")
        assert "88" in page.text
        assert f"/admin/records/{record}" in page.text
        await desk.open(f"/admin/records/{record}")
        path = f"/admin/records/{record}"
        days = {"on": "2026-03-01", "until": "2026-02-01"}
        bad = await desk.send(path, {"event": "suspended", "based_on": "0", "reason": "原因", **days})
        assert bad.status_code == 422
        assert "早于决定日期" in bad.text
        assert "早于起始日期" in bad.text
        worse = await desk.send(path, {"event": "assessed", "points": "x", "based_on": "0"})
        assert worse.status_code == 422
        done = await desk.send(
            path,
            {"event": "suspended", "on": "2026-06-01", "based_on": "0", "reason": "行政复议期间停止执行"},
        )
        assert done.status_code == 303
        change = done.headers["location"]
        assert "另一人" in (await desk.open(change)).text
        refused = await desk.send(f"{change}/decide", {"verdict": "approve"})
        assert refused.status_code in (403, 303)
        assert await RecordEvent.count() == 0
    async with desk_of(world.office, "approver") as desk:
        assert change in (await desk.open("/admin")).text
        assert change in (await desk.open("/admin/rating")).text
        await desk.open(change)
        assert (await desk.send(f"{change}/decide", {"verdict": "approve"})).status_code == 303
        assert "暂停执行" in (await desk.open(f"/admin/records/{record}")).text
        assert (await desk.open(change.replace("records", "rules"))).status_code == 404
    public = await world_page(world, f"/agencies/{A}")
    assert "暂停执行" in public
    assert await ChangeRequest.count() == 1


async def world_page(world, path: str) -> str:
    async with desk_of(world.office, "drafter") as desk:
        return (await desk.client.get(path)).text


async def test_a_question_as_known_on_an_earlier_day_leaves_an_audit_line(world):
    await record_of(A, "警告", known_at=world.office.now())
    async with desk_of(world.office, "auditor") as desk:
        page = await desk.open(f"/admin/agencies/{A}?on=2026-11-01&known=2026-11-23")
        assert "按2026年11月23日所知" in page.text
        assert "88" not in page.text.split("信用信息")[0]
        assert await AuditLine.exists().where(AuditLine.action == "rating.as-known")
        bad = await desk.open(f"/admin/agencies/{A}?on=2026-11-24&known=2026-11-23")
        assert bad.status_code == 422
        assert "属于预测" in bad.text
        assert (await desk.open(f"/admin/agencies/{A}?on=x")).status_code == 422
        assert (await desk.open("/admin/agencies/none")).status_code == 404
        assert (await desk.open(f"/admin/records/{'0' * 64}")).status_code == 404
        assert (await desk.open("/admin/records/changes/9")).status_code == 404


async def test_the_files_of_a_rating_are_one_link_away(world):
    page = await world_page(world, f"/agencies/{A}")
    assert f"/agencies/{A}/ratings/patent/bundle" in page
    async with desk_of(world.office, "drafter") as desk:
        for path in (f"/agencies/{A}/ratings/patent/bundle", f"/api/v1/agencies/{A}/ratings/patent/bundle"):
            answer = await desk.client.get(path)
            assert answer.headers["content-type"] == "application/zip"
        assert (await desk.client.get(f"/agencies/{A}/ratings/patent/bundle?number=9")).status_code == 404
        assert "verify_rating" in (await desk.client.get("/verify/verify_rating.py")).text


async def test_a_class_is_stated_by_two_people_and_ends_the_question(world):
    record = await record_of(A, "通报批评", summary="联系人 13800138000")
    path = f"/admin/records/{record}"
    async with desk_of(world.office, "drafter") as desk:
        gaps = (await desk.open("/admin/records")).text
        assert record in gaps
        assert "个人证件号码或电话" in gaps
        assert "尚未认定公示分类" in (await desk.open(path)).text
        bad = await desk.send(
            path,
            {
                "event": "classified",
                "severity": "none",
                "served_on": "2026-01-01",
                "based_on": "0",
                "reason": "核实",
            },
        )
        assert bad.status_code == 422
        assert "早于决定日期" in bad.text
        facts = {
            "category": "penalty",
            "procedure": "ordinary",
            "severity": "general",
            "served_on": "2026-03-05",
        }
        done = await desk.send(path, {"event": "classified", "based_on": "0", "reason": "核实", **facts})
        assert done.status_code == 303
        change = done.headers["location"]
        assert "general" in (await desk.open(change)).text
    async with desk_of(world.office, "approver") as desk:
        await desk.open(change)
        assert (await desk.send(f"{change}/decide", {"verdict": "approve"})).status_code == 303
        page = (await desk.open(path)).text
        assert "2027年3月2日" in page
        assert "2026年3月5日" in page
        assert "尚未认定公示分类" not in page
    public = await world_page(world, f"/agencies/{A}")
    assert "公示至" in public
    assert "2027年3月2日" in public
    assert "13800138000" not in public
