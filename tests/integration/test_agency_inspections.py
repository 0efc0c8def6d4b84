"""An agency's inspections at its desk: nothing before its team told it, all of it afterwards."""

from __future__ import annotations

import io
import re
from datetime import date

import pypdf
import pytest

from agency_credit.database.tables import Inspection, Notice, OtherInspection
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError
from agency_credit.domain.record_form import FormDetails
from agency_credit.domain.role import DeskRight, Role
from agency_credit.inspection.follow_up_states import FollowUpStep, NewStep
from agency_credit.services.agency_inspections import (
    load_own_count,
    load_own_inspection,
    load_own_inspections,
)
from agency_credit.services.agency_papers import ask_recusal
from agency_credit.services.arrivals import load_code, note_arrival
from agency_credit.services.calendar import count_working_days
from agency_credit.services.follow_up import append_follow_up_step
from agency_credit.services.publish_draw import publish_draw
from agency_credit.services.recusal_applications import (
    decide_application,
    load_applications,
    record_application,
)
from agency_credit.services.result_review import review_result
from agency_credit.services.result_withdrawal import ask_withdrawal, confirm_withdrawal
from agency_credit.services.results import enter_result
from tests import supplements
from tests import world as made
from tests.field import hand_in, published_visit
from tests.integration.console import desk_of


@pytest.fixture
async def world(office, clock):
    return await made.build_world(office, clock)


async def sit(world, visit, right=DeskRight.MANAGER, name="boss"):
    """A person at the desk of the agency that is inspected."""
    return await made.add_agency_person(world.office, name, visit["uscc"], right)


async def first(world, **plan):
    return (await made.inspections_of(await made.drawn(world, **plan)))[0]


async def arrive(world, visit):
    member = await made.member_of(world, visit["id"])
    await note_arrival(world.office, member, visit["id"], await load_code(visit["id"]))


async def enter(world, visit, **details):
    await enter_result(
        world.office,
        await made.member_of(world, visit["id"]),
        visit["id"],
        inspected_on=world.office.today(),
        categories=["1"],
        findings="",
        details=FormDetails(methods=("on-site",), **details) if details else None,
    )


async def assert_nothing_is_told(world, visit, actor):
    """Not the list, not the count, not the page, not the paper; the page of another's is no other."""
    (seat,) = actor.seats
    assert await load_own_inspections(world.office, seat) == ()
    assert (await load_own_count(world.office, seat, ())).tally.visits == ()
    root = f"/desk/{visit['uscc']}/inspections"
    async with desk_of(world.office, actor.username) as desk:
        page = (await desk.open(root)).text
        own = await desk.open(f"{root}/{visit['id']}")
        none = await desk.open(f"{root}/999999")
        paper = await desk.open(f"{root}/{visit['id']}/papers/notice")
        asked = await desk.send(f"{root}/{visit['id']}/recusal", {"seat": "0", "recusal_reason": "亲属"})
    assert visit["draw_identifier"] is None or visit["draw_identifier"] not in page
    assert (own.status_code, none.status_code, paper.status_code, asked.status_code) == (404,) * 4
    plain = [re.sub(r"\d+", "", re.sub(r"<[^>]*>", "", answer.text)) for answer in (own, none)]
    assert plain[0] == plain[1]


async def test_of_a_secret_draw_the_desk_shows_nothing_until_the_team_is_there(world):
    visit = await first(world)
    actor = await sit(world, visit)
    await assert_nothing_is_told(world, visit, actor)
    await load_code(visit["id"])  # its papers are printed
    await assert_nothing_is_told(world, visit, actor)
    await arrive(world, visit)
    (own,) = await load_own_inspections(world.office, actor.seats[0])
    assert (own.knowledge, own.papers, own.is_draw_public) == ("met", ("notice",), False)
    assert all(member.name and member.certificate for member in own.team)


async def test_a_record_that_says_the_agency_was_not_told_shows_nothing_until_its_review(world):
    visit = await first(world)
    actor = await sit(world, visit)
    await enter(world, visit)
    await assert_nothing_is_told(world, visit, actor)
    await made.confirm_all(world, visit["id"])
    await assert_nothing_is_told(world, visit, actor)
    await review_result(world.office, world.approver, visit["id"])
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert (own.papers, [result.state for result in own.results]) == (("notice", "result"), ["reviewed"])
    count = await load_own_count(world.office, actor.seats[0], [own])
    assert [visit.is_own for visit in count.tally.counted] == [True]


async def test_a_record_with_the_advice_shows_the_visit_and_not_what_waits_for_review(world):
    visit = await first(world)
    actor = await sit(world, visit)
    checked = await checklist_of(world, visit)
    await enter(world, visit, lines=checked, place="张店区", advised_at="2026-12-01T23:00")
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert (own.knowledge, own.results, own.papers) == ("met", (), ("notice",))
    assert (await load_own_count(world.office, actor.seats[0], [own])).tally.visits == ()


async def checklist_of(world, visit):
    from dataclasses import replace

    from agency_credit.services.checklist import load_checklist

    lines = await load_checklist(visit["id"], world.office.today())
    return tuple(replace(line, answer="met") for line in lines)


