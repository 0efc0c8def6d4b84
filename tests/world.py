"""A small made-up office in the store: people, agencies, inspectors, and a draw on its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from agency_credit.database import transaction
from agency_credit.database.tables import Agency, AgencyPractice, AgencySeat, Inspector, Rating, Recusal
from agency_credit.domain.role import OPERATOR, Actor, DeskRight, Role
from agency_credit.services.draw_draft import DrawDraft, draft_draw, suggest_draft
from agency_credit.services.draw_steps import announce_draw, approve_draw, enter_value, run_draw
from agency_credit.services.draw_task import Unplanned
from agency_credit.services.draw_void import confirm_void, request_void
from agency_credit.services.office import Office
from agency_credit.services.people import create_person, load_actor
from agency_credit.services.rating_run import rate_all
from agency_credit.services.result_review import review_result
from agency_credit.services.result_store import load_inspections, load_latest_result, load_seats
from agency_credit.services.results import confirm_result, enter_result
from tests.conftest import Clock

PASSWORD = "correct horse battery"
ADMIN = Actor(username="operator", roles=OPERATOR)
EVENT_AT = datetime(2026, 12, 1, 13, 15, tzinfo=UTC)
PUBLIC = [
    {"kind": "public", "event": "双色球第2026138期", "form": "ssq", "at": "2026-12-01T21:15:00+08:00"},
    {"kind": "public", "event": "公开掷骰二十次", "form": "digits", "at": "2026-12-01T22:00:00+08:00"},
]
VALUES = {1: "03 07 12 18 25 31 + 09", 2: "27200638232795031253"}


@dataclass(frozen=True, slots=True)
class World:
    """An office with people in it."""

    office: Office
    clock: Clock
    drafter: Actor
    approver: Actor
    inspectors: tuple[Actor, ...]


async def build_world(office: Office, clock: Clock, *, n_agencies: int = 12, n_inspectors: int = 6) -> World:
    """People with every role, agencies of both lines (every fourth has both), inspectors with accounts."""
    await add_agencies(n_agencies)
    await add_inspectors(n_inspectors)
    drafter = await add_account(office, "drafter", Role.DRAFTER)
    approver = await add_account(office, "approver", Role.APPROVER, Role.PUBLISHER)
    inspectors = [
        await add_account(office, f"inspector{n}", Role.INSPECTOR, certificate=f"鲁C{n:05d}")
        for n in range(n_inspectors)
    ]
    await rate_all(office, drafter)
    return World(office, clock, drafter, approver, tuple(inspectors))


async def add_agencies(n: int) -> None:
    """Agencies in force: patent, trademark, and every fourth in both lines."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    async with transaction():
        for number in range(n):
            agency = Agency(
                uscc=uscc(number),
                name=f"淄博测试{number}号知识产权代理有限公司",
                search_text=f"淄博测试{number}号",
                area="370303" if number % 2 else "370302",
                status="in_force",
                created_at=now,
                changed_at=now,
            )
            await agency.save()
            lines = ["patent", "trademark"] if number % 4 == 0 else [["patent", "trademark"][number % 2]]
            for line in lines:
                await AgencyPractice.insert(AgencyPractice(agency=agency.id, practice_line=line))


async def add_inspectors(n: int) -> None:
    """Inspectors on duty, every second one a lead."""
    async with transaction():
        for number in range(n):
            skills = ["lead", "patent"] if number % 2 == 0 else ["patent"]
            await Inspector.insert(
                Inspector(
                    certificate=f"鲁C{number:05d}",
                    name=f"检查员{number}",
                    organisation="张店区市场监督管理局",
                    skills_json=msgspec.json.encode(skills).decode(),
                    status="active",
                )
            )


async def add_agency_like(known: str, added: str, **values: Any) -> None:
    """Another agency with the practice lines and tiers of one that is there."""
    row = await Agency.select().where(Agency.uscc == known).first()
    assert row is not None
    copied = {key: value for key, value in row.items() if key != "id"}
    copied |= {"uscc": added, "list_status": "none", "list_since": None, "name": f"淄博新设{added[-2:]}号"}
    agency = Agency(**(copied | values))
    await agency.save()
    for table in (AgencyPractice, Rating):
        for old in await table.select().where(table.agency == row["id"]):
            await table.insert(table(**{k: v for k, v in old.items() if k != "id"} | {"agency": agency.id}))


async def void(world: World, draw: str) -> None:
    """Void a draw after its first public value, by two people."""
    await request_void(world.office, world.drafter, draw, "ordered", "法院裁定")
    await confirm_void(world.office, world.approver, draw)


def uscc(number: int) -> str:
    """A code in the form of a unified social credit code."""
    return f"91370302MA{number:08d}"


