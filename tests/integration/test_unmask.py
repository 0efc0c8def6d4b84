"""Personal data of an agency: masked on its page, in full only for a reason and with an audit line."""

from __future__ import annotations

import json

import pytest

from agency_credit.database.tables import AuditLine
from agency_credit.domain.errors import ForbiddenError, InputError, NotFoundError
from agency_credit.domain.role import Actor, Role
from agency_credit.publication.masking import mask_telephone
from agency_credit.services.people import create_person
from agency_credit.services.unmask import Contact, load_contact, unmask_contact
from tests.builders import add_agency
from tests.integration.console import desk_of
from tests.world import ADMIN, PASSWORD

A = "91370302MA00000001"


@pytest.fixture
async def agency(office):
    await add_agency(A, "淄博测试知识产权代理有限公司", head="赵保密", telephone="13800001234")
    for name, role in (("wang", Role.DRAFTER), ("audit", Role.AUDIT)):
        await create_person(office, ADMIN, name, PASSWORD, display_name=name, roles=[role])


async def lines() -> list[dict]:
    return await AuditLine.select().where(AuditLine.action == "personal.unmask").order_by(AuditLine.id)


async def test_the_page_masks_and_unmasks_for_a_reason(office, agency):
    async with desk_of(office, "wang") as desk:
        page = await desk.open(f"/admin/agencies/{A}")
        assert "赵保密" not in page.text
        assert "13800001234" not in page.text
        assert "赵**" in page.text
        assert not await lines()
        answer = await desk.send(f"/admin/agencies/{A}/unmask", {"reason": "通知到场检查"})
        assert (answer.status_code, "赵保密" in answer.text, "13800001234" in answer.text) == (
            200,
            True,
            True,
        )
    (line,) = await lines()
    assert (line["actor"], line["subject"], line["outcome"]) == ("wang", A, "done")
    assert json.loads(line["details_json"]) == {"fields": "head telephone", "reason": "通知到场检查"}


@pytest.mark.parametrize("reason", ["", "   ", "看", "字" * 201, "a\u0007bcdef"])
async def test_without_a_reason_nothing_is_shown(office, agency, reason):
    async with desk_of(office, "wang") as desk:
        answer = await desk.send(f"/admin/agencies/{A}/unmask", {"reason": reason})
        assert answer.status_code == 422
        assert "赵保密" not in answer.text
        assert "13800001234" not in answer.text
    assert all(line["outcome"] == "refused" for line in await lines())


async def test_who_only_reads_does_not_unmask(office, agency):
    reader = Actor(username="audit", roles=frozenset({Role.AUDIT}))
    with pytest.raises(ForbiddenError):
        await unmask_contact(office, reader, A, "看一看究竟")
    async with desk_of(office, "audit") as desk:
        page = await desk.open(f"/admin/agencies/{A}")
        assert "unmask" not in page.text
        assert (await desk.send(f"/admin/agencies/{A}/unmask", {"reason": "看一看究竟"})).status_code == 403


async def test_the_line_is_there_before_anything_is_shown(office, agency, monkeypatch):
    from agency_credit.services import operation as frame

    async def fail(*_args):
        raise OSError("disk")

    drafter = Actor(username="wang", roles=frozenset({Role.DRAFTER}))
    monkeypatch.setattr(frame, "_append_audit", fail)
    with pytest.raises(OSError, match="disk"):
        await unmask_contact(office, drafter, A, "通知到场检查")


async def test_what_is_not_there_is_said_so(office, agency):
    drafter = Actor(username="wang", roles=frozenset({Role.DRAFTER}))
    with pytest.raises(NotFoundError):
        await load_contact("nobody")
    with pytest.raises(InputError):
        await unmask_contact(office, drafter, A, "no")
    assert await load_contact(A) == Contact(head="赵**", telephone="138******34", is_masked=True)


@pytest.mark.parametrize(
    ("number", "masked"),
    [("", ""), ("12345", "*****"), ("0533-2180000", "053*******00"), ("13800001234", "138******34")],
)
def test_a_telephone_keeps_its_ends_only(number, masked):
    assert mask_telephone(number) == masked