async def test_of_a_draw_that_is_public_at_once_the_agency_reads_that_and_not_by_whom(world):
    visit = await first(world, publication="at-once")
    actor = await sit(world, visit)
    await assert_nothing_is_told(world, visit, actor)
    await publish_draw(world.office, world.approver, visit["draw_identifier"])
    (own,) = await load_own_inspections(world.office, actor.seats[0])
    assert (own.knowledge, own.team, own.papers, own.applications) == ("drawn", (), (), ())
    async with desk_of(world.office, actor.username) as desk:
        root = f"/desk/{visit['uscc']}/inspections/{visit['id']}"
        page, paper = await desk.open(root), await desk.open(f"{root}/papers/notice")
        asked = await desk.send(f"{root}/recusal", {"seat": "0", "recusal_reason": "亲属"})
    assert (page.status_code, paper.status_code, asked.status_code) == (200, 404, 422)
    assert not [
        member for member in await made.members_of(world, visit["id"]) if member.username in page.text
    ]
    assert "检查员" not in page.text


async def test_whoever_was_seated_after_the_team_was_there_stays_unnamed(world):
    draw = await supplements.drawn(world)
    visit = (await made.inspections_of(draw))[0]
    actor = await sit(world, visit)
    await arrive(world, visit)
    world.clock.forward(hours=1)
    await supplements.emptied(world, visit["id"], 1)
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert [(bool(member.name), member.is_known) for member in own.team] == [(True, True), (False, True)]
    await supplements.supplemented(world, draw)
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert [(bool(member.name), member.is_known) for member in own.team] == [(True, True), (False, False)]
    assert own.papers == ()
    with pytest.raises(InputError):
        await ask_recusal(world.office, actor, visit["uscc"], visit["id"], seat=1, reason="亲属")
    world.clock.forward(days=1)
    await arrive(world, visit)
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert all(member.name for member in own.team)
    assert own.papers == ("notice",)


async def test_a_request_written_down_on_the_spot_is_a_sign_of_the_visit(world):
    visit = await first(world)
    actor = await sit(world, visit)
    one, two = await made.members_of(world, visit["id"])
    day = world.office.today()
    await record_application(
        world.office, one, visit["id"], inspector=two.inspector_id, reason="亲属", applied_on=day
    )
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert [(item.reason, item.verdict) for item in own.applications] == [("亲属", "")]


async def test_a_clerk_asks_at_the_desk_that_a_member_steps_back_and_reads_the_decision(world):
    visit = await first(world)
    actor = await sit(world, visit, DeskRight.CLERK)
    await arrive(world, visit)
    root = f"/desk/{visit['uscc']}/inspections/{visit['id']}"
    async with desk_of(world.office, actor.username) as desk:
        await desk.open(root)
        empty = await desk.send(f"{root}/recusal", {"seat": "1", "recusal_reason": ""})
        nobody = await desk.send(f"{root}/recusal", {"seat": "7", "recusal_reason": "亲属"})
        done = await desk.send(f"{root}/recusal", {"seat": "1", "recusal_reason": "曾在我所任职"})
    assert (empty.status_code, nobody.status_code, done.status_code) == (422, 422, 303)
    (asked,) = await load_applications(visit["id"])
    assert asked.recorded_by == actor.person_id
    deputy = await made.add_account(world.office, "deputy", Role.APPROVER)
    await decide_application(world.office, deputy, visit["id"], asked.application, "granted", "属实")
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert [(item.verdict, item.decision) for item in own.applications] == [("granted", "属实")]
    assert [member.name for member in own.team][1] == ""
    told = await Notice.select(Notice.kind, Notice.path).where(Notice.person == actor.person_id)
    assert told == [{"kind": "recusal.granted", "path": root}]


async def test_a_reader_reads_and_asks_for_nothing(world):
    visit = await first(world)
    actor = await sit(world, visit, DeskRight.READER)
    await arrive(world, visit)
    with pytest.raises(ForbiddenError):
        await ask_recusal(world.office, actor, visit["uscc"], visit["id"], seat=0, reason="亲属")
    root = f"/desk/{visit['uscc']}/inspections/{visit['id']}"
    async with desk_of(world.office, actor.username) as desk:
        page, paper = await desk.open(root), await desk.open(f"{root}/papers/notice")
    assert (page.status_code, "/recusal" in page.text, paper.status_code) == (200, False, 200)
    text = re.sub(
        r"\s", "", "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(paper.content)).pages)
    )
    assert "副本" in text
    assert "印章" not in text
    assert "/arrive?code=" not in text
    assert f"/draws/{visit['draw_identifier']}/units/{visit['uscc']}" in text