async def good_draft(world: World, **plan: Any) -> DrawDraft:
    """A draft without faults; `plan` replaces keys of the plan."""
    draft = await suggest_draft(world.office)
    entropy = [*draft.plan.entropy, *PUBLIC]
    changes = {"entropy": entropy, "entrustment": "鲁知委字〔2026〕1号", **plan}
    return msgspec.structs.replace(
        draft,
        plan=msgspec.structs.replace(draft.plan, **changes),
        unplanned=Unplanned(kind="ad-hoc", reason="上级临时部署"),
    )


async def announced(world: World, **plan: Any) -> str:
    """A draw that was drafted and announced."""
    draw = await draft_draw(world.office, world.drafter, await good_draft(world, **plan))
    await announce_draw(world.office, world.drafter, draw)
    return draw


async def approved(world: World, **plan: Any) -> str:
    """A draw that a second person approved."""
    draw = await announced(world, **plan)
    await approve_draw(world.office, world.approver, draw)
    return draw


async def with_values(world: World, **plan: Any) -> str:
    """A draw whose public values are known and entered; the clock has moved past them."""
    draw = await approved(world, **plan)
    world.clock.now = datetime(2026, 12, 1, 15, tzinfo=UTC)
    for source, value in VALUES.items():
        await enter_value(world.office, world.drafter, draw, source, value)
    return draw


async def drawn(world: World, **plan: Any) -> str:
    """A draw that was made."""
    draw = await with_values(world, **plan)
    await run_draw(world.office, world.approver, draw)
    return draw


async def inspected(world: World, **plan: Any) -> str:
    """A draw whose results were all entered, confirmed by their teams, and reviewed."""
    draw = await drawn(world, **plan)
    world.clock.forward(days=3)
    for inspection in await inspections_of(draw):
        member = await member_of(world, inspection["id"])
        await enter_result(
            world.office,
            member,
            inspection["id"],
            inspected_on=world.office.today(),
            categories=["1"],
            findings="",
        )
        await confirm_all(world, inspection["id"])
        await review_result(world.office, world.approver, inspection["id"])
    return draw


async def confirm_all(world: World, inspection: int) -> None:
    """Every member of the team confirms the newest version of the result."""
    latest = await load_latest_result(inspection)
    assert latest is not None
    for member in await members_of(world, inspection):
        await confirm_result(world.office, member, inspection, latest["digest"])


async def inspections_of(draw: str) -> list[dict[str, Any]]:
    """The inspections of a draw."""
    from agency_credit.services.draw_draft import load_draw_row

    return await load_inspections((await load_draw_row(draw))["id"])


async def member_of(world: World, inspection: int) -> Actor:
    """The account of the first member of a team."""
    seated = {seat["inspector"] for seat in await load_seats(inspection)}
    return next(actor for actor in world.inspectors if actor.inspector_id in seated)


async def enter_value_of_profile(world: World, key: str, number: int | None) -> None:
    """A value of the profile that holds here, from today on, by two people."""
    from agency_credit.services.changes import decide_change, propose_change
    from agency_credit.services.rule_change import draft_values
    from agency_credit.services.rule_store import load_number
    from agency_credit.services.supervision import load_profile

    profile = await load_profile(world.office)
    assert profile is not None
    draft = draft_values(
        profile.id,
        await load_number(profile.id),
        [{"value": key, "number": number, "source": "公告"}],
        applies_from=world.office.today(),
        is_correction=False,
        reason="公布",
    )
    await decide_change(
        world.office, world.approver, await propose_change(world.office, world.drafter, draft), "approved"
    )


async def members_of(world: World, inspection: int) -> list[Actor]:
    """The accounts of all members of a team."""
    seated = {seat["inspector"] for seat in await load_seats(inspection)}
    return [actor for actor in world.inspectors if actor.inspector_id in seated]


async def add_recusal(inspector: int, agency: int, proposed_by: int | None, approved_by: int | None) -> None:
    """A recusal, approved or waiting."""
    now = datetime(2026, 11, 1, tzinfo=UTC)
    await Recusal.insert(
        Recusal(
            inspector=inspector,
            agency=agency,
            category="曾任职",
            proposed_by=proposed_by,
            proposed_at=now,
            approved_by=approved_by,
            approved_at=now if approved_by else None,
        )
    )


async def add_agency_person(
    office: Office, username: str, code: str, right: DeskRight = DeskRight.MANAGER
) -> Actor:
    """A person at the desk of the agency with this code."""
    await create_person(
        office, ADMIN, username, PASSWORD, display_name=username, roles=[Role.AGENCY], agency=code
    )
    await AgencySeat.update({AgencySeat.right: right.value}).where(AgencySeat.person.username == username)
    actor = await load_actor(username)
    assert actor is not None
    return actor


async def add_account(office: Office, username: str, *roles: Role, certificate: str | None = None) -> Actor:
    await create_person(
        office, ADMIN, username, PASSWORD, display_name=username, roles=roles, certificate=certificate
    )
    actor = await load_actor(username)
    assert actor is not None
    return actor
