"""The record on a telephone: photographs, drafts, conflicts, who sees what."""

from __future__ import annotations

import asyncio
import io
import re

import pytest
from PIL import Image

from agency_credit.database.tables import InspectionResult, Photograph, PhotographContent, ResultDraft
from agency_credit.domain.errors import ConflictError, ForbiddenError, InputError, RefusedError
from agency_credit.services import photographs
from agency_credit.services.photographs import add_photograph, load_photograph
from agency_credit.services.result_drafts import load_drafts, save_draft
from agency_credit.services.result_store import load_latest_result
from tests import world as worlds
from tests.integration.console import desk_of


@pytest.fixture
async def world(office, clock):
    return await worlds.build_world(office, clock)


@pytest.fixture
async def visit(world):
    """Number of the first inspection of a draw that was made, and its page."""
    draw = await worlds.drawn(world)
    return (await worlds.inspections_of(draw))[0]["id"]


def picture(colour: str = "red", **more) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(output, "JPEG", **more)
    return output.getvalue()


def record(page: str, **change) -> dict[str, object]:
    """A whole record for the form on a page: every line of its checklist met."""
    fields = dict.fromkeys(re.findall(r'name="(line-[^"]+)"', page), "met")
    hidden = dict(re.findall(r'<input type="hidden" name="(key|base|revision)" value="([^"]*)"', page))
    return {
        **fields,
        **hidden,
        "inspected_on": "2026-12-01",
        "advised_at": "2026-12-01T09:00",
        "place": "张店区人民西路1号",
        "methods": "on-site",
        "categories": "1",
        "findings": "",
        "agency_remarks": "无异议",
        "materials": "年度报告\n\n营业执照",
        **change,
    }


async def stranger_of(world, visit):
    team = await worlds.members_of(world, visit)
    return next(actor for actor in world.inspectors if actor not in team)


# --- photographs --------------------------------------------------------------------------------------


async def test_a_photograph_is_kept_once_however_often_it_is_sent(world, visit):
    member = await worlds.member_of(world, visit)
    kept = await asyncio.gather(
        *(add_photograph(world.office, member, visit, picture(), "photo") for _ in range(3))
    )
    again = await add_photograph(world.office, member, visit, picture(comment=b"other bytes"), "photo")
    assert {*kept, again} == {kept[0]}
    assert (await Photograph.count(), await PhotographContent.count()) == (1, 1)


async def test_a_photograph_is_for_its_team_and_for_those_who_read_draws(world, visit):
    member, stranger = await worlds.member_of(world, visit), await stranger_of(world, visit)
    kept = await add_photograph(world.office, member, visit, picture(), "photo")
    for actor in (member, world.drafter, world.approver):
        with Image.open(io.BytesIO(await load_photograph(world.office, actor, visit, kept))) as shown:
            assert shown.size == (64, 48)
    with pytest.raises(ForbiddenError):
        await load_photograph(world.office, stranger, visit, kept)
    with pytest.raises(ForbiddenError):
        await add_photograph(world.office, stranger, visit, picture("blue"), "photo")
    path = f"/admin/inspections/{visit}/photographs/{kept}"
    async with desk_of(world.office, stranger.username) as desk:
        assert (await desk.client.get(path)).status_code == 403
        desk.client.cookies.clear()
        assert (await desk.client.get(path)).status_code == 303  # to the login
    async with desk_of(world.office, member.username) as desk:
        answer = await desk.client.get(path)
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")
        other = path.replace(f"/{visit}/", f"/{visit + 1}/")
        assert (await desk.client.get(other)).status_code in (403, 404)


async def test_there_is_an_end_to_photographs(world, visit, monkeypatch):
    monkeypatch.setattr(photographs, "MOST_PHOTOGRAPHS", 1)
    member = await worlds.member_of(world, visit)
    await add_photograph(world.office, member, visit, picture(), "photo")
    with pytest.raises(RefusedError) as caught:
        await add_photograph(world.office, member, visit, picture("blue"), "photo")
    assert caught.value.code == "photograph.many"


async def test_what_is_wrong_with_many_photographs_is_said_once(world, visit, monkeypatch):
    monkeypatch.setattr(photographs, "MOST_PHOTOGRAPHS", 1)
    member = await worlds.member_of(world, visit)
    async with desk_of(world.office, member.username) as desk:
        await desk.open(f"/admin/inspections/{visit}")
        files = [
            ("new_photographs", (f"{colour}.jpg", picture(colour), "image/jpeg"))
            for colour in ("red", "blue", "green", "white")
        ]
        answer = await desk.send(f"/admin/inspections/{visit}/draft", {"base": "0"}, files=files)
    assert answer.status_code == 422
    assert answer.text.count("最多保存 1 张照片") == 2  # above, and at the field
    assert await Photograph.count() == 1