async def test_nobody_opens_an_inspection_of_another_agency_or_a_paper_it_has_not(world):
    visit = await first(world)
    await arrive(world, visit)
    stranger = made.uscc(next(n for n in range(12) if made.uscc(n) != visit["uscc"]))
    actor = await made.add_agency_person(world.office, "stranger", stranger)
    own = await made.add_agency_person(world.office, "own", visit["uscc"])
    with pytest.raises(NotFoundError):
        await load_own_inspection(world.office, actor.seats[0], visit["id"])
    async with desk_of(world.office, "stranger") as desk:
        await desk.open(f"/desk/{stranger}")
        for uscc in (visit["uscc"], stranger):
            root = f"/desk/{uscc}/inspections/{visit['id']}"
            answers = [await desk.open(root), await desk.open(f"{root}/papers/notice")]
            answers.append(await desk.send(f"{root}/recusal", {"seat": "0", "recusal_reason": "亲属"}))
            assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert (await desk.open(f"/desk/{visit['uscc']}/inspections")).status_code == 404
    async with desk_of(world.office, own.username) as desk:
        papers = [
            await desk.open(f"/desk/{visit['uscc']}/inspections/{visit['id']}/papers/{kind}")
            for kind in ("result", "record", "approval")
        ]
    assert {answer.status_code for answer in papers} == {404}


async def test_result_follow_up_and_deadline_are_there_with_their_entries(world):
    visit = await published_visit(world)
    actor = await sit(world, visit)
    member = await made.member_of(world, visit["id"])
    today = world.office.today()
    order = NewStep(
        step=FollowUpStep.ORDERED,
        on=today,
        due_on=date(2026, 12, 15),
        document="淄知改〔2026〕1号",
        text="改正",
    )
    await append_follow_up_step(world.office, member, visit["id"], order)
    noted = NewStep(step=FollowUpStep.NOTED, on=today, text="内部：择日突击复查")
    await append_follow_up_step(world.office, member, visit["id"], noted)
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    (result,), (follow_up,) = own.results, own.follow_ups
    assert (result.state, result.findings) == ("published", "未建立利益冲突审查制度")
    assert result.log_index is not None
    left = await count_working_days(world.office, today, date(2026, 12, 15))
    assert (follow_up.due_on, follow_up.days_left) == (date(2026, 12, 15), left)
    assert [step.step for step in follow_up.steps] == ["ordered"]
    async with desk_of(world.office, actor.username) as desk:
        page = (await desk.open(f"/desk/{visit['uscc']}/inspections/{visit['id']}")).text
    assert f"/log/proof/{result.log_index}" in page
    assert "突击" not in page
    kinds = await Notice.select(Notice.kind).where(Notice.person == actor.person_id).order_by(Notice.id)
    assert [row["kind"] for row in kinds] == ["desk.ordered"]


async def test_of_a_result_that_was_taken_down_nothing_is_left_but_that(world):
    visit = await published_visit(world)
    actor = await sit(world, visit)
    publisher = await made.add_account(world.office, "publisher", Role.PUBLISHER)
    asked = {"annulled_on": world.office.today(), "document": "复议决定", "reason": "撤销"}
    await ask_withdrawal(world.office, world.approver, visit["id"], **asked)
    await confirm_withdrawal(world.office, publisher, visit["id"])
    (result,) = (await load_own_inspection(world.office, actor.seats[0], visit["id"])).results
    assert (result.state, result.findings, result.categories) == ("withdrawn", "", ())
    assert result.withdrawn_index is not None


async def test_a_voided_draw_shows_nothing(world):
    visit = await first(world)
    actor = await sit(world, visit)
    await made.void(world, visit["draw_identifier"])
    await assert_nothing_is_told(world, visit, actor)


async def test_other_bodies_count_towards_the_cap(world):
    visit = await first(world)
    actor = await sit(world, visit)
    row = await Inspection.select(Inspection.agency).where(Inspection.id == visit["id"]).first()
    await OtherInspection.insert(
        OtherInspection(
            agency=row["agency"],
            inspected_on=date(2026, 5, 6),
            authority="张店区市场监督管理局",
            kind="routine",
            is_on_site=True,
            is_lead_based=False,
            known_at=world.clock.now,
        )
    )
    count = await load_own_count(world.office, actor.seats[0], ())
    assert count.tally.n_counted == 1
    async with desk_of(world.office, actor.username) as desk:
        assert "张店区市场监督管理局" in (await desk.open(f"/desk/{visit['uscc']}/inspections")).text


async def test_working_days_left_follow_the_calendar(office):
    friday = date(2026, 11, 27)
    assert await count_working_days(office, friday, friday) == 0
    assert await count_working_days(office, friday, date(2026, 11, 30)) == 1
    assert await count_working_days(office, date(2026, 9, 30), date(2026, 10, 8)) == 1
    assert await count_working_days(office, date(2026, 11, 30), friday) == -1


async def test_a_published_secret_draw_shows_all_its_results(world):
    draw = await made.inspected(world)
    visit = (await made.inspections_of(draw))[0]
    actor = await sit(world, visit)
    await publish_draw(world.office, world.approver, draw)
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert (own.is_draw_public, own.results[0].state) == (True, "published")
    await hand_in(world, visit["id"], base=1, reason="日期有误")
    own = await load_own_inspection(world.office, actor.seats[0], visit["id"])
    assert [result.version for result in own.results] == [1]
