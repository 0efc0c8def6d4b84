"""The list of items, the annual plan, leads: two people each, versions that stay, what the log says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import (
    AnnualPlan,
    AnnualPlanDraft,
    Inspection,
    InspectionItem,
    LeadInspection,
    LogEntry,
)
from agency_credit.domain.canonical import digest
from agency_credit.domain.errors import (
    ConflictError,
    FaultsError,
    ForbiddenError,
    InputError,
    NotFoundError,
    RefusedError,
)
from agency_credit.services.annual_plan import (
    PlanRow,
    format_plan,
    load_due_on,
    load_plan,
    load_plan_draft,
    load_plan_versions,
    remove_plan_row,
    save_plan_row,
)
from agency_credit.services.changes import decide_change, propose_change
from agency_credit.services.item_change import draft_item_change
from agency_credit.services.items import Item, digest_of, load_items, load_list_number
from agency_credit.services.leads import Lead, draft_lead, load_leads
from agency_credit.services.office import Office
from agency_credit.services.plan_change import describe_change, draft_plan_change
from tests import world as made
from tests.conftest import Clock
from tests.world import World

TODAY = date(2026, 11, 24)
P8 = Item(
    code="P8",
    title="网络平台宣传",
    practice_line="patent",
    item_weight="general",
    basis="专利代理管理办法第四十一条",
    methods=("online",),
    status="entered",
    source="淄知〔2026〕1号",
    applies_from=TODAY,
    fraction="0.05",
    frequency=2,
    limit_status="entered",
    limit_source="淄知〔2026〕1号",
    checklist=("宣传内容真实",),
)
ROW = PlanRow(
    row=0,
    title="专利代理机构抽查",
    body="淄博市市场监督管理局（知识产权局）",
    items=("P1", "P4"),
    practice_lines=("patent",),
    months=(4, 9),
    fraction="0.05",
    frequency=2,
    department="知识产权保护科",
)


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def change_items(world: World, *items: Item, on: date = TODAY) -> int:
    draft = draft_item_change(items, await load_list_number(), applies_from=on, reason="公告")
    number = await propose_change(world.office, world.drafter, draft)
    await decide_change(world.office, world.approver, number, "approved")
    return number


async def publish_plan(world: World, year: int = 2026) -> int:
    number = await propose_change(
        world.office, world.drafter, await draft_plan_change(world.office, year, "年度计划")
    )
    await decide_change(world.office, world.approver, number, "approved")
    return number


async def codes_of(world: World, *items: Item, on: date = TODAY) -> set[str]:
    with pytest.raises(FaultsError) as caught:
        await change_items(world, *items, on=on)
    return {fault.code for fault in caught.value.faults}


async def body_of(entry_type: str) -> dict[str, object]:
    row = (
        await LogEntry.select(LogEntry.entry)
        .where(LogEntry.type == entry_type)
        .order_by(LogEntry.index)
        .first()
    )
    assert row is not None
    return dict(json.loads(bytes(row["entry"]))["body"])


async def test_an_installation_starts_with_items_of_articles_37_and_41(office: Office) -> None:
    items = {item.code: item for item in await load_items(office.today())}
    assert list(items) == ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "T1", "T2", "T3"]
    assert len(items["P4"].checklist) == 7
    assert all(item.checklist and item.methods and not item.fraction for item in items.values())
    assert await load_items(date(2019, 4, 30)) == ()
    assert {item.practice_line for item in await load_items(date(2022, 11, 30))} == {"patent"}


async def test_the_list_of_a_day_stays_what_it_was(world: World) -> None:
    before = await load_items(TODAY)
    first_day = TODAY + timedelta(days=10)
    await change_items(world, P8, on=first_day)
    await change_items(world, msgspec.structs.replace(before[0], repealed_on=TODAY), on=first_day)
    assert await load_items(TODAY) == before
    assert await load_items(first_day - timedelta(days=1)) == before
    after = await load_items(first_day)
    assert [item.code for item in after] == ["P2", "P3", "P4", "P5", "P6", "P7", "P8", "T1", "T2", "T3"]
    assert [item.code for item in await load_items(first_day, 2)][:2] == ["P1", "P2"]
    assert await load_list_number() == 3


async def test_the_log_binds_the_list_as_it_then_reads(world: World) -> None:
    await change_items(world, P8)
    body = await body_of("items.in_force")
    assert body == {
        "applies_from": "2026-11-24",
        "codes": ["P8"],
        "digest": digest_of(await load_items(TODAY, 2)),
        "number": 2,
    }


async def test_the_list_takes_two_people_and_a_look_at_its_newest_version(world: World) -> None:
    draft = draft_item_change([P8], await load_list_number(), applies_from=TODAY, reason="公告")
    number = await propose_change(world.office, world.drafter, draft)
    stale = await propose_change(world.office, world.drafter, draft)
    with pytest.raises(ForbiddenError):
        await decide_change(world.office, world.drafter, number, "approved")
    await decide_change(world.office, world.approver, number, "approved")
    with pytest.raises(ConflictError):
        await decide_change(world.office, world.approver, stale, "approved")
    assert await InspectionItem.count().where(InspectionItem.code == "P8") == 1


async def test_nothing_is_put_on_the_list_of_yesterday(world: World) -> None:
    yesterday = TODAY - timedelta(days=1)
    draft = draft_item_change([P8], await load_list_number(), applies_from=yesterday, reason="公告")
    with pytest.raises(InputError, match="days gone by"):  # not even as a correction
        await propose_change(world.office, world.drafter, replace(draft, is_correction=True))


async def test_the_database_takes_no_version_without_an_approved_change(world: World) -> None:
    number = await propose_change(
        world.office, world.drafter, draft_item_change([P8], 1, applies_from=TODAY, reason="公告")
    )
    row = InspectionItem(
        code="X", number=9, practice_line="patent", item_weight="key", status="entered", origin="office",
        applies_from=TODAY, known_at=world.office.now(), change=number,
    )  # fmt: skip
    with pytest.raises(RefusedError, match="another person approved"):
        async with transaction():
            await InspectionItem.insert(row)
    with pytest.raises(RefusedError, match="append-only"):
        async with transaction():
            await InspectionItem.update({InspectionItem.title: "x"}, force=True)
    with pytest.raises(RefusedError):
        async with transaction():
            await AnnualPlan.insert(
                AnnualPlan(
                    year=2026, number=1, content_json="{}", change=number, published_at=world.office.now()
                )
            )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": "p 8"}, "items.code"),
        ({"title": ""}, "items.title"),
        ({"title": "执业许可条件的保持"}, "items.title-taken"),
        ({"basis": " "}, "items.basis"),
        ({"methods": ()}, "items.methods"),
        ({"fraction": "5%"}, "items.fraction"),
        ({"fraction": "0/1"}, "items.fraction"),
        ({"item_weight": "key"}, "items.key"),
        ({"frequency": 0}, "items.frequency"),
        ({"limit_source": ""}, "items.limit-source"),
        ({"body": "甲；乙"}, "items.body"),
        ({"checklist": ("",)}, "items.checklist"),
    ],
)
async def test_what_is_wrong_with_an_item_is_named(
    world: World, changes: dict[str, object], code: str
) -> None:
    assert code in await codes_of(world, msgspec.structs.replace(P8, **changes))


async def test_a_plan_is_drafted_approved_amended_and_every_version_stays(world: World) -> None:
    office = world.office
    first = await save_plan_row(office, world.drafter, 2026, ROW)
    assert await load_plan(2026) is None
    with pytest.raises(RefusedError, match="in force"):  # an empty draft is no plan
        await remove_and_propose_empty(world, first)
    await save_plan_row(office, world.drafter, 2026, msgspec.structs.replace(ROW, row=0))
    await publish_plan(world)
    version = await load_plan(2026)
    assert version is not None
    assert version.digest == digest(format_plan(version.content))
    assert await body_of("plan.published") == {"digest": version.digest, "number": 1, "year": 2026}
    with pytest.raises(RefusedError, match="in force"):
        await draft_plan_change(office, 2026, "同样的计划")

    await remove_plan_row(office, world.drafter, 2026, 1)
    number = await save_plan_row(
        office, world.drafter, 2026, msgspec.structs.replace(ROW, title="商标", row=0)
    )
    assert number == 2  # a number that was given away is not given to another task
    await publish_plan(world)
    new, old = await load_plan_versions(2026)
    assert old == version
    told = describe_change(old.content, new.content)
    assert {key: [row.row for row in rows] for key, rows in told.items()} == {
        "added": [2], "changed": [], "removed": [1],
    }  # fmt: skip


async def remove_and_propose_empty(world: World, row: int) -> None:
    await remove_plan_row(world.office, world.drafter, 2026, row)
    await publish_plan(world)


async def test_the_plan_takes_a_second_person(world: World) -> None:
    await save_plan_row(world.office, world.drafter, 2026, ROW)
    number = await propose_change(
        world.office, world.drafter, await draft_plan_change(world.office, 2026, "计划")
    )
    with pytest.raises(ForbiddenError):
        await decide_change(world.office, world.drafter, number, "approved")
    with pytest.raises(ForbiddenError):
        await save_plan_row(world.office, world.approver, 2026, ROW)
    world.clock.forward(days=2)  # it may be decided on a later day
    await decide_change(world.office, world.approver, number, "approved")
    assert await AnnualPlanDraft.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"items": ("P99",)}, "plan.item-unknown"),
        ({"items": ()}, "plan.items"),
        ({"months": ()}, "plan.months"),
        ({"months": (13,)}, "plan.months"),
        ({"fraction": "", "count": None}, "plan.number"),
        ({"count": 3}, "plan.number"),
        ({"fraction": "2"}, "items.fraction"),
        ({"directed": True}, "plan.criteria"),
        ({"areas": ("000000",)}, "area.unknown"),
        ({"practice_lines": ()}, "scope.lines"),
        ({"frequency": 0}, "plan.frequency"),
    ],
)
async def test_what_is_wrong_with_a_plan_is_named(
    world: World, changes: dict[str, object], code: str
) -> None:
    await save_plan_row(world.office, world.drafter, 2026, msgspec.structs.replace(ROW, **changes))
    with pytest.raises(FaultsError) as caught:
        await publish_plan(world)
    assert code in {fault.code for fault in caught.value.faults}


async def test_when_the_plan_is_due_comes_from_the_profile(world: World) -> None:
    assert await load_due_on(world.office, 2026) == date(2026, 2, 28)  # the fictional profile says two months
    await made.enter_value_of_profile(world, "annual-plan-due", 3)
    assert await load_due_on(world.office, 2026) == date(2026, 3, 31)
    with pytest.raises(NotFoundError):
        await remove_plan_row(world.office, world.drafter, 2026, 1)
    assert (await load_plan_draft(2026)).rows == ()


LEAD = Lead(
    agency=made.uscc(0),
    lead_kind="complaint",
    document="淄投〔2026〕7号",
    received_on=date(2026, 11, 20),
    items=("P1", "T1"),
    team=("鲁C00000", "鲁C00001"),
)


async def test_a_lead_opens_an_inspection_once_a_second_person_approved_it(world: World) -> None:
    number = await propose_change(world.office, world.drafter, draft_lead(world.office, LEAD, 0, "投诉"))
    assert await Inspection.count() == 0
    with pytest.raises(ForbiddenError):
        await decide_change(world.office, world.drafter, number, "approved")
    world.clock.forward(days=1)
    await decide_change(world.office, world.approver, number, "approved")
    row = await Inspection.select().first()
    assert row is not None
    assert (row["draw"], row["stream"]) == (None, "lead")
    (view,) = await load_leads()
    assert (view.uscc, view.lead_kind, view.items) == (LEAD.agency, "complaint", ("P1", "T1"))
    assert [seat["role"] for seat in await made.load_seats(row["id"])] == ["组长", "检查员"]
    with pytest.raises(RefusedError, match="append-only"):
        async with transaction():
            await LeadInspection.delete(force=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": " "}, "lead.document"),
        ({"received_on": date(2026, 11, 25)}, "lead.received"),
        ({"items": ()}, "lead.items"),
        ({"items": ("P99",)}, "lead.item"),
        ({"team": ("鲁C00000",)}, "lead.team"),
        ({"team": ("鲁C00000", "鲁C00000")}, "lead.team"),
        ({"team": ("鲁C00000", "鲁C99999")}, "lead.inspector"),
    ],
)
async def test_what_is_wrong_with_a_lead_is_named(
    world: World, changes: dict[str, object], code: str
) -> None:
    lead = msgspec.structs.replace(LEAD, **changes)
    with pytest.raises(FaultsError) as caught:
        await propose_change(world.office, world.drafter, draft_lead(world.office, lead, 0, "投诉"))
    assert code in {fault.code for fault in caught.value.faults}


async def test_nobody_is_sent_to_an_agency_he_is_recused_from(world: World) -> None:
    assert world.drafter.person_id is not None
    await made.add_recusal(1, 1, world.drafter.person_id, world.approver.person_id)
    with pytest.raises(FaultsError) as caught:
        await propose_change(world.office, world.drafter, draft_lead(world.office, LEAD, 0, "投诉"))
    assert {fault.code for fault in caught.value.faults} == {"lead.recused"}
