"""When an application for repair is taken: first days, classes, lists, repetition, the end of disclosure."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from agency_credit.database.tables import (
    Agency,
)
from agency_credit.domain.errors import (
    AgencyCreditError,
    FaultsError,
    NotFoundError,
)
from agency_credit.domain.role import DeskRight
from agency_credit.inspection.repair_states import RepairStep
from agency_credit.services.import_history import refresh_list_status
from agency_credit.services.objections import open_objection
from agency_credit.services.repair_eligibility import load_eligibility
from agency_credit.services.repairs import (
    apply_for_repair,
)
from tests import world as made
from tests.integration.records import A, decide, record_of
from tests.repairs import KIND, applied, complete, granted, proposed
from tests.world import build_world, enter_value_of_profile

NEXT = date(2027, 3, 1)


@pytest.fixture
async def world(office, clock):
    return await build_world(office, clock, n_agencies=4, n_inspectors=2)


@pytest.fixture
async def clerk(world):
    return await made.add_agency_person(world.office, "clerk", A, DeskRight.CLERK)


def codes(caught) -> list[str]:
    error = caught.value
    return [fault.code for fault in error.faults] if isinstance(error, FaultsError) else [error.code]


async def refused(world, clerk, record, code=A):
    with pytest.raises(AgencyCreditError) as caught:
        await applied(world, clerk, code, record)
    return codes(caught)


# --- when an application is taken ---------------------------------------------------------------------


@pytest.mark.parametrize(("shift", "obstacles"), [(-1, ["repair.early"]), (0, []), (1, [])])
async def test_the_day_before_of_and_after_the_first_day(world, clerk, shift, obstacles):
    record = await record_of(A, KIND, on=world.office.today() - timedelta(days=10))
    first = (await load_eligibility(world.office, A, record)).earliest_on
    assert first == date(2027, 2, 15)  # decided on 14 November
    world.clock.forward(days=(first - world.office.today()).days + shift)
    found = await load_eligibility(world.office, A, record)
    assert [fault.code for fault in found.obstacles] == obstacles
    assert found.days_left == max(0, -shift)
    assert found.earliest_on == first


async def test_a_record_of_the_end_of_a_month(world, clerk):
    record = await record_of(A, KIND, on=date(2026, 11, 30) - timedelta(days=92))
    assert (await load_eligibility(world.office, A, record)).earliest_on == date(2026, 12, 1)
    assert await refused(world, clerk, record) == ["repair.early"]
    world.clock.forward(days=7)
    assert await applied(world, clerk, A, record) == 1


async def test_a_clause_that_forbids_repair_is_named(world, clerk):
    record = await record_of(A, "责令停止承接新的专利代理业务", on=date(2024, 11, 30))
    with pytest.raises(FaultsError) as caught:
        await applied(world, clerk, A, record)
    assert codes(caught) == ["repair.forbidden"]
    assert "虚构" in caught.value.faults[0].params["rule"]


async def test_praise_is_not_repaired(world, clerk):
    assert await refused(world, clerk, await record_of(A, "获省级知识产权表彰")) == ["repair.praise"]


async def test_a_record_that_no_instrument_knows_can_be_asked_about_and_says_what_is_missing(world, clerk):
    record = await record_of(A, "无此类别", on=date(2026, 11, 1))
    found = await load_eligibility(world.office, A, record)
    assert (found.terms.from_on, {gap.kind.value for gap in found.terms.gaps}) == (None, {"class"})
    assert await applied(world, clerk, A, record) == 1


async def test_a_value_that_nobody_verified_keeps_nobody_from_asking(world, clerk):
    record = await record_of(A, "无此类别", on=date(2026, 11, 1))
    found = await load_eligibility(world.office, A, record)
    assert found.values["repair-earliest"].value == 6
    assert found.obstacles == ()
    await enter_value_of_profile(world, "repair-earliest", 6)
    found = await load_eligibility(world.office, A, record)
    assert [fault.code for fault in found.obstacles] == ["repair.early"]
    assert found.earliest_on == date(2027, 5, 2)


async def test_withdrawn_twice_and_all_at_once(world, clerk):
    record = await record_of(A, KIND, on=world.office.today() - timedelta(days=1))
    await decide(world, record, "withdrawn", on=world.office.today())
    assert await refused(world, clerk, record) == ["repair.gone", "repair.early"]


async def test_only_one_application_is_open_and_a_granted_one_is_the_last(world, clerk):
    record = await record_of(A, KIND)
    number = await applied(world, clerk, A, record)
    assert await refused(world, clerk, record) == ["repair.open"]
    await granted(world, number)
    with pytest.raises((FaultsError, NotFoundError)):
        await applied(world, clerk, A, record)


async def test_of_two_at_once_one_is_taken(world, clerk):
    record = await record_of(A, KIND)
    wanted = await complete(world.office, A, record)
    tries = [apply_for_repair(world.office, clerk, A, record, wanted) for _ in range(3)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in found) == ["FaultsError", "FaultsError", "int"]


async def test_another_repair_lately_bars_once_somebody_verified_the_rule(world, clerk):
    first = await record_of(A, KIND)
    second = await record_of(A, KIND, on=date(2026, 3, 1))
    await granted(world, await applied(world, clerk, A, first))
    assert (await load_eligibility(world.office, A, second)).obstacles == ()
    await enter_value_of_profile(world, "repair-interval", 12)
    (fault,) = (await load_eligibility(world.office, A, second)).obstacles
    assert (fault.code, fault.params["day"]) == ("repair.interval", "2027-11-25")


# --- what was stated of a record, lists, repetition, the end of disclosure --------------------------------

PENALTY = {"category": "penalty", "procedure": "ordinary", "severity": "general samr-other"}
SAMR = "无此类别"


async def obstacles(world, record) -> list[str]:
    return [fault.code for fault in (await load_eligibility(world.office, A, record)).obstacles]


async def test_the_class_that_an_authority_stated_decides_with_the_conditions_of_every_table(world, clerk):
    found = await load_eligibility(world.office, A, await record_of(A, SAMR, **PENALTY))
    assert (found.earliest_on, found.terms.from_on) == (date(2026, 6, 3), None)
    assert [gap.kind for gap in found.terms.gaps] == ["rule"]
    standings = [check.standing.value for check in found.checks]
    assert (standings.count("open"), standings.count("met"), standings.count("unmet")) == (2, 2, 0)


@pytest.mark.parametrize("status", ["abnormal", "serious"])
async def test_who_is_on_a_list_applies_once_he_is_off_it(world, clerk, status):
    record, other = await record_of(A, SAMR, **PENALTY), await record_of(A, KIND, on=date(2026, 3, 3))
    await Agency.update({Agency.list_status: status}).where(Agency.uscc == A)
    assert await obstacles(world, record) == ["repair.listed"]
    assert await refused(world, clerk, record) == ["repair.listed"]
    assert await obstacles(world, other) == []  # no row of its class asks for it
    await Agency.update({Agency.list_status: "none"}).where(Agency.uscc == A)
    assert await applied(world, clerk, A, record) == 1


async def test_a_later_record_of_the_same_kind_bars_while_it_stands(world, clerk):
    record = await record_of(A, SAMR, **PENALTY)
    same_day = await record_of(A, SAMR, document_number="另一份", digest="1" * 64, **PENALTY)
    assert await obstacles(world, record) == []
    later = await record_of(A, SAMR, on=date(2026, 5, 1), document_number="再次")
    assert await obstacles(world, record) == await obstacles(world, same_day) == ["repair.repeated"]
    await decide(world, later, "withdrawn", on=world.office.today())
    assert await obstacles(world, record) == []


async def test_what_is_on_a_list_later_stands_against_granting(world, clerk):
    record = await record_of(A, SAMR, **PENALTY)
    number = await applied(world, clerk, A, record)
    await Agency.update({Agency.list_status: "abnormal"}).where(Agency.uscc == A)
    with pytest.raises(FaultsError) as caught:
        await proposed(world, number)
    assert codes(caught) == ["repair.listed"]
    await proposed(world, number, RepairStep.REFUSED, reason_code="unmet", next_on=NEXT, next_reason="移出后")


@pytest.mark.parametrize(("shift", "expected"), [(0, []), (1, ["repair.ended"])])
async def test_after_disclosure_ended_by_itself_there_is_nothing_to_repair(world, clerk, shift, expected):
    stated = {"category": "discipline", "severity": "general"}
    record = await record_of(A, SAMR, on=date(2025, 11, 24) - timedelta(days=shift), **stated)
    found = await load_eligibility(world.office, A, record)
    assert found.disclosed_until == date(2026, 11, 24) - timedelta(days=shift)
    assert [fault.code for fault in found.obstacles] == expected


async def test_what_still_counts_can_be_repaired_though_its_disclosure_is_over(world, clerk):
    record = await record_of(A, KIND, on=date(2025, 11, 1), category="discipline", severity="general")
    found = await load_eligibility(world.office, A, record)
    assert found.disclosed_until == date(2026, 11, 1)
    assert found.obstacles == ()


async def test_an_objection_to_the_record_is_decided_first(world, clerk):
    record = await record_of(A, KIND)
    await open_objection(world.office, clerk, A, record, "决定书送达有误")
    assert await refused(world, clerk, record) == ["repair.objection"]


@pytest.mark.parametrize("name", ["samr-grave", "shandong-not-collected"])
async def test_what_its_class_forbids_is_refused_with_the_rule(world, clerk, name):
    record = await record_of(A, SAMR, on=date(2026, 1, 1), severity=name)
    assert await refused(world, clerk, record) == ["repair.forbidden"]


async def test_a_warning_alone_is_never_published_but_can_be_repaired(world, clerk):
    stated = {"category": "penalty", "procedure": "ordinary", "sanctions": "warning"}
    record = await record_of(A, SAMR, on=date(2026, 11, 1), **stated)
    found = await load_eligibility(world.office, A, record)
    assert [fault.code for fault in found.obstacles] == []
    await granted(world, await applied(world, clerk, A, record))


async def test_repaired_the_entry_of_a_list_takes_the_agency_off_it(world, clerk):
    record = await record_of(A, "列入经营异常名录", on=date(2024, 1, 5), category="list")

    async def load() -> dict[str, Any]:
        return await Agency.select().where(Agency.uscc == A).first()

    await refresh_list_status([(await load())["id"]])
    assert (await load())["list_status"] == "abnormal"
    await granted(world, await applied(world, clerk, A, record))
    assert (await load())["list_status"] == "none"
