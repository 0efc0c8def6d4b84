"""Notices to the people at an agency's desk: whom they reach, where they lead, whose unread are counted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agency_credit.database.tables import Agency, AgencySeat, Notice, Person
from agency_credit.domain.role import SYSTEM, DeskRight
from agency_credit.services.notices import (
    NewNotice,
    count_unread,
    load_notices,
    mark_read,
    tell_agencies,
    tell_agency,
)
from agency_credit.services.operation import operation
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
