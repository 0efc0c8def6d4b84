"""What a tier means is data: the plan takes its numbers from the profile, and says where it departs."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agency_credit.database.tables import Agency, LegalParameter
from agency_credit.scoring.profile import Frequency
from agency_credit.services.desk_draft import DraftDesk, follow_frame, load_draft_desk
from agency_credit.services.draft_strata import count_due
from agency_credit.services.draw_draft import change_draft, draft_draw, load_draft, suggest_draft
from agency_credit.services.frame import FrameScope, load_stratification
from agency_credit.services.office import close_office, open_office
from agency_credit.services.supervision import format_fraction, format_share
from agency_credit.settings import Settings
from tests import world as made
from tests.conftest import PACKS, Clock
from tests.integration.console import desk_of
from tests.world import World

HEAD = """
type = "profile"
id = "shandong-zibo-2025"
area = "3703"
effective_from = 2025-01-01
title = { zh = "测试监管参数", en = "profile of a test" }
"""
ROW = """
[[supervision]]
practice_line = "{line}"
tier = "{tier}"
{numbers}
priority = {priority}
key_supervision = {key}
status = "found"
source = "a test"
citation = {{ instrument = "《测试办法》", article = "第{tier}条" }}
"""
MANDATORY = """
[[mandatory]]
practice_line = "trademark"
list_status = ["serious"]
wording = { zh = "直接检查", en = "inspected without lot" }
status = "found"
source = "a test"
citation = { instrument = "《测试办法》", article = "第九条" }
"""


def row(line: str, tier: str, numbers: str = "", priority: int = 2, key: str = "false") -> str:
    return ROW.format(line=line, tier=tier, numbers=numbers, priority=priority, key=key)


MakeWorld = Callable[..., Any]


@pytest.fixture
async def make_world(settings: Settings, clock: Clock, tmp_path: Path) -> AsyncIterator[MakeWorld]:
    """A world whose office works by a profile of the test; it takes the place of the shipped one."""

    @asynccontextmanager
    async def world_by(profile: str) -> AsyncIterator[World]:
        folder = tmp_path / "rules"
        folder.mkdir()
        for path in PACKS.glob("*agency*.toml"):
            shutil.copy(path, folder)
        (folder / "profile.toml").write_text(profile, "utf-8")
        office = await open_office(settings, clock=clock, packs_folder=folder)
        try:
            yield await made.build_world(office, clock)
        finally:
            await close_office(office)

    async with AsyncExitStack() as stack:

        async def make(profile: str) -> World:
            return await stack.enter_async_context(world_by(profile))

        yield make


def takes(draft: Any) -> dict[str, dict[str, Any]]:
    return {item["stratum"]: item["take"] for item in draft.plan.strata}


async def desk_with(world: World, **plan: Any) -> DraftDesk:
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world, **plan))
    return await load_draft_desk(world.office, draw)


def codes(desk: DraftDesk) -> set[tuple[str, str]]:
    return {(fault.at, fault.code) for fault in desk.warnings if fault.code.startswith("draft.")}


async def test_a_plan_takes_its_numbers_from_the_profile_and_cites_it(make_world: MakeWorld) -> None:
    rows = row("patent", "A", 'fraction = "1/4"\nminimum = 2') + row("trademark", "A", 'fraction = "1/3"')
    world = await make_world(HEAD + rows)
    draft = await suggest_draft(world.office)
    assert takes(draft) == {
        "专利-A": {"fraction": "0.25", "minimum": 2},
        "商标-A": {"fraction": "1/3", "minimum": 0},
    }
    assert "《测试办法》 第A条" in draft.plan.basis
    desk = await desk_with(world)
    assert desk.n_faults == 0
    assert codes(desk) == set()


async def test_where_no_share_is_known_one_is_offered_and_nothing_cited(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + row("patent", "A") + row("trademark", "A", "minimum = 3"))
    draft = await suggest_draft(world.office)
    assert takes(draft) == {"专利-A": {"count": 1}, "商标-A": {"count": 3}}
    assert draft.plan.basis.count("《测试办法》 第A条") == 1  # for the least number of the second
    desk = await desk_with(world)
    assert [stratum.has_share for stratum in desk.strata] == [False, False]


async def test_the_shipped_profile_of_zibo_knows_no_share(settings: Settings, clock: Clock) -> None:
    office = await open_office(settings, clock=clock)
    try:
        world = await made.build_world(office, clock)
        draft = await suggest_draft(world.office)
        desk = await desk_with(world)
    finally:
        await close_office(office)
    assert {str(take) for take in takes(draft).values()} == {"{'count': 1}"}
    assert not any("信用评价" in basis for basis in draft.plan.basis)
    assert desk.profile is not None
    assert desk.profile.id == "shandong-zibo-2025"
    assert not any(stratum.has_share for stratum in desk.strata)
    assert codes(desk) == set()


async def test_the_fictional_profile_of_the_demo_gives_its_numbers(office: Any, clock: Clock) -> None:
    world = await made.build_world(office, clock)
    assert takes(await suggest_draft(office))["专利-A"] == {"fraction": "0.05", "minimum": 1}
    async with desk_of(office, "drafter") as desk:
        draw = await draft_draw(office, world.drafter, await made.good_draft(world))
        page = (await desk.open(f"/admin/draws/{draw}/plan/strata")).text
    for text in (
        "抽查比例",
        "5%，至少 1 家",
        "4 年 1 次",
        "第 4 位",
        "重点监管",
        "演示便利一",
        "虚构参数表",
        "虚构",
    ):
        assert text in page


@pytest.mark.parametrize(
    "take",
    [{"count": 1}, {"all": True}, {"fraction": "0.2", "minimum": 2}, {"fraction": "0.25", "minimum": 1}],
)
async def test_another_number_than_the_profile_s_is_a_warning_and_no_fault(
    make_world: MakeWorld, take: dict[str, Any]
) -> None:
    world = await make_world(HEAD + row("patent", "A", 'fraction = "1/4"\nminimum = 2'))
    strata = [{"stratum": "专利-A", "take": take}, {"stratum": "商标-A", "take": {"count": 1}}]
    desk = await desk_with(world, strata=strata)
    assert desk.n_faults == 0
    assert codes(desk) == {("stratum 专利-A", "draft.departs")}
    await made.announced(world, strata=strata)


async def test_the_same_number_in_another_form_is_no_departure(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + row("patent", "A", 'fraction = "1/4"'))
    strata = [
        {"stratum": "专利-A", "take": {"fraction": "1/4", "minimum": 5}},
        {"stratum": "商标-A", "take": {"count": 1}},
    ]
    assert codes(await desk_with(world, strata=strata)) == set()


async def test_a_number_whose_source_is_not_among_the_bases_is_a_warning(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + row("patent", "A", 'fraction = "1/4"'))
    assert codes(await desk_with(world, basis=["专利代理条例"])) == {("stratum 专利-A", "draft.uncited")}


async def test_a_share_that_is_none_is_the_plan_s_fault_alone(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + row("patent", "A", 'fraction = "1/4"'))
    strata = [{"stratum": "专利-A", "take": {"fraction": "1/0", "minimum": 0}}]
    desk = await desk_with(world, strata=strata)
    assert desk.n_faults > 0
    assert codes(desk) == set()


async def test_strata_that_come_first_stand_first_and_those_without_a_rule_last(
    make_world: MakeWorld,
) -> None:
    profile = HEAD + row("patent", "A", priority=2) + row("trademark", "D", priority=1, key="true")
    world = await make_world(profile)
    trademark = await Agency.select(Agency.id).where(Agency.uscc == made.uscc(1)).first()
    assert trademark is not None
    from tests.builders import add_rating

    await add_rating(trademark["id"], "D", 50_000, line="trademark")
    desk = await desk_with(world)
    assert [stratum.size.stratum for stratum in desk.strata] == ["商标-D", "专利-A", "商标-A"]
    assert desk.strata[0].rule is not None
    assert desk.strata[0].rule.is_key_supervision
    assert desk.strata[2].rule is None


async def test_who_is_inspected_without_lot_stands_in_the_profile(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + MANDATORY)
    listed = {made.uscc(1): "serious", made.uscc(3): "abnormal", made.uscc(2): "serious"}
    for code, status in listed.items():
        await Agency.update({Agency.list_status: status}).where(Agency.uscc == code)
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=None)
    frame = await load_stratification(world.office, scope, by_size=False)
    mandatory = {line.unit: line.mandatory for line in frame.lines if line.mandatory}
    assert set(mandatory) == {made.uscc(1)}
    assert mandatory[made.uscc(1)].basis == "《测试办法》 第九条"
    assert mandatory[made.uscc(1)].reason == "列入严重违法失信名单"


async def test_elsewhere_the_law_of_the_nation_holds(office: Any, clock: Clock) -> None:
    await LegalParameter.update({LegalParameter.value: "3501"}).where(LegalParameter.key == "office_code")
    world = await made.build_world(office, clock)
    await Agency.update({Agency.list_status: "abnormal"}).where(Agency.uscc == made.uscc(0))
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=None)
    frame = await load_stratification(world.office, scope, by_size=False)
    assert [line.mandatory.basis for line in frame.lines if line.mandatory] == [
        "《专利代理管理办法》 第四十条"
    ]
    desk = await desk_with(world)
    assert [stratum.rule for stratum in desk.strata] == [None, None]
    async with desk_of(office, "drafter") as browser:
        page = (await browser.open(f"/admin/draws/{desk.draw}/plan/strata")).text
    assert "没有监管参数涉及这一等级" in page


async def test_a_stratum_drawn_less_often_than_the_frequency_asks_is_a_warning(
    make_world: MakeWorld,
) -> None:
    numbers = 'fraction = "1"\nfrequency = { times = 1, years = 1 }'
    world = await make_world(HEAD + row("patent", "A", numbers) + row("trademark", "A", numbers))
    draw = await made.drawn(
        world, strata=[{"stratum": s, "take": {"count": 99}} for s in ("专利-A", "商标-A")]
    )
    few = [{"stratum": s, "take": {"fraction": "1", "minimum": 0}} for s in ("专利-A", "商标-A")]
    assert codes(await desk_with(world, strata=few)) == set()  # everybody was drawn in this draw
    world.clock.forward(days=364)
    assert codes(await desk_with(world, strata=few)) == set()
    world.clock.forward(days=1)
    rarely = {("stratum 专利-A", "draft.drawn-rarely"), ("stratum 商标-A", "draft.drawn-rarely")}
    assert codes(await desk_with(world, strata=few)) == rarely
    whole = [{"stratum": s, "take": {"all": True}} for s in ("专利-A", "商标-A")]
    assert not codes(await desk_with(world, strata=whole)) & rarely
    assert draw


@pytest.mark.parametrize(
    ("times", "years", "today", "due"),
    [
        (1, 1, date(2026, 11, 23), 1),  # b was never drawn
        (1, 1, date(2026, 11, 24), 2),  # a year after: no longer within the last year
        (2, 2, date(2026, 11, 24), 1),  # a twice
        (3, 2, date(2026, 11, 24), 2),
        (2, 2, date(2027, 2, 27), 1),
        (2, 2, date(2027, 2, 28), 2),
        (2, 3, date(2028, 2, 27), 1),
        (2, 3, date(2028, 2, 28), 2),
        (1, 10**6, date(2026, 11, 24), 1),
    ],
)
def test_how_often_units_were_drawn(times: int, years: int, today: date, due: int) -> None:
    drawn_on = [("a", date(2025, 11, 24)), ("a", date(2025, 2, 28))]
    assert count_due(["a", "b"], Frequency(times=times, years=years), drawn_on, today) == due


async def test_a_stratum_that_appears_later_comes_with_the_profile_s_number(make_world: MakeWorld) -> None:
    world = await make_world(HEAD + row("trademark", "A", 'fraction = "1/4"'))
    draft = await made.good_draft(world)
    only = msgspec.structs.replace(draft.plan, strata=[draft.plan.strata[0]])
    draw = await draft_draw(world.office, world.drafter, msgspec.structs.replace(draft, plan=only))
    followed = await follow_frame(world.office, await load_draft(draw))
    assert takes(followed)["商标-A"] == {"fraction": "0.25", "minimum": 0}
    await change_draft(world.office, world.drafter, draw, followed)


@pytest.mark.parametrize(
    ("fraction", "written", "read"),
    [
        ("0", "0", "0%"),
        ("1", "1", "100%"),
        ("1/20", "0.05", "5%"),
        ("0.05", "0.05", "5%"),
        ("1/8", "0.125", "12.5%"),
        ("1/3", "1/3", "1/3"),
        ("0.000000001", "0.000000001", "0.0000001%"),
        ("1/1024", "1/1024", "1/1024"),
    ],
)
def test_a_fraction_is_written_as_a_decimal_where_it_is_one(fraction: str, written: str, read: str) -> None:
    assert (format_fraction(fraction), format_share(fraction)) == (written, read)
