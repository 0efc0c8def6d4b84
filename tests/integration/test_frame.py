"""Who is in the frame, in which stratum, and who is outside the lottery and why."""

from __future__ import annotations

from datetime import date

import pytest

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, AgencyPractice
from agency_credit.domain.errors import FaultsError, InputError, RefusedError
from agency_credit.services.draw_draft import draft_draw
from agency_credit.services.draw_steps import announce_draw
from agency_credit.services.frame import FrameLine, FrameScope, load_stratification
from agency_credit.services.office import Office
from agency_credit.services.rating_run import rate_all
from agency_credit.services.result_review import review_result
from agency_credit.services.results import enter_result
from tests import world as made
from tests.builders import add_record
from tests.conftest import Clock
from tests.world import World

BOTH = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=None)


@pytest.fixture
async def world(office: Office, clock: Clock) -> World:
    return await made.build_world(office, clock)


async def frame_of(world: World, scope: FrameScope = BOTH) -> dict[str, FrameLine]:
    loaded = await load_stratification(world.office, scope, by_size=False)
    return {line.unit: line for line in loaded.lines}


async def test_only_agencies_in_force_are_in_the_frame(world: World) -> None:
    await Agency.update({Agency.status: "cancelled"}).where(Agency.uscc == made.uscc(1))
    frame = await frame_of(world)
    assert made.uscc(1) not in frame
    assert len(frame) == 11


async def test_a_listed_patent_agency_is_mandatory_even_above_the_cap(world: World) -> None:
    await Agency.update({Agency.list_status: "abnormal", Agency.list_since: date(2026, 5, 1)}).where(
        Agency.uscc == made.uscc(0)
    )
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=0)
    line = (await frame_of(world, scope))[made.uscc(0)]
    assert line.mandatory is not None
    assert "列入经营异常名录" in line.mandatory.reason
    assert line.excluded is None


async def test_a_listed_trademark_agency_stays_in_the_lottery(world: World) -> None:
    await Agency.update({Agency.list_status: "abnormal"}).where(Agency.uscc == made.uscc(1))
    assert (await frame_of(world))[made.uscc(1)].mandatory is None


async def test_an_agency_above_the_cap_is_excluded_with_the_reason(world: World) -> None:
    draw = await made.drawn(world)
    inspection = (await made.inspections_of(draw))[0]
    member = await made.member_of(world, inspection["id"])
    await enter_result(
        world.office,
        member,
        inspection["id"],
        inspected_on=world.office.today(),
        categories=["1"],
        findings="",
    )
    scope = FrameScope(practice_lines=["patent", "trademark"], areas=[], annual_cap=1)
    line = (await frame_of(world, scope))[inspection["uscc"]]
    assert line.excluded is not None
    assert line.excluded.reason == "本年度已检查1次（淄博市市场监督管理局（知识产权局）1次），达到年度上限1次"


async def test_a_firm_with_both_lines_is_once_in_the_stratum_of_its_worse_tier(world: World) -> None:
    agency = await Agency.select(Agency.id).where(Agency.uscc == made.uscc(0)).first()
    assert agency is not None
    for n in range(2):
        await add_record(
            agency["id"],
            "责令停止承接新的专利代理业务",
            document_number=f"{n}号",
            on=date(2026, 6, n + 1),
            known_at=world.office.now(),
        )
    await rate_all(world.office, world.drafter)
    frame = await frame_of(world)
    assert frame[made.uscc(0)].stratum == "专利-D"
    assert len(frame) == 12


async def test_an_unrated_agency_stops_the_frame_and_says_so(world: World) -> None:
    async with transaction():
        agency = Agency(
            uscc="91370302MA99999999", name="新机构", status="in_force", area="370303",
            created_at=world.office.now(), changed_at=world.office.now(),
        )  # fmt: skip
        await agency.save()
        await AgencyPractice.insert(AgencyPractice(agency=agency.id, practice_line="patent"))
    with pytest.raises(RefusedError, match="rate all agencies first"):
        await frame_of(world)


async def test_a_stratum_without_units_is_refused(world: World) -> None:
    draft = await made.good_draft(world)
    strata = [*draft.plan.strata, {"stratum": "风险-高", "take": {"all": True}}]
    draw = await draft_draw(world.office, world.drafter, await made.good_draft(world, strata=strata))
    with pytest.raises(FaultsError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    assert [fault.code for fault in caught.value.faults] == ["draft.stratum-empty"]


async def test_a_rate_above_one_and_one_seat_are_refused_together(world: World) -> None:
    draft = await made.good_draft(world)
    strata = [{**s, "take": {"fraction": "1.5", "minimum": 0}} for s in draft.plan.strata]
    plan = await made.good_draft(world, strata=strata, seats=[{"role": "组长", "skills": []}])
    draw = await draft_draw(world.office, world.drafter, plan)
    with pytest.raises(FaultsError) as caught:
        await announce_draw(world.office, world.drafter, draw)
    assert len(caught.value.faults) == len(strata) + 1


async def test_a_recusal_that_waits_for_its_second_person_stops_the_announcement(world: World) -> None:
    await made.add_recusal(1, 1, world.drafter.person_id, None)
    with pytest.raises(RefusedError) as caught:
        await made.announced(world)
    assert caught.value.code == "recusal.unapproved"


async def test_an_approved_recusal_keeps_them_apart(world: World) -> None:
    for agency in range(1, 13):
        await made.add_recusal(1, agency, world.drafter.person_id, world.approver.person_id)
    draw = await made.drawn(world)
    for inspection in await made.inspections_of(draw):
        seats = await made.load_seats(inspection["id"])
        assert 1 not in {seat["inspector"] for seat in seats}


async def test_no_practice_line_is_refused(world: World) -> None:
    with pytest.raises(InputError, match="choose patent agencies"):
        await frame_of(world, FrameScope(practice_lines=[], areas=[], annual_cap=None))


async def test_a_result_counts_only_after_a_second_person_reviewed_it(world: World) -> None:
    draw = await made.inspected(world)
    inspection = (await made.inspections_of(draw))[0]
    with pytest.raises(RefusedError, match="waits for a review"):
        await review_result(world.office, world.approver, inspection["id"])
