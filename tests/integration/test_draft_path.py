"""Drafts saved section by section by several people; frames held against the last draw; rehearsals."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from agency_credit.database.tables import Agency, AuditLine, Draw, Rating
from agency_credit.domain.errors import ConflictError, ForbiddenError, RefusedError
from agency_credit.domain.role import Role
from agency_credit.services.desk_draft import load_draft_desk
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.draft_rehearsal import TIMES, rehearse_draft
from agency_credit.services.draft_saving import SectionChange, save_section
from agency_credit.services.draft_sections import (
    SECTIONS,
    changed_sections,
    load_saved_sections,
    merge_section,
)
from agency_credit.services.draw_draft import (
    DrawDraft,
    change_draft,
    draft_draw,
    load_draft,
    load_draw_row,
    suggest_draft,
)
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.frame_compare import compare_with_last
from agency_credit.services.frame_list import FrameQuery, count_places, find_lines, page_of
from agency_credit.services.office import Office
from tests import world as made
from tests.conftest import Clock
from tests.world import World


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def a_draft(world: World) -> str:
    return await draft_draw(world.office, world.drafter, await made.good_draft(world))


def with_plan(draft: DrawDraft, **plan: Any) -> DrawDraft:
    return msgspec.structs.replace(draft, plan=msgspec.structs.replace(draft.plan, **plan))


async def versions(draw: str) -> dict[str, int]:
    saved = await load_saved_sections((await load_draw_row(draw))["id"])
    return {name: section.version for name, section in saved.items()}


def change(section: str, draft: DrawDraft, version: int = 0) -> SectionChange:
    return SectionChange(section=section, draft=draft, version=version)


async def test_two_drafters_who_save_different_sections_lose_nothing(world: World) -> None:
    second = await made.add_account(world.office, "second", Role.DRAFTER)
    draw = await a_draft(world)
    opened = await load_draft(draw)  # what both had in front of them
    mine = with_plan(opened, title="甲的标题")
    hers = msgspec.structs.replace(opened, inspector_limit=3)
    await save_section(world.office, world.drafter, draw, change("what", mine))
    await save_section(world.office, second, draw, change("teams", hers))
    draft = await load_draft(draw)
    assert (draft.plan.title, draft.inspector_limit) == ("甲的标题", 3)
    assert await versions(draw) == {"what": 1, "teams": 1}
    assert (await Draw.select(Draw.title).where(Draw.draw == draw).first())["title"] == "甲的标题"


async def test_the_same_section_saved_twice_from_one_page_is_a_conflict(world: World) -> None:
    second = await made.add_account(world.office, "second", Role.DRAFTER)
    draw = await a_draft(world)
    opened = await load_draft(draw)
    await save_section(world.office, world.drafter, draw, change("what", with_plan(opened, title="先存")))
    with pytest.raises(ConflictError) as caught:
        await save_section(world.office, second, draw, change("what", with_plan(opened, title="后存")))
    assert (caught.value.code, caught.value.params["name"]) == ("draft.section-saved", "drafter")
    assert (await load_draft(draw)).plan.title == "先存"
    await save_section(world.office, second, draw, change("what", with_plan(opened, title="后存"), 1))
    assert (await load_draft(draw)).plan.title == "后存"
    assert await versions(draw) == {"what": 2}


async def test_a_frame_that_changes_its_strata_moves_their_section_on_too(world: World) -> None:
    draw = await a_draft(world)
    draft = await load_draft(draw)
    scope = msgspec.structs.replace(draft.scope, practice_lines=["trademark"])
    narrower = msgspec.structs.replace(draft, scope=scope)
    await save_section(world.office, world.drafter, draw, change("frame", narrower))
    assert await versions(draw) == {"frame": 1, "strata": 1}
    with pytest.raises(ConflictError):  # whoever still has the old strata on his screen
        await save_section(world.office, world.drafter, draw, change("strata", draft))


async def test_the_number_of_the_office_follows_the_name_of_the_body(world: World) -> None:
    draw = await a_draft(world)
    renamed = with_plan(await load_draft(draw), authority="淄博市知识产权局")
    await save_section(world.office, world.drafter, draw, change("what", renamed))
    own = (await load_draft(draw)).plan.entropy[0]
    assert own == {"kind": "commitment", "party": "淄博市知识产权局", "commitment": None}


async def test_an_announced_draft_takes_no_section(world: World) -> None:
    draw = await made.announced(world)
    with pytest.raises(RefusedError) as caught:
        await save_section(world.office, world.drafter, draw, change("what", await load_draft(draw)))
    assert caught.value.code == "draw.frozen"


async def test_whoever_saves_a_section_is_a_drafter_and_no_approver_of_it(world: World) -> None:
    draw = await a_draft(world)
    with pytest.raises(ForbiddenError):
        await save_section(world.office, world.approver, draw, change("what", await load_draft(draw)))
    both = await made.add_account(world.office, "both", Role.DRAFTER, Role.APPROVER)
    await save_section(world.office, both, draw, change("teams", await load_draft(draw)))
    await announce_draw(world.office, world.drafter, draw)
    assert not (await load_draw_desk(world.office, both, draw)).next.is_mine
    assert (await load_draw_desk(world.office, both, draw)).next.not_by == ("both", "drafter")
    lines = await AuditLine.select().where(
        (AuditLine.action == "draw.change") & (AuditLine.outcome == "done")
    )
    assert ['"section":"teams"' in line["details_json"] for line in lines] == [True]


async def test_a_whole_change_moves_exactly_the_sections_that_differ(world: World) -> None:
    draw = await a_draft(world)
    draft = await load_draft(draw)
    await change_draft(world.office, world.drafter, draw, with_plan(draft, reserves=4, title="x"))
    assert await versions(draw) == {"what": 1, "strata": 1}


async def test_every_field_of_a_draft_belongs_to_exactly_one_section(world: World) -> None:
    draft = await made.good_draft(world)
    other = DrawDraft(
        plan=type(draft.plan)(**{name: object() for name in draft.plan.__struct_fields__}),
        **{name: object() for name in draft.__struct_fields__ if name != "plan"},  # type: ignore[arg-type]
    )
    merged = draft
    for section in SECTIONS:
        assert changed_sections(draft, merge_section(draft, other, section)) == (section,)
        merged = merge_section(merged, other, section)
    assert merged == other


async def test_sections_say_how_far_they_are(world: World) -> None:
    draw = await draft_draw(world.office, world.drafter, await suggest_draft(world.office))
    assert set((await load_draft_desk(world.office, draw)).states.values()) == {"untouched"}
    draft = await load_draft(draw)
    for section in ("what", "frame"):
        await save_section(world.office, world.drafter, draw, change(section, draft))
    states = (await load_draft_desk(world.office, draw)).states
    assert (states["what"], states["frame"], states["teams"]) == ("started", "done", "untouched")
    await Agency.update({Agency.status: "cancelled"}, force=True)
    assert (await load_draft_desk(world.office, draw)).states["strata"] == "blocked"


async def test_numbers_and_seats_are_there_before_the_other_pages_are_filled_in(world: World) -> None:
    draw = await draft_draw(world.office, world.drafter, await suggest_draft(world.office))
    desk = await load_draft_desk(world.office, draw)
    assert {"what", "entropy"} == {name for name, faults in desk.faults.items() if faults}
    assert desk.review.numbers is not None
    assert [row.take for row in desk.review.numbers.strata] == [1, 1]
    assert [(seat.role, seat.least, seat.n_few) for seat in desk.review.seats] == [
        ("组长", 3, 0),
        ("检查员", 6, 0),
    ]


async def test_a_recusal_that_waits_is_said_and_the_numbers_stay(world: World) -> None:
    draw = await a_draft(world)
    await made.add_recusal(1, 1, world.drafter.person_id, None)
    desk = await load_draft_desk(world.office, draw)
    assert [fault.code for fault in desk.faults["teams"]] == ["recusal.unapproved"]
    assert desk.review.seats


async def test_the_bits_of_an_event_are_those_of_its_announced_throws(world: World) -> None:
    desk = await load_draft_desk(world.office, await a_draft(world))
    assert [(source.n_digits, source.tenths) for source in desk.sources] == [
        (None, 0),
        (None, 241),
        (20, 660),
    ]
    assert desk.tenths == 901
    assert not any("bits" in fault.code or "digits" in fault.code for fault in desk.warnings)


async def test_too_few_announced_throws_are_warned_of_in_bits(world: World) -> None:
    dice = {"kind": "public", "event": "掷骰10次", "form": "digits", "at": made.PUBLIC[0]["at"]}
    own = (await made.good_draft(world)).plan.entropy[0]
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world, entropy=[own, dice]))
    desk = await load_draft_desk(world.office, draw)
    (warning,) = [fault for fault in desk.warnings if fault.code == "review.few-bits"]
    assert (warning.params["bits"], desk.n_faults) == ("33.0", 0)


async def test_after_the_announcement_the_pages_show_what_was_frozen(world: World) -> None:
    draw = await made.announced(world)
    n_units = len((await load_draft_desk(world.office, draw)).frame.lines)  # type: ignore[union-attr]
    await Agency.update({Agency.status: "cancelled"}).where(Agency.uscc == made.uscc(0))
    desk = await load_draft_desk(world.office, draw)
    assert desk.is_frozen
    assert desk.frame is not None
    assert len(desk.frame.lines) == n_units == 12
    assert desk.sources[0].commitment != ""
    assert set(desk.states.values()) == {"done"}


async def next_draft(world: World) -> str:
    """A draft after a first draw was made, and after the registers moved on."""
    await made.drawn(world)
    now = datetime(2026, 12, 2, tzinfo=UTC)
    world.clock.now = datetime(2026, 12, 3, tzinfo=UTC)
    await Agency.update({Agency.status: "cancelled"}).where(Agency.uscc == made.uscc(1))
    await Agency.update({Agency.status: "suspended"}).where(Agency.uscc == made.uscc(3))
    listed = {Agency.list_status: "serious", Agency.list_since: date(2026, 12, 2)}
    await Agency.update(listed).where(Agency.uscc == made.uscc(2))
    mover = await Agency.select(Agency.id).where(Agency.uscc == made.uscc(6)).first()
    assert mover is not None
    rating = await Rating.objects().where(Rating.agency == mover["id"]).first()
    assert rating is not None
    values = {c: getattr(rating, c._meta.name) for c in Rating.all_columns() if c._meta.name != "id"}
    values |= {Rating.tier: "C", Rating.rated_on: date(2026, 12, 2)}
    await Rating.insert(Rating(values))
    await made.add_agency_like(made.uscc(2), made.uscc(90), established_on=date(2026, 12, 1), created_at=now)
    return await draft_draw(world.office, world.drafter, await made.good_draft(world))


async def test_a_frame_is_held_against_the_last_draw_with_the_reason_of_each_difference(world: World) -> None:
    desk = await load_draft_desk(world.office, await next_draft(world))
    assert desk.frame is not None
    found = await compare_with_last(desk.draw_id, desk.draft, desk.frame.lines)
    assert found is not None
    assert {(c.unit[-2:], c.kind, c.why.code) for c in found.changes} == {
        ("90", "new", "compare.established"),
        ("01", "gone", "compare.cancelled"),
        ("03", "gone", "compare.suspended"),
        ("02", "ground", "compare.listed"),
        ("06", "stratum", "compare.tier"),
    }
    assert found.n_same == len(desk.frame.lines) - 3
    moved = next(c for c in found.changes if c.kind == "stratum")
    assert (moved.before[-1], moved.now[-1]) == ("A", "C")


async def test_a_draw_of_another_scope_or_a_voided_one_is_nothing_to_compare_with(world: World) -> None:
    draw = await next_draft(world)
    desk = await load_draft_desk(world.office, draw)
    assert desk.frame is not None
    scope = msgspec.structs.replace(desk.draft.scope, practice_lines=["patent"])
    other = msgspec.structs.replace(desk.draft, scope=scope)
    assert await compare_with_last(desk.draw_id, other, desk.frame.lines) is None
    await made.void(world, "3703-2026-001")
    assert await compare_with_last(desk.draw_id, desk.draft, desk.frame.lines) is None


async def test_the_first_draw_is_not_compared_with_the_later_one(world: World) -> None:
    await next_draft(world)
    desk = await load_draft_desk(world.office, "3703-2026-001")
    assert desk.frame is not None
    assert await compare_with_last(desk.draw_id, desk.draft, desk.frame.lines) is None


async def test_a_frame_is_looked_through_by_name_stratum_and_place(world: World) -> None:
    desk = await load_draft_desk(world.office, await next_draft(world))
    assert desk.frame is not None
    lines = desk.frame.lines
    assert [line.unit[-2:] for line in find_lines(lines, FrameQuery(place="mandatory"))] == ["02"]
    assert [line.unit[-2:] for line in find_lines(lines, FrameQuery(text="测试6号"))] == ["06"]
    assert find_lines(lines, FrameQuery(text=made.uscc(6).lower())) == find_lines(
        lines, FrameQuery(text="测试6号")
    )
    assert find_lines(lines, FrameQuery(stratum="nowhere")) == ()
    assert sum(row.lottery + row.mandatory + row.excluded for row in count_places(lines)) == len(lines)
    page = page_of(lines * 10, 99)
    assert (page.n_pages, page.page, page.n_found) == (3, 3, len(lines) * 10)
    assert page_of((), 0).lines == ()


async def test_a_rehearsal_uses_made_up_values_and_opens_no_nonce(world: World) -> None:
    draw = await made.announced(world)
    folder = world.office.keys.folder
    folder.rename(folder.with_name("taken-away"))  # nothing sealed can be opened from here on
    desk = await load_draft_desk(world.office, draw)
    found = await rehearse_draft(desk)
    assert found.times == TIMES == sum(found.unfilled.values())
    assert found == await rehearse_draft(desk)


async def test_what_is_not_sound_is_not_rehearsed(world: World) -> None:
    draw = await a_draft(world)
    await Agency.update({Agency.status: "cancelled"}, force=True)
    with pytest.raises(RefusedError) as caught:
        await rehearse_draft(await load_draft_desk(world.office, draw))
    assert caught.value.code == "rehearsal.not-ready"
