"""Recusals: proposed by whoever imports them, approved by somebody else."""

from __future__ import annotations

import pytest

from agency_credit.database.tables import Person, Recusal
from agency_credit.domain.errors import ForbiddenError, NotFoundError, RefusedError
from agency_credit.domain.role import Actor, Role
from agency_credit.services.import_file import import_file
from agency_credit.services.recusals import approve_recusals, load_pending_recusals

AGENCY = "91370303RMBBEBAG4Q"
LISTS = {
    "agencies": ("机构名称,信用代码,类型", f"甲,{AGENCY},专利"),
    "inspectors": ("姓名,执法证号", "张三,鲁C1", "李四,鲁C2"),
    "recusals": ("检查人员证号,信用代码,回避事由", f"鲁C1,{AGENCY},曾任职", f"鲁C2,{AGENCY},持有股份"),
}


async def _person(office, username):
    person = Person(username=username, display_name=username, password_hash="x", created_at=office.now())
    await person.save()
    roles = frozenset({Role.DRAFTER, Role.APPROVER})
    return Actor(username=username, roles=roles, person_id=person.id)


async def _import(office, actor, kind, lines=None):
    content = "\n".join(lines or LISTS[kind]).encode()
    return await import_file(office, actor, kind, "表.csv", content)


@pytest.fixture
async def people(office, operator):
    """A drafter who imported two recusals, and an approver; both hold both roles."""
    drafter, approver = await _person(office, "drafter"), await _person(office, "approver")
    for kind in LISTS:
        await _import(office, drafter, kind)
    return drafter, approver


async def test_recusals_wait_for_a_second_person(office, people):
    pending = await load_pending_recusals()
    assert [(one.certificate, one.inspector, one.agency, one.category) for one in pending] == [
        ("鲁C1", "张三", "甲", "曾任职"),
        ("鲁C2", "李四", "甲", "持有股份"),
    ]
    assert {one.proposed_by for one in pending} == {"drafter"}


async def test_whoever_proposed_cannot_approve(office, people):
    with pytest.raises(RefusedError) as caught:
        await approve_recusals(office, people[0])
    assert caught.value.code == "recusal.own"
    assert len(await load_pending_recusals()) == 2


async def test_another_person_approves_some_or_all(office, people):
    first, second = await load_pending_recusals()
    assert await approve_recusals(office, people[1], [first.recusal_id]) == 1
    assert [one.recusal_id for one in await load_pending_recusals()] == [second.recusal_id]
    with pytest.raises(NotFoundError):
        await approve_recusals(office, people[1], [first.recusal_id])
    assert await approve_recusals(office, people[1]) == 1
    row = await Recusal.select().where(Recusal.id == first.recusal_id).first()
    assert (row["approved_by"], row["approved_at"]) == (people[1].person_id, office.now())


async def test_only_an_approver_approves(office, people):
    with pytest.raises(ForbiddenError):
        await approve_recusals(office, Actor(username="x", roles=frozenset({Role.DRAFTER}), person_id=1))


async def test_what_was_approved_is_not_changed_by_a_list(office, people):
    await approve_recusals(office, people[1])
    changed = LISTS["recusals"][0], f"鲁C1,{AGENCY},近亲属任职"
    report = await _import(office, people[0], "recusals", changed)
    assert [fault.code for fault in report.faults] == ["import.recusal-approved"]
    assert (await _import(office, people[0], "recusals")).same == 2


async def test_who_changes_a_waiting_recusal_becomes_its_proposer(office, people):
    changed = LISTS["recusals"][0], f"鲁C1,{AGENCY},近亲属任职"
    assert (await _import(office, people[1], "recusals", changed)).changed == 1
    with pytest.raises(RefusedError):
        await approve_recusals(office, people[1])


async def test_recusals_of_the_operator_can_be_approved(office, operator, people):
    await _import(office, operator, "recusals", [*LISTS["recusals"][:1], f"鲁C1,{AGENCY},近亲属任职"])
    (mine,) = [one for one in await load_pending_recusals() if one.category == "近亲属任职"]
    assert mine.proposed_by == ""
    assert await approve_recusals(office, people[0], [mine.recusal_id]) == 1
