"""What comes after a record: recusals, corrections, results taken down, follow-ups, notices, deadlines."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import CalendarDay, LogBody, LogEntry, Notice, ResultStep
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError
from agency_credit.domain.role import Role
from agency_credit.inspection.follow_up_states import FollowUpStep, NewStep
from agency_credit.services.deadlines import load_deadlines
from agency_credit.services.desk import load_desk
from agency_credit.services.desk_results import load_desk_inspection, load_desk_inspections
from agency_credit.services.follow_up import append_follow_up_step, load_follow_ups, open_follow_up
from agency_credit.services.inspection_views import load_agency_inspections
from agency_credit.services.notices import count_unread, load_notices, mark_read
from agency_credit.services.result_review import publish_result, review_result
from agency_credit.services.result_store import load_versions
from agency_credit.services.result_withdrawal import ask_withdrawal, confirm_withdrawal
from tests import world as made
from tests.field import hand_in, published_visit
from tests.integration.console import desk_of


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


@pytest.fixture
async def deputy(world):
    """A second person of the office."""
    return await made.add_account(world.office, "deputy", Role.APPROVER, Role.PUBLISHER)


@pytest.fixture
async def visit(world):
    """The first inspection of a draw that was made."""
    return (await made.inspections_of(await made.drawn(world)))[0]


@pytest.fixture
async def published(world):
    """An inspection whose result is public and names a problem that is to be followed up."""
    return await published_visit(world)


async def public_view(inspection):
    views = await load_agency_inspections(inspection["uscc"])
    return next(view for view in views if view.draw == inspection["draw_identifier"])


# --- corrections and withdrawals ----------------------------------------------------------------------


async def test_a_correction_goes_the_whole_way_and_both_versions_stay_public(world, published):
    with pytest.raises(InputError, match="corrected"):
        await hand_in(world, published["id"], base=1)
    await hand_in(world, published["id"], categories=["1"], reason="复核发现制度已建立", base=1)
    assert (await public_view(published)).result.version == 1  # until it is reviewed and published
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    result = (await public_view(published)).result
    assert (result.version, result.reason, result.findings) == (2, "复核发现制度已建立", "")
    assert [(one.version, one.findings) for one in result.earlier] == [(1, "未建立利益冲突审查制度")]
    kinds = [row["type"] for row in await LogEntry.select(LogEntry.type).order_by(LogEntry.index)]
    assert [kind for kind in kinds if kind.startswith("result.")] == ["result.published", "result.corrected"]


async def test_an_annulled_result_is_taken_down_by_two_people_in_three_working_days(world, published, deputy):
    annulled = {"annulled_on": world.office.today(), "document": "鲁03行终1号", "reason": "法院判决撤销"}
    with pytest.raises(RefusedError, match="nobody asked"):
        await confirm_withdrawal(world.office, deputy, published["id"])
    await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    (due,) = [item for item in await load_deadlines(world.office, deputy) if item.kind == "result.withdraw"]
    assert due.due_on == date(2026, 12, 4)  # drawn on Tuesday, 1 December
    with pytest.raises(ForbiddenError):
        await confirm_withdrawal(world.office, world.approver, published["id"])
    n_bodies = await LogBody.count()
    await confirm_withdrawal(world.office, deputy, published["id"])
    view = await public_view(published)
    assert (view.result, view.withdrawn_at is None, view.follow_up) == (None, False, None)
    assert await LogBody.count() == n_bodies - 1
    assert await ResultStep.count().where(ResultStep.step == "withdrawn") == 1
    with pytest.raises(RefusedError):
        await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    assert "result.withdraw" not in {item.kind for item in await load_deadlines(world.office, deputy)}


async def test_a_correction_is_not_published_while_what_it_corrects_is_to_be_taken_down(
    world, published, deputy
):
    annulled = {"annulled_on": world.office.today(), "document": "1号", "reason": "撤销"}
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    with pytest.raises(RefusedError) as caught:
        await publish_result(world.office, world.approver, published["id"])
    assert caught.value.code == "result.withdrawal-open"
    await confirm_withdrawal(world.office, deputy, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    assert (await public_view(published)).result.version == 2


async def test_what_was_corrected_is_taken_down_with_all_its_versions(world, published, deputy):
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    annulled = {"annulled_on": world.office.today(), "document": "1号", "reason": "撤销"}
    await ask_withdrawal(world.office, world.approver, published["id"], **annulled)
    await confirm_withdrawal(world.office, deputy, published["id"])
    assert {version["state"] for version in await load_versions(published["id"])} == {"withdrawn"}
    assert (await public_view(published)).result is None


# --- follow-ups ---------------------------------------------------------------------------------------


def step(world, kind, **more):
    return NewStep(step=FollowUpStep(kind), on=world.office.today(), text="记录", **more)


async def test_a_problem_that_is_to_be_followed_up_opens_its_follow_up_by_itself(world, published):
    (view,) = await load_follow_ups(published["id"])
    assert not view.is_closed
    assert (await public_view(published)).follow_up == "open"
    with pytest.raises(ConflictError):
        await open_follow_up(world.office, world.drafter, published["id"])


async def test_a_follow_up_goes_to_its_end_and_two_people_close_it(world, published, deputy):
    office, inspection = world.office, published["id"]
    member = await made.member_of(world, inspection)
    due_on = office.today() + timedelta(days=30)
    order = step(world, "ordered", due_on=due_on, document="责改〔2026〕1号")
    await append_follow_up_step(office, member, inspection, order)
    with pytest.raises(RefusedError, match="checked again"):
        await append_follow_up_step(office, world.approver, inspection, step(world, "close-asked"))
    (due,) = [item for item in await load_deadlines(office, member) if item.kind == "follow-up.due"]
    assert (due.due_on, due.is_overdue) == (due_on, False)
    world.clock.forward(days=31)
    (late,) = [item for item in await load_deadlines(office, member) if item.kind == "follow-up.due"]
    assert late.is_overdue
    await append_follow_up_step(office, member, inspection, step(world, "rechecked"))
    over = step(world, "handed-over", document="移〔2027〕1号", body="淄博市公安局")
    await append_follow_up_step(office, world.drafter, inspection, over)
    await append_follow_up_step(office, world.drafter, inspection, step(world, "replied"))
    await append_follow_up_step(office, world.approver, inspection, step(world, "close-asked"))
    with pytest.raises(ForbiddenError):
        await append_follow_up_step(office, world.approver, inspection, step(world, "closed"))
    answers = await asyncio.gather(
        *(append_follow_up_step(office, deputy, inspection, step(world, "closed")) for _ in range(2)),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "RefusedError"]
    assert (await public_view(published)).follow_up == "closed"
    assert not [item for item in await load_deadlines(office, member) if item.kind.startswith("follow-up")]


async def test_the_database_lets_nobody_close_a_follow_up_alone_nor_add_after_its_end(world, published):
    async def by_hand(kind, by):
        await world.office.engine.run_ddl(
            'INSERT INTO "follow_up_step" '
            '("follow_up", "step", "on", "document", "body", "text", "by", "at") '
            f"VALUES (1, '{kind}', '2026-12-02', '', '', '', {by}, '2026-12-02 01:00:00+00:00')"
        )

    one, other = world.approver.person_id, world.drafter.person_id
    await by_hand("close-asked", one)
    with pytest.raises(RefusedError, match="by himself"):
        await by_hand("closed", one)
    await by_hand("closed", other)
    with pytest.raises(RefusedError, match="is closed"):
        await by_hand("noted", other)


async def test_another_team_follows_nothing_up(world, published):
    team = await made.members_of(world, published["id"])
    stranger = next(actor for actor in world.inspectors if actor not in team)
    with pytest.raises(ForbiddenError):
        await append_follow_up_step(world.office, stranger, published["id"], step(world, "noted"))


async def test_a_result_without_a_problem_is_not_followed_up(world, published):
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    with pytest.raises(RefusedError):
        await open_follow_up(world.office, world.drafter, published["id"])


# --- notices ------------------------------------------------------------------------------------------


async def test_members_are_told_of_their_team_and_each_sees_his_own_notices_alone(world, visit):
    one, two = await made.members_of(world, visit["id"])
    kinds = {row["kind"] for row in await load_notices(world.office, one)}
    assert kinds == {"team.assigned"}
    n_before = await count_unread(world.office, two)
    mine = (await load_notices(world.office, one))[0]["id"]
    await mark_read(world.office, two, mine)  # of somebody else: nothing happens
    assert await Notice.count().where((Notice.id == mine) & Notice.read_at.is_null()) == 1
    await mark_read(world.office, one)
    assert await count_unread(world.office, one) == 0
    assert await count_unread(world.office, two) == n_before


async def test_a_deadline_is_told_on_its_day_and_not_before(world, published):
    member = await made.member_of(world, published["id"])
    due_on = world.office.today() + timedelta(days=30)
    order = step(world, "ordered", due_on=due_on, document="1号")
    await append_follow_up_step(world.office, member, published["id"], order)
    assert "follow-up.due" not in {row["kind"] for row in await load_notices(world.office, member)}
    world.clock.forward(days=30)
    assert "follow-up.due" in {row["kind"] for row in await load_notices(world.office, member)}


async def test_a_use_case_that_fails_tells_nobody(world, visit):
    before = await Notice.count()
    with pytest.raises(InputError):
        await hand_in(world, visit["id"], categories=["A"])  # findings are missing
    assert await Notice.count() == before


async def test_the_bell_counts_and_the_page_marks_as_read(world, visit):
    member = await made.member_of(world, visit["id"])
    async with desk_of(world.office, member.username) as desk:
        n_unread = await count_unread(world.office, member)
        assert f"({n_unread})" in (await desk.open("/admin")).text
        page = await desk.open("/admin/notices")
        assert "您被抽入检查组" in page.text
        assert (await desk.send("/admin/notices")).status_code == 303
        assert f"({n_unread})" not in (await desk.open("/admin/notices")).text
    assert await count_unread(world.office, member) == 0


# --- on the page --------------------------------------------------------------------------------------


async def test_recusal_follow_up_and_withdrawal_are_worked_on_the_page(world, published, deputy):
    path, today = f"/admin/inspections/{published['id']}", world.office.today().isoformat()
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(path)
        assert "后续处理" in page.text
        wrong = await desk.send(f"{path}/follow-up/steps", {"step": "ordered", "on": today, "text": ""})
        assert wrong.status_code == 422
        assert 'href="#field-due_on"' in wrong.text
        good = {"step": "noted", "on": today, "text": "已电话督促"}
        assert (await desk.send(f"{path}/follow-up/steps", good)).status_code == 303
        assert (await desk.send(f"{path}/follow-up/steps", {"step": "dance"})).status_code == 422
        none = await desk.send(f"{path}/withdraw", {"annulled_on": today})
        assert none.status_code == 422
        asked = {"annulled_on": today, "document": "1号", "withdrawal_reason": "撤销"}
        assert (await desk.send(f"{path}/withdraw", asked)).status_code == 303
        assert "已电话督促" in (await desk.open(path)).text
    async with desk_of(world.office, "deputy") as desk:
        await desk.open(path)
        assert (await desk.send(f"{path}/withdraw/confirm")).status_code == 303
    public = await desk_page(world, f"/agencies/{published['uscc']}")
    assert "撤下" in public
    assert "未建立利益冲突审查制度" not in public


async def test_the_page_of_deadlines_marks_what_is_late(world, published):
    member = await made.member_of(world, published["id"])
    order = step(world, "ordered", due_on=world.office.today(), document="1号")
    await append_follow_up_step(world.office, member, published["id"], order)
    world.clock.forward(days=1)
    for username in ("drafter", member.username):
        async with desk_of(world.office, username) as desk:
            page = await desk.open("/admin/deadlines")
            assert "督促整改、复查" in page.text
            assert "已逾期" in page.text


async def test_the_agency_page_shows_both_versions_and_the_follow_up(world, published):
    await hand_in(
        world, published["id"], categories=["B"], findings="未公示从业人员", reason="类别有误", base=1
    )
    await review_result(world.office, world.approver, published["id"])
    await publish_result(world.office, world.approver, published["id"])
    page = await desk_page(world, f"/agencies/{published['uscc']}")
    for words in ("未公示从业人员", "类别有误", "未建立利益冲突审查制度", "后续处理未完结"):
        assert words in page


async def desk_page(world, path):
    from tests.visitor import visit as open_client

    async with open_client(world.office) as client:
        return (await client.get(path)).text


async def test_a_deadline_in_a_year_to_come_follows_the_days_off_once_they_are_entered(world, visit):
    world.clock.now = datetime(2026, 12, 28, 2, tzinfo=UTC)
    member = await made.member_of(world, visit["id"])
    await hand_in(world, visit["id"])
    first = await load_desk_inspection(world.office, visit["id"])
    assert first.is_provisional
    assert first.due_on.year == 2027
    async with transaction():
        await CalendarDay.insert(
            *(
                CalendarDay(day=date(2027, 1, day), is_workday=False, note="", source="国办发明电")
                for day in range(1, 15)
            )
        )
    later = await load_desk_inspection(world.office, visit["id"])
    assert not later.is_provisional
    assert later.due_on > first.due_on
    (due,) = [item for item in await load_deadlines(world.office, member) if item.kind == "result.publish"]
    assert due.due_on == later.due_on
    world.clock.now = datetime(2027, 1, 28, 2, tzinfo=UTC)
    (item,) = [one for one in await load_desk_inspections(world.office) if one.inspection == visit["id"]]
    assert item.is_overdue == (later.due_on < date(2027, 1, 28))


async def test_a_correction_on_its_way_is_not_late(world, published):
    world.clock.forward(days=90)
    await hand_in(world, published["id"], categories=["1"], reason="更正", base=1)
    assert "result.publish" not in {item.kind for item in await load_deadlines(world.office, world.approver)}
    assert (await load_desk(world.office, world.approver)).deadlines == ()
