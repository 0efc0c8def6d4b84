"""The console: logging in, the guided path, every step by the right person, each refusal on its page."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from agency_credit.database.tables import Draw, DrawStep, Person, Session
from agency_credit.domain.role import Role
from agency_credit.services.draw_draft import draft_draw, load_draft
from agency_credit.services.people import create_person
from tests import world as worlds
from tests.integration.console import desk_of
from tests.visitor import visit


@pytest.fixture
def settings(databases, tmp_path):
    """One database is enough: the services are tested on both."""
    return databases.fresh("sqlite", tmp_path)


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


@pytest.fixture
async def draw(world):
    """A draft without fault."""
    return await draft_draw(world.office, world.drafter, await worlds.good_draft(world))


SSQ = {"front": ["31", "07", "3", "12", "18", "25"], "back": "9"}
"""The balls of `worlds.VALUES[1]` in the order in which they came."""
EVENT = {"event": "双色球第2026138期", "form": "ssq", "day": "2026-12-01", "time": "21:15"}


async def test_who_is_not_logged_in_is_led_to_the_login_and_back(office):
    async with visit(office) as client:
        answer = await client.get("/admin/draws")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/admin/login?next=%2Fadmin%2Fdraws"
        page = await client.get(answer.headers["location"])
    assert 'name="next" value="/admin/draws"' in page.text


async def test_a_wrong_password_keeps_the_name_and_says_no_more_than_that(world):
    async with visit(world.office) as client:
        answers = [
            await client.post("/admin/login", data={"username": name, "password": "wrong password"})
            for name in ("drafter", "nobody")
        ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("用户名或密码不正确" in answer.text for answer in answers)
    assert 'value="drafter"' in answers[0].text
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_login_makes_a_new_session_whatever_the_browser_brought(world):
    async with visit(world.office) as client:
        client.cookies.set("ac_session", "chosen-by-the-client")
        answer = await client.post("/admin/login", data={"username": "drafter", "password": worlds.PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "chosen-by-the-client" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/admin/../x:y", "/draws"])
async def test_login_leads_nowhere_else(world, target):
    async with visit(world.office) as client:
        data = {"username": "drafter", "password": worlds.PASSWORD, "next": target}
        answer = await client.post("/admin/login", data=data)
    assert answer.headers["location"] == "/admin"


async def test_logging_out_ends_the_session_in_the_store(world):
    async with desk_of(world.office, "drafter") as desk:
        await desk.send("/admin/logout")
        assert await Session.count() == 0
        assert (await desk.client.get("/admin")).status_code == 303


async def test_a_form_without_its_token_changes_nothing(world):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.client.post("/admin/draws", data={})
    assert answer.status_code == 403
    assert await Draw.count() == 0


async def test_the_desk_shows_each_role_what_waits(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        assert "完成起草并公告" in (await desk.open("/admin")).text
    async with desk_of(world.office, "approver") as desk:
        assert "完成起草并公告" not in (await desk.open("/admin")).text


async def test_a_new_draft_starts_from_the_suggestion(world):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send("/admin/draws")
        assert answer.headers["location"] == "/admin/draws/3703-2026-001/plan"
        page = await desk.open(answer.headers["location"])
    assert "抽查事项与依据" in page.text
    assert "未开始" in page.text
    assert "缺省级委托文件" in page.text


async def test_a_page_that_cannot_be_read_is_shown_again_as_entered(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(
            f"/admin/draws/{draw}/plan/teams", {"role": ["组长", ""], "inspector_limit": "viele"}
        )
    assert answer.status_code == 422
    assert "检查组至少两席" in answer.text
    assert 'value="viele"' in answer.text
    assert (await load_draft(draw)).inspector_limit == 6


async def test_a_page_may_be_saved_incomplete_and_mended_later(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/plan/entropy", {"own": "1", "later": "1"})
        assert answer.status_code == 303
        page = await desk.open(f"/admin/draws/{draw}/plan")
    assert "1 处待补正" in page.text
    assert (await load_draft(draw)).plan.entropy == [
        {"kind": "commitment", "party": (await load_draft(draw)).plan.authority, "commitment": None}
    ]


async def test_sources_are_read_from_their_rows(world, draw):
    rows = {key: [value, ""] for key, value in EVENT.items()}
    rows |= {"own": "1", "party": ["淄博市审计局", ""], "commitment": ["AB" * 32, ""]}
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/plan/entropy", rows)
    assert answer.headers["location"] == f"/admin/draws/{draw}/check"
    entropy = (await load_draft(draw)).plan.entropy
    assert entropy[1] == {"kind": "commitment", "party": "淄博市审计局", "commitment": "ab" * 32}
    assert entropy[2]["at"] == "2026-12-01T21:15:00+08:00"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("5", "0.05"), ("2.5", "0.025"), ("100", "1"), ("0", "0"), ("1/3", "1/3"), ("2/4", "1/2")],
)
async def test_a_share_is_kept_exactly_as_the_protocol_writes_it(world, draw, written, kept):
    answer = await send_strata(world, draw, written)
    assert answer.status_code == 303
    assert (await load_draft(draw)).plan.strata[0]["take"] == {"fraction": kept, "minimum": 1}


@pytest.mark.parametrize(
    "written", ["101", "-1", "many", "", "1/0", "3/2", "0.0000000001", "５", "1e1000000"]
)
async def test_a_share_that_is_none_is_refused_at_its_field(world, draw, written):
    before = await load_draft(draw)
    answer = await send_strata(world, draw, written)
    assert answer.status_code == 422
    assert 'href="#field-fraction-0"' in answer.text
    assert await load_draft(draw) == before


async def send_strata(world, draw, fraction):
    strata = [item["stratum"] for item in (await load_draft(draw)).plan.strata]
    data = {f"take-{i}": "count" for i in range(len(strata))} | {
        f"count-{i}": "1" for i in range(len(strata))
    }
    data |= {"take-0": "fraction", "fraction-0": fraction, "minimum-0": "1", "stratum": strata}
    data |= {"plan.rounding": "up", "plan.selection": "ticket", "plan.reserves": "1"}
    async with desk_of(world.office, "drafter") as desk:
        return await desk.send(f"/admin/draws/{draw}/plan/strata", data)


async def test_a_narrower_scope_brings_its_strata_along(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send(
            f"/admin/draws/{draw}/plan/frame", {"scope.practice_lines": "trademark", "scope.annual_cap": "2"}
        )
    assert answer.status_code == 303
    draft = await load_draft(draw)
    assert all(item["stratum"].startswith("商标") for item in draft.plan.strata)
    assert draft.scope.annual_cap == 2


async def test_the_whole_way_by_forms(world, draw, clock):
    path = f"/admin/draws/{draw}"
    async with desk_of(world.office, "drafter") as desk:
        assert "公告本次抽查" in (await desk.open(f"{path}/check")).text
        unsure = await desk.send(f"{path}/announce")
        assert (unsure.status_code, "请勾选确认框" in unsure.text) == (422, True)
        assert (await desk.send(f"{path}/announce", {"confirmed": "1"})).status_code == 303
        early = await desk.send(f"{path}/values/1", SSQ)
        assert early.status_code == 409
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(f"{path}/approve")
        assert re.search(r"[0-9a-f]{64}", page.text)
        assert (await desk.send(f"{path}/approve")).status_code == 303
    clock.now = worlds.EVENT_AT + timedelta(hours=2)
    async with desk_of(world.office, "drafter") as desk:
        wrong = await desk.send(f"{path}/values/1", SSQ | {"back": "17"})
        assert wrong.status_code == 422
        assert 'href="#field-back-0-1"' in wrong.text
        assert 'value="17"' in wrong.text
        assert (await desk.send(f"{path}/values/1", SSQ)).status_code == 303
        last = await desk.send(f"{path}/values/2", {"digits": worlds.VALUES[2]})
        assert last.headers["location"] == f"{path}/draw"
        unsure = await desk.send(f"{path}/draw")
        assert (unsure.status_code, "请勾选确认框" in unsure.text) == (422, True)
        assert (await desk.send(f"{path}/draw", {"confirmed": "1"})).status_code == 303
        assert "检查组与检查进展" in (await desk.open(path)).text


async def test_the_second_draw_is_a_conflict_that_leads_to_the_draw(world):
    draw = await worlds.drawn(world)
    async with desk_of(world.office, "approver") as desk:
        answer = await desk.send(f"/admin/draws/{draw}/draw", {"confirmed": "1"})
    assert answer.status_code == 409
    assert f'href="/draws/{draw}"' in answer.text
    assert await DrawStep.count().where(DrawStep.step == "drawn") == 1


async def test_the_drafter_sees_that_another_person_approves(world):
    await create_person(
        world.office, worlds.ADMIN, "both", worlds.PASSWORD, display_name="both",
        roles=[Role.DRAFTER, Role.APPROVER],
    )  # fmt: skip
    async with desk_of(world.office, "both") as desk:
        await desk.send("/admin/draws")
        draw = (await Draw.select(Draw.draw).first())["draw"]
        await Draw.update({Draw.draft_json: await good_json(world)}).where(Draw.draw == draw)
        sure = {"confirmed": "1"}
        assert (await desk.send(f"/admin/draws/{draw}/announce", sure)).status_code == 303
        page = await desk.open(f"/admin/draws/{draw}/approve")
        refused = await desk.send(f"/admin/draws/{draw}/approve")
    assert "批准本次抽查" not in page.text
    assert refused.status_code == 422
    assert await DrawStep.count().where(DrawStep.step == "approved") == 0


async def good_json(world):
    from agency_credit.services.draw_draft import format_draft

    return format_draft(await worlds.good_draft(world))


async def test_the_number_of_the_office_is_on_no_page_before_publication(world):
    draw = await worlds.drawn(world)
    nonce = await own_nonce(world, draw)
    async with desk_of(world.office, "approver") as desk:
        pages = [
            (await desk.open(f"/admin/draws/{draw}{part}")).text
            for part in ("", "/values", "/draw", "/publish", "/void")
        ]
    assert all(nonce not in page for page in pages)


async def own_nonce(world, draw):
    from agency_credit.services.draw_draft import load_draw_row
    from agency_credit.services.draw_store import open_nonces

    row = await load_draw_row(draw)
    return (await open_nonces(world.office, row["id"], draw))[0]


async def test_voiding_takes_two_people(world):
    draw = await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        empty = await desk.send(f"/admin/draws/{draw}/void", {"reason_code": "stated", "reason": " "})
        assert empty.status_code == 422
        await desk.send(f"/admin/draws/{draw}/void", {"reason_code": "stated", "reason": "名录有误"})
    async with desk_of(world.office, "approver") as desk:
        assert "名录有误" in (await desk.open(f"/admin/draws/{draw}")).text
        assert (await desk.send(f"/admin/draws/{draw}/void/confirm")).status_code == 303
        assert "已作废" in (await desk.open(f"/admin/draws/{draw}")).text


async def test_a_new_attempt_names_the_voided_draw(world):
    draw = await worlds.announced(world)
    async with desk_of(world.office, "drafter") as desk:
        await desk.send(f"/admin/draws/{draw}/void", {"reason_code": "stated", "reason": "名录有误"})
    async with desk_of(world.office, "approver") as desk:
        await desk.send(f"/admin/draws/{draw}/void/confirm")
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send("/admin/draws", {"replaces": draw})
        again = answer.headers["location"].split("/")[3]
        page = await desk.open(f"/admin/draws/{draw}")
    assert (await load_draft(again)).replaces == draw
    assert again in page.text


async def test_every_page_speaks_english_too(world):
    draw = await worlds.drawn(world)
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(f"/en/admin/draws/{draw}")
    assert "Teams and inspections" in page.text
    assert 'action="/en/admin/logout"' in page.text


async def test_an_unknown_draw_and_an_unknown_page_of_a_draft_are_not_found(world, draw):
    async with desk_of(world.office, "drafter") as desk:
        assert (await desk.open("/admin/draws/3703-2026-999")).status_code == 404
        assert (await desk.open(f"/admin/draws/{draw}/plan/nothing")).status_code == 404


async def test_an_account_closed_while_logged_in_is_out_at_once(world):
    async with desk_of(world.office, "drafter") as desk:
        await Person.update({Person.is_active: False}).where(Person.username == "drafter")
        assert (await desk.client.get("/admin")).status_code == 303


async def test_whoever_has_been_idle_too_long_logs_in_again(world, clock):
    async with desk_of(world.office, "drafter") as desk:
        clock.now = datetime(2026, 11, 24, 5, tzinfo=UTC)
        assert (await desk.client.get("/admin")).status_code == 303


async def test_the_steps_by_json_answer_with_the_state(world, clock):
    draft = json.loads(await good_json(world))
    async with desk_of(world.office, "drafter") as desk:
        made = (await desk.send_json("/api/v1/draws", draft)).json()
        announced = await desk.send_json(f"/api/v1/draws/{made['draw']}/announce")
    assert made["state"] == "drafted"
    assert announced.json()["state"] == "announced"
    assert "announcement.json" in announced.json()["digests"]


async def test_json_that_says_too_much_or_too_little_is_a_problem(world):
    async with desk_of(world.office, "drafter") as desk:
        answer = await desk.send_json("/api/v1/draws", {"plan": {}, "extra": 1})
        forged = await desk.client.post("/api/v1/draws", json={})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert forged.status_code == 403


async def test_a_program_logs_in_and_gets_its_token(world):
    async with visit(world.office) as client:
        body = {"username": "drafter", "password": worlds.PASSWORD}
        answer = await client.post("/api/v1/session", json=body)
        headers = {"X-CSRF-Token": answer.json()["csrf_token"]}
        assert answer.json()["roles"] == ["drafter"]
        assert (await client.delete("/api/v1/session", headers=headers)).status_code == 204
    assert await Session.count() == 0
