"""What people try with a draw: faulty drafts, a hand in their own approval, clocks, a changed database."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import (
    Agency,
    DrawFile,
    Inspection,
    InspectionResult,
    Inspector,
    LegalParameter,
    LogEntry,
)
from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    RefusedError,
    VerificationError,
)
from agency_credit.domain.role import Role
from agency_credit.publication.entry import parse_entry
from agency_credit.sampling import commitment
from agency_credit.services.desk_draft import load_draft_desk
from agency_credit.services.desk_draw import load_draw_desk
from agency_credit.services.draw_draft import (
    DrawDraft,
    change_draft,
    draft_draw,
    load_draft,
    load_draw_row,
    suggest_draft,
)
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_store import load_files, load_history, load_values
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.frame import FrameScope, load_stratification
from agency_credit.services.office import Office
from agency_credit.services.people import create_person, load_actor
from agency_credit.services.publish_draw import publish_draw, publish_names
from agency_credit.services.result_review import return_result
from agency_credit.services.results import enter_result
from tests import world as made
from tests.conftest import Clock
from tests.world import World


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def codes_of(world: World, draft: DrawDraft) -> set[str]:
    """Codes of the faults that keep the draft from being announced."""
    draw = await draft_draw(world.office, world.drafter, draft)
    with pytest.raises(FaultsError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    return {fault.code for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        ({"supplements": "3703-2025-001", "seats": [{"role": "组长", "skills": []}]}, "draft.supplements"),
        ({"items": ["清单之外的事项"]}, "draft.item-unpublished"),
        ({"title": "咨询电话13812345678"}, "draft.personal-number"),
        ({"entropy": [{"kind": "commitment", "party": " ", "commitment": None}]}, "draft.source-unnamed"),
        ({"entropy": [made.PUBLIC[0] | {"event": ""}]}, "draft.source-unnamed"),
    ],
)
async def test_a_plan_that_the_law_does_not_bear_is_not_announced(
    world: World, plan: dict[str, Any], code: str
) -> None:
    assert code in await codes_of(world, await made.good_draft(world, **plan))


async def test_nobody_brings_the_offices_own_number_along(world: World) -> None:
    own = (await suggest_draft(world.office)).plan.entropy[0]
    known = own | {"commitment": commitment("3703-2026-001", own["party"], "0" * 64)}
    draft = await made.good_draft(world, entropy=[known, *made.PUBLIC])
    assert await codes_of(world, draft) == {"draft.own-commitment"}


async def test_an_office_code_of_any_kind_counts_its_draws(world: World) -> None:
    await draft_draw(world.office, world.drafter, await made.good_draft(world))
    async with transaction():
        await LegalParameter.update({LegalParameter.value: "37%"}).where(LegalParameter.key == "office_code")
    names = [await draft_draw(world.office, world.drafter, await made.good_draft(world)) for _ in range(2)]
    assert names == ["37%-2026-001", "37%-2026-002"]


@pytest.mark.parametrize("cap", [0, -1])
async def test_a_cap_below_one_is_refused(world: World, cap: int) -> None:
    assert await codes_of(world, await _with_cap(world, cap)) == {"draft.cap"}


@pytest.mark.parametrize("cap", [None, 3])
async def test_a_draft_is_not_looser_than_the_published_cap(world: World, cap: int | None) -> None:
    await made.enter_value_of_profile(world, "annual-cap", 2)
    assert await codes_of(world, await _with_cap(world, cap)) == {"draft.cap-exceeded"}
    await announce_draw(
        world.office, world.drafter, await draft_draw(world.office, world.drafter, await _with_cap(world, 2))
    )


async def test_a_city_does_not_become_a_province_to_do_without_the_entrustment(world: World) -> None:
    draft = await made.good_draft(world, entrustment=None)
    assert await codes_of(world, msgspec.structs.replace(draft, authority_level="province")) == {
        "draft.level"
    }


async def test_only_a_voided_draw_is_replaced(world: World) -> None:
    draw = await made.announced(world)
    for replaced in (draw, "3703-2020-009"):
        draft = msgspec.structs.replace(await made.good_draft(world), replaces=replaced)
        assert await codes_of(world, draft) == {"draft.replaces"}
    await request_void(world.office, world.drafter, draw, "stated", "重新拟定")
    await confirm_void(world.office, world.approver, draw)
    draft = msgspec.structs.replace(await made.good_draft(world), replaces=draw)
    await announce_draw(world.office, world.drafter, await draft_draw(world.office, world.drafter, draft))


@pytest.mark.parametrize(("reason", "is_kept"), [("event-missing", True), ("ordered", False)])
async def test_a_missing_event_buys_no_other_lists(world: World, reason: str, is_kept: bool) -> None:
    first = await made.with_values(world)
    await request_void(world.office, world.drafter, first, reason, "见附件")
    await confirm_void(world.office, world.approver, first)
    await _change_registers(world)
    draft = await made.good_draft(world)
    later = [source | {"at": "2026-12-09T21:15:00+08:00"} for source in made.PUBLIC]
    plan = msgspec.structs.replace(draft.plan, entropy=[draft.plan.entropy[0], *later])
    if is_kept:
        plan = msgspec.structs.replace(plan, strata=(await load_draft(first)).plan.strata)
    draft = msgspec.structs.replace(draft, plan=plan, replaces=first)
    second = await draft_draw(world.office, world.drafter, draft)
    assert (await load_draft_desk(world.office, second)).n_faults == 0
    await announce_draw(world.office, world.drafter, second)
    before, after = [await load_files((await load_draw_row(draw))["id"]) for draw in (first, second)]
    assert (before["targets.jsonl"] == after["targets.jsonl"]) is is_kept
    assert [after[name].count(b"\n") for name in ("inspectors.jsonl", "recusals.jsonl")] == (
        [6, 0] if is_kept else [5, 1]
    )
    entry = await LogEntry.select(LogEntry.entry).where(LogEntry.subject == second).first()
    assert entry is not None
    assert parse_entry(bytes(entry["entry"])).body["replaces"] == first


async def test_whoever_changed_the_draft_does_not_approve_it(world: World) -> None:
    await create_person(
        world.office, made.ADMIN, "both", made.PASSWORD, display_name="", roles=[Role.DRAFTER, Role.APPROVER]
    )
    both = await load_actor("both")
    assert both is not None
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world))
    await change_draft(world.office, both, draw, await load_draft(draw))
    await announce_draw(world.office, world.drafter, draw)
    with pytest.raises(ForbiddenError):
        await approve_draw(world.office, both, draw)
    await approve_draw(world.office, world.approver, draw)


async def test_an_inspector_has_one_account(world: World) -> None:
    with pytest.raises(ConflictError) as caught:
        await create_person(
            world.office,
            made.ADMIN,
            "twin",
            made.PASSWORD,
            display_name="",
            roles=[Role.APPROVER],
            certificate="鲁C00000",
        )
    assert caught.value.code == "person.inspector"


async def test_a_clock_that_is_set_back_confuses_no_draw(world: World) -> None:
    draw = await made.announced(world)
    world.clock.forward(hours=-2)
    await approve_draw(world.office, world.approver, draw)
    assert (await load_history(await load_draw_row(draw))).state == "approved"


async def test_a_correction_counts_though_the_clock_was_set_back(world: World) -> None:
    draw = await made.with_values(world)
    world.clock.forward(minutes=-30)
    await enter_value(world.office, world.drafter, draw, 2, "1" * 20)
    assert (await load_values((await load_draw_row(draw))["id"]))[2] == "1" * 20


async def test_a_frame_changed_behind_the_program_is_not_drawn_from(world: World) -> None:
    draw = await made.with_values(world)
    contents = await _without_first_target((await load_draw_row(draw))["id"])
    for name, content in contents.items():
        await forge(world, DrawFile, {DrawFile.content: content}, DrawFile.name == name)
    with pytest.raises(VerificationError) as caught:
        await run_draw(world.office, world.approver, draw)
    assert caught.value.code == "draw.files-changed"
    assert caught.value.params["file"] == "announcement.json"


async def test_an_entry_changed_behind_the_program_proves_no_file(world: World) -> None:
    draw = await made.announced(world)
    row = await LogEntry.select().where(LogEntry.type == "draw.announced").first()
    assert row is not None
    changed = bytes(row["entry"]).replace(b'"at":"2026', b'"at":"2025')
    await forge(world, LogEntry, {LogEntry.entry: changed}, LogEntry.id == row["id"])
    with pytest.raises(VerificationError):
        await approve_draw(world.office, world.approver, draw)


async def inspect_everybody(world: World) -> None:
    """All agencies were inspected this year as often as anybody may be: a published cap of one."""
    await made.enter_value_of_profile(world, "annual-cap", 1)
    row = await load_draw_row(await draft_draw(world.office, world.drafter, await made.good_draft(world)))
    async with transaction():
        for position, agency in enumerate(await Agency.select(Agency.id)):
            inspection = Inspection(
                draw=row["id"], agency=agency["id"], stratum="x", stream="drawn", position=position
            )
            await inspection.save()
            await InspectionResult.insert(
                InspectionResult(
                    inspection=inspection.id,
                    version=1,
                    inspected_on=date(2026, 5, 6),
                    categories_json="[]",
                    entered_by=world.drafter.person_id,
                    entered_at=world.clock.now,
                )
            )


async def test_a_draw_of_nobody_is_drawn_and_published(world: World) -> None:
    await inspect_everybody(world)
    draw = await made.drawn(world)
    await publish_draw(world.office, world.approver, draw)
    assert await made.inspections_of(draw) == []


@pytest.mark.parametrize("take", [{"count": 0}, {"fraction": "0", "minimum": 0}])
async def test_a_stratum_without_any_chance_is_refused(world: World, take: dict[str, Any]) -> None:
    draft = await made.good_draft(world)
    strata = [item | {"take": take} if not n else item for n, item in enumerate(draft.plan.strata)]
    assert await codes_of(world, await made.good_draft(world, strata=strata)) == {"draft.zero-chance"}


@pytest.mark.parametrize(
    ("form", "event", "code"),
    [
        ("ssq", "双色球下一期", "draft.event-issue"),
        ("dlt", "大乐透", "draft.event-issue"),
        ("digits", "公开掷骰", "draft.event-count"),
        ("dice", "公开掷骰若干", "draft.event-count"),
        ("drand", "drand 信标第 4391206 轮", "draft.event-chain"),
    ],
)
async def test_an_event_that_could_be_another_is_refused(
    world: World, form: str, event: str, code: str
) -> None:
    vague = {"kind": "public", "event": event, "form": form, "at": "2026-12-01T21:15:00+08:00"}
    entropy = [*(await made.good_draft(world)).plan.entropy, vague]
    assert await codes_of(world, await made.good_draft(world, entropy=entropy)) == {code}


async def test_a_value_of_another_length_than_announced_is_refused(world: World) -> None:
    draw = await made.with_values(world)
    with pytest.raises(FaultsError) as caught:
        await enter_value(world.office, world.drafter, draw, 2, "12345")
    assert [(f.code, f.params["n"]) for f in caught.value.faults] == [("value.count", 20)]


async def test_a_second_reading_that_differs_is_refused_until_it_corrects(world: World) -> None:
    draw = await made.with_values(world)
    other = "04 07 12 18 25 31 + 09"
    with pytest.raises(FaultsError) as caught:
        await enter_value(world.office, world.approver, draw, 1, other, corrects=False)
    assert caught.value.faults[0].code == "value.readings-differ"
    row = await load_draw_row(draw)
    assert (await load_values(row["id"]))[1] == made.VALUES[1]
    await enter_value(world.office, world.approver, draw, 1, made.VALUES[1], corrects=False)
    desk = await load_draw_desk(world.office, world.approver, draw)
    assert list(desk.sources[1].readers.values()) == ["drafter", "approver"]
    await enter_value(world.office, world.approver, draw, 1, other)
    desk = await load_draw_desk(world.office, world.approver, draw)
    assert (desk.sources[1].value, list(desk.sources[1].readers.values())) == (other, ["approver"])


async def test_a_team_with_an_empty_seat_enters_no_result(world: World) -> None:
    async with transaction():
        await Inspector.update({Inspector.status: "left"}).where(Inspector.certificate != "鲁C00000")
    draw = await made.drawn(world)
    inspection = (await made.inspections_of(draw))[0]
    member = await made.member_of(world, inspection["id"])
    with pytest.raises(RefusedError) as caught:
        await enter_result(
            world.office,
            member,
            inspection["id"],
            inspected_on=world.office.today(),
            categories=["1"],
            findings="",
        )
    assert caught.value.code == "result.team-short"


async def test_names_that_came_with_the_publication_are_not_told_again(world: World) -> None:
    draw = await made.inspected(world)
    await publish_draw(world.office, world.approver, draw)
    with pytest.raises(ConflictError) as caught:
        await publish_names(world.office, world.approver, draw)
    assert caught.value.code == "draw.named-already"


async def test_a_returned_day_does_not_count_towards_the_cap(world: World) -> None:
    draw = await made.drawn(world)
    inspection = (await made.inspections_of(draw))[0]
    member = await made.member_of(world, inspection["id"])
    world.clock.forward(days=30)
    entry: dict[str, Any] = {"categories": ["1"], "findings": ""}
    today = world.office.today()
    await enter_result(world.office, member, inspection["id"], inspected_on=today, **entry)
    await made.confirm_all(world, inspection["id"])
    await return_result(world.office, world.approver, inspection["id"], "日期有误")
    world.clock.forward(days=5)
    await enter_result(world.office, member, inspection["id"], inspected_on=world.office.today(), **entry)
    assert (today.year, world.office.today().year) == (2026, 2027)
    assert await _excluded(world) == {inspection["uscc"]}
    world.clock.forward(days=-5)
    assert await _excluded(world) == set()


async def _change_registers(world: World) -> None:
    """An agency closes, an inspector leaves, another is recused."""
    async with transaction():
        await Agency.update({Agency.status: "cancelled"}).where(Agency.uscc == made.uscc(3))
        await Inspector.update({Inspector.status: "left"}).where(Inspector.certificate == "鲁C00005")
        await made.add_recusal(1, 1, world.drafter.person_id, world.approver.person_id)


async def forge(world: World, table: Any, values: dict[Any, Any], where: Any) -> None:
    """Change append-only rows as somebody with the database in his hands would."""
    name = table._meta.tablename
    is_server = world.office.engine.engine_type == "postgres"
    way_round = (
        "SET LOCAL session_replication_role = replica"
        if is_server
        else f"DROP TRIGGER IF EXISTS {name}_append_only_update"
    )
    async with transaction():
        await table.raw(way_round)
        await table.update(values).where(where)


async def _with_cap(world: World, cap: int | None) -> DrawDraft:
    draft = await made.good_draft(world)
    return msgspec.structs.replace(draft, scope=msgspec.structs.replace(draft.scope, annual_cap=cap))


async def _excluded(world: World) -> set[str]:
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=1)
    frame = await load_stratification(world.office, scope, by_size=False)
    return {line.unit for line in frame.lines if line.excluded}


async def _without_first_target(draw: int) -> dict[str, bytes]:
    """The frame less one unit, and an announcement that fits it."""
    from agency_credit.sampling import announce, format_announcement, parse_files

    contents = await load_files(draw)
    del contents["announcement.json"]
    contents["targets.jsonl"] = b"".join(contents["targets.jsonl"].splitlines(keepends=True)[1:])
    files = parse_files(contents)
    announcement = format_announcement(announce(files.plan, files.frame, files.roster, files.recusals))
    return {"targets.jsonl": contents["targets.jsonl"], "announcement.json": announcement}
