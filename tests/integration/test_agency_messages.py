"""Notices to the people at an agency's desk: whom they reach, where they lead, whose unread are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agency_credit.database.tables import Agency, AgencySeat, Notice, Person, RecordSalt
from agency_credit.domain.role import SYSTEM, DeskRight
from agency_credit.services.forgetting import forget_record
from agency_credit.services.import_file import import_file
from agency_credit.services.notices import (
    NewNotice,
    count_unread,
    load_notices,
    mark_read,
    tell_agencies,
    tell_agency,
)
from agency_credit.services.operation import operation
from agency_credit.services.rating_run import rate_all
from agency_credit.services.record_change import EVENTS
from agency_credit.web.labels import LABELS
from tests.integration.console import desk_of
from tests.integration.records import decide, record_of
from tests.world import World, add_agency_person, build_world, uscc

A, B = uscc(0), uscc(1)
SAID = NewNotice(kind="objection.decided", what="警告", path="/records/abc")


@pytest.fixture
async def world(office, clock) -> World:
    return await build_world(office, clock, n_agencies=3, n_inspectors=2)


async def number_of(code: str) -> int:
    row = await Agency.select(Agency.id).where(Agency.uscc == code).first()
    return int(row["id"])


async def tell(world: World, code: str, notice: NewNotice, right=DeskRight.READER, actor=SYSTEM) -> None:
    async with operation(world.office, actor, "test.tell", code, roles=None) as op:
        await tell_agency(op, await number_of(code), notice, right)


async def test_everybody_at_the_desk_is_told_and_led_to_that_desk(world):
    clerk = await add_agency_person(world.office, "clerk", A, DeskRight.CLERK)
    reader = await add_agency_person(world.office, "reader", A, DeskRight.READER)
    other = await add_agency_person(world.office, "other", B)
    await tell(world, A, SAID)
    for actor in (clerk, reader):
        (notice,) = await load_notices(world.office, actor)
        assert (notice["kind"], notice["path"]) == ("objection.decided", f"/desk/{A}/records/abc")
    assert await load_notices(world.office, other) == []


async def test_only_who_may_do_something_about_it_is_told_where_that_is_asked(world):
    clerk = await add_agency_person(world.office, "clerk", A, DeskRight.CLERK)
    reader = await add_agency_person(world.office, "reader", A, DeskRight.READER)
    await tell(world, A, SAID, DeskRight.CLERK)
    assert [await count_unread(world.office, actor) for actor in (clerk, reader)] == [1, 0]


async def test_whoever_acts_or_left_or_is_closed_is_not_told(world):
    acting = await add_agency_person(world.office, "acting", A)
    left = await add_agency_person(world.office, "left", A)
    closed = await add_agency_person(world.office, "closed", A)
    await AgencySeat.update({AgencySeat.ended_at: world.office.now()}).where(
        AgencySeat.person == left.person_id
    )
    await Person.update({Person.is_active: False}).where(Person.id == closed.person_id)
    await tell(world, A, SAID, actor=acting)
    assert await Notice.count() == 0


async def test_many_agencies_are_told_in_one_go_and_a_desk_without_people_nothing(world):
    await add_agency_person(world.office, "of-a", A)
    await add_agency_person(world.office, "of-b", B)
    said = [SAID, NewNotice(kind="objection.decided", what="", path="", due_on=world.office.today())]
    async with operation(world.office, SYSTEM, "test.tell", "all", roles=None) as op:
        await tell_agencies(op, {await number_of(code): said for code in (A, B, uscc(2))})
        await tell_agencies(op, {})
    paths = sorted(row["path"] for row in await Notice.select(Notice.path))
    assert paths == [f"/desk/{code}{path}" for code in (A, B) for path in ("", "/records/abc")]


async def test_a_person_of_two_desks_reads_each_at_its_own(world):
    person = await add_agency_person(world.office, "both", A)
    await AgencySeat.insert(
        AgencySeat(
            person=person.person_id,
            agency=await number_of(B),
            right="reader",
            given_by="a",
            given_at=world.office.now(),
            ended_by="",
            ended_at=None,
        )
    )
    for code in (A, B):
        await tell(world, code, SAID)
        await tell(world, code, NewNotice(kind="tier.changed", what="", path=""))
    assert await count_unread(world.office, person) == 4
    assert await count_unread(world.office, person, desk=A) == 2
    assert {row["path"] for row in await load_notices(world.office, person, desk=B)} == {
        f"/desk/{B}",
        f"/desk/{B}/records/abc",
    }
    await mark_read(world.office, person, desk=A)
    assert await count_unread(world.office, person, desk=A) == 0
    (one, *_) = await load_notices(world.office, person, desk=B)
    await mark_read(world.office, person, one["id"], desk=A)
    assert await count_unread(world.office, person, desk=B) == 2, "not from another desk"
    await mark_read(world.office, person, one["id"], desk=B)
    assert await count_unread(world.office, person, desk=B) == 1


async def test_what_is_shown_later_is_not_counted_before(world):
    clerk = await add_agency_person(world.office, "clerk", A)
    later = NewNotice(kind="x", what="", path="", shown_from=world.office.now() + timedelta(days=2))
    await tell(world, A, later)
    assert await count_unread(world.office, clerk, desk=A) == 0
    world.clock.forward(days=2)
    assert await count_unread(world.office, clerk, desk=A) == 1


# --- what the office does and an agency is told ---------------------------------------------------------


async def told(world: World, actor) -> list[tuple[str, str, str]]:
    rows = await load_notices(world.office, actor)
    return sorted((row["kind"], row["what"], row["path"]) for row in rows)


async def take_in(world: World, *rows: str) -> None:
    text = "\n".join(["信用代码,信息类别,文书号,决定日期", *rows]).encode()
    report = await import_file(world.office, world.drafter, "records", "记录.csv", text)
    assert report.n_errors == 0, report.faults


async def test_an_agency_is_told_of_a_record_that_was_imported_and_of_its_new_tier(world):
    clerk = await add_agency_person(world.office, "clerk", A)
    other = await add_agency_person(world.office, "other", B)
    await take_in(world, f"{A},警告,1号,2026-03-02", f"{uscc(2)},警告,2号,2026-03-02")
    (added, patent, trademark) = await told(world, clerk)
    assert added[:2] == ("record.added", "警告")
    assert patent == ("tier.patent", "A → B", f"/desk/{A}")
    assert trademark == ("tier.trademark", "A → B", f"/desk/{A}")
    assert await told(world, other) == []
    async with desk_of(world.office, "clerk") as desk:
        page = await desk.open(added[2])
    assert "1号" in page.text


async def test_of_several_records_one_message_tells(world):
    clerk = await add_agency_person(world.office, "clerk", A)
    rows = [f"{A},{kind},{kind}号,2026-03-02" for kind in ("警告", "通报批评", "列入经营异常名录")]
    await take_in(world, *rows, f"{A},警告,4号,2026-03-03")
    (added,) = [row for row in await told(world, clerk) if row[0] == "records.added"]
    assert added == ("records.added", "4", f"/desk/{A}/ledger"), "not what they are: one may be forgotten"
    async with desk_of(world.office, "clerk") as desk:
        assert "4 条信用信息" in (await desk.open(f"/desk/{A}/messages")).text


async def test_a_forgotten_record_takes_its_messages_along_and_leaves_the_desk(world):
    clerk = await add_agency_person(world.office, "clerk", A)
    await take_in(world, f"{A},通报批评,31号,2026-03-02")
    (salt,) = await RecordSalt.select()
    world.clock.forward(days=1)
    async with operation(world.office, world.approver, "record.forget", A, roles=None) as op:
        await forget_record(op, salt["record"])
    kinds = {kind for kind, _, path in await told(world, clerk)}
    assert kinds == {"tier.trademark"}
    async with desk_of(world.office, "clerk") as desk:
        for path in ("", "/ledger", "/outlook", "/messages"):
            page = await desk.open(f"/desk/{A}{path}")
            assert page.status_code == 200
            assert "通报批评</a>" not in page.text
            assert salt["commitment"] not in page.text
        assert (await desk.open(f"/desk/{A}/records/{salt['commitment']}")).status_code == 404


async def test_the_same_list_again_tells_nothing(world):
    clerk = await add_agency_person(world.office, "clerk", A)
    await take_in(world, f"{A},警告,1号,2026-03-02")
    await mark_read(world.office, clerk)
    await take_in(world, f"{A},警告,1号,2026-03-02")
    assert await count_unread(world.office, clerk) == 0


async def test_a_rating_tells_of_another_tier_and_of_nothing_else(world):
    clerk = await add_agency_person(world.office, "clerk", B)
    await record_of(B, "不存在的类别")
    await rate_all(world.office, world.drafter)
    assert await told(world, clerk) == [], "other lines, the same tier"
    await record_of(B, "警告")
    await rate_all(world.office, world.drafter)
    assert await told(world, clerk) == [("tier.trademark", "A → B", f"/desk/{B}")]


async def test_the_seats_are_asked_for_once_however_many_tiers_move(world, monkeypatch):
    from agency_credit.services import notices

    asked = []
    load = notices.load_people_at_desks

    async def counted(agencies, right):
        asked.append(set(agencies))
        return await load(agencies, right)

    monkeypatch.setattr(notices, "load_people_at_desks", counted)
    monkeypatch.setattr("agency_credit.services.rating_run.BATCH", 1)
    for code in (A, B, uscc(2)):
        await record_of(code, "警告")
    await rate_all(world.office, world.drafter)
    assert asked == [{await number_of(code) for code in (A, B, uscc(2))}]


async def test_an_agency_is_told_what_befell_its_record(world):
    record = await record_of(A, "警告")
    clerk = await add_agency_person(world.office, "clerk", A)
    await decide(world, record, "suspended", on=world.office.today(), until=None)
    await decide(world, record, "withdrawn", on=world.office.today())
    path = f"/desk/{A}/records/{record}"
    assert [row for row in await told(world, clerk) if row[0].startswith("record.")] == [
        ("record.suspended", "警告", path),
        ("record.withdrawn", "警告", path),
    ]


# --- the page -------------------------------------------------------------------------------------------


async def test_the_page_lists_what_is_new_first_counts_it_in_the_frame_and_takes_it_as_read(world):
    await add_agency_person(world.office, "clerk", A, DeskRight.READER)
    await add_agency_person(world.office, "other", B)
    await tell(world, A, NewNotice(kind="tier.patent", what="B → A", path=""))
    await tell(world, A, NewNotice(kind="records.added", what="警告", path="/ledger"))
    async with desk_of(world.office, "clerk") as desk:
        page = (await desk.open(f"/desk/{A}/messages")).text
        assert "消息 (2)" in page
        assert "专利代理信用等级有变化" in page
        assert f'href="/desk/{A}/ledger"' in page
        (one, _) = await Notice.select(Notice.id).order_by(Notice.id)
        answer = await desk.send(f"/desk/{A}/messages", {"notice": str(one["id"])})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/{A}/messages")
        assert "消息 (1)" in (await desk.open(f"/desk/{A}")).text
        await desk.send(f"/desk/{A}/messages")
        page = (await desk.open(f"/desk/{A}/messages")).text
        assert "消息 (" not in page
        assert "全部标为已读" not in page
    async with desk_of(world.office, "other") as desk:
        assert "没有消息" in (await desk.open(f"/desk/{B}/messages")).text
        assert (await desk.open(f"/desk/{A}/messages")).status_code == 404
        assert (await desk.send(f"/desk/{A}/messages")).status_code == 404


@pytest.mark.parametrize("event", sorted(set(EVENTS) - {"erased"}))
def test_what_befalls_a_record_has_words_at_the_desk(event):
    assert f"record.{event}" in LABELS["notice"]