async def test_what_is_no_picture_is_said_at_its_field_and_the_good_ones_stay(world, visit):
    member = await worlds.member_of(world, visit)
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(f"/admin/inspections/{visit}")
        files = [
            ("new_photographs", ("a.jpg", picture(), "image/jpeg")),
            ("new_photographs", ("b.jpg", b"no picture", "image/jpeg")),
            ("new_signed_pages", ("c.png", picture("white"), "image/png")),
        ]
        answer = await desk.send(
            f"/admin/inspections/{visit}/result", record(page.text, findings="保留的文字"), files=files
        )
    assert answer.status_code == 422
    assert 'href="#field-new_photographs"' in answer.text
    assert "不是可读取的照片" in answer.text
    assert "保留的文字" in answer.text
    assert (
        len(re.findall(r'name="(?:photographs|signed_pages)" value="[0-9a-f]{64}" checked', answer.text)) == 2
    )
    assert (await Photograph.count(), await InspectionResult.count()) == (2, 0)


# --- the whole way on the page ------------------------------------------------------------------------


async def test_a_record_with_photographs_is_handed_in_confirmed_and_reviewed_on_the_page(world, visit):
    path = f"/admin/inspections/{visit}"
    one, two = await worlds.members_of(world, visit)
    async with desk_of(world.office, one.username) as desk:
        page = await desk.open(path)
        files = [("new_photographs", ("a.jpg", picture(), "image/jpeg"))]
        sent = await desk.send(f"{path}/result", record(page.text), files=files)
        assert sent.status_code == 303, sent.text
    details = await details_of(visit)
    assert details["materials"] == ["年度报告", "营业执照"]
    assert {line["answer"] for line in details["lines"]} == {"met"}
    assert all(line["title"] and line["basis"] for line in details["lines"])
    assert len(details["photographs"]) == 1
    for member in (one, two):
        async with desk_of(world.office, member.username) as desk:
            page = await desk.open(path)
            over = re.search(r'name="digest" value="([0-9a-f]{64})"', page.text)
            assert (await desk.send(f"{path}/confirm", {"digest": over[1]})).status_code == 303
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(path)
        assert f"{path}/photographs/{details['photographs'][0]}" in page.text
        assert (await desk.send(f"{path}/review", {"verdict": "confirm"})).status_code == 303


async def details_of(visit: int) -> dict:
    import json

    latest = await load_latest_result(visit)
    return json.loads(latest["form_json"])["details"]


async def test_lines_keep_the_words_that_they_had_when_they_were_answered(world, visit):
    member = await worlds.member_of(world, visit)
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(f"/admin/inspections/{visit}")
        await desk.send(f"/admin/inspections/{visit}/result", record(page.text))
        first = await details_of(visit)
        page = await desk.open(f"/admin/inspections/{visit}")
        changed = record(page.text, findings="补充")
        assert (await desk.send(f"/admin/inspections/{visit}/result", changed)).status_code == 303
    assert (await details_of(visit))["lines"] == first["lines"]


async def test_an_unanswered_line_and_an_unexplained_fault_are_told_at_their_lines(world, visit):
    member = await worlds.member_of(world, visit)
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(f"/admin/inspections/{visit}")
        first, second, *_ = dict.fromkeys(re.findall(r'name="(line-[^"]+)"', page.text))
        wrong = record(page.text) | {first: "", second: "not-met"}
        answer = await desk.send(f"/admin/inspections/{visit}/result", wrong)
    assert answer.status_code == 422
    for field in (first, second):
        assert f'href="#field-{field}"' in answer.text


async def test_the_same_form_posted_three_times_at_once_is_one_version(world, visit):
    member = await worlds.member_of(world, visit)
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(f"/admin/inspections/{visit}")
        form = record(page.text)
        answers = await asyncio.gather(
            *(desk.send(f"/admin/inspections/{visit}/result", form) for _ in range(3))
        )
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert await InspectionResult.count() == 1


# --- drafts -------------------------------------------------------------------------------------------


