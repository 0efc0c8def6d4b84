"""Draws from the plan, directed draws, joint draws, limits of items, and what of it is public."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import date
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from agency_credit.database.tables import Agency, Draw, Inspector, LogEntry
from agency_credit.domain.errors import FaultsError
from agency_credit.services.annual_plan import PlanContent, PlanRow, save_plan_row
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.desk import load_desk
from agency_credit.services.desk_draft import follow_frame, load_draft_desk
from agency_credit.services.draw_draft import DrawDraft, draft_draw
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.draw_store import load_files
from agency_credit.services.draw_task import Partner, PlannedTask, join_items, skill_of, split_items
from agency_credit.services.draw_views import load_draw
from agency_credit.services.frame import FrameScope, load_stratification
from agency_credit.services.inspection_counts import load_tallies
from agency_credit.services.inspection_views import load_agency_inspections
from agency_credit.services.items import Item
from agency_credit.services.leads import draft_lead, load_leads
from agency_credit.services.office import Office
from agency_credit.services.plan_progress import (
    PlannedDraw,
    count_draws_by_item,
    find_progress,
    load_progress,
)
from agency_credit.services.plan_table import (
    COLUMNS,
    format_months,
    format_rows,
    format_workbook,
    parse_share,
)
from agency_credit.services.planned_draw import suggest_planned_draft
from agency_credit.services.result_review import publish_result, review_result
from agency_credit.services.results import enter_result
from tests import world as made
from tests.conftest import Clock
from tests.integration.test_plans import LEAD, P8, ROW, TODAY, change_items, publish_plan
from tests.world import World

TAX = "淄博市税务局"


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def codes_of(world: World, draft: DrawDraft) -> set[str]:
    draw = await draft_draw(world.office, world.drafter, draft)
    try:
        await announce_draw(world.office, world.drafter, draw)
    except FaultsError as error:
        return {fault.code for fault in error.faults}
    return set()


async def planned(world: World, **changes: object) -> DrawDraft:
    """A sound draft that carries out row 1 of a plan of this year."""
    row = msgspec.structs.replace(ROW, items=("P1", "P4"), **changes)
    await save_plan_row(world.office, world.drafter, 2026, row)
    await publish_plan(world)
    draft = await suggest_planned_draft(world.office, 2026, 1)
    entropy = [*draft.plan.entropy, *made.PUBLIC]
    plan = msgspec.structs.replace(draft.plan, entropy=entropy, entrustment="鲁知委字〔2026〕1号")
    return msgspec.structs.replace(draft, plan=plan)


async def test_a_draft_from_the_plan_takes_over_what_the_row_says(world: World) -> None:
    draft = await planned(world)
    assert draft.task == PlannedTask(year=2026, row=1)
    assert draft.plan.title == ROW.title
    assert draft.plan.items == ["执业许可条件的保持", "列入经营异常名录的情形"]
    assert draft.scope.practice_lines == ["patent"]
    assert {item["take"]["fraction"] for item in draft.plan.strata} == {"0.05"}
    assert await codes_of(world, draft) == set()


async def test_the_public_draw_and_the_log_name_the_row(world: World) -> None:
    draft = await planned(world)
    draw = await draft_draw(world.office, world.drafter, draft)
    await announce_draw(world.office, world.drafter, draw)
    view = await load_draw(draw)
    assert view.task == PlannedTask(year=2026, row=1)
    assert view.plan["basis"][-1] == "抽查方式：不定向；对象：专利代理机构"
    entry = await LogEntry.select(LogEntry.entry).where(LogEntry.type == "draw.announced").first()
    assert entry is not None
    assert json.loads(bytes(entry["entry"]))["body"]["task"] == {"row": 1, "year": 2026}


async def test_a_draw_without_a_row_says_why(world: World) -> None:
    draft = await made.good_draft(world)
    assert await codes_of(world, msgspec.structs.replace(draft, unplanned=None)) == {"draft.task"}
    silent = msgspec.structs.replace(draft.unplanned, reason=" ")
    assert await codes_of(world, msgspec.structs.replace(draft, unplanned=silent)) == {"draft.unplanned"}
    nowhere = PlannedTask(year=2026, row=9)
    unknown = msgspec.structs.replace(draft, unplanned=None, task=nowhere)
    assert await codes_of(world, unknown) == {"draft.task-unknown"}


async def test_a_draw_keeps_to_its_row_and_a_row_to_its_frequency(world: World) -> None:
    draft = await planned(world, frequency=1)
    more = msgspec.structs.replace(draft.plan, items=[*draft.plan.items, "年度报告的真实性与一致性"])
    assert await codes_of(world, msgspec.structs.replace(draft, plan=more)) == {"draft.task-items"}
    directed = msgspec.structs.replace(draft.scope, directed=True, areas=["370303"])
    found = await codes_of(world, msgspec.structs.replace(draft, scope=directed))
    assert "draft.task-directed" in found
    assert await codes_of(world, draft) == set()
    assert await codes_of(world, draft) == {"draft.task-done"}
    progress = await load_progress(
        2026, [msgspec.structs.replace(ROW, row=1, frequency=1)], world.office.now()
    )
    assert (progress[0].n_done, progress[0].due_on, progress[0].is_overdue) == (1, None, False)
    assert Counter(draw.state for draw in progress[0].draws) == {"drafted": 3, "announced": 1}


async def test_the_desk_asks_for_the_plan_and_then_for_its_draws(world: World) -> None:
    (task,) = [t for t in (await load_desk(world.office, world.drafter)).tasks if t.kind == "plan.file"]
    assert (task.due_on, task.is_overdue) == (date(2026, 2, 28), True)
    await save_plan_row(world.office, world.drafter, 2026, msgspec.structs.replace(ROW, months=(4, 11)))
    number = await publish_plan(world)
    assert number
    tasks = (await load_desk(world.office, world.drafter)).tasks
    (task,) = [t for t in tasks if t.kind.startswith("plan.")]
    assert (task.kind, task.due_on, task.is_overdue) == ("plan.draw", date(2026, 4, 30), True)


@given(
    months=st.sets(st.integers(1, 12), min_size=1),
    frequency=st.integers(1, 20),
    n_draws=st.integers(0, 25),
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_progress_never_leaves_the_planned_months(
    months: set[int], frequency: int, n_draws: int, day: date
) -> None:
    row = msgspec.structs.replace(ROW, months=tuple(months), frequency=frequency)
    draw = PlannedDraw(draw="x", title="x", state="announced", announced_at=None)
    one = find_progress(2026, row, [draw] * n_draws, day)
    assert (one.due_on is None) == (n_draws >= frequency)
    if one.due_on is not None:
        assert one.due_on.month in months
        assert one.is_overdue == (one.due_on < day)
        following = find_progress(2026, row, [draw] * (n_draws + 1), day).due_on
        assert following is None or following >= one.due_on
        last = find_progress(2026, row, [draw] * (frequency - 1), day).due_on
        assert last is not None
        assert last.month == max(months)


async def test_a_limit_that_is_known_stops_a_draw_and_another_only_warns(world: World) -> None:
    draft = await made.good_draft(world)
    items = [*draft.plan.items, P8.title]
    many = [{**item, "take": {"all": True}} for item in draft.plan.strata]
    wide = msgspec.structs.replace(draft, plan=msgspec.structs.replace(draft.plan, items=items, strata=many))
    await change_items(world, msgspec.structs.replace(P8, limit_status="unverified"))
    draw = await draft_draw(world.office, world.drafter, wide)
    assert "draft.item-fraction" in {w.code for w in (await load_draft_desk(world.office, draw)).warnings}
    await announce_draw(world.office, world.drafter, draw)
    await change_items(world, msgspec.structs.replace(P8, fraction="0.5", frequency=1))
    assert await codes_of(world, wide) == {"draft.item-fraction", "draft.item-frequency"}
    await change_items(world, msgspec.structs.replace(P8, fraction="", frequency=2))
    assert await codes_of(world, wide) == set()


async def test_nothing_that_left_the_list_is_inspected(world: World) -> None:
    draft = await made.good_draft(world)
    await change_items(world, msgspec.structs.replace(P8, code="P1", repealed_on=TODAY))
    assert await codes_of(world, draft) == {"draft.item-unpublished"}


async def test_a_directed_draw_frames_those_that_fit_every_criterion(world: World) -> None:
    await Agency.update({Agency.list_status: "abnormal"}).where(Agency.uscc == made.uscc(1))
    whole = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=None)

    async def frame(**criteria: object) -> set[str]:
        scope = msgspec.structs.replace(whole, directed=True, **criteria)
        loaded = await load_stratification(world.office, scope, by_size=False)
        assert sum(size.n_units for size in loaded.strata) == len(loaded.lines)
        return {line.unit for line in loaded.lines}

    everybody = await frame()
    assert await frame(list_status=["abnormal"]) == {made.uscc(1)}
    assert await frame(tiers=["A"]) == everybody
    assert await frame(tiers=["D"]) == set()
    assert await frame(areas=["370303"], list_status=["abnormal"]) == {made.uscc(1)}
    assert await frame(areas=["370302"], list_status=["abnormal"]) == set()
    assert await frame(record_kinds=["警告"]) == set()


async def test_directed_and_criteria_go_together(world: World) -> None:
    draft = await made.good_draft(world)
    for scope, code in (
        (msgspec.structs.replace(draft.scope, directed=True), "draft.directed"),
        (msgspec.structs.replace(draft.scope, tiers=["A"]), "draft.undirected"),
        (msgspec.structs.replace(draft.scope, directed=True, tiers=["A", "Z"]), "draft.tiers"),
    ):
        assert code in await codes_of(world, msgspec.structs.replace(draft, scope=scope))


async def joint(world: World) -> DrawDraft:
    """A sound draft of this office with the tax bureau, one of whose inspectors is on the roster."""
    tax = msgspec.structs.replace(
        P8, code="S1", title="发票的领用和保管", body=TAX, fraction="", frequency=None
    )
    await change_items(world, tax)
    await Inspector.update({Inspector.organisation: TAX}).where(
        Inspector.certificate.is_in(["鲁C00001", "鲁C00003"])
    )
    draft = await made.good_draft(world)
    own = draft.plan.authority
    seats = [
        {"role": "组长", "skills": sorted(["lead", skill_of(own)])},
        {"role": "税务", "skills": [skill_of(TAX)]},
    ]
    return msgspec.structs.replace(
        draft,
        plan=msgspec.structs.replace(draft.plan, seats=seats),
        partners=[Partner(name=TAX, items=["发票的领用和保管"])],
    )


async def test_a_joint_draw_names_all_bodies_and_seats_each(world: World) -> None:
    draft = await joint(world)
    draw = await draft_draw(world.office, world.drafter, draft)
    await announce_draw(world.office, world.drafter, draw)
    view = await load_draw(draw)
    own = draft.plan.authority
    assert view.plan["authority"] == f"{own}；{TAX}" == view.authority
    assert [one.body for one in view.bodies] == [own, TAX]
    assert view.bodies[1].items == ["发票的领用和保管"]
    row = await Draw.select(Draw.id).where(Draw.draw == draw).first()
    assert row is not None
    lines = (await load_files(row["id"]))["inspectors.jsonl"].splitlines()
    bodies = Counter(s for line in lines for s in json.loads(line)["skills"] if s.startswith("机关："))
    assert bodies == {skill_of(own): 4, skill_of(TAX): 2}


async def test_each_body_of_a_joint_draw_needs_a_seat_and_items_of_its_own(world: World) -> None:
    draft = await joint(world)
    plain = msgspec.structs.replace(draft.plan, seats=(await made.good_draft(world)).plan.seats)
    assert await codes_of(world, msgspec.structs.replace(draft, plan=plain)) == {"draft.body-seat"}
    for partner, code in (
        (Partner(name=TAX, items=[]), "draft.body-items"),
        (Partner(name=TAX, items=["执业许可条件的保持"]), "draft.body-items"),
        (Partner(name="甲；乙", items=["x"]), "draft.body-name"),
        (Partner(name=draft.plan.authority, items=["x"]), "draft.body-twice"),
    ):
        assert code in await codes_of(world, msgspec.structs.replace(draft, partners=[partner]))


@given(
    st.lists(st.text("甲乙丙丁：事项", min_size=1, max_size=8), min_size=1, max_size=5, unique=True),
    st.lists(st.text("甲乙丙丁：事项", min_size=1, max_size=8), min_size=1, max_size=5, unique=True),
)
def test_items_are_split_by_body_as_they_were_joined(own: list[str], others: list[str]) -> None:
    partner = Partner(name="税务局", items=others)
    split = split_items("市局；税务局", join_items("市局", own, [partner]))
    assert [(one.body, one.items) for one in split] == [("市局", own), ("税务局", others)]
    assert split_items("市局", join_items("市局", own, []))[0].items == own


def test_no_cell_of_the_export_is_a_formula() -> None:
    evil = '=HYPERLINK("http://x")'
    row = msgspec.structs.replace(
        ROW, row=1, title=evil, department="+1", criteria="@x", body="-2", directed=True
    )
    rows = format_rows(PlanContent(authority="a", rows=(row,), year=2026), {}, {})
    sheet = load_workbook(io.BytesIO(format_workbook("=1+1", rows))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == [name for name, _ in COLUMNS]
    assert sheet["C3"].value == evil
    assert {cell.data_type for line in sheet.iter_rows() for cell in line}.isdisjoint({"f"})


@pytest.mark.parametrize(
    ("months", "text"), [((4,), "4月"), ((4, 5, 6), "4—6月"), ((12, 1, 4, 5), "1月、4—5月、12月"), ((), "")]
)
def test_months_are_written_as_runs(months: tuple[int, ...], text: str) -> None:
    assert format_months(months) == text


@given(st.integers(0, 10_000_000))
def test_a_percentage_is_kept_exactly(n: int) -> None:
    percent = Fraction(n, 100_000)
    text = f"{n // 100_000}.{n % 100_000:05d}"
    kept = parse_share(text + "%")
    assert Fraction(kept) == percent / 100
    assert parse_share(text) == kept


def test_a_row_is_worth_a_line_of_the_platform() -> None:
    item = msgspec.structs.replace(P8, code="P1", title="执业许可条件的保持")
    row: PlanRow = msgspec.structs.replace(ROW, row=1, areas=("370303",), partners=(TAX,))
    items: dict[str, Item] = {"P1": item}
    (line,) = format_rows(PlanContent(authority="a", rows=(row,), year=2026), items, {"370303": "张店区"})
    assert line == [
        1, ROW.body, ROW.title, "执业许可条件的保持；P4", "专利代理机构", "张店区", "不定向", "", "5%", "",
        "2次/年", "4月、9月", "知识产权保护科", TAX,
    ]  # fmt: skip
    assert len(line) == len(COLUMNS)


async def test_a_lead_is_inspected_and_published_like_any_other_and_stays_marked(world: World) -> None:
    number = await propose_change(world.office, world.drafter, draft_lead(world.office, LEAD, 0, "投诉"))
    await decide_change(world.office, world.approver, number, "approved")
    (lead,) = await load_leads()
    world.clock.forward(days=3)
    inspected_on = date(2026, 11, 25)  # not only today: from the day on which it was opened
    member = await made.member_of(world, lead.inspection)
    told = {"inspected_on": inspected_on, "categories": ["1"], "findings": ""}
    await enter_result(world.office, member, lead.inspection, **told)
    await made.confirm_all(world, lead.inspection)
    assert await load_agency_inspections(LEAD.agency) == []
    await review_result(world.office, world.approver, lead.inspection)
    await publish_result(world.office, world.approver, lead.inspection)
    (view,) = await load_agency_inspections(LEAD.agency)
    assert (view.draw, view.stream) == ("", "lead")
    (tally,) = (await load_tallies(world.office, 2026)).values()
    assert (tally.n_counted, tally.n_leads) == (0, 1)


async def test_no_line_is_inspected_for_which_no_item_is_on_the_list(world: World) -> None:
    draft = await made.good_draft(world, items=["执业许可条件的保持"])
    assert await codes_of(world, draft) == {"draft.line-without-item"}
    scope = msgspec.structs.replace(draft.scope, practice_lines=["patent"])
    draft = await follow_frame(world.office, msgspec.structs.replace(draft, scope=scope))
    assert await codes_of(world, draft) == set()


async def test_an_item_of_the_same_name_of_another_body_is_another_item(world: World) -> None:
    draft = await joint(world)
    await draft_draw(world.office, world.drafter, draft)
    draw = await draft_draw(world.office, world.drafter, draft)
    await announce_draw(world.office, world.drafter, draw)
    counts = await count_draws_by_item(2026, world.office.now())
    assert counts[TAX, "发票的领用和保管"] == 1
    assert counts["", "发票的领用和保管"] == 0


async def test_a_directed_draw_of_nobody_is_not_announced(world: World) -> None:
    draft = await made.good_draft(world)
    scope = msgspec.structs.replace(draft.scope, directed=True, record_kinds=["无此记录"])
    nobody = await follow_frame(world.office, msgspec.structs.replace(draft, scope=scope))
    assert nobody.plan.strata == []
    assert await codes_of(world, nobody) == {"draft.frame-empty"}


async def test_a_joint_draw_whose_other_body_has_nobody_says_so(world: World) -> None:
    draft = await joint(world)
    await Inspector.update({Inspector.organisation: "别处"}).where(Inspector.organisation == TAX)
    draw = await draft_draw(world.office, world.drafter, draft)
    desk = await load_draft_desk(world.office, draw)
    assert [seat.n_nobody > 0 for seat in desk.review.seats] == [False, True]
    assert await codes_of(world, draft) == {"draft.seat-nobody"}