async def test_a_draft_is_put_back_into_the_form_and_goes_with_the_handing_in(world, visit):
    member = await worlds.member_of(world, visit)
    path = f"/admin/inspections/{visit}"
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(path)
        half = record(page.text, findings="写到一半", inspected_on="")
        assert (await desk.send(f"{path}/draft", half)).status_code == 303
        page = await desk.open(path)
        assert "写到一半" in page.text
        await desk.send(f"{path}/result", record(page.text))
    assert await ResultDraft.count() == 0


async def test_the_script_gets_the_revision_and_conflicts_as_json(world, visit):
    member = await worlds.member_of(world, visit)
    path = f"/admin/inspections/{visit}/draft"
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(f"/admin/inspections/{visit}")
        asked = {"Accept": "application/json"}
        first = await desk.send(path, record(page.text, findings="甲"), headers=asked)
        late = await desk.send(path, record(page.text, findings="乙"), headers=asked)
    assert first.json() == {"revision": 1}
    assert late.status_code == 409
    own, _ = await load_drafts(member, visit)
    assert own.fields["findings"] == ["甲"]


async def test_a_draft_saved_from_another_telephone_is_shown_beside_what_was_typed(world, visit):
    member = await worlds.member_of(world, visit)
    path = f"/admin/inspections/{visit}"
    async with desk_of(world.office, member.username) as desk:
        page = await desk.open(path)
        await desk.send(f"{path}/draft", record(page.text, findings="第一部手机"))
        answer = await desk.send(f"{path}/draft", record(page.text, findings="第二部手机"))
        assert answer.status_code == 422
        assert "第一部手机" in answer.text
        assert "第二部手机" in answer.text
        again = record(answer.text, findings="第二部手机")
        assert (await desk.send(f"{path}/draft", again)).status_code == 303


async def test_what_another_member_handed_in_meanwhile_is_a_conflict_that_loses_nothing(world, visit):
    path = f"/admin/inspections/{visit}"
    one, two = await worlds.members_of(world, visit)
    async with desk_of(world.office, one.username) as first, desk_of(world.office, two.username) as second:
        page, other = await first.open(path), await second.open(path)
        await first.send(f"{path}/result", record(page.text, findings="甲所见"))
        answer = await second.send(f"{path}/result", record(other.text, findings="乙所见"))
        assert answer.status_code == 422
        assert "甲所见" in answer.text
        assert "乙所见" in answer.text
        assert await InspectionResult.count() == 1
        compared = record(answer.text, findings="甲、乙所见")
        assert (await second.send(f"{path}/result", compared)).status_code == 303
    assert (await load_latest_result(visit))["findings"] == "甲、乙所见"


async def test_a_member_may_take_over_what_another_has_typed(world, visit):
    path = f"/admin/inspections/{visit}"
    one, two = await worlds.members_of(world, visit)
    async with desk_of(world.office, one.username) as first, desk_of(world.office, two.username) as second:
        page = await first.open(path)
        await first.send(f"{path}/draft", record(page.text, findings="甲的草稿"))
        page = await second.open(path)
        assert "甲的草稿" not in page.text
        link = re.search(r'href="([^"]+\?draft=\d+)#record"', page.text)
        assert "甲的草稿" in (await second.open(link[1])).text


async def test_drafts_are_for_the_team_alone(world, visit):
    member, stranger = await worlds.member_of(world, visit), await stranger_of(world, visit)
    await save_draft(world.office, member, visit, {"findings": ["草稿"]}, base=0, revision=0)
    with pytest.raises(ForbiddenError):
        await save_draft(world.office, stranger, visit, {}, base=0, revision=0)
    for outsider in (stranger, world.approver):
        assert await load_drafts(outsider, visit) == (None, ())
    async with desk_of(world.office, "approver") as desk:
        page = await desk.open(f"/admin/inspections/{visit}?draft={member.person_id}")
        assert "草稿" not in page.text


async def test_the_same_draft_sent_twice_is_saved_once(world, visit):
    member = await worlds.member_of(world, visit)
    again = [
        save_draft(world.office, member, visit, {"findings": ["同"]}, base=0, revision=0) for _ in range(3)
    ]
    assert await asyncio.gather(*again) == [1, 1, 1]
    with pytest.raises(ConflictError):
        await save_draft(world.office, member, visit, {"findings": ["异"]}, base=0, revision=0)


async def test_a_draft_has_an_end(world, visit):
    member = await worlds.member_of(world, visit)
    with pytest.raises(InputError, match="too long"):
        await save_draft(world.office, member, visit, {"findings": ["长" * 200_001]}, base=0, revision=0)
